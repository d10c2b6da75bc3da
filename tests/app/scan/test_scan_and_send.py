"""From the calendar to an extract, and from there to a file and to a real nsqd, all by keys."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
import shlex
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.app.conftest import (
    FIRST,
    GAP,
    HOURS,
    RECORDS,
    TORN,
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
from tests.support.command import hourscope, hourscope_process
from tests.support.consume import read_messages
from tests.support.nsqd import Nsqd
from tui.app.app import Explorer
from tui.app.calendar.screen import CalendarPage
from tui.app.scan.form import Power
from tui.app.scan.run import Estimated
from tui.app.scan.screen import ScanPage
from tui.app.send.screen import SendPage
from tui.archive import open_archive
from tui.archive.times import hours_between
from tui.config import S3Options, load_config
from tui.history.extracts import find_extract
from tui.history.sends import sends

ERRORS = (3, 13, 23, 33)


def expected() -> list[bytes]:
    """Every error of the archive; the torn hour has lost its second half."""
    return [
        record(hour, number)
        for hour in hours_between(FIRST, FIRST.replace(day=21, hour=4))
        if hour != GAP
        for number in ERRORS
        if hour != TORN or number < RECORDS // 2
    ]


async def scanned(pilot: Pilot[int], out: str | None = None) -> ScanPage:
    """Scan the whole archive for errors, by the scan screen's keys."""
    await pilot.press("g", "v", "G", "v", "s")
    page = on(pilot, ScanPage)
    await answer(pilot, "slash", "-m \"event == 'error'\"")
    if out:
        await answer(pilot, "w", out)
    await pilot.press("enter")
    await until(pilot, lambda: page.over)
    return page


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


async def test_a_range_and_a_filter_that_make_no_sense_are_reported(opened: Opened) -> None:
    async with opened() as pilot:
        await pilot.press("s")
        page = on(pilot, ScanPage)
        await answer(pilot, "r", "2015-01-20 to soon")
        *_, sentence, more, asked = shown(pilot).splitlines()
        assert "'soon' is not a time" in sentence and more.endswith("yesterday")  # all of it, however long
        assert asked.endswith("2015-01-20 to soon")  # to be typed on
        await pilot.press(*["backspace"] * 4)
        await until(pilot, lambda: "is not a time" not in shown(pilot))
        await type_text(pilot, "2015-01-21")
        await pilot.press("enter")
        await assert_shown(pilot, "23 h · 23 chunks")
        assert page.form.out.endswith(".2015-01-20/")
        await answer(pilot, "slash", "-q 1")
        await assert_shown(pilot, "'-q' is not one of")
        await pilot.press("escape")
        await until(pilot, lambda: "'-q' is not one of" not in shown(pilot))
        await answer(pilot, "slash", "event == 'error'")
        await assert_shown(pilot, "filter      -m \"event == 'error'\"")
        await answer(pilot, "r", "2017-01-01 to 2017-01-02")
        await pilot.press("enter")
        await assert_shown(pilot, "there is no chunk in these hours")


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


