"""Scan many chunks in parallel, and yield one stream of events."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from tui.archive import Archive, Chunk
from tui.archive.times import ceil_hour, floor_hour, parse_time
from tui.filter import Filter
from tui.scan.events import ChunkDamaged, ChunkDone, ChunkStarted, Known, ScanEvent
from tui.scan.order import in_order
from tui.scan.plan import ScanPlan, plan_scan
from tui.scan.task import ScanTask
from tui.scan.workers import READ_END, WRITE_END, Workers, processes, threads

if TYPE_CHECKING:
    from tui.scan.extract import Extract

KnownOf = Callable[[Chunk, Filter], Known | None]

_WAITING = 4  # submitted tasks beyond those that run, so that no connection waits for the reader of events


def scan(
    archive: Archive,
    start: datetime | str | None,
    stop: datetime | str | None,
    filter: Filter | None = None,  # noqa: A002
    *,
    jobs: int | None = None,
    dask: str | None = None,
    cancel: threading.Event | None = None,
    extract: Extract | None = None,
) -> Iterator[ScanEvent]:
    """Find the matching records of [start, stop), in order of hour, key and line.

    `start` and `stop` are aware datetimes, or texts for `parse_time` in the archive's time zone; the range is widened
    to whole hours. Setting `cancel` ends the scan within half a second; interrupted chunks are reported as partial.
    With an `extract`, matches are written there and only the first of each chunk are yielded. Damage is an event, not
    an exception. ArchiveError if the range has no chunk, OutputError if the extract cannot be written. `dask`: the
    address of a Dask scheduler to run on.

    >>> for event in scan(open_archive("/archive"), "2015-01-20", "2015-01-21", parse_filter(grep=["x"])): ...
    """
    zone = archive.zone
    first = parse_time(start, zone) if isinstance(start, str) else start and start.astimezone(zone)
    last = parse_time(stop, zone) if isinstance(stop, str) else stop and stop.astimezone(zone)
    first, last = first and floor_hour(first), last and ceil_hour(last)
    plan = plan_scan(archive, first, last, filter or Filter())
    yield from run_plan(plan, jobs=jobs, dask=dask, cancel=cancel, extract=extract, exact=True)


def run_plan(
    plan: ScanPlan,
    *,
    jobs: int | None = None,
    dask: str | None = None,
    cancel: threading.Event | None = None,
    extract: Extract | None = None,
    count_only: bool = False,
    strict: bool = False,
    exact: bool = False,
    known: KnownOf | None = None,
) -> Generator[ScanEvent, None, None]:
    """Run a plan; see `scan`. With `count_only`, matches are only counted.

    Closing the generator ends its workers; a caller whose output may fail does that, not the garbage collector.
    `known` returns the counts of a chunk if it is known that no record in it matches, else None. `exact`: count every
    record, also in blocks without a match (an extract always does; see ScanTask). `strict`: the caller handles
    ChunkRestarted by discarding the chunk's matches, so no doubtful record stays.
    """
    cancel = cancel or threading.Event()
    if extract is None:
        events = _run(plan, _tasks(plan, None, count_only, strict, exact), jobs, dask, cancel, known)
        matchless = count_only or plan.excerpt.measure is not None
        yield from events if matchless else in_order(events, plan.chunks)
        return
    with extract:
        yield from extract.kept()
        for event in _run(plan, _tasks(plan, extract), jobs, dask, cancel, known, write=True):
            extract.record(event)
            yield event
        extract.finish(whole=not cancel.is_set())


def _tasks(
    plan: ScanPlan, extract: Extract | None, count_only: bool = False, strict: bool = False, exact: bool = False
) -> Iterator[ScanTask]:
    done = {event.chunk.key for event in extract.kept()} if extract else set()
    read_ahead = len(plan.chunks) - len(done) < plan.cores
    chunks = plan.chunks
    if count_only:  # order does not matter: largest first, so that no core is idle for long at the end
        chunks = tuple(sorted(chunks, key=lambda chunk: chunk.size, reverse=True))
    for chunk in chunks:
        if chunk.key not in done:
            output = extract.output(chunk) if extract else None
            yield ScanTask(
                plan.archive.store,
                chunk,
                plan.filter,
                output,
                count_only,
                plan.excerpt,
                read_ahead,
                plan.archive.reading,
                strict or count_only or extract is not None,
                exact or extract is not None,
            )


def _replaces(task: ScanTask) -> bool:
    """True if an earlier run left an output, which only scanning the chunk replaces."""
    return task.output is not None and task.output.exists


def _of_known(chunk: Chunk, answer: Known) -> Iterator[ScanEvent]:
    yield ChunkStarted(chunk)
    for damage in answer.damage:
        yield ChunkDamaged(chunk, damage)
    yield ChunkDone(chunk, answer.counts, form=answer.form, codec=answer.codec, skipped=True)


def _workers(
    plan: ScanPlan, jobs: int | None, dask: str | None, cancel: threading.Event, *, write: bool
) -> AbstractContextManager[Workers]:
    if dask is not None:
        from tui.scan.cluster import cluster  # needs an optional extra

        return cluster(dask, jobs, cancel)
    jobs = jobs or plan.default_jobs
    kind = processes if jobs > 1 and plan.wants_processes else threads
    return kind(jobs, cancel, WRITE_END if write else READ_END)


def _run(
    plan: ScanPlan,
    tasks: Iterator[ScanTask],
    jobs: int | None,
    dask: str | None,
    cancel: threading.Event,
    known: KnownOf | None,
    *,
    write: bool = False,
) -> Iterator[ScanEvent]:
    """Run `jobs` tasks at a time. The first error of a task stops the others and is raised."""
    if known is not None:
        unread: list[ScanTask] = []
        for queued in tasks:
            answer = None if cancel.is_set() or _replaces(queued) else known(queued.chunk, plan.filter)
            if answer is None:
                unread.append(queued)
            else:
                yield from _of_known(queued.chunk, answer)
        if not unread:
            return
        # a plan of the remaining chunks, as few chunks need no processes
        tasks, plan = iter(unread), replace(plan, chunks=tuple(queued.chunk for queued in unread))
    running = 0
    with _workers(plan, jobs, dask, cancel, write=write) as workers:
        while True:
            while running < workers.jobs + _WAITING and not cancel.is_set() and (task := next(tasks, None)):
                workers.submit(task)
                running += 1
            if running == workers.dropped:
                return
            event = workers.next_event()
            if event is None:
                return
            running -= isinstance(event, ChunkDone)
            yield event
