"""Run scan tasks on an existing Dask cluster: `--dask tcp://HOST:PORT` (the extra `hourscope[dask]`).

A task is one chunk and idempotent, so Dask may run it again if a worker dies. Matches go straight to an extract in S3;
otherwise they come back in bounded parts, and a chunk of several parts is scanned again for each part. Finished parts
wait on their workers until one of the few parts held here was passed on.
"""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from tui.archive.store import is_s3
from tui.errors import ConfigError, HourscopeError, ScanError
from tui.scan.events import ChunkDone, Matches, ScanEvent
from tui.scan.task import Emit, ScanTask, chunk_events, written
from tui.scan.workers import Workers, working

_PART_BYTES = 32 << 20  # bytes of matches in one part
_HELD_PARTS = 2  # parts that are held here at a time, for any number of workers
_ASK_SECONDS = 0.25  # seconds between a worker's checks whether to stop


@dataclass(frozen=True, slots=True)
class WorkerEvents:
    """A worker's result, with `size` bytes of matches. The last part of a chunk ends with a ChunkDone."""

    events: tuple[ScanEvent, ...]
    size: int

    @property
    def last(self) -> bool:
        return isinstance(self.events[-1], ChunkDone)


@contextmanager
def cluster(address: str, jobs: int | None, cancel: threading.Event) -> Iterator[Workers]:
    """Use a cluster's workers, by default one task per thread. ConfigError if it cannot be reached."""
    distributed = _distributed()
    refused = f"no Dask scheduler answers at {address}; write --dask tcp://HOST:PORT"
    if "://" not in address and not re.search(r":\d+$", address):
        raise ConfigError(refused)  # Client would fail halfway, with a traceback from its cleanup
    try:
        client = distributed.Client(address, timeout=5, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ConfigError(refused) from error
    with client:
        slots = jobs or sum(client.nthreads().values())
        if not slots:
            raise ConfigError(f"the Dask scheduler at {address} has no worker; start one with: dask worker {address}")
        stop_name = f"hourscope-stop-{os.urandom(16).hex()}"
        stop = distributed.Event(stop_name, client=client)
        held = threading.Semaphore(_HELD_PARTS)

        def run(task: ScanTask, emit: Emit) -> None:
            here = task.output if task.output and not is_s3(task.output.store.url) else None
            remote = replace(task, output=None) if here else task
            events = _parts(client, remote, stop_name, held)
            for event in written(here, events) if here else events:
                emit(event)

        with working(slots, cancel, run, stop.set) as workers:
            yield workers


def _distributed() -> Any:
    try:
        import distributed
    except ImportError as error:
        raise ConfigError("Dask is not installed here; install it with: pip install 'hourscope[dask]'") from error
    return distributed


def _parts(client: Any, task: ScanTask, stop_name: str, held: threading.Semaphore) -> Iterator[ScanEvent]:
    """Yield the events of a task, part by part.

    This does not use the client's Executor, which fetches every result at once: a cluster has many workers.
    """
    skip = 0
    while True:
        future, done = client.submit(scan_part, task, skip, stop_name, pure=False), threading.Event()
        future.add_done_callback(lambda _, done=done: done.set())
        done.wait()
        with held:
            part = _fetched(task, future)
            future.release()
            yield from part.events
            if part.last:
                return
            skip += part.size
            del part


def _fetched(task: ScanTask, future: Any) -> WorkerEvents:
    try:
        part: WorkerEvents = future.result()
    except HourscopeError:
        raise
    except (RuntimeError, OSError, CancelledError) as error:  # distributed raises RuntimeErrors and OSErrors
        raise ScanError(f"the Dask cluster gave up on {task.chunk.key}: {error}; resume with --resume") from error
    return part


# On a worker of the cluster


def scan_part(task: ScanTask, skip: int, stop_name: str) -> WorkerEvents:
    """Scan a chunk, skip the first `skip` bytes of its matches, and return at most about 32 MB of the rest."""
    events, size, left = [], 0, skip
    scanned = chunk_events(task, _asking(stop_name))
    for event in written(task.output, scanned) if task.output else scanned:
        if isinstance(event, Matches):
            lines = event.lines[left:]
            left -= len(event.lines) - len(lines)
            if not lines:
                continue
            event = Matches(event.chunk, lines)
            size += len(lines)
        elif skip and not isinstance(event, ChunkDone):
            continue  # already reported with the first part
        events.append(event)
        if size >= _PART_BYTES and task.output is None:
            break
    return WorkerEvents(tuple(events), size)


def _asking(stop_name: str) -> Callable[[], bool]:
    """Return a check whether the named event is set. It is in the scheduler, so it is queried only now and then."""
    from distributed import Event, get_client

    event = Event(stop_name, client=get_client())  # type: ignore[no-untyped-call]  # distributed has no types
    asked, answer = time.monotonic(), False

    def stopped() -> bool:
        nonlocal asked, answer
        if not answer and time.monotonic() - asked > _ASK_SECONDS:
            answer, asked = event.is_set(), time.monotonic()  # type: ignore[no-untyped-call]  # as above
        return answer

    return stopped
