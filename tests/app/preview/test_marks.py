"""Marks, lines around matches, columns and copies, driven by keys."""

from __future__ import annotations

import gzip
import json
import threading
from datetime import datetime
from pathlib import Path

import pytest
from textual.widgets import Input

from tests.app.conftest import (
    LAST,
    RECORDS,
    Opened,
    add_term,
    assert_shown,
    on,
    preview,
    preview_of,
    record,
    settled,
    shown,
    type_text,
    until,
    until_shown,
)
from tui.app.calendar.screen import CalendarPage
from tui.app.help.screen import HelpPage
from tui.app.model.session import Session
from tui.app.preview.export import Pick, save
from tui.app.preview.screen import PreviewPage
from tui.app.send.screen import SendPage
from tui.archive import open_archive
from tui.history.log import Reporter

ERRORS = [3, 13, 23, 33]


async def test_records_are_marked_listed_and_forgotten(opened: Opened) -> None:
    async with opened() as pilot:
        page = await preview(pilot)
        await pilot.press("space", "space", "j", "space")
        assert list(page.rows.marks.rows) == [0, 1, 3] and page.listing.current == 4
        await assert_shown(pilot, "3 marked")
        assert page.signs(pilot)[:4] == list("** *")
        await pilot.press("m")
        await until(pilot, lambda: "1 of 3" in shown(pilot) or "3 of 3" in shown(pilot))
        await pilot.press("g", "j", "space")
        await assert_shown(pilot, "marked only")
        assert list(page.rows.marks.rows) == [0, 3]
        await pilot.press("m", "g", "space")
        assert list(page.rows.marks.rows) == [3]
        await pilot.press("U", "m")
        await assert_shown(pilot, "No record is marked. space marks the one under the cursor")
        await pilot.press("m")
        await assert_shown(pilot, f"of {RECORDS}")


async def test_marks_are_there_again_on_the_next_visit(opened: Opened) -> None:
    async with opened() as pilot:
        page = await preview(pilot)
        await pilot.press("j", "space", "G", "space", "q")
        page = await preview(pilot)
        await assert_shown(pilot, "2 marked")
        assert list(page.rows.marks.rows) == [1, RECORDS - 1]
        await pilot.press("U", "q")
        page = await preview(pilot)
        assert not page.rows.marks


async def test_a_comma_marks_all_with_the_value_under_the_trees_cursor(opened: Opened) -> None:
    async with opened() as pilot:
        page = await preview(pilot)
        await pilot.press("j", "j", "j", "comma")  # the tree's cursor is on the event
        await until(pilot, lambda: len(page.rows.marks) > 0)
        assert list(page.rows.marks.rows) == ERRORS
        await assert_shown(pilot, "marked 4 records with event == 'error', of 40 previewed")
        page.nodes.focus()
        await pilot.press("space")  # from the tree too
        assert list(page.rows.marks.rows) == ERRORS[1:]


async def test_marks_are_written_to_a_file_and_as_an_extract(opened: Opened, tmp_path: Path) -> None:
    async with opened() as pilot:
        await preview(pilot)
        await pilot.press("space", "G", "space")
        for target in ("marked.jsonl", "extract/"):
            await pilot.press("w")
            await assert_shown(pilot, "2 marked records into a file (.gz, .zst) or folder/:")
            await type_text(pilot, str(tmp_path / target) + ("/" if target.endswith("/") else ""))
            await pilot.press("enter")
            await until_shown(pilot, "wrote 2 marked records")
    expected = [record(LAST, 0), record(LAST, RECORDS - 1)]
    assert (tmp_path / "marked.jsonl").read_bytes() == b"".join(line + b"\n" for line in expected)
    extract = open_archive(str(tmp_path / "extract"))
    (chunk,) = extract.catalog().chunks
    assert extract.extract and chunk.hour == LAST
    assert gzip.decompress((tmp_path / "extract" / chunk.key).read_bytes()).splitlines() == expected
    manifest = json.loads((tmp_path / "extract" / "manifest.json").read_text())
    assert manifest["filter"] == ["marked by hand"] and manifest["finished"]
    assert manifest["chunks"][0]["matches"] == 2 and manifest["chunks"][0]["records"] == RECORDS


