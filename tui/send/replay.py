"""Sending a source to a broker, from the first look to the receipt."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Generator
from concurrent.futures import Future, wait
from datetime import UTC, datetime
from typing import TypeVar

from tui.send.batches import BATCH_BYTES, Batches, BatchSize, oversize_error
from tui.send.control import Control
from tui.send.depth import DepthWatch
from tui.send.engine import Engine
from tui.send.events import SendEvent, Sending, Sent
from tui.send.journal import Journal
from tui.send.nsqds import Nsqds
from tui.send.options import SendOptions
from tui.send.receipt import Receipt, whoami
from tui.send.restore import restored
from tui.send.sink import Broker, Limits
from tui.send.source import Source
from tui.send.survey import Survey, nothing_to_send, surveying
from tui.send.target import NsqTarget
from tui.units import plural

T = TypeVar("T")

_TELL = 0.2  # seconds between two events
_GRACE = 20.0  # seconds that a send may take to stop: an answer, and a connection that is being made


def send_to_nsq(
    source: Source,
    target: NsqTarget,
    *,
    journal: Journal | None = None,
    options: SendOptions | None = None,
    control: Control | None = None,
    surveyed: Survey | None = None,
) -> Generator[SendEvent, None, None]:
    """Send every record of the source to a topic of nsqd; see `send_to`."""
    options = options or SendOptions()
    broker = Nsqds(target, options)
    yield from send_to(
        restored(source), broker, journal=journal, options=options, control=control or Control(), surveyed=surveyed
    )


def send_to(
    source: Source,
    broker: Broker,
    *,
    journal: Journal | None = None,
    options: SendOptions,
    control: Control,
    surveyed: Survey | None = None,
) -> Generator[SendEvent, None, None]:
    """Send every record of the source, confirmed, in order; the last event is `Sent`.

    A plain generator: it may be used in any thread, and keeps sending in a thread of its own while its user is slow.
    Closing it stops the send as `control.stop` does. With a journal, what it holds as confirmed is not sent again, and
    nothing is called confirmed before it is in there. `surveyed` saves the first look, if the caller had one.
    Raises SendError, a sentence for a person; what was confirmed by then stays in the journal.
    """
    started = datetime.now(UTC)
    asking = Sending(note=f"asking {', '.join(broker.where)}")
    limits, before = yield from _beside(lambda: (broker.ask(), broker.message_count()), lambda: asking, control)
    found = surveyed
    if found is None and options.check_first:
        found = yield from _look_first(source, limits, control)
    if found is not None and not control.stopped:
        refuse_what_cannot_go(found, limits, source, skip_oversize=options.skip_oversize)
    engine = _engine(source, broker, journal, options, control, limits, found)
    yield from _beside(lambda: asyncio.run(engine.run()), lambda: engine.snapshot, control)
    after = yield from _beside(broker.message_count, lambda: engine.snapshot, control)
    receipt = _receipt(source, broker, journal, engine, started, before, after)
    if not receipt.confirmed and not receipt.partial and not receipt.skipped:
        raise nothing_to_send(source, receipt.unfit_named)
    if journal is not None:
        journal.finish(receipt)
    yield Sent(receipt)


def _look_first(source: Source, limits: Limits, control: Control) -> Generator[Sending, None, Survey]:
    seen = [Survey()]

    def look() -> Survey:
        for found in surveying(source, max_message=limits.max_message, shapes=False):
            seen[0] = found
            if control.stopped:
                break
        return seen[0]

    def state() -> Sending:
        return Sending(note=f"reading what will be sent: {plural(seen[0].count, 'record')}")

    return (yield from _beside(look, state, control))


def refuse_what_cannot_go(found: Survey, limits: Limits, source: Source, *, skip_oversize: bool) -> None:
    """SendError that names a record too large for the broker, NothingToSendError where there is none."""
    if found.complete and not found.count:
        raise nothing_to_send(source, found.unfit)
    largest = found.largest
    if largest is not None and largest.size > limits.max_message and not skip_oversize:
        raise oversize_error(found.oversize or (largest,), found.oversize_count or 1, limits.max_message)


def _engine(
    source: Source,
    broker: Broker,
    journal: Journal | None,
    options: SendOptions,
    control: Control,
    limits: Limits,
    found: Survey | None,
) -> Engine:
    start = journal.confirmed_until if journal else 0
    batches = Batches(source, limits, _batch_size(options), start=start, skip_oversize=options.skip_oversize)
    watch = DepthWatch(broker.depth, options.max_depth) if broker.watched else None
    total = found.count if found is not None and found.complete else None
    return Engine(batches, broker.sink(), options, control, journal, watch, total)


def _batch_size(options: SendOptions) -> BatchSize:
    """Smaller batches for small rates, so that they go out evenly."""
    rate = options.rate
    if rate is None:
        return BatchSize(options.batch, cuts=options.canary)
    if rate.unit == "records":
        return BatchSize(min(options.batch, rate.at_once), cuts=options.canary)
    return BatchSize(options.batch, min(BATCH_BYTES, rate.at_once), options.canary)


def _beside(work: Callable[[], T], state: Callable[[], Sending], control: Control) -> Generator[Sending, None, T]:
    """Do the work in a thread of its own, and tell its state until it is done; leaving early stops the send."""
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
            wait([done], timeout=_TELL)
    except BaseException:
        control.stop()
        thread.join(_GRACE)
        raise
    result = done.result()
    yield state()
    return result


def _receipt(
    source: Source,
    broker: Broker,
    journal: Journal | None,
    engine: Engine,
    started: datetime,
    before: int | None,
    after: int | None,
) -> Receipt:
    state, batches = engine.snapshot, engine.batches
    return Receipt(
        what=source.description,
        where=broker.where,
        topic=broker.topic,
        filter=source.filter,
        identity=source.identity,
        started=started,
        finished=datetime.now(UTC),
        who=whoami(),
        sent=engine.sent,
        confirmed=state.confirmed,
        bytes=state.bytes,
        sha256=engine.sha256,
        partial=not engine.complete,
        resumed=batches.passed,
        repeated=engine.repeated,
        skipped=batches.skipped,
        empty=batches.empty,
        unfit=batches.unfit,
        unfit_named=tuple(batches.unfit_named),
        unknown=engine.unknown,
        left_out=tuple(batches.left_out),
        damaged=tuple((item.key, item.offset, item.reason) for item in batches.damaged),
        message_count_before=before,
        message_count_after=after,
        journal=str(journal.path) if journal else None,
        note="stopped before all was sent; resume it to send the rest" if not engine.complete else "",
    )
