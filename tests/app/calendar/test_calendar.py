"""The calendar, driven by keys."""

from __future__ import annotations

from datetime import timedelta

import pytest
from textual import events

from tests.app.conftest import (
    FIRST,
    GAP,
    HOURS,
    LAST,
    Opened,
    assert_shown,
    calendar,
    go_to,
    on,
    settled,
    shown,
    type_text,
    until,
)
from tui.app.app import Explorer
from tui.app.calendar.screen import CalendarPage
from tui.app.help.screen import ExplainPage, HelpPage
from tui.app.home.opening import OpeningPage
from tui.app.home.screen import HomePage
from tui.app.model.hours import Hours, Selection
from tui.archive import Gap

HOUR = timedelta(hours=1)


async def test_it_opens_on_the_last_hour_and_summarizes_the_archive(opened: Opened) -> None:
    async with opened() as pilot:
        assert calendar(pilot).grid.cursor == LAST
        header = shown(pilot).splitlines()[0]
        assert "January 2015 · UTC · 29/30 h" in header and "1 gap" in header
        await assert_shown(pilot, "1 chunk", "web01-000000")


async def test_the_cursor_walks_hours_and_days_and_stays_in_the_archive(opened: Opened) -> None:
    async with opened() as pilot:
        grid = calendar(pilot).grid
        await pilot.press("h", "left", "k")
        assert grid.cursor == LAST - 26 * HOUR
        await pilot.press("g")
        assert grid.cursor == FIRST
        await pilot.press("h", "k")
        assert grid.cursor == FIRST
        await pilot.press("l", "down", "G")
        assert grid.cursor == LAST


async def test_e_walks_over_trouble(opened: Opened) -> None:
    async with opened() as pilot:
        page = calendar(pilot)
        await pilot.press("g", "e")
        assert page.grid.cursor == GAP
        await assert_shown(pilot, "this hour has no chunk")
        await pilot.press("enter")
        await assert_shown(pilot, "is a gap")
        assert calendar(pilot) is page
        await pilot.press("E")
        await assert_shown(pilot, "no more trouble before")


async def test_v_makes_a_range_and_space_takes_hours(opened: Opened) -> None:
    async with opened() as pilot:
        page = calendar(pilot)
        await pilot.press("g", "v", "l", "l")
        await assert_shown(pilot, "v ends the range")
        assert not page.session.selection
        await pilot.press("v")
        assert page.session.selection == Selection((Hours(FIRST, FIRST + 3 * HOUR),))
        await assert_shown(pilot, "3 hours · 3 chunks")
        await pilot.press("l", "space")
        assert page.session.selection == Selection((Hours(FIRST, FIRST + 4 * HOUR),))
        await pilot.press("escape")
        assert not page.session.selection
        await pilot.press("space", "space")
        assert not page.session.selection


async def test_several_ranges_days_and_months_are_taken(opened: Opened) -> None:
    async with opened() as pilot:
        page = calendar(pilot)
        await pilot.press("g", "space", "l", "l", "l", "v", "l", "v")
        assert page.session.selection == Selection(
            (Hours(FIRST, FIRST + HOUR), Hours(FIRST + 3 * HOUR, FIRST + 5 * HOUR))
        )
        await assert_shown(pilot, "2 ranges", "3 hours · 3 chunks")
        await pilot.press("D")
        day = Hours(FIRST + 2 * HOUR, FIRST + 26 * HOUR)
        assert page.session.selection == Selection((Hours(FIRST, FIRST + HOUR), day))
        await pilot.press("space")
        assert len(page.session.selection.ranges) == 3
        await pilot.press("escape", "M")
        assert page.session.selection == Selection((Hours(FIRST, LAST + HOUR),))
        await pilot.press("M")
        assert not page.session.selection


