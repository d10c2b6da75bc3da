"""Reading a chunk as blocks of whole lines, in constant memory: one buffer, reused for every block.

Everything that reads records stands on this: preview, filter, scan, send.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

import stringzilla as sz

from tui.archive.codec import BrokenStream, Damage, Readable, decoder, recover
from tui.archive.store import Store
from tui.errors import ArchiveError

BLOCK_SIZE = 1 << 18  # 256 KiB: inflated bytes are still in the cache when they are searched
MAX_RECORD = 64 << 20
_MAGIC = 4  # bytes that tell a compression

_NEWLINE = b"\n"


@dataclass(slots=True)
class Block:
    """`buffer[:end]` is whole lines, each with its newline (the chunk's last line may lack it).

    `offset` is where the block begins in the chunk's lines, in bytes. The buffer is overwritten by the next block.
    """

    buffer: bytearray
    end: int
    offset: int
    _count: int = -1

    def count(self) -> int:
        """How many records the block holds; counted once."""
        if self._count < 0:
            lines = int(sz.count(self.view(), _NEWLINE))
            self._count = lines + (self.end > 0 and self.buffer[self.end - 1] != 0x0A)
        return self._count

    def view(self) -> memoryview:
        return memoryview(self.buffer)[: self.end]

    def spans(self) -> Iterator[tuple[int, int]]:
        """[start, end) of every record, without its newline."""
        return line_spans(self.buffer, self.end)

    def records(self) -> list[bytes]:
        """Every record as bytes of its own."""
        with self.view() as view:
            records = bytes(view).split(_NEWLINE)
        if not records[-1]:
            records.pop()  # behind the last newline
        return records


def line_spans(buffer: bytearray | bytes, end: int, start: int = 0) -> Iterator[tuple[int, int]]:
    """[start, end) of every line of `buffer[start:end]`, without its newline."""
    while start < end:
        stop = buffer.find(_NEWLINE, start, end)
        if stop < 0:
            stop = end
        yield start, stop
        start = stop + 1


class ReadCancelled(Exception):
    """The reader was told to stop in the middle of a block."""


class _Counted(io.RawIOBase):
    """A raw stream that knows how far it was read, and stops when it is told to."""

    def __init__(self, raw: BinaryIO, name: str, cancelled: Callable[[], bool]) -> None:
        super().__init__()
        self._raw = raw
        self._name = name
        self._cancelled = cancelled
        self.position = 0

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()

    def readinto(self, buffer: Any, /) -> int:
        buffer = memoryview(buffer)
        count = self._read(buffer)
        while 0 < count < min(_MAGIC, len(buffer)) and (more := self._read(buffer[count:])):
            count += more  # so that a decoder's first look sees the whole magic number
        self.position += count
        return count

    def _read(self, buffer: memoryview) -> int:
        if self._cancelled():
            raise ReadCancelled
        try:
            return cast(int, self._raw.readinto(buffer))  # type: ignore[attr-defined]
        except OSError as error:
            words = error.strerror or str(error)
            raise ArchiveError(f"{self._name} cannot be read on at byte {self.position:,}: {words}") from error


class ChunkReader:
    """One pass over a chunk's lines.

    Iterate it for blocks. Damage (see codec) is raised after the last whole line before it: a line that the damage
    cuts is not a record. `bytes_compressed` and `bytes` say how far the pass is, in the stored object and in its lines.
    """

    def __init__(
        self,
        store: Store,
        key: str,
        *,
        etag: str | None = None,
        block_size: int = BLOCK_SIZE,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        self._store = store
        self._key = key
        self._etag = etag
        self._buffer = bytearray(block_size)
        self._raw = _Counted(store.open(key, etag=etag), key, cancelled)
        self.bytes = 0

    @property
    def bytes_compressed(self) -> int:
        return self._raw.position

    def __enter__(self) -> ChunkReader:
        return self

    def __exit__(self, *_: object) -> None:
        self._raw.close()

    def __iter__(self) -> Iterator[Block]:
        filled = 0
        try:
            stream = decoder(cast(BinaryIO, self._raw))
            for filled in self._fill(stream):
                yield from self._whole_lines(filled)
        except BrokenStream:
            yield from self._recovered()
            return
        if rest := self._carried:
            self.bytes += rest
            yield Block(self._buffer, rest, self.bytes - rest)

    _carried = 0  # bytes of a line whose end has not come yet, at the buffer's start

    def _fill(self, stream: Readable) -> Iterator[int]:
        """Read behind what is carried; yields how much of the buffer is filled."""
        while True:
            if self._carried == len(self._buffer):
                self._grow()
            with memoryview(self._buffer) as view:
                count = stream.readinto(view[self._carried :])
            if not count:
                return
            yield self._carried + count

    def _grow(self) -> None:
        if len(self._buffer) >= MAX_RECORD:
            raise Damage(self.bytes, f"a line is longer than {MAX_RECORD >> 20} MiB")
        self._buffer = bytearray(self._buffer) + bytes(len(self._buffer))

    def _whole_lines(self, filled: int) -> Iterator[Block]:
        end = self._buffer.rfind(_NEWLINE, self._carried, filled) + 1
        if end:
            yield Block(self._buffer, end, self.bytes)
            self.bytes += end
            self._buffer[: filled - end] = self._buffer[end:filled]
            self._carried = filled - end
        else:
            self._carried = filled

    def _recovered(self) -> Iterator[Block]:
        """Go on from the last whole line with what zlib can still decode, then raise the Damage."""
        pieces = recover(lambda: self._store.open(self._key, etag=self._etag), self.bytes)
        self._carried = 0
        try:
            for piece in pieces:
                for start in range(0, len(piece), BLOCK_SIZE):
                    part = piece[start : start + BLOCK_SIZE]
                    while self._carried + len(part) > len(self._buffer):
                        self._grow()
                    self._buffer[self._carried : self._carried + len(part)] = part
                    yield from self._whole_lines(self._carried + len(part))
        except Damage as damage:
            cut = f"; a cut line of {self._carried:,} bytes is left out" if self._carried else ""
            raise Damage(self.bytes, damage.reason + cut) from damage
