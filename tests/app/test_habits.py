"""What every screen does alike: keys without effect, prompts, pasted text."""

from __future__ import annotations

import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import Input

from tests.app.conftest import (
    FIRST,
    LAST,
    Opened,
    assert_shown,
    calendar,
    on,
    preview,
    preview_of,
    settled,
    shown,
    until,
)
from tui.app.page import Page
from tui.app.scan.screen import ScanPage
from tui.app.send.screen import SendPage


def burst(pilot: Pilot[int], text: str) -> None:
    """Keys that arrive together, as a terminal sends them."""
    for character in text:
        key = {" ": "space", "\r": "enter", "/": "slash", ":": "colon", "'": "apostrophe"}.get(character, character)
        pilot.app.post_message(events.Key(key, character))


@pytest.mark.parametrize("keys", [(), ("enter",), ("s",), ("p",), ("J",), ("x",), ("question_mark",)])
async def test_a_key_without_effect_is_reported_and_the_typing_after_it_dropped(
    opened: Opened, keys: tuple[str, ...]
) -> None:
    async with opened() as pilot:
        await pilot.press(*keys)
        await settled(pilot)
        before = pilot.app.screen
        burst(pilot, "Qsd p\rq")
        await until(pilot, lambda: "Q does nothing here; ? shows the keys" in shown(pilot))
        assert pilot.app.screen is before
        await pilot.pause(0.35)
        await pilot.press("question_mark")
        assert pilot.app.screen is not before


async def test_text_that_is_typed_slowly_behind_a_key_without_effect_is_dropped_to_its_end(opened: Opened) -> None:
    async with opened() as pilot:
        grid = calendar(pilot).grid
        for character in "Qhkhklkhkshk":
            burst(pilot, character)
            await pilot.pause(0.05)
        assert grid.cursor == LAST and calendar(pilot).grid is grid


async def test_a_key_that_is_held_down_works_again_soon(opened: Opened) -> None:
    async with opened() as pilot:
        await pilot.press("Q")
        for _ in range(12):
            burst(pilot, "k")
            await pilot.pause(0.05)
        assert calendar(pilot).grid.cursor < LAST


async def test_the_program_can_be_left_right_behind_a_key_without_effect(opened: Opened) -> None:
    async with opened() as pilot:
        await pilot.press("Q", "ctrl+q")
    assert pilot.app.return_code == 0


@pytest.mark.parametrize(
    ("keys", "asks"),
    [
        (("slash",), "filter"),
        (("colon",), "go to"),
        (("enter", "colon"), "go to"),
        (("s", "slash"), "filter"),
        (("s", "colon"), "go to"),
        (("p", "slash"), "filter"),
        (("p", "colon"), "go to"),
    ],
)
async def test_filter_and_time_are_asked_for_on_every_screen_of_an_archive(
    opened: Opened, keys: tuple[str, ...], asks: str
) -> None:
    async with opened() as pilot:
        await pilot.press(*keys[:-1])
        await settled(pilot)
        before = pilot.app.screen
        burst(pilot, {"slash": "/", "colon": ":"}[keys[-1]] + "level q")
        await until(pilot, lambda: "level q" in shown(pilot))
        await until(pilot, lambda: asks in shown(pilot).splitlines()[-1] and pilot.app.screen is before)


@pytest.mark.parametrize(
    ("keys", "typed"),
    [
        (("s", "r"), "2015-01-20T03 to 2015-01-20T05"),
        (("s", "w"), "/tmp/out.jsonl"),
        (("s", "P"), "2"),
        (("p", "a"), "127.0.0.1:16150"),
        (("p", "d"), "host:1"),
        (("p", "t"), "topic"),
        (("p", "m"), "7"),
    ],
)
async def test_typing_replaces_the_value_of_a_prompt(opened: Opened, keys: tuple[str, ...], typed: str) -> None:
    async with opened() as pilot:
        await pilot.press(*keys)
        burst(pilot, typed.replace(":", ":"))
        await until(pilot, lambda: isinstance(pilot.app.focused, Input) and pilot.app.focused.value == typed)


async def test_an_arrow_keeps_the_value_of_a_prompt_and_a_refused_answer_can_be_corrected(opened: Opened) -> None:
    async with opened() as pilot:
        await pilot.press("s", "r")
        field = pilot.app.focused
        assert isinstance(field, Input)
        value = field.value
        await pilot.press("end", "x")
        assert field.value == f"{value}x"
        await pilot.press("enter")
        await assert_shown(pilot, "is not a time")
        await pilot.press("backspace", "enter")
        assert pilot.app.focused is not field


@pytest.mark.parametrize("keys", [("slash",), ("enter", "slash")])
async def test_pasted_lines_are_joined(opened: Opened, keys: tuple[str, ...]) -> None:
    async with opened() as pilot:
        await pilot.press(*keys)
        await settled(pilot)
        pilot.app.post_message(events.Paste("event == 'error' &&\r\n   n < `5`\n"))
        await until(pilot, lambda: "event == 'error' && n < `5`" in shown(pilot))


async def test_a_paste_without_an_input_is_reported_and_has_no_effect(opened: Opened) -> None:
    async with opened() as pilot:
        pilot.app.post_message(events.Paste("sqp"))
        await until(pilot, lambda: "there is nothing to paste into here" in shown(pilot))
        assert calendar(pilot)


async def test_a_filter_typed_on_the_calendar_is_that_of_the_preview_the_scan_and_the_send(opened: Opened) -> None:
    async with opened() as pilot:
        await pilot.press("slash")
        burst(pilot, "n < `5`\r")
        await until(pilot, lambda: "filter: -m 'n < `5`'" in shown(pilot) or "n < `5`" in shown(pilot))
        opened_hour = await preview(pilot)
        assert opened_hour.terms == ["n < `5`"]
        await pilot.press("q", "s")
        assert on(pilot, ScanPage).form.filter.active[0].text == "n < `5`"
        await pilot.press("q", "p")
        page = on(pilot, SendPage)
        await until(pilot, lambda: page.survey.complete)
        assert page.survey.count == 5
        await pilot.press("slash")
        burst(pilot, "n < `7`\r")
        await until(pilot, lambda: pilot.app.screen is not page)
        again = on(pilot, SendPage)
        await until(pilot, lambda: again.survey.complete)
        assert again.survey.count == 7
        await pilot.press("q")
        assert calendar(pilot)


async def test_a_time_leads_to_the_preview_of_that_hour_from_anywhere(opened: Opened) -> None:
    async with opened() as pilot:
        await pilot.press("s", "colon")
        burst(pilot, "2015-01-19T23\r")
        await until(pilot, lambda: "Mon 2015-01-19 23:00" in shown(pilot))
        assert preview_of(pilot).chunks[0].hour == FIRST.replace(hour=23)
        assert isinstance(pilot.app.screen, Page)
