"""Build the index: summarize each chunk in one pass over its records."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from itertools import chain

from tui.analysis.columns import Learner
from tui.analysis.exact import plain_path
from tui.analysis.gathered import Gathered, Sampling, sample_of
from tui.analysis.learner import PlaceLearner
from tui.analysis.texts import each_text
from tui.archive import Block, Chunk
from tui.archive.collection import uncollected
from tui.archive.times import zone_name
from tui.filter import Filter, Matcher
from tui.filter.build import spell_path
from tui.filter.compiled import MAX_PARSED, NotJsonError
from tui.filter.event_time import minutes_of
from tui.filter.jmespath import load
from tui.index import Index
from tui.index.counted import CountedDamage, Head
from tui.index.summary import Details, Summary
from tui.index.words import Words
from tui.scan import ChunkDamaged, ChunkDone, ChunkMeasured, ScanEvent, ScanPlan, run_plan
from tui.scan.time_field import detect_time_field


@dataclass(frozen=True, slots=True)
class Indexing:
    """Gather what the index stores. `time_field`: the path of the records' time, if any; times without an offset are in
    `zone`. `words`: also gather the words."""

    zone: tzinfo
    time_field: tuple[str, ...] = ()
    words: bool = False
    learner: PlaceLearner = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "learner", PlaceLearner(self.time_field))

    def begin(
        self,
        chunk: Chunk,
        filter: Filter,  # noqa: A002
        matcher: Matcher,
    ) -> Callable[[Block], tuple[Gathered, int]]:
        """Return the function that gathers from each block of a chunk."""
        words = Words(chunk.size) if self.words else None
        sampling = Sampling()

        @uncollected()
        def gather(block: Block) -> tuple[Gathered, int]:
            records, lines, gathered = block.records(), block.lines(), Gathered(words=words)
            alike = block.end <= MAX_PARSED and block.all_objects()
            parsed = records if alike else [record for record in records if len(record) <= MAX_PARSED]
            root, objects, not_json = self.learner.places(parsed, lines if alike else None)
            gathered.add(root)
            gathered.whole &= objects == len(parsed) - len(not_json)
            matcher.count_unread(not_json, len(records) - len(parsed))
            if words is not None:
                _add_words(words, lines, parsed, gathered)
            if self.time_field:
                place = root.at(self.time_field)
                gathered.minutes = minutes_of(place.values if place else [], self.zone)
                gathered.no_time = objects - gathered.minutes.total()
            gathered.sample = sampling.chosen(parsed)
            return gathered, len(records)

        return gather


def _add_words(words: Words, lines: bytes, records: list[bytes], gathered: Gathered) -> None:
    """Add the words of the lines, and of strings with escapes also the words of their decoded values."""
    words.add(lines)
    if b"\\" not in lines:
        return
    if gathered.whole:
        names = (step for path in gathered.fields for step in path if isinstance(step, str))
        columns = (set(seen.column) for seen in gathered.fields.values() if "string" in seen.types)
        texts = (value for column in columns for value in column if type(value) is str)
        words.add_texts(chain(names, texts))
        for text in each_text(chain.from_iterable(gathered.texts.values())):
            if b"\\" in text:
                words.add_strings(load(text))
        return
    for record in records:
        if b"\\" in record:
            with suppress(NotJsonError):
                words.add_strings(load(record))


@dataclass(frozen=True, slots=True)
class Indexed:
    """A chunk that was read whole, and its summary; also its words, packed, if they were gathered."""

    chunk: Chunk
    summary: Summary
    words: bytes | None = None


def summaries(
    plan: ScanPlan,
    indexing: Indexing,
    *,
    jobs: int | None = None,
    dask: str | None = None,
    cancel: threading.Event | None = None,
) -> Iterator[ScanEvent | Indexed]:
    """Read the plan's chunks; yield the events of a scan, and an Indexed for each chunk that was read whole."""
    plan = replace(plan, excerpt=replace(plan.excerpt, measure=indexing))
    events = run_plan(plan, jobs=jobs, dask=dask, cancel=cancel, strict=True, exact=True)
    parts: dict[str, Gathered] = {}
    damage: dict[str, list[CountedDamage]] = {}
    unread: set[str] = set()
    learner = Learner()
    for event in events:
        if isinstance(event, ChunkMeasured):
            assert isinstance(event.part, Gathered)
            parts[event.chunk.key] = event.part
            continue
        yield event
        if isinstance(event, ChunkDamaged):
            part = event.damage
            damage.setdefault(event.chunk.key, []).append(
                CountedDamage(part.start, part.stop, part.reason, part.doubtful)
            )
            if event.unread:
                unread.add(event.chunk.key)
        elif isinstance(event, ChunkDone):
            chunk, gathered = event.chunk, parts.pop(event.chunk.key, Gathered())
            if not event.partial and not event.unchosen and chunk.key not in unread:
                words = gathered.words or Words(0)  # a chunk without records has none
                summary = _summary(event, gathered, damage.pop(chunk.key, []), indexing, learner)
                yield Indexed(chunk, summary, words.packed(chunk.size) if indexing.words else None)


