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
"""A run is repeated if others used more than this share of the machine meanwhile."""
_REPEATS = 2
_CALM = 0.10
"""A run waits until the machine is used less than this."""


@dataclass(frozen=True)
class Run:
    """One run: seconds of the clock, seconds of CPU, the share of the machine that others used meanwhile."""

    seconds: float
    cpu: float
    foreign: float
    answer: str


@dataclass(eq=False)
class Contestant:
    """A command for bash, and what it took. `read` makes a number of what it prints: its answer to `question`."""

    name: str
    command: str
    needs: Sequence[str] = ()  # programs
    question: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    index: Path | None = None  # a cache folder that every run gets a copy of
    repeat: int = 1  # runs in a round, for what is over in no time
    rounds: int | None = None  # fewer than the others, for what takes long and is far off
    answers: bool = True  # False: it counts nothing
    read: Callable[[str], int] = canonical.number
    printed: str = ""  # by its last run
    runs: list[Run] = field(default_factory=list)
    failure: str = ""
    missing: str = ""  # what it needs and is not here

    @property
    def seconds(self) -> float:
        return median(run.seconds for run in self.runs)

    @property
    def cpu(self) -> float:
        return median(run.cpu for run in self.runs)

    @property
    def answer(self) -> str:
        """What all its runs said; several, if they did not agree."""
        return " or ".join(sorted({run.answer for run in self.runs}))


class Bench:
    """Runs contestants. At most `patience` seconds in all go into waiting for a calm machine and into repeated runs."""

    def __init__(self, patience: float, timeout: float) -> None:
        self.noisy = 0
        self._patience = patience
        self._timeout = timeout

    def take_turns(self, contestants: Sequence[Contestant], rounds: int) -> None:
        """Round robin, so that whatever slows the machine down for a while slows all of them down."""
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
        """With a cache of its own, so that no run is answered by what another has read."""
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
    """CPU seconds that the whole machine was busy."""
    words = Path("/proc/stat").read_text().split(maxsplit=9)
    user, nice, system, _, _, irq, softirq, steal = map(int, words[1:9])
    return (user + nice + system + irq + softirq + steal) / _TICK


def _servers() -> list[int]:
    """The processes that were started here and go on: their work is the contestant's, not a stranger's."""
    return [int(pid) for task in Path("/proc/self/task").glob("*/children") for pid in task.read_text().split()]


def _used(processes: Sequence[int]) -> float:
    """CPU seconds that they used so far."""
    words = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in processes]
    return sum(int(stat[11]) + int(stat[12]) for stat in words) / _TICK


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _say(what: str, contestants: Sequence[Contestant]) -> None:
    times = ", ".join(f"{c.name} {c.runs[-1].seconds:.2f}" for c in contestants if c.runs)
    print(f"bench: {what}: {times} s", file=sys.stderr)
