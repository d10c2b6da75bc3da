"""What freezes, hangs or breaks is seen from outside, holds nothing up, and loses nothing."""

import os
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from tests.archiver.helpers import Running, archived, channel, is_drained, messages, options, publish, wait_for
from tests.support.build import NsqPrograms
from tests.support.nsqd import Nsqd
from tui.archiver import consume, intake, run, status
from tui.archiver.counters import Counters
from tui.archiver.folder import owned
from tui.archiver.options import destination
from tui.archiver.spool import Spool
from tui.archiver.status import Status
from tui.errors import ArchiveError, OutputError

pytestmark = pytest.mark.nsq


@pytest.mark.parametrize(
    ("now", "trouble"),
    [
        (Status, ""),
        (lambda: Status(Counters(seen=time.monotonic() - 1000)), "has done nothing for 10"),
        (lambda: Status(deaths=3), "consuming processes died 3 times in five minutes"),
        (lambda: Status(Counters(missing=1, links=1)), "1 nsqd not reached for more than a minute"),
    ],
)
def test_what_is_not_healthy(now: Callable[[], Status], trouble: str) -> None:
    troubles = now().troubles
    assert trouble in " ".join(troubles)
    assert bool(troubles) == bool(trouble)


def test_a_frozen_process_is_seen_and_does_not_hold_the_stop(
    nsq_programs: NsqPrograms, topic: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(status, "SILENT_SECONDS", 0.8)
    monkeypatch.setattr(run, "CONSUMERS_SECONDS", 0.5)
    sent = messages(2000)
    with Nsqd(nsq_programs.nsqd, tmp_path / "nsqd", {"msg-timeout": "1s"}) as nsqd:
        publish(nsqd, topic, sent[:1000])
        with Running(options(tmp_path / "out", topic, tmp_path / "spool", nsqd, processes=2)) as archiver:
            wait_for(lambda: archiver.status.counters.links == 2 and is_drained(nsqd, topic))
            children = subprocess.check_output(["ps", "-o", "pid=,args=", "--ppid", str(os.getpid())], text=True)
            ours = [line.split()[0] for line in children.splitlines() if "tui.archiver.part" in line]
            os.kill(int(ours[0]), signal.SIGSTOP)
            wait_for(lambda: archiver.status.troubles)
            publish(nsqd, topic, sent[1000:])
        assert any("killed by SIGKILL" in word for word in archiver.said)
        with Running(options(tmp_path / "out", topic, tmp_path / "spool", nsqd)):
            wait_for(lambda: is_drained(nsqd, topic))
    assert set(archived(destination(str(tmp_path / "out")).store)) == set(sent)


def test_one_unreachable_nsqd_of_several_is_reported(
    nsqd: Nsqd, topic: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "MISSING_SECONDS", 0.5)
    nsqd.create_channel(topic, "archive")
    given = options(tmp_path / "out", topic, tmp_path / "spool", nsqd)
    object.__setattr__(given.source, "nsqd_tcp_addresses", (nsqd.tcp_address, "127.0.0.1:9"))
    with Running(given) as archiver:
        wait_for(lambda: archiver.status.counters.missing == 1)
        assert archiver.status.counters.links == 1


def test_an_open_file_that_fills_the_spool_goes_up_before_its_hour_is_over(
    nsqd: Nsqd, topic: str, tmp_path: Path
) -> None:
    sent = messages(4000, size=1000)
    publish(nsqd, topic, sent)
    with Running(options(tmp_path / "out", topic, tmp_path / "spool", nsqd, spool_max=1_000_000)) as archiver:
        wait_for(lambda: is_drained(nsqd, topic))
    assert any("--spool-max" in word for word in archiver.said)
    assert archived(destination(str(tmp_path / "out")).store) == Counter(sent)


def test_a_spool_that_breaks_in_the_end_is_a_sentence(
    nsqd: Nsqd, topic: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(spool: Spool) -> None:
        raise OutputError("the spool cannot be written: Read-only file system")

    sent = messages(500)
    publish(nsqd, topic, sent)
    with Running(options(tmp_path / "out", topic, tmp_path / "spool", nsqd)) as archiver:
        wait_for(lambda: is_drained(nsqd, topic))
        monkeypatch.setattr(Spool, "close", broken)
    assert "paused: the spool cannot be written: Read-only file system; NSQ keeps the messages" in archiver.said
    assert channel(nsqd, topic).in_flight == 0
    assert archived(destination(str(tmp_path / "out")).store) == Counter(sent)  # what was left open is adopted


def test_an_upload_that_hangs_is_seen_and_does_not_hold_the_stop(
    nsqd: Nsqd, topic: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "END_SECONDS", 0.5)
    spool, answer = tmp_path / "spool", threading.Event()
    given = options(tmp_path / "out", topic, spool, nsqd, rotate_size=10)
    inner = given.archive.store

    class Frozen:
        def put(self, key: str, path: Path) -> None:
            answer.wait(30)
            inner.put(key, path)

        def __getattr__(self, name: str) -> object:
            return getattr(inner, name)

    object.__setattr__(given.archive, "store", Frozen())
    publish(nsqd, topic, [b"message"])
    with Running(given) as archiver:
        wait_for(lambda: is_drained(nsqd, topic))
        wait_for(lambda: archiver.status.uploads.waiting == 1 and archiver.status.uploads.oldest > 0.1)
    assert archiver.stopped.hangs
    refused = pytest.raises(ArchiveError, match="another archiver uses the spool")
    with refused, owned(spool, given.identity):  # or two would upload from it
        pass
    answer.set()


def test_large_messages_do_not_time_out_behind_a_slow_disk(
    nsq_programs: NsqPrograms, topic: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No more of them are asked for than can be touched."""
    _slowed(monkeypatch, 2.5)
    sent = messages(40, size=1_000_000)
    with Nsqd(nsq_programs.nsqd, tmp_path / "nsqd", {"msg-timeout": "1s"}) as nsqd:
        publish(nsqd, topic, sent)
        with Running(options(tmp_path / "out", topic, tmp_path / "spool", nsqd)) as archiver:
            wait_for(lambda: archiver.status.counters.unfinished)
            assert channel(nsqd, topic).in_flight == archiver.status.counters.unfinished == 16
            wait_for(lambda: is_drained(nsqd, topic))
        assert channel(nsqd, topic).timeout_count == 0
    assert archived(destination(str(tmp_path / "out")).store) == Counter(sent)


def test_an_nsqd_that_is_not_read_for_a_while_stays_connected(
    nsq_programs: NsqPrograms, topic: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """nsqd hears from us, and its silence is caused by us."""
    _slowed(monkeypatch, 3.0)
    monkeypatch.setattr(consume, "HEARTBEAT_SECONDS", 1)
    monkeypatch.setattr(intake, "FULL_BYTES", 1)
    with Nsqd(nsq_programs.nsqd, tmp_path / "nsqd") as nsqd:
        publish(nsqd, topic, [b"message"])
        with Running(options(tmp_path / "out", topic, tmp_path / "spool", nsqd)) as archiver:
            wait_for(lambda: is_drained(nsqd, topic))
        assert len(archiver.said) == 3  # the begin, the stop and the upload
        assert archiver.stopped.status.counters.unsure == 0


def test_an_nsqd_that_is_silent_is_given_up_and_found_again(
    nsq_programs: NsqPrograms, topic: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Silence is measured with the monotonic clock."""
    monkeypatch.setattr(consume, "HEARTBEAT_SECONDS", 1)
    with Nsqd(nsq_programs.nsqd, tmp_path / "nsqd") as nsqd:
        nsqd.create_channel(topic, "archive")
        with Running(options(tmp_path / "out", topic, tmp_path / "spool", nsqd)) as archiver:
            wait_for(lambda: archiver.status.counters.links)
            nsqd.freeze()
            wait_for(lambda: any("does not answer" in word for word in archiver.said))
            nsqd.thaw()
            publish(nsqd, topic, [b"message"])
            wait_for(lambda: is_drained(nsqd, topic))


def _slowed(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Make the first write take so long."""
    append, slow = Spool.append, [seconds]

    def slowly(spool: Spool, hour: datetime, blocks: list[bytes]) -> int:
        time.sleep(slow.pop() if slow else 0)
        return append(spool, hour, blocks)

    monkeypatch.setattr(Spool, "append", slowly)
