"""The timeline by keys: counts by hour and minute, their split, the range that becomes the selection."""

from __future__ import annotations

import gzip
import json
from datetime import datetime, timedelta
from math import inf
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.app.conftest import (
    FIRST,
    GAP,
    LAST,
    Opened,
    add_term,
    answer,
    assert_shown,
    calendar,
    chunk_path,
    on,
    preview,
    preview_of,
    shown,
    until,
    until_shown,
)
from tui.app.diff.screen import DiffPage
from tui.app.model.counts import Series
from tui.app.model.hours import Hours, Selection
from tui.app.model.usual import odd_counts
from tui.app.scan.screen import ScanPage
from tui.app.send.screen import SendPage
from tui.app.timeline.answer import headline
from tui.app.timeline.screen import TimelinePage
from tui.app.widgets.theme import DARK, PALETTES
from tui.filter import Filter

HOUR = timedelta(hours=1)
_FIND = PALETTES[DARK][1].match.color


@pytest.mark.parametrize(
    ("matches", "final", "begins"),
    [
        ({}, False, "Counting …"),
        ({FIRST: 0}, False, "Counting …"),  # hours that were read and hold none are no answer yet
        ({FIRST: 0}, True, "No record is in these hours."),
        ({FIRST: 2}, False, "2 records are in these hours so far;"),
    ],
)
def test_nothing_is_answered_while_nothing_was_counted(matches: dict[datetime, int], final: bool, begins: str) -> None:
    hours = Hours(FIRST, FIRST + HOUR)
    assert headline(Series(hours, Filter(), matches=matches, final=final), {}).startswith(begins)


def test_what_is_usually_absent_has_no_multiple() -> None:
    days = {FIRST + timedelta(days=day): 80 if day == 3 else 0 for day in range(8)}
    peak = FIRST + timedelta(days=3)
    assert odd_counts(days) == {peak: inf}
    series = Series(Hours(FIRST, FIRST + timedelta(days=8)), Filter(), matches=days, final=True)
    assert headline(series, odd_counts(days)).endswith(", usually none.")
    usual = {hour: number + 20 for hour, number in days.items()}
    assert odd_counts(usual) == {peak: 5.0}


async def timeline(pilot: Pilot[int]) -> TimelinePage:
    """Opened from the calendar, and all counted."""
    await pilot.press("i")
    await until_shown(pilot, "records are in these hours; most, 40,")
    return on(pilot, TimelinePage)


async def test_it_counts_the_records_of_every_hour_and_opens_the_one_under_the_cursor(opened: Opened) -> None:
    async with opened() as pilot:
        page = await timeline(pilot)
        await assert_shown(pilot, "1,140 records are in these hours; most, 40,")  # 28 hours of 40, one torn after 20
        await assert_shown(pilot, "··")
        assert page.chart.current == LAST
        await pilot.press("h", "h")
        await until_shown(pilot, f"{LAST - 2 * HOUR:%a %d %H}:00  40 records")
        await pilot.press("enter")
        assert preview_of(pilot).page.hour == LAST - 2 * HOUR


async def test_x_explains_the_column_under_the_cursor(opened: Opened) -> None:
    async with opened() as pilot:
        await timeline(pilot)
        await assert_shown(pilot, "1,140 records are in these hours")
        await pilot.press("h", "x")
        await assert_shown(pilot, f"{LAST - HOUR:%H}:00 to {LAST:%H}:00", "40 records.")


async def test_a_filter_counts_its_matches_and_a_field_splits_them(opened: Opened) -> None:
    async with opened() as pilot:
        page = await timeline(pilot)
        await answer(pilot, "slash", "n < `20`")
        await until_shown(pilot, "580 records match -m 'n < `20`'")
        await answer(pilot, "f", "event")
        await until_shown(pilot, "split by event")
        await until(pilot, lambda: set(page.chart.shown.split or {}) == {"play", "error"})
        assert any(
            line.split()[0] == "error" and line.endswith("  58") for line in shown(pilot).splitlines() if line.strip()
        )
        assert page.command().endswith("-m 'n < `20`' --by event --every 1h")
        await answer(pilot, "f", "event ==")
        await until_shown(pilot, "JMESPath")


async def test_the_share_of_the_matches_is_a_line_and_shown_for_the_hour_under_the_cursor(opened: Opened) -> None:
    async with opened() as pilot:
        page = await timeline(pilot)
        assert " share" not in shown(pilot)
        await answer(pilot, "slash", "n < `20`")
        await until_shown(pilot, "50 % of 40")
        assert any(line.startswith(" share ") and "▇" in line for line in shown(pilot).splitlines())
        await pilot.press("j", "j")
        await until(pilot, lambda: page.chart.shown.minutes and " share" not in shown(pilot))


