"""The filter bar by its keys: the panel of terms, the menu of a value, saved and earlier filters."""

from __future__ import annotations

import re
from pathlib import Path

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
from tui.config import config_dir, load_config
from tui.filter import Filter, Term

# Terms.


async def test_terms_have_a_panel_with_a_count_each(opened: Opened) -> None:
    async with opened() as pilot:
        page = await preview(pilot)
        await add_term(pilot, "event == 'error' || n == `1`")
        await add_term(pilot, "4.13.0", "ctrl+t")
        await until_shown(pilot, "5 of 40 previewed")
        assert "(event == 'error' || n == `1`)" not in shown(pilot)
        await assert_shown(pilot, "filter event == 'error' || n == `1`   and text 4.13.0")
        await pilot.press("T")
        await until_shown(pilot, "all of these must match")
        await until(
            pilot,
            lambda: re.search(r"1 ● JMESPath of values +event == 'error' \|\| n == `1` +5 of 40", shown(pilot)),
        )
        await until(pilot, lambda: re.search(r"2 ● text   in raw bytes +4\.13\.0 +20 of 40", shown(pilot)))
        await pilot.press("down", "minus")
        await until_shown(pilot, "0 of 40 previewed")
        await assert_shown(pilot, "not 4.13.0")
        assert page.filter.arguments()[:2] == ["--not-grep", "4.13.0"]
        await pilot.press("space")
        await until_shown(pilot, "5 of 40 previewed")
        await assert_shown(pilot, "2 ○ text")
        await pilot.press("shift+up")
        assert page.terms == ["4.13.0", "event == 'error' || n == `1`"]
        await pilot.press("shift+down", "exclamation_mark")
        await until_shown(pilot, "35 of 40 previewed")
        await assert_shown(pilot, "records that do not match all of these (-v)")
        await pilot.press("exclamation_mark", "delete", "escape")
        assert page.terms == ["event == 'error' || n == `1`"] and page.listing.has_focus
        await until(pilot, lambda: "all of these must match" not in shown(pilot))


async def test_the_whole_is_copied_and_edited_as_text(opened: Opened) -> None:
    async with opened() as pilot:
        page = await preview(pilot)
        page.bar.put(Filter((Term("match", "n > `5` || n == `3`"), Term("grep", "error"), Term("match", "n < `30`"))))
        whole = "(n > `5` || n == `3`) && n < `30`"
        await until_shown(pilot, "3 of 40 previewed")
        page.bar.line.focus()
        await pilot.press("y")
        await assert_shown(pilot, "without text error")
        assert pilot.app.clipboard == whole
        await pilot.press("ctrl+e")
        assert page.bar.draft == whole and page.terms == ["error"]
        await until_shown(pilot, "3 of 40 previewed")
        await type_text(pilot, " && n != `13`")
        await pilot.press("enter")
        await until_shown(pilot, "2 of 40 previewed")
        assert page.terms == ["error", whole + " && n != `13`"]


async def test_an_inverted_filter_is_edited_as_it_is_spelled(opened: Opened) -> None:
    async with opened() as pilot:
        page = await preview(pilot)
        page.bar.put(Filter((Term("match", "event == 'error'"),), invert=True))
        await until_shown(pilot, "filter !(event == 'error')   and records it cannot read")
        page.bar.line.focus()
        await pilot.press("ctrl+e")
        assert page.bar.draft == "!(event == 'error')" and page.bar.terms == Filter()
        await until_shown(pilot, "36 of 40 previewed")


async def test_a_draft_is_kept_when_a_term_is_edited(opened: Opened) -> None:
    async with opened() as pilot:
        page = await preview(pilot)
        await add_term(pilot, "n > `5`")
        await pilot.press("slash")
        await type_text(pilot, "event == 'error'")
        page.bar.line.focus()
        await pilot.press("enter")
        assert page.bar.draft == "n > `5`" and page.terms == ["event == 'error'"]


# What is asked of a value.


async def test_a_menu_asks_more_of_a_value(opened: Opened) -> None:
    async with opened() as pilot:
        page = await preview(pilot)
        await pilot.press("j", "j", "j", "j", "j")
        await page.at_node(pilot, "n")
        await pilot.press("o")
        await assert_shown(pilot, "records whose n", ">= at least            n >= `5`")
        await pilot.press("less_than_sign")
        await until_shown(pilot, "5 of 40 previewed")
        assert page.terms == ["n < `5`"] and page.nodes.has_focus
        await pilot.press("o", "escape")
        await until(pilot, lambda: page.nodes.has_focus and "records whose" not in shown(pilot))
        await page.at_node(pilot, "player", "odd key")
        await pilot.press("o", "j", "j", "enter")
        assert page.terms[-1] == 'player."odd key" != `null`'


