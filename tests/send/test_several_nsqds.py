"""Several nsqds: found through nsqlookupd, one at a time or in turn, some of them away."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from tests.send.helpers import arrived, digest, finish, lines, target, write_lines
from tests.send.scripted_nsqd import Client, ScriptedNsqd
from tests.support.build import NsqPrograms
from tests.support.consume import read_messages
from tests.support.nsqd import Nsqd, Nsqlookupd
from tui.config import NsqSpec
from tui.errors import SendError
from tui.nsq import lookup
from tui.send import (
    Journal,
    NsqTarget,
    Rate,
    Sending,
    SendOptions,
    Sent,
    check_destinations,
    configured_target,
    find_nsqds,
    send_to_nsq,
)

pytestmark = pytest.mark.nsq


@pytest.fixture(scope="module")
def three(nsq_programs: NsqPrograms, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Nsqd]]:
    with ExitStack() as stack:
        folder = tmp_path_factory.mktemp("three")
        yield [stack.enter_context(Nsqd(nsq_programs.nsqd, folder / str(number))) for number in range(3)]


def _all(nsqds: list[Nsqd], topic: str) -> NsqTarget:
    return target(topic, *nsqds, http=[nsqd.http_address for nsqd in nsqds])


def _nobody() -> str:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return f"127.0.0.1:{taken.getsockname()[1]}"


def test_one_at_a_time_is_the_first_one(three: list[Nsqd], topic: str, tmp_path: Path) -> None:
    receipt = finish(send_to_nsq(write_lines(tmp_path / "out", lines(1_000)), _all(three, topic)))
    assert [arrived(nsqd, topic) for nsqd in three] == [1_000, 0, 0]
    assert (receipt.message_count_before, receipt.message_count_after) == (0, 1_000)


def test_round_robin_reaches_all_of_them(three: list[Nsqd], topic: str, tmp_path: Path) -> None:
    records = lines(6_000)
    source, to = write_lines(tmp_path / "out", records), replace(_all(three, topic), round_robin=True)
    with Journal.start(tmp_path / "j", source, to) as journal:
        receipt = finish(send_to_nsq(source, to, journal=journal))
    assert (receipt.confirmed, receipt.repeated, receipt.sha256) == (6_000, 0, digest(records))
    counts = [arrived(nsqd, topic) for nsqd in three]
    assert counts == [2_000, 2_000, 2_000]
    assert sorted(r for nsqd in three for r in read_messages(nsqd, topic, 2_000)) == sorted(records)


def test_round_robin_continues_without_an_nsqd_that_is_away(three: list[Nsqd], topic: str, tmp_path: Path) -> None:
    away = _nobody()
    to = NsqTarget(topic, (away, three[0].tcp_address, three[1].tcp_address), round_robin=True)
    notes = set()
    for event in send_to_nsq(write_lines(tmp_path / "out", lines(900)), to, options=SendOptions(rate=Rate(1_500))):
        if isinstance(event, Sending):
            notes.add(event.note)
    assert isinstance(event, Sent)
    assert event.receipt.confirmed == 900
    assert arrived(three[0], topic) + arrived(three[1], topic) == 900
    assert any(note.startswith(f"without nsqd at {away} cannot be reached") for note in notes)


def test_round_robin_loses_nothing_when_one_goes_and_comes_back(
    nsq_programs: NsqPrograms, three: list[Nsqd], topic: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.send.rotation.RETRY_SECONDS", 0.2)
    records = lines(12_000)
    source = write_lines(tmp_path / "out", records)
    with Nsqd(nsq_programs.nsqd, tmp_path / "nsqd", {"mem-queue-size": 0}) as shaky:
        nsqds = [three[0], shaky]
        to = replace(_all(nsqds, topic), round_robin=True)

        def trouble() -> None:
            time.sleep(0.5)
            shaky.stop()
            time.sleep(0.4)
            shaky.start()

        thread = threading.Thread(target=trouble)
        thread.start()
        receipt = finish(send_to_nsq(source, to, options=SendOptions(rate=Rate(3_000))))
        thread.join()
        back = arrived(shaky, topic)  # counted from its restart on
        read = [r for nsqd in nsqds for r in read_messages(nsqd, topic, nsqd.stats(topic).depth)]
    assert receipt.confirmed == 12_000
    assert back > 100
    assert set(read) == set(records)
    assert len(read) - len(records) <= receipt.repeated <= 2 * 1_600


def test_a_slow_one_of_several_does_not_let_the_others_run_ahead_of_the_window(tmp_path: Path) -> None:
    """What a crash repeats comes after the first unconfirmed record."""
    source = write_lines(tmp_path / "out", lines(10_000))
    held = threading.Event()

    def script(client: Client, turn: int) -> None:
        while True:
            client.mpub()
            if turn == 0:
                held.wait(20)
            client.ok()

    options = SendOptions(unconfirmed=10, in_flight=8, answer_timeout=30.0)
    with ScriptedNsqd(script) as one, ScriptedNsqd(lambda client, _: script(client, 1)) as other:
        to = NsqTarget("t", (one.tcp_address, other.tcp_address), round_robin=True)
        until = time.monotonic() + 1.0
        most = 0
        for event in send_to_nsq(source, to, options=options):
            if isinstance(event, Sending) and not held.is_set():
                most = max(most, event.sent)
                if time.monotonic() > until:
                    held.set()
        assert isinstance(event, Sent)
        assert (event.receipt.confirmed, event.receipt.sha256) == (10_000, digest(lines(10_000)))
        assert most == options.unconfirmed * options.batch
        assert sorted(one.records + other.records) == sorted(lines(10_000))


def test_a_ceiling_holds_on_each_of_them_also_when_the_first_is_away(
    three: list[Nsqd], topic: str, tmp_path: Path
) -> None:
    for nsqd in three:
        nsqd.create_channel(topic, "slow")
    to = replace(
        _all(three, topic), round_robin=True, nsqd_tcp_addresses=(_nobody(), *_all(three, topic).nsqd_tcp_addresses[1:])
    )
    records = lines(3_000)
    events = send_to_nsq(write_lines(tmp_path / "out", records), to, options=SendOptions(max_depth=1_000, batch=100))
    taken: list[bytes] = []
    deepest = 0
    for event in events:
        depths = [nsqd.stats(topic).channels["slow"].depth for nsqd in three[1:]]
        deepest = max(deepest, *depths)
        if isinstance(event, Sending) and event.note.startswith("paused: the topic is"):
            taken += [r for nsqd in three[1:] for r in read_messages(nsqd, topic, 400, "slow")]
    assert isinstance(event, Sent)
    assert event.receipt.confirmed == 3_000
    assert 500 <= deepest <= 1_000 + 800


def test_every_nsqd_is_looked_at_before(three: list[Nsqd], topic: str) -> None:
    away = _nobody()
    three[1].create_channel(topic, "nsq_to_file")
    to = NsqTarget(topic, (away, three[0].tcp_address, three[1].tcp_address))
    there = check_destinations(
        replace(to, nsqd_http_addresses=("127.0.0.1:1", three[0].http_address, three[1].http_address))
    )
    assert [state.address for state in there] == [three[0].tcp_address, three[1].tcp_address]
    assert [state.exists for state in there] == [False, True]
    assert any(f"nsqd at {away} cannot be reached" in warning for warning in there[0].warnings)
    assert any("looks like an archiver" in warning for warning in there[1].warnings)
    with pytest.raises(SendError, match="cannot be reached"):
        check_destinations(NsqTarget(topic, (away,)))


# nsqlookupd


def test_the_nsqds_that_have_the_topic_are_found(
    nsq_programs: NsqPrograms, nsqlookupd: Nsqlookupd, nsqd: Nsqd, topic: str, tmp_path: Path
) -> None:
    with Nsqd(nsq_programs.nsqd, tmp_path / "nsqd", {"lookupd-tcp-address": nsqlookupd.tcp_address}) as other:
        _until(lambda: len(find_nsqds([nsqlookupd.http_address], topic).nsqds) >= 2)
        new = find_nsqds([nsqlookupd.http_address], topic)
        assert not new.exists
        assert {lookup.Nsqd(server.tcp_address, server.http_address) for server in (nsqd, other)} <= set(new.nsqds)
        assert list(new.nsqds) == sorted(new.nsqds)

        nsqd.create_topic(topic)
        _until(lambda: find_nsqds([nsqlookupd.http_address], topic).exists)
        answer = find_nsqds([_nobody(), nsqlookupd.http_address], topic)
        assert answer.nsqds == (lookup.Nsqd(nsqd.tcp_address, nsqd.http_address),)
        assert "nsqlookupd's HTTP at" in answer.unanswered[0]
        to, _ = configured_target(NsqSpec(lookupd_http_addresses=(nsqlookupd.http_address,)), topic)
        assert finish(send_to_nsq(write_lines(tmp_path / "out", lines(50)), to)).confirmed == 50
        assert arrived(nsqd, topic) == 50


def test_lookupd_that_is_not_there_or_knows_nothing(nsq_programs: NsqPrograms, nsqd: Nsqd, tmp_path: Path) -> None:
    nobody = _nobody()
    with pytest.raises(SendError, match=rf"nsqlookupd's HTTP at {nobody} cannot be reached \(Connection refused\)"):
        find_nsqds([nobody], "t")
    with pytest.raises(SendError, match=r"does not answer as nsqlookupd does|does not know any nsqd"):
        find_nsqds([nsqd.http_address], "t")
    with (
        Nsqlookupd(nsq_programs.nsqlookupd, tmp_path / "empty") as empty,
        pytest.raises(SendError, match="does not know any nsqd; use --nsqd-tcp-address"),
    ):
        find_nsqds([empty.http_address], "t")


def _until(true: object, seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not true():  # type: ignore[operator]
        assert time.monotonic() < end
        time.sleep(0.05)
