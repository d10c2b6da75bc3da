"""Workers for scan tasks: threads if the work is inflating and searching, processes if Python runs for every record.

Threads are enough for a literal or a regex, because inflating and searching release the GIL. Parsing does not, so there
each thread drives its own process.
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

_QUEUED_EVENTS = 256  # events between the jobs and their reader; a slow reader slows the jobs down
_POLL_SECONDS = 0.1  # between checks of the cancel event
# Seconds that stopped tasks have to end: tasks that only read, and tasks that must finish writing.
READ_END, WRITE_END = 0.3, 2.0
_REPORT_SECONDS = 0.3  # of waiting for stopped tasks, after which it is reported


class Workers:
    """Runs submitted tasks, `jobs` at a time, and queues their events. `run` runs a task, `stop` stops running ones."""

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
        self._abandoned = self._stopping = self._reported = self.stuck = False
        self._futures: set[Future[None]] = set()
        self.dropped = 0  # tasks that were never begun, because the work was stopped
        # Not a Queue, which wakes its reader twice per event, which takes longer than a block. Not a SimpleQueue, which
        # in CPython waits forever if a signal comes at the end of its timeout.
        self._events: deque[ScanEvent | BaseException] = deque()
        self._room = threading.Semaphore(_QUEUED_EVENTS)
        self._arrived = threading.Lock()  # released when there may be events
        self._arrived.acquire()
        self._used: dict[int, threading.Event] = {}  # by id of large events, whose job waits until they were used
        self._in_use = 0

    def submit(self, task: ScanTask) -> None:
        """Queue a task. Its last event is its ChunkDone."""
        future = self._executor.submit(self._run, task, self._put)
        self._futures.add(future)
        future.add_done_callback(self._ended)

    def next_event(self) -> ScanEvent | None:
        """Wait for the next event, or raise a task's error. None if running tasks ignore the stop."""
        patience = self._patience
        if used := self._used.pop(self._in_use, None):
            used.set()
        while True:
            if self._cancel.is_set():
                self._stop_once()
            if not self._events and not self._arrived.acquire(timeout=_POLL_SECONDS):
                patience -= _POLL_SECONDS if self._stopping else 0
                waited = self._patience - patience
                if self._patience > _REPORT_SECONDS and not self._reported and waited >= _REPORT_SECONDS:
                    self._reported = True
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
        """Stop all tasks, because no more events will be read."""
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
                with suppress(RuntimeError):  # already released
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
    """Use threads as workers. Leaving the context stops running tasks."""
    stopped, turn = threading.Event(), threading.Lock()
    keep_freed_memory()

    def run(task: ScanTask, emit: Emit) -> None:
        scan_chunk(task, emit, stopped.is_set, turn)

    with working(jobs, cancel, run, stopped.set, end_seconds) as workers:
        yield workers


@contextmanager
def processes(jobs: int, cancel: threading.Event, end_seconds: float = READ_END) -> Iterator[Workers]:
    """Use processes as workers, each driven by a thread. Leaving the context stops running tasks."""
    from tui.scan.child import Child  # threads do not need its libraries

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
            idle.put(child)  # even a dead one, so that the next task does not wait for it

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
    """Use workers whose tasks are each driven by a thread of this process, wherever the work is done."""
    executor = ThreadPoolExecutor(jobs, thread_name_prefix="scan")
    workers = Workers(jobs, executor, cancel, run, stop, end_seconds)
    try:
        yield workers
    finally:
        workers.abandon()
        executor.shutdown(wait=not workers.stuck, cancel_futures=True)
