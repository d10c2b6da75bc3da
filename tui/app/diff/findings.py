"""The list of findings, one per line: surprise, what, its share here and there, and when."""

from __future__ import annotations

from dataclasses import dataclass

from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip

from tui.analysis.answers import name_of, share
from tui.analysis.question import Answer, LocatedFinding
from tui.app.widgets.cursor_list import CursorList
from tui.app.widgets.findings import conditions, sign_of
from tui.app.widgets.lines import Piece, fit, strip_of
from tui.units import sparkline

_BAR = 7
_SHARE = 8
_MIN_LINE, _MAX_LINE = 12, 112
_MIN_NAME, _MAX_NAME = 24, 72


class FindingList(CursorList):
    """The findings of an Answer, below a line of headings."""

    @dataclass
    class Moved(Message):
        """The cursor is on another finding."""

    def __init__(self) -> None:
        super().__init__()
        self.answer: Answer | None = None
        self._strongest = 1.0

    def show(self, answer: Answer | None) -> None:
        """Show other findings. The cursor stays on its finding if that is still listed."""
        before = self.current
        self.answer = answer
        findings = answer.findings if answer else ()
        self._strongest = max((one.finding.rank for one in findings), default=1.0)
        names = [name_of(one) for one in findings]
        self.refresh(layout=True)
        self.go(names.index(name_of(before)) if before and name_of(before) in names else 0)

    @property
    def current(self) -> LocatedFinding | None:
        """The finding under the cursor."""
        findings = self.answer.findings if self.answer else ()
        return findings[self.at] if self.at < len(findings) else None

    @property
    def length(self) -> int:
        return len(self.answer.findings) if self.answer else 0

    @property
    def lead(self) -> int:
        return 1

    def go(self, at: int) -> None:
        super().go(at)
        self.post_message(self.Moved())

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return 1 + max(self.length, 1)

    def draw(self, y: int, width: int) -> Strip:
        answer, palette = self.answer, self.palette
        if answer is None or not answer.findings:
            return Strip.blank(width)
        name, line = self._widths(answer, width)
        if y == 0:
            heading = f"   {'surprise':<{_BAR + 2}} {fit('what', name)}{'here':>{_SHARE}}{'there':>{_SHARE}}  "
            return strip_of([(heading, palette.dim), (fit(_axis(answer), line), palette.dim)], width)
        row = self.top + y - 1
        if row >= self.length:
            return Strip.blank(width)
        return strip_of(self._row(answer, row, name, line), width, self.ground(row))

    def _widths(self, answer: Answer, width: int) -> tuple[int, int]:
        """Return the cells for the name and for the sparkline."""
        rest = width - (3 + _BAR + 3) - 2 * _SHARE - 3
        longest = max(len(name_of(one)) for one in answer.findings)
        name = min(max(longest + 6, _MIN_NAME), _MAX_NAME, max(rest // 2, rest - 48))
        return max(name, 10), max(min(rest - name, _MAX_LINE), _MIN_LINE)

    def _row(self, answer: Answer, row: int, name: int, line: int) -> list[Piece]:
        located, palette = answer.findings[row], self.palette
        shift = located.finding.shift
        cursor = ("▸" if row == self.at else " ", palette.selected)
        bar = "━" * max(round(_BAR * (located.finding.rank / self._strongest) ** 0.5), 1)
        sign = sign_of(located, palette)
        return [
            (" ", palette.text),
            cursor,
            (" ", palette.text),
            (f"{bar:<{_BAR}}", sign[1]),
            ("  ", palette.text),
            sign,
            *conditions(located, name - 3, palette, palette.strong if row == self.at else palette.text),
            (f"{share(shift.here):>{_SHARE}}", palette.strong),
            (f"{share(shift.there):>{_SHARE}}", palette.dim),
            ("  ", palette.text),
            (over_hours(located, answer, line), sign[1]),
        ]


def _axis(answer: Answer) -> str:
    """Return the first and last day of the sparklines."""
    if not answer.hours:
        return ""
    first, last = answer.hours[0], answer.hours[-1]
    return f"{first.day} {first:%b} to {last.day} {last:%b}"


def over_hours(located: LocatedFinding, answer: Answer, width: int) -> str:
    """Return a sparkline of the finding's share over all compared hours."""
    cells = min(width, len(answer.hours))
    hits, sizes = [0] * cells, [0] * cells
    for at, (hit, size) in enumerate(zip(located.by_hour, answer.sizes, strict=True)):
        cell = at * cells // len(answer.hours)
        hits[cell] += hit
        sizes[cell] += size
    shares = [hit / size if size else 0.0 for hit, size in zip(hits, sizes, strict=True)]
    return sparkline(shares)
