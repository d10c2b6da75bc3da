"""A scan for the screen: the core's events, folded into snapshots a few times per second."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from textual.message import Message

from tui.analysis.known import known_from, remembered
from tui.app.model.cargo import cargo_of_extract
from tui.app.model.hours import Selection
from tui.app.scan.form import ScanForm
from tui.archive.store import is_s3
from tui.archive.writer import file_of_lines, names_folder, partial_path
from tui.errors import HourscopeError
from tui.facts import Fact
from tui.history.entries import noted_scan
from tui.history.extracts import ScanWork, recorded_scan
from tui.history.log import Reporter
from tui.index import open_index
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
from tui.scan.estimate import Estimate, estimate
from tui.scan.heads import heads
from tui.scan.order import written_to
from tui.send import survey
from tui.send.facts import value_facts

INTERVAL = 0.25
KEPT_MATCHES = 200
_MAX_SURVEYED = 50_000  # matches
_SAMPLE_CHUNKS, _SAMPLE_RECORDS = 8, 200  # records per chunk


@dataclass(frozen=True)
class ScanState:
    """The progress of a scan. `marks`: a sign for each chunk of the plan, in order. `total_bytes`: to be fetched."""

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
    damaged: tuple[ChunkDamaged, ...] = ()
    warnings: tuple[str, ...] = ()
    hours: int = 0
    over: bool = False
    partial: bool = False
    skipped: int = 0  # chunks without a match according to the index

    @property
    def share(self) -> float:
        """The completed share of the range, 0 to 1."""
        return self.bytes_compressed / self.total_bytes if self.total_bytes else 0.0

    @property
    def rate(self) -> float:
        """Bytes of lines per second."""
        return self.bytes_of_lines / self.seconds if self.seconds > 0 else 0.0

    @property
    def remaining(self) -> float | None:
        """Seconds to go, by the compressed bytes so far."""
        if self.over or not self.bytes_compressed or self.seconds < 0.3:
            return None
        return self.seconds * (self.total_bytes - self.bytes_compressed) / self.bytes_compressed

    def known_hours(self, plan: ScanPlan, hours: Selection) -> frozenset[datetime]:
        """Return the hours whose chunks were all read, including hours without chunks."""
        waiting = {chunk.hour for chunk, mark in zip(plan.chunks, self.marks, strict=True) if mark in "·▸✗"}
        return frozenset(hour for hour in hours.hours() if hour not in waiting)


WAITING, RUNNING, DONE, EMPTY, DAMAGED, PARTIAL = "·", "▸", "✓", "-", "!", "✗"


def snapshots(plan: ScanPlan, events: Iterable[ScanEvent]) -> Iterator[ScanState]:
    """Yield a snapshot at most every quarter of a second, at the first matches, and at the end."""
    totals = Totals()
    marks = dict.fromkeys((chunk.key for chunk in plan.chunks), WAITING)
    first: list[bytes] = []
    shown, skipped = 0.0, 0  # when one was yielded last, and bytes that need not be fetched
    for event in events:
        totals.add(event)
        skipped += event.chunk.size if isinstance(event, ChunkDone) and event.skipped else 0
        _mark(marks, event)
        had = len(first)
        if isinstance(event, Matches) and had < KEPT_MATCHES:
            first += event.records()[: KEPT_MATCHES - had]
        now = time.monotonic()
        if now - shown >= INTERVAL or (not had and first):
            shown = now
            yield _state(plan, totals, marks, first, skipped)
    yield _state(plan, totals, marks, first, skipped, over=True)


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
    plan: ScanPlan, totals: Totals, marks: dict[str, str], first: list[bytes], skipped: int, *, over: bool = False
) -> ScanState:
    counts, done = totals.counts, totals.chunks + totals.skipped
    return ScanState(
        done,
        len(plan.chunks),
        counts.bytes_compressed,
        plan.bytes_compressed - skipped,
        counts.bytes,
        counts.records,
        counts.matches,
        totals.seconds,
        "".join(marks.values()),
        dict(totals.matches_by_hour),
        tuple(first),
        counts.not_json,
        tuple(totals.damaged),
        tuple(totals.warnings()),
        plan.hours,
        over,
        over and (done < len(plan.chunks) or totals.partial > 0),
        totals.skipped,
    )


def run(form: ScanForm, report: Reporter, *, resume: bool, cancel: threading.Event) -> Iterator[ScanEvent]:
    """Scan into an extract (if `out` is a folder or prefix) or into one file of lines; record it in the history."""
    session = form.session
    events = _scan(form, report, resume=resume, cancel=cancel)
    return noted_scan(events, form.plan, "\n".join(form.commands), form.out, session.notebook, report)


def _scan(form: ScanForm, report: Reporter, *, resume: bool, cancel: threading.Event) -> Iterator[ScanEvent]:
    """Scan without reading chunks that have no match according to the index; store the other chunks' counts there."""
    plan, out, power, location = form.plan, form.out, form.power, form.session.location
    folder = names_folder(out)
    extract = open_extract(out, plan, s3=form.session.s3, resume=resume) if folder else None
    with (
        open_index(plan.archive) as index,
        closing(  # if its matches cannot be written
            run_plan(
                plan,
                jobs=power.jobs,
                dask=power.dask,
                cancel=cancel,
                extract=extract,
                strict=not folder,
                exact=True,
                known=known_from(index, plan.chunks),
            )
        ) as scanned,
    ):
        events = remembered(scanned, index, plan.filter)
        if extract is not None:
            yield from recorded_scan(events, ScanWork(plan, extract, location.title, location.url, form.words), report)
            return
        target = Path(out).expanduser()
        with file_of_lines(
            target, overwrite=False, final=lambda: partial_path(target) if cancel.is_set() else target
        ) as file:
            yield from written_to(file, events)


