"""Which records of an hour a person marked: a byte a record."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from itertools import compress


class Marks:
    """A set of record numbers that stays small where it is large."""

    def __init__(self) -> None:
        self._flags = bytearray()
        self._count = 0
        self._rows: array[int] | None = None

    def __len__(self) -> int:
        return self._count

    def __contains__(self, number: object) -> bool:
        return isinstance(number, int) and number < len(self._flags) and bool(self._flags[number])

    def toggle(self, number: int) -> bool:
        """Mark a record, or take its mark away; is it marked now?"""
        marked = number not in self
        if number >= len(self._flags):
            self._flags.extend(bytes(number + 1 - len(self._flags)))
        self._count += 1 if marked else -1
        self._flags[number] = marked
        if self._rows is not None:
            at = bisect_left(self._rows, number)
            self._rows[at : at + (not marked)] = array("I", [number] if marked else [])
        return marked

    def add(self, flags: bytearray) -> None:
        """Mark what has a 1 in `flags` (by number), at once."""
        size = max(len(flags), len(self._flags))
        both = int.from_bytes(flags, "little") | int.from_bytes(self._flags, "little")
        self._flags = bytearray(both.to_bytes(size, "little"))
        self._count, self._rows = self._flags.count(1), None

    def clear(self) -> None:
        self._flags, self._count, self._rows = bytearray(), 0, None

    @property
    def rows(self) -> array[int]:
        """The numbers, ascending."""
        if self._rows is None:
            self._rows = array("I", compress(range(len(self._flags)), self._flags))
        return self._rows
