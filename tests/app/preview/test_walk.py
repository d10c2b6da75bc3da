"""From hour to hour in the preview: filter, fields and columns stay, and matches are followed across hours."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.app.conftest import (
    FIRST,
    GAP,
    LAST,
    RECORDS,
    Opened,
    Preview,
    add_term,
    assert_shown,
    calendar,
    chunk_path,
    go_to,
    preview,
    preview_of,
    record,
    settled,
    type_text,
    until,
    until_shown,
)
from tests.index.indexed import build, planned
from tui.app.preview import screen
from tui.index import open_index

HOUR = timedelta(hours=1)


async def read(pilot: Pilot[int]) -> Preview:
    """Return the displayed hour once it is read and matched."""
    await until(pilot, lambda: preview_of(pilot).ended and not preview_of(pilot).rows.behind)
    return preview_of(pilot)


async def test_an_hour_that_was_left_has_its_cursor_where_it_was(opened: Opened) -> None:
    async with opened() as pilot:
        page = await preview(pilot)
        await pilot.press("left_square_bracket")
        await until(pilot, lambda: len(page.records) == RECORDS)
        await pilot.press("j", "j", "j", "right_square_bracket")
        await until(pilot, lambda: page.page.hour == LAST and len(page.records) == RECORDS)
        assert page.listing.current == 0
        await pilot.press("left_square_bracket")
        await until(pilot, lambda: page.page.hour == LAST - HOUR and page.listing.current == 3)


async def test_brackets_go_to_the_hour_beside_and_braces_to_the_day(opened: Opened) -> None:
    async with opened() as pilot:
        await preview(pilot)
        for key, hour in (
            ("left_square_bracket", LAST - HOUR),
            ("left_curly_bracket", LAST - 25 * HOUR),
            ("right_square_bracket", LAST - 24 * HOUR),
            ("right_curly_bracket", LAST),
        ):
            await pilot.press(key)
            page = await read(pilot)
            assert page.page.hour == hour and len(page.records) == RECORDS
        await pilot.press("right_square_bracket")
        await assert_shown(pilot, "no hour with a chunk after this one")
        await pilot.press("left_square_bracket")
        await read(pilot)
        await pilot.press("q")
        assert calendar(pilot).grid.cursor == LAST - HOUR


async def test_a_gap_is_passed_over_and_reported(opened: Opened) -> None:
    async with opened() as pilot:
        await go_to(pilot, f"{GAP - HOUR:%Y-%m-%dT%H}")
        await preview(pilot)
        await pilot.press("right_square_bracket")
        page = await read(pilot)
        await assert_shown(pilot, "1 hour without a chunk skipped")
        assert page.page.hour == GAP + HOUR


async def test_filter_draft_fields_columns_and_lines_stay(opened: Opened) -> None:
    async with opened() as pilot:
        await preview(pilot)
        await add_term(pilot, "n > `10`")
        await pilot.press("C", "ctrl+u")
        await type_text(pilot, "n, event")
        await pilot.press("enter", "A", "f")
        await pilot.press("slash")
        await type_text(pilot, "n < `20`")
        await until(pilot, lambda: len(preview_of(pilot).rows.hits) == 9)
        await pilot.press("escape", "f", "f")
        before = preview_of(pilot).page.view
        await pilot.press("left_square_bracket")
        page = await read(pilot)
        assert page.page.view is not before and page.terms == ["n > `10`"]
        assert page.bar.draft == "n < `20`" and len(page.rows.hits) == 9 and page.rows.lines == 1
        assert page.panel.display and not page.nodes.display and page.panel.has_focus
        await pilot.press("f")
        assert [column.text for column in page.listing._lines.columns] == ["n", "event"]


async def test_raw_and_wrapped_records_stay_so(opened: Opened) -> None:
    async with opened() as pilot:
        await preview(pilot)
        await pilot.press("W", "t", "left_square_bracket")
        page = await read(pilot)
        assert page.listing._lines.wrapped and not page.nodes.display


async def test_n_continues_to_the_next_hour_that_matches(opened: Opened) -> None:
    async with opened() as pilot:
        await pilot.press("g")
        await preview(pilot)
        await add_term(pilot, "n == `3` || n == `30`")
        await read(pilot)
        await pilot.press("g", "n")
        assert preview_of(pilot).listing.current == 30
        await pilot.press("n")
        page = await read(pilot)
        await settled(pilot)
        assert page.page.hour == FIRST + HOUR and page.listing.current == 3
        await pilot.press("N")
        await read(pilot)
        await until(pilot, lambda: preview_of(pilot).listing.current == 30)
        assert preview_of(pilot).page.hour == FIRST
        await pilot.press("N", "N")
        await until_shown(pilot, "no match in the 0 hours before this one")


async def test_n_passes_over_hours_without_a_match(opened: Opened) -> None:
    async with opened() as pilot:
        await pilot.press("g")
        await preview(pilot)
        await add_term(pilot, "ends_with(ts, '01:00:05+00:00') || ends_with(ts, '22:00:05+00:00')")
        await read(pilot)
        await pilot.press("G", "n")
        await until(pilot, lambda: preview_of(pilot).page.hour == FIRST + 3 * HOUR)
        await until_shown(pilot, "next match 3 hours after")
        page = await read(pilot)
        await until(pilot, lambda: page.listing.current == 5)
        await pilot.press("N")
        await until_shown(pilot, "previous match 3 hours before")
        assert preview_of(pilot).page.hour == FIRST


async def test_the_newest_hour_is_followed(opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screen, "FOLLOW_SECONDS", 0.05)
    chunk_path(tmp_path, FIRST).with_suffix("").write_bytes(record(FIRST, 0) + b"\n")
    async with opened(str(tmp_path)) as pilot:
        await preview(pilot)
        await pilot.press("F")
        chunk_path(tmp_path, FIRST + HOUR).with_suffix("").write_bytes(record(FIRST, 1) + b"\n")
        await until(pilot, lambda: preview_of(pilot).page.hour == FIRST + HOUR)
        await read(pilot)
        await pilot.press("F")
        await assert_shown(pilot, "no longer following")


@pytest.mark.parametrize(("term", "indexed"), [("starts_with(ts, '2015-01-19T22')", False), ("event == 'none'", True)])
async def test_hours_without_a_match_are_reported(
    opened: Opened, small_archive: Path, term: str, indexed: bool
) -> None:
    plan = planned(small_archive)
    with open_index(plan.archive) as index:
        build(index, replace(plan, chunks=plan.chunks if indexed else ()))
    async with opened() as pilot:
        await pilot.press("g")
        await preview(pilot)
        await add_term(pilot, term)
        await read(pilot)
        await pilot.press("G", "n")
        await until_shown(pilot, "no match in the 28 hours after this one; 1 hour not fully readable")


async def test_a_time_in_the_preview_is_another_hour_looked_at_alike(opened: Opened) -> None:
    async with opened() as pilot:
        await preview(pilot)
        await add_term(pilot, "n > `10`")
        await go_to(pilot, "2015-01-20T03")
        page = await read(pilot)
        assert page.page.hour == FIRST + 5 * HOUR and page.terms == ["n > `10`"]
        await go_to(pilot, f"{GAP:%Y-%m-%dT%H}")
        page = await read(pilot)
        await assert_shown(pilot, "has no chunk; this is the nearest")
        assert page.page.hour in (GAP - HOUR, GAP + HOUR)
        await go_to(pilot, "soon")
        await assert_shown(pilot, "'soon' is not a time")


async def test_marks_stay_when_one_goes_to_another_hour_and_back(opened: Opened) -> None:
    async with opened() as pilot:
        await preview(pilot)
        await pilot.press("space", "left_square_bracket")
        await read(pilot)
        await pilot.press("right_square_bracket")
        page = await read(pilot)
        await until(pilot, lambda: list(page.rows.marks.rows) == [0])
