"""From the records of an archive to the messages of a send: unwrapped, and without records that the plan leaves out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import stringzilla as sz

from tui.archive.envelope import MARK, unwrap
from tui.errors import SendError
from tui.scan.duplicates import FINGERPRINT, fingerprint
from tui.scan.time_field import time_field
from tui.send.blocks import SourceBlock
from tui.send.source import Plan, Source
from tui.send.time_order import by_time

_SAMPLE = 500  # records from which the time field is detected
_PREFIX = 2  # bytes of a fingerprint that choose its bucket
_REST = FINGERPRINT - _PREFIX


def outgoing(source: Source, plan: Plan) -> Source:
    """Return the source as messages, with the exact bytes that go into NSQ; its identity is that of the source.

    Messages that the archiver had to wrap in a line are unwrapped. Then copies of earlier records and records that are
    too large are left out, as the plan says; blocks count and name them. The rest is ordered by time, if the plan says
    so. A source that already has a plan is returned unchanged.
    """
    if source.plan is not None:
        return source
    messages = unwrapped(_with_times(source, plan.order))

    def blocks() -> Iterator[SourceBlock]:
        seen = SeenRecords()
        for whole in messages.open():
            if plan.unique:
                whole = _without_repeats(whole, seen)
            if plan.max_message is not None:
                whole = _without_oversize(whole, plan.max_message)
            yield whole

    opened = blocks if plan.order is None else lambda: by_time(blocks())
    return replace(source, open=opened, plan=plan)


def _with_times(source: Source, path: str | None) -> Source:
    if path is None:
        return source
    if source.timed is None:
        raise SendError(f"{source.description} cannot be ordered by time")
    return source.timed(path)


def unwrapped(source: Source) -> Source:
    """Return the source with the exact bytes of every message, including those that the archiver had to wrap."""
    if source.unwrapped:
        return source

    def blocks() -> Iterator[SourceBlock]:
        for block in source.open():
            yield _unwrapped(block)

    timed = source.timed
    again = (lambda path: unwrapped(timed(path))) if timed else None
    return replace(source, open=blocks, unwrapped=True, timed=again)


def detect_order(source: Source) -> str:
    """Detect the path of the records' time from the first records. SendError if no field holds it."""
    sample: list[tuple[datetime | None, list[bytes]]] = []
    seen = 0
    for block in source.open():
        sample.append((block.hour, block.records[:_SAMPLE]))
        seen += len(block.records)
        if seen >= _SAMPLE:
            break
    if path := time_field(sample, UTC):
        return path
    raise SendError(f"{source.description}: no field of the records holds their time; name it with --time-field PATH")


def lines_source(source: Source, *, unique: bool, order: str | None) -> Source:
    """Return the source for a file: optionally without copies or by time, and never unwrapped."""
    lines = _with_times(source, order)

    def blocks() -> Iterator[SourceBlock]:
        seen = SeenRecords()
        for block in lines.open():
            yield _without_repeats(block, seen) if unique else block

    return replace(source, open=blocks if order is None else lambda: by_time(blocks()))


class SeenRecords:
    """The records that have occurred, by 16 bytes of BLAKE2b: little more than 14 bytes of memory per record."""

    def __init__(self) -> None:
        self._buckets: defaultdict[bytes, bytearray] = defaultdict(bytearray)

    def is_new(self, record: bytes) -> bool:
        """Return True for the first of several equal records."""
        digest = fingerprint(record)
        bucket, rest = self._buckets[digest[:_PREFIX]], digest[_PREFIX:]
        at = bucket.find(rest)
        while at % _REST and at >= 0:  # a hit across two entries is not an entry
            at = bucket.find(rest, at + 1)
        if at >= 0:
            return False
        bucket += rest
        return True


def _unwrapped(block: SourceBlock) -> SourceBlock:
    if sz.find(block.as_lines(), MARK) < 0:
        return block
    return block.holding([unwrap(record) for record in block.records], block.lines)


def _without_repeats(block: SourceBlock, seen: SeenRecords) -> SourceBlock:
    """Remove copies of earlier records; keep all empty records."""
    kept = [not record or seen.is_new(record) for record in block.records]
    repeats = kept.count(False)
    return replace(block.only(kept), repeats=block.repeats + repeats) if repeats else block


def _without_oversize(block: SourceBlock, limit: int) -> SourceBlock:
    if max(map(len, block.records), default=0) <= limit:
        return block
    places = tuple(block.place(index) for index, record in enumerate(block.records) if len(record) > limit)
    return replace(block.only([len(record) <= limit for record in block.records]), oversize=block.oversize + places)
