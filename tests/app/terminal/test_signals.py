"""Signals and terminals that go away: the jobs keep their books, the terminal gets its screen back."""

from __future__ import annotations

import gzip
import json
import os
import signal
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from tests.app.conftest import FIRST, chunk_path, record
from tests.app.emulator import Terminal
from tests.support.nsqd import Nsqd
from tui.archive import open_archive
from tui.filter import parse_filter
from tui.scan import ScanPlan, open_extract


@pytest.fixture(scope="module")
def heavy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Chunks that no machine scans, with a filter that looks into every record, before a test has sent its signal."""
    folder = tmp_path_factory.mktemp("heavy")
    lines = gzip.compress(b"".join(record(FIRST, number) + b"\n" for number in range(5_000)), 1, mtime=0)
    first = chunk_path(folder, FIRST)
    first.write_bytes(lines)
    for number in range(1, 480):
        chunk_path(folder, FIRST + timedelta(hours=number)).hardlink_to(first)
    return folder


@pytest.fixture
def less(heavy: Path, tmp_path: Path) -> Path:
    """Some of these chunks: a scan that a test waits for."""
    for path in sorted(heavy.iterdir())[:6]:
        (tmp_path / "less").mkdir(exist_ok=True)
        (tmp_path / "less" / path.name).symlink_to(path)
    return tmp_path / "less"


def scanning(terminal: Terminal) -> None:
    """Scan all of it, with a filter that must parse every line."""
    terminal.wait_for("small to large")
    terminal.press("gvGvs", 0.1)
    terminal.wait_for("ready")
    for key, asks, answer in (
        ("/", "filter: JMESPath, or", "-m \"to_string(@) != 'x' && to_string([@]) != 'x'\""),
        ("P", "chunks at a time, or", "1"),
    ):
        terminal.press(key, 0.1)
        terminal.wait_for(asks)
        terminal.press(f"{answer}\r", 0.1)
        until(lambda: (terminal.read(0.05, 0.1), asks not in terminal.text)[1])  # noqa: B023
    terminal.wait_for("1 chunk at a time")
    terminal.wait_for("matches in a sample", 60)  # so that nothing more of the form is to be drawn


def started(out: Path) -> bool:
    """Return whether the extract exists and has at least one finished chunk."""
    manifests = list(out.glob("extracts/*/manifest.json"))
    return bool(manifests) and bool(json.loads(manifests[0].read_bytes())["chunks"])


def until(true: Callable[[], bool], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.02)


def manifest(out: Path) -> dict[str, object]:
    (path,) = out.glob("extracts/*/manifest.json")
    read: dict[str, object] = json.loads(path.read_bytes())
    return read


@pytest.fixture
def state() -> Path:
    return Path(os.environ["XDG_STATE_HOME"]) / "hourscope"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_cleanly_and_the_scan_can_go_on(heavy: Path, state: Path, number: signal.Signals) -> None:
    with Terminal(str(heavy), 120, 40) as terminal:
        scanning(terminal)
        os.write(terminal.fd, b"\r")
        until(lambda: (terminal.read(0.05, 0.1), started(state))[1])
        os.kill(terminal.pid, number)
        assert terminal.ended() == 128 + number
        raw = bytes(terminal.raw)
        assert raw.rfind(b"\x1b[?1049l") > raw.rfind(b"\x1b[?1049h")
        assert raw.rfind(b"\x1b[?25h") > raw.rfind(b"\x1b[?25l")
    assert manifest(state)["finished"] is False
    _assert_it_goes_on(heavy, state)


def _assert_it_goes_on(heavy: Path, state: Path) -> None:
    archive = open_archive(str(heavy))
    catalog = archive.catalog()
    filter_ = parse_filter(match=["to_string(@) != 'x' && to_string([@]) != 'x'"])
    (folder,) = state.glob("extracts/*")
    plan = ScanPlan(archive, catalog.first, catalog.stop, filter_, catalog.chunks)
    assert open_extract(f"{folder}/", plan, resume=True).kept()


def test_a_terminal_that_hangs_up_ends_it_too(heavy: Path, state: Path) -> None:
    with Terminal(str(heavy), 80, 24) as terminal:
        scanning(terminal)
        os.write(terminal.fd, b"\r")
        until(lambda: (terminal.read(0.05, 0.1), started(state))[1])
        terminal.hang_up()
        assert terminal.ended() != 0
    assert manifest(state)["finished"] is False


def test_a_terminal_that_reads_no_more_does_not_stop_a_scan(less: Path, state: Path) -> None:
    with Terminal(str(less), 120, 40) as terminal:
        scanning(terminal)
        os.write(terminal.fd, b"\r")
        for _ in range(400):  # help comes and goes: far more than the pty holds
            os.write(terminal.fd, b"?")
        until(lambda: bool(list(state.glob("extracts/*/manifest.json"))) and manifest(state)["finished"] is True, 90.0)
        os.kill(terminal.pid, signal.SIGTERM)
        assert terminal.ended(reading=False) == 128 + signal.SIGTERM


@pytest.mark.nsq
def test_a_send_that_is_ended_by_a_signal_keeps_its_books(sample: Path, state: Path, nsqd: Nsqd, topic: str) -> None:
    with Terminal(str(sample), 120, 40) as terminal:
        terminal.wait_for("small to large")
        terminal.press("\r")
        terminal.wait_for("previewed")
        terminal.press("p")
        terminal.wait_for("where to?")
        for key, answer in (("d", nsqd.tcp_address), ("t", topic), ("r", "20")):
            for keys in (key, "\x15", answer, "\r"):
                terminal.press(keys, 0.2)
        terminal.wait_for("ready")
        terminal.press("\r")
        terminal.press(topic + "\r", 0.1)
        until(lambda: (terminal.read(0.05, 0.1), "confirmed  " in terminal.text)[1])
        os.kill(terminal.pid, signal.SIGTERM)
        assert terminal.ended() == 128 + signal.SIGTERM
    (journal,) = state.glob("journals/*")
    last = json.loads(journal.read_bytes().splitlines()[-1])
    assert last["receipt"]["partial"] is True
