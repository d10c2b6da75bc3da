"""A block of whole records in one reused buffer, one record per line. All readers yield records in blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import stringzilla as sz

_NEWLINE = b"\n"
LONG = 8 << 20  # bytes; a longer block is a single record, which is neither parsed nor copied


@dataclass(slots=True)
class Block:
    """`buffer[:end]` holds whole records, each with its newline (the chunk's last may lack it). It may be empty.

    `offset` is the block's position in the chunk's decoded records, in bytes. The next block overwrites the buffer.
    `blank` counts the blank lines that were left out, `split` the records that shared a line with another record.

    `tidy` finishes the work on lines that may not hold exactly one record. It runs when the records are first used; a
    search that finds nothing in `raw` skips it.
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
        """Return the number of records (of lines, until the block is tidied). The result is cached."""
        if self._count < 0:
            end = self.end
            lines = int(sz.count(memoryview(self.buffer)[:end], _NEWLINE))
            self._count = lines + (end > 0 and self.buffer[end - 1] != _NEWLINE[0])
        return self._count

    def raw(self) -> memoryview:
        """Return the lines as they are, without tidying them."""
        return memoryview(self.buffer)[: self.end]

    def view(self) -> memoryview:
        self.settle()
        return self.raw()

    def settle(self) -> None:
        """Tidy the lines now: afterwards each holds exactly one record."""
        if self.tidy is not None:
            tidy, self.tidy = self.tidy, None
            tidy(self)

    def become(self, other: Block) -> None:
        """Replace the records with those of another block."""
        self.buffer, self.end, self.blank, self.split = other.buffer, other.end, other.blank, other.split
        self._count, self._all_objects = other._count, None

    def all_objects(self) -> bool:
        """True if every line begins with `{` and ends with `}`, as one JSON object does. The result is cached."""
        if self._all_objects is None:
            with self.raw() as view:
                ends = bytes(view[:1]) == b"{" and bytes(view[-2:]) == b"}\n"
                self._all_objects = ends and int(sz.count(view, b"}\n{")) == self.count() - 1
        return self._all_objects

    def holds_zeros(self) -> bool:
        """True if there is a zero byte. For one byte, C's memchr takes a quarter of the time of other searches."""
        return self.buffer.find(0, 0, self.end) >= 0

    @property
    def ends_line(self) -> bool:
        """True if the last record ends with a newline."""
        return self.end > 0 and self.buffer[self.end - 1] == _NEWLINE[0]

    @property
    def is_long(self) -> bool:
        """True if the block is a single long record; nothing else uses its buffer."""
        return self.end > LONG

    def spans(self) -> Iterator[tuple[int, int]]:
        """Yield [start, end) of every record, without its newline."""
        self.settle()
        return line_spans(self.buffer, self.end)

    def records(self) -> list[bytes]:
        """Return a copy of every record, without newlines."""
        with self.view() as view:
            if self.count() == 1:  # it may be long, so copy it only once
                return [bytes(view[: self.end - self.ends_line])]
            records = bytes(view).split(_NEWLINE)
        if not records[-1]:
            records.pop()  # the empty text after the last newline
        return records

    def lines(self) -> bytes:
        """Return a copy of all records, each with its newline."""
        with self.view() as view:
            lines = bytes(view)
        return lines if lines.endswith(_NEWLINE) or not lines else lines + _NEWLINE

    def first(self, records: int) -> Block:
        """Return the first `records` records in a new buffer."""
        end = self._after(records)
        return Block(self.buffer[:end], end, self.offset)

    def without_first(self, records: int) -> Block:
        """Return the block without its first `records` records, in a new buffer."""
        start = self._after(records)
        return Block(self.buffer[start : self.end], self.end - start, self.offset + start, self.blank, self.split)

    def _after(self, records: int) -> int:
        self.settle()
        start = 0
        for _ in range(records):
            start = self.buffer.find(_NEWLINE, start, self.end) + 1 or self.end
        return start


def block_of(records: list[bytes], offset: int, *, blank: int = 0, split: int = 0) -> Block:
    """Make a block of records."""
    buffer = bytearray(_NEWLINE).join([*records, b""])
    return Block(buffer, len(buffer), offset, blank, split, _count=len(records))


def line_spans(buffer: bytearray | bytes, end: int, start: int = 0) -> Iterator[tuple[int, int]]:
    """Yield [start, end) of every line of `buffer[start:end]`, without its newline."""
    while start < end:
        stop = buffer.find(_NEWLINE, start, end)
        if stop < 0:
            stop = end
        yield start, stop
        start = stop + 1
