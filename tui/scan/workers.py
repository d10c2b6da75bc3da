"""Where tasks run: threads while the work is inflating and finding, processes when Python runs for every record.

Threads are enough for a literal or a regex, because inflating and searching let go of the interpreter's lock; parsing
does not, so there each thread has a process of its own to do it.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress

from tui.archive.waits import report
from tui.scan.events import Matches, ScanEvent
from tui.scan.task import Emit, ScanTask, keep_freed_memory, scan_chunk
from tui.scan.turns import pipe_turn
from tui.units import plural

_QUEUED_EVENTS = 256  # events between the jobs and their reader: a slow reader slows the jobs down
_POLL_SECONDS = 0.1  # seconds between two looks at the cancel event
# Seconds that tasks have to end once they are to stop: those that only read, and those that write and have to close it.
READ_END, WRITE_END = 0.3, 2.0
_SAID = 0.3  # seconds until that is worth a line


class Workers:
    """Tasks go in, `jobs` at a time, events come out. `run` does a task, `stop` tells those that run to end."""

    def __init__(
        self,
        jobs: int,
        executor: Executor,
        cancel: threading.Event,
        run: Callable[[ScanTask, Emit], None],
        stop: Callable[[], object],
        end_seconds: float,
    ) -> None:
        self.jobs = jobs
        self._patience = end_seconds
        self._executor = executor
        self._cancel = cancel
        self._run = run
        self._stop = stop
        self._abandoned = self._stopping = self._said = self.stuck = False
        self._futures: set[Future[None]] = set()
        self.dropped = 0  # tasks that were never begun, because the work was stopped
        # Not a Queue, which wakes its reader up twice for each event; that takes longer than a block. Nor a
        # SimpleQueue: CPython's waits for ever where a signal comes at the end of its timeout.
        self._events: deque[ScanEvent | BaseException] = deque()
        self._room = threading.Semaphore(_QUEUED_EVENTS)
        self._arrived = threading.Lock()  # released where there may be events
        self._arrived.acquire()
        self._used: dict[int, threading.Event] = {}  # large events by id: their job waits until they were used
        self._in_use = 0

    def submit(self, task: ScanTask) -> None:
        """Run a task, or let it wait behind those that run; its last event is its ChunkDone."""
        future = self._executor.submit(self._run, task, self._put)
        self._futures.add(future)
        future.add_done_callback(self._ended)

    def next_event(self) -> ScanEvent | None:
        """Wait for the next event; raises what a task raised. None if what still runs does not heed its stop."""
        patience = self._patience
        if used := self._used.pop(self._in_use, None):
            used.set()
        while True:
            if self._cancel.is_set():
                self._stop_once()
            if not self._events and not self._arrived.acquire(timeout=_POLL_SECONDS):
                patience -= _POLL_SECONDS if self._stopping else 0
                if self._patience > _SAID and not self._said and patience <= self._patience - _SAID:
                    self._said = True
                    report(f"stopping: waiting for {plural(len(self._futures), 'chunk')} to be written")
                if patience <= 0:
                    self.stuck = True
                    return None
            if not self._events:
                continue
            event = self._events.popleft()
            self._room.release()
            if isinstance(event, BaseException):
                raise event
            self._in_use = id(event)
            return event

    def abandon(self) -> None:
        """Nobody reads on: end what runs."""
        self._abandoned = True
        self._stop_once()

    def _stop_once(self) -> None:
        if not self._stopping:
            self._stopping = True
            for future in list(self._futures):
                future.cancel()
            self._stop()

    def _put(self, event: ScanEvent | BaseException) -> None:
        used = threading.Event() if isinstance(event, Matches) and event.is_long else None
        if used is not None:
            self._used[id(event)] = used
        while not self._abandoned:
            if self._room.acquire(timeout=_POLL_SECONDS):
                self._events.append(event)
                with suppress(RuntimeError):  # it is released already
                    self._arrived.release()
                break
        while used is not None and not self._abandoned and not used.wait(_POLL_SECONDS):
            pass

    def _ended(self, future: Future[None]) -> None:
        self._futures.discard(future)
        if future.cancelled():
            self.dropped += 1
        elif error := future.exception():
            self._put(error)


@contextmanager
def threads(jobs: int, cancel: threading.Event, end_seconds: float = READ_END) -> Iterator[Workers]:
    """Workers that are threads. Leaving it ends what still runs."""
    stopped, turn = threading.Event(), threading.Lock()
    keep_freed_memory()

    def run(task: ScanTask, emit: Emit) -> None:
        scan_chunk(task, emit, stopped.is_set, turn)

    with working(jobs, cancel, run, stopped.set, end_seconds) as workers:
        yield workers


@contextmanager
def processes(jobs: int, cancel: threading.Event, end_seconds: float = READ_END) -> Iterator[Workers]:
    """Workers that are processes, each driven by a thread. Leaving it ends what still runs."""
    from tui.scan.child import Child  # starting processes takes libraries that threads do without

    with pipe_turn() as turn:
        children = [Child(turn) for _ in range(jobs)]
    idle: queue.SimpleQueue[Child] = queue.SimpleQueue()
    for child in children:
        idle.put(child)

    def run(task: ScanTask, emit: Emit) -> None:
        child = idle.get()
        try:
            child.scan(task, emit)
        finally:
            idle.put(child)  # a dead one, too: the task behind this one must not wait for it

    def stop() -> None:
        for child in children:
            child.stop(end_seconds / 2)

    try:
        with working(jobs, cancel, run, stop, end_seconds) as workers:
            yield workers
    finally:
        for child in children:
            child.close()


@contextmanager
def working(
    jobs: int,
    cancel: threading.Event,
    run: Callable[[ScanTask, Emit], None],
    stop: Callable[[], object],
    end_seconds: float = WRITE_END,
) -> Iterator[Workers]:
    """Workers whose tasks are each driven by a thread here, whoever does the work."""
    executor = ThreadPoolExecutor(jobs, thread_name_prefix="scan")
    workers = Workers(jobs, executor, cancel, run, stop, end_seconds)
    try:
        yield workers
    finally:
        workers.abandon()
        executor.shutdown(wait=not workers.stuck, cancel_futures=True)
