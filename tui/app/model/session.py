"""What the screens of one archive share: its catalog, what was learned of its hours, and the selected hours."""

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
from tui.archive.times import floor_hour, next_hour
from tui.config import Config, NsqSpec, S3Options, cache_dir, state_dir
from tui.filter import Filter
from tui.filter.within import Within
from tui.history.notebook import Notebook, notebook_of
from tui.scan import ChunkDamaged
from tui.scan.manifest import ExtractOrigin
from tui.units import plural

_MOST_KEYS = 100  # that are named
_MOST_PARTS = 100  # of a chunk, whose damage is remembered


@dataclass(frozen=True)
class Shade:
    """What the calendar's shades can stand for beside sizes: the hits of each hour among its records (or of a sample of
    them), for a filter or a finding (`of_finding`) in `words`. `filter`: it, if all records were looked at."""

    words: str
    filter: Filter | None
    hits: Mapping[datetime, int]
    records: Mapping[datetime, int]
    of_finding: bool = False

    @cached_property
    def rates(self) -> dict[datetime, float]:
        """Hits of a record, by hour."""
        return {hour: self.hits.get(hour, 0) / number for hour, number in self.records.items() if number}

    @cached_property
    def usual_rates(self) -> dict[datetime, float]:
        """Those of the hours that each is compared with; none where there are too few."""
        return usual_counts(self.rates)


