"""Resuming: it knows what the first run did, and claims and sends nothing that it did not."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.send.commands import to
from tests.send.helpers import arrived, digest, lines, target, write_lines
from tests.send.test_repeats import send, slow_send
from tests.support.build import NsqPrograms
from tests.support.command import hourscope
from tests.support.consume import read_messages
from tests.support.nsqd import Nsqd
from tui.errors import SendError
from tui.send import Journal, earlier_sends, file_source, survey

pytestmark = pytest.mark.nsq


@pytest.fixture
def topic(nsqd: Nsqd, topic: str) -> str:
    nsqd.create_channel(topic, "reader")
    return topic


def journals() -> Path:
    return Path(os.environ["XDG_STATE_HOME"]) / "hourscope" / "journals"


def stopped(source: Path, nsqd: Nsqd, topic: str, *options: str, how: signal.Signals = signal.SIGINT) -> int:
    """Run a send and stop it; return how many records arrived."""
    with slow_send(source, nsqd, topic, *options) as process:
        process.send_signal(how)
        process.wait()
    return arrived(nsqd, topic)


def long_and_short(path: Path, count: int) -> list[bytes]:
    records = [b"%05d %s" % (number, b"L" * 2000 if number % 2 else b"s") for number in range(count)]
    write_lines(path, records)
    return records


# The limits and skips of the first run


def test_what_the_first_run_left_out_is_never_counted_as_sent(nsq_programs: NsqPrograms, tmp_path: Path) -> None:
    """nsqd's limit is raised meanwhile, as the message advises."""
    records = long_and_short(tmp_path / "m", 4_000)
    with Nsqd(nsq_programs.nsqd, tmp_path / "nsqd", {"max-msg-size": 1000, "mem-queue-size": 0}) as nsqd:
        nsqd.create_channel("t", "reader")
        before = stopped(tmp_path / "m", nsqd, "t", "--skip-oversize")
        nsqd.stop()
        del nsqd.options["max-msg-size"]
        nsqd.start()
        ran = send(tmp_path / "m", nsqd, "t", "--resume")
        receipt = json.loads(ran.lines[-1])
        assert ran.code == 2
        assert (receipt["confirmed"], receipt["skipped"]) == (2_000, 2_000)
        assert receipt["confirmed"] == before + arrived(nsqd, "t")
        assert any("2,000 records over 1,000 bytes will not be sent" in words for words in receipt["warnings"])
        assert receipt["sha256"] == digest(records[::2])
        assert set(read_messages(nsqd, "t", 2_000, "reader")) == set(records[::2])


def test_an_nsqd_that_takes_less_than_the_first_one(
    nsqd: Nsqd, topic: str, nsq_programs: NsqPrograms, tmp_path: Path
) -> None:
    long_and_short(tmp_path / "m", 3_000)
    stopped(tmp_path / "m", nsqd, topic)
    with Nsqd(nsq_programs.nsqd, tmp_path / "nsqd", {"max-msg-size": 1000}) as small:
        ran = send(tmp_path / "m", small, topic, "--resume")
        assert ran.code == 2
        assert "larger than the 1,000 bytes that nsqd accepts" in ran.sentence
        assert arrived(small, topic) == 0


