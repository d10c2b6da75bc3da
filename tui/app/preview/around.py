"""Matches with lines around them, as `grep -C`: within a chunk, each line once, in order."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence

CHOICES = (0, 1, 3, 10)

Bounds = Callable[[int], range]


class Around:
    """Grows with the matches and with the records. `bounds` gives the numbers of a record's chunk, as far as known."""

    def __init__(self, lines: int, bounds: Bounds) -> None:
        self.lines = lines
        self.rows = array("I")
        self.used = 0  # matches
        self._bounds = bounds
        self._chunk = range(0)
        self._last = -1  # the last match
        self._next = 0  # the first record that was not looked at

    def extend(self, hits: Sequence[int], most: int | None = None) -> None:
        """Take in the matches (ascending) that are new since the last time, `most` at most."""
        self._fill()  # records behind the last match may have come
        stop = len(hits) if most is None else min(len(hits), self.used + most)
        for at in range(self.used, stop):
            self._last = hits[at]
            if self._last not in self._chunk:
                self._chunk = self._bounds(self._last)
            self._next = max(self._next, self._last - self.lines, self._chunk.start)
            self._fill()
        self.used = stop

    def _fill(self) -> None:
        if self._last < 0:
            return
        wanted = self._last + self.lines + 1
        if wanted > self._chunk.stop:  # it may have grown
            self._chunk = self._bounds(self._last)
        stop = min(wanted, self._chunk.stop)
        if stop > self._next:
            self.rows.extend(range(self._next, stop))
            self._next = stop
