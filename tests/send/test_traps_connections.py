"""Every trap that NSQ and pynsq set a sender, in connections, TLS and secrets: a test for each, named after it."""

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.send.helpers import FAST, arrived, finish, lines, send_lines, target, to_topic, write_lines
from tests.send.scripted_nsqd import Client, Gone, ScriptedNsqd, honest
from tests.support.build import NsqPrograms
from tests.support.consume import read_messages
from tests.support.http_server import HttpHandler, HttpServer
from tests.support.nsqd import Nsqd
from tests.support.tls import make_certificate
from tui.errors import SendError
from tui.send import (
    NsqTarget,
    Rate,
    Receipt,
    Sending,
    SendOptions,
    Sent,
    Tls,
    check_destination,
    send_to_nsq,
)

pytestmark = pytest.mark.nsq


# Connections


def test_there_is_no_timeout_for_a_publish(tmp_path: Path) -> None:
    """pynsq would wait for a silent nsqd; a send has its own timeout, and sends again."""

    def script(client: Client, turn: int) -> None:
        if turn == 0:
            client.mpub()
            client.ok()
            client.silence()
        honest(client)

    with ScriptedNsqd(script) as nsqd:
        receipt = send_lines(nsqd, tmp_path)
    assert (receipt.confirmed, receipt.repeated) == (300, 200)


def test_a_frozen_nsqd_is_noticed_late(nsq_programs: NsqPrograms, tmp_path: Path) -> None:
    """pynsq notices after a minute or two, by its heartbeats; a send reports it after two seconds."""
    records, notes = lines(4_000), []
    source = write_lines(tmp_path / "out", records)
    options = SendOptions(rate=Rate(4_000), answer_timeout=3.0, connect_timeout=1.0)
    with Nsqd(nsq_programs.nsqd, tmp_path / "nsqd") as nsqd:
        threading.Timer(0.5, nsqd.freeze).start()
        for event in send_to_nsq(source, to_topic(nsqd, "t"), options=options):
            if isinstance(event, Sending):
                notes.append(event.note)
                if "connecting again" in event.note:
                    nsqd.thaw()
        assert isinstance(event, Sent)
        assert event.receipt.confirmed == 4_000
        assert any(note.startswith("no answer from nsqd at") for note in notes)
        assert any("connecting again" in note for note in notes)
        count = arrived(nsqd, "t")
        assert count <= 4_000 + event.receipt.repeated
        assert set(read_messages(nsqd, "t", count)) == set(records)


def test_there_is_no_backpressure(tmp_path: Path) -> None:
    """pynsq would take a whole file into its buffers; a send stops at its window, however much there is to send."""

    def script(client: Client, turn: int) -> None:
        while True:
            client.mpub()

    with ScriptedNsqd(script) as nsqd:
        events = send_to_nsq(write_lines(tmp_path / "out", lines(100_000)), target("t", nsqd))
        options, until, most = SendOptions(), time.monotonic() + 9.0, 0  # after ten an answer is missed
        for event in events:
            if isinstance(event, Sending):
                most = max(most, event.in_flight)
            if len(nsqd.publishes) >= options.in_flight:
                until = min(until, time.monotonic() + 0.5)  # in which more would come
            if time.monotonic() > until:
                break
        publishes = list(nsqd.publishes)
        stopper = threading.Thread(target=events.close)
        stopper.start()
    stopper.join()
    assert len(publishes) == options.in_flight
    sizes = [len(records) for records in publishes]
    assert sum(sizes) == most and max(sizes) == options.batch  # the first is smaller where the reader comes late


def test_it_connects_again_only_after_15_seconds(tmp_path: Path) -> None:
    """A send reconnects by itself, at once and then with increasing delays, and reports how often it had to."""

    def script(client: Client, turn: int) -> None:
        client.mpub()
        if turn > 2:
            client.ok()
            honest(client)

    began, notes = time.monotonic(), set()
    with ScriptedNsqd(script) as nsqd:
        for event in send_to_nsq(write_lines(tmp_path / "out", lines(300)), target("t", nsqd), options=FAST):
            if isinstance(event, Sending):
                notes.add(event.note)
    assert isinstance(event, Sent)
    assert event.receipt.confirmed == 300
    assert time.monotonic() - began < 5
    assert any("connected again (3×)" in note for note in notes)


