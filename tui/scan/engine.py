"""Scanning many chunks at once on an Executor, told as one stream of events."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
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

_WAITING = 4  # tasks behind those that run: a connection must not be idle until an event was told


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
    """Find the matching records of [start, stop), by hour, key and line.

    `start` and `stop` are aware datetimes, or texts of the time grammar in the archive's zone; each hour that the range
    touches is in it. Setting `cancel` ends the scan within half a second; chunks that it cuts are told as partial. With
    an `extract` the matches are written there and only the first of each chunk are told. Damage is told, not raised;
    ArchiveError if the range has no chunk, OutputError if the extract cannot be written. `dask` is the address of a
    Dask scheduler to run on.

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
) -> Iterator[ScanEvent]:
    """Run a plan; see `scan`. With `count_only` matches are only counted.

    `known`: says of a chunk, before it is read, that no record of it matches the filter; None if it may.
    `exact`: count every record; else only some, also in blocks without a match (an extract counts all; see ScanTask).
    `strict`: who takes the matches can take back those of a chunk (ChunkRestarted), so no doubtful record stays.
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
    if count_only:  # no order is to be kept: the largest first, so that no core waits long for another at the end
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
    """Is there an output of an earlier run, which only the scan itself takes away?"""
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
        from tui.scan.cluster import cluster  # an extra that few have

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
    """`jobs` tasks at a time; the first error of a task ends the others and is raised."""
    if known is not None:
        unread: list[ScanTask] = []
        for one in tasks:
            answer = None if cancel.is_set() or _replaces(one) else known(one.chunk, plan.filter)
            if answer is None:
                unread.append(one)
            else:
                yield from _of_known(one.chunk, answer)
        if not unread:
            return
        tasks, plan = iter(unread), replace(plan, chunks=tuple(one.chunk for one in unread))  # few need no processes
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
