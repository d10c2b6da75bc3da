"""Timing commands that take turns, on a machine that others may be using."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from tests.shows.benchmarks import canonical

_TICK = os.sysconf("SC_CLK_TCK")
_NOISY = 0.10
"""A run is repeated if other processes used more than this share of the machine."""
_REPEATS = 2
_CALM = 0.10
"""A run waits until the use of the machine is below this share."""


@dataclass(frozen=True)
class Run:
    """One run: wall-clock seconds, CPU seconds, and the share of the machine that other processes used."""

    seconds: float
    cpu: float
    foreign: float
    answer: str


@dataclass(eq=False)
class Contestant:
    """A command for bash, and its measurements. `read` converts its output to a number, its answer to `question`."""

    name: str
    command: str
    needs: Sequence[str] = ()  # programs
    question: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    index: Path | None = None  # a cache folder of which every run gets a copy
    repeat: int = 1  # runs per round, for very short commands
    rounds: int | None = None  # fewer than the others, for slow commands that are far behind
    answers: bool = True  # False: it counts nothing
    read: Callable[[str], int] = canonical.number
    printed: str = ""  # output of its last run
    runs: list[Run] = field(default_factory=list)
    failure: str = ""
    missing: str = ""  # a needed program that is not installed

    @property
    def seconds(self) -> float:
        return median(run.seconds for run in self.runs)

    @property
    def cpu(self) -> float:
        return median(run.cpu for run in self.runs)

    @property
    def answer(self) -> str:
        """The answer of all its runs; several answers if they differ."""
        return " or ".join(sorted({run.answer for run in self.runs}))


class Bench:
    """Runs contestants. Waiting for a calm machine and repeated runs take at most `patience` seconds in total."""

    def __init__(self, patience: float, timeout: float) -> None:
        self.noisy = 0
        self._patience = patience
        self._timeout = timeout

    def take_turns(self, contestants: Sequence[Contestant], rounds: int) -> None:
        """Run them round robin, so that a temporary slowdown of the machine affects all of them."""
        for number in range(rounds):
            for turn in range(max(contestant.repeat for contestant in contestants)):
                for contestant in contestants:
                    late = number >= (contestant.rounds or rounds) or turn >= contestant.repeat
                    if not (contestant.failure or contestant.missing or late):
                        self._wait_for_calm()
                        self._measure(contestant)
            _say(f"round {number + 1} of {rounds}", contestants)

    def _measure(self, contestant: Contestant) -> None:
        best: Run | None = None
        for _ in range(1 + _REPEATS):
            run = self._once(contestant)
            if run is None:
                return
            if best is None or run.foreign < best.foreign:
                best = run
            if best.foreign <= _NOISY or best.seconds < 0.5 or self._patience <= run.seconds:
                break
            self._patience -= run.seconds
        if best is not None:
            self.noisy += best.foreign > _NOISY
            contestant.runs.append(best)

    def _once(self, contestant: Contestant) -> Run | None:
        """Run with a separate cache, so that no run uses the results of another."""
        with tempfile.TemporaryDirectory(prefix="bench-cache-") as cache:
            if contestant.index:
                shutil.copytree(contestant.index, cache, dirs_exist_ok=True)
            fresh = {"XDG_CACHE_HOME": cache, "XDG_CONFIG_HOME": f"{cache}/config", "LC_ALL": "C.UTF-8"}
            return self._timed(contestant, fresh)

    def _timed(self, contestant: Contestant, fresh: Mapping[str, str]) -> Run | None:
        servers = _servers()
        cpu, busy, served, began = _children(), _busy(), _used(servers), time.perf_counter()
        process = subprocess.Popen(
            ["bash", "-c", contestant.command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **fresh, **contestant.env},
            start_new_session=True,
        )
        try:
            out, complaint = process.communicate(timeout=self._timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            contestant.failure = f"not done after {self._timeout:.0f} s"
            return None
        seconds = time.perf_counter() - began
        cpu = _children() - cpu
        foreign = max(0.0, _busy() - busy - cpu - (_used(servers) - served)) / seconds / (os.cpu_count() or 1)
        contestant.printed = out
        try:
            answer = str(contestant.read(out)) if contestant.answers else ""
        except (ValueError, LookupError, TypeError) as error:
            contestant.failure = (complaint.strip() or str(error))[-200:]
            return None
        return Run(seconds, cpu, foreign, answer)

    def _wait_for_calm(self) -> None:
        while self._patience > 0:
            busy, began = _busy(), time.monotonic()
            time.sleep(0.15)
            if (_busy() - busy) / (time.monotonic() - began) <= _CALM * (os.cpu_count() or 1):
                return
            time.sleep(1)
            self._patience -= time.monotonic() - began


def _busy() -> float:
    """Return the busy CPU seconds of the whole machine."""
    words = Path("/proc/stat").read_text().split(maxsplit=9)
    user, nice, system, _, _, irq, softirq, steal = map(int, words[1:9])
    return (user + nice + system + irq + softirq + steal) / _TICK


def _servers() -> list[int]:
    """Return server processes started by the benchmark: their work belongs to the contestant."""
    return [int(pid) for task in Path("/proc/self/task").glob("*/children") for pid in task.read_text().split()]


def _used(processes: Sequence[int]) -> float:
    """Return the CPU seconds that the processes have used."""
    words = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in processes]
    return sum(int(stat[11]) + int(stat[12]) for stat in words) / _TICK


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _say(what: str, contestants: Sequence[Contestant]) -> None:
    times = ", ".join(f"{c.name} {c.runs[-1].seconds:.2f}" for c in contestants if c.runs)
    print(f"bench: {what}: {times} s", file=sys.stderr)
