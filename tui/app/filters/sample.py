"""The fields of what is previewed, and what of them differs from the same hour of another week; without a screen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from tui.app.model.session import Session, shifted
from tui.app.records.store import Records, RecordsGone
from tui.archive import Archive, Chunk, ChunkReader
from tui.archive.streams import ReadCancelled
from tui.errors import HourscopeError
from tui.filter import Filter
from tui.filter.differences import Difference, Sample, differences, repeated
from tui.filter.fields import MOST_VALUES, Field, Fields
from tui.filter.hints import FieldSample, Hint, hints, may_mislead
from tui.units import count

MOST_MEASURED = 50_000  # records; of more, as many, evenly spaced
_SLICE = 1_000
_TOP = 8


@dataclass(frozen=True, slots=True)
class Shown:
    """What is measured: the records that are shown, by their numbers, and the filter that chose them."""

    records: Records
    numbers: Sequence[int]
    filter: Filter

    @property
    def of_matches(self) -> bool:
        return bool(self.filter.active) or self.filter.invert


@dataclass(frozen=True, slots=True)
class Compared:
    """What differs from the same hour of another week; or why that cannot be said."""

    hour: datetime | None = None
    differences: tuple[Difference, ...] = ()
    now: int = 0
    then: int = 0
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Measured:
    """The fields of so many records; `whole` if these are all that are measured, `complete` if it is every field."""

    fields: tuple[Field, ...] = ()
    records: int = 0
    whole: bool = False
    complete: bool = True


def measure(shown: Shown) -> Iterator[Measured | None]:
    """The fields of the first records, then of all; None is a moment to give up. Nothing more once they are gone."""
    fields, numbers = Fields(), spaced(shown.numbers, MOST_MEASURED)
    try:
        for start in range(0, max(len(numbers), 1), _SLICE):
            fields.feed(sampled(shown.records, numbers[start : start + _SLICE]))
            whole = start + _SLICE >= len(numbers)
            yield Measured(fields.found(_TOP), fields.records, whole, fields.complete) if whole or not start else None
    except RecordsGone:
        return


def compare(shown: Shown, base: Baseline | None, cancelled: Callable[[], bool]) -> Compared | None:
    """What is shown beside as many records of another hour, the first of either; None if nobody waits any more."""
    if base is None:
        return Compared(trouble="There is no hour to compare this one with: no week or day around has a chunk of it.")
    try:
        now = list(sampled(shown.records, [number for number in shown.numbers if number < MOST_RECORDS]))
        fields = Fields()
        fields.feed(now)
        by = repeated(fields.found(MOST_VALUES))
        here, there = Sample(by), Sample(by)
        here.feed(now)
        there.feed(base.records(shown.filter, min(len(shown.records), MOST_RECORDS), cancelled))
        different = differences(here, there)
    except RecordsGone:
        return None
    except HourscopeError as error:
        return Compared(base.hour, trouble=str(error))
    return None if cancelled() else Compared(base.hour, different, here.records, there.records)


def slips(filter_: Filter, records: Records, *, matched: bool) -> str:
    """Why a filter may not mean what it says, by the first records: the hints that the command line gives on stderr."""
    if not filter_.active or (matched and not may_mislead(filter_)):
        return ""
    sample = FieldSample()
    for number in range(len(records)):
        if sample.full:
            break
        sample.feed((records.head(number, LARGEST + 1),))
    return ". ".join(dict.fromkeys(hint_words(hint) for hint in hints(filter_, sample, matched=matched)))


def hint_words(hint: Hint) -> str:
    """A hint with the term as it is typed here, and how many of the sampled records match it."""
    if hint.term is None:
        return hint.sentence
    kind = {"match": "", "grep": "the text ", "regex": "the regex "}[hint.term.kind]
    joint = " Try" if hint.sentence.endswith("?") else "; try"
    words = f"{hint.sentence}{joint} {kind}{hint.term.text}"
    return f"{words}, which matches {count(hint.matches)} of {count(hint.records)}" if hint.matches else words


LARGEST = 1 << 20  # bytes
MOST_BYTES = 64 << 20


def sampled(records: Records, numbers: Sequence[int], bytes_left: int = MOST_BYTES) -> Iterator[bytes]:
    """The records of these numbers, but for the largest; at most so many bytes of them."""
    for number in numbers:
        record = records.head(number, LARGEST + 1)
        bytes_left -= len(record)
        if bytes_left < 0:
            return
        if len(record) <= LARGEST:
            yield record


def spaced(numbers: Sequence[int], limit: int) -> Sequence[int]:
    """All of the numbers, or so many of them, evenly spaced."""
    if len(numbers) <= limit:
        return tuple(numbers)
    return tuple(numbers[at * len(numbers) // limit] for at in range(limit))


MOST_RECORDS = 20_000
_WEEK, _DAY = 7 * 24, 24
_TRIED = (*(-_WEEK * weeks for weeks in range(1, 5)), _WEEK, *(-_DAY * days for days in range(1, 4)), -1)


@dataclass(frozen=True, slots=True)
class Baseline:
    """Another hour of the archive, and its chunks."""

    archive: Archive
    hour: datetime
    chunks: tuple[Chunk, ...]

    def records(self, filter_: Filter, limit: int, cancelled: Callable[[], bool]) -> Iterator[bytes]:
        """Its first records, and of those the ones that match: at most so many are looked at. A torn chunk ends early.

        ArchiveError if a chunk cannot be read.
        """
        seen = size = 0
        for chunk in self.chunks:
            try:
                with ChunkReader(
                    self.archive.store,
                    chunk.key,
                    etag=chunk.etag,
                    cancelled=cancelled,
                    reading=self.archive.reading,
                ) as reader:
                    for block in reader.blocks():
                        for record in block.records():
                            seen, size = seen + 1, size + len(record)
                            if filter_.matches(record):
                                yield record
                            if seen >= limit or size >= MOST_BYTES:
                                return
            except ReadCancelled:
                return


def baseline_of(session: Session, hour: datetime, of: tuple[Chunk, ...]) -> Baseline | None:
    """The same hour last week; else of the weeks before, of the next, of the days before; None if none is there.

    If only some hosts' chunks are looked at (`of`), theirs.
    """
    hosts = {chunk.host for chunk in of}
    for hours in _TRIED:
        other = shifted(hour, hours)
        every = session.chunks(other)
        chunks = tuple(chunk for chunk in every if chunk.host in hosts) or every
        if chunks and not any(chunk.needs_restore for chunk in chunks):
            return Baseline(session.archive, other, chunks)
    return None
