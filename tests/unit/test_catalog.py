"""From a listing to hours, gaps, and what is no chunk."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.archive import Catalog, Chunk, StoredObject
from tui.archive.catalog import is_chunk_name, make_catalog
from tui.archive.times import HOUR

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
        ([0, 3], 1, 3, [], [1, 2]),  # a gap on the range's edge, known from what lies beyond
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
    assert numbers(catalog.gaps) == gaps


ranges = st.tuples(st.integers(0, 40), st.integers(1, 41)).map(sorted).filter(lambda pair: pair[0] < pair[1])


@given(st.sets(st.integers(0, 40), min_size=1), ranges)
@settings(deadline=None)
def test_every_hour_of_the_span_is_there_or_a_gap(present: set[int], range_: list[int]) -> None:
    start, stop = range_
    catalog = catalog_of(sorted(present, reverse=True), start, stop)
    span = {n for n in range(min(present), max(present) + 1) if start <= n < stop}
    found, missing = set(numbers(catalog.hours)), set(numbers(catalog.gaps))
    assert found == present & span
    assert missing == span - present
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
    assert len(make_catalog(chunk(str(n), hour) for n, hour in enumerate(ends)).gaps) == gaps


@pytest.mark.parametrize(
    ("key", "is_chunk"),
    [
        ("e.2015-01-20_13.log.gz", True),
        ("a/b/_data.gz", True),
        ("manifest.json", False),
        ("out/manifest.json", False),
        ("dt=2015/_SUCCESS", False),
        ("folder/", False),
        (".DS_Store", False),
        ("a/.hidden.gz", False),
        ("", False),
    ],
)
def test_what_is_no_chunk_by_its_name(key: str, is_chunk: bool) -> None:
    assert is_chunk_name(key) is is_chunk


@pytest.mark.parametrize(
    ("storage_class", "needs_restore"),
    [("STANDARD", False), ("GLACIER", True), ("DEEP_ARCHIVE", True), ("GLACIER_IR", False), ("STANDARD_IA", False)],
)
def test_what_must_be_restored_before_it_can_be_read(storage_class: str, needs_restore: bool) -> None:
    assert Chunk("k", START, 1, "e", UPLOADED, storage_class).needs_restore is needs_restore
