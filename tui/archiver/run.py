"""An archiver from its start to its end, as a generator of events."""

from __future__ import annotations

import math
import os
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait

from tui.archiver.counters import Counters, together
from tui.archiver.folder import owned, spooled
from tui.archiver.options import ArchiverOptions
from tui.archiver.part import ChildPart, Part, ThreadPart
from tui.archiver.status import DEATHS, MOST_DEATHS, Event, Said, Status, Stopped
from tui.archiver.upload import Uploader
from tui.errors import HourscopeError

_TELL = 1.0  # seconds between two states
_PATIENCE = 15.0  # seconds for the children of an archiver that was killed to end
_LAST_UPLOADS = 30.0  # seconds that the uploads may take at the end


def archive_topic(options: ArchiverOptions, stop: threading.Event) -> Iterator[Event]:
    """Take a topic's messages into the archive until `stop`; `Status` every second, `Said` when something happens.

    The last event is `Stopped`. Every message that was finished is in the spool by then, or in the archive. Raises
    ArchiveError, ConfigError or SendError, sentences for a person, if it cannot begin.
    """
    options.check()
    with owned(options.spool, options.identity, patience=_PATIENCE if options.processes > 1 else 0.0) as lock:
        archiver = _Archiver(options, lock)
        archiver.begin()
        source = options.source
        yield Said(f"recording {source.topic} (channel {source.channel}) in {options.archive.url}, by {options.spool}")
        try:
            while not stop.is_set():
                yield from archiver.said(until=time.monotonic() + _TELL, stop=stop)
                archiver.mind()
                yield archiver.status()
        finally:
            archiver.end_consuming()
            archiver.no_more_uploads.set()
        yield from archiver.said()
        hangs = archiver.end_uploading()
        yield from archiver.said()
        left = len(spooled(options.spool, options.archive.zone))
        yield Stopped(archiver.status(stopping=True), left, hangs)


class _Archiver:
    def __init__(self, options: ArchiverOptions, lock: int) -> None:
        self._options, self._lock = options, lock
        self._sayings: queue.Queue[str] = queue.Queue()
        self._uploader = Uploader(options, self._sayings.put)
        self._parts: list[Part] = []
        self._deaths: deque[float] = deque(maxlen=MOST_DEATHS)
        self._gone = _lasting(Counters())  # of consuming processes that have died
        self.no_more_uploads = threading.Event()
        self._began = time.monotonic()
        self._seen = (self._began, 0)
        self._rate = 0.0

    def begin(self) -> None:
        self._uploader.adopt()
        self._uploads = self._thread("uploads", lambda: self._uploader.run(self.no_more_uploads))
        self._parts = [self._part(number) for number in range(self._options.processes)]

    def _part(self, number: int) -> Part:
        if self._options.processes == 1:
            return ThreadPart(self._options, number, self._sayings.put)
        return ChildPart(self._options, number, self._sayings.put, self._lock)

    def _thread(self, name: str, work: Callable[[], object]) -> Future[object]:
        """Work in a thread that does not keep the process from ending."""
        future: Future[object] = Future()

        def run() -> None:
            try:
                future.set_result(work())
            except BaseException as error:
                future.set_exception(error)
                raise

        threading.Thread(target=run, name=name, daemon=True).start()
        return future

    def mind(self) -> None:
        """Start a consuming process again that has died; what it was appending to is repaired and uploaded.

        The uploads' state is looked at here, since theirs may hang in a store that does not answer.
        """
        self._uploader.look()
        if self._uploads.done():
            self._uploads.result()  # it never ends by itself: this raises what ended it
        for index, part in enumerate(self._parts):
            if part.alive:
                continue
            try:
                part.join()
            except HourscopeError as error:
                self._sayings.put(f"{error}; started again")
            self._gone = _lasting(together([self._gone, part.counters]))
            self._deaths.append(time.monotonic())
            self._uploader.adopt(part.number)
            self._parts[index] = self._part(part.number)

    def said(self, *, until: float = 0.0, stop: threading.Event | None = None) -> Iterator[Said]:
        """What was said, as it comes, until a time; without one only what is there."""
        while True:
            try:
                yield Said(self._sayings.get(timeout=max(0.0, min(0.1, until - time.monotonic()))))
            except queue.Empty:
                if time.monotonic() >= until or (stop and stop.is_set()):
                    return

    def status(self, *, stopping: bool = False) -> Status:
        counters = together([self._gone, *(part.counters for part in self._parts)])
        now, (then, before) = time.monotonic(), self._seen
        if now - then > _TELL / 2:
            self._rate = (counters.messages - before) / (now - then)
            self._seen = now, counters.messages
        uploads, seconds = self._uploader.state, now - self._began
        deaths = sum(now - death < DEATHS for death in self._deaths)
        return Status(counters, uploads, self._rate, seconds, self._options.sync_interval, stopping, deaths)

    def end_consuming(self) -> None:
        """Every consumer comes to its end: what it has is in the spool, whole."""
        for part in self._parts:
            part.stop()
        for part in self._parts:
            try:
                part.join()
            except HourscopeError as error:  # a child died; what it had synced is in the spool
                self._sayings.put(str(error))

    def end_uploading(self) -> bool:
        """One last round of uploads, if the archive can be reached; True if they hang."""
        deadline, last = time.monotonic() + _LAST_UPLOADS, self._uploads
        wait([last], _LAST_UPLOADS)
        if last.done():
            self._uploader.adopt()  # of a child that died in its goodbye
            last = self._thread("last-uploads", self._uploader.once)
            wait([last], max(0.0, deadline - time.monotonic()))
        if not last.done():
            os.dup(self._lock)  # the spool is ours until the process ends
        return not last.done()


def _lasting(counters: Counters) -> Counters:
    counters.unfinished = counters.links = counters.missing = 0
    counters.oldest, counters.alone, counters.paused, counters.seen = 0.0, 0.0, "", math.inf
    return counters
