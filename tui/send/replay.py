"""Sending a source into an NSQ topic, from the first look to the receipt."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from tui.errors import SendError
from tui.send.batches import BATCH_BYTES, Batches, BatchSize, oversize_error
from tui.send.control import Control
from tui.send.depth import DepthWatch
from tui.send.engine import Engine, EngineOptions
from tui.send.events import SendEvent, Sending, Sent
from tui.send.guard import message_count, topic_depth
from tui.send.journal import Journal
from tui.send.limits import ask_limits
from tui.send.receipt import Receipt, whoami
from tui.send.sink import Limits
from tui.send.source import Source
from tui.send.survey import Survey, surveying
from tui.send.target import NsqTarget
from tui.send.throttle import Rate
from tui.units import plural

_TELL = 0.2  # seconds between two events


@dataclass(frozen=True, slots=True)
class SendOptions:
    """How to send.

    `rate`: records or bytes a second. `max_depth`: pause while the topic or a channel is deeper. `canary`: counts of
    records after which `Sending.asking` waits for `Control.resume`, such as (1, 11). `check_first`: read the source
    once before anything is sent, so that a record too large is named before, not in the middle. `batch` records go in
    one request, `in_flight` requests wait for an answer, `unconfirmed` requests for that and the journal: a crash
    repeats `batch * unconfirmed` records at most. In seconds: `answer_timeout` for one answer, `connect_timeout`,
    `patience` without any progress before the send gives up.
    """

    rate: Rate | None = None
    max_depth: int | None = None
    canary: tuple[int, ...] = ()
    skip_oversize: bool = False
    check_first: bool = True
    batch: int = 100
    in_flight: int = 8
    unconfirmed: int = 64
    answer_timeout: float = 10.0
    connect_timeout: float = 5.0
    patience: float = 300.0


def send_to_nsq(
    source: Source,
    target: NsqTarget,
    *,
    journal: Journal | None = None,
    options: SendOptions | None = None,
    control: Control | None = None,
    surveyed: Survey | None = None,
) -> Iterator[SendEvent]:
    """Send every record of the source, confirmed, in order; the last event is `Sent`.

    A plain generator: it may be used in any thread, and keeps sending in a thread of its own while its user is slow.
    Closing it stops the send as `control.stop` does. With a journal, what it holds as confirmed is not sent again, and
    nothing is called confirmed before it is in there. `surveyed` saves the first look, if the caller had one.
    Raises SendError, a sentence for a person; what was confirmed by then stays in the journal.
    """
    options, control, started = options or SendOptions(), control or Control(), datetime.now(UTC)
    target.check()
    yield Sending(note=f"asking nsqd at {target.nsqd_tcp_addresses[0]}")
    limits, address = _limits(target, options)
    before = _message_count(target)
    found = surveyed
    if found is None and options.check_first:
        for found in surveying(source, max_message=limits.max_message):
            yield Sending(note=f"reading what will be sent: {plural(found.count, 'record')}", total=None)
            if control.stopped:
                break
    if found is not None and not control.stopped:
        _refuse(found, limits, source, options)
    engine = _engine(source, target, journal, options, control, limits, found, address)
    yield from _running(engine, target, options, control)
    receipt = _receipt(source, target, journal, engine, control, started, before, _message_count(target))
    if journal is not None:
        journal.finish(receipt)
    if not receipt.confirmed and not receipt.partial and not receipt.skipped:
        raise _nothing(source)
    yield Sent(receipt)


def _limits(target: NsqTarget, options: SendOptions) -> tuple[Limits, str]:
    """The limits of the first nsqd that answers."""
    errors: list[SendError] = []
    for address in target.nsqd_tcp_addresses:
        try:
            return ask_limits(target, address, timeout=options.connect_timeout), address
        except SendError as error:
            errors.append(error)
    raise errors[0]


def _message_count(target: NsqTarget) -> int | None:
    """Of all the target's nsqds; None if one of them cannot be asked."""
    counts = [message_count(target.http_address(a), target.topic, timeout=2.0) for a in target.nsqd_tcp_addresses]
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None


def _refuse(found: Survey, limits: Limits, source: Source, options: SendOptions) -> None:
    if found.complete and not found.count:
        raise _nothing(source)
    too_large = found.largest is not None and found.largest.size > limits.max_message
    if too_large and found.largest is not None and not options.skip_oversize:
        raise oversize_error(found.oversize or (found.largest,), found.oversize_count or 1, limits.max_message)


def _nothing(source: Source) -> SendError:
    chosen = "" if source.filter == "every record" else f" that matches {source.filter}"
    return SendError(f"{source.description} holds no record{chosen}: there is nothing to send")


def _engine(
    source: Source,
    target: NsqTarget,
    journal: Journal | None,
    options: SendOptions,
    control: Control,
    limits: Limits,
    found: Survey | None,
    address: str,
) -> Engine:
    from tui.send.nsq import NsqSink  # tornado is only imported by those who send

    rate, records, size = options.rate, options.batch, BATCH_BYTES
    if rate is not None:
        records, size = (
            (min(records, rate.at_once), size) if rate.unit == "records" else (records, min(size, rate.at_once))
        )
    batches = Batches(
        source,
        limits,
        BatchSize(records, size, options.canary),
        start=journal.confirmed_until if journal else 0,
        skip_oversize=options.skip_oversize,
    )
    http_address = target.http_address(address)
    depth = DepthWatch(lambda: topic_depth(http_address, target.topic), options.max_depth)
    if options.max_depth is not None:
        topic_depth(http_address, target.topic)  # a ceiling that cannot be watched is refused at once
    engine_options = EngineOptions(
        rate=rate,
        in_flight=options.in_flight,
        unconfirmed=options.unconfirmed,
        answer_timeout=options.answer_timeout,
        patience=options.patience,
        pauses=options.canary,
    )
    total = found.count if found is not None and found.complete else None
    sink = NsqSink(target, connect_timeout=options.connect_timeout)
    return Engine(batches, sink, engine_options, control, journal, depth, total)


def _running(engine: Engine, target: NsqTarget, options: SendOptions, control: Control) -> Iterator[Sending]:
    """Run the engine in a thread of its own, and tell where it is until it is done."""
    outcome: queue.SimpleQueue[BaseException | None] = queue.SimpleQueue()

    def work() -> None:
        try:
            asyncio.run(engine.run())
        except BaseException as error:  # noqa: BLE001  (it is raised again, in the thread that is waiting for it)
            outcome.put(error)
        else:
            outcome.put(None)

    thread = threading.Thread(target=work, name="hourscope-send", daemon=True)
    thread.start()
    try:
        while True:
            yield engine.snapshot
            try:
                error = outcome.get(timeout=_TELL)
                break
            except queue.Empty:
                continue
    except BaseException:
        control.stop()
        raise
    finally:
        thread.join(options.answer_timeout + options.connect_timeout + 1)
    if error is not None:
        raise error
    yield engine.snapshot


def _receipt(
    source: Source,
    target: NsqTarget,
    journal: Journal | None,
    engine: Engine,
    control: Control,
    started: datetime,
    before: int | None,
    after: int | None,
) -> Receipt:
    state, batches = engine.snapshot, engine.batches
    return Receipt(
        what=source.description,
        where=target.nsqd_tcp_addresses,
        topic=target.topic,
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
        unknown=engine.unknown,
        damaged=tuple((item.key, item.offset, item.reason) for item in batches.damaged),
        message_count_before=before,
        message_count_after=after,
        journal=str(journal.path) if journal else None,
        note="stopped before all was sent; resume it to send the rest" if not engine.complete else "",
    )
