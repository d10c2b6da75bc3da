"""The comparison for the screen: a stream of answers that get better, and the progress of reading."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

from textual.message import Message

from tui.analysis.diff import diff
from tui.analysis.question import Answer, Question, TimeRange, fields_of, plan_diff
from tui.app.model.hours import Hours
from tui.app.model.session import Session
from tui.archive import ChunkReader
from tui.archive.moments import hours_of_moments
from tui.archive.streams import ReadCancelled
from tui.archive.times import HOUR
from tui.errors import ArchiveError
from tui.filter import Filter
from tui.filter.within import Within
from tui.index import open_index
from tui.scan import ChunkDamaged, ChunkDone, Progress

_INTERVAL_SECONDS = 0.5  # between two reports of progress
_LONGEST_BYTES = 4_000  # kept of an example


@dataclass
class Compared(Message):
    """An answer; later answers to the same question are better. `damaged`: parts that could not be read for it."""

    answer: Answer
    damaged: tuple[ChunkDamaged, ...]


@dataclass
class ChunksRead(Message):
    """The progress of reading: `chunks` of `of`. `damaged`: parts that could not be read so far."""

    chunks: int
    of: int
    damaged: tuple[ChunkDamaged, ...]

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, ChunksRead)


@dataclass
class Examples(Message):
    """The first records of a finding in its hours."""

    expression: str
    records: tuple[bytes, ...]


def compare(
    session: Session, filter_: Filter, target: TimeRange | None, against: tuple[TimeRange, ...], cancel: threading.Event
) -> Iterator[Compared | ChunksRead]:
    """Yield answers and progress. A range with minutes compares by the records' event times.

    Raises HourscopeError if nothing can be compared.
    """
    question = Question(target, against, fields=fields_of(filter_))
    if target is not None and Hours(*target).in_minutes and session.time_field is not None:
        times = Within(session.time_field, *target, session.archive.zone)
        first, last = hours_of_moments(*target, HOUR)
        assert first and last
        question = replace(question, times=times, chunks=(first, last))
    plan = plan_diff(session.archive, question, filter_)
    done, reported = 0, 0.0
    damaged: list[ChunkDamaged] = []
    with open_index(session.archive) as index:
        for event in diff(plan, question, cancel=cancel, early=True, index=index):
            if isinstance(event, Answer):
                yield Compared(event, tuple(damaged))
            elif isinstance(event, ChunkDamaged):
                damaged.append(event)
            elif isinstance(event, ChunkDone | Progress):
                done += isinstance(event, ChunkDone)
                if time.monotonic() - reported > _INTERVAL_SECONDS or done == len(plan.chunks):
                    reported = time.monotonic()
                    yield ChunksRead(done, len(plan.chunks), tuple(damaged))


def examples(session: Session, hours: Hours, filter_: Filter, limit: int, cancel: threading.Event) -> tuple[bytes, ...]:
    """Return up to `limit` matching records of some hours; chunks that cannot be read are skipped."""
    records: list[bytes] = []
    matcher = filter_.matcher()
    for chunk in session.catalog.between(hours.start, hours.stop):
        try:
            with ChunkReader(
                session.archive.store,
                chunk.key,
                etag=chunk.etag,
                cancelled=cancel.is_set,
                reading=session.archive.reading,
            ) as reader:
                for block in reader.blocks():
                    with block.view() as view:
                        spans = list(matcher.spans(block))
                        records += [bytes(view[start : min(end, start + _LONGEST_BYTES)]) for start, end in spans]
                    if len(records) >= limit or cancel.is_set():
                        return tuple(records[:limit])
        except (ArchiveError, ReadCancelled):
            continue
    return tuple(records[:limit])
