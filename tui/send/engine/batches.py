"""Splitting a source into batches that a broker accepts, in order, with a running digest."""

from __future__ import annotations

import hashlib
import time
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tui.archive.reader import DoubtfulGiven
from tui.errors import HourscopeError, SendError
from tui.nsq.limits import BODY_HEADER, RECORD_HEADER, Limits
from tui.send.blocks import RecordPlace, SourceBlock, as_lines
from tui.send.source import Source
from tui.send.unsent import Unsent

BATCH_BYTES = 512 << 10


@dataclass(frozen=True, slots=True)
class Batch:
    """The records of one request: numbers [first, stop) of the records to send.

    `size`: bytes of the records. `digest`: SHA-256 of all records up to `stop`, each with a newline. `due`: when the
    first of them is due, in µs since 1970; None if the records have no times.
    """

    first: int
    stop: int
    records: list[bytes]
    size: int
    digest: Any
    due: int | None = None


@dataclass(frozen=True, slots=True)
class BatchSize:
    """The maximum size of a batch. `cuts`: record counts at which a batch must end (a canary's steps). `span`: maximum
    µs between the first and last record, in a paced send."""

    records: int = 100
    bytes: int = BATCH_BYTES
    cuts: tuple[int, ...] = ()
    span: int | None = None


class Batches:
    """One pass over a source from record number `start`; earlier records are only counted and digested.

    Numbers count the records to send; records that the source's plan leaves out have no number. Only one thread at a
    time may use it. The counters cover the records that `take` has read. `failed` is the error that ended the pass
    early; records before it are still returned.
    """

    def __init__(self, source: Source, limits: Limits, size: BatchSize, *, start: int = 0) -> None:
        self._blocks = source.open()
        self._limits = limits
        self._max_bytes = min(size.bytes, limits.max_body - BODY_HEADER)
        self._size = size
        self._start = start
        self._waiting: list[bytes] = []
        self._due: list[int] = []  # when they are due, in a paced send
        self._first = 0  # number of the first record that is not in a batch yet
        self._digest = hashlib.sha256()
        self.done = False
        self.failed: HourscopeError | None = None
        self.passed = 0
        self.passed_bytes = 0
        self.digest_passed = self._digest.copy()  # of records confirmed by an earlier run
        self.unsent = Unsent()

    def take(self, limit: int, seconds: float) -> list[Batch]:
        """Return the next batches: about `limit` at most, or those that are ready after `seconds`."""
        until = time.monotonic() + seconds
        batches: list[Batch] = []
        try:
            while len(batches) < limit and not self.done:
                if (block := next(self._blocks, None)) is None:
                    self.done = True
                else:
                    self._add(block, batches)
                if time.monotonic() > until:
                    break
        except HourscopeError as error:
            self.failed, self.done = error, True
        except DoubtfulGiven:  # only without a survey, which would have found it
            self.failed, self.done = SendError("a chunk is damaged in records that were sent already"), True
        late = self.done or time.monotonic() > until
        batches += self._cut(whole_only=not late)
        return batches

    def _add(self, whole: SourceBlock, batches: list[Batch]) -> None:
        block = whole.filled()
        self.unsent.add(block)
        records = self._pass_over(block.records)
        if not records:
            return
        if max(map(len, records)) > self._limits.largest:
            self._refuse_oversize(block, records)
        self._waiting += records
        if self._size.span is not None:
            self._due += block.times[len(block.times) - len(records) :]
        if len(self._waiting) >= self._size.records:
            batches += self._cut(whole_only=True)

    def _refuse_oversize(self, block: SourceBlock, records: list[bytes]) -> None:
        """Fail at an oversize record, after the records before it are sent."""
        limit = self._limits.largest
        index = next(index for index, record in enumerate(records) if len(record) > limit)
        self._waiting += records[:index]
        raise oversize_error((block.place(len(block.records) - len(records) + index),), 1, limit)

    def _pass_over(self, records: list[bytes]) -> list[bytes]:
        """Drop records that an earlier run has confirmed."""
        if self._first >= self._start:
            return records
        passed = records[: self._start - self._first]
        if passed:
            self._digest.update(as_lines(passed))
            self.digest_passed = self._digest.copy()
            self.passed += len(passed)
            self.passed_bytes += sum(map(len, passed))
            self._first += len(passed)
        return records[len(passed) :]

    def _cut(self, *, whole_only: bool) -> Iterator[Batch]:
        waiting, at = self._waiting, 0
        while at < len(waiting):
            begin = self._first
            limit = min([self._size.records, *(cut - begin for cut in self._size.cuts if cut > begin)])
            near = self._near(at, limit)
            records = waiting[at : at + near]
            size = sum(map(len, records))
            if size + len(records) * RECORD_HEADER > self._max_bytes:
                records, size = _fitting(records, self._max_bytes)
            elif len(records) == len(waiting) - at < limit and whole_only:
                break
            due = self._due[at] if self._due else None
            at += len(records)
            self._digest.update(as_lines(records))
            yield Batch(begin, begin + len(records), records, size, self._digest.copy(), due)
            self._first = begin + len(records)
        del waiting[:at], self._due[:at]

    def _near(self, at: int, limit: int) -> int:
        """Return how many records from `at` are due together, at most `limit`."""
        if self._size.span is None or not self._due:
            return limit
        return min(limit, bisect_right(self._due, self._due[at] + self._size.span, at) - at)


def _fitting(records: list[bytes], limit: int) -> tuple[list[bytes], int]:
    """Return as many records as fit into `limit` bytes, at least one, and the rest."""
    size = total = 0
    for index, record in enumerate(records):
        total += len(record) + RECORD_HEADER
        if total > limit and index:
            return records[:index], size
        size += len(record)
    return records, size


def oversize_error(places: tuple[RecordPlace, ...], count: int, limit: int) -> SendError:
    """Return the error for records that the broker would not accept."""
    others = f" and {count - 1:,} more" if count > 1 else ""
    subject, verb = f"{places[0]}{others}", "are" if count > 1 else "is"
    return SendError(
        f"{subject} {verb} larger than the {limit:,} bytes that nsqd accepts; "
        "raise nsqd's -max-msg-size, or leave them out with --skip-oversize"
    )
