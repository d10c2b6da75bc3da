"""The filter bar by its keys: completion, the panel of terms, the menu of a value, saved and earlier filters."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest

from tests.app.conftest import (
    LAST,
    Opened,
    add_term,
    assert_shown,
    chunk_path,
    preview,
    settled,
    shown,
    type_text,
    until,
    until_shown,
)
from tui.app.filters.bar import DEBOUNCE
from tui.config import config_dir, load_config
from tui.filter import Filter, Term

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


# Fields.


async def test_below_the_fields_the_one_under_the_cursor_is_open_where_there_is_room(opened: Opened) -> None:
    async with opened() as pilot:
        page = await preview(pilot)
        await pilot.press("f")
        await page.at_field(pilot, "event")
        await until_shown(pilot, "string, in 100 % of the records")
        below = [line.split()[-2:] for line in shown(pilot).splitlines() if line.rstrip().endswith((" 36", " 4"))]
        assert [number for _, number in below] == ["36", "4"]
        await pilot.press("enter")  # then they are among the lines
        await until(pilot, lambda: shown(pilot).count("string, in 100 %") == 1)
        await pilot.press("enter")
        await page.at_field(pilot, "n")
        await until_shown(pilot, "0 … 19 … 39  least, median, most")
    async with opened(size=(80, 24)) as pilot:
        page = await preview(pilot)
        await pilot.press("f")
        await page.at_field(pilot, "event")
        await pilot.pause(0.2)
        assert "of the records" not in shown(pilot)


async def test_numbers_have_a_curve_and_fields_are_of_all_or_of_the_matches(opened: Opened) -> None:
    async with opened() as pilot:
        page = await preview(pilot)
        await add_term(pilot, "n < `20`")
        await pilot.press("f")
        await until_shown(pilot, "8 fields of 20 matches")
        await page.at_field(pilot, "n")
        await pilot.press("enter")
        await until_shown(pilot, "0 … 9 … 19")
        await until(pilot, lambda: re.search(r"0 … 9 … 19  [▁▂▃▄▅▆▇█ ]{16}", shown(pilot)))
        await pilot.press("a")
        await until_shown(pilot, "8 fields of 40 records")
        assert page.panel.display


async def test_texts_with_variable_parts_are_shown_and_filtered_as_patterns(opened: Opened, tmp_path: Path) -> None:
    texts = [f"timeout after {n * 7} ms" if n % 2 else f"cache {n:x}{n:07d} missed" for n in range(60)]
    lines = b"".join(json.dumps({"ts": n, "message": text}).encode() + b"\n" for n, text in enumerate(texts))
    chunk_path(tmp_path, LAST).with_suffix("").write_bytes(lines)
    async with opened(str(tmp_path)) as pilot:
        page = await preview(pilot)
        await pilot.press("f")
        await until_shown(pilot, "2 fields of 60 records")
        await pilot.press("g", "l", "j", "j")
        await until_shown(pilot, "timeout after <n> ms")
        await pilot.press("equals_sign")
        await until_shown(pilot, "30 of 60 previewed")
        await pilot.press("1", "T", "delete")
        await until_shown(pilot, "60 previewed")
        assert not page.terms


async def test_constants_are_first_then_few_values_then_numbers(opened: Opened, tmp_path: Path) -> None:
    values = [{"id": f"x{n}", "size": n * 1.5, "level": "warn" if n % 3 else "info", "app": "a"} for n in range(90)]
    chunk_path(tmp_path, LAST).with_suffix("").write_bytes(b"".join(json.dumps(v).encode() + b"\n" for v in values))
    async with opened(str(tmp_path), (160, 40)) as pilot:
        page = await preview(pilot)
        await pilot.press("f")
        await until_shown(pilot, "4 fields of 90 records")
        assert [line.facet.path for line in page.panel._lines] == [("app",), ("level",), ("size",), ("id",)]
        await assert_shown(pilot, "66 median")
        await until(pilot, lambda: re.search(r"level +warn +67 % ━━━━━", shown(pilot)))
        await until(
            pilot, lambda: re.search(r"median +[▁-▇]{8}", shown(pilot)) and re.search(r"id +ids +90", shown(pilot))
        )


async def test_of_a_long_text_only_the_beginning_can_be_filtered_in_the_fields(opened: Opened, tmp_path: Path) -> None:
    chunk_path(tmp_path, LAST).with_suffix("").write_bytes(b'{"text": "' + b"word " * 100 + b'"}\n')
    async with opened(str(tmp_path)) as pilot:
        page = await preview(pilot)
        await pilot.press("f")
        await until_shown(pilot, "1 field of 1 record")
        await pilot.press("l", "j", "j", "equals_sign")
        await assert_shown(pilot, "only the start of this text is known")
        assert not page.terms
        await pilot.press("o")
        await assert_shown(pilot, "begins with")
        await until(pilot, lambda: "only these" not in shown(pilot).splitlines()[4])
        await pilot.press("enter", "enter")
        await until_shown(pilot, "1 of 1 previewed")
        page.nodes.display, page.panel.display = True, False
        await page.at_node(pilot, "text")
        await pilot.press("o")
        await until(pilot, lambda: "only these" in shown(pilot).splitlines()[4])


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


async def test_the_same_term_is_not_kept_twice(opened: Opened) -> None:
    async with opened() as pilot:
        page = await preview(pilot)
        await add_term(pilot, "event == 'error'")
        await add_term(pilot, "event == 'error'")
        assert page.terms == ["event == 'error'"]


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
