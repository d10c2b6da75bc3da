"""The fields of the records, by their keys."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.app.conftest import (
    LAST,
    Opened,
    add_term,
    assert_shown,
    chunk_path,
    preview,
    shown,
    until,
    until_shown,
)

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
