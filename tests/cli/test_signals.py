"""SIGINT, SIGTERM and SIGHUP alike, in every state: a command that only reads ends within half a second (130)."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.command import hourscope, running_hourscope
from tests.support.fork_server import Command
from tests.support.nsqd import Nsqd
from tests.support.scripted_s3 import Answer, Request, ScriptedS3

SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
ENDS_WITHIN = 2.0  # seconds; half of one on a machine that does nothing else

# Doubles a list eighteen times, then takes half a second for each of 400 passes over it, all of it in Python.
ENDLESS = "[a,a]" + " | [@,@][]" * 18 + " | map(&length(to_string(@)), @)" * 400 + " | length(@) > `1`"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An archive whose first hour has a match, whose others keep ENDLESS busy."""
    source = tmp_path / "source"
    source.mkdir()
    for hour in range(4):
        (source / f"e.2015-01-20_{hour:02}.log").write_bytes(b'{"a":%d}\n' % hour)
    return source


@pytest.fixture
def stalled() -> Iterator[ScriptedS3]:
    """A bucket whose objects come half, and then nothing."""
    body = b"".join(b'{"n":%d}\n' % n for n in range(10_000))
    with ScriptedS3({f"e.2015-01-20_{hour:02}.log": body for hour in range(3)}) as s3:

        def answer(request: Request) -> Answer | None:
            usual = s3.usual(request)
            return Answer(usual.status, usual.body, usual.headers, stall=len(usual.body) // 2) if request.key else None

        s3.answer = answer
        yield s3


def signalled(
    words: Sequence[object],
    *numbers: int,
    env: Mapping[str, str] | None = None,
    ready: Callable[[Command], bool] | None = None,
) -> tuple[int, str, bytes, float]:
    """Start a command, signal it once it is `ready` (or at work): code, stderr, stdout, seconds to its end."""
    with running_hourscope(*words, env=env) as command:
        deadline = time.monotonic() + 30
        while not (ready or is_at_work)(command) and time.monotonic() < deadline and command.alive:
            time.sleep(0.02)
        time.sleep(0.3)
        assert command.alive, command.err
        began = time.monotonic()
        for number in numbers:
            os.kill(command.pid, number)
            time.sleep(0.1 if len(numbers) > 1 else 0)
        code = command.wait(20)
        return code, command.err.decode(), bytes(command.out), time.monotonic() - began


def is_at_work(command: Command | subprocess.Popen[bytes]) -> bool:
    """Return whether a process has used a quarter of a second, more than it needs to reach the expression."""
    pids = [str(command.pid)]
    with suppress(OSError):
        pids += Path(f"/proc/{command.pid}/task/{command.pid}/children").read_text().split()
    spent = 0
    for pid in pids:
        with suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
            spent = max(spent, int(fields[11]) + int(fields[12]))
    return spent > os.sysconf("SC_CLK_TCK") / 4


def waits(command: Command) -> bool:
    return b"waiting for" in command.err


def check_again(err: str, words: list[object]) -> None:
    """The last line is the command that runs it again."""
    line = err.splitlines()[-1]
    assert line.startswith("hourscope: interrupted"), err
    again = shlex.split(line.partition("run it again with: ")[2])
    assert again[:2] == ["hourscope", str(words[0])]
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("words", "number"),
    [
        *((("scan", "-g", "n", "--count"), number) for number in SIGNALS),
        (("scan", "-g", "n"), signal.SIGHUP),
        (("scan", "-g", "n", "--estimate"), signal.SIGTERM),
        *((("cat", "--hour", "2015-01-20T00"), number) for number in SIGNALS),
        (("verify",), signal.SIGHUP),
        (("doctor",), signal.SIGTERM),
    ],
)
def test_while_a_body_stalls(stalled: ScriptedS3, words: tuple[str, ...], number: int) -> None:
    line = [words[0], "s3://b/", *words[1:]]
    code, err, _, seconds = signalled(line, number, env=stalled.env, ready=lambda _: len(stalled.requests) > 1)
    assert code == 130
    assert seconds < ENDS_WITHIN
    check_again(err, line)


@pytest.mark.parametrize("number", SIGNALS)
def test_a_scan_shows_what_it_waits_for_while_a_body_stalls(stalled: ScriptedS3, number: int, tmp_path: Path) -> None:
    line = ["scan", "s3://b/", "-g", "n", "-o", f"{tmp_path}/extract/"]
    code, err, _, _ = signalled(line, number, env=stalled.env, ready=waits)
    said = err.splitlines()
    assert code == 130
    assert "hourscope: stopping: waiting for 3 chunks to be written" in said
    assert said[-1].startswith("hourscope: interrupted; resume with: ")


def test_a_file_is_kept_at_once_while_a_body_stalls(stalled: ScriptedS3, tmp_path: Path) -> None:
    line = ["scan", "s3://b/", "-g", "n", "-o", tmp_path / "found.jsonl"]
    code, err, _, seconds = signalled(line, signal.SIGTERM, env=stalled.env, ready=waits)
    assert (code, seconds < ENDS_WITHIN) == (130, True)
    assert "stopping" not in err
    assert "the matches so far are in" in err.splitlines()[-1]
    assert [path.name for path in tmp_path.iterdir()] == ["found.partial.jsonl"]