async def test_a_range_to_the_minute_is_of_the_records_own_time(opened: Opened, tmp_path: Path) -> None:
    """As on the command line, the chunks of the hour and of the next one are read."""
    async with opened() as pilot:
        await pilot.press("s")
        page = on(pilot, ScanPage)
        await settled(pilot)
        await assert_shown(pilot, " by hour     2015-")
        await answer(pilot, "r", "2015-01-20T13:00:05..2015-01-20T13:00:15")
        await until(pilot, lambda: page.form.timed)
        await assert_shown(pilot, " by ts       2015-01-20T13:00:05 to 2015-01-20T13:00:15 UTC  2 h · 2 chunks")
        await answer(pilot, "w", f"{tmp_path}/minute/")
        await until(pilot, lambda: page.form.timed and page.estimate is not None)
        (line,) = page.form.commands
        await start_scan(pilot)
        await until(pilot, lambda: page.over)
        assert page.state is not None and page.state.matches == 10
        assert page.session.matches == {}  # those hours were looked at in part
    ran = hourscope(*shlex.split(line.replace("/minute/", "/again/"))[1:])
    assert ran.code == 0 and [path.name for path in (tmp_path / "again").glob("*.gz")] == [
        path.name for path in (tmp_path / "minute").glob("*.gz")
    ]


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("2015-01-20T13:05..12:00", "is empty"),
        ("2015-01-20T13:05, 2015-01-20T15", "a range to the minute needs two ends and must be the only one"),
        ("2015-01-20T13:05", "a range to the minute needs two ends"),
    ],
)
async def test_a_range_to_the_minute_that_makes_no_sense_is_refused(opened: Opened, typed: str, sentence: str) -> None:
    async with opened() as pilot:
        await pilot.press("s")
        await answer(pilot, "r", typed)
        await assert_shown(pilot, sentence)


async def test_records_without_a_time_have_no_range_to_the_minute(opened: Opened, tmp_path: Path) -> None:
    for hour in range(3):
        (tmp_path / f"events.2015-01-20_{hour:02}.log.gz").write_bytes(gzip.compress(b'{"n": 1}\n'))
    async with opened(str(tmp_path)) as pilot:
        await pilot.press("s")
        page = on(pilot, ScanPage)
        await answer(pilot, "r", "2015-01-20T00:05..00:25")
        await until_shown(pilot, "the records have no time field")
        await pilot.press("enter")
        assert not page.running and page.state is None


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


async def test_a_send_is_named_before_it_begins(opened: Opened, tmp_path: Path) -> None:
    async with opened() as pilot:
        await pilot.press("p")
        page = on(pilot, SendPage)
        await until(pilot, lambda: page.survey.complete)
        await assert_shown(pilot, "name        its time and filter  L changes it")
        await answer(pilot, "L", "x" * 81)
        await assert_shown(pilot, "1 to 80 printable characters")
        await pilot.press("ctrl+u")
        await type_text(pilot, "ticket 4711")
        await pilot.press("enter")
        await answer(pilot, "w", str(tmp_path / "out.jsonl"))
        await assert_shown(pilot, "--name 'ticket 4711'")
        await pilot.press("enter")
        await until(pilot, lambda: page.receipt is not None)
    assert [send.name for send in sends()] == ["ticket 4711"]


async def test_records_that_are_not_json_are_counted(opened: Opened, tmp_path: Path) -> None:
    (tmp_path / "events.2015-01-20_13.log.gz").write_bytes(gzip.compress(b"not json\n" + record(FIRST, 3) + b"\n"))
    async with opened(str(tmp_path)) as pilot:
        page = await scanned(pilot)
        assert page.state is not None and page.state.not_json == 1
        await assert_shown(pilot, "1 record is not JSON (text); only -g and -e can match them")
        await until(pilot, lambda: "! 1 not JSON" in shown(pilot).splitlines()[0])


async def test_several_ranges_are_scanned_into_one_extract(opened: Opened) -> None:
    async with opened() as pilot:
        await pilot.press("g", "space", "l", "l", "space", "s")
        page = on(pilot, ScanPage)
        text = "".join(shown(pilot).split())
        assert "2ranges" in text and ".1/" in text and ".2/" in text
        await start_scan(pilot)
        await until(pilot, lambda: page.over)
        assert page.state is not None and page.state.matches == 2 * RECORDS
        assert list(open_archive(page.form.out).catalog().hours) == [FIRST, FIRST + timedelta(hours=2)]


