"""The preview, driven by keys: reading, filtering while typing, terms from values, writing."""

from __future__ import annotations

import errno
import gzip
import json
import os
import re
import threading
from pathlib import Path

import pytest

from tests.app.conftest import (
    LAST,
    RECORDS,
    TORN,
    Opened,
    add_term,
    assert_shown,
    go_to,
    preview,
    preview_of,
    record,
    shown,
    type_text,
    until,
    until_shown,
)


async def test_it_reads_the_hour_and_shows_hostile_text_harmlessly(opened: Opened) -> None:
    async with opened() as pilot:
        page = await preview(pilot)
        assert list(page.records) == [record(LAST, number) for number in range(RECORDS)]
        text = shown(pilot)
        assert "40 previewed" in text
        assert "red \\x1b[31m" in text and "\x1b" not in text and "\u202e" not in text


async def test_the_count_follows_the_typing_and_an_error_keeps_it(opened: Opened) -> None:
    async with opened() as pilot:
        page = await preview(pilot)
        await pilot.press("slash")
        await type_text(pilot, "event == 'error'")
        await until_shown(pilot, "4 of 40 previewed")
        await type_text(pilot, " && ()")
        await until_shown(pilot, " ^ ")
        text = shown(pilot).splitlines()
        assert "4 of 40 previewed" in text[1]
        bar, error = text[1], text[2]
        assert error.index("^") >= bar.index("&& (")
        assert list(page.rows.hits) == [3, 13, 23, 33]


async def test_kinds_are_switched_by_a_key(opened: Opened) -> None:
    async with opened() as pilot:
        await preview(pilot)
        await pilot.press("slash")
        await type_text(pilot, "4.12.1")
        await assert_shown(pilot, "JMESPath of values")
        await pilot.press("ctrl+t")
        await assert_shown(pilot, "text in raw bytes")
        await until_shown(pilot, "20 of 40 previewed")
        await pilot.press("ctrl+t")
        await assert_shown(pilot, "regex in raw bytes")


async def test_terms_stack_switch_and_go(opened: Opened) -> None:
    async with opened() as pilot:
        page = await preview(pilot)
        for text in ("event == 'error'", "n > `10`"):
            await add_term(pilot, text)
        await until_shown(pilot, "3 of 40 previewed")
        await until_shown(pilot, "1 ● event == 'error' 4   2 ● n > `10` 29")
        await assert_shown(pilot, "filter event == 'error' && n > `10`")
        await pilot.press("2")
        await until_shown(pilot, "4 of 40 previewed")
        await assert_shown(pilot, "2 ○ n > `10` 29")
        page.bar.line.focus()
        await pilot.press("l", "delete")
        assert [term.text for term in page.bar.terms.terms] == ["event == 'error'"]
        await pilot.press("exclamation_mark")
        await until_shown(pilot, "36 of 40 previewed")
        await pilot.press("exclamation_mark", "enter")
        assert page.bar.draft == "event == 'error'" and not page.bar.terms.terms


async def test_a_value_becomes_a_term(opened: Opened) -> None:
    async with opened() as pilot:
        page = await preview(pilot)
        await pilot.press("tab")
        for _ in range(20):
            row = page.nodes.current
            if row is not None and row.path == ("player", "version"):
                break
            await pilot.press("j")
        await pilot.press("equals_sign")
        await until_shown(pilot, "20 of 40 previewed")
        await assert_shown(pilot, "player.version == '4.12.1'")
        await pilot.press("1", "j", "minus")
        assert page.bar.terms.terms[-1].text == 'player."odd key" != `null`'
        await until_shown(pilot, "0 of 40 previewed")
        await assert_shown(pilot, "None of 40 records matches")


async def test_the_tree_folds_and_shows_the_path(opened: Opened) -> None:
    async with opened() as pilot:
        page = await preview(pilot)
        page.nodes.focus()
        await pilot.press("G", "k", "h")
        assert page.nodes.current is not None and page.nodes.current.path == ("tags",)
        await pilot.press("h")
        assert page.nodes.current.open is False
        await pilot.press("l", "l")
        assert page.nodes.current is not None and page.nodes.current.path == ("tags", 0)
        await assert_shown(pilot, "tags[0]")


async def test_matches_are_shown_in_place_and_walked_over(opened: Opened) -> None:
    async with opened() as pilot:
        page = await preview(pilot)
        await add_term(pilot, "event == 'error'")
        await until_shown(pilot, "4 of 40 previewed")
        await pilot.press("g", "a", "n")
        assert page.listing.current == 13
        await pilot.press("n", "N", "N")
        assert page.listing.current == 3
        await pilot.press("G")
        assert page.listing.current == RECORDS - 1