@pytest.mark.parametrize(
    ("words", "number"),
    [(("ls",), signal.SIGHUP), (("scan", "-g", "x"), signal.SIGTERM), (("doctor",), signal.SIGINT)],
)
def test_while_a_listing_does_not_come(stalled: ScriptedS3, words: tuple[str, ...], number: int) -> None:
    stalled.answer = lambda request: Answer(200, b"<ListBucketResult>", stall=0)
    line = [words[0], "s3://b/", *words[1:]]
    code, err, _, seconds = signalled(line, number, env=stalled.env, ready=lambda _: bool(stalled.requests))
    assert (code, seconds < ENDS_WITHIN) == (130, True)
    check_again(err, line)


@pytest.mark.parametrize(
    ("words", "number"),
    [
        (("--count", "--jobs", "1"), signal.SIGINT),
        (("--count", "--jobs", "2"), signal.SIGTERM),
        ((), signal.SIGHUP),
        (("--estimate",), signal.SIGTERM),
        (("-A", "1"), signal.SIGINT),
    ],
)
def test_while_an_expression_runs_for_ever(folder: Path, words: tuple[str, ...], number: int) -> None:
    line = ["scan", folder, "-m", ENDLESS, *words]
    code, err, _, seconds = signalled(line, number)
    assert (code, seconds < ENDS_WITHIN) == (130, True)
    check_again(err, line)


def test_in_cat_too(folder: Path) -> None:
    line = ["cat", folder, "--hour", "2015-01-20T01", "-m", ENDLESS, "--pretty"]
    code, err, _, seconds = signalled(line, signal.SIGTERM)
    assert (code, seconds < ENDS_WITHIN) == (130, True)
    check_again(err, line)


def test_processes_of_a_scan_end_with_it(tmp_path: Path) -> None:
    """They run an expression that does not end; their parent leaves at once."""
    for hour in range(2):
        lines = b"".join(b'{"a":"%s"}\n' % os.urandom(500).hex().encode() for _ in range(10_000))
        (tmp_path / f"e.2015-01-20_{hour:02}.log").write_bytes(lines)
    started = lambda _: bool(children(tmp_path))  # noqa: E731
    line = ["scan", tmp_path, "-m", ENDLESS, "--count", "--jobs", "2"]
    code, _, _, seconds = signalled(line, signal.SIGINT, ready=started, env={"HOURSCOPE_TEST_MARK": str(tmp_path)})
    assert (code, seconds < ENDS_WITHIN) == (130, True)
    deadline = time.monotonic() + 10
    while children(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not children(tmp_path)


def children(mark: Path) -> list[str]:
    """The processes of a scan that have the mark in their environment."""
    processes = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if (
                b"scan.child" in (entry / "cmdline").read_bytes()
                and str(mark).encode() in (entry / "environ").read_bytes()
            ):
                processes.append(entry.name)
        except OSError:  # it has ended
            continue
    return processes


@pytest.mark.parametrize("number", SIGNALS)
def test_a_file_keeps_what_was_found_though_a_chunk_does_not_end(folder: Path, tmp_path: Path, number: int) -> None:
    out = tmp_path / "out.jsonl"
    expression = f"a == `0` || ({ENDLESS})"
    code, err, _, seconds = signalled(["scan", folder, "-m", expression, "-o", out, "--jobs", "1"], number)
    assert (code, seconds < 10) == (130, True)
    assert "the matches so far are in" in err.splitlines()[-1]
    assert (tmp_path / "out.partial.jsonl").read_bytes() == b'{"a":0}\n'
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize("number", [signal.SIGHUP])
def test_an_extract_can_be_resumed_though_a_body_stalls(stalled: ScriptedS3, tmp_path: Path, number: int) -> None:
    out = f"{tmp_path}/out/"
    words = ["scan", "s3://b/", "-g", "n", "-o", out]
    code, err, _, seconds = signalled(words, number, env=stalled.env, ready=lambda _: len(stalled.requests) > 1)
    assert (code, seconds < 10) == (130, True)
    _, *again = shlex.split(err.splitlines()[-1].partition("with: ")[2])
    assert "--resume" in again
    stalled.answer = lambda request: None
    assert hourscope(*again, env=stalled.env).code == 0
    assert len(hourscope("scan", out).lines) == 30_000


@pytest.mark.parametrize(("out", "number"), [("out.jsonl.gz", signal.SIGINT), ("-", signal.SIGTERM)])
def test_a_send_into_a_file_ends_though_a_body_stalls(
    stalled: ScriptedS3, tmp_path: Path, out: str, number: int
) -> None:
    """A file is there whole or not at all; the records of the sound chunks are on stdout."""
    stall = stalled.answer
    stalled.answer = lambda request: stall(request) if "_01" in request.key else None
    to = out if out == "-" else str(tmp_path / out)
    line = ["send", "s3://b/", "-o", to]
    code, err, sent, seconds = signalled(
        line, number, env=stalled.env, ready=lambda _: any("_01" in request.key for request in stalled.requests)
    )
    assert (code, seconds < ENDS_WITHIN) == (130, True)
    check_again(err, line)
    assert list(tmp_path.iterdir()) == []
    assert sent.count(b"\n") >= (10_000 if out == "-" else 0)


@pytest.mark.nsq
def test_a_send_to_nsq_ends_though_a_body_stalls(stalled: ScriptedS3, nsqd: Nsqd, topic: str) -> None:
    """In its second pass: what is confirmed is in the journal, and the command that resumes it is printed."""
    stall, seen = stalled.answer, list[Request]()

    def answer(request: Request) -> Answer | None:
        if "_01" not in request.key:
            return None
        seen.append(request)
        return stall(request) if len(seen) > 1 else None

    stalled.answer = answer
    line = ["send", "s3://b/", "--nsqd-tcp-address", nsqd.tcp_address, "--topic", topic, "--yes"]
    code, err, _, seconds = signalled(line, signal.SIGTERM, env=stalled.env, ready=lambda _: len(seen) > 1)
    assert (code, seconds < 10) == (130, True)
    assert "resume with: hourscope send s3://b/" in err.splitlines()[-1]


@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGHUP])
def test_a_second_signal_ends_it_at_once(folder: Path, tmp_path: Path, second: int) -> None:
    line = ["scan", folder, "-m", ENDLESS, "-o", tmp_path / "out.jsonl", "--jobs", "1"]
    code, err, _, seconds = signalled(line, signal.SIGINT, second)
    assert (code, seconds < 1.5) == (130, True)
    check_again(err, line)


