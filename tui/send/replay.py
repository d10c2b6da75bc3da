"""Sending a source to a broker, from the survey to the receipt."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Generator
from concurrent.futures import Future, wait
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from tui.errors import SendError
from tui.nsq.limits import Limits
from tui.nsq.target import NsqTarget
from tui.send.engine.batches import BATCH_BYTES, Batches, BatchSize, oversize_error
from tui.send.engine.control import Control
from tui.send.engine.depth import DepthWatch
from tui.send.engine.engine import Engine
from tui.send.events import SendEvent, Sending, Sent
from tui.send.journal import Journal, JournalError
from tui.send.messages import outgoing
from tui.send.nsqds import Nsqds
from tui.send.options import SendOptions
from tui.send.receipt import Receipt, whoami
from tui.send.sink import Broker
from tui.send.source import Source
from tui.send.survey import Survey, nothing_to_send, surveying
from tui.units import plural

T = TypeVar("T")

_EVENT_SECONDS = 0.2  # between two events
_PACED_MICROSECONDS = 50_000  # of record time: a paced send groups records within it
_STOP_SECONDS = 20.0  # for a send to stop: covers a pending answer and a connection attempt


class InterruptedSend(SendError):
    """A send that failed after it began; its receipt shows its progress."""

    def __init__(self, message: str, receipt: Receipt) -> None:
        super().__init__(message)
        self.receipt = receipt


def send_to_nsq(
    source: Source,
    target: NsqTarget,
    *,
    journal: Journal | None = None,
    options: SendOptions | None = None,
    control: Control | None = None,
    surveyed: Survey | None = None,
    warnings: tuple[str, ...] = (),
) -> Generator[SendEvent, None, None]:
    """Send every record of the source to a topic of nsqd; see `send_to`."""
    options = options or SendOptions()
    broker = Nsqds(target, options)
    yield from send_to(
        source,
        broker,
        journal=journal,
        options=options,
        control=control or Control(),
        surveyed=surveyed,
        warnings=warnings,
    )


def send_to(
    source: Source,
    broker: Broker,
    *,
    journal: Journal | None = None,
    options: SendOptions,
    control: Control,
    surveyed: Survey | None = None,
    warnings: tuple[str, ...] = (),
) -> Generator[SendEvent, None, None]:
    """Send every record of the source, confirmed, in order; the last event is `Sent`.

    A plain generator for any thread; it keeps sending in another thread while the caller is slow. Closing it stops the
    send as `control.stop` does. With a journal, records that it holds as confirmed are not sent again, and records are
    reported as confirmed only once they are in it. `surveyed` is the survey, if the caller has it, of the same source
    with the same plan. `warnings` go into the receipt, with those of the send itself. Raises SendError; records that
    were confirmed before stay in the journal.
    """
    started = datetime.now(UTC)
    asking = Sending(note=f"asking {', '.join(broker.where)}")
    limits, before = yield from _in_thread(lambda: (broker.ask(), broker.message_count()), lambda: asking, control)
    source = outgoing(source, journal.plan if journal is not None else options.plan(limits.largest))
    survey = surveyed
    if survey is None and options.check_first:
        survey = yield from _look_first(source, limits, journal, control)
    if survey is not None and not control.stopped:
        refuse_what_cannot_go(survey, limits, source)
    engine = _engine(source, broker, journal, options, control, limits, survey)
    ending = _Ending(source, broker, journal, engine, started, before, survey, warnings, options.name)
    try:
        yield from _in_thread(lambda: asyncio.run(engine.run()), lambda: engine.snapshot, control)
    except SendError as error:
        raise ending.failed(error) from error
    ending.check_journal()
    after = yield from _in_thread(broker.message_count, lambda: engine.snapshot, control)
    yield Sent(ending.finish(after))


def _look_first(
    source: Source, limits: Limits, journal: Journal | None, control: Control
) -> Generator[Sending, None, Survey]:
    seen = [Survey()]
    start = journal.confirmed_until if journal else 0

    def look() -> Survey:
        for survey in surveying(source, max_message=limits.largest, start=start, shapes=False):
            seen[0] = survey
            if control.stopped:
                break
        return seen[0]

    def state() -> Sending:
        return Sending(note=f"reading what will be sent: {plural(seen[0].count, 'record')}")

    return (yield from _in_thread(look, state, control))


def refuse_what_cannot_go(survey: Survey, limits: Limits, source: Source) -> None:
    """Raise SendError for a record too large for the broker, NothingToSendError if there is no record."""
    if survey.complete and not survey.count:
        raise nothing_to_send(source, survey.unfit)
    largest = survey.largest
    if survey.max_message is None and largest is not None and largest.size > limits.largest:
        raise oversize_error((largest,), 1, limits.largest)
    if survey.oversize_count:
        raise oversize_error(survey.oversize, survey.oversize_count, limits.largest)


def _engine(
    source: Source,
    broker: Broker,
    journal: Journal | None,
    options: SendOptions,
    control: Control,
    limits: Limits,
    survey: Survey | None,
) -> Engine:
    batches = Batches(source, limits, _batch_size(options), start=journal.confirmed_until if journal else 0)
    watch = DepthWatch(broker.depth, options.max_depth) if broker.watched else None
    known = survey if survey is not None and survey.complete else None
    total, last = (known.count, known.last_time) if known else (None, None)
    return Engine(batches, broker.sink(), options, control, journal, watch, total, last)


def _batch_size(options: SendOptions) -> BatchSize:
    """Return the batch size: smaller for a low rate or pace, to send evenly."""
    rate, span = options.rate, int(options.pace * _PACED_MICROSECONDS) if options.pace else None
    if rate is None:
        return BatchSize(options.batch, cuts=options.canary, span=span)
    if rate.unit == "records":
        return BatchSize(min(options.batch, rate.at_once), cuts=options.canary, span=span)
    return BatchSize(options.batch, min(BATCH_BYTES, rate.at_once), options.canary, span)


def _in_thread(work: Callable[[], T], state: Callable[[], Sending], control: Control) -> Generator[Sending, None, T]:
    """Do the work in a separate thread, and yield its state until it is done; leaving early stops the send."""
    done: Future[T] = Future()

    def run() -> None:
        try:
            done.set_result(work())
        except BaseException as error:  # noqa: BLE001  (raised again below, in the thread that waits for it)
            done.set_exception(error)

    thread = threading.Thread(target=run, name="hourscope-send", daemon=True)
    thread.start()
    try:
        while not done.done():
            yield state()
            wait([done], timeout=_EVENT_SECONDS)
    except BaseException:
        control.stop()
        thread.join(_STOP_SECONDS)
        raise
    result = done.result()
    yield state()
    return result


@dataclass(frozen=True, slots=True)
class _Ending:
    """The data for the receipt of a send."""

    source: Source
    broker: Broker
    journal: Journal | None
    engine: Engine
    started: datetime
    before: int | None
    survey: Survey | None
    warnings: tuple[str, ...]
    name: str

    def receipt(self, after: int | None, note: str = "") -> Receipt:
        source, engine, journal, unsent = self.source, self.engine, self.journal, self.engine.batches.unsent
        if not engine.complete:
            note = note or "stopped before all was sent; resume it to send the rest"
        earlier = journal.where if journal else ()
        return Receipt(
            what=source.description,
            where=tuple(dict.fromkeys([*earlier, *self.broker.where])),
            topic=self.broker.topic,
            name=journal.name if journal else self.name,
            order=source.plan.order if source.plan else None,
            filter=source.filter,
            identity=source.identity,
            started=self.started,
            finished=datetime.now(UTC),
            who=whoami(),
            sent=engine.sent,
            confirmed=engine.snapshot.confirmed,
            bytes=engine.snapshot.bytes,
            sha256=engine.sha256,
            partial=not engine.complete,
            resumed=engine.batches.passed,
            repeated=engine.repeated,
            skipped=unsent.oversize_count,
            repeats=unsent.repeats,
            blank=unsent.blank,
            unfit=unsent.unfit_count,
            unfit_named=tuple(unsent.unfit),
            unknown=engine.unknown,
            left_out=tuple(unsent.oversize),
            damaged=tuple(unsent.damaged),
            message_count_before=self.before,
            message_count_after=after,
            journal=str(journal.path) if journal else None,
            note=note,
            warnings=tuple(dict.fromkeys([*self.warnings, *self._losses(after), *self._changes()])),
        )

    def check_journal(self) -> None:
        """Raise SendError if the journal confirms more records than the source has."""
        journal, engine = self.journal, self.engine
        if journal is not None and engine.complete and engine.batches.passed < journal.confirmed_until:
            raise SendError(
                f"the journal {journal.path} claims {journal.confirmed_until:,} confirmed records, but "
                f"{self.source.description} has only {engine.batches.passed:,}: it is not to be trusted"
            )

    def finish(self, after: int | None) -> Receipt:
        """Return the receipt after writing it to the journal; NothingToSendError if there was nothing to send."""
        receipt = self.receipt(after)
        if not receipt.confirmed and not receipt.partial and not receipt.skipped:
            raise nothing_to_send(self.source, receipt.unfit_named)
        if self.journal is not None:
            try:
                self.journal.finish(receipt)
            except SendError as error:
                raise InterruptedSend(str(error), receipt) from error
        return receipt

    def failed(self, error: SendError) -> InterruptedSend:
        """Return the error with a receipt of the progress, which is also written to the journal."""
        receipt = self.receipt(None, note=str(error))
        if self.journal is not None and not isinstance(error, JournalError):
            try:
                self.journal.finish(receipt)
            except JournalError as second:
                error = SendError(f"{error}; and {second}")
        return InterruptedSend(str(error), receipt)

    def _losses(self, after: int | None) -> tuple[str, ...]:
        """Return warnings about possible losses of confirmed records: a restart, an emptied topic."""
        engine = self.engine
        losses = self.broker.losses(engine.answered_before_loss)
        confirmed = engine.snapshot.confirmed - engine.batches.passed
        if losses or self.before is None or after is None or after - self.before >= confirmed:
            return losses
        servers = ", ".join(self.broker.where)
        return (
            f"nsqd at {servers} counted {self.before:,} messages in {self.broker.topic} before and {after:,} after, "
            f"but confirmed {confirmed:,}: it was restarted, or the topic was deleted, and some of them may be lost",
        )

    def _changes(self) -> tuple[str, ...]:
        """Return a warning if the records that were sent differ from the survey."""
        survey = self.survey
        if survey is None or not survey.complete or not self.engine.complete or survey.sha256 == self.engine.sha256:
            return ()
        held = plural(survey.count, "record")
        return (f"{self.source.description} changed while it was sent: it held {held} before",)
