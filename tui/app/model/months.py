"""The months of an archive that is too large to be listed at once: which there are, and those that were listed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from tui.app.model.month_cache import CachedArchive, Month, MonthCache
from tui.archive import Archive, Catalog, Chunk, StoredObject
from tui.archive.catalog import far_hours, make_catalog
from tui.archive.descent import months_in_order
from tui.archive.listing import Listing
from tui.archive.location import Location
from tui.archive.ranges import Range
from tui.archive.store import is_s3
from tui.archive.times import HOUR, next_hour
from tui.archive.topics import renamed
from tui.archive.walk import Walk

Rows = tuple[Chunk | StoredObject, ...]
_FEW = 5000  # chunks
_UNKNOWN = datetime(1970, 1, 1, tzinfo=UTC)
MOST_ROWS = 60_000  # that are kept: about 25 MB
_NEAR = 3  # months that are kept however large they are: the one in sight and those beside it
_AHEAD = timedelta(days=2)  # of the clock: keys of a later time are no news


def month_of(hour: datetime) -> Month:
    return hour.year, hour.month


def bounds(month: Month) -> tuple[datetime, datetime]:
    """Its first hour and that of the next month, by the clock."""
    year, number = month
    return datetime(year, number, 1), datetime(year + number // 12, number % 12 + 1, 1)


@dataclass
class Months:
    """What is known of an archive's months; one thread lists, any may ask for the catalog.

    `first` and `stop`: the span, as far as it is known. `rows`: of the months that were listed, the last used at the
    end. `exact`: are the ends of the span those of all names? `stale`: months of the cache that were still open.
    """

    archive: Archive
    walk: Walk
    first: datetime
    stop: datetime
    cache: MonthCache
    rows: dict[Month, Rows] = field(default_factory=dict)
    stale: set[Month] = field(default_factory=set)
    exact: bool = False

    def load(self, month: Month) -> None:
        """List a month."""
        start, stop = (time.replace(tzinfo=self.archive.zone) for time in bounds(month))
        rows = tuple(self.archive.chunks(self.walk, start, stop))
        self._take(month, rows)
        self.stale.discard(month)
        self.cache.keep_month(month, rows)
        self.cache.keep_place(CachedArchive(self.archive.layout.pattern, self.walk.heads, self.first, self.stop))

    def recall(self, month: Month) -> bool:
        """Take a month from the cache, if it is there."""
        kept = self.cache.month(month)
        if kept is None:
            return False
        objects, closed = kept
        self._take(month, tuple(self.archive.chunk_of(item) or item for item in objects))
        if not closed:
            self.stale.add(month)
        return True

    def _take(self, month: Month, rows: Rows) -> None:
        self.rows.pop(month, None)
        self.rows[month] = rows
        while len(self.rows) > _NEAR and self._total > MOST_ROWS:
            self.rows.pop(next(iter(self.rows)))
        hours = [row.hour for row in rows if isinstance(row, Chunk)]
        if hours:
            self.first, self.stop = min(self.first, *hours), max(self.stop, next_hour(max(hours)))

    @property
    def _total(self) -> int:
        return sum(map(len, self.rows.values()))

    def survey(self) -> bool:
        """Look at all names, and find where the archive really begins and ends; is anything else than before known?"""
        before, self.exact = (self.first, self.stop), True
        self.walk = Walk(Listing(self.archive.store), self.archive.layout)
        span = _span(self.archive, self.walk)
        if span is not None:
            self.first = span[0]
            self.stop = max(span[1], self.stop)
        return (self.first, self.stop) != before

    def missing(self, place: datetime) -> Iterator[Month]:
        """The months to list while somebody looks at an hour: its own, those beside it, those of its year."""
        year, number = month_of(place)
        near = [(year, number), *(month_of(time) for time in (_before(place), _after(place)))]
        largest = max(map(len, self.rows.values()), default=0)
        for month in dict.fromkeys([*near, *((year, other) for other in range(12, 0, -1))]):
            if month not in near and month not in self.rows and self._total + largest > MOST_ROWS:
                return  # it would take the place of another month
            start, stop = (time.replace(tzinfo=self.archive.zone) for time in bounds(month))
            if (month not in self.rows or month in self.stale) and start < self.stop and self.first < stop:
                yield month

    def missing_of(self, start: datetime, stop: datetime) -> Iterator[Month]:
        """The months to list for [start, stop)."""
        month = month_of(max(start, self.first))
        while month_of(stop) >= month and bounds(month)[0] < min(stop, self.stop).replace(tzinfo=None):
            if month not in self.rows:
                yield month
            month = month_of(bounds(month)[1])

    def catalog(self) -> Catalog:
        """What is known now."""
        rows = [row for month in sorted(self.rows) for row in self.rows[month]]
        known = renamed(make_catalog(rows), self.archive.layout)
        return replace(known, first=self.first, stop=self.stop, unlisted=tuple(self._unlisted()))

    def _unlisted(self) -> Iterator[tuple[datetime, datetime]]:
        begin = self.first
        for month in sorted(self.rows):
            start, stop = (time.replace(tzinfo=self.archive.zone) for time in bounds(month))
            if begin < start:
                yield begin, min(start, self.stop)
            begin = max(begin, stop)
        if begin < self.stop:
            yield begin, self.stop


@dataclass
class WholeMonths:
    """`Months` of an archive in a bucket that can only be listed as a whole: at first, what was listed the last time.

    `exact`: was it listed since?
    """

    archive: Archive
    cache: MonthCache
    known: Catalog
    exact: bool = False

    def load(self, month: Month) -> None:
        """Every month is known."""

    def recall(self, month: Month) -> bool:
        return True

    def survey(self) -> bool:
        """List all of it; is there anything new?"""
        before, self.known = self.known, self.archive.catalog()
        self.exact = True
        self.keep()
        return before != self.known

    def keep(self) -> None:
        """Keep it for the next start, unless a listing takes no more than a few requests."""
        if len(self.known.chunks) >= _FEW:
            others = (StoredObject(key, 0, "", _UNKNOWN) for key in self.known.unmatched)
            self.cache.keep_place(CachedArchive(self.archive.layout.pattern, (), _UNKNOWN, _UNKNOWN))
            self.cache.keep_whole([*self.known.chunks, *others])

    def missing(self, place: datetime) -> Iterator[Month]:
        return iter(())

    def missing_of(self, start: datetime, stop: datetime) -> Iterator[Month]:
        return iter(())

    def catalog(self) -> Catalog:
        return self.known


def whole_of(archive: Archive, catalog: Catalog, location: Location) -> WholeMonths | None:
    """An archive that was just listed as a whole, and is kept; None for a folder and an extract."""
    if not is_s3(location.url) or archive.extract or archive.walk().can_walk:
        return None
    whole = WholeMonths(archive, MonthCache.of(location), catalog, exact=True)
    whole.keep()
    return whole


def remembered_months(location: Location) -> Months | WholeMonths | None:
    """What the cache has of an archive in a bucket: its newest month, and others of that year; or all of it."""
    cache = MonthCache.of(location)
    place = cache.place() if is_s3(location.url) else None
    if place is None:
        return None
    archive = location.reopened(place.layout)
    if not place.heads:
        rows = cache.whole()
        items = [archive.chunk_of(item) or item for item in rows or ()]
        return WholeMonths(archive, cache, renamed(make_catalog(items), archive.layout)) if items else None
    walk = Walk(Listing(archive.store), archive.layout, quick=True, names=place.heads)
    zone = archive.zone
    months = Months(archive, walk, place.first.astimezone(zone), place.stop.astimezone(zone), cache)
    newest = month_of(months.stop - HOUR)
    if not months.recall(newest):
        return None
    for number in range(1, newest[1]):
        months.recall((newest[0], number))
    months.stale.add(newest)
    return months


def months_of(archive: Archive, walk: Walk, cache: MonthCache) -> Months | None:
    """An archive with its newest month listed; None for one that is listed as a whole."""
    if archive.extract or walk.look(Range()) is not None:
        return None
    quick = replace(walk, quick=True)
    years, latest = quick.years, _newest(quick)
    if not years or latest is None:
        return None
    start, _ = (time.replace(tzinfo=archive.zone) for time in bounds(month_of(latest)))
    first = datetime(_near(years)[0], 1, 1, tzinfo=archive.zone)
    months = Months(archive, quick, min(first, start), next_hour(start), cache)
    months.load(month_of(latest))
    return months


def _near(years: tuple[int, ...]) -> list[int]:
    """The years without those that stand alone: a host that booted without a clock writes 1970."""
    far = far_hours(datetime(year, 1, 1) for year in years)
    return [year for year in years if datetime(year, 1, 1) not in far]


def _newest(walk: Walk) -> datetime | None:
    """The newest month of the first name that has one, unless it lies in the future."""
    now = datetime.now(UTC).replace(tzinfo=None) + _AHEAD
    for hours in (Range(None, now), Range()):
        for head in walk.heads[:1] if hours.stop else walk.heads:
            if month := next(months_in_order(walk, head, hours), None):
                return month
    return None


def _span(archive: Archive, walk: Walk) -> tuple[datetime, datetime] | None:
    """The first hour of the archive, and the end of its last one, without years that stand alone."""
    years = walk.years
    if not years:
        return None
    near = _near(years)
    start, stop = datetime(near[0], 1, 1, tzinfo=archive.zone), datetime(near[-1] + 1, 1, 1, tzinfo=archive.zone)
    first, last = archive.end(walk, start, stop, first=True), archive.end(walk, start, stop)
    return (first, next_hour(last)) if first and last else None


def _before(place: datetime) -> datetime:
    return place.replace(day=1) - timedelta(days=1)


def _after(place: datetime) -> datetime:
    return place.replace(day=28) + timedelta(days=4)
