"""The shades of the calendar: one monstrous hour hides no other."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tests.app.conftest import (
    FIRST,
    LAST,
    Opened,
    answer,
    assert_shown,
    calendar,
    chunk_path,
    record,
    until,
    until_shown,
)
from tui.app.model.heat import LEVELS, Mark, Overlay, by_fifths, by_threes


def steps(shade: object, values: list[int]) -> list[int]:
    marks = shade({FIRST + timedelta(hours=at): value for at, value in enumerate(values)})  # type: ignore[operator]
    return [LEVELS.index(marks[FIRST + timedelta(hours=at)]) for at in range(len(values))]


def test_sizes_are_shaded_by_fifths() -> None:
    assert steps(by_fifths, [10, 20, 30, 40, 50_000_000]) == [0, 1, 2, 3, 4]
    assert steps(by_fifths, [7] * 9) == [2] * 9


def test_counts_are_shaded_by_factors_of_three_around_the_usual() -> None:
    everyday = [2, 3, 3, 4, 3, 2, 3] * 20
    *quiet, incident, burst = steps(by_threes, [*everyday, 30, 9_000])
    assert set(quiet) == {1} and (incident, burst) == (3, 4)
    assert steps(by_threes, []) == [] and steps(by_threes, [1]) == [1]


@given(st.lists(st.integers(1, 10**12), min_size=1, max_size=80))
def test_more_is_never_shaded_less(values: list[int]) -> None:
    for shade in (by_fifths, by_threes):
        pairs = sorted(zip(values, steps(shade, values), strict=True))
        assert [step for _, step in pairs] == sorted(step for _, step in pairs)


async def test_shades_are_backgrounds_that_touch_and_the_cursor_has_its_own(opened: Opened) -> None:
    async with opened() as pilot:
        grid = calendar(pilot).grid
        await pilot.press("k")
        line = next(y for y in range(grid.size.height) if "Tu 20" in grid.render_line(y).text)
        cells = list(grid.render_line(line))
        grounds = [segment for segment in cells if segment.style and segment.style.bgcolor and segment.text == "   "]
        await assert_shown(pilot, "[■]")
        assert len(grounds) >= 20


async def test_the_shades_count_what_the_filter_matches_and_e_walks_over_outliers(
    opened: Opened, tmp_path: Path
) -> None:
    days = 9
    for hour in range(24 * days):
        burst = hour == 24 * 5 + 7
        lines = b"".join(record(FIRST, n) + b"\n" for n in [3] * (40 if burst else 4) + [0] * 4)
        chunk_path(tmp_path, FIRST + timedelta(hours=hour)).with_suffix("").write_bytes(lines)
    async with opened(str(tmp_path)) as pilot:
        page = calendar(pilot)
        await answer(pilot, "slash", "event == 'error'")
        for _ in range(8):
            if page.overlay is Overlay.HITS:
                break
            await pilot.press("o")
        await until(pilot, lambda: len(page.session.shade.hits if page.session.shade else {}) == 24 * days)
        await until_shown(pilot, " records of -m \"event == 'error'\"")
        await pilot.press("g", "e")
        assert page.grid.cursor == FIRST + timedelta(hours=24 * 5 + 7)
        await pilot.press("o")
        await until_shown(pilot, " share of")
        await pilot.press("o")
        await until_shown(pilot, " share against the usual of")
        assert page.grid.grid.mark(page.grid.cursor) is Mark.LARGEST


async def test_the_first_records_of_the_hour_under_the_cursor_are_below(opened: Opened) -> None:
    async with opened() as pilot:
        await until_shown(pilot, f"{LAST:%a} {LAST.day} {LAST:%H}:00  40 records")
        await answer(pilot, "slash", "n == `7`")
        await pilot.press("h")
        await until_shown(pilot, "1 of 40 records match -m 'n == `7`'")
        await pilot.press("g", "e")
        await until_shown(pilot, "this hour has no chunk")