def test_copies_are_left_out_and_a_resume_leaves_out_the_same(nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    """`--unique` is the plan of the first run: it need not be given again."""
    records = lines(3_000)
    source = [*records[:1_000], *records[:500], *records[900:], records[0], b"", b""]
    write_lines(tmp_path / "m", source)
    before = stopped(tmp_path / "m", nsqd, topic, "--unique")
    assert before < 3_000
    ran = send(tmp_path / "m", nsqd, topic, "--resume")
    receipt = json.loads(ran.lines[-1])
    assert (ran.code, receipt["confirmed"], receipt["repeats"], receipt["blank"]) == (0, 3_000, 601, 2)
    assert receipt["sha256"] == digest(records)
    assert "601 records left out by --unique" in ran.err
    assert sorted(read_messages(nsqd, topic, 3_000, "reader")) == sorted(records)


# Another nsqd, another source


def test_both_nsqds_are_in_the_receipt(nsqd: Nsqd, topic: str, nsq_programs: NsqPrograms, tmp_path: Path) -> None:
    write_lines(tmp_path / "b", lines(5_000))
    before = stopped(tmp_path / "b", nsqd, topic)
    with Nsqd(nsq_programs.nsqd, tmp_path / "other") as other:
        ran = send(tmp_path / "b", other, topic, "--resume")
        receipt = json.loads(ran.lines[-1])
        assert (ran.code, receipt["where"]) == (0, [nsqd.tcp_address, other.tcp_address])
        words = f"{before:,} records went to {nsqd.tcp_address}, the rest goes to {other.tcp_address}"
        assert words in ran.err
        assert any(words in warning for warning in receipt["warnings"])
        assert (receipt["resumed"], before + arrived(other, topic)) == (before, 5_000)


@pytest.mark.parametrize("change", ["grown", "shrunk", "other", "empty"])
def test_a_source_that_has_changed(change: str, nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    path, records = tmp_path / "c", lines(5_000)
    write_lines(path, records)
    before = stopped(path, nsqd, topic)
    new = {
        "grown": [*records, b"{}"],
        "shrunk": records[:-1],
        "other": [b"x" + record for record in records],
        "empty": [],
    }[change]
    path.write_bytes(b"".join(record + b"\n" for record in new))
    ran = send(path, nsqd, topic, "--resume")
    assert (ran.code, arrived(nsqd, topic)) == (2, before)
    assert f"{path} has changed since its send to {topic} on " in ran.sentence
    assert f"stopped after {before:,} of 5,000 records; nothing was sent" in ran.sentence
    assert "send those records again" in ran.sentence  # it is not advised
    assert "may hold some of those records" in send(path, nsqd, topic, "--dry-run").err


def test_a_source_that_has_changed_since_its_send_was_finished(nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    path, records = tmp_path / "c", lines(50)
    write_lines(path, records)
    assert send(path, nsqd, topic).code == 0
    write_lines(path, [*records, b"{}"])
    ran = send(path, nsqd, topic, "--resume")
    assert (ran.code, arrived(nsqd, topic)) == (2, 50)
    assert "which was finished with 50 of 50 records; nothing was sent. There is nothing to resume;" in ran.sentence


def test_a_source_that_only_has_another_name_or_time_is_resumed(nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    records = lines(5_000)
    write_lines(tmp_path / "c", records)
    stopped(tmp_path / "c", nsqd, topic)
    (tmp_path / "c").rename(tmp_path / "d")
    os.utime(tmp_path / "d", (1, 1))
    ran = send(tmp_path / "d", nsqd, topic, "--resume")
    assert (ran.code, json.loads(ran.lines[-1])["sha256"]) == (0, digest(records))
    assert arrived(nsqd, topic) == 5_000


# Journals that are not to be trusted


def test_an_edited_journal_is_refused(nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    write_lines(tmp_path / "j", lines(5_000))
    before = stopped(tmp_path / "j", nsqd, topic)
    (journal,) = journals().iterdir()
    whole = journal.read_bytes()
    first, second, third = whole.split(b"\n")[:3]
    changed = {
        "a digit": whole.replace(b'"count":', b'"count":9', 1),
        "the header": whole.replace(b'"records":5000', b'"records":4000', 1),
        "a missing line": b"\n".join([first, *whole.split(b"\n")[2:]]),
        "lines in another order": b"\n".join([first, third, second, *whole.split(b"\n")[3:]]),
        "a line of another journal": whole + second + b"\n",
        "no checksum": whole + b'{"first":0,"count":5000,"at":"now"}\n',
    }
    for kind, data in changed.items():
        journal.write_bytes(data)
        ran = send(tmp_path / "j", nsqd, topic, "--resume")
        assert ran.code == 2, kind
        assert f"the journal {journal} has been changed or damaged at line " in ran.sentence, kind
    assert arrived(nsqd, topic) == before
    journal.write_bytes(whole + b'{"first":0,"count":5000')  # a crash: it does not count
    assert send(tmp_path / "j", nsqd, topic, "--resume").code == 0
    assert arrived(nsqd, topic) == 5_000


def test_a_journal_that_claims_more_than_there_is(nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    """With valid checksums, as from a version that counts wrongly or from somebody who can compute them."""
    source, nsq = write_lines(tmp_path / "j", lines(100)), target(topic, nsqd, http=[nsqd.http_address])
    with Journal.start(journals(), source, nsq, survey(source)) as journal:
        journal.confirm([(0, 101)])
    ran = send(tmp_path / "j", nsqd, topic, "--resume")
    assert ran.code == 2
    assert "claims 101 confirmed records" in ran.sentence
    assert arrived(nsqd, topic) == 0


def test_a_journal_of_a_newer_hourscope_is_refused_by_name(nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    source = write_lines(tmp_path / "j", lines(10))
    journals().mkdir(parents=True)
    path = journals() / f"{topic}.{source.identity[:12]}.20301126T134027.941164Z.journal.jsonl"
    path.write_bytes(b'{"version":3,"all":"new"}\n')
    ran = send(tmp_path / "j", nsqd, topic, "--resume")
    assert ran.code == 2
    assert f"{path} was written by a newer hourscope (version 3" in ran.sentence


def test_a_finished_send_is_not_advised_to_be_repeated(nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    write_lines(tmp_path / "j", lines(10))
    assert send(tmp_path / "j", nsqd, topic).code == 0
    ran = send(tmp_path / "j", nsqd, topic, "--resume")
    assert ran.code == 2
    assert "there is nothing to resume" in ran.sentence
    assert "--resume" not in ran.sentence


# A disk that fills


def test_a_full_disk_names_what_was_sent_and_how_to_resume(nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    """A limit on the size of files stops the journal, as a full disk would."""
    records = lines(5_000)
    write_lines(tmp_path / "f", records)
    words = [sys.executable, "-m", "tui", "send", str(tmp_path / "f"), *to(nsqd, topic), "--yes", "--rate", "2000"]
    ran = subprocess.run(
        [*words, "--json"],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, 2_000)),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    (sentence,) = ran.stderr.decode().splitlines()
    (journal,) = journals().iterdir()
    confirmed = earlier_sends(journals(), topic=topic)[0].confirmed
    assert ran.returncode == 2
    assert f"the journal {journal} cannot be written or read: File too large" in sentence
    assert f"{confirmed:,} records confirmed, " in sentence
    receipt = json.loads(ran.stdout.splitlines()[-1])
    assert receipt["partial"]
    assert 0 < confirmed == receipt["confirmed"] <= receipt["sent"]
    command = sentence.partition("; resume with: ")[2]
    assert command.startswith("hourscope send ")
    ran = subprocess.run(
        command.replace("hourscope", f"{sys.executable} -m tui", 1), shell=True, stdin=subprocess.DEVNULL, check=False
    )
    assert ran.returncode == 0
    assert arrived(nsqd, topic) <= 5_000 + receipt["sent"] - confirmed
    assert set(read_messages(nsqd, topic, arrived(nsqd, topic), "reader")) == set(records)


def test_a_disk_that_is_full_from_the_start(nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    write_lines(tmp_path / "f", lines(10))
    ran = subprocess.run(
        [sys.executable, "-m", "tui", "send", str(tmp_path / "f"), *to(nsqd, topic), "--yes"],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100)),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    assert ran.returncode == 2
    assert b"cannot be written or read: File too large" in ran.stderr
    assert arrived(nsqd, topic) == 0
    assert not list(journals().iterdir())
    assert send(tmp_path / "f", nsqd, topic).code == 0


# nsqd restarted, a topic that is gone


def test_nsqd_killed_in_mid_send_is_reported(nsq_programs: NsqPrograms, tmp_path: Path) -> None:
    write_lines(tmp_path / "k", lines(20_000))
    with Nsqd(nsq_programs.nsqd, tmp_path / "nsqd") as nsqd:
        nsqd.create_channel("k", "reader")
        words = ["send", tmp_path / "k", *to(nsqd, "k"), "--yes", "--json", "--rate", "5000"]
        process = subprocess.Popen(
            [sys.executable, "-m", "tui", *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        while arrived(nsqd, "k") < 5_000:
            time.sleep(0.02)
        nsqd.kill()
        nsqd.start()
        out, err = process.communicate(timeout=60)
        lost = 20_000 - arrived(nsqd, "k")
    receipt = json.loads(out.splitlines()[-1])
    (warning,) = receipt["warnings"]
    assert (process.returncode, receipt["confirmed"]) == (0, 20_000)
    assert f"nsqd at {nsqd.tcp_address} was restarted during the send: up to " in warning
    assert int(warning.split("up to ")[1].split(" ")[0].replace(",", "")) >= lost > 0
    assert warning in err.decode()
    assert json.loads(Path(receipt["journal"]).read_text().splitlines()[-1])["receipt"]["warnings"] == [warning]


def test_a_topic_that_is_deleted_in_mid_send_is_reported(nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    write_lines(tmp_path / "k", lines(6_000))
    words = ["send", tmp_path / "k", *to(nsqd, topic), "--yes", "--json", "--rate", "3000"]
    process = subprocess.Popen(
        [sys.executable, "-m", "tui", *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    while arrived(nsqd, topic) < 3_000:
        time.sleep(0.02)
    nsqd.request("POST", f"/topic/delete?topic={topic}")
    receipt = json.loads(process.communicate(timeout=60)[0].splitlines()[-1])
    assert arrived(nsqd, topic) < 6_000
    (warning,) = receipt["warnings"]
    assert "may be lost" in warning
    assert "was deleted" in warning


# The size that counts


def test_the_limit_is_of_the_message_not_of_the_line(nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    """A wrapped body is shorter than its line; a projection can be shorter, or longer, than its record."""
    body = b"\n" * 600_000
    write_lines(tmp_path / "w", [json.dumps({"hourscope:body": body.decode()}, separators=(",", ":")).encode()])
    ran = send(tmp_path / "w", nsqd, topic)
    receipt = json.loads(ran.lines[-1])
    assert (ran.code, receipt["bytes"], receipt["sha256"]) == (0, 600_000, digest([body]))
    assert read_messages(nsqd, topic, 1, "reader") == [body]
    write_lines(tmp_path / "p", [b'{"a":1,"b":"%s"}' % (b"x" * (1 << 20))])
    assert send(tmp_path / "p", nsqd, topic, "--project", "a").code == 0
    write_lines(tmp_path / "q", [b'{"b":"%s"}' % (b"x" * 600_000)])
    ran = send(tmp_path / "q", nsqd, topic, "--project", "[b, b]")
    assert ran.code == 2
    assert "(1,200,007 bytes) is larger than the 1,048,576 bytes" in ran.sentence


def test_a_message_is_projected_unchanged(nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    """JSON over several lines was wrapped by the archiver."""
    body = b'{\n "a": 1\n}'
    write_lines(tmp_path / "w", [b'{"hourscope:body":"{\\n \\"a\\": 1\\n}"}', b'{"a":2}'])
    assert hourscope("send", tmp_path / "w", *to(nsqd, topic), "--yes", "--project", "a").code == 0
    assert read_messages(nsqd, topic, 2, "reader") == [b"1", b"2"]
    assert send(tmp_path / "w", nsqd, topic).code == 0
    assert body in read_messages(nsqd, topic, 2, "reader")


def test_without_a_journal_folder_that_can_be_written(nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    write_lines(tmp_path / "a", lines(10))
    shutil.rmtree(journals().parent, ignore_errors=True)
    journals().parent.parent.mkdir(parents=True, exist_ok=True)
    journals().parent.write_bytes(b"a file where the folder should be")
    ran = send(tmp_path / "a", nsqd, topic)
    assert ran.code == 2
    assert "cannot be written" in ran.sentence
    with pytest.raises(SendError):
        Journal.start(journals(), file_source(tmp_path / "a"), target(topic, nsqd))
