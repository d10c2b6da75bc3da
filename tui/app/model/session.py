"""What the screens of one archive share: its catalog, what is known about its hours, and the selected hours."""

from __future__ import annotations

import itertools
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, tzinfo
from functools import cached_property

from tui.app.model.hours import Selection
from tui.app.model.months import Months, WholeMonths
from tui.app.model.usual import Usual, usual_counts, usual_of
from tui.archive import Archive, Catalog, Chunk, Gap
from tui.archive.catalog import gaps_between
from tui.archive.location import Location, far_warnings, left_out
from tui.archive.times import floor_hour, next_hour, spell_hour
from tui.config import Config, NsqSpec, S3Options, cache_dir, state_dir
from tui.filter import Filter
from tui.filter.within import Within
from tui.history.notebook import Notebook, notebook_of
from tui.scan import ChunkDamaged
from tui.scan.manifest import ExtractOrigin
from tui.units import count, plural

_MAX_KEYS = 100  # named on a screen
_MAX_PARTS = 100  # damaged parts of a chunk that are remembered


@dataclass(frozen=True)
class Shade:
    """Counts for the calendar's shades: the hits of a filter or finding in each hour, among its records or a sample.

    `words`: the filter or finding (`of_finding`) in words. `filter`: the filter, if all records were counted.
    """

    words: str
    filter: Filter | None
    hits: Mapping[datetime, int]
    records: Mapping[datetime, int]
    of_finding: bool = False

    @cached_property
    def rates(self) -> dict[datetime, float]:
        """Hits per record, by hour."""
        return {hour: self.hits.get(hour, 0) / number for hour, number in self.records.items() if number}

    @cached_property
    def usual_rates(self) -> dict[datetime, float]:
        """The usual rate of each hour; an hour with too few others to compare with has none."""
        return usual_counts(self.rates)


