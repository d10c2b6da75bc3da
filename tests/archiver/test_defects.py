"""Errors that nobody foresaw, in each of the archiver's processes and threads: a sentence, and nothing is lost."""

import os
import signal
import subprocess
import threading
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from tests.archiver.clock import BrokenClock
from tests.archiver.helpers import Running, archived, channel, is_drained, messages, options, publish, wait_for
from tests.archiver.test_command import words
from tests.support.build import NsqPrograms
from tests.support.nsqd import Nsqd
from tui.archiver import archive_topic, connection, consume, destination
from tui.archiver.defects import defect
from tui.archiver.spool import Spool
from tui.cli import run
from tui.errors import HourscopeError, SendError

pytestmark = pytest.mark.nsq


@pytest.mark.parametrize("debug", [False, True])
def test_the_only_consumer_ends_with_a_sentence(
    nsqd: Nsqd,
    topic: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    debug: bool,
) -> None:
    def broken(spool: Spool, *given: object) -> int:
        raise ZeroDivisionError("nobody foresaw this")

    monkeypatch.setattr(Spool, "append", broken)
    publish(nsqd, topic, messages(10))
    command = words(tmp_path / "out", topic, nsqd, tmp_path / "spool")
    assert run([*command, "--debug"] if debug else command) == 2
    said = capfd.readouterr().err
    last = said.splitlines()[-1]
    assert "the consumer ended by an unexpected error (ZeroDivisionError: nobody foresaw this)" in last
    assert ("Traceback" in said) == debug
    assert channel(nsqd, topic).depth + channel(nsqd, topic).in_flight == 10


def test_uploads_that_end_by_an_error_end_the_archiver_with_a_sentence(nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    class Broken:
        def __init__(self, inner: object) -> None:
            self._inner = inner

        def holds(self, key: str, path: Path) -> bool:
            raise RecursionError

        def __getattr__(self, name: str) -> object:
            return getattr(self._inner, name)

    sent = messages(10)
    publish(nsqd, topic, sent)
    given = options(tmp_path / "out", topic, tmp_path / "spool", nsqd, rotate_size=10)
    broken = replace(given, archive=replace(given.archive, store=Broken(given.archive.store)))  # type: ignore[arg-type]
    with pytest.raises(HourscopeError, match=r"the uploads ended by an unexpected error \(RecursionError\)"):
        list(archive_topic(broken, threading.Event()))
    with Running(given):
        wait_for(lambda: is_drained(nsqd, topic))
    assert archived(given.archive.store) == Counter(sent)


def test_a_child_that_fails_is_named_and_started_again(
    nsq_programs: NsqPrograms, topic: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    sent, switch = messages(200), tmp_path / "broken"
    with Nsqd(nsq_programs.nsqd, tmp_path / "nsqd", {"msg-timeout": "1s"}) as nsqd:
        publish(nsqd, topic, sent)
        given = options(tmp_path / "out", topic, tmp_path / "spool", nsqd, processes=2, now=BrokenClock(switch))
        with Running(given) as archiver:
            wait_for(lambda: is_drained(nsqd, topic))
            switch.touch()
            why = "ended unexpectedly (ValueError: the clock is broken); started again"
            wait_for(lambda: any(why in word for word in archiver.said))
            switch.unlink()
            wait_for(lambda: archiver.status.counters.links == 2)
    assert set(archived(given.archive.store)) == set(sent)
    assert "Traceback" not in capfd.readouterr().err


def test_what_a_child_had_finished_is_counted_after_its_death(
    nsq_programs: NsqPrograms, topic: str, tmp_path: Path
) -> None:
    """The process is killed as soon as NSQ has the last FIN, before its next regular report."""
    with Nsqd(nsq_programs.nsqd, tmp_path / "nsqd") as nsqd:
        given = options(tmp_path / "out", topic, tmp_path / "spool", nsqd, processes=2, sync_interval=0.05)
        sent: list[bytes] = []
        with Running(given) as archiver:
            for _ in range(3):
                wait_for(lambda: archiver.status.counters.links == 2)
                sent += (fresh := messages(3000))
                publish(nsqd, topic, fresh)
                wait_for(lambda: is_drained(nsqd, topic))
                for child in _children():
                    os.kill(child, signal.SIGKILL)
                wait_for(lambda: archiver.status.counters.links == 0)
            wait_for(lambda: archiver.status.counters.links == 2)
        total = archiver.stopped.status.counters
    assert archived(destination(str(tmp_path / "out")).store) == Counter(sent)
    assert (total.messages, total.bytes) == (len(sent), sum(map(len, sent)))


def _children() -> list[int]:
    listed = subprocess.check_output(["ps", "-o", "pid=,args=", "--ppid", str(os.getpid())], text=True)
    return [int(line.split()[0]) for line in listed.splitlines() if "tui.archiver.part" in line]


def test_an_error_in_a_callback_costs_its_connection_and_no_message(
    nsq_programs: NsqPrograms,
    topic: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(consume, "HEARTBEAT_SECONDS", 1)
    original, errors = connection.Connection.split, [LookupError("odd frame")]

    def broken(conn: object, data: bytes) -> None:
        if errors and b"frame" in data:
            raise errors.pop()
        original(conn, data)  # type: ignore[arg-type]

    monkeypatch.setattr(connection.Connection, "split", broken)
    sent = [b"frame %d" % number for number in range(100)]
    with Nsqd(nsq_programs.nsqd, tmp_path / "nsqd", {"msg-timeout": "1s"}) as nsqd:
        publish(nsqd, topic, sent)
        with Running(options(tmp_path / "out", topic, tmp_path / "spool", nsqd)) as archiver:
            wait_for(lambda: is_drained(nsqd, topic))
    assert any("an unexpected error in a connection (LookupError: odd frame)" in word for word in archiver.said)
    assert set(archived(destination(str(tmp_path / "out")).store)) == set(sent)
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize(
    ("error", "words_"),
    [
        (ExceptionGroup("a group", [ExceptionGroup("inner", [KeyError("x")])]), "unexpected error (KeyError: 'x')"),
        (RecursionError(), "unexpected error (RecursionError)"),
        (
            ExceptionGroup("a group", [SendError("nsqd is away; start it")]),
            "the consumer ended: nsqd is away; start it",
        ),
    ],
)
def test_the_first_of_a_group_of_errors_is_named(error: Exception, words_: str) -> None:
    assert words_ in str(defect("the consumer", error))
