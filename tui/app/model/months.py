"""The months of an archive that is too large to list at once: its span, and the months listed so far."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo

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
MAX_ROWS = 60_000  # kept in memory: about 25 MB
_NEAR = 3  # months kept whatever their size: the visible one and its neighbors
_AHEAD = timedelta(days=2)  # of the clock: keys with a later time are not the newest month


def month_of(hour: datetime) -> Month:
    return hour.year, hour.month


def bounds(month: Month, zone: tzinfo | None = None) -> tuple[datetime, datetime]:
    """Return the first hour of a month and of the next one, in a time zone or in wall-clock time."""
    year, number = month
    return datetime(year, number, 1, tzinfo=zone), datetime(year + number // 12, number % 12 + 1, 1, tzinfo=zone)


@dataclass
class Months:
    """The known months of an archive. One thread lists; any thread may read the catalog.

    `first` and `stop`: the span, as far as it is known. `rows`: the listed months, the most recently used last.
    `exact`: the span includes all names. `stale`: cached months that were still open.
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
        rows = tuple(self.archive.chunks(self.walk, *bounds(month, self.archive.zone)))
        self._take(month, rows)
        self.stale.discard(month)
        self.cache.keep_month(month, rows)
        self.cache.keep_place(CachedArchive(self.archive.layout.pattern, self.walk.heads, self.first, self.stop))

    def recall(self, month: Month) -> bool:
        """Load a month from the cache; return False if it is not there."""
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
        while len(self.rows) > _NEAR and self._total > MAX_ROWS:
            self.rows.pop(next(iter(self.rows)))
        hours = [row.hour for row in rows if isinstance(row, Chunk)]
        if hours:
            self.first, self.stop = min(self.first, *hours), max(self.stop, next_hour(max(hours)))

    @property
    def _total(self) -> int:
        return sum(map(len, self.rows.values()))

    def survey(self) -> bool:
        """Look at all names to find the archive's true span; return whether it has changed."""
        before, self.exact = (self.first, self.stop), True
        self.walk = Walk(Listing(self.archive.store), self.archive.layout)
        span = _span(self.archive, self.walk)
        if span is not None:
            self.first = span[0]
            self.stop = max(span[1], self.stop)
        return (self.first, self.stop) != before

    def missing(self, place: datetime) -> Iterator[Month]:
        """Yield the months to list while an hour is shown: its own, the neighbors, the rest of its year."""
        year, number = month_of(place)
        near = [(year, number), *(month_of(time) for time in (_before(place), _after(place)))]
        largest = max(map(len, self.rows.values()), default=0)
        for month in dict.fromkeys([*near, *((year, other) for other in range(12, 0, -1))]):
            if month not in near and month not in self.rows and self._total + largest > MAX_ROWS:
                return  # it would evict another month
            start, stop = bounds(month, self.archive.zone)
            if (month not in self.rows or month in self.stale) and start < self.stop and self.first < stop:
                yield month

    def missing_of(self, start: datetime, stop: datetime) -> Iterator[Month]:
        """Yield the months to list for [start, stop)."""
        month = month_of(max(start, self.first))
        while month_of(stop) >= month and bounds(month)[0] < min(stop, self.stop).replace(tzinfo=None):
            if month not in self.rows:
                yield month
            month = month_of(bounds(month)[1])

    def catalog(self) -> Catalog:
        """Return the catalog of the months listed so far."""
        rows = [row for month in sorted(self.rows) for row in self.rows[month]]
        known = renamed(make_catalog(rows), self.archive.layout)
        return replace(known, first=self.first, stop=self.stop, unlisted=tuple(self._unlisted()))

    def _unlisted(self) -> Iterator[tuple[datetime, datetime]]:
        begin = self.first
        for month in sorted(self.rows):
            start, stop = bounds(month, self.archive.zone)
            if begin < start:
                yield begin, min(start, self.stop)
            begin = max(begin, stop)
        if begin < self.stop:
            yield begin, self.stop


@dataclass
class WholeMonths:
    """Like `Months`, for an archive in a bucket that can only be listed as a whole. It starts with the last listing.

    `exact`: it has been listed since.
    """

    archive: Archive
    cache: MonthCache
    known: Catalog
    exact: bool = False

    def load(self, month: Month) -> None:
        """Do nothing: every month is known."""

    def recall(self, month: Month) -> bool:
        return True

    def survey(self) -> bool:
        """List the whole archive; return whether anything has changed."""
        before, self.known = self.known, self.archive.catalog()
        self.exact = True
        self.keep()
        return before != self.known

    def keep(self) -> None:
        """Cache the listing for the next start, unless it takes only a few requests."""
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


def cached_whole(archive: Archive, catalog: Catalog, location: Location) -> WholeMonths | None:
    """Cache an archive that was just listed as a whole, and return it; None for a folder or an extract."""
    if not is_s3(location.url) or archive.extract or archive.walk().can_walk:
        return None
    whole = WholeMonths(archive, MonthCache.of(location), catalog, exact=True)
    whole.keep()
    return whole


def remembered_months(location: Location) -> Months | WholeMonths | None:
    """Return what is cached of an archive in a bucket: its newest month and others of that year, or all of it."""
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
    """Return the archive's months with the newest one listed; None if it must be listed as a whole."""
    if archive.extract or walk.look(Range()) is not None:
        return None
    quick = replace(walk, quick=True)
    years, latest = quick.years, _newest(quick)
    if not years or latest is None:
        return None
    start, _ = bounds(month_of(latest), archive.zone)
    first = datetime(_near(years)[0], 1, 1, tzinfo=archive.zone)
    months = Months(archive, quick, min(first, start), next_hour(start), cache)
    months.load(month_of(latest))
    return months


def _near(years: tuple[int, ...]) -> list[int]:
    """Return the years without isolated ones: a host that boots without a clock writes 1970."""
    far = far_hours(datetime(year, 1, 1) for year in years)
    return [year for year in years if datetime(year, 1, 1) not in far]


def _newest(walk: Walk) -> datetime | None:
    """Return the newest month of the first name that has one, unless it is in the future."""
    now = datetime.now(UTC).replace(tzinfo=None) + _AHEAD
    for hours in (Range(None, now), Range()):
        for head in walk.heads[:1] if hours.stop else walk.heads:
            if month := next(months_in_order(walk, head, hours), None):
                return month
    return None


def _span(archive: Archive, walk: Walk) -> tuple[datetime, datetime] | None:
    """Return the first hour of the archive and the end of its last one, without isolated years."""
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