async def test_e_stops_where_one_value_of_a_split_stands_out_but_not_where_all_do(
    opened: Opened, tmp_path: Path
) -> None:
    odd, all_odd = FIRST + 50 * HOUR, FIRST + 80 * HOUR
    for number in range(120):
        hour = FIRST + number * HOUR
        kinds = (["a"] * 60 + ["b"] * (40 if hour == odd else 4)) * (4 if hour == all_odd else 1)
        chunk_path(tmp_path, hour).write_bytes(
            gzip.compress(b"".join(json.dumps({"kind": kind}).encode() + b"\n" for kind in kinds))
        )
    async with opened(str(tmp_path)) as pilot:
        await pilot.press("i")
        page = on(pilot, TimelinePage)
        await answer(pilot, "f", "kind")
        await until(pilot, lambda: page.chart.shown.split)
        assert page.chart.shown.odd_split == {"a": frozenset(), "b": {odd}} and set(page.chart.shown.odd) == {all_odd}
        await pilot.press("g", "e")
        assert page.chart.current == odd
        row = next(y for y in range(page.chart.size.height) if page.chart.render_line(y).text.startswith("  b "))
        lit = [part.text for part in page.chart.render_line(row) if part.style and part.style.color == _FIND]
        assert lit == ["▇"]


async def test_a_range_on_it_is_the_selection_that_d_asks_about(opened: Opened) -> None:
    async with opened() as pilot:
        page = await timeline(pilot)
        await pilot.press("h", "v", "h", "h", "v")
        assert page.session.selection == Selection.of(Hours.of(LAST - 3 * HOUR, LAST - HOUR))
        await pilot.press("d")
        assert isinstance(pilot.app.screen, DiffPage)
        await pilot.press("q", "q")
        assert calendar(pilot).grid.marked == page.session.selection


async def test_j_goes_from_hours_to_minutes_and_k_back(opened: Opened) -> None:
    async with opened(size=(80, 24)) as pilot:
        page = await timeline(pilot)
        await pilot.press("j", "j")
        await until_shown(pilot, f"40 records are in this hour; most, 40, at {LAST:%a %d %b %H}:00.")
        assert page.chart.shown.minutes and page.chart.current == LAST
        await pilot.press("k", "k")
        assert not page.chart.shown.minutes and page.chart.current == LAST and not page.chart.near


async def test_a_range_of_minutes_is_scanned_and_sent_by_the_time_in_the_records(
    opened: Opened, tmp_path: Path
) -> None:
    for number in range(3):
        hour = FIRST + number * HOUR
        times = (hour + timedelta(minutes=minute) for minute in range(60))
        lines = b"".join(json.dumps({"ts": time.isoformat(), "n": time.minute}).encode() + b"\n" for time in times)
        chunk_path(tmp_path, hour).write_bytes(gzip.compress(lines))
    async with opened(str(tmp_path)) as pilot:
        await answer(pilot, "colon", f"{FIRST + HOUR:%Y-%m-%dT%H}")
        await pilot.press("i")
        await until_shown(pilot, "180 records are in these hours")
        page = on(pilot, TimelinePage)
        await pilot.press("j")
        await until(pilot, lambda: page.chart.shown.minutes and page.session.time_field == "ts")
        await pilot.press(*"lllll", "v", *"ll")
        await assert_shown(pilot, "23:07  1")
        await pilot.press("v")
        start = FIRST + HOUR + timedelta(minutes=5)
        assert page.session.selection == Selection.of(Hours(start, start + timedelta(minutes=3)))
        await assert_shown(pilot, "selected Mon 19 Jan 23:05–23:08")
        await pilot.press("s")
        scan = on(pilot, ScanPage)
        await until_shown(pilot, "3 of 120 records match")
        assert "--from 2015-01-19T23:05 --to 2015-01-19T23:08 --time-field ts" in scan.command()
        await pilot.press("q", "p")
        send = on(pilot, SendPage)
        await until(pilot, lambda: send.survey.complete)
        assert send.survey.count == 3
        await pilot.press("q", "d")
        assert isinstance(pilot.app.screen, DiffPage)
        await pilot.press("q", "q")
        await assert_shown(pilot, "1 hour ·", "23:05–23:08")


async def test_w_asks_for_the_file_that_the_hours_are_scanned_into(opened: Opened) -> None:
    async with opened() as pilot:
        await timeline(pilot)
        await answer(pilot, "w", "/tmp/some.jsonl")
        assert on(pilot, ScanPage).form.out == "/tmp/some.jsonl"


async def test_e_walks_over_gaps_and_n_over_matches(opened: Opened) -> None:
    async with opened() as pilot:
        page = await timeline(pilot)
        await pilot.press("g", "e")
        assert page.chart.current == GAP
        await pilot.press("j", "j")
        await assert_shown(pilot, "this hour has no chunk")
        await pilot.press("n")
        assert page.chart.current == GAP + HOUR
        await pilot.press("g", "N")
        await assert_shown(pilot, "no more matches before")
        assert page.chart.current == FIRST


async def test_the_preview_s_filter_is_counted_and_what_changed_is_asked_of_its_hour(opened: Opened) -> None:
    async with opened() as pilot:
        await preview(pilot)
        await add_term(pilot, "n == `7`")
        await pilot.press("i")
        await until_shown(pilot, "29 records match")
        assert on(pilot, TimelinePage).session.filter.describe()
        await pilot.press("q", "d")
        assert isinstance(pilot.app.screen, DiffPage)
