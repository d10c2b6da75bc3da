"""The rate of a confirmed send, compared with to_nsq, MPUB by curl, and go-nsq."""

from __future__ import annotations

import os
import resource
import shlex
import shutil
import struct
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from tests.shows.soak.command import environment, send_words
from tests.shows.soak.data import tally, write_records
from tests.shows.soak.show import Check, Result, Stage, Table, at_least, exactly
from tests.support.nsqd import Nsqd

_BATCH = 100
_OURS, _CURL, _GO, _TO_NSQ = "hourscope send", "curl, /mpub of 100", "go-nsq, MultiPublish of 100", "to_nsq"


@dataclass
class _Runner:
    name: str
    command: list[str]
    stdin: Path | None = None
    rates: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    missing: int = 0
    extra: int = 0

    @property
    def rate(self) -> float:
        return median(self.rates)


def send_rate(
    stage: Stage,
    *,
    count: int = 1_000_000,
    size: int = 500,
    rounds: int = 2,
    slow_rounds: int = 1,
    with_go: bool = True,
) -> Result:
    """Contestants take turns, each with its own topic in one nsqd; messages are counted after every run, unmeasured."""
    source = write_records(stage.folder / "records.jsonl", count, size)
    bodies = _bodies(stage.folder / "bodies", source)
    program = _multipublish(stage) if with_go else None
    with stage.nsqd() as nsqd:
        runners = _contest(stage, _runners(stage, source, nsqd, bodies, program), nsqd, count, rounds, slow_rounds)
    with stage.nsqd({"mem-queue-size": 2 * count}, "memory") as nsqd:
        quick = _contest(stage, _runners(stage, source, nsqd, bodies, program), nsqd, count, 1, 0)
    ours, *others = runners
    return Result(
        f"{count:,} messages of {size} B",
        "The whole command with its start-up, survey and journal, compared with nsqio's `to_nsq` reading the same "
        "file, a Go program that reads it and calls go-nsq's `MultiPublish`, and HTTP `/mpub` by curl: one process "
        "with one persistent connection, and bodies that were framed before the clock started. Contestants take turns "
        "with a default nsqd; rates are medians, from start to exit. After each run a consumer reads and counts every "
        "message.",
        [
            *(_against(ours, other) for other in others),
            exactly("missing, in all runs", ours.missing + quick[0].missing, 0),
            exactly("doubled, in all runs", ours.extra + quick[0].extra, 0),
        ],
        Table(
            ("", "runs", "messages/s", "slowest", "fastest", "its CPU, s", "missing", "doubled"),
            [*map(_row, runners), *(_row(runner, ", nsqd all in memory") for runner in quick)],
        ),
        "By default nsqd keeps 10,000 messages in memory and writes the others to disk, which bounds what a client "
        "can reach. With a larger `-mem-queue-size`, nsqd accepts more than one Python process sends; those "
        "rows are for information.",
    )


def _against(ours: _Runner, other: _Runner) -> Check:
    return at_least(f"rate, of that of {other.name}", ours.rate / other.rate, 4 if other.name == _TO_NSQ else 0.8, "×")


def _contest(
    stage: Stage, runners: list[_Runner], nsqd: Nsqd, count: int, rounds: int, slow_rounds: int
) -> list[_Runner]:
    for number in range(rounds):
        for runner in runners:
            if runner.name != _TO_NSQ or number < slow_rounds:
                _run(stage, runner, nsqd, count)
    return [runner for runner in runners if runner.rates]


def _runners(stage: Stage, source: Path, nsqd: Nsqd, bodies: list[Path], program: Path | None) -> list[_Runner]:
    """`{topic}` in a command is its run's topic."""
    to_nsq = [str(stage.programs.to_nsq), "-topic", "{topic}", "-nsqd-tcp-address", nsqd.tcp_address]
    runners = [
        _Runner(_OURS, send_words(source, nsqd, "{topic}")),
        _Runner(_CURL, _curl(stage.folder / f"curl-{nsqd.tcp_port}", nsqd, bodies)),
        _Runner(_TO_NSQ, to_nsq, source),
    ]
    if program:
        runners.insert(2, _Runner(_GO, [str(program), nsqd.tcp_address, "{topic}"], source))
    return runners


def _multipublish(stage: Stage) -> Path | None:
    """Build the Go program; None without Go."""
    go, program = shutil.which("go"), stage.folder / "multipublish"
    if go is None:
        stage.say("there is no Go here: go-nsq is left out")
        return None
    source = Path(__file__).parent / "multipublish"
    settings = {**os.environ, "CGO_ENABLED": "0", "GOWORK": "off"}
    subprocess.run([go, "build", "-o", program, "."], cwd=source, env=settings, check=True)
    return program


def _bodies(folder: Path, source: Path) -> list[Path]:
    """Write the bodies of the binary /mpub to files, which stand for a program's memory."""
    folder.mkdir()
    made = []
    with source.open("rb") as lines:
        while batch := [line[:-1] for _, line in zip(range(_BATCH), lines, strict=False)]:
            path = folder / f"{len(made):06d}"
            framed = b"".join(struct.pack(">I", len(record)) + record for record in batch)
            path.write_bytes(struct.pack(">I", len(batch)) + framed)
            made.append(path)
    return made


def _curl(config: Path, nsqd: Nsqd, bodies: list[Path]) -> list[str]:
    """Return one curl for all requests, with a config file, because a command line would be too long."""
    url = f'url = "http://{nsqd.http_address}/mpub?topic=@TOPIC@&binary=true"'
    requests = [f'{url}\ndata-binary = "@{body}"\noutput = /dev/null\nfail' for body in bodies]
    config.write_text("\n".join(["silent", "show-error", 'header = "Expect:"', "\nnext\n".join(requests)]) + "\n")
    script = 'sed "s/@TOPIC@/$1/" "$0" | curl --noproxy "*" --config -'
    return ["bash", "-c", script, str(config), "{topic}"]


def _run(stage: Stage, runner: _Runner, nsqd: Nsqd, count: int) -> None:
    topic = f"t{time.monotonic_ns()}"
    command = [word.replace("{topic}", topic) for word in runner.command]
    used, began = _cpu(), time.perf_counter()
    with (runner.stdin or Path("/dev/null")).open("rb") as stdin:
        done = subprocess.run(
            command, stdin=stdin, capture_output=True, text=True, env=environment(stage.folder), check=False
        )
    seconds, used = time.perf_counter() - began, _cpu() - used
    if done.returncode:
        raise RuntimeError(f"{shlex.join(command)[:200]} failed: {done.stderr.strip()[-500:]}")
    tallied = tally(nsqd, topic, count)
    nsqd.request("POST", f"/topic/delete?topic={topic}")
    runner.rates.append(count / seconds)
    runner.cpu.append(used)
    runner.missing += tallied.missing
    runner.extra += tallied.extra
    stage.say(f"{runner.name}: {count / seconds:,.0f} messages/s")


def _cpu() -> float:
    """Return the CPU seconds of ended children, which exclude nsqd."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _row(runner: _Runner, note: str = "") -> list[str]:
    rates = [runner.rate, min(runner.rates), max(runner.rates)]
    return [
        runner.name + note,
        f"{len(runner.rates)}",
        *(f"{rate:,.0f}" for rate in rates),
        f"{median(runner.cpu):.1f}",
        f"{runner.missing:,}",
        f"{runner.extra:,}",
    ]
