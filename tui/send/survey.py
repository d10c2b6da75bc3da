"""The survey of a source before it is sent: the records, and what a broker would refuse."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from tui.archive.reader import DoubtfulGiven
from tui.errors import NothingToSendError
from tui.send.blocks import DamagedChunk, RecordPlace, SourceBlock, Unfit
from tui.send.histogram import CountedValues, Histogram
from tui.send.shapes import RecordShape, Shapes
from tui.send.source import Source
from tui.send.unsent import NAMED, Unsent
from tui.units import plural

_REPORT_BLOCKS = 16  # between two reports: some MB of lines


@dataclass(frozen=True, slots=True)
class Survey:
    """The content of a source. `size`: bytes of the records, without newlines. `complete`: the survey is finished.

    `count` and `sha256` (of the records in order, each with a newline) cover the records that would be sent. They
    exclude blank lines (`blank`) and the records that the source's plan and projection leave out: `unfit_count`,
    `skipped_count` (too large) and `repeats`. `oversize_count`: records in the plan that are larger than `max_message`.
    `unfit`, `skipped` and `oversize` name the first hundred of their kind. `shapes`: the different sets of keys, the
    most common first; `shapeless`: records of shapes beyond the first thousand. `not_json`: records that a JMESPath
    term could not examine; `misread`: sentences about chunks that may hold other records than those that were read.
    `by_hour` counts the records of each hour, `by_value` the values of one field. For a send in order of time:
    `archived` is the SHA-256 of the records in the order of the archive, `first_time` and `last_time` are the times at
    which the first and last record are due (µs since 1970), and `no_time` counts records without a readable time.
    """

    count: int = 0
    size: int = 0
    blank: int = 0
    not_json: int = 0
    first_hour: datetime | None = None
    last_hour: datetime | None = None
    first: bytes | None = None
    last: bytes | None = None
    largest: RecordPlace | None = None
    max_message: int | None = None
    oversize: tuple[RecordPlace, ...] = ()
    oversize_count: int = 0
    skipped: tuple[RecordPlace, ...] = ()
    skipped_count: int = 0
    repeats: int = 0
    damaged: tuple[DamagedChunk, ...] = ()
    complete: bool = False
    unfit: tuple[Unfit, ...] = ()
    unfit_count: int = 0
    shapes: tuple[RecordShape, ...] = ()
    shapeless: int = 0
    sha256: str = hashlib.sha256().hexdigest()
    by_hour: tuple[tuple[datetime, int], ...] = ()
    by_value: CountedValues | None = None
    archived: str = ""
    first_time: int | None = None
    last_time: int | None = None
    no_time: int = 0
    misread: tuple[str, ...] = ()

    @property
    def digests(self) -> frozenset[str]:
        """The SHA-256 of the records in the order of the send and in that of the archive, to recognize a repeat."""
        return frozenset(filter(None, (self.sha256, self.archived)))


def survey(source: Source, *, max_message: int | None = None, start: int = 0, shapes: bool = True) -> Survey:
    """Read a source once to its end; without `shapes` no record is parsed."""
    return deque(surveying(source, max_message=max_message, start=start, shapes=shapes), maxlen=1).pop()


def surveying(
    source: Source, *, max_message: int | None = None, start: int = 0, shapes: bool = True
) -> Iterator[Survey]:
    """Yield the survey so far every few MB, and the complete one at the end; the caller may stop at any time.

    Records before number `start` have been sent, and are not compared with `max_message`. If a large member turns out
    to be damaged after its records were yielded, the source is read again without them.
    """
    while True:
        tally = _Tally(max_message, start, Shapes() if shapes else None)
        try:
            for number, block in enumerate(source.open(), 1):
                tally.add(block)
                if number % _REPORT_BLOCKS == 0:
                    yield tally.survey(complete=False)
        except DoubtfulGiven:  # the source now reads that chunk carefully
            continue
        yield tally.survey(complete=True)
        return


class _Tally:
    """A survey that grows block by block."""

    def __init__(self, max_message: int | None, start: int, shapes: Shapes | None) -> None:
        self._max_message, self._start, self._shapes = max_message, start, shapes
        self._digest = hashlib.sha256()
        self._count = self._size = self._oversize_count = self._no_time = 0
        self._unsent = Unsent()
        self._hours: list[datetime] = []
        self._first: bytes | None = None
        self._last: bytes | None = None
        self._largest: RecordPlace | None = None
        self._oversize: list[RecordPlace] = []
        self._histogram = Histogram(values=shapes is not None)
        self._times: list[int] = []
        self._archived = ""

    def add(self, whole: SourceBlock) -> None:
        block = whole.filled()
        self._unsent.add(block)
        self._no_time += block.no_time
        self._archived = block.archived
        if block.records:
            self._add_records(block)

    def _add_records(self, block: SourceBlock) -> None:
        records, lines = block.records, block.as_lines()
        if self._shapes is not None:
            self._shapes.add(records)
        self._digest.update(lines)
        self._first = records[0] if self._first is None else self._first
        self._last = records[-1]
        self._histogram.add(block.hour, records)
        if block.times:
            self._times[1:] = [block.times[-1]] if self._times else [block.times[0], block.times[-1]]
        if block.hour is not None:
            self._hours[1:] = [block.hour]
        largest = max(map(len, records))
        if self._largest is None or largest > self._largest.size:
            self._largest = block.place(next(at for at, record in enumerate(records) if len(record) == largest))
        if self._max_message is not None and largest > self._max_message:
            self._add_oversize(block, self._max_message)
        self._count += len(records)
        self._size += len(lines) - len(records)

    def _add_oversize(self, block: SourceBlock, limit: int) -> None:
        places = [
            block.place(at)
            for at, record in enumerate(block.records)
            if len(record) > limit and self._count + at >= self._start
        ]
        self._oversize_count += len(places)
        self._oversize += places[: NAMED - len(self._oversize)]

    def survey(self, *, complete: bool) -> Survey:
        unsent = self._unsent
        first_hour, last_hour = (self._hours[0], self._hours[-1]) if self._hours else (None, None)
        first_time, last_time = (self._times[0], self._times[-1]) if self._times else (None, None)
        return Survey(
            count=self._count,
            size=self._size,
            blank=unsent.blank,
            not_json=unsent.not_json,
            first_hour=first_hour,
            last_hour=last_hour,
            first=self._first,
            last=self._last,
            largest=self._largest,
            max_message=self._max_message,
            oversize=tuple(self._oversize),
            oversize_count=self._oversize_count,
            skipped=tuple(unsent.oversize),
            skipped_count=unsent.oversize_count,
            repeats=unsent.repeats,
            damaged=tuple(unsent.damaged),
            complete=complete,
            unfit=tuple(unsent.unfit),
            unfit_count=unsent.unfit_count,
            shapes=self._shapes.summarize() if self._shapes is not None else (),
            shapeless=self._shapes.beyond if self._shapes is not None else 0,
            sha256=self._digest.hexdigest(),
            by_hour=self._histogram.hours(),
            by_value=self._histogram.values() if complete else None,
            archived=self._archived,
            first_time=first_time,
            last_time=last_time,
            no_time=self._no_time,
            misread=unsent.misread(),
        )


def nothing_to_send(source: Source, left_out: Sequence[Unfit | RecordPlace]) -> NothingToSendError:
    """Return the error for a source without a record to send; `left_out` are some records that cannot be sent."""
    if left_out:
        more = ", and so on" if len(left_out) > 1 else ""
        return NothingToSendError(f"{source.description}: no record is left to send; {left_out[0]}{more}")
    chosen = "" if source.filter == "every record" else f" that matches {source.filter}"
    return NothingToSendError(f"{source.description} holds no record{chosen}: there is nothing to send")


def oversize_warning(survey: Survey) -> str:
    """Return the warning about records that the broker would not accept."""
    return f"{plural(survey.skipped_count, 'record')} too large for nsqd, left out: {survey.skipped[0]}"


def no_time_warning(records: int, order: str) -> str:
    """Return the warning about records whose order is a guess."""
    holds = "holds" if records == 1 else "hold"
    return f"{plural(records, 'record')} {holds} no readable time in {order}; ordered after the record before"


def not_json_warning(records: int) -> str:
    """Return the warning about records that a filter could not examine."""
    verb = "is" if records == 1 else "are"
    return f"{plural(records, 'record')} {verb} not JSON or over 8 MiB; a JMESPath term cannot match them"
