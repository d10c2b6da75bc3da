"""Every trap that NSQ and pynsq set a sender, in what is published and what an answer is worth: a test for each.

Each test has its trap's name, says what happens, and shows how a send gets past it. The traps were met in real runs;
those of connections, TLS and secrets are in test_traps_connections.py, those of pynsq's Reader are the archiver's.
"""

import subprocess
import threading
import time
from pathlib import Path

import nsq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.send.helpers import arrived, finish, lines, records_source, send_lines, target, to_topic, write_lines
from tests.send.scripted_nsqd import Client, ScriptedNsqd, honest
from tests.support.build import NsqPrograms
from tests.support.consume import drain, read_messages
from tests.support.nsqd import Nsqd
from tui.archive import open_archive
from tui.errors import SendError
from tui.filter import parse_filter
from tui.send import (
    Journal,
    Limits,
    Sending,
    SendOptions,
    Sent,
    archive_source,
    check_destination,
    earlier_sends,
    file_source,
    send_to_nsq,
)
from tui.send.nsq import mpub_command

pytestmark = pytest.mark.nsq


# What is published


def test_an_empty_body_hangs_the_connection(nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    """pynsq sends an empty message without a size, and nsqd waits for one. So it is counted, not sent."""
    assert nsq.protocol.pub(topic, b"") == b"PUB %s\n" % topic.encode()
    source = write_lines(tmp_path / "out", [b"", b"one", b"", b"", b"two"])
    receipt = finish(send_to_nsq(source, to_topic(nsqd, topic)))
    assert (receipt.confirmed, receipt.blank) == (2, 3)
    assert read_messages(nsqd, topic, 2) == [b"one", b"two"]


@pytest.mark.parametrize("name", ["bad topic!", "", "x" * 65, "new\n", "a#ephemeralx", "#ephemeral"])
def test_the_topic_is_not_validated(name: str, nsqd: Nsqd, tmp_path: Path) -> None:
    """pynsq would publish `bad topic!` to the topic `bad`."""
    with pytest.raises(SendError, match="invalid topic name"):
        finish(send_to_nsq(write_lines(tmp_path / "out", lines(3)), to_topic(nsqd, name)))
    assert arrived(nsqd, "bad") == 0


def test_one_oversize_message_fails_the_window(
    nsqd: Nsqd, topic: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the limit is not known, nsqd refuses on the way, and the reset can swallow the OKs before it."""
    monkeypatch.setattr("tui.send.nsqds.ask_limits", lambda *_, **__: Limits(1 << 30, 5 << 20))
    records = [*lines(350), b"b" * ((1 << 20) + 1), *lines(350)]
    source, to = write_lines(tmp_path / "out", records), to_topic(nsqd, topic)
    with Journal.start(tmp_path / "j", source, to) as journal:
        with pytest.raises(SendError, match="message too big 1048577 > 1048576"):
            finish(send_to_nsq(source, to, journal=journal))
        confirmed = earlier_sends(tmp_path / "j")[0].confirmed
    assert confirmed == 350
    assert set(read_messages(nsqd, topic, arrived(nsqd, topic))) == set(lines(350))


def test_a_str_or_a_tuple_drops_the_connection(tmp_path: Path) -> None:
    """So only a list of bytes gets there, whatever the source, and a str is an error before anything is sent."""
    (tmp_path / "e.2015-01-20_13.log").write_bytes(b'{"a":1}\n{"b":2}\n')
    archive = open_archive(f"{tmp_path}/e.%Y-%m-%d_%H.log")
    chunks = archive.catalog().chunks
    sources = [
        archive_source(archive, chunks),
        archive_source(archive, chunks, parse_filter(grep=["a"])),
        archive_source(archive, chunks, parse_filter(match=["a"])),
        file_source(tmp_path / "e.2015-01-20_13.log"),
    ]
    for source in sources:
        blocks = [block.records for block in source.open()]
        assert any(blocks)
        assert {type(record) for records in blocks for record in records} == {bytes}
        assert {type(records) for records in blocks} == {list}
    with pytest.raises(TypeError):
        mpub_command("t", ["a str"])  # type: ignore[list-item]


@given(st.lists(st.binary(min_size=1, max_size=300), min_size=1, max_size=120))
def test_framing_many_messages_is_quadratic(records: list[bytes]) -> None:
    """pynsq copies all previous records for each one. Ours are the same bytes, joined once."""
    assert mpub_command("a.topic", records) == nsq.protocol.mpub("a.topic", records)


def test_text_mpub_splits_and_drops_lines(nsqd: Nsqd, topic: str) -> None:
    """nsqd's HTTP takes a message for each line; the binary MPUB over TCP takes them as they are."""
    odd = b"two\n\nlines"
    nsqd.request("POST", f"/mpub?topic={topic}", odd)
    assert read_messages(nsqd, topic, 2) == [b"two", b"lines"]
    finish(send_to_nsq(records_source([("k", None, 1, odd)]), to_topic(nsqd, topic)))
    assert drain(nsqd, topic) == [odd]


def test_to_nsq_loses_the_last_byte_and_sends_everything_everywhere(
    nsq_programs: NsqPrograms, nsqd: Nsqd, topic: str, tmp_path: Path
) -> None:
    """A file without a final newline, by `to_nsq` to two nsqds, and by a send."""
    source = write_lines(tmp_path / "out", [b"first", b"", b"the last"], newline_at_end=False)
    with Nsqd(nsq_programs.nsqd, tmp_path / "other") as other:
        both = [word for server in (nsqd, other) for word in ("-nsqd-tcp-address", server.tcp_address)]
        command = [nsq_programs.to_nsq, *both, "-topic", topic]
        subprocess.run(command, input=(tmp_path / "out").read_bytes(), check=True, capture_output=True)
        for server in (nsqd, other):
            assert sorted(read_messages(server, topic, 2)) == [b"first", b"the las"]
        finish(send_to_nsq(source, target(topic, nsqd, other, http=[nsqd.http_address, other.http_address])))
        assert read_messages(nsqd, topic, 2) == [b"first", b"the last"]
        assert drain(other, topic, idle=0.1) == []


# What an answer is


def test_the_future_of_a_publish_is_only_the_socket_write(tmp_path: Path) -> None:
    """Only what nsqd has answered with OK is confirmed."""
    answer = threading.Event()

    def script(client: Client, turn: int) -> None:
        client.mpub()
        answer.wait(10)
        client.ok()
        honest(client)

    with ScriptedNsqd(script) as nsqd:
        for event in send_to_nsq(write_lines(tmp_path / "out", lines(100)), target("t", nsqd)):
            if isinstance(event, Sending) and event.in_flight == 100:
                assert event.confirmed == 0
                answer.set()
        assert isinstance(event, Sent)
        assert event.receipt.confirmed == 100
    assert answer.is_set()


def test_the_callback_comes_twice_error_then_ok(tmp_path: Path) -> None:
    """The late OK would be taken for the next batch's, if the connection were used on."""

    def script(client: Client, turn: int) -> None:
        if turn == 0:
            client.mpub()
            client.error(b"E_MPUB_FAILED MPUB failed exiting")
            client.ok()
            client.ok()
            client.silence()
        else:
            honest(client)

    with ScriptedNsqd(script) as nsqd:
        receipt = send_lines(nsqd, tmp_path)
    assert receipt.confirmed == 300
    assert nsqd.records[-300:] == lines(300)


def test_two_oks_for_one_batch_confirm_it_once(tmp_path: Path) -> None:
    def script(client: Client, turn: int) -> None:
        client.mpub()
        client.ok()
        time.sleep(0.1)
        honest(client)

    with ScriptedNsqd(script) as nsqd:
        assert send_lines(nsqd, tmp_path, options=SendOptions(batch=100, in_flight=1)).confirmed == 300
        assert len(nsqd.records) == 300


def test_any_error_means_unknown(tmp_path: Path) -> None:
    """It may or may not have arrived, so it is sent again."""

    def script(client: Client, turn: int) -> None:
        client.mpub()
        if turn == 0:
            client.error(b"E_MPUB_FAILED MPUB failed exiting")
            return
        client.ok()
        honest(client)

    with ScriptedNsqd(script) as nsqd:
        receipt = send_lines(nsqd, tmp_path)
    assert receipt.confirmed == 300
    assert 100 <= receipt.repeated <= 300
    assert nsqd.records[-300:] == lines(300)


def test_a_dead_connection_stays_in_the_writers_table(tmp_path: Path) -> None:
    """A resend from the callback would use the dead connection, so a send opens a new one and drops the old one."""
    more: list[list[bytes]] = []

    def script(client: Client, turn: int) -> None:
        if turn:
            honest(client)
        for _ in range(3):  # all of the window
            client.mpub()
        client.error(b"E_MPUB_FAILED MPUB failed exiting")
        more.append(client.mpub())

    with ScriptedNsqd(script) as nsqd:
        receipt = send_lines(nsqd, tmp_path)
    assert (receipt.confirmed, receipt.repeated, nsqd.turns) == (300, 300, 2)
    assert more == []


def test_ok_means_memory(nsq_programs: NsqPrograms, tmp_path: Path) -> None:
    """kill -9 of nsqd loses confirmed messages unless -mem-queue-size=0 -sync-every=1; the receipt states that."""
    source = write_lines(tmp_path / "out", lines(500))
    left = {}
    for name, options in {"memory": {}, "disk": {"mem-queue-size": 0, "sync-every": 1}}.items():
        with Nsqd(nsq_programs.nsqd, tmp_path / name, options) as nsqd:
            receipt = finish(send_to_nsq(source, to_topic(nsqd, "t")))
            nsqd.kill()
            nsqd.start()
            left[name] = drain(nsqd, "t", idle=0.3) if name == "memory" else read_messages(nsqd, "t", 500)
        assert receipt.confirmed == 500
        assert "-mem-queue-size=0" in receipt.as_json()["ok_means"]
    assert left["memory"] == []
    assert sorted(left["disk"]) == sorted(lines(500))


def test_a_paused_topic_answers_ok(nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    """Nobody receives the records until the topic is unpaused, so that is reported before anything is sent."""
    nsqd.create_channel(topic, "judge")
    nsqd.request("POST", f"/topic/pause?topic={topic}")
    to = to_topic(nsqd, topic)
    assert f"the topic {topic} is paused" in "\n".join(check_destination(to).warnings)
    assert finish(send_to_nsq(write_lines(tmp_path / "out", lines(10)), to)).confirmed == 10
    assert drain(nsqd, topic, idle=0.2) == []
    nsqd.request("POST", f"/topic/unpause?topic={topic}")
    assert len(read_messages(nsqd, topic, 10)) == 10


def test_ephemeral_drops_beyond_its_memory_though_it_answers_ok(nsq_programs: NsqPrograms, tmp_path: Path) -> None:
    """The answers do not show it, so it is reported before anything is sent."""
    with Nsqd(nsq_programs.nsqd, tmp_path / "nsqd", {"mem-queue-size": 50}) as nsqd:
        to = to_topic(nsqd, "gone#ephemeral")
        assert "drops what its memory queue cannot hold" in check_destination(to).warnings[0]
        assert finish(send_to_nsq(write_lines(tmp_path / "out", lines(2_000)), to)).confirmed == 2_000
        assert len(drain(nsqd, "gone#ephemeral", idle=0.2)) < 1_000