def test_a_terminal_that_goes_away_sends_two_hangups(folder: Path, tmp_path: Path) -> None:
    """One from the kernel, one from the shell: not a second ctrl-c by the user."""
    line = ["scan", folder, "-m", ENDLESS, "-o", tmp_path / "out.jsonl", "--jobs", "1"]
    code, _, _, _ = signalled(line, signal.SIGHUP, signal.SIGHUP)
    assert code == 130
    assert (tmp_path / "out.partial.jsonl").exists()


def test_nohup_is_heeded(folder: Path) -> None:
    script = "trap '' HUP; exec \"$@\""
    command = [sys.executable, "-m", "tui", "scan", str(folder), "-m", ENDLESS, "--count"]
    process = subprocess.Popen(["sh", "-c", script, "sh", *command], stdout=subprocess.DEVNULL)
    while not is_at_work(process):
        time.sleep(0.02)
    process.send_signal(signal.SIGHUP)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(1.0)
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 130


def test_what_was_printed_before_is_not_lost(folder: Path) -> None:
    """Lines in stdout's buffer, when the process has to end itself."""
    code, _, out, _ = signalled(["scan", folder, "-m", f"a == `0` || ({ENDLESS})", "--jobs", "1"], signal.SIGINT)
    assert (code, out) == (130, b'{"a":0}\n')


class TestStalls:
    def test_one_is_reported_once_without_a_terminal(self, stalled: ScriptedS3) -> None:
        line = ["scan", "s3://b/", "-g", "n", "--count"]
        _, err, _, _ = signalled(line, signal.SIGINT, env=stalled.env, ready=waits)
        waiting = [line for line in err.splitlines() if "waiting for" in line]
        assert len(waiting) == 1
        assert waiting[0].startswith("hourscope: waiting for s3://b/e.2015-01-20_0")
        assert waiting[0].endswith("no data for 3 s")

    def test_a_stalled_listing_is_reported(self, stalled: ScriptedS3) -> None:
        stalled.answer = lambda request: Answer(200, b"<ListBucketResult>", stall=0)
        _, err, _, _ = signalled(["ls", "s3://b/"], signal.SIGINT, env=stalled.env, ready=waits)
        assert "waiting for the listing of s3://b/: no data for 3 s" in err

    def test_a_process_of_a_scan_reports_it_too(self, stalled: ScriptedS3) -> None:
        body = b'{"n":"%s"}\n' % (b"x" * 1000) * 20_000
        stalled.objects = dict.fromkeys(stalled.objects, body)
        _, err, _, _ = signalled(
            ["scan", "s3://b/", "-m", "n == 'x'", "--count"], signal.SIGINT, env=stalled.env, ready=waits
        )
        assert "hourscope: waiting for s3://b/e.2015-01-20_0" in err

    def test_its_name_is_escaped(self, stalled: ScriptedS3) -> None:
        stalled.objects = {"e\u202e.2015-01-20_13.log": b"x" * 1000}
        _, err, _, _ = signalled(["scan", "s3://b/", "-g", "n", "--count"], signal.SIGINT, env=stalled.env, ready=waits)
        assert "waiting for s3://b/e\\u202e.2015" in err