@dataclass
class Session:
    """One open archive. Workers make the catalog; only the screens' own thread changes the rest."""

    archive: Archive
    catalog: Catalog
    config: Config
    location: Location
    filter: Filter = field(default_factory=Filter)
    place: datetime | None = None  # the hour under the calendar's cursor
    line: tuple[datetime, int] | None = None  # the hour that was previewed last, and the record under the cursor there
    marks: dict[str, array[int]] = field(default_factory=dict)  # key → lines, from 0, ascending
    columns: tuple[str, ...] = ()  # of the preview, chosen: JMESPath expressions
    selection: Selection = field(default_factory=Selection)
    damage: dict[str, tuple[str, ...]] = field(default_factory=dict)  # key → what of it cannot be read, a sentence each
    matches: Mapping[datetime, int] = field(default_factory=dict)  # of the last scan (or the extract's), by hour
    scanned: frozenset[datetime] = frozenset()  # of an extract: the hours that were read, with or without a match
    shade: Shade | None = None  # of what was counted or found last
    origin: ExtractOrigin | None = None  # of an extract: what it was made of
    sent_to: tuple[str, NsqSpec, str] = ("", NsqSpec(), "")  # where the last send went: name, addresses, topic
    times: tzinfo | None = None  # the zone that moments are shown in; None: the archive's
    time_field: str | None = None  # of the records, as far as a range of minutes was looked at
    months: Months | WholeMonths | None = None  # of an archive that is listed while it is shown
    others: tuple[str, ...] = ()  # the layouts of keys that a detected one leaves out, as --layout takes them

    def update(self, catalog: Catalog, usual: Usual) -> None:
        """More was listed; what is usual is worked out where nobody waits for it."""
        for name in ("first", "last", "gaps", "gap_hours", "hour_size", "_sums", "catalog_last"):
            self.__dict__.pop(name, None)
        self.catalog = catalog
        self.__dict__["usual"] = usual

    @property
    def title(self) -> str:
        """The archive as the command line would name it."""
        return self.location.title

    @property
    def name(self) -> str:
        """For a header: the title, without the folders that hourscope chose."""
        return place_name(self.title)

    @property
    def heading(self) -> str:
        """The name; an extract says what it is."""
        if self.origin is None:
            return self.name
        name, source = (text.rstrip("/").rpartition("/")[2] for text in (self.title, self.origin.source))
        return f"{name} · extract of {source} · {self.origin.filter}"

    @property
    def notebook(self) -> Notebook:
        """The archive's notebook, as the config wants it."""
        kept = self.config.notebook
        return notebook_of(self.location.url, self.title, enabled=kept.write, records=kept.records)

    @property
    def s3(self) -> S3Options:
        """The options that reach its store."""
        return self.location.s3

    @property
    def zone(self) -> tzinfo:
        """The zone that moments (uploads, times in records) are shown in. Hours are the archive's in any case."""
        return self.times or self.archive.zone

    @cached_property
    def first(self) -> datetime:
        known = [*(hour for hour in (self.catalog.first,) if hour), *self.scanned]
        return min(known, default=floor_hour(datetime.now(self.archive.zone)))

    @cached_property
    def last(self) -> datetime:
        """The last hour of the span that has a chunk."""
        stop = self.catalog.stop
        if stop and not self.catalog.is_listed(shifted(stop, -1), stop):
            return shifted(stop, -1)
        return self.catalog.last or self.first

    @cached_property
    def gaps(self) -> tuple[Gap, ...]:
        """The hours without a chunk; of an extract, those that were not scanned."""
        if not self.scanned:
            return self.catalog.gaps
        return gaps_between(self.scanned | self.catalog.hours.keys(), self.first, next_hour(self.catalog_last))

    @cached_property
    def gap_hours(self) -> int:
        return sum(gap.hours for gap in self.gaps)

    @cached_property
    def hour_size(self) -> dict[datetime, int]:
        return {hour: sum(chunk.size for chunk in chunks) for hour, chunks in self.catalog.hours.items()}

    @cached_property
    def usual(self) -> Usual:
        """What is usual for each hour."""
        return usual_of(self.catalog)

    @cached_property
    def _sums(self) -> tuple[list[datetime], list[int], list[int]]:
        """The hours that have chunks; before each and behind the last, how many chunks and bytes there were so far."""
        chunks = [0, *itertools.accumulate(len(hour_chunks) for hour_chunks in self.catalog.hours.values())]
        return list(self.catalog.hours), chunks, [0, *itertools.accumulate(self.hour_size.values())]

    def totals(self, selection: Selection) -> tuple[int, int, int]:
        """Hours that have chunks, chunks, bytes: of some hours, however many those are."""
        hours, chunks, sizes = self._sums
        sums = [0, 0, 0]
        for range_ in selection.whole.ranges:
            start, stop = bisect_left(hours, range_.start), bisect_left(hours, range_.stop)
            parts = stop - start, chunks[stop] - chunks[start], sizes[stop] - sizes[start]
            sums = [have + more for have, more in zip(sums, parts, strict=True)]
        return sums[0], sums[1], sums[2]

    def filter_within(self, selection: Selection, filter_: Filter) -> Filter:
        """The filter of these hours; of minutes it also holds to the time in the records."""
        if not selection.in_minutes or self.time_field is None:
            return filter_
        span = selection.span
        return replace(filter_, within=Within(self.time_field, span.start, span.stop, self.archive.zone))

    def chunks(self, hour: datetime) -> tuple[Chunk, ...]:
        return self.catalog.hours.get(hour, ())

    def knows(self, hour: datetime) -> bool:
        """Was the hour listed?"""
        return self.catalog.is_listed(hour, shifted(hour, 1))

    def add_damage(self, event: ChunkDamaged) -> None:
        """A part of a chunk cannot be read: remember where and why."""
        sentence = event.damage.reason if event.unread else str(event.damage)
        known = self.damage.get(event.chunk.key, ())
        if sentence not in known and len(known) < _MOST_PARTS:
            self.damage[event.chunk.key] = (*known, sentence)

    def damage_words(self, chunks: Iterable[Chunk] | None = None) -> str:
        """For a header: how many (of these) chunks are damaged, as far as that is known; nothing if none is."""
        number = len(self.damage) if chunks is None else sum(chunk.key in self.damage for chunk in chunks)
        return f"! {number} damaged" if number else ""

    @property
    def left_out(self) -> tuple[str, ...]:
        """What of the archive is not on the screens, a sentence each: keys that a detected layout does not fit, and
        chunks far from all others."""
        catalog = self.catalog
        words = left_out(self.location, self.archive, catalog.unmatched, catalog.chunks)
        named = " and ".join(map(repr, self.others))
        more = f"keys of another layout are left out, {named}: t chooses, as --layout does"
        return (*words, *([more] if self.others else []), *far_warnings(catalog))

    @property
    def other_keys(self) -> tuple[str, ...]:
        """The keys that are no chunks, as far as a screen holds them; nothing if there are none."""
        keys = self.catalog.unmatched
        if not keys:
            return ()
        more = f", and {len(keys) - _MOST_KEYS:,} more" if len(keys) > _MOST_KEYS else ""
        so_far = " so far" if self.catalog.unlisted else ""
        return (f"{plural(len(keys), 'other key')}{so_far}: {', '.join(keys[:_MOST_KEYS])}{more}.",)

    @property
    def left_out_words(self) -> str:
        """For a header: `! 26 keys left out · 1 far chunk`."""
        keys, far = self.catalog.unmatched if self.archive.detected else (), self.catalog.far
        parts = [f"{plural(len(keys), 'key')} left out"] if keys else []
        parts += ["another layout (t)"] if self.others else []
        parts += [plural(len(far), "far chunk")] if far else []
        return f"! {', '.join(parts)}" if parts else ""

    def hour_beside(self, hour: datetime, step: int) -> datetime | None:
        """The first hour with a chunk after `hour` (`step` 1) or before it (-1)."""
        hours = self._sums[0]
        at = bisect_right(hours, hour) if step > 0 else bisect_left(hours, hour) - 1
        return hours[at] if 0 <= at < len(hours) else None

    def nearest(self, hour: datetime) -> datetime | None:
        """The hour if it has a chunk, else the nearest that has."""
        around = (hour,) if hour in self.catalog.hours else (self.hour_beside(hour, -1), self.hour_beside(hour, 1))
        return min((one for one in around if one), key=lambda one: abs(one - hour), default=None)

    def out_of_reach(self, hour: datetime) -> str:
        """Why the chunks of an hour cannot be read now; empty if they can."""
        if any(chunk.needs_restore for chunk in self.chunks(hour)):
            return (
                f"{hour:%a %Y-%m-%d %H:00} is in Glacier: restore it first (aws s3api restore-object), then come back"
            )
        return ""

    def damaged(self, hour: datetime) -> bool:
        return any(chunk.key in self.damage for chunk in self.chunks(hour))

    def clamped(self, hour: datetime) -> datetime:
        """The nearest hour inside the archive's span."""
        return max(self.first, min(hour, self.catalog_last))

    @cached_property
    def catalog_last(self) -> datetime:
        """The last hour of the span that was listed."""
        stop = self.catalog.stop
        return max(self.last if stop is None else shifted(stop, -1), max(self.scanned, default=self.first))


def shifted(hour: datetime, hours: int) -> datetime:
    """The wall-clock hour so many hours on; one that a spring change leaves out is passed over by `next_hour`."""
    moved = hour.replace(tzinfo=None) + timedelta(hours=hours)
    return moved.replace(tzinfo=hour.tzinfo)


def place_name(place: str) -> str:
    """A place without the folders that hourscope chose: the name of an extract in the state folder, or of the demo."""
    own = (f"{state_dir()}/", f"{cache_dir()}/")
    return place.rstrip("/").rpartition("/")[2] if place.startswith(own) else place