@dataclass
class Session:
    """One open archive. Workers create the catalog; only the screens' thread changes the session."""

    archive: Archive
    catalog: Catalog
    config: Config
    location: Location
    filter: Filter = field(default_factory=Filter)
    place: datetime | None = None  # the hour under the calendar's cursor
    lines: dict[datetime, int] = field(default_factory=dict)  # previewed hour, the last one last → record at the cursor
    marks: dict[str, array[int]] = field(default_factory=dict)  # key → lines, from 0, ascending
    columns: tuple[str, ...] = ()  # chosen for the preview: JMESPath expressions
    selection: Selection = field(default_factory=Selection)
    damage: dict[str, tuple[str, ...]] = field(default_factory=dict)  # key → a sentence for each unreadable part
    matches: Mapping[datetime, int] = field(default_factory=dict)  # of the last scan (or the extract's), by hour
    scanned: frozenset[datetime] = frozenset()  # of an extract: the scanned hours, with or without a match
    shade: Shade | None = None  # the last count or finding
    origin: ExtractOrigin | None = None  # of an extract: its source
    sent_to: tuple[str, NsqSpec, str] = ("", NsqSpec(), "")  # the last send's destination: name, addresses, topic
    times: tzinfo | None = None  # the zone in which times are shown; None: the archive's
    time_field: str | None = None  # of the records; None until a range of minutes has been used
    months: Months | WholeMonths | None = None  # of an archive that is listed while it is shown
    others: tuple[str, ...] = ()  # layouts of keys that a detected layout leaves out, as --layout accepts them

    def update(self, catalog: Catalog, usual: Usual) -> None:
        """Use a larger catalog. `usual` is passed in, because a worker computes it."""
        for name in ("first", "last", "gaps", "gap_hours", "hour_size", "_sums", "catalog_last"):
            self.__dict__.pop(name, None)
        self.catalog = catalog
        self.__dict__["usual"] = usual

    @property
    def title(self) -> str:
        """The archive's name on the command line."""
        return self.location.title

    @property
    def name(self) -> str:
        """The title for a header, without the folders that hourscope chose."""
        return place_name(self.title)

    @property
    def heading(self) -> str:
        """The name; for an extract, with its source and filter."""
        if self.origin is None:
            return self.name
        name, source = (text.rstrip("/").rpartition("/")[2] for text in (self.title, self.origin.source))
        return f"{name} · extract of {source} · {self.origin.filter}"

    @property
    def notebook(self) -> Notebook:
        """The archive's notebook, with the config's settings."""
        kept = self.config.notebook
        return notebook_of(self.location.url, self.title, enabled=kept.write, records=kept.records)

    @property
    def s3(self) -> S3Options:
        """The options that reach its store."""
        return self.location.s3

    @property
    def zone(self) -> tzinfo:
        """The zone in which uploads and times in records are shown. Hours always stay in the archive's zone."""
        return self.times or self.archive.zone

    @cached_property
    def first(self) -> datetime:
        known = [*(hour for hour in (self.catalog.first,) if hour), *self.scanned]
        return min(known, default=floor_hour(datetime.now(self.archive.zone)))

    @cached_property
    def last(self) -> datetime:
        """The last hour with a chunk."""
        stop = self.catalog.stop
        if stop and not self.catalog.is_listed(shifted(stop, -1), stop):
            return shifted(stop, -1)
        return self.catalog.last or self.first

    @cached_property
    def gaps(self) -> tuple[Gap, ...]:
        """The hours without a chunk; for an extract, those that were not scanned."""
        if not self.scanned:
            return self.catalog.gaps
        return gaps_between(self.scanned | self.catalog.hours.keys(), self.first, next_hour(self.catalog_last))

    def gap_at(self, hour: datetime) -> Gap | None:
        """Return the gap with this hour, if it is in one."""
        return next((gap for gap in self.gaps if gap.start <= hour < gap.stop), None)

    @cached_property
    def gap_hours(self) -> int:
        return sum(gap.hours for gap in self.gaps)

    @cached_property
    def hour_size(self) -> dict[datetime, int]:
        return {hour: sum(chunk.size for chunk in chunks) for hour, chunks in self.catalog.hours.items()}

    @cached_property
    def usual(self) -> Usual:
        """The usual size and upload lag of each hour."""
        return usual_of(self.catalog)

    @cached_property
    def _sums(self) -> tuple[list[datetime], list[int], list[int]]:
        """The hours with chunks, and cumulative counts of chunks and bytes: before each hour, and after the last."""
        chunks = [0, *itertools.accumulate(len(hour_chunks) for hour_chunks in self.catalog.hours.values())]
        return list(self.catalog.hours), chunks, [0, *itertools.accumulate(self.hour_size.values())]

    def totals(self, selection: Selection) -> tuple[int, int, int]:
        """Return (hours with chunks, chunks, bytes) of a selection, fast for any size."""
        hours, chunks, sizes = self._sums
        sums = [0, 0, 0]
        for range_ in selection.whole.ranges:
            start, stop = bisect_left(hours, range_.start), bisect_left(hours, range_.stop)
            parts = stop - start, chunks[stop] - chunks[start], sizes[stop] - sizes[start]
            sums = [have + more for have, more in zip(sums, parts, strict=True)]
        return sums[0], sums[1], sums[2]

    def filter_within(self, selection: Selection, filter_: Filter) -> Filter:
        """Return the filter for these hours; for minutes, also limited to the time in the records."""
        if not selection.in_minutes or self.time_field is None:
            return filter_
        span = selection.span
        return replace(filter_, within=Within(self.time_field, span.start, span.stop, self.archive.zone))

    def chunks(self, hour: datetime) -> tuple[Chunk, ...]:
        return self.catalog.hours.get(hour, ())

    def knows(self, hour: datetime) -> bool:
        """Return whether the hour is listed."""
        return self.catalog.is_listed(hour, shifted(hour, 1))

    def add_damage(self, *events: ChunkDamaged) -> None:
        """Remember where and why parts of chunks cannot be read."""
        for event in events:
            sentence = event.damage.reason if event.unread else str(event.damage)
            known = self.damage.get(event.chunk.key, ())
            if sentence not in known and len(known) < _MAX_PARTS:
                self.damage[event.chunk.key] = (*known, sentence)

    def damage_words(self, chunks: Iterable[Chunk] | None = None) -> str:
        """Return the number of chunks (or of these) known to be damaged, for a header; empty if none."""
        number = len(self.damage) if chunks is None else sum(chunk.key in self.damage for chunk in chunks)
        return f"! {count(number)} damaged" if number else ""

    @property
    def left_out(self) -> tuple[str, ...]:
        """A sentence for each thing that is not shown: keys that do not fit a detected layout, and far chunks."""
        catalog = self.catalog
        words = left_out(self.location, self.archive, catalog.unmatched, catalog.chunks)
        named = " and ".join(map(repr, self.others))
        more = f"keys of another layout are left out, {named}: t chooses, as --layout does"
        return (*words, *([more] if self.others else []), *far_warnings(catalog))

    @property
    def other_keys(self) -> tuple[str, ...]:
        """A sentence with the first keys that are not chunks; empty if there are none."""
        keys = self.catalog.unmatched
        if not keys:
            return ()
        more = f", and {len(keys) - _MAX_KEYS:,} more" if len(keys) > _MAX_KEYS else ""
        so_far = " so far" if self.catalog.unlisted else ""
        return (f"{plural(len(keys), 'other key')}{so_far}: {', '.join(keys[:_MAX_KEYS])}{more}.",)

    @property
    def left_out_words(self) -> str:
        """`! 26 keys left out, 1 far chunk`, for a header."""
        keys, far = self.catalog.unmatched if self.archive.detected else (), self.catalog.far
        parts = [f"{plural(len(keys), 'key')} left out"] if keys else []
        parts += ["another layout (t)"] if self.others else []
        parts += [plural(len(far), "far chunk")] if far else []
        return f"! {', '.join(parts)}" if parts else ""

    def hour_beside(self, hour: datetime, step: int) -> datetime | None:
        """Return the nearest hour with a chunk after `hour` (`step` 1) or before it (-1)."""
        hours = self._sums[0]
        at = bisect_right(hours, hour) if step > 0 else bisect_left(hours, hour) - 1
        return hours[at] if 0 <= at < len(hours) else None

    def nearest(self, hour: datetime) -> datetime | None:
        """Return the hour if it has a chunk, else the nearest hour with one."""
        around = (hour,) if hour in self.catalog.hours else (self.hour_beside(hour, -1), self.hour_beside(hour, 1))
        return min((one for one in around if one), key=lambda one: abs(one - hour), default=None)

    def out_of_reach(self, hour: datetime) -> str:
        """Return why the chunks of an hour cannot be read now; empty if they can."""
        if any(chunk.needs_restore for chunk in self.chunks(hour)):
            return (
                f"{hour:%a %Y-%m-%d %H:00} is in Glacier: restore it first (aws s3api restore-object), then come back"
            )
        return ""

    def damaged(self, hour: datetime) -> bool:
        return any(chunk.key in self.damage for chunk in self.chunks(hour))

    def clamped(self, hour: datetime) -> datetime:
        """Return the nearest hour inside the archive's span."""
        return max(self.first, min(hour, self.catalog_last))

    @cached_property
    def catalog_last(self) -> datetime:
        """The last hour of the archive's span."""
        stop = self.catalog.stop
        return max(self.last if stop is None else shifted(stop, -1), max(self.scanned, default=self.first))


