"""Building the index: one chunk's summary, from one pass over its records."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import tzinfo
from heapq import nsmallest
from operator import itemgetter
from typing import Any
from zlib import crc32

from tui.analysis.gathered import SAMPLED, Gathered, Place, sample_of
from tui.archive import Block, Chunk
from tui.filter import Filter, Matcher
from tui.filter.build import spell_field
from tui.filter.compiled import MAX_PARSED, NotJsonError
from tui.filter.event_time import event_time
from tui.filter.jmespath import load
from tui.index import Index, Summary, Words
from tui.index.summary import DamagedPart
from tui.scan import ChunkDamaged, ChunkDone, Measured, ScanEvent, ScanPlan, run_plan


@dataclass(frozen=True, slots=True)
class Indexing:
    """Gather what the index keeps. `time_field`: the path of the records' time, in `zone`, if they have one. `words`:
    also which words there are."""

    zone: tzinfo
    time_field: tuple[str, ...] = ()
    words: bool = False

    def begin(
        self,
        chunk: Chunk,
        filter: Filter,  # noqa: A002
        matcher: Matcher,
    ) -> Callable[[Block], tuple[Gathered, int]]:
        """The work on each block of a chunk."""
        words = Words(chunk.size) if self.words else None

        def gather(block: Block) -> tuple[Gathered, int]:
            root, gathered = Place(()), Gathered(words=words)
            sampled: list[tuple[int, dict[str, Any]]] = []
            if words is not None:
                words.add(block.lines())
            not_json: list[bytes] = []
            unparsed = 0
            for record in block.records():
                if len(record) > MAX_PARSED:
                    unparsed += 1
                    continue
                try:
                    value = load(record)
                except NotJsonError:
                    not_json.append(record)
                    continue
                gathered.records += 1
                if words is not None and b"\\" in record:
                    words.add_strings(value)
                if type(value) is dict:
                    root.add(value, gathered.records)
                    sampled.append((crc32(record), value))
                    self._time(gathered, value)
                else:
                    gathered.whole = False
            matcher.count_unread(not_json, unparsed)
            gathered.whole &= root.collect(gathered.fields)
            gathered.sample = nsmallest(SAMPLED, sampled, key=itemgetter(0))
            return gathered, block.count()

        return gather

    def _time(self, gathered: Gathered, value: Any) -> None:
        if not self.time_field:
            return
        for step in self.time_field:
            value = value.get(step) if type(value) is dict else None
        time = event_time(value, self.zone)
        if time is None:
            gathered.no_time += 1
        else:
            gathered.minutes[time // 60_000_000] += 1


@dataclass(frozen=True, slots=True)
class Indexed:
    """A chunk that was read whole, and what is kept of it; its words, packed, if they were gathered."""

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
    """Read the plan's chunks: the events of a scan, and the summary of each chunk that was read whole."""
    plan = replace(plan, excerpt=replace(plan.excerpt, measure=indexing))
    events = run_plan(plan, jobs=jobs, dask=dask, cancel=cancel, strict=True, exact=True)
    parts: dict[str, Gathered] = {}
    damage: dict[str, list[DamagedPart]] = {}
    unread: set[str] = set()
    for event in events:
        if isinstance(event, Measured):
            assert isinstance(event.part, Gathered)
            parts[event.chunk.key] = event.part
            continue
        yield event
        if isinstance(event, ChunkDamaged):
            part = event.damage
            damage.setdefault(event.chunk.key, []).append(
                DamagedPart(part.start, part.stop, part.reason, part.doubtful)
            )
            if event.unread:
                unread.add(event.chunk.key)
        elif isinstance(event, ChunkDone):
            chunk, gathered = event.chunk, parts.pop(event.chunk.key, Gathered())
            if not event.partial and chunk.key not in unread:
                words = gathered.words or Words(0)  # of a chunk without a record: none
                summary = _summary(event, gathered, damage.pop(chunk.key, []), indexing)
                yield Indexed(chunk, summary, words.packed() if indexing.words else None)


def keep(index: Index, indexed: Indexed, words_size: int | None = None) -> bool:
    """Put a chunk into the index; False if its words do not fit into `words_size` bytes of them. IndexFileError."""
    index.put(indexed.chunk, indexed.summary)
    if indexed.words is None:
        return True
    if words_size is not None and index.status().words_bytes + len(indexed.words) > words_size:
        return False
    index.put_words(indexed.chunk, indexed.words)
    return True


def _summary(event: ChunkDone, gathered: Gathered, damage: list[DamagedPart], indexing: Indexing) -> Summary:
    counts = event.counts
    fields = {spell_field(path): seen.summary() for path, seen in gathered.fields.items()}
    return Summary(
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
        fields,
        gathered.whole,
        ".".join(indexing.time_field),
        _deltas(gathered.minutes),
        gathered.no_time,
        sample_of([record for _, record in gathered.sample], counts.records, fields),
    )


def _deltas(minutes: Counter[int]) -> list[int]:
    before, flat = 0, []
    for minute in sorted(minutes):
        flat += [minute - before, minutes[minute]]
        before = minute
    return flat
