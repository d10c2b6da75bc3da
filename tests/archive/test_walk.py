"""A walk finds in a large archive what a listing of everything finds, however the names are made."""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.support.writers import FOREIGN, HOURS, START, WRITERS
from tui.archive import Archive, Layout, StoredObject
from tui.archive.catalog import gaps_between, make_catalog
from tui.archive.chunk import ListPage
from tui.archive.detect import detect
from tui.archive.holes import Hole
from tui.archive.listing import Listing
from tui.archive.walk import Walk

UPLOADED = datetime(2015, 2, 10, tzinfo=UTC)
STOP = START + timedelta(hours=72)


@dataclass
class KeyStore:
    """Keys, listed as S3 does, few to a page: even a small archive is large."""

    keys: list[str]
    size: int = 5
    url: str = "s3://keys"
    asked: list[tuple[str, str]] = field(default_factory=list)

    def pages(self, prefix: str = "", delimiter: str = "") -> Iterator[ListPage]:
        self.asked.append((prefix, delimiter))
        rows: list[tuple[str, bool]] = []
        for key in self.keys[bisect.bisect_left(self.keys, prefix) :]:
            if not key.startswith(prefix):
                break
            cut = key.find(delimiter, len(prefix)) if delimiter else -1
            row = (key, False) if cut < 0 else (key[: cut + len(delimiter)], True)
            if row not in rows[-1:]:
                rows.append(row)
        for at in range(0, max(len(rows), 1), self.size):
            some = rows[at : at + self.size]
            objects = tuple(StoredObject(key, 1, "e", UPLOADED) for key, is_cut in some if not is_cut)
            yield ListPage(objects, tuple(key for key, is_cut in some if is_cut), last=at + self.size >= len(rows))

    def objects(self, prefix: str = "") -> Iterator[StoredObject]:
        for page in self.pages(prefix):
            yield from page.objects


def archive_of(keys: Iterable[str], layout: Layout) -> Archive:
    return Archive("s3://keys", KeyStore(sorted(keys)), layout, UTC)  # type: ignore[arg-type]


def hour(number: int) -> datetime:
    return (START + timedelta(hours=number)).replace(tzinfo=UTC)


RANGES = [(0, 72), (3, 31), (10, 11), (4, 8), (-50, 20), (60, 200), (25, None), (None, 25), (5, 7)]


@pytest.mark.parametrize("name", WRITERS)
def test_a_range_has_the_chunks_and_gaps_that_it_has_in_the_whole(name: str) -> None:
    keys = WRITERS[name].archive()
    archive = archive_of([*keys, *FOREIGN], detect([*keys, *FOREIGN]))
    whole = archive.catalog()
    assert {chunk.key: chunk.hour.replace(tzinfo=None) for chunk in whole.chunks} == keys
    assert set(whole.unmatched) <= set(FOREIGN)
    for begin, end in RANGES:
        start, stop = (None if number is None else hour(number) for number in (begin, end))
        part = archive.catalog(start, stop)
        assert part.chunks == whole.between(start, stop)
        first, last = max(start or hour(0), hour(0)), min(stop or hour(72), hour(72))
        assert part.gaps == gaps_between(whole.hours, first, last)


@pytest.mark.parametrize("name", WRITERS)
def test_the_ends_are_found_without_a_listing_of_everything(name: str) -> None:
    keys = WRITERS[name].archive()
    archive = archive_of(keys, detect(keys))
    walk = archive.walk()
    assert archive.end(walk, first=True) == HOURS[0].replace(tzinfo=UTC)
    assert archive.end(walk) == HOURS[-1].replace(tzinfo=UTC)


_TEXT = st.text("ab-._/7", max_size=3)
_PIECES = st.sampled_from(
    ["{topic}", "{host}", "{rev}", "*", "%Y", "%m", "%d", "%-H", "%H", "%y", "-", "_", "/", ".", "e"]
)
_TIMES = ["/%Y-%m-%d_%H.gz", ".%Y%m%d%H.gz", "-%Y%m%d/%H.gz"]


