"""The core of a send: it sends batches through a window, receives answers, and resends unknown batches.

It depends on neither NSQ nor files: a Sink provides links. It runs in one event loop; reading the source, writing the
journal and polling the depth happen in other threads, so nothing delays the broker's heartbeat.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tui.errors import SendError
from tui.send.engine.batches import Batch, Batches
from tui.send.engine.control import Canary, Control
from tui.send.engine.depth import DepthWatch
from tui.send.engine.ledger import Ledger
from tui.send.engine.rate import Meter
from tui.send.engine.reconnects import Reconnects
from tui.send.engine.throttle import Throttle
from tui.send.engine.window import Window
from tui.send.events import Sending
from tui.send.journal import Journal
from tui.send.options import SendOptions
from tui.send.sink import Link, LinkLost, Sink, Trouble
from tui.units import duration, plural

_TICK_SECONDS = 0.05  # between two checks of the clock and the control
_READ_AHEAD_BATCHES = 64
_STALL_SECONDS = 0.3  # to wait for a read whose result is no longer needed
_SLOW_SECONDS = 2.0  # without an answer, before the operator is informed


class Engine:
    """One send. `run` it in an event loop; `snapshot` may be read from any thread."""

    def __init__(
        self,
        batches: Batches,
        sink: Sink,
        options: SendOptions,
        control: Control,
        journal: Journal | None = None,
        depth: DepthWatch | None = None,
        total: int | None = None,
        last_due: int | None = None,
    ) -> None:
        self.batches, self._sink, self._options = batches, sink, options
        self._control, self._depth, self._total = control, depth, total
        self._window, self._ledger, self._meter = Window(), Ledger(journal), Meter()
        self._throttle = Throttle(options, last_due)
        self._canary = Canary(options.canary, control)
        self._ready: deque[Batch] = deque()
        self._reading: asyncio.Future[list[Batch]] | None = None
        self._link: Link | None = None
        self._trouble: Trouble | None = None
        self._failed: SendError | None = None
        self._reconnects = Reconnects()
        self._progress_at = time.monotonic()
        self._delay = _TICK_SECONDS
        self._careful_until = 0  # batches up to here are unknown, or were until they were resent
        self._put_until = 0  # number after the last record that was ever sent
        self.sent = self.repeated = 0
        self.answered_before_loss = 0  # records that were answered when the last link was lost
        self.snapshot = Sending(note=self._reconnects.reason, total=total)

    async def run(self) -> None:
        """Run until all is confirmed, or a stop has drained. SendError if the send cannot be finished."""
        self._wake = asyncio.Event()
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="send")
        watching = asyncio.create_task(self._depth.watch(self._wake.set)) if self._depth else None
        try:
            while not self._over():
                self._wake.clear()
                await self._step()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), self._delay)
            await self._ledger.settle(self._in_thread)
        finally:
            self._publish()
            if self._link is not None:
                self._link.close()
            if watching is not None:
                watching.cancel()
            self._threads.shutdown(wait=not await self._abandon_reading())
        if self._failed is not None:
            raise self._failed

    @property
    def complete(self) -> bool:
        """Whether every record is confirmed."""
        return self.batches.done and self.batches.failed is None and not self._busy

    @property
    def sha256(self) -> str:
        """The SHA-256 of the confirmed records, each with a newline."""
        return str((self._ledger.digest or self.batches.digest_passed).hexdigest())

    @property
    def unknown(self) -> int:
        """The number of records that were sent and whose answer is unknown."""
        return self._window.unknown_records + self._window.records

    @property
    def _busy(self) -> bool:
        return bool(self._ready or self._reading or self._unsettled)

    @property
    def _unsettled(self) -> bool:
        """Whether any record was sent and is not confirmed."""
        return bool(self._window or self._ledger or self._window.unknown_records)

    @property
    def _ending(self) -> bool:
        """Whether nothing more is sent, and only answers are awaited."""
        return self._control.stopped or self._failed is not None

    def _over(self) -> bool:
        if self._ending:
            return self._link is None or not self._window
        if not self.batches.done or self._busy:
            return False
        if self.batches.failed is not None:
            self._failed = SendError(str(self.batches.failed))
        return True

    async def _step(self) -> None:
        self._take_what_was_read()
        self._meet_trouble()
        if self._link is None and not self._ending and self._reconnects.due:
            await self._connect()
        self._hand_over()
        self._ledger.work(self._in_thread, hurry=not self._window)
        self._watch_the_clock()
        self._publish()

    def _take_what_was_read(self) -> None:
        if self._reading is not None and self._reading.done():
            self._ready += self._reading.result()
            self._reading = None
        more = len(self._ready) < _READ_AHEAD_BATCHES and not self.batches.done and not self._ending
        if more and self._reading is None:
            self._reading = self._in_thread(lambda: self.batches.take(_READ_AHEAD_BATCHES, _TICK_SECONDS))

    async def _abandon_reading(self) -> bool:
        """Return whether a read is stuck at an early end, so that its thread must be abandoned."""
        if self._reading is None:
            return False
        await asyncio.wait({self._reading}, timeout=_STALL_SECONDS)
        return self._reading.cancel()

    def _in_thread(self, work: Callable[[], Any]) -> asyncio.Future[Any]:
        future = asyncio.get_running_loop().run_in_executor(self._threads, work)
        future.add_done_callback(lambda _: self._wake.set())
        return future

    # The link

    async def _connect(self) -> None:
        """Open a new link; reports of an old one are ignored."""
        mine: list[Link] = []

        def confirmed(number: int) -> None:
            batch = self._window.answered(number) if mine and self._link is mine[0] else None
            if batch is not None:
                self._ledger.add(batch)
                if batch.stop >= self._careful_until:
                    self._careful_until = 0
                self._progress_at = time.monotonic()
                self._reconnects.progressed()
                self._wake.set()

        def trouble(error: Trouble) -> None:
            if mine and self._link is mine[0]:
                self._trouble = self._trouble or error
                self._wake.set()

        try:
            self._link = await self._sink.connect(confirmed, trouble)
            mine.append(self._link)
            self._reconnects.connected()
        except SendError as error:
            self._failed = error
        except LinkLost as error:
            if not self._reconnects.ever_connected:
                self._failed = SendError(f"{error}; check the address and that nsqd runs, nothing was sent")
            self._again_later(str(error))

    def _meet_trouble(self) -> None:
        """Handle an error outside its callback, during which pynsq still has the failed link in its tables."""
        trouble, self._trouble = self._trouble, None
        if isinstance(trouble, SendError):
            self._drop_link()
            self._failed = trouble
        elif trouble is not None:
            self._again_later(str(trouble))

    def _again_later(self, why: str) -> None:
        self._drop_link()
        self._reconnects.lost(why)

    def _drop_link(self) -> None:
        if self._link is not None:
            self._link.close()
            self.answered_before_loss = self.sent - self._window.records - self._window.unknown_records
        self._link = self._trouble = None
        self._window.lose()
        if self._window.unknown_records:
            self._careful_until = self._put_until

    # Handing over

    def _hand_over(self) -> None:
        self._delay = _TICK_SECONDS
        while self._link is not None and self._trouble is None and not self._ending:
            unknown = self._window.peek_unknown()
            batch = unknown or (self._ready[0] if self._ready else None)
            if batch is None or not self._may_go(batch):
                return
            if unknown:
                self._window.pop_unknown()
            else:
                self._ready.popleft()
            self._count_out(batch)
            self._link.put(self._window.put(batch, time.monotonic()), batch.records)

    def _may_go(self, batch: Batch) -> bool:
        window, options = self._window, self._options
        if self._control.paused or self._canary.halts(self._put_until, settled=not self._unsettled):
            return False
        # Unknown batches are resent one by one: nsqd closes the connection when it refuses a batch, and if more batches
        # wait unread, the reset that follows can destroy its error message.
        limit = 1 if self._careful_until else options.in_flight
        if len(window) >= limit or len(window) + len(self._ledger) >= options.unconfirmed:
            return False
        if len(window) and window.bytes + batch.size > options.in_flight_bytes:
            return False
        lowest = window.lowest  # a crash repeats from there; one slow server must not hold it back
        if lowest is not None and batch.first - lowest >= options.unconfirmed * options.batch:
            return False
        if self._depth is not None and not self._depth.has_room(self.sent + self.repeated, window.records):
            return False
        wait = self._throttle.wait(batch, resent=batch.first < self._put_until)
        self._delay = min(wait or _TICK_SECONDS, _TICK_SECONDS)
        return not wait

    def _count_out(self, batch: Batch) -> None:
        self._ledger.begin_at(batch.first)
        if batch.first < self._put_until:
            self.repeated += len(batch.records)
        else:
            self.sent += len(batch.records)
            self._put_until = batch.stop
        self._throttle.spend(batch)

    # Time and the operator's view

    def _watch_the_clock(self) -> None:
        now, options = time.monotonic(), self._options
        waited = self._window.waited(now)
        if self._link is not None and waited > options.answer_timeout:
            self._again_later(f"{self._link.where} gave no answer for {duration(waited)}")
        if self._link is not None and not self._window:
            self._progress_at = now
        elif now - self._progress_at > options.patience and not self._ending:
            self._failed = SendError(
                f"{self._note()}: given up after {duration(now - self._progress_at)} without progress; "
                f"{plural(self._confirmed, 'record')} confirmed, resume the send when nsqd is back"
            )

    @property
    def _confirmed(self) -> int:
        return self.batches.passed + self._ledger.records

    def _note(self) -> str:
        if self._link is None:
            return self._reconnects.reason
        waited = self._window.waited(time.monotonic())
        if waited > _SLOW_SECONDS:
            return f"no answer from {self._link.where} for {duration(waited)}"
        if self._control.stopped:
            return "stopping; waiting for in-flight batches"
        if self._canary.asking:
            return f"canary: {self._confirmed:,} arrived; check them, then continue"
        if self._control.paused:
            return "paused"
        if self._depth is not None and self._depth.note:
            return self._depth.note
        if self._throttle.due_in > _SLOW_SECONDS:
            return f"the next record is due in {duration(self._throttle.due_in)}, at pace {self._options.pace:g}"
        reading = "reading" if self._reading and not self._ready and not self._unsettled else ""
        return self._reconnects.healed or reading or self._link.note

    def _publish(self) -> None:
        self.snapshot = Sending(
            sent=self.batches.passed + self.sent,
            confirmed=self._confirmed,
            bytes=self.batches.passed_bytes + self._ledger.bytes,
            in_flight=self._window.records,
            unknown=self._window.unknown_records,
            rate=self._meter.rate(self._ledger.records),
            depth=self._depth.depth if self._depth else None,
            note=self._note(),
            total=self._total,
            seconds=self._meter.seconds,
            asking=self._canary.asking,
            left=self._throttle.left,
        )