async def test_an_extract_is_sent_to_a_file(opened: Opened, tmp_path: Path) -> None:
    target = tmp_path / "sent.jsonl"
    async with opened() as pilot:
        await scanned(pilot)
        await pilot.press("p")
        page = on(pilot, SendPage)
        await until(pilot, lambda: page.survey.complete)
        await answer(pilot, "w", str(target))
        await pilot.press("enter")
        await until(pilot, lambda: page.receipt is not None)
        await assert_shown(pilot, f"{len(expected())} records written to ")
        await answer(pilot, "w", str(tmp_path / "receipt.md"))
        await assert_shown(pilot, "the receipt is in")
        await answer(pilot, "w", str(tmp_path / "receipt.md"))
        await assert_shown(pilot, "receipt.md exists; choose another name")
    assert target.read_bytes().splitlines() == expected()
    assert f"{len(expected())} records" in (tmp_path / "receipt.md").read_text()


async def about_to_send(pilot: Pilot[int], nsqd: Nsqd, topic: str) -> SendPage:
    """The matches of a scan, on the screen that sends them to a topic."""
    await scanned(pilot)
    await pilot.press("p")
    page = on(pilot, SendPage)
    await until(pilot, lambda: page.survey.complete)
    await answer(pilot, "d", nsqd.tcp_address)
    await answer(pilot, "t", topic)
    return page


@pytest.mark.nsq
async def test_the_whole_job_ends_in_nsqd(opened: Opened, nsqd: Nsqd, topic: str) -> None:
    async with opened() as pilot:
        page = await about_to_send(pilot, nsqd, topic)
        await until(pilot, lambda: page.checked.target is not None)
        await assert_shown(pilot, f"{len(expected())} records would go to {topic} on nsqd {nsqd.tcp_address}.")
        await assert_shown(pilot, "warning ", "✓ new")
        await answer(pilot, "enter", "other")
        await assert_shown(pilot, "nothing was sent")
        await answer(pilot, "enter", topic)
        await until(pilot, lambda: page.receipt is not None)
        await assert_shown(pilot, f"{len(expected())} records confirmed in {topic}")
    received = await asyncio.to_thread(read_messages, nsqd, topic, len(expected()))
    assert sorted(received) == sorted(expected())


@pytest.mark.nsq
async def test_several_topics_are_not_sent_together(opened: Opened, tmp_path: Path) -> None:
    for topic in ("clicks", "orders"):
        for hour in range(3):
            (tmp_path / f"{topic}.2015-01-20_{hour:02}.log.gz").write_bytes(gzip.compress(b'{"n": 1}\n' * 3))
    async with opened(str(tmp_path)) as pilot:
        await pilot.press("p")
        await until_shown(pilot, "these hours hold 2 topics (clicks, orders); a send takes one")
        await assert_shown(pilot, "Nothing was sent.", "q goes back")
        await answer(pilot, "w", str(tmp_path / "out.jsonl"))
        await pilot.press("enter")
        await until_shown(pilot, "these records cannot be sent; q goes back")
        await pilot.press("q", "t")
        await until_shown(pilot, "Which topic?")
        lines = [line.strip(" ▸") for line in shown(pilot).splitlines() if line.strip()]
        assert lines[3:5] == ["clicks", "orders"]  # right below the question
        await pilot.press("enter")
        await until_shown(pilot, "nothing selected")
        await pilot.press("p")
        await until_shown(pilot, "3 records to send: where to?")


async def test_a_repeat_is_shown_before_the_topic_is_asked_for(opened: Opened, nsqd: Nsqd, topic: str) -> None:
    """Sends of the command line also count; the screen names their command."""
    async with opened() as pilot:
        extract = (await scanned(pilot)).form.out
        way = ["--nsqd-tcp-address", nsqd.tcp_address, "--topic", topic]
        ran = await asyncio.to_thread(hourscope_process, "send", extract, *way, "--yes")
        assert ran.code == 0
        await pilot.press("p")
        page = on(pilot, SendPage)
        await until(pilot, lambda: page.survey.complete)
        await answer(pilot, "d", nsqd.tcp_address)
        await answer(pilot, "t", topic)
        await until(pilot, lambda: page.checked.target is not None)
        assert any(
            re.match(rf"the same \d+ records were sent to {topic} on ", words) for words in page.checked.warnings
        )
        await assert_shown(pilot, f"records were sent to {topic}")
        assert "--again" in page._command
        await answer(pilot, "enter", topic)
        await until(pilot, lambda: page.receipt is not None)
        assert page.receipt is not None and page.receipt.confirmed == len(expected())
        assert any("records were sent to" in words for words in page.receipt.warnings)


