"""When a finding is: a cell for each hour, with its number where numbers fit."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from tui.app.diff.days import day_cells, days_of, hours_axis, worst_of
from tui.app.widgets.theme import DARK, PALETTES, PLAIN

_MIDNIGHT = datetime(2024, 5, 6, tzinfo=UTC)


def test_hours_and_minutes_add_up_to_days() -> None:
    halves = [_MIDNIGHT + number * timedelta(minutes=30) for number in range(50)]
    days = days_of(halves, range(50))
    assert days[date(2024, 5, 6)][0] == 0 + 1 and days[date(2024, 5, 6)][23] == 46 + 47
    assert dict(days[date(2024, 5, 7)]) == {0: 48 + 49}
    assert worst_of(days) == (97, date(2024, 5, 7), 0)
    assert worst_of(days_of(halves, [0] * 50)) is None and worst_of({}) is None


@pytest.mark.parametrize(
    ("day", "worst", "cells", "steps"),
    [
        ({0: 1, 1: 9, 2: 99}, 99, [" 1 ", " 9 ", "99 "], [0, 2, 4]),
        ({0: 12, 1: 34, 2: 100}, 100, ["   ", "   ", "   "], [3, 4, 4]),
        ({0: 1, 2: 1_000_000}, 1_000_000, ["   ", "   ", "   "], [0, None, 4]),
        ({0: 0, 1: 5}, 5, [" · ", " 5 ", "   "], [None, 4, None]),
    ],
)
def test_a_cell_is_three_wide_and_each_shade_three_times_the_one_before(
    day: dict[int, int], worst: int, cells: list[str], steps: list[int | None]
) -> None:
    palette = PALETTES[DARK][1]
    drawn = day_cells(day, worst, palette)
    assert len(drawn) == 24 and [text for text, _ in drawn[:3]] == cells
    assert [palette.find_cells.index(style) if style in palette.find_cells else None for _, style in drawn[:3]] == steps
    assert all(text == "   " for text, _ in drawn[3:])


def test_without_colors_the_step_is_a_digit() -> None:
    assert [text for text, _ in day_cells({0: 1, 1: 100}, 100, PALETTES[PLAIN][1])[:3]] == [" 1 ", " 5 ", "   "]


def test_the_axis_is_as_wide_as_its_cells() -> None:
    assert hours_axis(1).split() == [f"{hour:02d}" for hour in range(24)] and len(hours_axis(1)) == 72
    assert len(hours_axis()) == 72 and hours_axis().index("21") == 63
