"""The calendar's grid without a screen: which days it has, and what each hour's two cells show."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum

from tui.app.session import Session

ODD_LARGE = 2.5
ODD_SMALL = 0.4


class Mark(Enum):
    """What an hour shows; the value is its two cells."""

    OUTSIDE = "  "
    GAP = "··"
    SMALL = "░░"
    MEDIUM = "▒▒"
    LARGE = "▓▓"
    LARGEST = "██"
    ODD_LARGE = "++"
    ODD_SMALL = "--"
    DAMAGED = "!!"
    FROZEN = "❄ "
    NONE = "· "


LEVELS = (Mark.SMALL, Mark.MEDIUM, Mark.LARGE, Mark.LARGEST)
TROUBLE = (Mark.GAP, Mark.DAMAGED, Mark.ODD_LARGE, Mark.ODD_SMALL)


@dataclass(frozen=True, slots=True)
class MonthTitle:
    """A line of the grid that names a month."""

    year: int
    month: int

    @property
    def text(self) -> str:
        return f"{date(self.year, self.month, 1):%B %Y}"


@dataclass(frozen=True)
class HeatGrid:
    """Marks for every hour, and the lines (month titles and days) that they stand on."""

    marks: dict[datetime, Mark]
    lines: tuple[MonthTitle | date, ...]
    line_of: dict[date, int]

    def mark(self, hour: datetime) -> Mark:
        return self.marks.get(hour, Mark.OUTSIDE)


def heat_grid(session: Session, *, matches: bool = False) -> HeatGrid:
    """The grid of an archive: sizes as shades, or the matches of the last scan."""
    if matches:
        marks = _match_marks(session)
    else:
        ceiling = _ceiling(session.hour_size.values())
        marks = {hour: mark_of(session, hour, ceiling) for hour in session.catalog.hours}
    marks |= dict.fromkeys(session.gaps, Mark.GAP)
    lines = tuple(_lines(session.first.date(), session.catalog_last.date()))
    return HeatGrid(marks, lines, {line: y for y, line in enumerate(lines) if isinstance(line, date)})


def mark_of(session: Session, hour: datetime, ceiling: float) -> Mark:
    """What an hour that has chunks shows: trouble first, then how large it is."""
    if session.damaged(hour):
        return Mark.DAMAGED
    if any(chunk.needs_restore for chunk in session.chunks(hour)):
        return Mark.FROZEN
    ratio = session.ratio(hour)
    if ratio is not None and ratio >= ODD_LARGE:
        return Mark.ODD_LARGE
    if ratio is not None and ratio <= ODD_SMALL:
        return Mark.ODD_SMALL
    return LEVELS[level(session.hour_size[hour], ceiling)]


def level(size: float, ceiling: float) -> int:
    """0 to 3: which quarter of the ceiling a size is in; everything above the ceiling is in the last."""
    return min(3, int(4 * size / ceiling)) if ceiling else 0


def _match_marks(session: Session) -> dict[datetime, Mark]:
    """Shades for the hours with matches, a line for those that were read and have none."""
    ceiling = max(session.matches.values(), default=0)
    marks = {hour: LEVELS[level(found, ceiling)] if found else Mark.NONE for hour, found in session.matches.items()}
    return marks | {hour: Mark.DAMAGED for hour in session.matches if session.damaged(hour)}


def _ceiling(values: Iterable[int]) -> float:
    """The size below which 97 % of the hours are: one monstrous hour must not make all the others pale."""
    sizes = sorted(values)
    return float(sizes[min(len(sizes) - 1, int(len(sizes) * 0.97))]) if sizes else 0.0


def _lines(first: date, last: date) -> list[MonthTitle | date]:
    """The days of the span, a title before each month."""
    lines: list[MonthTitle | date] = []
    day = first
    while day <= last:
        if not lines or day.day == 1:
            lines.append(MonthTitle(day.year, day.month))
        lines.append(day)
        day += timedelta(days=1)
    return lines


def troubles(grid: HeatGrid) -> list[datetime]:
    """The hours that `e` and `E` walk over, in order."""
    return sorted(hour for hour, mark in grid.marks.items() if mark in TROUBLE)
