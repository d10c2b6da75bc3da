"""`hourscope sends` and `jobs`: a send is found a year later, checked against its source, and resumed."""

from __future__ import annotations

import gzip
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.history.conftest import Command, record, write_hours
from tests.send.helpers import arrived
from tests.support.consume import read_messages
from tests.support.nsqd import Nsqd

ERRORS = ("-m", "event == 'error'")


def test_a_file_that_was_sent_is_listed_and_verified(run: Command, archive: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    assert run("send", archive, *ERRORS, "-o", out, "--name", "for ana").code == 0
    (sent,) = run("sends", "--json").json["sends"]
    assert (sent["name"], sent["topic"], sent["confirmed"], sent["where"]) == ("for ana", None, 60, [str(out)])
    ran = run("sends", "--verify", "for ana")
    assert ran.code == 0 and "the same 60 records are there" in ran.out
    write_hours(archive, [12], 31)
    ran = run("sends", "--verify", "for ana", "--json")
    assert ran.code == 2 and "the source has changed: 60 records were sent" in ran.err
    assert ran.json["same"] is False and ran.json["records"] == 61
    assert ran.json["sent"] == {"sha256": sent["sha256"], "records": 60}


@pytest.mark.parametrize("out", ["out.jsonl", "out.jsonl.gz"])
def test_a_file_that_was_changed_after_it_was_sent_is_reported(
    run: Command, archive: Path, tmp_path: Path, out: str
) -> None:
    path = tmp_path / out
    assert run("send", archive, *ERRORS, "-o", path, "--name", "x").code == 0
    assert run("sends", "--verify", "x").code == 0
    whole = path.read_bytes()
    path.write_bytes(whole + (gzip.compress(b"{}\n") if out.endswith(".gz") else b"{}\n"))
    ran = run("sends", "--verify", "x")
    assert ran.code == 2 and "has changed since it was written: it holds 61 records now" in ran.err
    path.write_bytes(whole[: len(whole) // 2])
    assert run("sends", "--verify", "x").code == 2
    path.unlink()  # it may have been moved
    assert run("sends", "--verify", "x").code == 0


def test_a_file_that_was_appended_to_is_verified_by_its_source(run: Command, archive: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    out.write_bytes(b"{}\n")
    assert run("send", archive, *ERRORS, "-o", out, "--append", "--name", "x").code == 0
    assert run("sends", "--verify", "x").code == 0


def test_a_name_that_is_not_one_and_one_of_several(run: Command, archive: Path, tmp_path: Path) -> None:
    assert "no send is named 'x'" in run("sends", "--verify", "x").err
    for name in ("a1", "a2"):
        assert run("send", archive, "-o", tmp_path / name, "--name", name).code == 0
    ran = run("sends", "--verify", "a")
    assert ran.code == 2 and "is the beginning of 2 sends" in ran.err
    assert run("sends", "--verify", "a1").code == 0


def test_what_went_to_stdout_or_was_refused_is_not_a_send(run: Command, archive: Path, tmp_path: Path) -> None:
    assert run("send", archive, "-o", "-").code == 0
    (tmp_path / "taken").write_bytes(b"mine")
    assert run("send", archive, "-o", tmp_path / "taken").code == 2
    assert run("sends").code == 1


@pytest.mark.nsq
def test_a_send_to_a_topic_is_listed_and_verified(run: Command, archive: Path, nsqd: Nsqd, topic: str) -> None:
    way = ("--nsqd-tcp-address", nsqd.tcp_address, "--topic", topic)
    assert run("send", archive, *ERRORS, *way, "--yes").code == 0
    (sent,) = run("sends", "--json").json["sends"]
    assert (sent["state"], sent["topic"], sent["records"], sent["confirmed"]) == ("sent", topic, 60, 60)
    assert sent["name"].startswith("20") and sent["name"].endswith(sent["filter"])
    assert topic in run("sends").out
    assert run("sends", "--verify", sent["name"]).code == 0
    assert run("sends", "--verify", sent["sha256"][:10]).code == 0
    (archive / "events.2015-01-20_13.log.gz").unlink()
    assert run("sends", "--verify", sent["name"]).code == 2
    assert run("jobs").code == 1
    journal = Path(sent["journal"])
    journal.write_bytes(journal.read_bytes().replace(b'"count":', b'"count":1', 1))
    for words in (("sends",), ("jobs", "--json")):
        ran = run(*words)
        assert ran.code == 2 and f"the journal {journal} has been changed or damaged at line 2" in ran.err
    assert ran.json["jobs"] == [] and str(journal) in ran.json["warnings"][0]


@pytest.mark.nsq
def test_a_send_that_is_killed_is_listed_resumed_and_complete(
    run: Command, archive: Path, nsqd: Nsqd, topic: str, tmp_path: Path
) -> None:
    way = ["--nsqd-tcp-address", nsqd.tcp_address, "--topic", topic, "--rate", "20"]
    words = ["send", "events", *ERRORS, *way, "--yes"]
    process = subprocess.Popen([sys.executable, "-m", "tui", *words], cwd=tmp_path, env=_with_tui())
    try:
        end = time.monotonic() + 30
        while not arrived(nsqd, topic):
            assert time.monotonic() < end and process.poll() is None
            time.sleep(0.02)
        (job,) = run("jobs", "--json").json["jobs"]
        assert (job["kind"], job["state"], job["total"], job["resume"]) == ("send", "running", 60, None)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    (job,) = run("jobs", "--json").json["jobs"]
    assert job["state"] == "stopped" and job["done"] < 60
    command = (
        job["resume"].replace("--rate 20", "").replace("hourscope send", f"{shlex.quote(sys.executable)} -m tui send")
    )
    done = subprocess.run(["bash", "-c", f"{command} --json"], env=_with_tui(), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["confirmed"] == 60
    expected = {record(hour, number) for hour in range(10, 16) for number in range(0, 30, 3)}
    assert set(read_messages(nsqd, topic, arrived(nsqd, topic))) == expected
    assert run("jobs").code == 1
    (sent,) = run("sends", "--json").json["sends"]
    assert (sent["state"], sent["confirmed"]) == ("sent", 60)


def _with_tui() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
