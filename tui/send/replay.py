"""Sending a source into an NSQ topic, from the first look to the receipt."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import Future, wait
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from tui.errors import NothingToSendError, SendError
from tui.send.batches import BATCH_BYTES, Batches, BatchSize, oversize_error
from tui.send.control import Control
from tui.send.depth import DepthWatch
from tui.send.engine import Engine
from tui.send.events import SendEvent, Sending, Sent
from tui.send.guard import http_of, message_count, topic_depth
from tui.send.journal import Journal
from tui.send.limits import ask_limits
from tui.send.options import SendOptions
from tui.send.receipt import Receipt, whoami
from tui.send.sink import Limits
from tui.send.source import Source
from tui.send.survey import Survey, surveying
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
    """Send every record of the source, confirmed, in order; the last event is `Sent`.

    A plain generator: it may be used in any thread, and keeps sending in a thread of its own while its user is slow.
    Closing it stops the send as `control.stop` does. With a journal, what it holds as confirmed is not sent again, and
    nothing is called confirmed before it is in there. `surveyed` saves the first look, if the caller had one.
    Raises SendError, a sentence for a person; what was confirmed by then stays in the journal.
    """
    options, control, started = options or SendOptions(), control or Control(), datetime.now(UTC)
    target.check()
    asking = Sending(note=f"asking nsqd at {target.nsqd_tcp_addresses[0]}")
    there = yield from _beside(lambda: _ask(target, options), lambda: asking, control)
    found = surveyed
    if found is None and options.check_first:
        found = yield from _look_first(source, there.limits, control)
    if found is not None and not control.stopped:
        _refuse(found, there.limits, source, options)
    engine = _engine(source, target, journal, options, control, there, found)
    yield from _beside(lambda: asyncio.run(engine.run()), lambda: engine.snapshot, control)
    after = yield from _beside(lambda: _message_count(target, there.http), lambda: engine.snapshot, control)
    receipt = _receipt(source, target, journal, engine, started, there.message_count, after)
    if not receipt.confirmed and not receipt.partial and not receipt.skipped:
        raise _nothing(source)
    if journal is not None:
        journal.finish(receipt)
    yield Sent(receipt)


@dataclass(frozen=True, slots=True)
class _There:
    """What is asked before anything is sent: limits, HTTP addresses by TCP address, `message_count`."""

    limits: Limits
    http: Mapping[str, str]
    message_count: int | None


def _ask(target: NsqTarget, options: SendOptions) -> _There:
    """The limits of the first nsqd that answers, and whose HTTP can be used."""
    limits, errors = None, []
    for address in target.nsqd_tcp_addresses:
        try:
            limits = ask_limits(target, address, timeout=options.connect_timeout)
            break
        except SendError as error:
            errors.append(error)
    if limits is None:
        raise errors[0]
    http = {}
    for address in target.nsqd_tcp_addresses:
        try:
            http[address] = http_of(target, address, timeout=2.0)
        except SendError:
            if options.max_depth is not None:  # a ceiling that cannot be watched is refused at once
                raise
    return _There(limits, http, _message_count(target, http))


def _message_count(target: NsqTarget, http: Mapping[str, str]) -> int | None:
    """Of all the target's nsqds; None if one of them cannot be asked."""
    counts = [message_count(http[a], target.topic) if a in http else None for a in target.nsqd_tcp_addresses]
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None


def _look_first(source: Source, limits: Limits, control: Control) -> Generator[Sending, None, Survey]:
    seen = [Survey()]

    def look() -> Survey:
        for found in surveying(source, max_message=limits.max_message):
            seen[0] = found
            if control.stopped:
                break
        return seen[0]

    def state() -> Sending:
        return Sending(note=f"reading what will be sent: {plural(seen[0].count, 'record')}")

    return (yield from _beside(look, state, control))


def _refuse(found: Survey, limits: Limits, source: Source, options: SendOptions) -> None:
    if found.complete and not found.count:
        raise _nothing(source)
    largest = found.largest
    if largest is not None and largest.size > limits.max_message and not options.skip_oversize:
        raise oversize_error(found.oversize or (largest,), found.oversize_count or 1, limits.max_message)


def _nothing(source: Source) -> NothingToSendError:
    return NothingToSendError(f"{source.nothing}: there is nothing to send")


def _engine(
    source: Source,
    target: NsqTarget,
    journal: Journal | None,
    options: SendOptions,
    control: Control,
    there: _There,
    found: Survey | None,
) -> Engine:
    from tui.send.nsq import NsqSink  # tornado is only imported by those who send

    sink = NsqSink(target, connect_timeout=options.connect_timeout)

    def depth() -> int:
        if sink.address not in there.http:
            raise SendError(f"how deep the topic is at nsqd {sink.address} cannot be seen")
        return topic_depth(there.http[sink.address], target.topic)

    start = journal.confirmed_until if journal else 0
    batches = Batches(source, there.limits, _batch_size(options), start=start, skip_oversize=options.skip_oversize)
    watch = DepthWatch(depth, options.max_depth) if there.http else None
    total = found.count if found is not None and found.complete else None
    return Engine(batches, sink, options, control, journal, watch, total)


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
    target: NsqTarget,
    journal: Journal | None,
    engine: Engine,
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
        left_out=tuple(batches.left_out),
        damaged=tuple((item.key, item.offset, item.reason) for item in batches.damaged),
        message_count_before=before,
        message_count_after=after,
        journal=str(journal.path) if journal else None,
        note="stopped before all was sent; resume it to send the rest" if not engine.complete else "",
    )