async def test_a_torn_chunk_is_reported_and_marked_in_the_calendar(opened: Opened) -> None:
    async with opened() as pilot:
        await go_to(pilot, f"{TORN:%Y-%m-%dT%H}")
        page = await preview(pilot)
        assert len(page.records) >= RECORDS // 2
        await assert_shown(pilot, "! bytes ", ": the object ends in the middle of a gzip member")
        await until(pilot, lambda: " · ! 1 damaged" in shown(pilot).splitlines()[0])
        await pilot.press("q")
        await assert_shown(pilot, "[!]", "!! damaged")


async def test_a_chunk_that_is_gone_is_reported_in_one_sentence(opened: Opened, tmp_path: Path) -> None:
    path = tmp_path / "events.2015-01-20_13.log.gz"
    path.write_bytes(b"{}\n")
    async with opened(str(tmp_path)) as pilot:
        path.unlink()
        await preview(pilot)
        await assert_shown(pilot, "No such file")


async def test_matches_are_written_to_a_file_that_must_be_new(opened: Opened, tmp_path: Path) -> None:
    target = tmp_path / "errors.jsonl"
    async with opened() as pilot:
        await preview(pilot)
        await add_term(pilot, "event == 'error'")
        await until_shown(pilot, "4 of 40 previewed")
        for words in ("wrote 4 matching records", "exists; choose another name"):
            await pilot.press("w")
            await type_text(pilot, str(target))
            await pilot.press("enter")
            await until_shown(pilot, words)
    assert target.read_bytes() == b"".join(record(LAST, number) + b"\n" for number in (3, 13, 23, 33))


@pytest.mark.parametrize(("limit", "most"), [("MAX_RECORDS", 25), ("MAX_BYTES", 1_000)])
async def test_the_limit_of_a_preview_is_shown(
    opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, most: int
) -> None:
    monkeypatch.setattr(f"tui.app.records.store.{limit}", most)
    lines = b"".join(b'{"n": %d, "text": "%s"}\n' % (n, b"x" * 900) for n in range(1_000))
    (tmp_path / "events.2015-01-20_13.log").write_bytes(lines)
    async with opened(str(tmp_path)) as pilot:
        page = await preview(pilot)
        assert 25 <= len(page.records) < 1_000 and not page.whole  # it ends with a block
        known = len(page.records)
        await assert_shown(pilot, f"stopped at {known} records", "s scans the whole hour")
        await assert_shown(pilot, f"{known}+ previewed")


