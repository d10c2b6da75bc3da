"""Nothing is sent twice unnoticed: the same records to the same topic are recognized, whatever they are called."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.send.commands import to, typed, until
from tests.send.helpers import arrived, digest, lines, to_topic, write_lines
from tests.support.build import NsqPrograms
from tests.support.command import Ran, hourscope
from tests.support.nsqd import Nsqd
from tui.send import Journal, RepeatError, survey

pytestmark = pytest.mark.nsq


@pytest.fixture
def topic(nsqd: Nsqd, topic: str) -> str:
    """With a consumer, so that no other warning is given."""
    nsqd.create_channel(topic, "reader")
    return topic


def send(source: object, nsqd: Nsqd, topic: str, *options: object) -> Ran:
    return hourscope("send", source, *to(nsqd, topic), "--yes", "--json", *options)


@contextmanager
def slow_send(source: object, nsqd: Nsqd, topic: str, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    """A running send."""
    words = ["send", str(source), *to(nsqd, topic), "--yes", "--rate", "2000", *options]
    process = subprocess.Popen([sys.executable, "-m", "tui", *words], stderr=subprocess.DEVNULL)
    end = time.monotonic() + 20
    try:
        while arrived(nsqd, topic) < 200:
            assert time.monotonic() < end
            time.sleep(0.02)
        yield process
    finally:
        process.kill()
        process.wait()


def test_a_script_is_refused_and_again_sends(nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    write_lines(tmp_path / "a", lines(100))
    assert send(tmp_path / "a", nsqd, topic).code == 0
    ran = send(tmp_path / "a", nsqd, topic)
    summary = json.loads(ran.lines[-1])
    assert (ran.code, summary["sent"], summary["journal"]) == (2, 0, None)
    assert f"records were sent to {topic} on " in ran.sentence
    assert "--again" in ran.sentence
    assert ran.sentence == f"hourscope: {summary['warnings'][0]}"
    assert arrived(nsqd, topic) == 100
    ran = send(tmp_path / "a", nsqd, topic, "--again")
    assert (ran.code, arrived(nsqd, topic)) == (0, 200)
    assert f"records were sent to {topic} on " in ran.sentence
    assert ran.sentence == f"hourscope: {json.loads(ran.lines[-1])['warnings'][0]}"


def test_whatever_it_is_called_and_however_it_is_packed(nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    """The records count, not the path: a copy, other compression, an extract, another split, a filter, a projection."""
    records = [b'{"a":%d,"event":"error"}' % number for number in range(300)]
    folder = tmp_path / "archive"
    folder.mkdir()
    write_lines(folder / "e.2024-05-01_00.log", records)
    assert hourscope("scan", folder, "-g", "error", "-o", f"{tmp_path}/extract/").code == 0
    assert send(tmp_path / "extract", nsqd, topic).code == 0
    (tmp_path / "link").symlink_to(tmp_path / "extract")
    shutil.copytree(tmp_path / "extract", tmp_path / "copy")
    text = b"".join(record + b"\n" for record in records)
    (tmp_path / "lines.gz").write_bytes(gzip.compress(text[:1000]) + gzip.compress(text[1000:].rstrip(b"\n")))
    (tmp_path / "more").write_bytes(text + b'{"b":1}\n')
    same: list[list[object]] = [
        [os.path.relpath(tmp_path / "extract")],
        [f"{tmp_path}/archive/../extract/"],
        [tmp_path / "link"],
        [tmp_path / "copy"],
        [tmp_path / "lines.gz"],
        [tmp_path / "more", "-g", "error"],
        [folder, "-m", "a >= `0`"],
        [folder, "--project", "{a: a, event: event}"],
    ]
    for words in same:
        ran = send(words[0], nsqd, topic, *words[1:])
        assert ran.code == 2, words
        assert "records were sent to" in ran.sentence, words
    assert arrived(nsqd, topic) == 300
    for other in (["-m", "a > `0`"], ["--project", "a"]):
        assert send(folder, nsqd, topic, *other).code == 0, other


def test_another_nsqd_makes_no_difference_another_topic_does(
    nsqd: Nsqd, topic: str, nsq_programs: NsqPrograms, tmp_path: Path
) -> None:
    write_lines(tmp_path / "a", lines(10))
    assert send(tmp_path / "a", nsqd, topic).code == 0
    with Nsqd(nsq_programs.nsqd, tmp_path / "other") as other:
        ran = send(tmp_path / "a", other, topic)
        assert ran.code == 2
        assert f"at {nsqd.tcp_address}" in ran.sentence
        assert arrived(other, topic) == 0
    assert send(tmp_path / "a", nsqd, f"{topic[:60]}.2").code == 0


def test_what_a_dry_run_passes_the_send_does_too(nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    write_lines(tmp_path / "a", lines(10))
    assert send(tmp_path / "a", nsqd, topic).code == 0
    ran = send(tmp_path / "a", nsqd, topic, "--dry-run")
    assert ran.code == 2
    assert "records were sent to" in ran.sentence
    assert any("records were sent to" in words for words in json.loads(ran.lines[-1])["warnings"])
    assert send(tmp_path / "a", nsqd, topic, "--dry-run", "--again").code == 0


def test_a_send_that_still_runs_counts(nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    write_lines(tmp_path / "a", lines(50_000))
    shutil.copy(tmp_path / "a", tmp_path / "b")
    with slow_send(tmp_path / "a", nsqd, topic):
        ran = send(tmp_path / "b", nsqd, topic)
        assert ran.code == 2
        assert f"the same records are being sent to {topic} by " in ran.sentence
        for how in ("--dry-run", "--yes"):
            assert (
                "is in use: another hourscope is sending this now"
                in send(tmp_path / "a", nsqd, topic, "--resume", how).sentence
            )


def test_two_that_begin_at_once_do_not_both_send(nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    """Another send may begin between the check and the journal, so the journal checks again."""
    source, target = write_lines(tmp_path / "a", lines(10)), to_topic(nsqd, topic)
    surveyed = survey(source)
    with Journal.start(tmp_path / "j", source, target, surveyed):
        with pytest.raises(RepeatError, match="the same records are being sent"):
            Journal.start(tmp_path / "j", source, target, surveyed)
        assert len(list((tmp_path / "j").iterdir())) == 1


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_stopped_send_counts_and_its_own_resume_does_not(
    how: signal.Signals, nsqd: Nsqd, topic: str, tmp_path: Path
) -> None:
    records = lines(5_000)
    write_lines(tmp_path / "a", records)
    with slow_send(tmp_path / "a", nsqd, topic) as process:
        process.send_signal(how)
        process.wait()
    ran = send(tmp_path / "a", nsqd, topic)
    assert ran.code == 2
    assert " stopped after " in ran.sentence
    assert "--resume sends the rest" in ran.sentence
    ran = send(tmp_path / "a", nsqd, topic, "--resume")
    receipt = json.loads(ran.lines[-1])
    assert (ran.code, ran.err, receipt["confirmed"], receipt["sha256"]) == (0, "", 5_000, digest(records))


def test_a_send_that_sent_nothing_does_not_count(nsq_programs: NsqPrograms, tmp_path: Path) -> None:
    """nsqd went away between the plan and the first batch: the next attempt is not a repeat."""
    source = write_lines(tmp_path / "a", lines(10))
    with Nsqd(nsq_programs.nsqd, tmp_path / "nsqd") as nsqd:
        target = to_topic(nsqd, "t")
        with Journal.start(tmp_path / "j", source, target, survey(source)) as journal:
            journal._append([{"receipt": _receipt_of_nothing()}])
        with Journal.start(tmp_path / "j", source, target, survey(source)):
            pass


def _receipt_of_nothing() -> dict[str, object]:
    return {"partial": True, "sent": 0, "confirmed": 0, "sha256": digest([])}


def test_a_receipt_of_0_1_0_counts(nsqd: Nsqd, tmp_path: Path) -> None:
    """tests/send/state_0.1.0 was written by hourscope 0.1.0: `lines(300)`, finished, and 1,350 of `lines(5000)`."""
    journals = Path(os.environ["XDG_STATE_HOME"]) / "hourscope" / "journals"
    journals.mkdir(parents=True)
    for path in (Path(__file__).parent / "state_0.1.0").iterdir():
        shutil.copy(path, journals)
    write_lines(tmp_path / "a", lines(300))
    ran = send(tmp_path / "a", nsqd, "finished")
    assert ran.code == 2
    assert "the same 300 records were sent to finished on 2026-11-26 13:40:27 UTC" in ran.sentence
    write_lines(tmp_path / "b", lines(1_350))
    assert "the same send to stopped on " in send(tmp_path / "b", nsqd, "stopped").sentence
    write_lines(tmp_path / "c", lines(1_349))
    assert send(tmp_path / "c", nsqd, "stopped").code == 0


@pytest.mark.parametrize(("answer", "sent"), [(b"n\n", 0), (b"y\n", 10)])
def test_on_a_terminal_it_asks(answer: bytes, sent: int, nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    write_lines(tmp_path / "a", lines(10))
    assert send(tmp_path / "a", nsqd, topic).code == 0
    with typed("send", tmp_path / "a", *to(nsqd, topic)) as terminal:
        until(terminal, "send the same records again?")
        assert "records were sent to" in terminal.text
        os.write(terminal.fd, answer)
        if sent:
            until(terminal, "type the topic's name")
            os.write(terminal.fd, topic.encode() + b"\n")
            until(terminal, "journal    /")
        else:
            until(terminal, "nothing was sent")
    assert arrived(nsqd, topic) == 10 + sent


def test_a_journal_that_cannot_be_read_is_named(nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    write_lines(tmp_path / "a", lines(10))
    assert send(tmp_path / "a", nsqd, topic).code == 0
    (journal,) = (Path(os.environ["XDG_STATE_HOME"]) / "hourscope" / "journals").iterdir()
    journal.write_bytes(journal.read_bytes().replace(b'"count":10', b'"count":11'))
    ran = send(tmp_path / "a", nsqd, topic)
    assert ran.code == 2
    assert f"the journal {journal} has been changed or damaged at line 2" in ran.sentence
    write_lines(tmp_path / "b", lines(20))
    other = send(tmp_path / "b", nsqd, topic)
    assert (other.code, str(journal) in other.sentence) == (0, True)


def test_journals_are_for_their_user_only(nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    write_lines(tmp_path / "a", lines(10))
    state = Path(os.environ["XDG_STATE_HOME"])
    assert send(tmp_path / "a", nsqd, topic).code == 0
    kept = list((state / "hourscope").rglob("*"))
    assert "journals" in {path.name for path in kept}
    assert {path.stat().st_mode & 0o777 for path in kept if path.is_dir()} == {0o700}
    assert {path.stat().st_mode & 0o777 for path in kept if path.is_file()} == {0o600}


def test_a_damaged_journal_is_of_an_archive_however_that_is_named(
    nsqd: Nsqd, topic: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").mkdir()
    write_lines(tmp_path / "a" / "events.2015-01-20_13.log", lines(100))
    (tmp_path / "link").symlink_to(tmp_path / "a")
    monkeypatch.chdir(tmp_path)
    journal = Path(json.loads(send("a", nsqd, topic).lines[-1])["journal"])
    journal.write_bytes(journal.read_bytes().replace(b'"count":100', b'"count":10', 1))
    for place in ("./a/", "link", tmp_path / "a"):
        for words in ((), ("--resume",)):
            ran = send(place, nsqd, topic, *words)
            assert ran.code == 2
            assert "it is unknown what arrived" in ran.err
    assert arrived(nsqd, topic) == 100


@pytest.mark.parametrize("damage", [b"", b"\x00" * 100, b'{"version": 99}\n'])
def test_a_journal_that_cannot_be_read_is_not_ignored(nsqd: Nsqd, topic: str, tmp_path: Path, damage: bytes) -> None:
    write_lines(tmp_path / "a", lines(100))
    summary = json.loads(send(tmp_path / "a", nsqd, topic).lines[-1])
    journal = Path(summary["journal"])
    journal.write_bytes(damage + b"\xff" + journal.read_bytes()[9:])
    ran = send(tmp_path / "a", nsqd, topic)
    assert ran.code == 2
    assert "it is unknown what arrived" in ran.err and "--again" in ran.err
    assert arrived(nsqd, topic) == 100
    assert send(tmp_path / "a", nsqd, topic, "--again").code == 0