@pytest.mark.nsq
async def test_a_stopped_send_is_resumed_by_one_key(opened: Opened, nsqd: Nsqd, topic: str) -> None:
    async with opened() as pilot:
        page = await about_to_send(pilot, nsqd, topic)
        await answer(pilot, "r", "40")
        await until(pilot, lambda: page.checked.target is not None)
        await answer(pilot, "enter", topic)
        await until(pilot, lambda: page.progress is not None and page.progress.confirmed > 0)
        await pilot.press("S")
        await until(pilot, lambda: page.receipt is not None)
        assert page.receipt is not None and 0 < page.receipt.confirmed < len(expected()) and page.receipt.partial
        await until(pilot, lambda: "R resume" in shown(pilot).splitlines()[-1])
        await pilot.press("R")
        assert page.running
        await until(pilot, lambda: page.receipt is not None and not page.receipt.partial)
        assert page.receipt.confirmed == len(expected()) and page.receipt.resumed > 0 and page.receipt.repeated == 0
        await pilot.press("q", "p")
        await assert_shown(pilot, nsqd.tcp_address, f"send to {topic}")  # where the last one went
    received = await asyncio.to_thread(read_messages, nsqd, topic, len(expected()))
    assert sorted(received) == sorted(expected())


async def test_an_address_without_a_server_is_reported(opened: Opened) -> None:
    async with opened() as pilot:
        await pilot.press("enter")
        await settled(pilot)
        await pilot.press("p")
        on(pilot, SendPage)
        await answer(pilot, "d", "127.0.0.1:1")
        await answer(pilot, "t", "replay")
        await until(pilot, lambda: "127.0.0.1:1" in shown(pilot) and "refused" in shown(pilot))
        await assert_shown(pilot, "--topic replay")
        assert "TOPIC" not in shown(pilot)


async def test_a_range_over_a_change_of_clocks_shows_what_it_takes(tmp_path: Path) -> None:
    for hour, first, minutes in ((1, "2024-10-26T23", 60), (2, "2024-10-27T00", 120), (3, "2024-10-27T02", 60)):
        start = datetime.fromisoformat(first).replace(tzinfo=UTC)
        times = [(start + timedelta(minutes=minute)).isoformat() for minute in range(0, minutes, 10)]
        lines = "".join(f'{{"ts": "{time}"}}\n' for time in times)
        (tmp_path / f"events.2024-10-27_{hour:02}.log.gz").write_bytes(gzip.compress(lines.encode()))
    app = Explorer(str(tmp_path), timezone="Europe/Berlin", s3=S3Options(), config=load_config())
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await pilot.press("s")
        page = on(pilot, ScanPage)
        await answer(pilot, "r", "2024-10-27T02:10..02:40")
        await until_shown(pilot, "6 of 18 records match")
        await assert_shown(
            pilot, "! note      clocks in Europe/Berlin showed 2024-10-27T02:10 and 2024-10-27T02:40 twice"
        )
        await answer(pilot, "r", "2024-10-27T01Z..2024-10-27T02Z")
        await until(pilot, lambda: page.form.timed and page.estimate is not None)
        await assert_shown(pilot, " by ts       2024-10-27T02:00+01:00 to 2024-10-27T03 Europe/Berlin")
        (line,) = page.form.commands
    ran = hourscope(*shlex.split(f"{line} --json")[1:])
    assert json.loads(ran.out.splitlines()[-1])["matches"] == 6
