"""Typing a filter: completion, errors, and likely slips."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from tests.app.conftest import (
    Opened,
    add_term,
    assert_shown,
    preview,
    settled,
    shown,
    type_text,
    until,
    until_shown,
)
from tui.app.filters.bar import DEBOUNCE

# Completion.


async def test_paths_and_values_are_offered_and_taken(opened: Opened) -> None:
    async with opened() as pilot:
        page = await preview(pilot)
        await pilot.press("slash")
        await settled(pilot)
        await type_text(pilot, "vers")
        await until_shown(pilot, "player.version")
        await pilot.press("tab")
        assert page.bar.draft == "player.version" and page.bar.line.has_focus is False
        await type_text(pilot, " == ")
        await until_shown(pilot, "'4.13.0'")
        await assert_shown(pilot, "'4.12.1'", "20×")
        await pilot.press("down", "down", "up", "down", "enter")
        assert page.bar.draft in ("player.version == '4.13.0'", "player.version == '4.12.1'")
        await until_shown(pilot, "20 of 40 previewed")
        await pilot.press("enter")
        assert len(page.terms) == 1 and page.listing.has_focus


async def test_functions_are_offered_with_their_signatures(opened: Opened) -> None:
    async with opened() as pilot:
        page = await preview(pilot)
        await pilot.press("slash")
        await settled(pilot)
        await type_text(pilot, "event && starts")
        await until_shown(pilot, "(string, begin) → boolean")
        await pilot.press("tab")
        await type_text(pilot, "event, 'e")
        await until_shown(pilot, "'error'")
        await pilot.press("tab")
        await type_text(pilot, ")")
        assert page.bar.draft == "event && starts_with(event, 'error')"
        await until_shown(pilot, "4 of 40 previewed")


async def test_escape_closes_the_list_first_and_enter_keeps_what_is_typed(opened: Opened) -> None:
    async with opened() as pilot:
        page = await preview(pilot)
        await pilot.press("slash")
        await settled(pilot)
        await type_text(pilot, "eve")
        await until_shown(pilot, "string, in 100%")
        await pilot.press("escape")
        await until(pilot, lambda: "string, in 100%" not in shown(pilot) and not page.listing.has_focus)
        await type_text(pilot, "n")
        await until_shown(pilot, "string, in 100%")
        await pilot.press("enter")
        await until(
            pilot, lambda: page.terms == ["even"] and page.listing.has_focus and "string, in 100%" not in shown(pilot)
        )


async def test_the_error_points_at_its_column_in_a_long_text_too(opened: Opened) -> None:
    async with opened(size=(80, 24)) as pilot:
        await preview(pilot)
        await pilot.press("slash")
        await type_text(pilot, " || ".join(["event == 'error'"] * 5) + " && ")
        await pilot.press("left_parenthesis", "enter")
        await until_shown(pilot, "it ends too early")
        bar, error = shown(pilot).splitlines()[1:3]
        assert error.index("^") == bar.index("&& (") + 4  # behind it


@pytest.mark.parametrize(
    ("switches", "unfinished", "invalid"),  # from JMESPath to text to regex
    [
        (0, "contains(event, 'err", "contains(event,) && n"),
        (0, "event == 'error' &&", "event = 'error'"),
        (2, "err(or|", "err)or"),
    ],
)
async def test_an_error_is_shown_once_typing_on_cannot_fix_it(
    opened: Opened, switches: int, unfinished: str, invalid: str
) -> None:
    """An unfinished expression is reported as invalid only when it is entered."""
    async with opened() as pilot:
        page = await preview(pilot)
        await pilot.press("slash", *["ctrl+t"] * switches)
        for key in unfinished:
            await type_text(pilot, key)
            await pilot.pause(2 * DEBOUNCE)
            assert " ^ " not in shown(pilot)
        await pilot.press("enter")
        await until_shown(pilot, "^ ")
        assert page.terms == []
        await pilot.press("ctrl+u")
        await type_text(pilot, invalid)
        await until_shown(pilot, "^ ")


# Likely slips.


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "n == '3'",
            "n is a number here, and '3' is text; a number is written in backticks, without quotes; try n =",
        ),
        ('event == "error"', "text is written in single quotes; try event == 'error', which matches 4 of 40"),
        ("player.versoin == '4.13.0'", "player.version"),
        ("tags == 'hd'", "tags is a list here"),
    ],
    ids=["number", "quotes", "name", "list"],
)
async def test_a_likely_slip_is_explained_with_the_term_that_was_meant(opened: Opened, text: str, words: str) -> None:
    async with opened() as pilot:
        page = await preview(pilot)
        await pilot.press("slash")
        await type_text(pilot, text)
        await assert_shown(pilot, words)
        assert not page.rows.hits
        await pilot.press("ctrl+u")
        await type_text(pilot, "event == 'error'")
        await until_shown(pilot, "4 of 40 previewed")
        await until(pilot, lambda: "hint" not in shown(pilot))


async def test_a_slip_that_matches_by_mistake_is_explained_too(opened: Opened, tmp_path: Path) -> None:
    lines = b'{"event": "error"}\n{"n": 1}\n'
    (tmp_path / "events.2015-01-20_13.log.gz").write_bytes(gzip.compress(lines))
    async with opened(str(tmp_path)) as pilot:
        page = await preview(pilot)
        await add_term(pilot, 'event == "error"')
        await assert_shown(pilot, "try event == 'error', which matches 1 of 2")
        assert list(page.rows.hits) == [1]


async def test_the_beginning_of_a_name_leaves_the_records_in_sight(opened: Opened) -> None:
    async with opened() as pilot:
        page = await preview(pilot)
        await pilot.press("slash")
        await until_shown(pilot, "type to filter")
        await type_text(pilot, "play")
        await until_shown(pilot, "object, 2 below")
        await assert_shown(pilot, "40 previewed")
        assert not page.rows.filtered
        await type_text(pilot, "er")
        await until(pilot, lambda: page.rows.filtered and len(page.rows.hits) == 40)
