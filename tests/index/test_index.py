"""The index answers as reading does, or not at all: whatever was indexed, changed, damaged or interrupted."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.index.indexed import EXPRESSIONS, RECORDS, build, counted, planned, scanned, write
from tui.analysis.count import parse_every
from tui.analysis.counting import Counting
from tui.analysis.known import known_from, remembered
from tui.archive import open_archive
from tui.archive.s3 import S3Store
from tui.config import S3Options
from tui.filter import Filter, parse_filter
from tui.filter.within import Within
from tui.index import Index, open_index
from tui.scan import run_plan


@given(st.lists(st.lists(RECORDS, max_size=6), min_size=1, max_size=3), EXPRESSIONS, st.booleans())
@example([[{"a": []}]], "a == `null`", False)
@example([[{"a": []}, {}], [{"a": [None]}]], "!(a == 'a')", False)
def test_a_scan_with_the_index_counts_what_one_without_it_counts(
    tmp_path_factory: pytest.TempPathFactory, hours: list[list[object]], expression: str, invert: bool
) -> None:
    folder = tmp_path_factory.mktemp("a")
    write(folder / "archive", hours)
    index = Index(folder / "index.sqlite", "here")
    build(index, planned(folder / "archive"))
    plan = planned(folder / "archive", parse_filter(match=[expression], invert=invert))
    plain, indexed = scanned(plan, None), scanned(plan, index)
    assert replace(indexed.counts, bytes_compressed=0) == replace(plain.counts, bytes_compressed=0)
    assert indexed.understood == plain.understood
    index.close()


@given(
    st.lists(st.lists(RECORDS, max_size=6), min_size=1, max_size=3),
    st.sampled_from([(), ("a",), ("b.c",), ("b",), ("a", "b.c"), ("nosuch",)]),
    st.sampled_from([None, "1h", "1d"]),
    st.sampled_from([None, "a", "b.c"]),
)
def test_a_count_from_the_index_is_the_count_of_the_records(
    tmp_path_factory: pytest.TempPathFactory,
    hours: list[list[object]],
    by: tuple[str, ...],
    every: str | None,
    stats: str | None,
) -> None:
    folder = tmp_path_factory.mktemp("a")
    write(folder / "archive", hours)
    index = Index(folder / "index.sqlite", "here")
    build(index, planned(folder / "archive"))
    counting = Counting(by, parse_every(every) if every else None, stats, None, UTC)
    plain, read = counted(planned(folder / "archive"), counting, None)
    indexed, totals = counted(planned(folder / "archive"), counting, index)
    assert indexed == plain
    assert totals.counts.not_json == read.counts.not_json
    index.close()


@pytest.mark.parametrize("spelling", [b"1e15", b"1e16", b"1e22", b"1.0e300"])
def test_a_number_is_found_however_it_is_spelled(tmp_path: Path, index: Index, spelling: bytes) -> None:
    digits = b"%d" % int(float(spelling))
    write(tmp_path / "a", [[b'{"a": %s}' % spelling], [b'{"a": %s}' % digits]])
    build(index, planned(tmp_path / "a"))
    for literal in (spelling, digits):
        plan = planned(tmp_path / "a", parse_filter(match=[f"a == `{literal.decode()}`"]))
        assert scanned(plan, index).matches == scanned(plan, None).matches >= 1


@pytest.mark.parametrize(
    "filters", [{"match": ["a == 'q'"]}, {"grep": ["zz"], "match": ["a == 'q'"]}, {"match": ["a == 'q'", "b == 'q'"]}]
)
@pytest.mark.parametrize("other", [b"text", b'{"b": NaN}', b'{"a": "q", "b": NaN}'])
def test_what_is_not_json_is_counted_as_reading_counts_it(
    tmp_path: Path, index: Index, filters: dict[str, list[str]], other: bytes
) -> None:
    write(tmp_path / "a", [[{"a": "x"}, {"a": "y"}, other, {"a": "x"}, {"a": "y"}]])
    build(index, planned(tmp_path / "a"))
    plan = planned(tmp_path / "a", parse_filter(**filters))  # type: ignore[arg-type]
    assert scanned(plan, index).counts.not_json == scanned(plan, None).counts.not_json


def test_a_narrower_scan_counts_its_own_records_that_are_not_json(tmp_path: Path, index: Index) -> None:
    write(tmp_path / "a", [[{"a": "x"}, b"text"]])
    wider = planned(tmp_path / "a", parse_filter(match=["a == 'q'"]))
    for _ in remembered(run_plan(wider, jobs=1, exact=True), index, wider.filter):
        pass
    narrower = planned(tmp_path / "a", parse_filter(match=["a == 'q'"], grep=["zz"]))
    assert scanned(narrower, index).counts.not_json == scanned(narrower, None).counts.not_json == 0


@pytest.mark.parametrize("counting", [Counting(), Counting(("k",)), Counting((), parse_every("1h"))])
def test_a_range_to_the_minute_is_read(tmp_path: Path, index: Index, counting: Counting) -> None:
    write(tmp_path / "a", [[{"k": "x", "ts": f"2015-01-20T00:{minute:02}:00Z"} for minute in range(0, 60, 5)] + [{}]])
    build(index, planned(tmp_path / "a"))
    within = Within("ts", datetime(2015, 1, 20, 0, 10, tzinfo=UTC), datetime(2015, 1, 20, 0, 20, tzinfo=UTC), UTC)
    plan = planned(tmp_path / "a", Filter(within=within))
    plain, read = counted(plan, counting, None)
    indexed, totals = counted(plan, counting, index)
    assert indexed == plain and plain.records == 2
    assert totals.counts.no_time == read.counts.no_time == 1


def test_a_chunk_with_a_long_list_is_read(tmp_path: Path, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.analysis.places.MAX_ITEMS", 3)
    write(tmp_path / "a", [[{"k": [1, 2, 3, 4]}], [{"k": [1, 2, 3]}]])
    build(index, planned(tmp_path / "a"))
    for counting in (Counting(("k",)), Counting((), None, "k")):
        plain, _ = counted(planned(tmp_path / "a"), counting, None)
        assert counted(planned(tmp_path / "a"), counting, index)[0] == plain


def test_values_of_one_field_need_no_chunk(tmp_path: Path, index: Index) -> None:
    write(tmp_path / "a", [[{"k": "x"}, {"k": "y"}], [{"k": "x"}]])
    build(index, planned(tmp_path / "a"))
    result, totals = counted(planned(tmp_path / "a"), Counting(("k",)), index)
    assert [(row.plain, row.count) for row in result.rows] == [(["x"], 2), (["y"], 1)]
    assert (totals.chunks, totals.skipped, totals.bytes_compressed) == (0, 2, 0)


def test_a_replaced_chunk_is_read_again(tmp_path: Path, index: Index) -> None:
    write(tmp_path / "a", [[{"k": "x"}]])
    build(index, planned(tmp_path / "a"))
    write(tmp_path / "a", [[{"k": "y"}, {"k": "y"}]])
    result, totals = counted(planned(tmp_path / "a"), Counting(("k",)), index)
    assert [(row.plain, row.count) for row in result.rows] == [(["y"], 2)]
    assert totals.chunks == 1


def test_what_is_remembered_of_a_chunk_that_was_replaced_meanwhile_is_of_what_was_read(
    tmp_path: Path, index: Index
) -> None:
    write(tmp_path / "a", [[{"k": "x"}]])
    listed = planned(tmp_path / "a", parse_filter(grep=["k"]))
    write(tmp_path / "a", [[{"k": "y"}, {"k": "z"}]])
    for _ in remembered(run_plan(listed, jobs=1, exact=True), index, listed.filter):
        pass
    build(index, listed)
    now = planned(tmp_path / "a", listed.filter)
    assert not index.indexed(listed.chunks)
    assert known_from(index)(listed.chunks[0], listed.filter) is None
    assert index.indexed(now.chunks)
    known = known_from(index, counts_only=True)(now.chunks[0], now.filter)
    assert known is not None
    assert known.counts.matches == 2


def test_buckets_of_one_name_on_two_servers_are_two_places() -> None:
    places = {S3Store("b", S3Options(endpoint_url=url)).place for url in (None, "http://one:9000", "http://two:9000")}
    assert places == {"s3://b", "s3://b http://one:9000", "s3://b http://two:9000"}


def test_a_chunk_that_was_replaced_with_its_times_kept_is_read_again(tmp_path: Path) -> None:
    chunk = tmp_path / "a" / "events.2015-01-20_00.log"
    chunk.parent.mkdir()
    counts = []
    for record in (b'{"k":"x"}\n', b'{"k":"y"}\n'):
        chunk.write_bytes(record)
        os.utime(chunk, (1_421_712_000, 1_421_712_000))
        with open_index(open_archive(str(tmp_path / "a"))) as index:
            result, _ = counted(planned(tmp_path / "a"), Counting(("k",)), index)
            counts += [(*row.plain, row.count) for row in result.rows]
            build(index, planned(tmp_path / "a"))
            assert counted(planned(tmp_path / "a"), Counting(("k",)), index)[1].chunks == 0
    assert counts == [("x", 1), ("y", 1)]


def test_what_a_scan_counted_is_not_read_again_nor_is_what_is_narrower(tmp_path: Path, index: Index) -> None:
    write(tmp_path / "a", [[{"k": "x"}], [{"k": "y"}]])
    plan = planned(tmp_path / "a", parse_filter(grep=["x"]))
    for _ in remembered(run_plan(plan, jobs=1, exact=True), index, plan.filter):
        pass
    assert scanned(plan, index).skipped == 2
    narrower = planned(tmp_path / "a", parse_filter(grep=["x", "k"]))
    totals = scanned(narrower, index)
    assert (totals.skipped, totals.chunks, totals.matches) == (1, 1, 1)
    other = planned(tmp_path / "a", parse_filter(grep=["y"]))
    assert scanned(other, index).skipped == 0


def test_what_a_scan_counted_is_found_though_it_is_not_put_into_the_file_yet(tmp_path: Path, index: Index) -> None:
    """To wait for the disk at the end of each scan takes longer than many an answer."""
    write(tmp_path / "a", [[{"k": "x"}]])
    plan = planned(tmp_path / "a", parse_filter(grep=["x"]))
    for _ in remembered(run_plan(plan, jobs=1, exact=True), index, plan.filter):
        pass
    index.close()
    file = tmp_path / "cache" / "index.sqlite"
    log = file.with_name(f"{file.name}-wal")
    assert log.stat().st_size > 0
    assert scanned(plan, index).skipped == 1
    build(index, planned(tmp_path / "a"))
    index.close()
    assert not log.exists()
    assert scanned(plan, index).skipped == 1


def test_damage_is_reported_even_if_the_chunk_is_not_read(tmp_path: Path, index: Index) -> None:
    write(tmp_path / "a", [[{"k": "x"}] * 50])
    chunk = next((tmp_path / "a").iterdir())
    chunk.write_bytes(chunk.read_bytes()[:-9])
    build(index, planned(tmp_path / "a"))
    plan = planned(tmp_path / "a", parse_filter(match=["k == 'y'"]))
    plain, indexed = scanned(plan, None), scanned(plan, index)
    assert indexed.skipped == 1
    assert [event.damage for event in indexed.damaged] == [event.damage for event in plain.damaged] != []
