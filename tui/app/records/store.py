"""Stores of records for a list: a few in memory, or an hour in an unlinked file, at four bytes of memory per record."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import weakref
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, overload

from tui.archive import Block, Chunk
from tui.archive.local import private_folder, reason
from tui.config import cache_dir
from tui.errors import HourscopeError, OutputError

MAX_RECORDS = 20_000_000
MAX_BYTES = 8 << 30
_NEWLINE = re.compile(b"\n")
_BITS = 32
_LOW = (1 << _BITS) - 1


class Records(Protocol):
    """The interface that a list needs of its records."""

    def __len__(self) -> int: ...
    def __getitem__(self, number: int, /) -> bytes: ...

    def head(self, number: int, limit: int) -> bytes:
        """Return the record's first bytes, at most `limit`: a record of 50 MB is not read in full."""


class FewRecords(list[bytes]):
    """Records in memory."""

    def head(self, number: int, limit: int) -> bytes:
        return self[number][:limit]


class Places(Sequence[int]):
    """Ascending numbers of up to 64 bits in four bytes each: the places of records in a file."""

    def __init__(self) -> None:
        self._low = array("I", [0])
        self._turns: list[int] = []  # the indexes at which the next multiple of 2^32 is passed

    def __len__(self) -> int:
        return len(self._low)

    @overload
    def __getitem__(self, at: int, /) -> int: ...
    @overload
    def __getitem__(self, at: slice, /) -> list[int]: ...
    def __getitem__(self, at: int | slice, /) -> int | list[int]:
        if isinstance(at, slice):
            return [self[number] for number in range(len(self))[at]]
        low = self._low[at]
        return low if not self._turns else low + (bisect_right(self._turns, range(len(self))[at]) << _BITS)

    def extend(self, places: Sequence[int]) -> None:
        """Append places, ascending and not less than the last one."""
        high = places[-1] >> _BITS if places else 0
        if not high:
            self._low.extend(places)
            return
        while len(self._turns) < high:
            turn = bisect_left(places, (len(self._turns) + 1) << _BITS)
            self._turns.append(len(self) + turn)
        self._low.extend([place & _LOW for place in places])


class RecordsGone(HourscopeError):
    """The records were discarded while a thread was still reading them."""


class HourRecords(Sequence[bytes]):
    """An hour's lines, inflated once and then read by their place. One thread appends; any thread may read.

    They are on local disk (in `folder`, by default in the cache, else in the temporary folder), so memory does not grow
    with their length; seeking in a gzip member would mean inflating it again from its start. The file is unlinked and
    disappears with the process. Raises OutputError if the file cannot be created or written.
    """

    def __init__(self, folder: Path | None = None) -> None:
        folder = folder or cache_dir() / "preview"
        try:
            self._fd, self.room = _nameless(folder)
        except OSError as error:
            folder = Path(tempfile.gettempdir())
            try:
                self._fd, self.room = _nameless(folder)
            except OSError:
                raise OutputError(f"previews cannot be kept: {reason(error)} ({folder})") from error
        weakref.finalize(self, os.close, self._fd)
        self._folder = folder
        self._starts = Places()  # of each record, and of the next one to be appended
        self._chunks: list[tuple[int, Chunk]] = []
        self._gone = False

    def __len__(self) -> int:
        return len(self._starts) - 1

    @overload
    def __getitem__(self, number: int, /) -> bytes: ...
    @overload
    def __getitem__(self, number: slice, /) -> list[bytes]: ...
    def __getitem__(self, number: int | slice, /) -> bytes | list[bytes]:
        if isinstance(number, slice):
            return [self[at] for at in range(len(self))[number]]
        number = range(len(self))[number]
        return self._read(self._starts[number], self._starts[number + 1] - 1)

    def head(self, number: int, limit: int) -> bytes:
        start = self._starts[number]
        return self._read(start, min(self._starts[number + 1] - 1, start + limit))

    def length(self, number: int) -> int:
        """Return the length of a record in bytes."""
        return self._starts[number + 1] - self._starts[number] - 1

    @property
    def size(self) -> int:
        """The size of all lines in bytes, including newlines."""
        return self._starts[-1]

    @property
    def full(self) -> bool:
        return len(self) >= MAX_RECORDS or self.size >= self.room

    def begin(self, chunk: Chunk) -> None:
        """Start a chunk: records appended from now on belong to it."""
        self._chunks.append((len(self), chunk))

    def append(self, block: Block) -> None:
        """Append a block's lines."""
        lines = block.lines()
        self._write(lines)
        base = self._starts[-1]
        self._starts.extend([base + newline.end() for newline in _NEWLINE.finditer(lines)])

    def _write(self, lines: bytes) -> None:
        at, left = self._starts[-1], memoryview(lines)
        try:
            while left:
                done = os.pwrite(self._fd, left, at)
                at, left = at + done, left[done:]
        except OSError as error:
            raise OutputError(f"previews cannot be kept: {reason(error)} ({self._folder})") from error

    def block(self, start: int, size: int) -> Block:
        """Return whole records from number `start` on: about `size` bytes, at least one. `offset` is their place."""
        first = self._starts[start]
        stop = max(start + 1, bisect_right(self._starts, first + size) - 1)
        lines = bytearray(self._read(first, self._starts[min(stop, len(self))]))
        return Block(lines, len(lines), first)

    def number_at(self, place: int, low: int = 0) -> int:
        """Return the number, at least `low`, of the record that starts at a place (see `block`)."""
        return bisect_left(self._starts, place, low)

    def chunk_of(self, number: int) -> tuple[Chunk, range]:
        """Return a record's chunk, and the numbers of the chunk's records so far."""
        return self._part(bisect_right(self._chunks, number, key=lambda begun: begun[0]) - 1)

    def parts(self) -> list[tuple[Chunk, range]]:
        """Return the chunks that have records, and the numbers of their records so far."""
        return [part for at in range(len(self._chunks)) if (part := self._part(at))[1]]

    def _part(self, at: int) -> tuple[Chunk, range]:
        start, chunk = self._chunks[at]
        return chunk, range(start, self._chunks[at + 1][0] if at + 1 < len(self._chunks) else len(self))

    def place(self, number: int) -> int:
        """Return the offset in bytes of a record in its chunk's lines."""
        _, records = self.chunk_of(number)
        return self._starts[number] - self._starts[records.start]

    def discard(self) -> None:
        """Free the disk space at once. Later reads raise RecordsGone."""
        self._gone = True
        os.ftruncate(self._fd, 0)

    def _read(self, start: int, stop: int) -> bytes:
        data = os.pread(self._fd, stop - start, start)
        if self._gone or len(data) < stop - start:
            raise RecordsGone("this hour's records are no longer available; open it again")
        return data


def _nameless(folder: Path) -> tuple[int, int]:
    """Create an unlinked file; return its descriptor and the bytes that it may use."""
    private_folder(folder)
    descriptor, name = tempfile.mkstemp(dir=folder)
    Path(name).unlink()
    return descriptor, min(MAX_BYTES, shutil.disk_usage(folder).free // 2)
