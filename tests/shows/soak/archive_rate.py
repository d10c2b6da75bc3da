"""The archiver's rate and memory for a backlog, compared with nsq_to_file -gzip."""

from __future__ import annotations

import gzip
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from tests.shows.soak.command import environment
from tests.shows.soak.data import number_of
from tests.shows.soak.show import Result, Stage, Table, at_least, at_most, exactly
from tests.support.nsqd import Nsqd
from tui.demo import SampleSpec, torn_chunk_of, write_sample

_ONE, _TWO = "hourscope archive", "hourscope archive --processes 2"
_THEIRS, _QUICK = "nsq_to_file -gzip", "nsq_to_file -gzip -gzip-level 1"
_MEMORY = 200_000_000
_AT_ONCE = 5_000
_AGENT = b"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/39.0 Safari/537.36 " * 4


@dataclass
class _Runner:
    name: str
    rates: list[float] = field(default_factory=list)
    memory: int = 0
    missing: int = 0

    @property
    def rate(self) -> float:
        return median(self.rates)


def archive_rate(stage: Stage, *, count: int = 1_000_000, size: int = 500, rounds: int = 3) -> Result:
    """Fill the topic, start a contestant, and measure the time until all messages are delivered."""
    runners = [_Runner(_ONE), _Runner(_TWO), _Runner(_THEIRS), _Runner(_QUICK)]
    sample = _sample(stage.folder / "sample")
    with stage.nsqd({"mem-queue-size": 2 * count}) as nsqd:
        for number in range(rounds):
            for runner in runners:
                topic = f"t{number}-{runners.index(runner)}"
                _fill(nsqd, topic, sample, count, size)
                _run(stage, runner, nsqd, topic, count)
    one, two, theirs, _ = runners
    return Result(
        f"a backlog of {count:,} messages of {size} B",
        "The whole program from its start until nsqd has no messages left to deliver, into gzip files in a folder, "
        "with the program's default settings, but 2,500 in flight for each; contestants take turns, rates are medians. "
        "(The time until the last messages are finished is not included: nsq_to_file waits for its sync every 30 s.) "
        "The messages are records of the sample archive, each with a number. Memory is the maximum of all processes "
        "of a program together (resident).",
        [
            at_least("one process, against nsq_to_file -gzip", one.rate / theirs.rate, 0.5, "×"),
            at_least("--processes 2, against nsq_to_file -gzip", two.rate / theirs.rate, 0.9, "×"),
            at_most("memory of one process", one.memory / 1e6, _MEMORY / 1e6, " MB"),
            at_most("memory of --processes 2, each", two.memory / 3e6, _MEMORY / 1e6, " MB"),
            exactly("missing in all files", sum(runner.missing for runner in runners), 0),
        ],
        Table(
            ("", "runs", "messages/s", "slowest", "fastest", "memory, MB"),
            [_row(runner) for runner in runners],
        ),
    )


def _sample(folder: Path) -> list[bytes]:
    """Return some ten thousand records of the sample archive."""
    written = list(write_sample(folder, SampleSpec(hours=24, records_per_hour=1_000)))
    torn = torn_chunk_of(SampleSpec(hours=24, records_per_hour=1_000))
    whole = (chunk.path.read_bytes() for chunk in written if chunk.key != torn)
    return [line for data in whole for line in gzip.decompress(data).splitlines()]


def _fill(nsqd: Nsqd, topic: str, sample: Sequence[bytes], count: int, size: int) -> None:
    nsqd.create_channel(topic, "archive")
    for first in range(0, count, _AT_ONCE):
        numbers = range(first, min(first + _AT_ONCE, count))
        nsqd.publish(topic, (_message(number, sample[number % len(sample)], size) for number in numbers))


def _message(number: int, line: bytes, size: int) -> bytes:
    """Return the line with its number, padded to the size."""
    start, end = b'{"n":%d,' % number + line[1:-1], b'"}'
    filling = b',"agent":"' + _AGENT
    return start[: size - len(end)] + filling[: max(0, size - len(start) - len(end))] + end


def _run(stage: Stage, runner: _Runner, nsqd: Nsqd, topic: str, count: int) -> None:
    out = stage.folder / f"out-{topic}"
    out.mkdir()
    began = time.perf_counter()
    with (stage.folder / f"{topic}.log").open("wb") as log:
        process = subprocess.Popen(
            _words(stage, runner.name, nsqd, topic, out),
            env=environment(stage.folder),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        runner.memory = max(runner.memory, _watch(process, nsqd, topic, count))
        seconds = time.perf_counter() - began
        process.terminate()
        process.wait(60)
    runner.rates.append(count / seconds)
    runner.missing += count - _distinct(out.rglob("*.gz"), count)
    nsqd.request("POST", f"/topic/delete?topic={topic}")
    stage.say(f"{runner.name}: {count / seconds:,.0f} messages/s")


def _words(stage: Stage, name: str, nsqd: Nsqd, topic: str, out: Path) -> list[str]:
    place = ["--topic", topic, "--channel", "archive"]
    if name in (_THEIRS, _QUICK):
        words = [str(stage.programs.nsq_to_file), *name.split()[1:], "-output-dir", str(out), "-max-in-flight", "2500"]
        return [*words, "-topic", topic, "-channel", "archive", "-nsqd-tcp-address", nsqd.tcp_address]
    words = [sys.executable, "-m", "tui", "archive", f"{out}/", *place, "--nsqd-tcp-address", nsqd.tcp_address]
    spool = stage.folder / f"spool-{topic}"
    return [*words, "--spool", str(spool), *(["--processes", "2"] if name == _TWO else [])]


def _watch(process: subprocess.Popen[bytes], nsqd: Nsqd, topic: str, count: int) -> int:
    """Wait until everything is delivered; return the maximum memory in bytes."""
    memory = 0
    while True:
        channel = nsqd.stats(topic).channels["archive"]
        if channel.message_count == count and not channel.depth:
            return memory
        if process.poll() is not None:
            raise RuntimeError(f"it ended with {process.returncode} before all was taken")
        memory = max(memory, sum(map(_resident, _family(process.pid))))
        time.sleep(0.02)


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(one for child in children for one in _family(int(child)))]


def _resident(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:")), 0)


def _distinct(files: Iterable[Path], count: int) -> int:
    seen = bytearray(count)
    for path in files:
        with gzip.open(path, "rb") as lines:
            for line in lines:
                seen[number_of(line)] = 1
    return sum(seen)


def _row(runner: _Runner) -> list[str]:
    rates = [runner.rate, min(runner.rates), max(runner.rates)]
    return [runner.name, f"{len(runner.rates)}", *(f"{rate:,.0f}" for rate in rates), f"{runner.memory / 1e6:.0f}"]
