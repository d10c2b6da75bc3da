"""What is pasted into the filter bar: an expression over several lines, or a list of which a record has any."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual import events

from tests.app.conftest import Opened, assert_shown, preview, shown, until
from tui.app.filters.pasted import is_list, lines_of
from tui.filter import TermKind


@pytest.mark.parametrize(
    ("kind", "text", "before", "after", "is_one"),
    [
        ("match", "a1b2\nc3d4", "", "", True),
        ("match", "\n 5003 \r\n\r\n 1001\r\n", "", "", True),
        ("match", "8c7e-11\n9d0f-22", "", "", True),
        ("match", "user@example.com\nother@example.com", "", "", True),
        ("match", "just-one-id", "", "", False),
        ("match", "event == 'error' &&\n n < `5`", "", "", False),
        ("match", "player\n.version", "", "", False),
        ("match", "event == 'error' &&\n (n <", "", "", False),  # not finished yet, or with a slip
        ("match", "error' &&\n n", "event == '", " < `5`", False),
        ("match", "contains(tags,\n 'hd')", "", "", False),
        ("grep", "event == 'error' &&\n n", "", "", True),  # raw bytes, whatever they are
        ("file", "a\nb", "", "", True),
        ("regex", "a|b\nc", "", "", False),
    ],
)
def test_lines_that_form_no_expression_are_a_list(
    kind: TermKind, text: str, before: str, after: str, is_one: bool
) -> None:
    assert is_list(kind, lines_of(text), before, after) == is_one


async def test_a_pasted_list_is_one_term_that_a_command_line_can_name(opened: Opened) -> None:
    async with opened() as pilot:
        page = await preview(pilot)
        await pilot.press("slash")
        pilot.app.post_message(events.Paste('"n": 3,\r\n"n": 17,\n\n"n": 3,\nno such text\n'))
        await until(pilot, lambda: list(page.rows.hits) == [3, 17])
        await assert_shown(pilot, "4 pasted lines as one term: records with any of them")
        term = page.filter.active[0]
        assert term.kind == "file" and page.bar.draft == ""
        assert page.filter.arguments() == ["-f", term.text]
        kept = Path(term.text)
        assert kept.read_text() == '"n": 3,\n"n": 17,\nno such text\n' and kept.stat().st_mode & 0o777 == 0o600


async def test_lines_behind_an_operator_are_typed_on(opened: Opened) -> None:
    async with opened() as pilot:
        page = await preview(pilot)
        await pilot.press("slash", *"n < `5`")
        pilot.app.post_message(events.Paste("&&\none"))
        await until(pilot, lambda: "n < `5`&& one" in shown(pilot))
        assert page.terms == []
