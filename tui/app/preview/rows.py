"""The visible rows: all records of an hour, the matching ones, these with lines around them, or the marked ones."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence

from tui.app.preview.marks import Marks
from tui.app.records.matching import Matched
from tui.app.records.store import HourRecords
from tui.filter import Filter
from tui.units import plural

LINES_AROUND = (0, 1, 3, 10)
_MATCHES_AT_ONCE = 20_000  # whose surrounding lines are added between two keys
_NO_FILTER = "every record is shown: there is no filter; / types one, = on a value makes one"

Bounds = Callable[[int], range]


class Around:
    """Matches with lines around them, like `grep -C`: within a chunk, each line once, in order.

    It grows with the matches and the records. `bounds` returns the numbers of the records of a record's chunk, as far
    as they are known.
    """

    def __init__(self, lines: int, bounds: Bounds) -> None:
        self.lines = lines
        self.rows = array("I")
        self.used = 0  # matches
        self._bounds = bounds
        self._chunk = range(0)
        self._last = -1  # the last match
        self._next = 0  # the first record not considered yet

    def extend(self, hits: Sequence[int], limit: int | None = None) -> None:
        """Add the new matches (ascending) since the last call, at most `limit`."""
        self._fill()  # records after the last match may have been read
        stop = len(hits) if limit is None else min(len(hits), self.used + limit)
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
        end = self._last + self.lines + 1
        if end > self._chunk.stop:  # it may have grown
            self._chunk = self._bounds(self._last)
        stop = min(end, self._chunk.stop)
        if stop > self._next:
            self.rows.extend(range(self._next, stop))
            self._next = stop


class VisibleRows:
    """Follows the filter's matches. `numbers`: the records that the list shows, ascending (None: all records)."""

    def __init__(self, records: HourRecords, filter_: Filter, marks: Marks) -> None:
        self.records = records
        self.filter = filter_
        self.hits = array("I")
        self.seen = 0  # records that the filter has seen
        self.not_json = self.broken_json = 0  # of those, records that a JMESPath term cannot match
        self.only = True  # show only the matching ones
        self.marks = marks
        self.marked = False  # show only the marked ones
        self._around = Around(0, self._bounds)

    @property
    def filtered(self) -> bool:
        return self.filter.narrows

    @property
    def behind(self) -> bool:
        """Whether there are records that the filter has not seen."""
        return self.filtered and self.seen < len(self.records)

    @property
    def lines(self) -> int:
        """The number of lines shown around a match."""
        return self._around.lines

    @property
    def numbers(self) -> Sequence[int] | None:
        if self.marked:
            return self.marks.rows
        if not self.filtered or not self.only:
            return None
        return self._around.rows if self.lines else self.hits

    @property
    def picked(self) -> Sequence[int]:
        """The records to write, copy or send: the marked ones, or the matches if none is marked."""
        if self.marks:
            return self.marks.rows
        return self.hits if self.filtered else range(len(self.records))

    @property
    def title(self) -> str:
        """The picked records in words: `12 marked records`, `37 matching records`, `5,000 records`."""
        kind = "marked " if self.marks else "matching " if self.filtered else ""
        return plural(len(self.picked), f"{kind}record")

    def put(self, filter_: Filter) -> None:
        """Use another filter. The rows stay until its first matches."""
        self.filter = filter_
        self.seen = self.not_json = self.broken_json = 0

    def add(self, matched: Matched) -> None:
        """Add the filter's next matches."""
        if matched.start == 0:
            self.hits = array("I")
            self.not_json = self.broken_json = 0
            self._around = Around(self.lines, self._bounds)
        self.hits.extend(matched.hits)
        self.seen = matched.end
        self.not_json += matched.not_json
        self.broken_json += matched.broken_json

    def catch_up(self) -> bool:
        """Add the lines around some more matches; return whether there are more to do."""
        if self.lines and self.filtered and self.only:
            self._around.extend(self.hits, _MATCHES_AT_ONCE)
        return self.lines > 0 and self._around.used < len(self.hits)

    def _bounds(self, number: int) -> range:
        return self.records.chunk_of(number)[1]

    def look_like(self, other: VisibleRows) -> None:
        """Show the same kind of rows as those of another hour."""
        self.only, self._around = other.only, Around(other.lines, self._bounds)

    # Switching rows; each method returns a sentence about the rows now shown.

    def flip_only(self) -> str:
        """Show all records with the matching ones marked, or only the matching ones."""
        self.only, self.marked = not self.only, False
        if not self.filtered:
            return _NO_FILTER
        if self.only:
            return "only matching records" + (f", ±{plural(self.lines, 'line')}" if self.lines else "")
        return "all records; ▎ marks the matching ones, n and N go to them"

    def flip_around(self) -> str:
        """Show the matches with the next number of lines around them: 0, 1, 3 or 10."""
        if not self.filtered:
            return _NO_FILTER
        lines = LINES_AROUND[(LINES_AROUND.index(self.lines) + 1) % len(LINES_AROUND)]
        self.only, self.marked = True, False
        self._around = Around(lines, self._bounds)
        around = f"matches with {plural(lines, 'line')} around them; n and N go from match to match"
        return around if lines else "only matching records"

    def flip_marked(self) -> str:
        """Show only the marked records, or all rows again."""
        self.marked = not self.marked
        if self.marked and self.marks:
            return "only marked records: w writes them, p publishes them, s makes an extract, U removes them"
        return ""

    def forget_marks(self) -> str:
        """Remove all marks."""
        sentence = f"removed {plural(len(self.marks), 'mark')}"
        self.marks.clear()
        self.marked = False
        return sentence
