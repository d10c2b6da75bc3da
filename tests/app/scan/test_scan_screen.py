"""From the calendar to an extract, all by keys."""

from __future__ import annotations

import gzip
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.app.conftest import (
    FIRST,
    HOURS,
    RECORDS,
    Opened,
    answer,
    assert_shown,
    on,
    record,
    settled,
    shown,
    start_scan,
    type_text,
    until,
    until_shown,
)
from tests.app.scan.scans import expected, scanned
from tui.app.calendar.screen import CalendarPage
from tui.app.scan.form import Power
from tui.app.scan.run import Estimated
from tui.app.scan.screen import ScanPage
from tui.archive import open_archive
from tui.history.extracts import find_extract


async def test_a_scan_finds_what_there_is_and_opens_as_an_archive(opened: Opened) -> None:
    async with opened() as pilot:
        page = await scanned(pilot)
        assert page.state is not None and page.state.matches == len(expected())
        text = shown(pilot)
        assert f"  {len(expected())} records match, in 29 of 29 hours; " in text
        assert "! damaged   events.web01-000000.2015-01-20_20.log.gz, bytes " in text and "! 1 damaged" in text
        assert "done: enter opens" in text
        assert "hourscope scan" in text and "-m \"event == 'error'\"" in text
        out = page.form.out
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, CalendarPage))
        await settled(pilot)
        await until(pilot, lambda: shown(pilot).splitlines()[0].startswith(" hourscope"))
        assert len(open_archive(out).catalog().hours) == HOURS - 1
        await assert_shown(pilot, "q back")
        await pilot.press("q", "q")
        await assert_shown(pilot, "q quit")
        await pilot.press("o")
        await assert_shown(pilot, "few to many matches")


async def test_at_160_columns_the_chart_is_beside_the_facts_and_their_bars_are_amounts(opened: Opened) -> None:
    async with opened(size=(160, 50)) as pilot:
        await pilot.press("M", "s")
        page = on(pilot, ScanPage)
        await start_scan(pilot)
        await until_shown(pilot, "by value")
        assert (
            page.timeline.region.x >= page.board.region.right and page.timeline.region.bottom <= page.listing.region.y
        )
        bars = {
            style
            for line in range(page.board.size.height)
            for text, style, _ in page.board.render_line(line)
            if "━" in text
        }
        assert {style.color for style in bars if style} == {page.board.palette.heat[3].color}
        await pilot.resize_terminal(120, 40)
        await until(pilot, lambda: page.timeline.region.y >= page.board.region.bottom)


async def test_a_stopped_scan_keeps_its_matches_and_can_be_resumed(opened: Opened, sample: Path) -> None:
    async with opened(str(sample)) as pilot:
        await pilot.press("g", "v", "G", "v", "s")
        page = on(pilot, ScanPage)
        page._begin()  # as enter and yes do, and at once what S does: a key later all would be done
        page.action_stop()
        await until(pilot, lambda: page.over)
        assert page.state is not None and page.state.partial
        await assert_shown(pilot, "stopped: a partial result")
        await pilot.press("R")
        await until(pilot, lambda: page.over and page.state is not None and not page.state.partial)
        assert page.state.chunks == page.state.total_chunks


async def test_a_scan_writes_a_file_too(opened: Opened, tmp_path: Path) -> None:
    async with opened() as pilot:
        await scanned(pilot, str(tmp_path / "errors.jsonl.gz"))
    lines = gzip.decompress((tmp_path / "errors.jsonl.gz").read_bytes()).splitlines()
    assert lines == expected()


async def test_a_scan_that_cannot_write_says_why_and_can_be_changed(opened: Opened, tmp_path: Path) -> None:
    taken = tmp_path / "taken.jsonl"
    taken.write_bytes(b"mine")
    async with opened() as pilot:
        await pilot.press("s")
        page = on(pilot, ScanPage)
        await answer(pilot, "w", str(taken))
        await start_scan(pilot)
        await until_shown(pilot, "exists")
        await answer(pilot, "w", str(tmp_path / "other.jsonl"))
        await start_scan(pilot)
        await until(pilot, lambda: page.over)
    assert taken.read_bytes() == b"mine"


async def test_an_extract_of_somebody_else_is_left_alone(opened: Opened, tmp_path: Path) -> None:
    async with opened() as pilot:
        await scanned(pilot, f"{tmp_path}/found/")
        await pilot.press("q", "s")
        page = on(pilot, ScanPage)
        await answer(pilot, "w", f"{tmp_path}/found/")
        for _ in range(2):
            await start_scan(pilot)
            await until(pilot, lambda: "holds an extract" in shown(pilot) and not page.running)
        assert page.state is None


