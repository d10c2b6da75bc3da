"""One finding, opened: its share here and there, what comes with it, when it is, the filter, and first records."""

from __future__ import annotations

import textwrap

from rich.style import Style

from tui.analysis.answers import filter_of_finding, hours_in_words, name_of, share, words_of
from tui.analysis.diff import Answer, Found
from tui.app.widgets.cursor_list import ScrolledLines
from tui.app.widgets.lines import Piece, fit, shorten
from tui.printable import printable
from tui.units import count, plural

_LABEL = 9
_BAR = 48


class FindingDetails(ScrolledLines):
    """Below the list; it scrolls where there is more than fits."""

    def __init__(self) -> None:
        super().__init__()
        self._found: Found | None = None
        self._answer: Answer | None = None
        self._records: tuple[bytes, ...] | None = None

    def show(self, found: Found | None, answer: Answer | None, records: tuple[bytes, ...] | None) -> None:
        """`records`: examples, None as long as they are looked for."""
        self._found, self._answer, self._records = found, answer, records
        self.top = 0
        self.repaint()

    def lines(self, width: int) -> list[list[Piece]]:
        palette, found, answer = self.palette, self._found, self._answer
        if found is None or answer is None:
            return []
        moved = found.finding.shift
        keys = "enter filters by it · s scans · p publishes "
        title = shorten(f" {name_of(found)}", max(width - len(keys) - 2, 10))
        bar = palette.cursor_idle
        lines: list[list[Piece]] = [[(fit(printable(title), width - len(keys)), bar + palette.title), (keys, bar)]]
        lines += [[]]
        most = max(moved.here, moved.there) or 1.0
        here = f"  {share(moved.here)}  {plural(moved.records, 'record')} of {count(found.target.records)}"
        there = f"  {share(moved.there)} of {count(answer.baseline.records or answer.records)}"
        lines.append(self._bar("here", moved.here / most, here, palette.match if moved.score > 0 else palette.heat[3]))
        lines.append(self._bar("there", moved.there / most, there, palette.dim))
        lines.append([])
        if also := " · ".join(map(words_of, found.finding.also)):
            lines += self._wrapped("also", printable(also), width, palette.text)
        lines += self._wrapped("when", hours_in_words(found.since, found.until), width, palette.text)
        lines += self._wrapped("filter", printable(filter_of_finding(found)), width, palette.string)
        lines.append([])
        if self._records is None:
            lines.append([("   looking for its first records …", palette.dim)])
        for record in self._records or ():
            lines.append(
                [
                    ("   ", palette.text),
                    (shorten(printable(record.decode("utf-8", "replace")), width - 4), palette.text),
                ]
            )
        return lines

    def _bar(self, label: str, part: float, words: str, style: Style) -> list[Piece]:
        full = round(_BAR * part)
        rest = ("─" * (_BAR - full), self.palette.rule)
        return [(f"   {label:<{_LABEL}}", self.palette.dim), ("━" * full, style), rest, (words, self.palette.text)]

    def _wrapped(self, label: str, text: str, width: int, style: Style) -> list[list[Piece]]:
        room = max(min(width - _LABEL - 6, 110), 20)
        first, *more = textwrap.wrap(text, room, break_on_hyphens=False) or [""]
        blank = " " * (_LABEL + 3)
        return [
            [(f"   {label:<{_LABEL}}", self.palette.dim), (first, style)],
            *([(blank, style), (line, style)] for line in more),
        ]