@example(["%-H", "{topic}"], [""], 17, _TIMES[0])  # the hour 1 begins as 17 does
@example(["{topic}"], ["a", "a.b", "a.2b", "a.b-7"], 17, _TIMES[1])
@given(
    st.lists(_PIECES, min_size=1, max_size=6),
    st.lists(_TEXT, min_size=1, max_size=4),
    st.integers(0, 60),
    st.sampled_from(_TIMES),
)
def test_no_pattern_loses_a_chunk(pieces: list[str], texts: list[str], number: int, time: str) -> None:
    """Any names before and between the parts of a time."""
    try:
        layout = Layout("".join([*pieces, time]))
    except ValueError:
        return
    holes = [part for part in layout.parts if isinstance(part, Hole) and not part.code]
    keys = set()
    for at in range(72):
        spelled = layout.spell(
            START + timedelta(hours=at), {hole.name: texts[at % len(texts)] or "x" for hole in holes}
        )
        if layout.parse(spelled):
            keys.add(spelled)
    if not keys:
        return
    archive = archive_of([*keys, *FOREIGN], layout)
    expected = make_catalog(chunk for key in keys if (chunk := archive.chunk_of(StoredObject(key, 1, "e", UPLOADED))))
    start, stop = hour(number), hour(number + 9)
    assert archive.catalog(start, stop).chunks == expected.between(start, stop)
    whole = archive.catalog()
    assert whole.chunks == expected.chunks
    assert len(set(whole.unmatched)) == len(whole.unmatched)


def test_a_range_that_the_layout_spells_asks_for_nothing_else() -> None:
    store = KeyStore([f"e.{time:%Y-%m-%d_%H}.gz" for time in HOURS])
    archive = Archive("s3://keys", store, Layout("e.%Y-%m-%d_%H.gz"), UTC)  # type: ignore[arg-type]
    archive.catalog(hour(10), hour(12))
    assert store.asked == [("e.2015-01-30_10.gz", ""), ("e.2015-01-30_11.gz", "")]


def test_so_many_names_that_they_are_ids_are_listed_as_a_whole() -> None:
    keys = [f"{number:05}.{HOURS[number % len(HOURS)]:%Y-%m-%d_%H}.gz" for number in range(2500)]
    store = KeyStore(keys, size=1000)
    archive = Archive("s3://keys", store, Layout("*.%Y-%m-%d_%H.gz"), UTC)  # type: ignore[arg-type]
    assert len(archive.catalog(hour(0), hour(1)).chunks) == len([key for key in keys if "30_00." in key])
    assert len(store.asked) < 10
    assert not Walk(Listing(store), Layout("%s.gz")).can_walk  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "pattern",
    [
        "app/prod/events.%Y-%m-%d_%H.gz",
        "log%y%m%d%H.gz",
        "{host}/v2/%Y%m%d/%H.gz",
        "a b %Y-%m-%d %I%p",
        "{topic}.%Y%m%d%H",
    ],
)
def test_the_whole_of_a_large_archive_names_the_keys_around_it(pattern: str) -> None:
    """Next to its first folder, inside it, and next to the literal in front of the time."""
    layout = Layout(pattern)
    keys = {layout.spell(START + timedelta(hours=number), {"topic": "t", "host": "web01"}) for number in range(72)}
    others = {"readme", "zz/1", "zz/v2/x", "web01/v3/x", "app/x", "app/prod/other.1", "app/prod/e", "lo", "a c"}
    store = KeyStore(sorted(keys | others))
    archive = Archive("s3://keys", store, layout, UTC)  # type: ignore[arg-type]
    catalog = archive.catalog(listing=Listing(store, ""))  # type: ignore[arg-type]
    assert {chunk.key for chunk in catalog.chunks} == keys
    assert sorted(catalog.unmatched) == sorted(others)


@pytest.mark.parametrize("pattern", ["{topic}.%Y%m%d%H.gz", "{topic}-%Y%m%d/%H.gz", "x/{topic}.{host}.%Y%m%dT%H"])
def test_names_that_begin_as_others_do_are_in_a_range(pattern: str) -> None:
    layout = Layout(pattern)
    topics = ("events", "events.old", "events-old", "events.2b", "ev", "events.old.x2-2")
    spans = [START + timedelta(hours=number) for number in range(24 * 40)]
    archive = archive_of([layout.spell(time, {"topic": t, "host": "h1"}) for t in topics for time in spans], layout)
    catalog = archive.catalog(hour(5), hour(14))
    assert len(catalog.chunks) == 9 * len(topics)
    assert len(archive.store.asked) < 200  # type: ignore[attr-defined]


@pytest.mark.parametrize("offset", ["+0200", "-1130", "+1400"])
@pytest.mark.parametrize(("first", "last"), RANGES)
def test_a_range_of_names_with_offsets_lists_a_day_more_at_each_end(
    offset: str, first: int | None, last: int | None
) -> None:
    keys = [f"e.{time:%Y-%m-%dT%H%M}{offset}.gz" for time in HOURS]
    archive = archive_of(keys, Layout("e.%Y-%m-%dT%H%M%z.gz"))
    start, stop = (None if number is None else hour(number) for number in (first, last))
    whole = archive_of(keys, archive.layout).catalog()
    assert archive.catalog(start, stop).chunks == whole.between(start, stop)
    store = archive.store
    assert first != 10 or len(store.asked) <= 6  # type: ignore[attr-defined]
