"""What a real nsqd cannot be made to do on demand: error frames, half frames, silence, answers that come twice."""

import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from tests.send.helpers import FAST, finish, lines, send_lines, target, write_lines
from tests.send.scripted_nsqd import Client, ScriptedNsqd, honest
from tui.errors import ArchiveError, SendError
from tui.send import Journal, NsqTarget, SendEvent, Sending, SendOptions, Sent, Source, SourceBlock, send_to_nsq


def test_an_honest_server(tmp_path: Path) -> None:
    with ScriptedNsqd(honest) as nsqd:
        receipt = send_lines(nsqd, tmp_path)
    assert (receipt.confirmed, receipt.repeated) == (300, 0)
    assert nsqd.records == lines(300)
    assert receipt.message_count_before is None  # it has no HTTP


def test_half_a_frame_and_then_the_end(tmp_path: Path) -> None:
    def script(client: Client, turn: int) -> None:
        if turn == 0:
            client.mpub()
            client.raw(struct.pack(">ii", 6, 0) + b"O")
            return
        honest(client)

    with ScriptedNsqd(script) as nsqd:
        assert send_lines(nsqd, tmp_path).confirmed == 300
    assert nsqd.turns == 2


def test_a_frame_of_nonsense(tmp_path: Path) -> None:
    def script(client: Client, turn: int) -> None:
        if turn == 0:
            client.mpub()
            client.raw(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            client.silence()
        honest(client)

    with ScriptedNsqd(script) as nsqd:
        assert send_lines(nsqd, tmp_path).confirmed == 300


def test_silence_for_ever_is_given_up_and_what_was_confirmed_is_reported(tmp_path: Path) -> None:
    def script(client: Client, turn: int) -> None:
        if turn == 0:
            client.mpub()
            client.ok()
        client.silence()

    with ScriptedNsqd(script) as nsqd, pytest.raises(SendError, match=r"given up .* 100 records confirmed"):
        send_lines(nsqd, tmp_path)


def test_the_operator_sees_trouble_within_five_seconds(tmp_path: Path) -> None:
    def script(client: Client, turn: int) -> None:
        client.silence()

    source = write_lines(tmp_path / "out", lines(10))
    with ScriptedNsqd(script) as nsqd:
        events, began = send_to_nsq(source, target("t", nsqd)), time.monotonic()
        for event in events:
            if isinstance(event, Sending) and event.note.startswith("no answer from nsqd at"):
                break
        assert time.monotonic() - began < 5
        assert isinstance(event, Sending)
        assert event.in_flight == 10
        stopper = threading.Thread(target=events.close)
        stopper.start()
    stopper.join()


def test_events_keep_coming_whatever_happens(tmp_path: Path) -> None:
    def script(client: Client, turn: int) -> None:
        if turn < 2:
            time.sleep(0.7)
            return
        honest(client)

    events: list[SendEvent] = []
    times = [time.monotonic()]
    with ScriptedNsqd(script) as nsqd:
        for event in send_to_nsq(write_lines(tmp_path / "out", lines(300)), target("t", nsqd), options=FAST):
            events.append(event)
            times.append(time.monotonic())
    assert isinstance(events[-1], Sent)
    assert max(later - earlier for earlier, later in pairwise(times)) < 0.5  # 0.25 s, and a slow machine


def test_heartbeats_are_answered_while_nothing_is_sent(tmp_path: Path) -> None:
    answers: list[bytes] = []

    def script(client: Client, turn: int) -> None:
        client.mpub()
        client.heartbeat()
        answers.append(client.command())
        client.ok()
        honest(client)

    with ScriptedNsqd(script) as nsqd:
        assert send_lines(nsqd, tmp_path, options=SendOptions(batch=100, in_flight=1)).confirmed == 300
    assert answers == [b"NOP"]


@pytest.mark.parametrize(
    ("frame", "sentence"),
    [
        (b'E_BAD_TOPIC MPUB topic name "t" is not valid', "does not allow this topic's name"),
        (b"E_AUTH_FIRST AUTH required before MPUB", "requires a secret"),
        (b"E_UNAUTHORIZED AUTH failed for MPUB on t", "does not allow this secret to publish"),
        (b"E_INVALID cannot MPUB in current state (TLS required)", "if it requires TLS, add --tls-root-ca-file"),
        (b"E_BAD_BODY MPUB body too big 50 > 10", "does not accept a request of this size"),
        (b"E_BAD_MESSAGE MPUB message too big 50 > 10", "does not accept a record of this size"),
    ],
)
def test_a_refusal_is_one_sentence_and_is_not_tried_again(frame: bytes, sentence: str, tmp_path: Path) -> None:
    def script(client: Client, turn: int) -> None:
        client.mpub()
        client.error(frame)

    with ScriptedNsqd(script) as nsqd:
        with pytest.raises(SendError, match=sentence) as caught:
            send_lines(nsqd, tmp_path)
        assert nsqd.turns <= 2  # the first answer may be lost, because the server closes on what it has not read
    assert "\n" not in str(caught.value)


def test_a_refusal_keeps_what_was_confirmed(tmp_path: Path) -> None:
    def script(client: Client, turn: int) -> None:
        if turn == 0:
            client.mpub()
            client.ok()
        client.mpub()
        client.error(b"E_BAD_MESSAGE MPUB message too big 50 > 10")

    source = write_lines(tmp_path / "out", lines(300))
    with ScriptedNsqd(script) as nsqd:
        to = target("t", nsqd)
        with Journal.start(tmp_path, source, to) as journal, pytest.raises(SendError):
            finish(send_to_nsq(source, to, journal=journal, options=FAST))
        with Journal.resume(tmp_path, source, to) as journal:
            assert journal.confirmed_until == 100


def test_auth_refused_at_once(tmp_path: Path) -> None:
    def script(client: Client, turn: int) -> None:
        client.command()
        client.error(b"E_AUTH_FAILED AUTH failed")

    source = write_lines(tmp_path / "out", lines(3))
    with ScriptedNsqd(script, auth_required=True) as nsqd:
        to = NsqTarget("t", (nsqd.tcp_address,), auth_secret="s3cret")
        with pytest.raises(SendError, match="does not accept the secret") as caught:
            finish(send_to_nsq(source, to))
    assert "s3cret" not in str(caught.value) + repr(to)


def test_nobody_there(tmp_path: Path) -> None:
    source = write_lines(tmp_path / "out", lines(3))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
    with pytest.raises(SendError, match=rf"nsqd at {address} cannot be reached: Connection refused; check"):
        finish(send_to_nsq(source, NsqTarget("t", (address,))))


def test_a_name_that_does_not_exist(tmp_path: Path) -> None:
    source = write_lines(tmp_path / "out", lines(3))
    with pytest.raises(SendError, match=r"nsqd at no-such-host\.invalid:4150 cannot be reached"):
        finish(send_to_nsq(source, NsqTarget("t", ("no-such-host.invalid:4150",))))


def test_something_that_never_answers(tmp_path: Path) -> None:
    source, began = write_lines(tmp_path / "out", lines(3)), time.monotonic()
    with socket.create_server(("127.0.0.1", 0)) as mute:
        to = NsqTarget("t", (f"127.0.0.1:{mute.getsockname()[1]}",))
        with pytest.raises(SendError, match="does not answer within 1 s"):
            finish(send_to_nsq(source, to, options=FAST))
    assert time.monotonic() - began < 6


def test_nothing_is_printed_whatever_pynsq_and_tornado_log(tmp_path: Path) -> None:
    def script(client: Client, turn: int) -> None:
        client.mpub()
        if turn == 0:
            client.error(b"E_MPUB_FAILED MPUB failed exiting")
        elif turn == 1:
            client.raw(b"nonsense, and a frame that is far too long")
        else:
            client.ok()
            honest(client)

    write_lines(tmp_path / "out", lines(3_000))
    with ScriptedNsqd(script) as nsqd, socket.create_server(("127.0.0.1", 0)) as taken:
        http = f"127.0.0.1:{taken.getsockname()[1]}"
        taken.close()
        words = [str(tmp_path / "out"), "t", nsqd.tcp_address, http, str(tmp_path), "1000000"]
        run = subprocess.run([sys.executable, "-m", "tests.send.sender", *words], check=True, capture_output=True)
    assert (run.stdout, run.stderr) == (b"", b"")
    assert set(nsqd.records) == set(lines(3_000))


def test_the_source_that_breaks_in_the_middle_loses_nothing(tmp_path: Path) -> None:
    def blocks() -> Iterator[SourceBlock]:
        yield SourceBlock("k", None, lines(250), range(1, 251))
        raise ArchiveError("k is gone from the bucket")

    source = Source("made", "0" * 32, "every record", blocks)
    with ScriptedNsqd(honest) as nsqd:
        with pytest.raises(SendError, match="k is gone from the bucket"):
            finish(send_to_nsq(source, target("t", nsqd), options=SendOptions(check_first=False)))
        assert nsqd.records == lines(250)
