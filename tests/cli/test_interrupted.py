"""A scan that is interrupted keeps what it found and says how to go on; going on gives what an unbroken scan gives."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.command import SLOW, hourscope, shell
from tests.support.consume import read_messages
from tests.support.nsqd import Nsqd
from tui.demo import SampleSpec, torn_chunk_of, write_sample

SPEC = SampleSpec(hours=24, records_per_hour=3000, seed=3)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("slow")
    for _ in write_sample(folder, SPEC):
        pass
    (folder / torn_chunk_of(SPEC)).unlink()
    return folder


@pytest.fixture(scope="module")
def whole(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The extract of a scan that nobody interrupts."""
    folder = tmp_path_factory.mktemp("whole") / "extract"
    assert hourscope("scan", archive, "-m", SLOW, "-o", f"{folder}/").code == 0
    return folder


def interrupted(words: list[object], ready: Path, number: int) -> tuple[int, str]:
    """Run a command, signal it once `ready` holds something, and wait: its exit code and stderr."""
    process = subprocess.Popen([sys.executable, "-m", "tui", *map(str, words)], stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 30
    while not (ready.exists() and len(list(ready.glob("*.gz"))) > 3) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(number)
    signaled = time.monotonic()
    _, err = process.communicate(timeout=30)
    assert time.monotonic() - signaled < 3, "cancelling does not wait for chunks to end"
    return process.returncode, err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_extract_is_resumable(archive: Path, whole: Path, tmp_path: Path, number: int) -> None:
    cut = f"{tmp_path}/cut/"
    code, err = interrupted(["scan", archive, "-m", SLOW, "-o", cut], Path(cut), number)
    assert code == 130
    sentence = err.splitlines()[-1]
    assert "--resume" in sentence
    assert json.loads((Path(cut) / "manifest.json").read_text())["finished"] is False
    _, *words = shlex.split(sentence.partition("resume with: ")[2])
    resumed = hourscope(*words, "--json")
    summary = json.loads(resumed.lines[-1])
    assert resumed.code == 0
    assert summary["kept"] > 0
    assert summary["matches"] == len(hourscope("scan", whole).lines)
    listing = "for f in *.gz; do echo $f; zcat $f; done | sha256sum"
    assert shell(listing, cwd=whole) == shell(listing, cwd=cut)


def test_kill_minus_nine_leaves_an_extract_that_resumes(archive: Path, whole: Path, tmp_path: Path) -> None:
    cut = f"{tmp_path}/cut/"
    code, _ = interrupted(["scan", archive, "-m", SLOW, "-o", cut], Path(cut), signal.SIGKILL)
    assert code == -signal.SIGKILL
    assert all(shell(f"gzip -t {path} && echo whole") for path in Path(cut).glob("*.gz")), (
        "no half file is ever visible"
    )
    resumed = hourscope("scan", archive, "-m", SLOW, "-o", cut, "--resume", "--json")
    assert resumed.code == 0
    assert hourscope("scan", cut).out == hourscope("scan", whole).out


def test_an_interrupted_file_is_kept_as_partial(archive: Path, whole: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    process = subprocess.Popen(
        [sys.executable, "-m", "tui", "scan", str(archive), "-m", SLOW, "-o", str(out)],
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 30
    while not any(path.stat().st_size for path in tmp_path.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert not out.exists()
    partial = tmp_path / "out.partial.jsonl"
    assert str(partial) in err
    records = partial.read_bytes().splitlines()
    everything = iter(hourscope("scan", whole).lines)
    assert records
    assert all(line in everything for line in records), "whole lines, in order, of the chunks that were being read"


def test_a_closed_pipe_ends_quietly(archive: Path) -> None:
    env = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {sys.executable} -m tui scan {archive} | head -n 2 | wc -l"],
        capture_output=True,
        env=env,
        check=False,
    )
    assert done.stdout.strip() == b"2"
    assert done.stderr == b""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_send_is_resumed_by_the_command_that_it_prints(
    archive: Path, nsqd: Nsqd, topic: str, number: int
) -> None:
    range_ = ("--from", "2015-01-12T03", "--to", "2015-01-12T05", "--timezone", "UTC")
    lines = hourscope("scan", archive, *range_, "-g", "heartbeat").lines
    words = [
        "send", str(archive), *range_, "-g", "heartbeat", "--rate", "100", "--yes",
        "--nsqd-tcp-address", nsqd.tcp_address, "--nsqd-http-address", nsqd.http_address, "--topic", topic,
    ]  # fmt: skip
    process = subprocess.Popen([sys.executable, "-m", "tui", *words], stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 30
    while not nsqd.stats(topic).message_count and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(number)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert 0 < nsqd.stats(topic).message_count < len(lines)
    _, *again = shlex.split(err.splitlines()[-1].partition("resume with: ")[2])
    resumed = hourscope(*again, "--rate", "100000", "--json")  # the slow rate was for the signal to come in time
    receipt = json.loads(resumed.lines[-1])
    assert (resumed.code, receipt["confirmed"], receipt["repeated"]) == (0, len(lines), 0)
    assert receipt["resumed"] > 0
    assert sorted(read_messages(nsqd, topic, len(lines))) == sorted(lines)
    assert nsqd.stats(topic).message_count == len(lines), "nothing twice"


def test_ctrl_c_while_modules_are_imported_shows_nothing() -> None:
    code = """
import os, signal, sys
class Interrupts:
    def find_spec(self, name, *_):
        if name == "tui.cli.group":
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupts())
from tui.__main__ import start
start()
"""
    done = subprocess.run([sys.executable, "-c", code, "--version"], capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")
