"""From a listing to hours, gaps, and what is no chunk."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, tzinfo
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.archive import Catalog, Chunk, Gap, StoredObject
from tui.archive.catalog import make_catalog
from tui.archive.clocks import count_hours
from tui.archive.times import HOUR, hours_between

UPLOADED = datetime(2015, 2, 1, tzinfo=UTC)
START = datetime(2015, 1, 20, tzinfo=UTC)


def chunk(key: str, hour: datetime, size: int = 10) -> Chunk:
    return Chunk(key, hour, size, "etag", UPLOADED)


def catalog_of(numbers: Iterable[int], start: int | None = None, stop: int | None = None) -> Catalog:
    """A chunk at each number of hours after START."""
    return make_catalog(
        iter([chunk(f"{n:03}", START + n * HOUR) for n in numbers]),
        None if start is None else START + start * HOUR,
        None if stop is None else START + stop * HOUR,
    )


def missing(catalog: Catalog) -> list[datetime]:
    """Every hour of the gaps, one after another."""
    return [hour for gap in catalog.gaps for hour in hours_between(gap.start, gap.stop)]


def numbers(hours: Iterable[datetime]) -> list[int]:
    return [round((hour - START) / HOUR) for hour in hours]


def test_hours_are_in_order_and_their_chunks_by_key() -> None:
    shuffled = [chunk(key, START + n * HOUR, 5) for key, n in (("b", 1), ("z", 0), ("a", 1), ("B", 1))]
    catalog = make_catalog(iter(shuffled))
    assert [chunk.key for chunk in catalog.chunks] == ["z", "B", "a", "b"]
    assert list(catalog.hours) == sorted(catalog.hours)
    assert [chunk.order for chunk in catalog.chunks] == sorted(chunk.order for chunk in catalog.chunks)
    assert catalog.size == 20


@pytest.mark.parametrize(
    ("present", "start", "stop", "hours", "gaps"),
    [
        ([0, 1, 2], None, None, [0, 1, 2], []),
        ([0, 3], None, None, [0, 3], [1, 2]),
        ([5], None, None, [5], []),
        ([], None, None, [], []),
        ([0, 3], 1, 3, [], [1, 2]),  # a gap on the range's edge, known from what is beyond
        ([0, 3], 1, 10, [3], [1, 2]),  # after the archive's end nothing is missing
        ([2, 3], 0, 4, [2, 3], []),  # nor before its beginning
        ([0, 1, 2], 1, 2, [1], []),  # half-open
        ([0, 2], 0, 2, [0], [1]),
        ([0, 1], 5, 9, [], []),
        ([7], 2, 4, [], []),
    ],
)
def test_hours_and_gaps(
    present: list[int], start: int | None, stop: int | None, hours: list[int], gaps: list[int]
) -> None:
    catalog = catalog_of(present, start, stop)
    assert numbers(catalog.hours) == hours
    assert numbers(missing(catalog)) == gaps
    assert catalog.gap_hours == len(gaps)


ranges = st.tuples(st.integers(0, 40), st.integers(1, 41)).map(sorted).filter(lambda pair: pair[0] < pair[1])


@given(st.sets(st.integers(0, 40), min_size=1), ranges)
def test_every_hour_of_the_span_is_there_or_a_gap(present: set[int], range_: list[int]) -> None:
    start, stop = range_
    catalog = catalog_of(sorted(present, reverse=True), start, stop)
    span = {n for n in range(min(present), max(present) + 1) if start <= n < stop}
    assert set(numbers(catalog.hours)) == present & span
    assert set(numbers(missing(catalog))) == span - present
    assert catalog.chunks == catalog_of(present).between(START + start * HOUR, START + stop * HOUR)


def test_between_may_be_open() -> None:
    catalog = catalog_of([0, 1, 2])
    assert catalog.between(None, None) == catalog.chunks
    assert [chunk.key for chunk in catalog.between(START + HOUR, None)] == ["001", "002"]
    assert [chunk.key for chunk in catalog.between(None, START + HOUR)] == ["000"]


def test_what_the_layout_does_not_fit_is_named_and_nothing_else() -> None:
    stray = StoredObject("notes.txt", 5, "etag", UPLOADED)
    catalog = make_catalog(iter([stray, chunk("a", START), StoredObject("backup.tar", 1, "etag", UPLOADED)]))
    assert catalog.unmatched == ("backup.tar", "notes.txt")
    assert len(catalog.chunks) == 1
    assert make_catalog(iter([stray])).unmatched == ("notes.txt",)


@pytest.mark.parametrize(
    ("zone", "before", "after", "gaps"),
    [
        ("Europe/Berlin", (2015, 3, 29, 1), (2015, 3, 29, 3), 0),  # the hour between never was
        ("Europe/Berlin", (2015, 10, 25, 1), (2015, 10, 25, 3), 1),  # the hour between came twice and is one gap
        ("Australia/Lord_Howe", (2015, 10, 4, 1), (2015, 10, 4, 3), 1),  # half of the hour between was
        ("Australia/Lord_Howe", (2015, 4, 5, 0), (2015, 4, 5, 3), 2),
        ("UTC", (2015, 3, 29, 1), (2015, 3, 29, 3), 1),
    ],
)
def test_gaps_where_clocks_change(zone: str, before: tuple[int, ...], after: tuple[int, ...], gaps: int) -> None:
    place: tzinfo = ZoneInfo(zone)
    ends = [datetime(*parts, tzinfo=place) for parts in (before, after)]  # type: ignore[arg-type,misc]
    assert make_catalog(chunk(str(n), hour) for n, hour in enumerate(ends)).gap_hours == gaps


# Zones whose clocks change by an hour, by half of one, by a whole day (Apia, 2011), and that count half hours.
ZONES = (
    "UTC",
    "Europe/Berlin",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Asia/Kolkata",
    "Africa/Casablanca",
    "America/Caracas",
)
CHANGES = (
    datetime(2015, 3, 29),
    datetime(2015, 4, 5),
    datetime(2011, 12, 29),
    datetime(2015, 6, 14),
    datetime(2016, 5, 1),
)


@given(
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    around=st.sampled_from(CHANGES),
    present=st.sets(st.integers(-60, 60), min_size=1),
    range_=st.tuples(st.integers(-70, 70), st.integers(-70, 70)).map(sorted),
    is_open=st.booleans(),
)
@settings(deadline=None, max_examples=300)
def test_gaps_are_what_walking_over_all_hours_finds(
    zone: ZoneInfo, around: datetime, present: set[int], range_: list[int], is_open: bool
) -> None:
    def hour(number: int) -> datetime:
        return around.replace(tzinfo=zone) + number * HOUR  # of the wall clock

    def shown(time: datetime) -> bool:
        ends = (time, time.replace(minute=59))
        return any(end == end.astimezone(UTC).astimezone(zone).replace(fold=0) for end in ends)

    start, stop = (None, None) if is_open else (hour(range_[0]), hour(range_[1]))
    catalog = make_catalog((chunk(str(n), hour(n)) for n in present), start, stop)
    walked = [
        hour(n)
        for n in range(min(present), max(present))
        if n not in present and shown(hour(n)) and (is_open or range_[0] <= n < range_[1])
    ]
    assert missing(catalog) == walked
    assert catalog.gap_hours == len(walked)
    assert [n for n in range(-80, 80) if catalog.is_gap(hour(n))] == [n for n in range(-80, 80) if hour(n) in walked]
    assert all(earlier.stop < later.start for earlier, later in pairwise(catalog.gaps)), "one range where hours follow"


@given(
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    start=st.datetimes(datetime(1971, 1, 1), datetime(2040, 1, 1)),
    length=st.integers(0, 20_000),
)
def test_hours_are_counted_without_being_made(zone: ZoneInfo, start: datetime, length: int) -> None:
    first = start.replace(minute=0, second=0, microsecond=0, tzinfo=zone)
    assert count_hours(first, first + length * HOUR) == sum(1 for _ in hours_between(first, first + length * HOUR))


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Australia/Lord_Howe"])
@pytest.mark.parametrize("astray", [datetime(1970, 1, 1), datetime(2999, 12, 31, 23), datetime(2013, 1, 1)])
def test_an_hour_far_from_the_rest_is_named_and_no_edge_of_the_span(zone: str, astray: datetime) -> None:
    place = ZoneInfo(zone)
    first, last = datetime(2026, 11, 20, 5, tzinfo=place), datetime(2026, 11, 20, 8, tzinfo=place)
    far = chunk("far", astray.replace(tzinfo=place))
    catalog = make_catalog(iter([chunk("a", first), far, chunk("b", last), chunk("c", last)]))
    assert catalog.far == (far,) and far in catalog.chunks and len(catalog.hours) == 3
    assert (catalog.first, catalog.stop, catalog.last) == (first, last + HOUR, last)
    assert catalog.gaps == (Gap(first + HOUR, last),) and catalog.gap_hours == 2
    assert not catalog.is_gap(far.hour) and not catalog.is_gap(far.hour + HOUR) and catalog.is_gap(first + HOUR)
    asked = make_catalog(iter([chunk("a", first), far, chunk("b", last)]), far.hour, far.hour + HOUR)
    assert asked.chunks == asked.far == (far,) and (asked.first, asked.stop) == (far.hour, far.hour + HOUR)
    assert make_catalog(iter([chunk("a", first), far, chunk("b", last)]), first, last + HOUR).far == ()


def test_two_hosts_without_a_clock_are_far_too() -> None:
    """An hour counts once: what is far from it are other hours."""
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    catalog = make_catalog(
        iter([chunk("a", epoch), chunk("b", epoch), *(chunk(str(n), START + n * HOUR) for n in (0, 3))])
    )
    assert [chunk.key for chunk in catalog.far] == ["a", "b"]
    assert catalog.gaps == (Gap(START + HOUR, START + 3 * HOUR),)


@pytest.mark.parametrize(
    ("days", "far"),
    [
        ([0], []),
        ([0, 366], []),
        ([0, 367], []),
        ([0, 1, 367], []),
        ([0, 1, 368], [368]),
        ([0, 400, 401, 900], [0, 900]),
    ],
)
def test_how_far_is_far(days: list[int], far: list[int]) -> None:
    """More than 366 days from every other; where that is true of all, no one of them is the stray."""
    catalog = make_catalog(chunk(str(n), START + n * 24 * HOUR) for n in days)
    assert [chunk.key for chunk in catalog.far] == [str(n) for n in far]


def test_a_gap_of_centuries_costs_nothing() -> None:
    """Two hours on each side, so that none is isolated, with a million hours between them."""
    place = ZoneInfo("Europe/Berlin")
    hours = [datetime(1971, 1, 1, n, tzinfo=place) for n in (0, 1)] + [
        datetime(2999, 1, 1, n, tzinfo=place) for n in (0, 1)
    ]
    catalog = make_catalog(chunk(str(n), hour) for n, hour in enumerate(hours))
    assert catalog.gaps == (Gap(hours[1] + HOUR, hours[2]),)
    assert 9_000_000 < catalog.gap_hours < 9_020_000


@pytest.mark.parametrize(
    ("storage_class", "needs_restore"),
    [("STANDARD", False), ("GLACIER", True), ("DEEP_ARCHIVE", True), ("GLACIER_IR", False), ("STANDARD_IA", False)],
)
def test_what_must_be_restored_before_it_can_be_read(storage_class: str, needs_restore: bool) -> None:
    assert Chunk("k", START, 1, "e", UPLOADED, storage_class).needs_restore is needs_restore