async def test_the_plan_shows_what_to_expect_and_follows_changes(opened: Opened) -> None:
    async with opened() as pilot:
        await pilot.press("g", "v", "G", "v", "s")
        page = on(pilot, ScanPage)
        await until(pilot, lambda: page.estimate is not None)
        assert page.estimate is not None and page.estimate.exact
        await assert_shown(pilot, f"  {page.estimate.records:,} records, all of which match.")
        await assert_shown(pilot, "at the sample's speed")
        await answer(pilot, "slash", "-m \"event == 'error'\"")
        await until_shown(pilot, f"  {len(expected())} of 1,140 records match.")
        old = Estimated(replace(page.form), page.form, None, "of a plan that is gone")
        page.post_message(old)
        await settled(pilot)
        assert page.estimate is not None


async def test_the_processes_or_the_cluster_can_be_chosen(opened: Opened) -> None:
    async with opened() as pilot:
        await pilot.press("s")
        page = on(pilot, ScanPage)
        await answer(pilot, "P", "tcp://10.0.0.1:8786 3")
        assert page.form.power == Power(3, "tcp://10.0.0.1:8786")
        command = " ".join(shown(pilot).split())
        assert "--jobs 3 --dask tcp://10.0.0.1:8786" in command and "3 chunks at a time" in command
        await answer(pilot, "P", "many")
        await assert_shown(pilot, "'many' is neither")
        await answer(pilot, "P", "127.0.0.1:1")
        await start_scan(pilot)
        await until(pilot, lambda: "no Dask scheduler answers" in shown(pilot), 30.0)
        await answer(pilot, "P", "2")
        await start_scan(pilot)
        await until(pilot, lambda: page.over)


async def test_chunks_that_the_index_knows_to_hold_no_match_are_not_read(opened: Opened, tmp_path: Path) -> None:
    """A scan does not read again what an earlier one has counted, and the estimate knows that."""
    async with opened() as pilot:
        for number in (1, 2):
            await pilot.press("g", "v", "G", "v", "s")
            page = on(pilot, ScanPage)
            await answer(pilot, "slash", "-g nowhere")
            await answer(pilot, "w", f"{tmp_path}/{number}/")
            await until(pilot, lambda page=page: page.estimate is not None)
            await until(pilot, lambda number=number: ("29 chunks need not be read" in shown(pilot)) is (number == 2))
            await start_scan(pilot)
            await until(pilot, lambda page=page: page.over)
            assert page.state is not None and not page.state.partial and page.state.records == 29 * RECORDS - 20
            assert page.state.skipped == (0 if number == 1 else 29)
            await until(
                pilot, lambda number=number: ("from the index: 29 chunks not read" in shown(pilot)) is (number == 2)
            )
            await pilot.press("q")


async def test_a_scan_of_every_record_asks_first_and_one_that_the_disk_has_no_room_for(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened() as pilot:
        await pilot.press("s", "enter")
        page = on(pilot, ScanPage)
        await assert_shown(pilot, "It keeps every record", "Type yes to start:")
        await type_text(pilot, "no")
        await pilot.press("enter")
        await assert_shown(pilot, "nothing was read")
        assert not page.running and page.state is None
        await answer(pilot, "slash", "-g play")
        await until(pilot, lambda: page.estimate is not None)
        monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(1000, 990, 10))
        await pilot.press("enter")
        await assert_shown(pilot, "but only 10 B are free")


async def test_the_result_is_shown_by_the_values_of_a_telling_field(opened: Opened) -> None:
    async with opened() as pilot:
        await pilot.press("g", "v", "l", "l", "v", "s")
        page = on(pilot, ScanPage)
        await answer(pilot, "slash", "-g event")
        await pilot.press("enter")
        await until(pilot, lambda: bool(page.by_value))
        await until(pilot, lambda: re.search(r"by value +play +108 +90 % +━+ +event", shown(pilot)))


async def test_an_extract_is_named_after_the_scan(opened: Opened) -> None:
    async with opened() as pilot:
        page = await scanned(pilot)
        await assert_shown(pilot, "L names it")
        await answer(pilot, "L", "errors of January")
        await assert_shown(pilot, "home lists it as errors of January")
        extract = find_extract("errors of January")
        assert extract is not None and extract.place == page.form.out.rstrip("/")


async def test_records_that_are_not_json_are_counted(opened: Opened, tmp_path: Path) -> None:
    (tmp_path / "events.2015-01-20_13.log.gz").write_bytes(gzip.compress(b"not json\n" + record(FIRST, 3) + b"\n"))
    async with opened(str(tmp_path)) as pilot:
        page = await scanned(pilot)
        assert page.state is not None and page.state.not_json == 1
        await assert_shown(pilot, "1 record is not JSON (text); only -g and -e can match them")
        await until(pilot, lambda: "! 1 not JSON" in shown(pilot).splitlines()[0])
