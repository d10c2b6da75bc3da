"""Jobs go on when their screens are left: what is said of them, the way back, and quitting."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.app.conftest import (
    RECORDS,
    Opened,
    answer,
    assert_shown,
    calendar,
    on,
    shown,
    start_scan,
    type_text,
    until,
    until_shown,
)
from tests.support.nsqd import Nsqd, Nsqlookupd
from tui.app.calendar.screen import CalendarPage
from tui.app.help.keys import FRAMEWORKS
from tui.app.jobs.screen import JobsPage
from tui.app.model.jobs import PAUSED
from tui.app.scan import screen as scan_screen
from tui.app.scan.screen import ScanPage
from tui.app.send.facts import SendState
from tui.app.send.order import Order, read_way
from tui.app.send.run import Checked
from tui.app.send.screen import SendPage
from tui.config import Config, NsqSpec
from tui.errors import SendError
from tui.scan import ScanEvent
from tui.send import Control, Sending, Survey


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Scans stand still after their first event until it is set, or until they are stopped."""
    opened, begin = threading.Event(), scan_screen.run

    def run(*given: object, **options: object) -> Iterator[ScanEvent]:
        events = begin(*given, **options)  # type: ignore[arg-type]
        cancel = options["cancel"]
        assert isinstance(cancel, threading.Event)
        yield next(events)
        while not opened.is_set() and not cancel.is_set():
            opened.wait(0.01)
        yield from events

    monkeypatch.setattr(scan_screen, "run", run)
    return opened


async def started(pilot: Pilot[int]) -> ScanPage:
    """A scan of the whole archive, left alone."""
    await pilot.press("g", "v", "G", "v", "s")
    page = on(pilot, ScanPage)
    await start_scan(pilot)
    await until(pilot, lambda: page.state is not None)
    await pilot.press("q")
    assert isinstance(pilot.app.screen, CalendarPage)
    return page


async def test_a_scan_continues_when_its_screen_is_left(opened: Opened, gate: threading.Event) -> None:
    async with opened() as pilot:
        page = await started(pilot)
        await until(pilot, lambda: page.running and "▸ scan" in shown(pilot).splitlines()[0])
        await pilot.press("h", "J")
        await assert_shown(pilot, "1 running", "enter goes there", "command     hourscope scan")
        assert isinstance(pilot.app.screen, JobsPage)
        await pilot.press("enter")
        await assert_shown(pilot, "running: S stops it")
        assert pilot.app.screen is page
        await pilot.press("q")
        gate.set()
        await until(pilot, lambda: page.over)
        await assert_shown(pilot, "✓ scan: 1,140 matches", "J shows it")
        await until(pilot, lambda: "✓ scan" in shown(pilot).splitlines()[0])
        await pilot.press("o")
        await assert_shown(pilot, "few to many matches")
        await pilot.press("J")
        await assert_shown(pilot, "result      1,140 matches")
        assert "--resume" not in shown(pilot)  # it is complete
        await pilot.press("J")
        await until(pilot, lambda: "✓ scan" not in shown(pilot).splitlines()[0])


async def test_a_job_is_stopped_from_the_list(opened: Opened, gate: threading.Event) -> None:
    async with opened() as pilot:
        page = await started(pilot)
        await pilot.press("J", "S")
        await until(pilot, lambda: page.over)
        assert page.state is not None and page.state.partial
        await assert_shown(pilot, "✗ scan")
        assert not gate.is_set()
        await pilot.press("x")
        await assert_shown(pilot, "--resume")


async def test_quitting_with_a_job_offers_to_stay_or_to_stop_it(opened: Opened, gate: threading.Event) -> None:
    async with opened() as pilot:
        page = await started(pilot)
        for stay in ("enter", "q", "escape"):
            await pilot.press("q")
            await assert_shown(pilot, "A scan is still running.", "'hourscope jobs' list it; R resumes")
            await pilot.press(stay)
            assert calendar(pilot) and page.running
        await pilot.press("q", "j", "enter")
    assert pilot.app.return_value == 0 and not gate.is_set()


async def test_a_page_is_found_wherever_it_is(opened: Opened, gate: threading.Event) -> None:
    async with opened() as pilot:
        page = await started(pilot)
        await pilot.press("s", "J", "up", "enter")
        assert pilot.app.screen is page
        await pilot.press("x", "J", "enter")
        assert pilot.app.screen is page
        gate.set()
        await until(pilot, lambda: page.over)
        assert page.state is not None and page.state.matches == 28 * RECORDS + RECORDS // 2


