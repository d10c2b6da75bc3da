"""Running an archiver, as a generator of events."""

from __future__ import annotations

import math
import os
import queue
import threading
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, wait
from typing import Any

from tui.archiver.counters import Counters, together
from tui.archiver.defects import defect
from tui.archiver.folder import Ownership, SpoolInUseError, owned, spooled
from tui.archiver.options import ArchiverOptions
from tui.archiver.part import ChildPart, Part, ThreadPart
from tui.archiver.status import DEATHS_SECONDS, MAX_DEATHS, Event, LogNotice, Status, Stopped
from tui.archiver.threads import in_thread
from tui.archiver.upload import Uploader
from tui.errors import ArchiveError, HourscopeError
from tui.units import plural, size

_REPORT_SECONDS = 1.0  # between two `Status` events
_CHILDREN_SECONDS = 15.0  # for the children of a killed archiver to end
CONSUMERS_SECONDS = 5.0  # for the consumers to end after the stop
END_SECONDS = 8.0  # for the last uploads to end after the stop


def archive_topic(options: ArchiverOptions, stop: threading.Event) -> Iterator[Event]:
    """Record a topic in the archive until `stop`; yield `Status` every second, and `LogNotice` for each incident.

    The last event is `Stopped`, less than ten seconds after the stop. By then, every finished message is in the spool
    or in the archive. Raises ArchiveError, ConfigError or SendError if it cannot start, and HourscopeError if an
    unexpected error ends it.
    """
    options.check()
    patience = _CHILDREN_SECONDS if options.processes > 1 else 0.0
    with owned(options.spool, options.identity, patience=patience, stopped=stop.is_set) as ownership:
        archiver = _Archiver(options, ownership)
        archiver.begin()
        source = options.source
        yield LogNotice(
            f"recording {source.topic} (channel {source.channel}) in {options.archive.url}; spool: {options.spool}"
        )
        try:
            while not stop.is_set():
                yield from archiver.notices(until=time.monotonic() + _REPORT_SECONDS, stop=stop)
                archiver.check_parts()
                yield archiver.status()
            began = time.monotonic()
            yield LogNotice(f"stopping: {archiver.waits_for()}")
            archiver.check_spool()
        except BaseException:
            archiver.end_consuming(time.monotonic() + CONSUMERS_SECONDS)
            raise
        stuck = archiver.end_consuming(began + CONSUMERS_SECONDS)
        yield from archiver.notices()
        stuck = archiver.end_uploading(began + END_SECONDS) or stuck
        yield from archiver.notices()
        yield Stopped(archiver.status(stopping=True), archiver.left(), stuck)