def test_there_is_no_close(tmp_path: Path) -> None:
    """When a send is over its connection is closed, and no thread of it is left."""
    closed = threading.Event()

    def script(client: Client, turn: int) -> None:
        try:
            honest(client)
        except Gone:
            closed.set()

    with ScriptedNsqd(script) as nsqd:
        assert send_lines(nsqd, tmp_path).confirmed == 300
        assert closed.wait(2)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith(("hourscope-send", "send_"))]


def test_of_several_nsqds_one_is_picked_at_random(tmp_path: Path) -> None:
    """pynsq's random choice would lose the order, so a send uses one nsqd until it is gone, and then the next."""
    with ScriptedNsqd(honest) as first, ScriptedNsqd(_never) as second:
        source = write_lines(tmp_path / "out", lines(2_000))
        assert finish(send_to_nsq(source, target("t", first, second))).confirmed == 2_000
    assert first.records == lines(2_000)
    assert second.turns == 0


def _never(client: Client, turn: int) -> None:
    raise AssertionError("the second nsqd was used")


def test_a_writer_must_be_made_inside_a_running_loop(tmp_path: Path) -> None:
    """A send has its own loop in its own thread, so it runs in any thread, alongside any loop."""
    with ScriptedNsqd(honest) as nsqd:

        async def inside_a_loop() -> Receipt:
            return await asyncio.to_thread(send_lines, nsqd, tmp_path)

        assert asyncio.run(inside_a_loop()).confirmed == 300


# TLS and secrets


def test_tls_with_deflate_or_snappy_is_broken(nsq_programs: NsqPrograms, tmp_path: Path) -> None:
    """nsqd offers both; a send asks for neither."""
    made = make_certificate(tmp_path)
    with Nsqd(nsq_programs.nsqd, tmp_path / "nsqd", {**made.nsqd_options, "snappy": True, "deflate": True}) as nsqd:
        to = NsqTarget("t", (nsqd.tcp_address,), (nsqd.http_address,), tls=Tls(made.certificate))
        seen = []
        for event in send_to_nsq(write_lines(tmp_path / "out", lines(500)), to, options=SendOptions(rate=Rate(500))):
            if isinstance(event, Sending) and event.confirmed:
                seen += json.loads(nsqd.request("GET", "/stats?format=json"))["producers"] or ()
        assert isinstance(event, Sent)
        assert event.receipt.confirmed == 500
    assert {(client["tls"], client["snappy"], client["deflate"]) for client in seen} == {(True, False, False)}


def test_default_tls_does_not_check_the_host_name(nsq_programs: NsqPrograms, tmp_path: Path) -> None:
    """The certificate is for 127.0.0.1, and pynsq would talk to it as localhost."""
    made = make_certificate(tmp_path)
    with Nsqd(nsq_programs.nsqd, tmp_path / "nsqd", made.nsqd_options) as nsqd:
        to = NsqTarget("t", (f"localhost:{nsqd.tcp_port}",), (nsqd.http_address,), tls=Tls(made.certificate))
        with pytest.raises(SendError, match="is not for localhost"):
            finish(send_to_nsq(write_lines(tmp_path / "out", lines(3)), to))
        assert arrived(nsqd, "t") == 0


def test_nsqds_http_has_no_auth(nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    """A send only queries over HTTP, and never sends the secret there."""
    with _listening(nsqd) as (address, heard):
        to = NsqTarget(topic, (nsqd.tcp_address,), (address,), auth_secret="s3cret")
        check_destination(to)
        finish(send_to_nsq(write_lines(tmp_path / "out", lines(10)), to))
    assert heard
    assert all(request.startswith("GET /") for request in heard)
    assert "s3cret" not in "".join(heard)


@contextmanager
def _listening(nsqd: Nsqd) -> Iterator[tuple[str, list[str]]]:
    """A recording proxy for nsqd's HTTP: its address, and the requests sent to it."""
    heard: list[str] = []

    class Between(HttpHandler):
        def respond(self) -> None:
            heard.append(f"{self.requestline}\n{self.headers}")
            self.reply(200, nsqd.request("GET", self.path))

    with HttpServer(Between) as server:
        yield server.address, heard