def unindexed(index: Index, plan: ScanPlan, *, words: bool) -> ScanPlan:
    """Return the plan of the chunks that are not indexed as they are now, with their words if `words`."""
    known = index.indexed(plan.chunks)
    known &= index.with_words(plan.chunks) if words else known
    return replace(plan, chunks=tuple(chunk for chunk in plan.chunks if chunk.key not in known))


@dataclass(frozen=True, slots=True)
class WordsLeftOut:
    """A chunk was indexed without its words, because these would exceed the size of the index."""

    chunk: Chunk


def build(
    index: Index,
    plan: ScanPlan,
    *,
    words: bool,
    words_size: int | None = None,
    jobs: int | None = None,
    dask: str | None = None,
    cancel: threading.Event | None = None,
) -> Iterator[ScanEvent | WordsLeftOut]:
    """Read the plan's chunks and put each into the index; yield the events of a scan. Raise IndexFileError.

    `words`: also index their words, which take at most `words_size` bytes in all.
    """
    index.check_writable()  # before anything is read
    field_ = detect_time_field(plan.archive, plan.chunks)
    indexing = Indexing(plan.archive.zone, plain_path(field_) if field_ else (), words)
    for event in summaries(plan, indexing, jobs=jobs, dask=dask, cancel=cancel):
        if not isinstance(event, Indexed):
            yield event
        elif not keep(index, event, words_size):
            yield WordsLeftOut(event.chunk)


def keep(index: Index, indexed: Indexed, words_size: int | None = None) -> bool:
    """Put a chunk into the index; False if its words would exceed `words_size` bytes in all. Raise IndexFileError."""
    index.put(indexed.chunk, indexed.summary)
    if indexed.words is None:
        return True
    if words_size is not None and index.status().words_bytes + len(indexed.words) > words_size:
        return False
    index.put_words(indexed.chunk, indexed.words)
    return True


def _summary(
    event: ChunkDone, gathered: Gathered, damage: list[CountedDamage], indexing: Indexing, learner: Learner
) -> Summary:
    counts = event.counts
    fields = gathered.summaries()
    sample = sample_of([record for _, record in gathered.sample], counts.records, fields, learner)
    head = Head(
        counts.records,
        counts.bytes,
        counts.not_json,
        counts.broken_json,
        counts.unparsed,
        counts.blank,
        counts.split,
        event.form,
        event.codec,
        damage,
        gathered.whole,
        spell_path(indexing.time_field) if indexing.time_field else "",
        gathered.no_time,
        zone_name(indexing.zone),
    )
    return Summary(head, Details(fields, _deltas(gathered.minutes), sample))


def _deltas(minutes: Counter[int]) -> list[int]:
    before, flat = 0, []
    for minute in sorted(minutes):
        flat += [minute - before, minutes[minute]]
        before = minute
    return flat
