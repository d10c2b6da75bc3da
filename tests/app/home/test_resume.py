"""What was stopped, however, is offered on home and resumed there with one key; nothing is missing afterwards."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.app.conftest import FIRST, assert_shown, chunk_path, record, shown, until, until_shown
from tests.app.emulator import Terminal
from tests.send.helpers import arrived
from tests.support.command import hourscope
from tests.support.consume import read_messages
from tests.support.nsqd import Nsqd
from tui.app.app import Explorer
from tui.app.home.screen import HomePage
from tui.config import S3Options, load_config

_RECORDS = 500
_HOME = (
    "import sys; from tui.app import run_explorer; from tui.config import S3Options, load_config; "
    "sys.exit(run_explorer(None, timezone=None, s3=S3Options(), config=load_config()))"
)


@pytest.fixture
def one_hour(tmp_path: Path) -> Path:
    """One hour of 500 records."""
    import gzip

    lines = b"".join(record(FIRST, number) + b"\n" for number in range(_RECORDS))
    chunk_path(tmp_path, FIRST).write_bytes(gzip.compress(lines, mtime=0))
    return tmp_path


def wait(true: Callable[[], bool], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.02)


def begin_send(terminal: Terminal, nsqd: Nsqd, topic: str) -> None:
    """Start a slow send by keys and pause it after the first records, so that it can be stopped in the middle."""
    terminal.wait_for("small to large")
    terminal.press("p")
    terminal.wait_for("where to?")
    asked = (("a", "nsqd at HOST:PORT", nsqd.tcp_address), ("t", "topic:", topic), ("r", "records per second", "100"))
    for key, question, answer in asked:
        terminal.press(key)
        terminal.wait_for(question)
        for keys in ("\x15", answer, "\r"):
            terminal.press(keys, 0.2)
    terminal.wait_for("--rate 100")
    terminal.wait_for("ready")
    terminal.press("\r")
    terminal.press(topic + "\r", 0.1)
    wait(lambda: (terminal.read(0.05, 0.1), arrived(nsqd, topic) > 0)[1])
    terminal.press(" ", 0.1)


def stop_send(one_hour: Path, nsqd: Nsqd, topic: str, how: str) -> str:
    """Begin a send and stop it in the middle; returns the command line that 'hourscope jobs' offers."""
    with Terminal(str(one_hour), 120, 40) as terminal:
        begin_send(terminal, nsqd, topic)
        if how == "quit":
            terminal.press("\x11", 0.1)
            wait(lambda: (terminal.read(0.05, 0.1), "A send is still running." in terminal.text)[1])
            assert terminal.finish("\x11", 30.0) == 0
        elif how == "kill -9":
            os.kill(terminal.pid, signal.SIGKILL)
            assert terminal.ended() == -signal.SIGKILL
        else:
            terminal.hang_up()
            assert terminal.ended() != 0
    assert 0 < arrived(nsqd, topic) < _RECORDS
    offered = hourscope("jobs", "--json")
    (job,) = json.loads(offered.out)["jobs"]
    assert (offered.code, job["state"]) == (0, "stopped")
    return str(job["resume"])


def all_arrived(nsqd: Nsqd, topic: str, how: str) -> None:
    """Assert that nothing is missing, that only in-flight records arrived twice, and that no job is left."""
    received = read_messages(nsqd, topic, arrived(nsqd, topic))
    assert set(received) == {record(FIRST, number) for number in range(_RECORDS)}
    assert len(received) - _RECORDS <= (0 if how == "quit" else 400)
    assert hourscope("jobs").code == 1


@pytest.mark.nsq
@pytest.mark.parametrize("how", ["quit", "kill -9", "closed terminal"])
def test_a_send_that_was_stopped_is_resumed_on_home(one_hour: Path, nsqd: Nsqd, topic: str, how: str) -> None:
    stop_send(one_hour, nsqd, topic, how)
    with Terminal("", 100, 30, script=_HOME) as terminal:
        terminal.wait_for("1 job can be resumed")
        terminal.press("\t", 0.1)  # from the archives to what can be resumed
        terminal.press("R", 0.1)
        terminal.wait_for("done: q goes back", 40.0)
        assert f"{_RECORDS} records confirmed" in terminal.text
        terminal.press("q")
        terminal.wait_for(f"{_RECORDS} confirmed")
        assert "can be resumed" not in terminal.text
    all_arrived(nsqd, topic, how)


@pytest.mark.nsq
@pytest.mark.parametrize("how", ["quit", "kill -9", "closed terminal"])
def test_a_send_that_was_stopped_is_resumed_by_its_command(one_hour: Path, nsqd: Nsqd, topic: str, how: str) -> None:
    program, *words = shlex.split(stop_send(one_hour, nsqd, topic, how))
    assert program == "hourscope" and "--resume" in words
    ran = hourscope(*words, "--json")
    assert (ran.code, json.loads(ran.lines[-1])["confirmed"]) == (0, _RECORDS)
    all_arrived(nsqd, topic, how)


@pytest.mark.nsq
async def test_what_the_command_line_stopped_is_on_the_jobs_screen_and_resumed_there(
    one_hour: Path, nsqd: Nsqd, topic: str
) -> None:
    """A resumed send that is stopped again can be resumed once more."""
    way = ["--nsqd-tcp-address", nsqd.tcp_address, "--topic", topic, "--rate", "100", "--yes"]
    process = subprocess.Popen([sys.executable, "-m", "tui", "send", str(one_hour), *way])
    wait(lambda: arrived(nsqd, topic) > 0)
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 130
    app = Explorer(str(one_hour), timezone=None, s3=S3Options(), config=load_config())
    async with app.run_test(size=(100, 30)) as pilot:
        await until_shown(pilot, "small to large")
        await pilot.press("J")
        await until_shown(pilot, "1 to resume")
        below = "".join(shown(pilot).partition("R resumes it")[2].split())  # however it is wrapped
        assert all(words in below for words in ("sofar", f"to{topic}", ".journal.jsonl", "--resume--yes"))
        await pilot.press("R")
        await until(pilot, lambda: "Resuming" in shown(pilot))
        await until(pilot, lambda: "S stop" in shown(pilot))
        await pilot.press("S")
        await until_shown(pilot, "Stopped after")
        await pilot.press("R")
        await until(pilot, lambda: "done: q goes back" in shown(pilot), 30)
        await pilot.press("q", "q")
    assert set(read_messages(nsqd, topic, arrived(nsqd, topic))) == {
        record(FIRST, number) for number in range(_RECORDS)
    }


async def test_a_scan_that_was_stopped_is_resumed_on_home(small_archive: Path, tmp_path: Path) -> None:
    out = tmp_path / "found"
    words = ["scan", str(small_archive), "-m", "event == 'error'", "-o", f"{out}/"]
    assert hourscope(*words).code == 2  # it is damaged, and done
    manifest = json.loads((out / "manifest.json").read_bytes())
    gone = manifest["chunks"].pop(3)
    (out / gone["output"]).unlink()
    (out / "manifest.json").write_text(json.dumps({**manifest, "finished": False}))
    log = Path(os.environ["XDG_STATE_HOME"]) / "hourscope" / "history" / "extracts.jsonl"
    log.write_bytes(log.read_bytes().splitlines(keepends=True)[0])  # as if it had been killed
    app = Explorer(None, timezone=None, s3=S3Options(), config=load_config())
    async with app.run_test(size=(100, 30)) as pilot:
        await until_shown(pilot, "1 job can be resumed.")
        await assert_shown(pilot, "28 of 29 chunks")
        await pilot.press("tab", "enter")
        await until(pilot, lambda: "done: q goes back" in shown(pilot), 30)
        await assert_shown(pilot, " records match.", "the object ends in the")
        await pilot.press("q")
        assert isinstance(pilot.app.screen, HomePage)
        await until(pilot, lambda: "can be resumed" not in shown(pilot))
    assert (out / gone["output"]).exists()
