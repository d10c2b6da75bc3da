"""The calendar's heat grid: a mark for each hour, which is a shade or a sign of trouble, and the lines of the grid."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import Enum
from functools import cached_property
from operator import itemgetter
from statistics import median

from tui.app.model.session import Session, Shade
from tui.app.model.usual import ODD_LARGE, ODD_SMALL, odd_counts
from tui.archive import Gap
from tui.archive.catalog import in_gaps

_LESS, _MORE = 0.8, 1.25  # times the usual: an hour between them counts as usual
_LAGS = (600.0, 3600.0, 6 * 3600.0)  # seconds: the shades of the upload lag


class Mark(Enum):
    """The mark of an hour; the value is its two cells."""

    OUTSIDE = "  "
    GAP = "··"
    SMALLEST = "░ "
    SMALL = "░░"
    MEDIUM = "▒▒"
    LARGE = "▓▓"
    LARGEST = "██"
    ODD_LARGE = "▲ "
    ODD_SMALL = "▼ "
    LATE = "»»"
    DAMAGED = "!!"
    FROZEN = "❄ "
    NONE = "· "


LEVELS = (Mark.SMALLEST, Mark.SMALL, Mark.MEDIUM, Mark.LARGE, Mark.LARGEST)
TROUBLE = {
    Mark.GAP: "gap",
    Mark.DAMAGED: "damaged",
    Mark.ODD_LARGE: "unusually large",
    Mark.ODD_SMALL: "unusually small",
    Mark.LATE: "uploaded late",
    Mark.FROZEN: "needs restore",
}


class Overlay(Enum):
    """What the shades stand for."""

    SIZE = "size"
    MATCHES = "matches of the scan"
    HITS = "records"
    RATE = "share"
    RATE_USUAL = "share against the usual"
    USUAL = "size against the usual"
    CHUNKS = "chunks"
    LAG = "upload lag"

    @property
    def shades(self) -> tuple[str, ...]:
        """A word for each shade, or one for all of them together."""
        return {
            Overlay.SIZE: ("small to large, by fifths",),
            Overlay.USUAL: (f"below {_LESS}×", "as usual", f"above {_MORE}×"),
            Overlay.CHUNKS: ("few to many chunks, by fifths",),
            Overlay.LAG: ("≤10m", "≤1h", "≤6h", "more"),
            Overlay.MATCHES: ("few to many matches, ×3 per step",),
            Overlay.HITS: ("few to many, ×3 per step",),
            Overlay.RATE: ("small to large, ×3 per step",),
            Overlay.RATE_USUAL: (f"below {_LESS}×", "as usual", f"above {_MORE}×"),
        }[self]

    @property
    def counted(self) -> bool:
        """Whether it counts the matches of a filter or finding, which requires reading records."""
        return self in (Overlay.HITS, Overlay.RATE, Overlay.RATE_USUAL)

    @property
    def finds(self) -> bool:
        """Whether it shows matches, not amounts."""
        return self.counted or self is Overlay.MATCHES


def overlays(session: Session) -> list[Overlay]:
    """Return the overlays that have data or can be counted."""
    empty = {
        Overlay.USUAL: not session.usual.sizes,
        Overlay.LAG: session.archive.extract,
        Overlay.MATCHES: not session.matches,
        Overlay.HITS: session.shade is None and not session.filter.narrows,
        Overlay.RATE: session.shade is None and not session.filter.narrows,
        Overlay.RATE_USUAL: session.shade is None or not session.shade.usual_rates,
    }
    return [overlay for overlay in Overlay if not empty.get(overlay)]


def next_overlay(session: Session, overlay: Overlay) -> Overlay:
    """Return the overlay after this one, or the first one if this one has no data any more."""
    have = overlays(session)
    return have[(have.index(overlay) + 1) % len(have)] if overlay in have else have[0]


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
    """The marks of all hours, the gaps, and the lines of the grid (month titles and days).

    `numbers` replace the signs of shades. `odd` hours have far more or fewer hits than usual.
    """

    overlay: Overlay
    marks: Mapping[datetime, Mark]
    lines: tuple[MonthTitle | date, ...]
    line_of: Mapping[date, int]
    numbers: Mapping[datetime, int] = field(default_factory=dict)
    gaps: Sequence[Gap] = ()
    odd: Mapping[datetime, float] = field(default_factory=dict)

    def mark(self, hour: datetime) -> Mark:
        mark = self.marks.get(hour)
        return mark or (Mark.GAP if in_gaps(self.gaps, hour) else Mark.OUTSIDE)

    @cached_property
    def present(self) -> frozenset[Mark]:
        """The marks in use."""
        return frozenset(self.marks.values()) | ({Mark.GAP} if self.gaps else set())

    def sign(self, hour: datetime, mark: Mark) -> str:
        """Return the single cell of the hour under the cursor."""
        number = self.numbers.get(hour)
        return "■" if mark in LEVELS and number is None else str(number)[-1] if mark in LEVELS else mark.value[0]

    def cells(self, hour: datetime, mark: Mark) -> str:
        """Return the two cells of an hour."""
        number = self.numbers.get(hour) if mark in LEVELS else None
        return mark.value if number is None else f"{min(number, 99):2d}"


def heat_grid(session: Session, overlay: Overlay = Overlay.SIZE) -> HeatGrid:
    """Return the grid of an archive: a shade for each hour, or a sign if there is trouble."""
    shades = _shades(session, overlay)
    trouble = {hour: mark for hour in session.catalog.hours if (mark := _trouble(session, hour, overlay))}
    read = dict.fromkeys(session.scanned - session.catalog.hours.keys(), Mark.NONE)
    marks = shades | trouble | read
    lines = tuple(_lines(session.first.date(), session.catalog_last.date()))
    numbers = {hour: len(chunks) for hour, chunks in session.catalog.hours.items()}
    return HeatGrid(
        overlay,
        marks,
        lines,
        {line: y for y, line in enumerate(lines) if isinstance(line, date)},
        numbers if overlay is Overlay.CHUNKS else {},
        session.gaps,
        odd_counts(session.shade.hits) if overlay.counted and session.shade else {},
    )


def _trouble(session: Session, hour: datetime, overlay: Overlay) -> Mark | None:
    """Return the worst trouble of an hour with chunks, if it matters for the overlay."""
    if overlay is Overlay.MATCHES and hour not in session.matches:
        return None
    if overlay.counted and session.shade and not session.shade.records.get(hour):
        return None
    if session.damaged(hour):
        return Mark.DAMAGED
    if any(chunk.needs_restore for chunk in session.chunks(hour)):
        return Mark.FROZEN
    if session.archive.extract:  # a small extract is not a trouble
        return None
    if overlay in (Overlay.SIZE, Overlay.USUAL):
        ratio = session.usual.ratio(hour, session.hour_size[hour])
        if ratio is not None and ratio >= ODD_LARGE:
            return Mark.ODD_LARGE
        if ratio is not None and ratio <= ODD_SMALL:
            return Mark.ODD_SMALL
    late = overlay in (Overlay.SIZE, Overlay.LAG) and session.usual.late(hour)
    return Mark.LATE if late else None


def _shades(session: Session, overlay: Overlay) -> dict[datetime, Mark]:
    match overlay:
        case Overlay.USUAL:
            return {hour: _against_usual(session, hour) for hour in session.catalog.hours}
        case Overlay.LAG:
            return {hour: LEVELS[1 + sum(lag > edge for edge in _LAGS)] for hour, lag in session.usual.lags.items()}
        case Overlay.SIZE:
            return by_fifths(session.hour_size)
        case Overlay.CHUNKS:
            return by_fifths({hour: len(chunks) for hour, chunks in session.catalog.hours.items()})
        case Overlay.HITS | Overlay.RATE | Overlay.RATE_USUAL:
            return _counted_shades(session.shade, overlay) if session.shade else {}
    shades = by_threes({hour: matches for hour, matches in session.matches.items() if matches})
    return {hour: shades.get(hour, Mark.NONE) for hour in session.matches}


def _counted_shades(shade: Shade, overlay: Overlay) -> dict[datetime, Mark]:
    """Return shades for hits, or for their share of the records. Hours that were not counted have none."""
    counted = [hour for hour, number in shade.records.items() if number]
    if overlay is Overlay.RATE_USUAL:
        usual = shade.usual_rates
        rates = {hour: shade.rates[hour] / usual[hour] for hour in counted if usual.get(hour)}
        return {hour: _step_beside_usual(rates[hour]) if hour in rates else Mark.NONE for hour in counted}
    values = shade.rates if overlay is Overlay.RATE else shade.hits
    shades = by_threes({hour: values.get(hour, 0) for hour in counted if values.get(hour)})
    return {hour: shades.get(hour, Mark.NONE) for hour in counted}


def _step_beside_usual(ratio: float) -> Mark:
    return LEVELS[2 * ((ratio >= _LESS) + (ratio > _MORE))]


def _against_usual(session: Session, hour: datetime) -> Mark:
    ratio = session.usual.ratio(hour, session.hour_size[hour])
    return Mark.NONE if ratio is None else _step_beside_usual(ratio)


def by_fifths(values: Mapping[datetime, int]) -> dict[datetime, Mark]:
    """Return a shade for each fifth of the hours, so that one huge hour does not make all others look small."""
    ordered = sorted(values.values())
    rank = {value: (bisect_left(ordered, value) + bisect_right(ordered, value)) / 2 for value in set(ordered)}
    return {hour: LEVELS[min(int(len(LEVELS) * rank[value] / len(ordered)), 4)] for hour, value in values.items()}


def by_threes(values: Mapping[datetime, float]) -> dict[datetime, Mark]:
    """Return a shade for each factor of 3 between counts; the second is around the median.

    An incident of thirty per hour stays above the usual two or three even if another hour has thousands.
    """
    middle = median(values.values()) if values else 1
    edges = [middle * 3 ** (step + 0.5) for step in range(-1, 3)]
    return {hour: LEVELS[bisect_right(edges, value)] for hour, value in values.items()}


def _lines(first: date, last: date) -> list[MonthTitle | date]:
    """Return the days of the span, with a title before each month if there are several."""
    lines: list[MonthTitle | date] = []
    day, titles = first, (first.year, first.month) != (last.year, last.month)
    while day <= last:
        if titles and (not lines or day.day == 1):
            lines.append(MonthTitle(day.year, day.month))
        lines.append(day)
        day += timedelta(days=1)
    return lines


@dataclass(frozen=True, slots=True)
class TroubleRun:
    """Consecutive hours with the same trouble."""

    first: datetime
    hours: int
    mark: Mark

    def words(self) -> str:
        return TROUBLE[self.mark] + (f": {self.hours:,} hours in a row" if self.hours > 1 else "")


def troubles(grid: HeatGrid) -> list[TroubleRun]:
    """Return the stops of `e` and `E`, in order. A week without chunks is one trouble, not 168."""
    rows: list[TroubleRun] = []
    last: datetime | None = None
    marks = {hour: Mark.ODD_LARGE if ratio > 1 else Mark.ODD_SMALL for hour, ratio in grid.odd.items()}
    marks |= {hour: mark for hour, mark in grid.marks.items() if mark in TROUBLE}
    for hour, mark in sorted(marks.items(), key=itemgetter(0)):
        if rows and last is not None and rows[-1].mark is mark and hour - last == timedelta(hours=1):
            rows[-1] = TroubleRun(rows[-1].first, rows[-1].hours + 1, mark)
        else:
            rows.append(TroubleRun(hour, 1, mark))
        last = hour
    gaps = [TroubleRun(gap.start, gap.hours, Mark.GAP) for gap in grid.gaps]
    return sorted([*rows, *gaps], key=lambda trouble: trouble.first)
