"""A block of whole records, as every reader of records gets them: each on a line of its own, in one reused buffer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import stringzilla as sz

_NEWLINE = b"\n"
LONG = 8 << 20  # bytes of a block that is one record, which is neither parsed nor copied


@dataclass(slots=True)
class Block:
    """`buffer[:end]` is whole records, each with its newline (the chunk's last may lack it). It may hold none.

    `offset` is where the block begins in the chunk's records, in bytes. The buffer is overwritten by the next block.
    `blank` counts the blank lines that were left out, `split` the records that shared a line with another.

    `tidy` is the rest of the work on lines that may not be just one record each. It is done when somebody looks at the
    records; a search that hits nothing in `raw` does without.
    """

    buffer: bytearray
    end: int
    offset: int
    blank: int = 0
    split: int = 0
    tidy: Callable[[Block], None] | None = None
    _count: int = -1
    _all_objects: bool | None = None

    def count(self) -> int:
        """How many records the block holds: its lines, as long as they are not tidied. Counted once."""
        if self._count < 0:
            end = self.end
            lines = int(sz.count(memoryview(self.buffer)[:end], _NEWLINE))
            self._count = lines + (end > 0 and self.buffer[end - 1] != _NEWLINE[0])
        return self._count

    def raw(self) -> memoryview:
        """The lines as they are."""
        return memoryview(self.buffer)[: self.end]

    def view(self) -> memoryview:
        self.settle()
        return self.raw()

    def settle(self) -> None:
        """Have each record on a line of its own, now."""
        if self.tidy is not None:
            tidy, self.tidy = self.tidy, None
            tidy(self)

    def become(self, other: Block) -> None:
        """Hold the records of another block instead."""
        self.buffer, self.end, self.blank, self.split = other.buffer, other.end, other.blank, other.split
        self._count, self._all_objects = other._count, None

    def all_objects(self) -> bool:
        """Does every line look like one JSON object: `{` at its beginning, `}` at its end? Looked at once."""
        if self._all_objects is None:
            with self.raw() as view:
                ends = bytes(view[:1]) == b"{" and bytes(view[-2:]) == b"}\n"
                self._all_objects = ends and int(sz.count(view, b"}\n{")) == self.count() - 1
        return self._all_objects

    def holds_zeros(self) -> bool:
        """Is there a zero byte? For one byte, C's memchr takes a quarter of the time of other searches."""
        return self.buffer.find(0, 0, self.end) >= 0

    @property
    def ends_line(self) -> bool:
        """Has its last record a newline?"""
        return self.end > 0 and self.buffer[self.end - 1] == _NEWLINE[0]

    @property
    def is_long(self) -> bool:
        """Is it one long record, in a buffer that is its own and that nobody else goes on to use?"""
        return self.end > LONG

    def spans(self) -> Iterator[tuple[int, int]]:
        """[start, end) of every record, without its newline."""
        self.settle()
        return line_spans(self.buffer, self.end)

    def records(self) -> list[bytes]:
        """Every record as bytes of its own."""
        with self.view() as view:
            if self.count() == 1:  # it may be a long one
                return [bytes(view[: self.end - self.ends_line])]
            records = bytes(view).split(_NEWLINE)
        if not records[-1]:
            records.pop()  # behind the last newline
        return records

    def lines(self) -> bytes:
        """Every record with its newline, as bytes of their own."""
        with self.view() as view:
            lines = bytes(view)
        return lines if lines.endswith(_NEWLINE) or not lines else lines + _NEWLINE

    def first(self, records: int) -> Block:
        """Its first records, in a buffer of their own."""
        end = self._after(records)
        return Block(self.buffer[:end], end, self.offset)

    def without_first(self, records: int) -> Block:
        """The same without its first records, in a buffer of its own."""
        start = self._after(records)
        return Block(self.buffer[start : self.end], self.end - start, self.offset + start, self.blank, self.split)

    def _after(self, records: int) -> int:
        self.settle()
        start = 0
        for _ in range(records):
            start = self.buffer.find(_NEWLINE, start, self.end) + 1 or self.end
        return start


def block_of(records: list[bytes], offset: int, *, blank: int = 0, split: int = 0) -> Block:
    """Records as a block of their own."""
    buffer = bytearray(b"".join([record + _NEWLINE for record in records]))
    return Block(buffer, len(buffer), offset, blank, split, _count=len(records))


def line_spans(buffer: bytearray | bytes, end: int, start: int = 0) -> Iterator[tuple[int, int]]:
    """[start, end) of every line of `buffer[start:end]`, without its newline."""
    while start < end:
        stop = buffer.find(_NEWLINE, start, end)
        if stop < 0:
            stop = end
        yield start, stop
        start = stop + 1