async def test_what_is_being_written_is_whole_though_one_leaves(
    opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()

    def slowly(pick: Pick, out: str, session: Session, hour: datetime, report: Reporter) -> None:
        gate.wait(10)
        save(pick, out, session, hour, report)

    monkeypatch.setattr("tui.app.preview.export.save", slowly)
    async with opened() as pilot:
        page = await preview(pilot)
        await pilot.press("w")
        await type_text(pilot, str(tmp_path / "all.jsonl"))
        await pilot.press("enter", "q")
        assert pilot.app.screen is not page.page
        gate.set()
        await until_shown(pilot, "wrote 40 records to")
    assert len((tmp_path / "all.jsonl").read_bytes().splitlines()) == RECORDS


async def test_matches_become_an_extract_that_records_its_origin(opened: Opened, tmp_path: Path) -> None:
    async with opened() as pilot:
        await preview(pilot)
        await add_term(pilot, "event == 'error'")
        await until_shown(pilot, "4 of 40 previewed")
        await pilot.press("w")
        await type_text(pilot, f"{tmp_path}/found/")
        await pilot.press("enter")
        await until_shown(pilot, "wrote 4 matching records as the extract")
    manifest = json.loads((tmp_path / "found" / "manifest.json").read_text())
    assert manifest["filter"] == ["-m", "event == 'error'"] and manifest["finished"]


async def test_marks_are_sent_by_way_of_an_extract(
    opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    async with opened() as pilot:
        page = await preview(pilot)
        await pilot.press("space", "space", "s")
        await assert_shown(pilot, "2 marked records into")
        assert isinstance(pilot.app.focused, Input)
        assert pilot.app.focused.value.startswith(str(tmp_path)) and pilot.app.focused.value.endswith("T03/")
        await pilot.press("escape", "p")
        await until(pilot, lambda: isinstance(pilot.app.screen, SendPage))
        send = on(pilot, SendPage)
        await until(pilot, lambda: send.survey.complete)
        assert send.survey.count == 2 and send.survey.first == record(LAST, 0)
        assert send.survey.first_hour == LAST
        await pilot.press("q")
        assert pilot.app.screen is page.page


async def test_of_one_chunk_no_more_is_sent_than_is_shown(
    opened: Opened, sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    async with opened(str(sample)) as pilot:
        calendar = on(pilot, CalendarPage)
        session = calendar.session
        hour, chunks = max(session.catalog.hours.items(), key=lambda item: len(item[1]))
        assert len(chunks) > 1
        await pilot.app.push_screen(PreviewPage(session, hour, chunks[1:2]))
        page = preview_of(pilot)
        await until(pilot, lambda: page.ended)
        assert f"--key {chunks[1].key}" in page.page.explanation()[1] and chunks[1].key in page.page.explanation()[2]
        await pilot.press("p")
        await until(pilot, lambda: isinstance(pilot.app.screen, SendPage) and pilot.app.screen.survey.complete)
        send = pilot.app.screen
        assert isinstance(send, SendPage) and send.survey.count == len(page.records)


async def test_matches_with_lines_around_them(opened: Opened) -> None:
    async with opened() as pilot:
        page = await preview(pilot)
        await add_term(pilot, "event == 'error'")
        await until_shown(pilot, "4 of 40 previewed")
        await pilot.press("A")
        await settled(pilot)
        near = sorted({number + by for number in ERRORS for by in (-1, 0, 1)})
        await assert_shown(pilot, "±1 line")
        assert list(page.rows.numbers or ()) == near
        await pilot.press("g", "n", "n")
        assert page.listing.current == ERRORS[1]
        text = shown(pilot)
        assert sum(line[:1] == "▎" for line in text.splitlines()) == 4
        assert sum(line[:1] == "⋮" for line in text.splitlines()) == 3  # where lines are left out
        await pilot.press("A", "A")
        await settled(pilot)
        assert list(page.rows.numbers or ()) == list(range(RECORDS))
        await pilot.press("A")
        assert list(page.rows.numbers or ()) == ERRORS and page.listing.current == ERRORS[1]


async def test_columns_are_added_from_the_tree_edited_and_kept(opened: Opened) -> None:
    async with opened() as pilot:
        page = await preview(pilot)
        page.nodes.focus()
        await pilot.press("c", "j", "j", "c")
        assert list(page.session.columns) == ["event", "n"] and shown(pilot).splitlines()[4].split()[:2] == [
            "event",
            "n",
        ]
        await pilot.press("c")
        assert list(page.session.columns) == ["event"]
        await pilot.press("C")
        await type_text(pilot, ", length(tags), player.version")
        await pilot.press("enter")
        row = shown(pilot).splitlines()[5]
        assert row[2:].split()[:3] == ["play", "2", "4.12.1"]
        await pilot.press("C")
        await type_text(pilot, ", b[")
        await pilot.press("enter")
        await assert_shown(pilot, "it ends too early")
        assert len(page.session.columns) == 3
        await pilot.press("escape", "r")
        await assert_shown(pilot, '{"event": "play"')
        await pilot.press("q")
        page = await preview(pilot)
        await until(pilot, lambda: shown(pilot).splitlines()[5][2:].split()[:3] == ["play", "2", "4.12.1"])


async def test_long_records_are_wrapped_or_moved_sideways(opened: Opened, tmp_path: Path) -> None:
    lines = [b'{"n": %d, "text": "%s"}' % (n, b"word " * (400 if n == 2 else 30)) for n in range(60)]
    (tmp_path / "events.2015-01-20_13.log").write_bytes(b"\n".join(lines))
    async with opened(str(tmp_path), (80, 24)) as pilot:
        page = await preview(pilot)
        await pilot.press("W")
        await assert_shown(pilot, "…")
        await until(pilot, lambda: shown(pilot).count("word") > 60)
        for _ in range(20):
            await pilot.press("j")
            await until(
                pilot, lambda: any(line[1:2] == "▸" for line in shown(pilot).splitlines())
            )  # in sight wherever it goes
        await pilot.press("G")
        assert page.listing.current == 59
        await pilot.press("pageup", "W", "r", "g", "right", "right")
        await assert_shown(pilot, "◂ 40")
        await until(pilot, lambda: '{"n"' not in shown(pilot).splitlines()[5])
        await pilot.press("left", "left")
        await assert_shown(pilot, "▸" + '{"n": 0')


async def test_the_tree_gives_way_to_the_list(opened: Opened) -> None:
    async with opened() as pilot:
        page = await preview(pilot)
        await pilot.press("t")
        assert not page.nodes.display and page.listing.size.width == 120
        await pilot.press("t")
        assert page.nodes.display


async def test_the_place_of_a_record_is_always_shown(opened: Opened) -> None:
    async with opened(size=(80, 24)) as pilot:
        await preview(pilot)
        await pilot.press("j", "j")
        at = len(record(LAST, 0)) + len(record(LAST, 1)) + 2
        await assert_shown(pilot, f" {LAST:%H:%M} · web01-000000 · line 3 · at {at} B", "3 of 40")


async def test_the_last_key_reads_to_the_end_and_follows(opened: Opened, tmp_path: Path) -> None:
    lines = b"".join(b'{"n": %d, "text": "%s"}\n' % (n, b"x" * 200) for n in range(30_000))
    (tmp_path / "events.2015-01-20_13.log.gz").write_bytes(gzip.compress(lines, 1))
    async with opened(str(tmp_path)) as pilot:
        await pilot.press("enter")
        page = preview_of(pilot)
        await until(pilot, lambda: len(page.records) >= 5_000)
        await settled(pilot)
        await assert_shown(pilot, "+ previewed")
        assert len(page.records) < 10_000
        await pilot.press("G")
        await until_shown(pilot, "30,000 of 30,000")
        await assert_shown(pilot, "30,000 previewed")


async def test_escape_goes_back_one_step_at_a_time(opened: Opened) -> None:
    async with opened() as pilot:
        page = await preview(pilot)
        await pilot.press("space", "m", "f")
        assert page.panel.display and page.rows.marked
        await pilot.press("escape")
        assert not page.panel.display and page.rows.marked
        await pilot.press("escape", "tab")
        assert not page.rows.marked and page.nodes.has_focus
        await pilot.press("escape")
        assert page.listing.has_focus and pilot.app.screen is page.page
        await pilot.press("escape")
        assert pilot.app.screen is not page.page
        page = await preview(pilot)
        await pilot.press("m", "f", "q")  # q leaves from anywhere
        assert pilot.app.screen is not page.page


async def test_help_lists_all_that_the_terms_keys_do(opened: Opened) -> None:
    for size in ((80, 24), (60, 40), (120, 40)):
        async with opened(size=size) as pilot:
            await preview(pilot)
            await pilot.press("equals_sign", "T", "question_mark")
            lines = on(pilot, HelpPage).table.lines(size[0])
            words = "\n".join("".join(text for text, _ in line) for line in lines)
            assert "…" not in words.replace("1 … 9", "") and "invert the filter" in words
            assert any(line.split()[:2] == ["space", "on/off"] for line in words.splitlines())


async def test_a_number_of_a_field_is_shown_in_full(opened: Opened, tmp_path: Path) -> None:
    lines = [
        b'{"at": %d, "wide": {%s}}' % (1421020809946 + n, b",".join(b'"f%d": 1' % k for k in range(3000)))
        for n in range(3)
    ]
    (tmp_path / "events.2015-01-20_13.log").write_bytes(b"\n".join(lines))
    async with opened(str(tmp_path), (80, 24)) as pilot:
        await preview(pilot)
        await pilot.press("f")
        await until_shown(pilot, "the first 2,000 fields of 3 records")
        await pilot.press("equals_sign")
        await assert_shown(pilot, "this line is not a value; enter opens")
        await pilot.press("G")
        await pilot.press("enter")
        await assert_shown(pilot, "1,421,020,809,946 … 1,421,020,809,947 … 1,421,020,809,948")