async def test_without_a_job_the_screen_shows_how_to_get_one(opened: Opened) -> None:
    async with opened() as pilot:
        await pilot.press("J")
        await assert_shown(pilot, "No jobs are running or stopped.", "s plans a scan")


def test_a_typed_destination_is_parsed() -> None:
    named = {"prod": NsqSpec(("a:1", "b:2"), tls=True)}
    config = Config(Path("/config.toml"), nsq=named)
    assert read_way("prod", config) == ("prod", named["prod"])
    assert read_way("a:1 b:2", config) == ("", NsqSpec(("a:1", "b:2")))
    assert read_way("lookupd=c:3", config) == ("", NsqSpec(lookupd_http_addresses=("c:3",)))
    assert Order(named["prod"], "prod").about == "a:1, b:2 · TLS"
    for words in ("a:1 lookupd=c:3", "a:x"):
        with pytest.raises(SendError):
            read_way(words, config)


@pytest.mark.parametrize(
    ("order", "words"),
    [
        (Order(), "--nsqd-tcp-address HOST:PORT --topic TOPIC"),
        (Order(NsqSpec(("a:1",)), "prod", "t", rate="5"), "--nsqd-tcp-address prod --topic t --rate 5"),
        (
            Order(NsqSpec(("a:1", "b:2")), topic="t", skip_oversize=True),
            "--nsqd-tcp-address a:1 --nsqd-tcp-address b:2 --topic t --skip-oversize",
        ),
        (Order(NsqSpec((), (), ("c:3",)), topic="t"), "--lookupd-http-address c:3 --topic t"),
        (Order(out="x.gz", topic="t"), "-o x.gz"),
    ],
)
def test_an_orders_command(order: Order, words: str) -> None:
    assert order.words() == tuple(words.split())


@pytest.mark.nsq
async def test_nsqd_is_looked_up(opened: Opened, nsqd: Nsqd, nsqlookupd: Nsqlookupd, topic: str) -> None:
    async with opened() as pilot:
        await pilot.press("enter")
        await until_shown(pilot, f"{RECORDS} ")
        await pilot.press("p")
        page = on(pilot, SendPage)
        await until(pilot, lambda: page.survey.complete)
        await assert_shown(pilot, "shapes", f"{RECORDS} × event n player tags title ts")
        await answer(pilot, "d", f"lookupd={nsqlookupd.http_address}")
        await answer(pilot, "t", topic)
        await until(pilot, lambda: page.checked.target is not None)
        assert page.checked.target is not None and nsqd.tcp_address in page.checked.target.nsqd_tcp_addresses
        await assert_shown(pilot, "looked up", "nsqd 1.3.0")
        await pilot.press("enter")
        await type_text(pilot, topic)
        await pilot.press("enter")
        await until(pilot, lambda: page.receipt is not None)
        await assert_shown(pilot, "as many as were confirmed", "sha256")


@pytest.mark.parametrize(("paused", "asking"), [(True, False), (False, True)])
def test_a_paused_send_has_no_time_to_go(paused: bool, asking: bool) -> None:
    control = Control()
    if paused:
        control.pause()
    order = Order(NsqSpec(("a:1",)), topic="t")
    sending = Sending(confirmed=5, total=10, rate=1.0, asking=asking)
    running = SendState("a", "", order, Survey(count=10, complete=True), Checked(order), "", Control(), sending)
    assert "5.0s to go" in replace(running, progress=replace(sending, asking=False)).headline
    state = replace(running, control=control)
    assert state.headline == "Paused: 5 of 10 records confirmed." and state.of_job().sign == PAUSED
    words = " ".join(f"{fact.text} {fact.note}" for fact in state.facts(low=False))
    assert "space continues, S stops" in words and "r rate" not in words and "L changes" not in words
    assert state.of_job().words == f"{'asks whether to continue' if asking else 'paused'} · 5 confirmed"


async def test_the_palette_has_every_key_of_the_screen(opened: Opened) -> None:
    async with opened() as pilot:
        listed = {command.title for command in pilot.app.get_system_commands(pilot.app.screen)}
        bound = {
            binding.description
            for _, binding, enabled, _ in pilot.app.screen.active_bindings.values()
            if enabled and binding.description
        }
        assert bound - set(FRAMEWORKS) <= listed and {"previous hour", "go to time", "suspend"} <= listed
        await pilot.press("ctrl+p")
        await type_text(pilot, "next trouble")
        await until(
            pilot, lambda: any("next trouble  " in line and " e  " in line for line in shown(pilot).splitlines())
        )
        await pilot.press("enter")
        await until_shown(pilot, "no more trouble after this one")
