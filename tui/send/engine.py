"""The heart of a send: batches go out through a window, answers come in, and what is unknown goes out again.

It knows neither NSQ nor files: a Sink gives it links. It runs in one event loop; reading the source, writing the
journal and asking for the depth happen in threads beside it, so that nothing keeps the broker's heartbeat waiting.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from tui.errors import SendError
from tui.send.batches import Batch, Batches
from tui.send.control import Control
from tui.send.depth import DepthWatch
from tui.send.events import Sending
from tui.send.journal import Journal
from tui.send.sink import Link, LinkLost, Sink, Trouble
from tui.send.throttle import Rate, TokenBucket
from tui.send.window import Window
from tui.units import duration

_TICK = 0.05  # seconds between two looks at the clock and the brakes
_READ_AHEAD = 64  # batches
_SLOW = 2.0  # seconds without an answer, after which the operator is told
_RATE_OVER = 3.0  # seconds
_SYNC_BATCHES = 32
_SYNC_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """`in_flight` batches and `in_flight_bytes` may be unanswered; `unconfirmed` batches may be unanswered or not yet
    in the journal: that is what a crash repeats. Times in seconds: for one answer, and without any progress at all.
    """

    rate: Rate | None = None
    in_flight: int = 8
    in_flight_bytes: int = 4 << 20
    unconfirmed: int = 64
    answer_timeout: float = 10.0
    patience: float = 300.0
    pauses: tuple[int, ...] = ()


class Engine:
    """One send. `run` it in an event loop; `snapshot` may be read from any thread."""

    def __init__(
        self,
        batches: Batches,
        sink: Sink,
        options: EngineOptions,
        control: Control,
        journal: Journal | None = None,
        depth: DepthWatch | None = None,
        total: int | None = None,
    ) -> None:
        self._batches, self._sink, self._options = batches, sink, options
        self._control, self._journal, self._depth, self._total = control, journal, depth, total
        self._began = self._progress_at = time.monotonic()
        self._link: Link | None = None
        self._window = Window()
        self._ready: deque[Batch] = deque()
        self._answered: list[Batch] = []  # arrived, not yet in the journal
        self._answered_at = 0.0
        self._digest: Any = None
        self._trouble: Trouble | None = None
        self._failed: SendError | None = None
        self._reading: asyncio.Future[list[Batch]] | None = None
        self._writing: asyncio.Future[None] | None = None
        self._tokens = TokenBucket(options.rate.per_second, options.rate.at_once) if options.rate else None
        self._pauses = deque(options.pauses)
        self._asking = False
        self._once_connected = False
        self._retry_at = 0.0
        self._retries = 0
        self._put_until = 0  # number behind the last record that was ever handed over
        self._marks: deque[tuple[float, int]] = deque([(self._began, 0)])
        self._note = "connecting"
        self.sent = self.confirmed = self.bytes = self.repeated = 0
        self.snapshot = Sending(note=self._note, total=total)

    async def run(self) -> None:
        """Until all is confirmed, or a stop has been drained. SendError if it cannot be finished."""
        self._wake = asyncio.Event()
        with ThreadPoolExecutor(2, thread_name_prefix="send") as self._threads:
            watching = asyncio.create_task(self._depth.watch(self._wake.set)) if self._depth else None
            try:
                while not self._over():
                    self._wake.clear()
                    await self._step()
                    await self._doze()
                await self._write_down_rest()
            finally:
                self._publish()
                if self._link is not None:
                    self._link.close()
                if watching is not None:
                    watching.cancel()
        if self._failed is not None:
            raise self._failed

    @property
    def sha256(self) -> str:
        """Of the confirmed records, each with a newline."""
        return str((self._digest or self._batches.digest()).hexdigest())

    @property
    def unknown(self) -> int:
        return self._window.unknown_records + self._window.records

    async def _step(self) -> None:
        self._take_what_was_read()
        self._meet_trouble()
        if self._link is None and not self._ending and time.monotonic() >= self._retry_at:
            await self._connect()
        self._hand_over()
        self._write_down()
        self._watch_the_clock()
        self._publish()

    @property
    def _ending(self) -> bool:
        """Nothing more is handed over: only answers are awaited."""
        return self._control.stopped or self._failed is not None

    def _over(self) -> bool:
        if self._ending:
            return self._link is None or not self._window
        drained = not (self._window or self._ready or self._answered or self._writing or self._window.unknown_records)
        if drained and self._batches.done and not self._reading:
            if self._batches.failed is not None:
                self._failed = SendError(str(self._batches.failed))
            return True
        return False

    # Reading ahead, in a thread

    def _take_what_was_read(self) -> None:
        if self._reading is not None and self._reading.done():
            self._ready += self._reading.result()
            self._reading = None
        wanted = len(self._ready) < _READ_AHEAD and not self._batches.done and not self._ending
        if wanted and self._reading is None:
            self._reading = self._in_thread(lambda: self._batches.take(_READ_AHEAD, _TICK))

    def _in_thread(self, work: Callable[[], Any]) -> asyncio.Future[Any]:
        future = asyncio.get_running_loop().run_in_executor(self._threads, work)
        future.add_done_callback(lambda _: self._wake.set())
        return future

    # The link

    async def _connect(self) -> None:
        """A new link, with callbacks that only this link's trouble and answers come through."""
        holder: list[Link] = []

        def confirmed(number: int) -> None:
            if holder and self._link is holder[0]:
                self._arrived(number)

        def trouble(error: Trouble) -> None:
            if not holder or self._link is holder[0]:
                self._trouble = self._trouble or error
                self._wake.set()

        self._trouble = None
        try:
            link = await self._sink.connect(confirmed, trouble)
        except SendError as error:
            self._failed = error
        except LinkLost as error:
            if not self._once_connected:
                self._failed = SendError(f"{error}; check the address and that nsqd runs, nothing was sent")
            self._again_later(str(error))
        else:
            holder.append(link)
            self._link, self._once_connected, self._retries = link, True, 0
            self._note = ""

    def _meet_trouble(self) -> None:
        """Outside the callback that brought it: a link that failed is still in pynsq's tables then."""
        trouble, self._trouble = self._trouble, None
        if trouble is None or self._link is None:
            return
        self._drop_link()
        if isinstance(trouble, SendError):
            self._failed = trouble
        else:
            self._again_later(str(trouble))

    def _drop_link(self) -> None:
        if self._link is not None:
            self._link.close()
        self._link = None
        self._window.lose()

    def _again_later(self, reason: str) -> None:
        self._retry_at = time.monotonic() + min(0.1 * 2**self._retries, 2.0)
        self._retries += 1
        self._note = f"{reason}; connecting again"

    # Handing over

    def _hand_over(self) -> None:
        self._delay = _TICK
        while self._link is not None and self._trouble is None and not self._ending:
            batch = self._window.peek_unknown() or (self._ready[0] if self._ready else None)
            if batch is None or not self._may_go(batch):
                return
            if self._window.peek_unknown() is batch:
                self._window.pop_unknown()
            else:
                self._ready.popleft()
            self._count_out(batch)
            self._link.put(self._window.put(batch, time.monotonic()), batch.records)

    def _may_go(self, batch: Batch) -> bool:
        window, options = self._window, self._options
        if self._control.paused or self._halted_by_canary():
            return False
        if len(window) >= options.in_flight or len(window) + len(self._answered) >= options.unconfirmed:
            return False
        if len(window) and window.bytes + batch.size > options.in_flight_bytes:
            return False
        if self._depth is not None and not self._depth.has_room(self.sent + self.repeated, window.records):
            return False
        if self._tokens is not None and (wait := self._tokens.wait()):
            self._delay = min(wait, _TICK)
            return False
        return True

    def _halted_by_canary(self) -> bool:
        """At a canary's step: wait until all before it is confirmed, then until the operator says go on."""
        if not self._pauses or self._put_until < self._pauses[0]:
            return False
        if not self._asking:
            if self._window or self._answered or self._writing or self._window.unknown_records:
                return True
            self._control.pause()
            self._asking = True
        if self._control.paused:
            return True
        self._asking = False
        self._pauses.popleft()
        return False

    def _count_out(self, batch: Batch) -> None:
        if batch.first < self._put_until:
            self.repeated += len(batch.records)
        else:
            self.sent += len(batch.records)
            self._put_until = batch.stop
        if self._tokens is not None and self._options.rate is not None:
            self._tokens.spend(self._options.rate.of(len(batch.records), batch.size))

    # Answers and the journal

    def _arrived(self, number: int) -> None:
        batch = self._window.answered(number)
        if batch is None:
            return
        self._progress_at = time.monotonic()
        if not self._answered:
            self._answered_at = self._progress_at
        self._answered.append(batch)
        self._wake.set()

    def _write_down(self) -> None:
        """Confirm what has arrived: through the journal, in a thread, several batches with one fsync."""
        if self._writing is not None:
            if not self._writing.done():
                return
            writing, self._writing = self._writing, None
            self._confirm(writing.result())
        due = len(self._answered) >= _SYNC_BATCHES or time.monotonic() - self._answered_at >= _SYNC_SECONDS
        if not self._answered or not (due or not self._window or self._journal is None):
            return
        batches, journal = list(self._answered), self._journal
        if journal is None:
            self._confirm(batches)
        else:
            self._writing = self._in_thread(lambda: _written(journal, batches))

    def _confirm(self, batches: list[Batch]) -> None:
        del self._answered[: len(batches)]
        for batch in batches:
            self.confirmed += len(batch.records)
            self.bytes += batch.size
            self._digest = batch.digest

    async def _write_down_rest(self) -> None:
        """What has arrived by the end of a stopped or failed send is confirmed too."""
        if self._writing is not None:
            self._confirm(await self._writing)
            self._writing = None
        if self._answered:
            batches, journal = list(self._answered), self._journal
            self._confirm(await self._in_thread(lambda: _written(journal, batches)) if journal else batches)

    # Time, and what the operator sees

    def _watch_the_clock(self) -> None:
        now = time.monotonic()
        waited = self._window.waited(now)
        if self._link is not None and waited > self._options.answer_timeout:
            where = self._link.where
            self._drop_link()
            self._again_later(f"{where} gave no answer for {duration(waited)}")
        busy = self._link is None or waited > _SLOW
        if not busy:
            self._progress_at = max(self._progress_at, now - _SLOW)
        elif now - self._progress_at > self._options.patience and not self._ending:
            self._failed = SendError(f"{self._spoken()} for {duration(now - self._progress_at)}: given up")

    def _spoken(self) -> str:
        if self._link is None:
            return self._note
        waited = self._window.waited(time.monotonic())
        if waited > _SLOW:
            return f"no answer from {self._link.where} for {duration(waited)}"
        if self._control.stopped:
            return "stopping: waiting for what is in flight"
        if self._asking:
            return f"canary: {self.confirmed:,} arrived; look at them, then go on"
        if self._control.paused:
            return "paused"
        if self._depth is not None and self._depth.note:
            return self._depth.note
        if not (self._ready or self._window or self._window.unknown_records or self._batches.done):
            return "reading"
        return ""

    def _publish(self) -> None:
        now, confirmed = time.monotonic(), self.confirmed
        if now - self._marks[-1][0] > 0.1:
            self._marks.append((now, confirmed))
            while now - self._marks[0][0] > _RATE_OVER:
                self._marks.popleft()
        since, before = self._marks[0]
        self.snapshot = Sending(
            sent=self._batches.passed + self.sent,
            confirmed=self._batches.passed + confirmed,
            bytes=self._batches.passed_bytes + self.bytes,
            in_flight=self._window.records,
            unknown=self._window.unknown_records,
            rate=(confirmed - before) / (now - since) if now > since else 0.0,
            depth=self._depth.depth if self._depth else None,
            note=self._spoken(),
            total=self._total,
            seconds=now - self._began,
            asking=self._asking,
        )

    async def _doze(self) -> None:
        try:
            await asyncio.wait_for(self._wake.wait(), self._delay)
        except TimeoutError:
            pass


def _written(journal: Journal, batches: list[Batch]) -> list[Batch]:
    journal.confirm((batch.first, batch.stop) for batch in batches)
    return batches
