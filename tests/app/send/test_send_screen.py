"""From an extract to a file and to a real nsqd, all by keys."""

from __future__ import annotations

import asyncio
import gzip
import re
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.app.conftest import (
    Opened,
    answer,
    assert_shown,
    on,
    settled,
    shown,
    type_text,
    until,
    until_shown,
)
from tests.app.scan.scans import expected, scanned
from tests.support.command import hourscope_process
from tests.support.consume import read_messages
from tests.support.nsqd import Nsqd
from tui.app.send.screen import SendPage
from tui.history.sends import sends


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