async def test_a_part_of_a_text_is_changed_before_it_is_kept(opened: Opened) -> None:
    async with opened() as pilot:
        page = await preview(pilot)
        await page.at_node(pilot, "player", "version")
        await pilot.press("o", "circumflex_accent")
        assert page.bar.draft == "player.version && starts_with(player.version, '4.12.1')"
        await pilot.press("4", "full_stop", "1", "3", "enter")
        await until_shown(pilot, "20 of 40 previewed")
        assert page.terms == ["player.version && starts_with(player.version, '4.13')"]


async def test_the_menu_is_for_fields_too(opened: Opened) -> None:
    async with opened() as pilot:
        page = await preview(pilot)
        await pilot.press("f")
        await until_shown(pilot, "8 fields of 40 records")
        await page.at_field(pilot, "n")
        await pilot.press("o")
        await until_shown(pilot, "records whose n")
        await pilot.press("ctrl+e")
        assert page.bar.draft.startswith("n == `")


# Names and earlier filters.


def write_config(text: str) -> Path:
    path = config_dir() / "config.toml"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    return path


async def test_saved_filters_are_chosen_from_a_list_and_saved_by_name(opened: Opened) -> None:
    path = write_config("# mine\n[filters]\nerrors = \"event == 'error'\"\nold = \"-g 4.12.1 -e 'odd'\"\n")
    async with opened() as pilot:
        page = await preview(pilot)
        await pilot.press("L")
        await assert_shown(pilot, "errors  event == 'error'", str(path))
        await pilot.press("enter")
        await until_shown(pilot, "4 of 40 previewed")
        await pilot.press("L", "j", "plus")
        assert page.terms == ["event == 'error'", "4.12.1", "odd"] and page.listing.has_focus
        await pilot.press("L", "ctrl+s")
        await type_text(pilot, "both")
        await pilot.press("enter")
        await assert_shown(pilot, f"saved as both in {path}")
        assert load_config().filters["both"] == "-g 4.12.1 -e odd -m \"event == 'error'\""
        assert path.read_text().startswith("# mine\n")
        await pilot.press("slash", "ctrl+s", "enter")
        assert page.terms == ["4.12.1", "odd", "event == 'error'"]


async def test_a_saved_filter_that_is_wrong_is_a_sentence(opened: Opened) -> None:
    write_config('[filters]\nbad = "a =="\n')
    async with opened() as pilot:
        page = await preview(pilot)
        await pilot.press("L", "enter")
        await until_shown(pilot, "it ends too early")
        assert not page.terms
        await pilot.press("L", "ctrl+s")
        await assert_shown(pilot, "there is no filter to save")


async def test_the_name_of_a_list_is_a_term(opened: Opened, tmp_path: Path) -> None:
    texts = tmp_path / "texts"
    texts.write_text("4.13.0\nnowhere\n")
    async with opened() as pilot:
        await preview(pilot)
        await add_term(pilot, str(texts), "ctrl+t", "ctrl+t", "ctrl+t")
        await until_shown(pilot, "20 of 40 previewed")
        await pilot.press("T")
        await until_shown(pilot, "file   of texts")
        await pilot.press("minus")
        await until_shown(pilot, "a list of texts has no opposite")


async def test_what_was_typed_before_comes_back_with_up(opened: Opened) -> None:
    async with opened() as pilot:
        await preview(pilot)
        await add_term(pilot, "event == 'error'")
        await add_term(pilot, "4.13.0", "ctrl+t")
        await settled(pilot)
    async with opened() as pilot:
        page = await preview(pilot)
        page.bar.put(Filter())
        await pilot.press("slash")
        await settled(pilot)
        await pilot.press("up")
        await assert_shown(pilot, "text in raw bytes")
        assert page.bar.draft == "4.13.0"
        await pilot.press("up")
        await assert_shown(pilot, "JMESPath of values")
        assert page.bar.draft == "event == 'error'"
        await until_shown(pilot, "4 of 40 previewed")
        await pilot.press("up", "down", "down")
        assert page.bar.draft == ""
        await type_text(pilot, "n == `1`")
        await pilot.press("escape", "slash")
        await settled(pilot)
        await pilot.press("up", "down")
        await assert_shown(pilot, "JMESPath of values")
        assert page.bar.draft == "n == `1`"
        await pilot.press("down")
        assert page.listing.has_focus


async def test_the_same_term_is_not_kept_twice(opened: Opened) -> None:
    async with opened() as pilot:
        page = await preview(pilot)
        await add_term(pilot, "event == 'error'")
        await add_term(pilot, "event == 'error'")
        assert page.terms == ["event == 'error'"]