async def test_a_full_disk_is_reported_and_what_was_read_is_kept(
    opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.pwrite

    def once(file: int, data: bytes, place: int) -> int:
        if place > 300_000:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(file, data, place)

    monkeypatch.setattr("tui.app.records.store.os.pwrite", once)
    (tmp_path / "events.2015-01-20_13.log").write_bytes(b'{"n": 1}\n' * 200_000)
    async with opened(str(tmp_path)) as pilot:
        await pilot.press("enter", "G")
        page = preview_of(pilot)
        await until(pilot, lambda: page.ended)
        await assert_shown(pilot, "! previews cannot be kept: No")
        await assert_shown(pilot, "+ previewed")
        assert 0 < len(page.records) < 200_000 and not page.whole


async def test_a_large_record_is_announced_while_it_is_read(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = threading.Event()
    monkeypatch.setattr("tui.app.preview.panes.LARGEST", 10)
    monkeypatch.setattr("tui.app.records.tree.parse", lambda record: gate.wait(10) and {"read": 1})
    async with opened() as pilot:
        page = await preview(pilot)
        await assert_shown(pilot, "reading … ")
        await pilot.press("j")
        assert page.listing.current == 1
        gate.set()
        await until(pilot, lambda: page.nodes.current is not None)
        assert page.nodes.current is not None and page.nodes.current.path == ("read",)


async def test_a_record_a_value_a_path_and_all_matches_are_copied(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened() as pilot:
        page = await preview(pilot)
        await pilot.press("y", "y")
        assert pilot.app.clipboard.encode() == record(LAST, 0)
        await assert_shown(pilot, "copied record", "w writes to a file")
        page.nodes.focus()
        await pilot.press("y", "v")
        await assert_shown(pilot, "copied value")
        assert pilot.app.clipboard == "play"
        await pilot.press("G", "y")
        await until(pilot, lambda: "p path" in shown(pilot).splitlines()[-1])
        await pilot.press("p")
        assert pilot.app.clipboard == "title" and page.nodes.has_focus
        await pilot.press("y", "j")  # no answer: nothing happens
        assert page.nodes.current is not None and page.nodes.current.path == ("title",)
        await add_term(pilot, "event == 'error'")
        await until_shown(pilot, "4 of 40 previewed")
        await pilot.press("y", "a")
        assert pilot.app.clipboard.encode() == b"".join(record(LAST, number) + b"\n" for number in (3, 13, 23, 33))
        monkeypatch.setattr("tui.app.terminal.clipboard.LARGEST_BYTES", 100)
        await pilot.press("y", "a")
        await assert_shown(pilot, "exceed the limit of a clipboard", "w writes to a file")
        await pilot.press("y", "w")
        await assert_shown(pilot, "4 matching records into a file")


async def test_times_json_in_strings_and_long_texts_are_readable(opened: Opened, tmp_path: Path) -> None:
    value = {"at": 1421758805, "ts": "2015-01-20 13:00:05", "inner": '{"a": {"b": 7}}', "text": "word " * 100}
    line = json.dumps(value).encode() + b"\n"
    (tmp_path / "events.2015-01-20_13.log.gz").write_bytes(gzip.compress(line))
    async with opened(str(tmp_path)) as pilot:
        page = await preview(pilot)
        await assert_shown(pilot, "1421758805 2015-01-20 13:00:05")
        await assert_shown(pilot, '"2015-01-20 13:00:05" Tue 13:00:05')
        page.nodes.focus()
        await pilot.press("j", "j", "enter", "j", "j")
        await assert_shown(pilot, "JSON in a string")
        assert page.nodes.spelled == "inner → a.b"
        await pilot.press("equals_sign")
        assert not page.bar.terms.terms
        await pilot.press("h", "h", "h")
        assert page.nodes.spelled == "inner"
        await assert_shown(pilot, "500 characters")
        await pilot.press("W")
        await until(pilot, lambda: shown(pilot).count("word word") >= 5 and "500 characters" not in shown(pilot))
        await pilot.press("W", "G")
        await assert_shown(pilot, "500 characters")


async def test_fields_are_measured_and_their_values_become_terms(opened: Opened) -> None:
    async with opened() as pilot:
        page = await preview(pilot)
        await pilot.press("f")
        await until_shown(pilot, "8 fields of 40 records")
        text = shown(pilot)
        assert re.search(r"event +play +90 %", text) and re.search(r"player.version +4.1\S+ +50 %", text)
        await page.at_field(pilot, "event")
        await pilot.press("l")
        await assert_shown(pilot, "     36")
        await pilot.press("j", "j", "j", "equals_sign")
        await until_shown(pilot, "4 of 40 previewed")
        assert page.bar.terms.terms[-1].text == "event == 'error'"
        await until_shown(pilot, "fields of 4 matches")
        await pilot.press("1")
        await until_shown(pilot, "fields of 40 records")
        await pilot.press("G", "enter", "G", "k", "k", "k", "f")
        assert page.nodes.display and not page.panel.display


async def test_a_tall_screen_shows_the_fields_below_the_record_without_a_key(opened: Opened) -> None:
    async with opened(size=(200, 60)) as pilot:
        page = await preview(pilot)
        await until_shown(pilot, "8 fields of 40 records")
        assert page.nodes.region.bottom == page.panel.region.y and page.listing.has_focus
        await pilot.press("equals_sign")  # on the value of the record
        await until(pilot, lambda: bool(page.bar.terms.terms))
        assert page.bar.terms.terms[-1].text.startswith("event == ")
        await pilot.press("f")
        assert page.panel.has_focus
        await pilot.press("escape")
        assert page.listing.has_focus and page.panel.display
        await pilot.resize_terminal(120, 40)
        await until(pilot, lambda: page.panel.display and not page.nodes.display)  # they were asked for
        await pilot.press("f")
        assert page.nodes.display and not page.panel.display
        await pilot.resize_terminal(200, 60)
        await until_shown(pilot, "of 40 previewed")
        assert not page.panel.display


async def test_a_panel_without_room_is_hidden_unless_it_was_requested(opened: Opened) -> None:
    async with opened(size=(200, 60)) as pilot:
        page = await preview(pilot)
        await until_shown(pilot, "8 fields of 40 records")
        await pilot.resize_terminal(120, 40)
        await until(pilot, lambda: page.nodes.display and not page.panel.display)


async def test_the_fields_begin_below_the_tallest_record_so_far(opened: Opened, tmp_path: Path) -> None:
    lines = [{"n": 1}, {"n": 2, "tags": [*range(6)]}, {"n": 3}, {"n": 4, "tags": [*range(60)]}]
    data = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    (tmp_path / "events.2015-01-20_13.log.gz").write_bytes(gzip.compress(data))
    async with opened(str(tmp_path), (200, 60)) as pilot:
        page = await preview(pilot)
        heights = []
        for _ in lines:
            await until_shown(pilot, f"n  {len(heights) + 1}")
            await pilot.pause()
            heights.append(page.nodes.size.height)
            assert page.nodes.region.bottom == page.panel.region.y
            await pilot.press("j")
        assert heights[:3] == [3, 10, 10]  # the title, the rows, and an empty line
        await pilot.press("tab", "j", "enter")  # open the long list
        await until(pilot, lambda: page.nodes.size.height == 24)
