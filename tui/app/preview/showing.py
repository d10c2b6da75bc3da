"""What of an hour is in sight: all its records, the matching ones, those with lines around them, or the marked."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

from tui.app.preview.around import Around
from tui.app.preview.judging import Judgement
from tui.app.preview.marks import Marks
from tui.app.preview.records import HourRecords
from tui.filter import Filter

_AT_ONCE = 20_000  # matches that are given their surroundings between two keys


class Showing:
    """Follows the filter's judgements; `rows` are the numbers of what a list shows, ascending (None: all records)."""

    def __init__(self, records: HourRecords, wanted: Filter) -> None:
        self.records = records
        self.filter = wanted
        self.hits = array("I")
        self.judged = 0
        self.only = True
        self.marks = Marks()
        self.marked = False  # only the marked ones?
        self._around = Around(0, self._bounds)

    @property
    def filtered(self) -> bool:
        return bool(self.filter.active) or self.filter.invert

    @property
    def behind(self) -> bool:
        """Are there records that the filter has not seen?"""
        return self.filtered and self.judged < len(self.records)

    @property
    def lines(self) -> int:
        """How many lines are shown around a match."""
        return self._around.lines

    @property
    def rows(self) -> Sequence[int] | None:
        if self.marked:
            return self.marks.rows
        if not self.filtered or not self.only:
            return None
        return self._around.rows if self.lines else self.hits

    @property
    def matching(self) -> Sequence[int]:
        """What is written or copied: the marked ones if there are any, else those that match."""
        if self.marks:
            return self.marks.rows
        return self.hits if self.filtered else range(len(self.records))

    def put(self, wanted: Filter) -> None:
        """Another filter: what is shown stays until its first judgement."""
        self.filter = wanted
        self.judged = 0

    def take(self, found: Judgement) -> None:
        """The filter's next judgement."""
        if found.start == 0:
            self.hits = array("I")
            self._around = Around(self.lines, self._bounds)
        self.hits.extend(found.hits)
        self.judged = found.end

    def surround(self, lines: int) -> None:
        self._around = Around(lines, self._bounds)

    def catch_up(self) -> bool:
        """Give matches their surroundings, some at a time; is there more to do?"""
        if self.lines and self.filtered and self.only:
            self._around.extend(self.hits, _AT_ONCE)
        return self.lines > 0 and self._around.used < len(self.hits)

    def _bounds(self, number: int) -> range:
        return self.records.chunk_of(number)[1]