class _Archiver:
    def __init__(self, options: ArchiverOptions, ownership: Ownership) -> None:
        self._options, self._ownership = options, ownership
        self._notices: queue.Queue[str] = queue.Queue()
        self._uploader = Uploader(options, self._notices.put)
        self._parts: list[Part] = []
        self._deaths: deque[float] = deque(maxlen=MAX_DEATHS)
        self._gone = _lasting(Counters())  # of dead consuming processes
        self._no_more_uploads = threading.Event()
        self._spool_trouble = ""
        self._began = time.monotonic()
        self._seen = (self._began, 0)
        self._rate = 0.0

    def begin(self) -> None:
        self._uploader.adopt()
        self._uploads = in_thread("uploads", lambda: self._uploader.run(self._no_more_uploads))
        self._parts = [self._part(number) for number in range(self._options.processes)]

    def _part(self, number: int) -> Part:
        if self._options.processes == 1:
            return ThreadPart(self._options, number, self._notices.put)
        return ChildPart(self._options, number, self._notices.put, self._ownership.lock)

    def check_parts(self) -> None:
        """Restart a consuming process that has died; its file is repaired and uploaded.

        Also update the uploads' state, because the upload thread may hang in a store that does not answer.
        """
        self.check_spool()
        self._uploader.look()
        if self._uploads.done():  # it never ends without an error
            _raise_defect("the uploads", self._uploads.exception())
        for index, part in enumerate(self._parts):
            if part.alive:
                continue
            self._join(part, 0.0, "; started again")
            self._gone = _lasting(together([self._gone, part.counters]))
            self._deaths.append(time.monotonic())
            self._uploader.adopt(part.number)
            self._parts[index] = self._part(part.number)

    def check_spool(self) -> None:
        """Recreate the spool if it was removed; until that succeeds, the consumers take no messages."""
        held = self._uploader.state.spool_bytes
        try:
            trouble = self._ownership.restore()
        except SpoolInUseError:
            raise
        except ArchiveError as error:
            if str(error) != self._spool_trouble:
                self._spool_trouble = str(error)
                self._notices.put(f"{error}; retrying")
            return
        if trouble:
            lost = f"; {size(held)} of it had not been uploaded and is lost" if held else ""
            self._notices.put(f"{trouble}, and was recreated{lost}")
        self._spool_trouble = ""

    def _join(self, part: Part, timeout: float, then: str = "") -> bool:
        """Return whether a part ended; report its error, and the remedy `then`."""
        try:
            part.join(timeout)
        except TimeoutError:
            return False
        except HourscopeError as error:  # its synced messages are in the spool
            self._notices.put(f"{error}{then}")
        except Exception as error:
            raise defect("the consumer", error) from error
        return True

    def notices(self, *, until: float = 0.0, stop: threading.Event | None = None) -> Iterator[LogNotice]:
        """Yield notices as they come, until a time; without one, only those that are waiting."""
        while True:
            try:
                yield LogNotice(self._notices.get(timeout=max(0.0, min(0.1, until - time.monotonic()))))
            except queue.Empty:
                if time.monotonic() >= until or (stop and stop.is_set()):
                    return

    def status(self, *, stopping: bool = False) -> Status:
        counters = together([self._gone, *(part.counters for part in self._parts)])
        now, (then, before) = time.monotonic(), self._seen
        if now - then > _REPORT_SECONDS / 2:
            self._rate = (counters.messages - before) / (now - then)
            self._seen = now, counters.messages
        uploads, seconds = self._uploader.state, now - self._began
        deaths = sum(now - death < DEATHS_SECONDS for death in self._deaths)
        return Status(counters, uploads, self._rate, seconds, self._options.sync_interval, stopping, deaths)

    def waits_for(self) -> str:
        """Describe what the end is waiting for."""
        counters = together(part.counters for part in self._parts)
        parts = [f"waiting for {plural(len(self._parts), 'consumer')} to sync and acknowledge what has arrived"]
        if counters.unfinished:
            parts[0] += f" ({plural(counters.unfinished, 'message')})"
        waiting = self._uploader.state.waiting
        parts.append(f"then for uploads ({plural(waiting, 'file')} so far)" if waiting else "then for the last uploads")
        return f"{', '.join(parts)}; at most {END_SECONDS:.0f} s"

    def end_consuming(self, deadline: float) -> bool:
        """End every consumer, with its messages in whole files of the spool. Return True if a disk blocks one."""
        self._no_more_uploads.set()
        for part in self._parts:
            part.stop()
        ended = [self._join(part, max(0.0, deadline - time.monotonic())) for part in self._parts]
        if not all(ended):
            self._notices.put("a consumer is still waiting for its disk; NSQ redelivers what it has not acknowledged")
        return not all(ended)

    def end_uploading(self, deadline: float) -> bool:
        """Make a last round of uploads, if the archive can be reached; return True if they hang."""
        last: Future[Any] = self._uploads
        wait([last], max(0.0, deadline - time.monotonic()))
        if last.done():
            _raise_defect("the uploads", last.exception())
            self._uploader.adopt()  # files of a child that died during its shutdown
            last = in_thread("last-uploads", self._uploader.once)
            wait([last], max(0.0, deadline - time.monotonic()))
        if not last.done():
            os.dup(self._ownership.lock)  # keep the lock until the process ends
            return True
        _raise_defect("the last uploads", last.exception())
        return False

    def left(self) -> int:
        """Return the number of files in the spool."""
        return len(spooled(self._options.spool, self._options.archive.zone))


def _raise_defect(what: str, error: BaseException | None) -> None:
    if error is not None:
        raise defect(what, error) from error


def _lasting(counters: Counters) -> Counters:
    counters.unfinished = counters.links = counters.missing = 0
    counters.oldest, counters.alone, counters.lost, counters.paused, counters.seen = 0.0, 0.0, "", "", math.inf
    return counters
