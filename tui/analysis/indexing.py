"""Building the index: one chunk's summary, from one pass over its records."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from typing import Any

from tui.analysis.patterns import has_words, pattern
from tui.analysis.sketch import Sketch
from tui.archive import Block, Chunk
from tui.filter import Filter, Matcher
from tui.filter.build import spell_field
from tui.filter.compiled import MAX_PARSED, NotJsonError
from tui.filter.event_time import event_time
from tui.filter.fields import ANY, Path
from tui.filter.jmespath import load
from tui.index import FieldSummary, Index, Summary, Words
from tui.index.summary import DamagedPart, kept_values, spell_json
from tui.scan import ChunkDamaged, ChunkDone, Measured, ScanEvent, ScanPlan, run_plan

MOST_FIELDS = 1_000
MOST_VALUES = 20_000  # of a field that are told apart; of more, only the number is rough
MOST_ITEMS = 10_000  # of a list; a chunk with a longer one is read
_MOST_PATTERNS = 32
_DEEP = 12
_TYPES: dict[type, str] = {str: "string", bool: "boolean", int: "number", float: "number", type(None): "null"}
_OTHERS: dict[type, str] = {dict: "object", list: "array"}


@dataclass(slots=True)
class _Field:
    """What was seen of one field so far."""

    records: int = 0
    types: Counter[str] = field(default_factory=Counter)
    values: Counter[str] = field(default_factory=Counter)
    full: bool = False
    others: int = 0
    sketch: Sketch = field(default_factory=Sketch)
    patterns: Counter[str] = field(default_factory=Counter)

    def add(self, values: list[Any], others: list[type]) -> None:
        """Scalars, each of a record of its own; `others`: the types of objects, and of lists in lists."""
        kinds = Counter(map(type, values))
        for kind, number in kinds.items():
            self.types[_TYPES[kind]] += number
        for kind, number in Counter(others).items():
            self.types[_OTHERS[kind]] += number
        self.others += len(others)
        self.records += len(values) - kinds[type(None)]
        if bool in kinds:  # in Python True is 1
            self._count("true", sum(value is True for value in values))
            self._count("false", sum(value is False for value in values))
            values = [value for value in values if type(value) is not bool]
        if kinds[int] or kinds[float]:
            self.sketch.add([value for value in values if type(value) is int or type(value) is float])
        for value, number in Counter(values).items():
            if value is not None:
                self._count(spell_json(value).decode(), number)
                if type(value) is str:
                    self._add_pattern(value, number)

    def _count(self, text: str, number: int) -> None:
        if not number:
            return
        if text in self.values or len(self.values) < MOST_VALUES:
            self.values[text] += number
        else:
            self.full = True

    def _add_pattern(self, value: str, number: int) -> None:
        blanked = pattern(value)
        if blanked == value or not has_words(blanked):
            return
        if blanked in self.patterns or len(self.patterns) < _MOST_PATTERNS:
            self.patterns[blanked] += number

    def merge(self, other: _Field) -> None:
        self.records += other.records
        self.types.update(other.types)
        self.others += other.others
        self.full |= other.full
        for text, number in other.values.items():
            self._count(text, number)
        self.sketch.merge(other.sketch)
        self.patterns.update(other.patterns)

    def summary(self) -> FieldSummary:
        values, exact = kept_values(self.values, self.records)
        exact &= not self.full
        numbers = None if exact or not self.sketch.count else self.sketch.plain
        return FieldSummary(
            self.records,
            dict(self.types),
            values,
            exact,
            len(self.values),
            self.others,
            numbers,
            dict(self.patterns.most_common(_MOST_PATTERNS)),
        )


@dataclass(slots=True)
class Gathered:
    """What was gathered of some records of a chunk."""

    records: int = 0
    fields: dict[Path, _Field] = field(default_factory=dict)
    whole: bool = True
    minutes: Counter[int] = field(default_factory=Counter)
    no_time: int = 0
    words: Words | None = None

    def merge(self, other: Gathered) -> None:
        self.records += other.records
        self.whole &= other.whole
        self.minutes.update(other.minutes)
        self.no_time += other.no_time
        if self.words is not None and other.words is not None:
            self.words.merge(other.words)
        for path, seen in other.fields.items():
            if path in self.fields:
                self.fields[path].merge(seen)
            elif len(self.fields) < MOST_FIELDS:
                self.fields[path] = seen
            else:
                self.whole = False


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
            root = _Place(())
            gathered = Gathered(words=words)
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
                    root.add(value, 0)
                    self._time(gathered, value)
                else:
                    gathered.whole = False
            matcher.count_unread(not_json, unparsed)
            gathered.whole &= root.collect(gathered.fields)
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


class _Place:
    """A place in the records: the values there, and the places below."""

    __slots__ = ("below", "full", "others", "path", "values")

    def __init__(self, path: Path) -> None:
        self.path = path
        self.values: list[Any] = []
        self.others: list[type] = []
        self.below: dict[Any, _Place] = {}
        self.full = False

    def add(self, value: dict[str, Any], depth: int) -> None:
        for name, inner in value.items():
            place = self._at(name)
            if place is None:
                continue
            kind = type(inner)
            if kind is dict:
                place.others.append(dict)
                if depth < _DEEP:
                    place.add(inner, depth + 1)
                else:
                    self.full = True
            elif kind is list:
                place.add_items(inner, depth)
            else:
                place.values.append(inner)

    def add_items(self, items: Sequence[Any], depth: int) -> None:
        """Each different item of a list once."""
        place = self._at(ANY)
        if place is None:
            return
        if len(items) > MOST_ITEMS:
            self.full, items = True, items[:MOST_ITEMS]
        seen = set()
        for item in items:
            kind = type(item)
            if kind is dict or kind is list:
                place.others.append(kind)
                if kind is dict and depth < _DEEP:
                    place.add(item, depth + 1)
                else:
                    self.full = True
            elif item is not None and (key := (kind is bool, item)) not in seen:
                seen.add(key)
                place.values.append(item)

    def _at(self, step: Any) -> _Place | None:
        place = self.below.get(step)
        if place is None:
            if len(self.below) >= MOST_FIELDS:
                self.full = True
                return None
            place = self.below[step] = _Place((*self.path, step))
        return place

    def collect(self, fields: dict[Path, _Field]) -> bool:
        """Put what was seen here and below into `fields`; was all of it kept?"""
        whole = not self.full
        if self.values or self.others:
            seen = fields[self.path] = _Field()
            seen.add(self.values, self.others)
        for place in self.below.values():
            whole &= place.collect(fields)
        return whole


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
            if not event.partial and not event.unchosen and chunk.key not in unread:
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
        {spell_field(path): seen.summary() for path, seen in gathered.fields.items()},
        gathered.whole,
        ".".join(indexing.time_field),
        _deltas(gathered.minutes),
        gathered.no_time,
    )


def _deltas(minutes: Counter[int]) -> list[int]:
    before, flat = 0, []
    for minute in sorted(minutes):
        flat += [minute - before, minutes[minute]]
        before = minute
    return flat
