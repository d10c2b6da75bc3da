"""The marked records of an hour: a byte per record."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import compress

from textual.message import Message

from tui.app.records.matching import match_records
from tui.app.records.store import HourRecords
from tui.filter import Filter, Term
from tui.units import count, plural


class Marks:
    """A set of record numbers, compact even with many of them.

    `kept`: the lines that were marked on an earlier visit, by the chunk's key, ascending from 0.
    """

    def __init__(self, kept: Mapping[str, array[int]] | None = None) -> None:
        self._waiting = dict(kept or {})  # marks whose records have not been read yet
        self._flags = bytearray()
        self._count = 0
        self._rows: array[int] | None = None

    def __len__(self) -> int:
        return self._count

    def __contains__(self, number: object) -> bool:
        return isinstance(number, int) and number < len(self._flags) and bool(self._flags[number])

    def toggle(self, number: int) -> None:
        """Mark or unmark a record."""
        marked = number not in self
        if number >= len(self._flags):
            self._flags.extend(bytes(number + 1 - len(self._flags)))
        self._count += 1 if marked else -1
        self._flags[number] = marked
        if self._rows is not None:
            at = bisect_left(self._rows, number)
            self._rows[at : at + (not marked)] = array("I", [number] if marked else [])

    def add(self, flags: bytearray) -> None:
        """Mark the records that have a 1 in `flags` (by number)."""
        size = max(len(flags), len(self._flags))
        both = int.from_bytes(flags, "little") | int.from_bytes(self._flags, "little")
        self._flags = bytearray(both.to_bytes(size, "little"))
        self._count, self._rows = self._flags.count(1), None

    def clear(self) -> None:
        self._waiting.clear()
        self._flags, self._count, self._rows = bytearray(), 0, None

    @property
    def rows(self) -> array[int]:
        """The numbers of the marked records, ascending."""
        if self._rows is None:
            self._rows = array("I", compress(range(len(self._flags)), self._flags))
        return self._rows

    def restore(self, records: HourRecords) -> None:
        """Restore the marks of an earlier visit, as far as the records have been read."""
        for chunk, numbers in records.parts() if self._waiting else ():
            lines = self._waiting.get(chunk.key)
            if lines and lines[0] < len(numbers):
                read = bisect_left(lines, len(numbers))
                flags = bytearray(numbers.stop)
                for line in lines[:read]:
                    flags[numbers.start + line] = 1
                self.add(flags)
                self._waiting[chunk.key] = lines[read:]

    def kept(self, records: HourRecords) -> dict[str, array[int]]:
        """Return the marks to restore on the next visit."""
        kept: dict[str, array[int]] = {}
        for chunk, numbers in records.parts():
            first, last = bisect_left(self.rows, numbers.start), bisect_left(self.rows, numbers.stop)
            lines = array("I", (row - numbers.start for row in self.rows[first:last]))
            kept[chunk.key] = lines + self._waiting.get(chunk.key, array("I"))
        return kept


@dataclass
class AlikeMarked(Message):
    """Records to mark (a 1 for each, by number), and a sentence about them."""

    flags: bytearray
    sentence: str


def find_alike(term: Term, records: HourRecords) -> Iterator[AlikeMarked | None]:
    """Yield the records that match a term, once all are known. A None before that is a point at which to cancel."""
    flags, seen = bytearray(len(records)), 0
    for matched in match_records(Filter((term,)), records):
        if matched is not None:
            flags.extend(bytes(max(matched.end - len(flags), 0)))
            for number in matched.hits:
                flags[number] = 1
            seen = matched.end
        yield None
    yield AlikeMarked(flags, f"marked {plural(flags.count(1), 'record')} with {term.text}, of {count(seen)} previewed")
