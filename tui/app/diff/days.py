"""When a finding occurs: a line for each day, with a heat cell for each hour's records."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import NamedTuple

from textual.strip import Strip

from tui.analysis.question import Answer, LocatedFinding
from tui.app.widgets.lines import LineWidget, Piece, strip_of
from tui.app.widgets.theme import Palette
from tui.units import count

_LABEL = 6  # cells before the first hour
_MAX_DAYS = 17  # the first record gets the rest of the height
_DAYS_BEFORE = 4  # days shown before the finding's first
_TOO_LONG = 100  # the first number that does not fit into a cell

Day = Mapping[int, int]  # hour of the clock → records; without the hours that were not compared


def days_of(hours: Iterable[datetime], records: Iterable[int]) -> dict[date, Day]:
    """Group the records of each compared hour (or minute) by day and hour."""
    days: dict[date, Counter[int]] = {}
    for hour, number in zip(hours, records, strict=True):
        days.setdefault(hour.date(), Counter())[hour.hour] += number
    return dict(days)


class WorstHour(NamedTuple):
    """The hour with the most records."""

    records: int
    day: date
    hour: int

    @property
    def words(self) -> str:
        return f"most, {count(self.records)}, {self.day:%a} {self.day.day} {self.day:%b} {self.hour:02d}:00"


def worst_of(days: Mapping[date, Day]) -> WorstHour | None:
    """Return the hour with the most records; None if there are no records."""
    hours = (WorstHour(number, day, hour) for day, numbers in days.items() for hour, number in numbers.items())
    return max((hour for hour in hours if hour.records), default=None)


def day_cells(day: Day, worst: int, palette: Palette) -> list[Piece]:
    """Return 24 cells, shaded in factors of 3 from the worst hour's records, with the numbers if all of them fit."""
    cells: list[Piece] = []
    for hour in range(24):
        if not (number := day.get(hour, 0)):
            cells.append((" · " if hour in day else "   ", palette.dim))
            continue
        step = max(4 - int(math.log(worst / number, 3)), 0)
        text = f"{number:>2} " if worst < _TOO_LONG else "   "
        cells.append((text, palette.find_cells[step]) if palette.find_cells else (f" {step + 1} ", palette.match))
    return cells


def hours_axis(step: int = 3) -> str:
    """Return the axis for 24 hour cells."""
    return "".join(f"{hour:02d}".ljust(3 * step) for hour in range(0, 24, step))


class FindingDays(LineWidget):
    """A calendar of one finding, beside its details."""

    def __init__(self) -> None:
        super().__init__()
        self._days: dict[date, Day] = {}
        self._first = date.min  # day of the finding

    def show(self, located: LocatedFinding | None, answer: Answer | None) -> None:
        self._days = days_of(answer.hours, located.by_hour) if located and answer else {}
        self._first = located.since.date() if located else date.min
        self.styles.height = min(len(self._days), _MAX_DAYS) + 4
        self.repaint()

    def draw(self, y: int, width: int) -> Strip:
        lines = self._lines()
        return strip_of([("│ ", self.palette.rule), *(lines[y] if y < len(lines) else [])], width)

    def _lines(self) -> list[list[Piece]]:
        palette, worst = self.palette, worst_of(self._days)
        if worst is None:
            return []
        lines: list[list[Piece]] = [[("When", palette.title), (f"  {worst.words} · ×3 per step", palette.dim)]]
        lines.append([(" " * _LABEL + hours_axis(1), palette.dim)])
        days = sorted(self._days)
        first = max(0, min(bisect_left(days, self._first) - _DAYS_BEFORE, len(days) - _MAX_DAYS))
        for shown in days[first : first + _MAX_DAYS]:
            lit = any(self._days[shown].values())
            name = f"{shown:%a}"[:2] + f" {shown.day:2d}"
            style = palette.strong if lit else palette.dim
            lines.append([(f"{name:<{_LABEL}}", style), *day_cells(self._days[shown], worst.records, palette)])
        return lines
