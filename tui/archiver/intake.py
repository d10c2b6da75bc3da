"""The core of the archiver: deliveries arrive, are written to disk, and only then are finished.

One event loop, and one thread that writes. A sync starts when half of a link's unfinished messages are waiting, when
some MB are waiting, or after `sync_interval`; messages that arrive meanwhile wait for the next one. No message is
finished before it is on disk. Messages that cannot be written are requeued without a delay, and no more are requested
until the disk works again.

Backpressure has three steps: RDY by the size of the messages, no reading from the sockets while too much is waiting,
and RDY 0 while the spool is full or broken. Messages that wait long are touched, so that none times out here.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import groupby
from typing import TypeVar

from tui.archive.times import floor_hour
from tui.archiver.consume import Reader
from tui.archiver.counters import Counters
from tui.archiver.defects import reported, show_traceback, spelled
from tui.archiver.delivery import ConsumerLink, Delivery
from tui.archiver.folder import spooled
from tui.archiver.line import lines_of
from tui.archiver.options import ArchiverOptions
from tui.archiver.outages import Outages
from tui.archiver.spool import Spool
from tui.errors import ArchiveError, OutputError
from tui.units import size

T = TypeVar("T")

_TICK_SECONDS = 0.1  # between two checks of the clock
_LOOK_SECONDS = 1.0  # between two checks of the spool
_SYNC_BYTES = 4 << 20
_IN_FLIGHT_BYTES = 16 << 20  # RDY is lowered for large messages
FULL_BYTES = 24 << 20  # messages beyond this stay in sockets, where they cannot be touched
_FIRST_RDY = 16  # until the size of messages is known
MISSING_SECONDS = 60.0  # without a connection
_GRACE_SECONDS = 2.0  # for each of nsqd's two answers at the end


class Intake:
    """The work of one consuming process. `run` it in an event loop; `counters` may be read from any thread.

    `stopped` is called ten times per second; `report` receives sentences for the operator; `counted` is called after
    each sync, before its messages are finished, so every message that NSQ forgets has been counted.
    """

    def __init__(
        self,
        options: ArchiverOptions,
        *,
        part: int = 0,
        counters: Counters,
        stopped: Callable[[], bool],
        report: Callable[[str], None],
        counted: Callable[[], None] = lambda: None,
    ) -> None:
        self._options, self._counters, self._stopped, self._report = options, counters, stopped, report
        self._counted, self._outages = counted, Outages(report)
        self._spool = Spool(options.spool, rotate_size=options.rotate_size, part=part)
        self._waiting: list[tuple[datetime, Delivery]] = []
        self._writing: list[tuple[datetime, Delivery]] = []
        self._waits: Counter[ConsumerLink] = Counter()
        self._bytes = 0  # waiting or being written
        self._mean = 0.0  # mean bytes of a message
        self._defects: set[str] = set()
        self._last = False
        self._broken = self._crowded = ""
        self._looked = 0.0
        self._linked = time.monotonic()
        self._used = 0  # bytes of the spool: at the last check, plus those written since
        self._hour = self._now()

    async def run(self) -> None:
        """Run until `stopped`; then every message that arrived is on disk and finished, or requeued."""
        self._due = asyncio.Event()
        self._reader = Reader(self._options.source, self._deliver, self._late, self._outages)
        with reported(self._defect), ThreadPoolExecutor(1, thread_name_prefix="spool") as self._thread:
            async with asyncio.TaskGroup() as tasks:
                ticking = tasks.create_task(self._tick())
                writing = tasks.create_task(self._write())
                while not self._stopped():
                    self._reader.check()
                    await asyncio.sleep(_TICK_SECONDS)
                await self._reader.leave(_GRACE_SECONDS)
                self._last = True
                self._due.set()
                await writing
                await self._close()
                await self._reader.close_all(_GRACE_SECONDS)
                ticking.cancel()

    def _now(self) -> datetime:
        return floor_hour(datetime.fromtimestamp(self._options.now(), self._options.archive.zone))

    def _deliver(self, delivery: Delivery) -> None:
        self._waiting.append((self._now(), delivery))
        count = len(delivery.ids)
        self._bytes += delivery.size
        self._waits[delivery.link] += count
        self._counters.again += delivery.again
        self._counters.unfinished += count
        self._mean += (delivery.size / count - self._mean) * 0.2
        self._reader.full = self._bytes >= FULL_BYTES
        if self._waits[delivery.link] * 2 >= delivery.link.rdy or self._bytes >= _SYNC_BYTES:
            self._due.set()

    async def _write(self) -> None:
        while not self._last or self._waiting:
            await self._due.wait()
            self._due.clear()
            self._writing, self._waiting = self._waiting, []
            self._waits.clear()
            hour = self._now()
            for its_hour, group in groupby(self._writing, key=lambda item: item[0]):
                await self._sync(its_hour, [delivery for _, delivery in group])
            self._writing = []
            if hour != self._hour:
                await self._rotate(hour)
            for link in self._reader.conns.values():
                link.resume()

    async def _sync(self, hour: datetime, deliveries: list[Delivery]) -> None:
        by_link: dict[ConsumerLink, list[bytes]] = defaultdict(list)
        for delivery in deliveries:
            by_link[delivery.link] += delivery.ids
        counters = self._counters
        try:
            written, changed = await self._in_thread(lambda: self._store(hour, deliveries))
        except OutputError as error:
            self._break(str(error))
            for link, ids in by_link.items():
                counters.given_back += len(ids)
                link.requeue(ids)
        else:
            counters.syncs += 1
            counters.written += written
            self._used += written
            self._limit()
            counters.changed += changed
            counters.messages += sum(map(len, by_link.values()))
            counters.bytes += sum(delivery.size for delivery in deliveries)
            self._counted()
            for link, ids in by_link.items():
                counters.unsure += 0 if link.finish(ids) else len(ids)
        counters.unfinished -= sum(map(len, by_link.values()))
        self._bytes -= sum(delivery.size for delivery in deliveries)
        self._reader.full = self._bytes >= FULL_BYTES

    def _store(self, hour: datetime, deliveries: list[Delivery]) -> tuple[int, Counter[str]]:
        blocks, changed = [], Counter[str]()
        for delivery in deliveries:
            block, its = lines_of(delivery.bodies)
            blocks.append(block)
            changed += its
        return self._spool.append(hour, blocks), changed

    async def _rotate(self, hour: datetime) -> None:
        try:
            await self._in_thread(lambda: self._spool.rotate(hour))
            self._hour = hour
        except OutputError as error:
            self._break(str(error))

    async def _close(self) -> None:
        """Complete every open file, so that its upload can make room."""
        try:
            await self._in_thread(self._spool.close)
        except OutputError as error:
            self._break(str(error))

    async def _tick(self) -> None:
        while True:
            now = time.monotonic()
            self._count(now)
            if self._waiting and now - self._waiting[0][1].came >= self._options.sync_interval:
                self._due.set()
            if self._now() != self._hour:
                self._due.set()
            self._touch(now)
            if now - self._looked >= _LOOK_SECONDS:
                self._looked = now
                await self._look()
            self._reader.allow(self._allowed())
            await asyncio.sleep(_TICK_SECONDS)

    def _count(self, now: float) -> None:
        self._counters.seen = now
        oldest = self._writing[:1] or self._waiting[:1]
        self._counters.oldest = now - oldest[0][1].came if oldest else 0.0
        self._counters.links = self._reader.links
        self._counters.lost = self._outages.cause
        self._counters.missing = sum(now - since > MISSING_SECONDS for since in self._reader.missing.values())
        self._linked = now if self._counters.links else self._linked
        self._counters.alone = now - self._linked
        self._counters.paused = self._broken or self._crowded

    def _touch(self, now: float) -> None:
        for _, delivery in (*self._writing, *self._waiting):
            if now - delivery.touched > delivery.link.message_timeout / 3:
                delivery.touched = now
                delivery.link.touch(delivery.ids)

    async def _look(self) -> None:
        """Measure the spool, and test whether a broken one can be written again."""
        try:
            self._used = sum(file.size for file in spooled(self._options.spool, self._options.archive.zone))
        except ArchiveError as error:
            self._break(str(error))
            return
        self._limit()
        if self._crowded:
            await self._close()
        if self._broken:
            try:
                await self._in_thread(self._spool.probe)
            except OutputError:
                return
            self._broken = ""
            self._report("resumed: the spool can be written again")

    def _limit(self) -> None:
        """Pause while the spool is too large."""
        limit = self._options.spool_max
        if not self._crowded and self._used >= limit:
            self._crowded = f"the spool holds {size(self._used)} of at most {size(limit)} (--spool-max)"
            self._report(f"paused: {self._crowded}; NSQ keeps the messages until uploads make room")
            self._reader.allow(0)
        elif self._crowded and self._used < limit * 0.9:
            self._crowded = ""
            self._report("resumed: the spool has room again")

    def _allowed(self) -> int:
        if self._stopped() or self._broken or self._crowded:
            return 0
        limit = self._options.source.max_in_flight
        if not self._mean:
            return min(limit, _FIRST_RDY)
        if self._mean * limit <= _IN_FLIGHT_BYTES:
            return limit
        return min(limit, max(1, 1 << int(_IN_FLIGHT_BYTES / self._mean).bit_length() - 1))

    def _break(self, why: str) -> None:
        if not self._broken:
            self._report(f"paused: {why}; NSQ keeps the messages")
        self._broken = why
        self._reader.allow(0)

    def _late(self) -> None:
        self._counters.unsure += 1

    def _defect(self, error: BaseException) -> None:
        """Handle an error in a callback: replace its dead connection; report each kind of error once."""
        if (text := spelled(error)) not in self._defects:
            self._defects.add(text)
            self._report(f"an unexpected error in a connection ({text}); it is reopened; please report this")
            if self._options.debug:
                show_traceback(error)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)
