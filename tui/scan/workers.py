"""Where tasks run: threads while the work is inflating and finding, processes when Python runs for every record.

Both are Executors, and both tell through one queue of events. Threads are enough for a literal or a regex, because
inflating and searching let go of the interpreter's lock; parsing does not.
"""

from __future__ import annotations

import multiprocessing
import queue
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Event as ProcessEvent
from typing import Protocol

from tui.errors import ScanError
from tui.scan.events import ScanEvent
from tui.scan.task import ScanTask, scan_chunk

_QUEUED = 256  # events between the jobs and their reader: a slow reader slows the jobs down
_POLL = 0.1  # seconds between two looks at the cancel event

Message = ScanEvent | BaseException | None


class Workers(Protocol):
    """Tasks go in, events come out."""

    def submit(self, task: ScanTask) -> None:
        """Run a task; its last event is its ChunkDone."""

    def next_event(self) -> ScanEvent:
        """Wait for the next event; raises what a task raised."""


@contextmanager
def threads(jobs: int, cancel: threading.Event) -> Iterator[Workers]:
    """A pool of threads. Leaving it ends what still runs."""
    pool = _Pool(cancel)

    def run(task: ScanTask) -> None:
        scan_chunk(task, pool.put, pool.stopped)

    with ThreadPoolExecutor(jobs, thread_name_prefix="scan") as executor, pool.running(executor, run):
        yield pool


@contextmanager
def processes(jobs: int, cancel: threading.Event) -> Iterator[Workers]:
    """A pool of processes. Leaving it ends what still runs."""
    context = multiprocessing.get_context("forkserver")  # forking a process that has threads is not safe
    context.set_forkserver_preload(["tui.scan.task"])
    pipe: SimpleQueue[ScanEvent | None] = context.SimpleQueue()
    stop = context.Event()
    pool = _Pool(cancel, on_stop=stop.set)

    def forward() -> None:
        while (event := pipe.get()) is not None:
            pool.put(event)

    forwarding = threading.Thread(target=forward, name="scan-events", daemon=True)
    with ProcessPoolExecutor(jobs, context, _begin, (pipe, stop)) as executor:
        forwarding.start()
        with pool.running(executor, _run):
            yield pool
    pipe.put(None)
    forwarding.join()


class _Pool:
    """The queue between an executor and the reader of its events."""

    def __init__(self, cancel: threading.Event, on_stop: Callable[[], None] | None = None) -> None:
        self._cancel = cancel
        self._on_stop = on_stop
        self._abandoned = threading.Event()
        self._events: queue.Queue[Message] = queue.Queue(_QUEUED)
        self._executor: Executor | None = None
        self._run: Callable[[ScanTask], None] = lambda task: None

    @contextmanager
    def running(self, executor: Executor, run: Callable[[ScanTask], None]) -> Iterator[None]:
        self._executor, self._run = executor, run
        try:
            yield
        finally:
            self._abandoned.set()
            self._tell_stop()

    def submit(self, task: ScanTask) -> None:
        assert self._executor is not None
        self._executor.submit(self._run, task).add_done_callback(self._failed)

    def next_event(self) -> ScanEvent:
        while True:
            try:
                message = self._events.get(timeout=_POLL)
            except queue.Empty:
                message = None
            if self._cancel.is_set():
                self._tell_stop()
            if isinstance(message, BrokenProcessPool):
                raise ScanError(
                    "a scanning process was killed, perhaps for lack of memory; go on with --resume and fewer --jobs"
                ) from message
            if isinstance(message, BaseException):
                raise message
            if message is not None:
                return message

    def put(self, event: Message) -> None:
        while not self._abandoned.is_set():
            try:
                self._events.put(event, timeout=_POLL)
                return
            except queue.Full:
                continue

    def stopped(self) -> bool:
        return self._cancel.is_set() or self._abandoned.is_set()

    def _failed(self, future: Future[None]) -> None:
        if not future.cancelled() and (error := future.exception()):
            self.put(error)

    def _tell_stop(self) -> None:
        if self._on_stop is not None:
            self._on_stop()


# In a process of the pool

_pipe: SimpleQueue[ScanEvent | None]
_stop: ProcessEvent


def _begin(pipe: SimpleQueue[ScanEvent | None], stop: ProcessEvent) -> None:
    """Called once in each process; an initializer can only leave things in the module."""
    global _pipe, _stop
    _pipe, _stop = pipe, stop
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides, and tells through `stop`


def _run(task: ScanTask) -> None:
    scan_chunk(task, _pipe.put, _stop.is_set)
