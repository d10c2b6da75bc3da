"""Scanning: the same matches in the same order for any number of jobs, damage and cancellation included."""

from __future__ import annotations

import gzip
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.chunks import OneObject
from tui.archive import Archive, ChunkReader, open_archive
from tui.archive.store import Store
from tui.errors import ArchiveError, TimeError
from tui.filter import Filter, parse_filter
from tui.scan import ChunkDamaged, ChunkDone, ChunkStarted, Matches, ScanEvent, Totals, plan_scan, run_plan, scan
from tui.scan.matching import matching_lines

HOURS = 6

HOSTS = ("web01", "web02")

PER_CHUNK = 400

START = datetime(2015, 1, 20, tzinfo=UTC)

TORN = "events.web02-000000.2015-01-20_03.log.gz"


def lines_of(hour: int, host: str) -> list[bytes]:
    """Some are empty, some are not JSON, one in ten is an error."""
    lines = [
        b'{"n": %d, "hour": %d, "host": "%s", "event": "play"}' % (n, hour, host.encode()) for n in range(PER_CHUNK)
    ]
    lines[::10] = [line.replace(b"play", b"error") for line in lines[::10]]
    lines[5] = b""
    lines[6] = b"error, but not JSON"
    return lines


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Chunks of several gzip members; one is torn, one has no final newline."""
    folder = tmp_path_factory.mktemp("archive")
    for hour in range(HOURS):
        for host in HOSTS:
            lines = lines_of(hour, host)
            text = b"\n".join(lines) + (b"" if (hour, host) == (1, "web01") else b"\n")
            half = len(text) // 2
            data = gzip.compress(text[:half]) + gzip.compress(b"") + gzip.compress(text[half:])
            name = f"events.{host}-000000.2015-01-20_{hour:02}.log.gz"
            (folder / name).write_bytes(data[:-40] if name == TORN else data)
    return folder


@pytest.fixture
def archive(folder: Path) -> Archive:
    return open_archive(str(folder))


def all_lines(archive: Archive) -> list[bytes]:
    """Read the records by hour, key and line with another program; blank lines are not records."""
    all_of_them: list[bytes] = []
    for chunk in archive.catalog().chunks:
        data = (Path(archive.url) / chunk.key).read_bytes()
        if chunk.key == TORN:
            lines = lines_of(3, "web02")
            kept = next(e for e in scan(archive, None, None, Filter()) if isinstance(e, ChunkDone) and e.chunk == chunk)
            lines.remove(b"")
            assert 0 < kept.counts.records < len(lines)
            all_of_them += lines[: kept.counts.records]
        else:
            all_of_them += filter(None, gzip.decompress(data).split(b"\n"))
    return all_of_them


def matches(events: Iterator[ScanEvent]) -> bytes:
    return b"".join(event.lines for event in events if isinstance(event, Matches))


# each filter, and the same in Python
FILTERS: dict[str, tuple[Filter, Callable[[bytes], object]]] = {
    "every record": (Filter(), lambda line: True),
    "a text": (parse_filter(grep=["error"]), lambda line: b"error" in line),
    "an inverted text": (parse_filter(grep=["play"], invert=True), lambda line: b"play" not in line),
    "a regex": (parse_filter(regex=["^$|JSON$|(3|9){3},"]), re.compile(rb"^$|JSON$|(3|9){3},").search),
    "an expression": (parse_filter(match=["event == 'error'"]), lambda line: b'"error"' in line),
    "a stack": (parse_filter(grep=["web01"], match=["n == `77`"]), re.compile(rb'"n": 77,.*web01').search),
}


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize("jobs", [1, 2, 8])
def test_matches_are_the_same_for_any_number_of_jobs(archive: Archive, name: str, jobs: int) -> None:
    filter_, holds = FILTERS[name]
    expected = b"".join(line + b"\n" for line in all_lines(archive) if holds(line))
    assert matches(scan(archive, None, None, filter_, jobs=jobs)) == expected


@pytest.mark.parametrize("jobs", [1, 8])
def test_the_books_add_up(archive: Archive, jobs: int) -> None:
    lines = all_lines(archive)
    totals = Totals()
    events = list(scan(archive, None, None, parse_filter(match=["event == 'error'"]), jobs=jobs))
    for event in events:
        totals.add(event)
    assert totals.records == len(lines)
    assert totals.matches == sum(b'"error"' in line for line in lines)
    assert totals.chunks == len(HOSTS) * HOURS
    assert totals.hours == HOURS
    whole = sum(chunk.size for chunk in archive.catalog().chunks)
    assert abs(totals.bytes_compressed - whole) <= 64
    assert [event.chunk.key for event in totals.damaged] == [TORN]
    keys = [event.chunk.key for event in events if isinstance(event, ChunkDone)]
    assert sorted(keys) == sorted({event.chunk.key for event in events if isinstance(event, ChunkStarted)})


def test_damage_is_reported_and_what_came_before_counts(archive: Archive) -> None:
    events = list(scan(archive, "2015-01-20T03", "2015-01-20T04", Filter()))
    (damage,) = [event for event in events if isinstance(event, ChunkDamaged)]
    done = next(event for event in events if isinstance(event, ChunkDone) and event.chunk.key == TORN)
    assert damage.damage.reason == "the object ends in the middle of a gzip member"
    text = b"".join(event.lines for event in events if isinstance(event, Matches) and event.chunk.key == TORN)
    assert len(text) == done.counts.bytes
    assert b"".join(line + b"\n" for line in filter(None, lines_of(3, "web02"))).startswith(text)
    assert done.counts.blank == 1
    assert not done.partial


def test_only_the_hours_of_the_range_are_read(archive: Archive) -> None:
    def hours(start: Any, stop: Any) -> list[int]:
        events = scan(archive, start, stop, Filter())
        return sorted({event.chunk.hour.hour for event in events if isinstance(event, ChunkDone)})

    assert hours("2015-01-20T01", "2015-01-20T03") == [1, 2]
    assert hours(START + timedelta(hours=4), None) == [4, 5]
    assert hours(None, "2015-01-20T01") == [0]
    # an hour that a range touches is in it, however the range is given
    assert hours("2015-01-20 01:30", "2015-01-20 02:30") == [1, 2]
    assert hours(START + timedelta(minutes=90), START + timedelta(minutes=150)) == [1, 2]


def test_a_range_that_holds_nothing_is_an_error_before_anything_is_read(archive: Archive) -> None:
    with pytest.raises(ArchiveError, match="its hours go from 2015-01-20T00 to 2015-01-20T06"):
        next(scan(archive, "2015-02-01", "2015-02-02"))
    with pytest.raises((ArchiveError, TimeError)):
        next(scan(archive, "2015-01-20T03", "2015-01-20T02"))


def test_counting_yields_no_matches(archive: Archive) -> None:
    plan = plan_scan(archive, None, None, parse_filter(grep=["error"]))
    totals = Totals()
    for event in run_plan(plan, count_only=True):
        assert not isinstance(event, Matches)
        totals.add(event)
    assert totals.matches == sum(b"error" in line for line in all_lines(archive))


def test_a_chunk_that_is_gone_is_damage_and_one_that_was_replaced_is_read(folder: Path, tmp_path: Path) -> None:
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    plan = plan_scan(open_archive(str(tmp_path)), None, None, Filter())
    (tmp_path / plan.chunks[4].key).unlink()
    (tmp_path / plan.chunks[5].key).write_bytes(gzip.compress(b'{"replaced":true}\n'))
    totals, lines = Totals(), b""
    for event in run_plan(plan, jobs=2):
        totals.add(event)
        lines += event.lines if isinstance(event, Matches) and event.chunk == plan.chunks[5] else b""
    assert sorted(event.chunk.key for event in totals.damaged) == sorted([plan.chunks[4].key, TORN])
    assert lines == b'{"replaced":true}\n'
    assert totals.chunks == len(plan.chunks)


def test_a_slow_reader_slows_the_jobs_down_and_loses_nothing(archive: Archive) -> None:
    events = scan(archive, None, None, Filter(), jobs=8)
    first = next(events)
    time.sleep(0.2)
    assert matches(iter([first, *events])) == b"".join(line + b"\n" for line in all_lines(archive))


@contextmanager
def broken_network(plan: Any) -> Iterator[Any]:
    class Broken:
        url = "broken"

        def open(self, key: str, **_: Any) -> Any:
            raise ArchiveError(f"{key} cannot be read: the network is down")

    yield replace(plan, archive=replace(plan.archive, store=Broken()))


def test_a_network_that_is_down_is_named_for_every_chunk(archive: Archive) -> None:
    with broken_network(plan_scan(archive, None, None, Filter())) as plan:
        events = list(run_plan(plan, jobs=2))
    assert len([event for event in events if isinstance(event, ChunkDamaged)]) == len(plan.chunks)
    # these were not read: nobody may take them for finished
    assert all(event.partial for event in events if isinstance(event, ChunkDone))


@given(
    lines=st.lists(
        st.sampled_from(
            [
                b'{"a":"x"}',
                b'{"a":"y"}',
                b"x",
                b"",
                b" ",
                b'{"a":"x"}\r',
                b'{"a":"x"}{"a":"y"}',
                b'{"b":"}{ x"}',
                b"\xef\xbb\xbfx",
            ]
        ),
        max_size=60,
    ),
    text=st.sampled_from(["x", "y", '"a"', "}{", "z"]),
)
@settings(max_examples=100)
def test_where_a_text_hits_few_lines_the_others_need_no_look(lines: list[bytes], text: str) -> None:
    """The matches are those of blocks in which each record has its own line."""
    content = b"".join(line + b"\n" for line in [*[b'{"a":"z"}'] * 9, *lines])

    def matches(*, settled: bool) -> tuple[bytes, int]:
        matcher, matching, counted = parse_filter(grep=[text]).matcher(), b"", 0
        with ChunkReader(cast(Store, OneObject(gzip.compress(content))), "key", block_size=64) as reader:
            for block in reader.blocks():
                if settled:
                    block.settle()
                counted += matcher.count(block)
                matching += bytes(matching_lines(block, matcher)[0])
        return matching, counted

    assert matches(settled=False) == matches(settled=True)