def damaged_words(events: Iterable[ChunkDamaged]) -> str:
    """Return `12 chunks damaged`; empty if none is."""
    number = len({event.chunk.key for event in events})
    return f"{plural(number, 'chunk')} damaged" if number else ""


def gap_words(gap: Gap) -> str:
    """Return `gap of 3 hours, from 2015-01-20T13 to 2015-01-20T16`."""
    return f"gap of {plural(gap.hours, 'hour')}, from {spell_hour(gap.start)} to {spell_hour(gap.stop)}"


def unread_words(events: Iterable[ChunkDamaged]) -> str:
    """Return why nothing could be read: the damage of the first chunk. Chunks are read in any order."""
    return f"Nothing could be read: {min(events, key=lambda event: event.chunk.key).sentence}"


def shifted(hour: datetime, hours: int) -> datetime:
    """Return the wall-clock hour `hours` later. `next_hour` skips an hour that a spring change leaves out."""
    moved = hour.replace(tzinfo=None) + timedelta(hours=hours)
    return moved.replace(tzinfo=hour.tzinfo)


def place_name(place: str) -> str:
    """Return a place without the folders that hourscope chose: the name of the demo or an extract, if it is there."""
    own = (f"{state_dir()}/", f"{cache_dir()}/")
    return place.rstrip("/").rpartition("/")[2] if place.startswith(own) else place
