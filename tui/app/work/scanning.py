"""A scan as a screen sees it: the core's events, folded into snapshots a few times a second."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from tui.archive.times import spell_hour
from tui.archive.writer import file_of_lines, names_folder, partial_path
from tui.config import S3Options, state_dir
from tui.errors import ConfigError
from tui.scan import (
    ChunkDamaged,
    ChunkDone,
    ChunkKept,
    ChunkRestarted,
    ChunkStarted,
    Matches,
    Progress,
    ScanEvent,
    ScanPlan,
    Totals,
    open_extract,
    run_plan,
)
from tui.scan.order import written_to

INTERVAL = 0.25
KEPT_MATCHES = 200


@dataclass(frozen=True)
class ScanState:
    """How far a scan is. `marks` holds a sign for each chunk of the plan, in order."""

    chunks: int
    total_chunks: int
    bytes_compressed: int
    total_bytes: int
    bytes_of_lines: int
    records: int
    matches: int
    seconds: float
    marks: str
    matches_by_hour: Mapping[datetime, int]
    first: tuple[bytes, ...] = ()
    not_json: int = 0
    damaged: Mapping[str, str] = field(default_factory=dict)
    over: bool = False
    partial: bool = False

    @property
    def rate(self) -> float:
        """Bytes of lines a second."""
        return self.bytes_of_lines / self.seconds if self.seconds > 0 else 0.0

    @property
    def remaining(self) -> float | None:
        """Seconds to go, by the compressed bytes so far."""
        if self.over or not self.bytes_compressed or self.seconds < 0.3:
            return None
        return self.seconds * (self.total_bytes - self.bytes_compressed) / self.bytes_compressed


WAITING, RUNNING, DONE, EMPTY, DAMAGED, PARTIAL = "·", "▸", "✓", "-", "!", "✗"


def snapshots(plan: ScanPlan, events: Iterable[ScanEvent]) -> Iterator[ScanState]:
    """A snapshot at most every quarter of a second, one as soon as there are first matches, and one at the end."""
    totals = Totals()
    marks = dict.fromkeys((chunk.key for chunk in plan.chunks), WAITING)
    first: list[bytes] = []
    shown = 0.0
    for event in events:
        totals.add(event)
        _mark(marks, event)
        had = len(first)
        if isinstance(event, Matches) and had < KEPT_MATCHES:
            first += event.lines.split(b"\n")[:-1][: KEPT_MATCHES - had]
        now = time.monotonic()
        if now - shown >= INTERVAL or (not had and first):
            shown = now
            yield _state(plan, totals, marks, first)
    yield _state(plan, totals, marks, first, over=True)


def _mark(marks: dict[str, str], event: ScanEvent) -> None:
    match event:
        case ChunkStarted(chunk):
            marks[chunk.key] = RUNNING
        case ChunkDamaged(chunk):
            marks[chunk.key] = DAMAGED
        case ChunkDone(chunk, counts, _, partial) if marks[chunk.key] != DAMAGED:
            marks[chunk.key] = PARTIAL if partial else DONE if counts.matches else EMPTY
        case ChunkKept(chunk, counts) if marks[chunk.key] != DAMAGED:
            marks[chunk.key] = DONE if counts.matches else EMPTY
        case Progress() | Matches() | ChunkRestarted() | ChunkDone() | ChunkKept():
            pass


def _state(
    plan: ScanPlan, totals: Totals, marks: dict[str, str], first: list[bytes], *, over: bool = False
) -> ScanState:
    counts = totals.counts
    return ScanState(
        totals.chunks,
        len(plan.chunks),
        counts.bytes_compressed,
        plan.bytes_compressed,
        counts.bytes,
        counts.records,
        counts.matches,
        totals.seconds,
        "".join(marks.values()),
        dict(totals.matches_by_hour),
        tuple(first),
        counts.not_json,
        {event.chunk.key: event.damage.reason for event in totals.damaged},
        over,
        over and (totals.chunks < len(plan.chunks) or totals.partial > 0),
    )


@dataclass(frozen=True, slots=True)
class Power:
    """What does the work: so many chunks at a time (None: as many as suit), here or on a Dask cluster."""

    jobs: int | None = None
    dask: str | None = None

    @classmethod
    def read(cls, words: str) -> Power:
        """`8`, `tcp://HOST:PORT`, both or nothing, in any order; ConfigError if it is something else."""
        jobs = dask = None
        for word in words.split():
            if word.isdecimal() and int(word) > 0:
                jobs = int(word)
            elif re.fullmatch(r"(\w+://)?[^\s/]+:\d+", word):
                dask = word
            else:
                raise ConfigError(f"'{word}' is neither a number of jobs nor a scheduler such as tcp://HOST:8786")
        return cls(jobs, dask)

    def words(self) -> list[str]:
        """The command line's words for it."""
        return [*(["--jobs", str(self.jobs)] if self.jobs else []), *(["--dask", self.dask] if self.dask else [])]

    def __str__(self) -> str:
        return " ".join(filter(None, (str(self.jobs or ""), self.dask)))


def run(
    plan: ScanPlan, out: str, s3: S3Options, power: Power, *, resume: bool, cancel: threading.Event
) -> Iterator[ScanEvent]:
    """Scan into an extract (`out` names a folder or prefix) or into one file of lines."""
    if names_folder(out):
        extract = open_extract(out, plan, s3=s3, resume=resume)
        yield from run_plan(plan, jobs=power.jobs, dask=power.dask, cancel=cancel, extract=extract)
        return
    target = Path(out).expanduser()
    with file_of_lines(
        target, overwrite=False, final=lambda: partial_path(target) if cancel.is_set() else target
    ) as file:
        yield from written_to(file, run_plan(plan, jobs=power.jobs, dask=power.dask, cancel=cancel, strict=True))


def default_out(title: str, start: datetime) -> str:
    """A new folder for an extract, below the state folder, named by archive and hour."""
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", title.rstrip("/").rpartition("/")[2]).strip("-") or "archive"
    base = state_dir() / "extracts" / f"{name[:40]}.{spell_hour(start)}"
    number, path = 1, base
    while path.exists():
        number += 1
        path = base.with_name(f"{base.name}.{number}")
    return f"{path}/"
