"""The details of a finding: its two shares, what occurs with it, when it occurs, its filter, and its first records."""

from __future__ import annotations

import textwrap

from rich.style import Style

from tui.analysis.answers import filter_of_finding, hours_in_words, name_of, share, words_of
from tui.analysis.question import Answer, LocatedFinding
from tui.app.diff.days import day_cells, days_of, hours_axis, worst_of
from tui.app.records.lines import record_table
from tui.app.widgets.breakpoints import HIGH, HUGE, WIDE
from tui.app.widgets.cursor_list import ScrolledLines
from tui.app.widgets.lines import Piece, both_ends
from tui.printable import printable
from tui.units import count, plural

_LABEL = 9
_BAR = 48


def finding_words(located: LocatedFinding, answer: Answer) -> tuple[str, ...]:
    """Return the finding in sentences."""
    shift, filter_ = located.finding.shift, filter_of_finding(located)
    others = count(answer.baseline.records or answer.records - located.target.records)
    also = ", ".join(map(words_of, located.finding.also))
    return (
        f"{plural(shift.records, 'record')} of {count(located.target.records)} in these hours are {name_of(located)}: "
        f"{share(shift.here)}. Among the {others} records that they are compared with, it is {share(shift.there)}.",
        f"It occurs from {hours_in_words(located.since, located.until)}.{f' Always with it: {also}.' if also else ''}",
        f"enter makes it the filter: {filter_}",
    )


class FindingDetails(ScrolledLines):
    """The pane below the list of findings. It scrolls if needed."""

    def __init__(self) -> None:
        super().__init__()
        self._located: LocatedFinding | None = None
        self._answer: Answer | None = None
        self._records: tuple[bytes, ...] | None = None
        self._drawn: tuple[object, list[list[Piece]]] = (None, [])

    def show(self, located: LocatedFinding | None, answer: Answer | None, records: tuple[bytes, ...] | None) -> None:
        """Show a finding. `records`: examples; None while they are being read."""
        self._located, self._answer, self._records = located, answer, records
        self.top = 0
        self.repaint()

    def lines(self, width: int) -> list[list[Piece]]:
        palette, located, answer = self.palette, self._located, self._answer
        if located is None or answer is None:
            return []
        shift = located.finding.shift
        keys: list[Piece] = [("enter", palette.key), (" filters by it ", palette.dim)]
        bar = both_ends([(f" {printable(name_of(located))}", palette.title)], keys, width)
        apart: list[list[Piece]] = [[]] if self.app.size.height >= HIGH else []
        lines: list[list[Piece]] = [[(text, palette.cursor_idle + style) for text, style in bar], *apart]
        larger = max(shift.here, shift.there) or 1.0
        here = f"  {share(shift.here)}  {plural(shift.records, 'record')} of {count(located.target.records)}"
        there = f"  {share(shift.there)} of {count(answer.baseline.records or answer.records - located.target.records)}"
        style = palette.match if shift.score > 0 else palette.heat[3]
        room = min(_BAR, width - _LABEL - 4 - max(len(here), len(there)))
        lines.append(self._bar("here", shift.here / larger, here, style, room))
        lines.append(self._bar("there", shift.there / larger, there, palette.dim, room))
        lines += apart
        if also := " · ".join(map(words_of, located.finding.also)):
            lines += self._wrapped("also", printable(also), width, palette.text)
        lines += self._wrapped("since", hours_in_words(located.since, located.until), width, palette.text)
        lines += self._when(located, answer) if WIDE <= self.app.size.width < HUGE else []
        lines += self._wrapped("filter", printable(filter_of_finding(located)), width, palette.string)
        lines += apart
        if self._records is None:
            lines.append([("   looking for its first records …", palette.dim)])
        return [*lines, *self._table(width)]

    def _table(self, width: int) -> list[list[Piece]]:
        """Return the first records in their most informative columns."""
        drawn = (self._records, width, self.palette)
        if self._drawn[0] != drawn:
            self._drawn = drawn, record_table(self._records or (), width - 4, self.palette)
        return [[("   ", self.palette.text), *line] for line in self._drawn[1]]

    def _when(self, located: LocatedFinding, answer: Answer) -> list[list[Piece]]:
        """Return the day of the finding's worst hour, hour by hour."""
        palette, days = self.palette, days_of(answer.hours, located.by_hour)
        if (worst := worst_of(days)) is None:
            return []
        label, blank = (f"   {'when':<{_LABEL}}", palette.dim), (" " * (_LABEL + 3), palette.dim)
        cells = day_cells(days[worst.day], worst.records, palette)
        return [[label, *cells, (f"  {worst.words}", palette.text)], [blank, (hours_axis(), palette.dim)]]

    def _bar(self, label: str, part: float, words: str, style: Style, room: int) -> list[Piece]:
        full = round(room * part)
        rest = ("─" * (room - full), self.palette.rule)
        return [(f"   {label:<{_LABEL}}", self.palette.dim), ("━" * full, style), rest, (words, self.palette.text)]

    def _wrapped(self, label: str, text: str, width: int, style: Style) -> list[list[Piece]]:
        room = max(min(width - _LABEL - 6, 110), 20)
        first, *more = textwrap.wrap(text, room, break_on_hyphens=False) or [""]
        blank = " " * (_LABEL + 3)
        return [
            [(f"   {label:<{_LABEL}}", self.palette.dim), (first, style)],
            *([(blank, style), (line, style)] for line in more),
        ]