async def test_a_time_can_be_typed(opened: Opened) -> None:
    async with opened() as pilot:
        page = calendar(pilot)
        await go_to(pilot, "2015-01-20T13")
        assert page.grid.cursor == FIRST + 15 * HOUR
        await go_to(pilot, "2016-01-01")
        await assert_shown(pilot, "after the archive ends")
        assert page.grid.cursor == LAST
        await go_to(pilot, "soon")
        await assert_shown(pilot, "'soon' is not a time")
        await pilot.press("colon", "escape", "h")
        assert page.grid.cursor == LAST - HOUR


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_every_line_fits(opened: Opened, size: tuple[int, int]) -> None:
    async with opened(size=size) as pilot:
        lines = shown(pilot).splitlines()
        assert len(lines) == size[1]
        assert "? help" in lines[-1] and "q quit" in lines[-1]
        assert any("Tu 20" in line for line in lines)


@pytest.mark.parametrize("keys", [(), ("enter",), ("enter", "tab"), ("enter", "f"), ("s",), ("enter", "p")])
async def test_the_keys_fit_a_small_screen(opened: Opened, keys: tuple[str, ...]) -> None:
    async with opened(size=(80, 24)) as pilot:
        await pilot.press(*keys, "question_mark")
        page = on(pilot, HelpPage)
        lines = page.table.lines(80)
        assert len(lines) <= page.table.size.height
        assert "…" not in "".join(text for line in lines for text, _ in line).replace("1 … 9", "")


async def test_help_and_explain_come_and_go(opened: Opened) -> None:
    async with opened() as pilot:
        await pilot.press("question_mark")
        assert isinstance(pilot.app.screen, HelpPage)
        await assert_shown(pilot, "go to time", "e  E            next / previous trouble")
        await assert_shown(pilot, "h/←  l/→        previous / next hour")
        await pilot.press("escape", "x")
        assert isinstance(pilot.app.screen, ExplainPage)
        await assert_shown(pilot, "$ hourscope ls")
        await pilot.press("q")
        assert isinstance(pilot.app.screen, CalendarPage)


async def test_q_ends_it(opened: Opened) -> None:
    async with opened() as pilot:
        await pilot.press("q")
    assert pilot.app.return_code == 0


async def test_a_missing_archive_is_reported_in_one_sentence(opened: Opened) -> None:
    async with opened(None) as pilot:
        await pilot.press("o")
        await type_text(pilot, "/no/such/archive")
        await pilot.press("enter")
        await settled(pilot)
        assert isinstance(pilot.app.screen, OpeningPage)
        await assert_shown(pilot, "/no/such/archive does not exist")
        await pilot.press("x")
        assert isinstance(pilot.app.screen, ExplainPage)
        await pilot.press("q", "q")
        assert isinstance(pilot.app.screen, HomePage)


async def test_one_of_the_command_line_ends_it_with_the_sentence(opened: Opened) -> None:
    async with opened("/no/such/archive") as pilot:
        app = pilot.app
        assert isinstance(app, Explorer)
    assert app.return_value == 2 and "/no/such/archive does not exist" in app.refused


async def test_without_an_archive_one_is_chosen(opened: Opened, small_archive: object) -> None:
    async with opened(None) as pilot:
        assert isinstance(pilot.app.screen, HomePage)
        await assert_shown(pilot, "demo")
        await pilot.press("o")
        await type_text(pilot, str(small_archive))
        await pilot.press("enter")
        await settled(pilot)
        assert calendar(pilot).session.catalog.gaps == (Gap(GAP, GAP + HOUR),)
        assert len(calendar(pilot).session.catalog.hours) == HOURS - 1


async def test_the_hour_under_the_cursor_is_in_sight_however_small_the_terminal_is(opened: Opened) -> None:
    for size in ((40, 10), (30, 7), (60, 12), (80, 24)):
        async with opened(size=size) as pilot:
            await pilot.press("escape")
            for key in ("G", "h", "k", "g", "l", "e", "j"):
                await pilot.press(key)
                page = on(pilot, CalendarPage)
                day = next(line for line in shown(pilot).splitlines() if "[" in line)
                assert int(day.split()[1].partition("[")[0]) == page.grid.cursor.day


async def test_a_key_typed_ahead_goes_to_the_screen_that_the_key_before_opens(opened: Opened) -> None:
    async with opened() as pilot:
        for key in (events.Key("s", "s"), events.Key("question_mark", "?")):
            pilot.app.post_message(key)
        await until(pilot, lambda: isinstance(pilot.app.screen, HelpPage))
        await until(pilot, lambda: "The scan" in shown(pilot).splitlines()[0])