@dataclass
class Hinted(Message):
    """Hints why nothing of a plan may have matched."""

    plan: ScanPlan
    hints: tuple[str, ...]


@dataclass
class Estimated(Message):
    """The estimate of a form's plan; or `trouble`, if the sample could not be read.

    `form` is `asked` with the field of the records' time, if it needs one.
    """

    asked: ScanForm
    form: ScanForm
    estimate: Estimate | None
    trouble: str = ""
    first: tuple[bytes, ...] = ()  # matches of a sample


def estimated(form: ScanForm) -> Estimated:
    """Estimate a form's plan from a sample."""
    asked, prices = form, form.session.config.prices
    try:
        form = form.with_time_field()
        with open_index(form.plan.archive) as index:
            known = known_from(index, form.plan.chunks, counts_only=True)
            expected = estimate(form.plan, prices=prices, jobs=form.power.jobs, known=known, keeps=True)
        return Estimated(asked, form, expected, first=tuple(_sampled(form.plan)))
    except HourscopeError as error:
        return Estimated(asked, form, None, str(error))


def _sampled(plan: ScanPlan) -> Iterator[bytes]:
    """Yield matches among the first records of some chunks, as a preview of the result."""
    for _, records in heads(plan.archive, plan.chunks, limit=_SAMPLE_CHUNKS, records=_SAMPLE_RECORDS):
        yield from (record for record in records if plan.filter.matches(record))


@dataclass
class Surveyed(Message):
    """Rows: the matches in a plan's extract by the values of an informative field."""

    plan: ScanPlan
    by_value: tuple[Fact, ...]


def surveyed(form: ScanForm, matches: int) -> Surveyed:
    """Survey a small extract on disk. For a large one, the user runs `count`."""
    if not is_s3(form.out) and names_folder(form.out) and 1 < matches <= _MAX_SURVEYED:
        with suppress(HourscopeError):  # opening the extract reports the reason
            return Surveyed(form.plan, (Fact(), *value_facts(survey(cargo_of_extract(form.session, form.out).open()))))
    return Surveyed(form.plan, ())


@dataclass
class ScanMoved(Message):
    """A scan made progress; only the newest message counts."""

    state: ScanState

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, ScanMoved)
