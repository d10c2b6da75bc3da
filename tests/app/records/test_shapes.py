"""The parts without a screen: heat, trees, columns, commands, reading, scan snapshots."""

from __future__ import annotations

import itertools
import json
import shlex
from datetime import UTC, date, timedelta
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.app.conftest import FIRST, GAP, LAST, RECORDS, TORN
from tui.app.model.clock import readable
from tui.app.model.command import numbered, scan_command, scan_commands
from tui.app.model.heat import LEVELS, Mark, Overlay, heat_grid, troubles
from tui.app.model.hours import Hours, Selection, read_selection
from tui.app.model.session import Session
from tui.app.preview.feed import Demand, Rested, read_hour
from tui.app.records.columns import cells
from tui.app.records.outline import NotJson, brief, parse, rows
from tui.app.records.store import HourRecords, RecordsGone
from tui.app.records.table import choose
from tui.app.scan.facts import squeezed
from tui.archive import Archive, Chunk, Layout, open_archive
from tui.archive.catalog import make_catalog
from tui.archive.folder import FolderStore
from tui.archive.location import Location
from tui.archive.times import hours_between
from tui.archive.writer import partial_path
from tui.config import load_config
from tui.filter import parse_filter
from tui.scan import ChunkDamaged, ChunkDone, ChunkStarted, Progress


@pytest.fixture
def session(small_archive: Path) -> Session:
    archive = open_archive(str(small_archive))
    return Session(archive, archive.catalog(), load_config(), Location(str(small_archive)))


def test_the_grid_marks_gaps_damage_and_sizes(session: Session) -> None:
    grid = heat_grid(session)
    assert grid.mark(GAP) is Mark.GAP and grid.mark(FIRST) in LEVELS
    assert grid.mark(FIRST.replace(day=18)) is Mark.OUTSIDE
    assert [line.day for line in grid.lines if isinstance(line, date)] == [19, 20, 21]  # one month needs no title
    session.damage[session.chunks(TORN)[0].key] = "torn"
    assert heat_grid(session).mark(TORN) is Mark.DAMAGED
    assert [trouble.first for trouble in troubles(heat_grid(session))] == [GAP, TORN]


def test_the_grid_shows_the_matches_of_a_scan(session: Session) -> None:
    session.matches = {FIRST: 8, LAST: 0}
    grid = heat_grid(session, Overlay.MATCHES)
    assert grid.mark(FIRST) is Mark.SMALL and grid.mark(LAST) is Mark.NONE and grid.mark(GAP) is Mark.GAP


HOURS_OF_IT = st.builds(
    lambda start, length: Hours(FIRST + timedelta(hours=start), FIRST + timedelta(hours=start + length)),
    st.integers(0, 60),
    st.integers(1, 12),
)


@given(st.lists(HOURS_OF_IT, max_size=4))
def test_the_totals_of_a_selection_are_those_of_its_chunks(ranges: list[Hours]) -> None:
    session, selection = _made_up(), Selection.of(*ranges)
    chunks = selection.chunks(session.catalog)
    assert session.totals(selection) == (
        len({chunk.hour for chunk in chunks}),
        len(chunks),
        sum(chunk.size for chunk in chunks),
    )


@cache
def _made_up() -> Session:
    """Every third hour has two chunks."""
    hours = [FIRST + timedelta(hours=number // 2 * 3) for number in range(40)]
    chunks = (Chunk(f"k{number}", hour, number, "e", hour) for number, hour in enumerate(hours))
    catalog = make_catalog(chunks)
    return Session(
        Archive("/a", FolderStore(Path("/a")), Layout("%Y-%m-%d_%H"), UTC), catalog, load_config(), Location("/a")
    )


def test_commands_of_several_ranges_have_an_output_each(session: Session) -> None:
    one, two = Hours.of(FIRST, FIRST), Hours.of(LAST, LAST)
    commands = scan_commands(session, Selection.of(two, one), parse_filter(), "/tmp/out/")
    assert [shlex.split(words)[-1] for words in commands] == ["/tmp/out.1/", "/tmp/out.2/"]
    assert "--from 2015-01-19T22 --to 2015-01-19T23" in commands[0]
    assert scan_commands(session, Selection.of(one), parse_filter(), "x.gz")[0].endswith("-o x.gz")
    assert numbered("/tmp/a.b.gz", 2) == "/tmp/a.2.b.gz"


@given(st.lists(HOURS_OF_IT, max_size=6), HOURS_OF_IT)
def test_a_selection_is_a_set_of_hours(ranges: list[Hours], other: Hours) -> None:
    selection = Selection.of(*ranges)
    every = {hour for hours in ranges for hour in hours_between(hours.start, hours.stop)}
    more = set(hours_between(other.start, other.stop))
    assert set(selection.hours()) == every and list(selection.hours()) == sorted(every)
    assert all(one.stop < two.start for one, two in itertools.pairwise(selection.ranges))
    assert set(selection.added(other).hours()) == every | more
    assert set(selection.without(other).hours()) == every - more
    assert set(selection.toggled(other).hours()) == (every - more if more <= every else every | more)
    assert all(hour in selection for hour in every)
    if selection:
        assert read_selection(selection.words(), FIRST.tzinfo, None) == selection


def test_a_tree_has_a_row_for_each_node() -> None:
    value = {"a": {"b": [1, "x"]}, "c": None, "d": {}}
    nodes = rows(value, {})
    assert [row.path for row in nodes] == [("a",), ("a", "b"), ("a", "b", 0), ("a", "b", 1), ("c",), ("d",)]
    assert [row.kind for row in nodes] == ["object", "array", "number", "string", "constant", "object"]
    folded = rows(value, {("a",): False})
    assert [row.path for row in folded] == [("a",), ("c",), ("d",)]
    assert brief(value["a"]) == "{1 key}" and brief([1, 2]) == "[2]"


def test_a_tree_of_a_record_that_is_not_an_object() -> None:
    assert [row.value for row in rows(7, {})] == [7]
    assert isinstance(parse(b"{nope"), NotJson)
    deep = parse(b"[" * 200 + b"]" * 200)
    assert len(rows(deep, {})) < 20  # folded below the eighth level
    assert len(rows({str(n): n for n in range(10_000)}, {})) == 10_000


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (1421758805, "2015-01-20 13:00:05"),
        (1421758805123, "2015-01-20 13:00:05"),
        (1421758805123456, "2015-01-20 13:00:05"),
        (1421758805123456789, "2015-01-20 13:00:05"),
        ("2015-01-20T14:00:05+01:00", "Tue 13:00:05"),
        ("2015-01-20 13:00", "Tue 13:00:00"),
        ("2015-01-20", ""),
        ("2015-13-20T14:00:05", ""),
        (5, ""),
        (-1, ""),
        (float("nan"), ""),
        (True, ""),
        (None, ""),
        ({}, ""),
    ],
)
def test_times_are_readable(value: object, words: str) -> None:
    assert readable(value, UTC) == words


def test_columns_are_the_time_and_what_differs() -> None:
    sample = [
        json.dumps({"v": 1, "event": event, "ts": f"2015-01-20T13:00:0{n}.5Z", "ms": 1421758800000 + n, "p": {"q": n}})
        for n, event in enumerate(("play", "error", "seek"))
    ]
    records = [line.encode() for line in sample]
    columns = choose(records, 60)
    assert [column.path for column in columns] == [("ts",), ("event",), ("p", "q")]
    assert cells(records[1], columns) == [("13:00:01.5", "plain"), ("error", "plain"), ("   1", "plain")]
    assert cells(b"no json", columns) is None
    assert choose([b"no json"], 60) == () and choose([], 60) == ()


def test_commands_can_be_pasted(session: Session) -> None:
    filter_ = parse_filter(grep=["it's"], match=["event == 'error'"], invert=True)
    words = shlex.split(scan_command(session, FIRST, LAST, filter_, "/tmp/out dir/"))
    assert words[:3] == ["hourscope", "scan", session.archive.url]
    assert words[3:7] == ["--from", "2015-01-19T22", "--to", "2015-01-21T03"]
    assert words[-2:] == ["-o", "/tmp/out dir/"]


def test_an_hour_is_read_only_as_far_as_needed(tmp_path: Path) -> None:
    lines = [b'{"n": %d}' % n for n in range(100_000)]
    (tmp_path / "events.2015-01-20_13.log").write_bytes(b"\n".join(lines))  # no newline at its end
    archive, demand, records = open_archive(str(tmp_path)), Demand(10), HourRecords()
    reading = read_hour(archive, archive.catalog().chunks, demand, records)
    assert [type(event) for event in itertools.islice(reading, 3)] == [ChunkStarted, Progress, Rested]
    assert 10 <= len(records) < 100_000  # a block
    demand.more(len(lines) + 1)
    rest = list(reading)
    assert isinstance(rest[-1], ChunkDone) and rest[-1].counts.records == 100_000
    assert list(records) == lines and records.size == rest[-1].counts.bytes
    assert records.head(99_999, 3) == b'{"n' and records.length(99_999) == 12
    assert records.place(1) == 9 and records.chunk_of(5)[1] == range(100_000)
    records.discard()
    with pytest.raises(RecordsGone):
        records[0]


def test_reading_ends_when_nobody_looks(session: Session) -> None:
    demand = Demand(1)
    reading = read_hour(session.archive, session.chunks(FIRST), demand, HourRecords())
    while not isinstance(next(reading), Rested):
        pass
    demand.stop()
    assert list(reading) == []


def test_a_torn_chunk_gives_what_comes_before(session: Session) -> None:
    records = HourRecords()
    events = list(read_hour(session.archive, session.chunks(TORN), Demand(), records))
    assert isinstance(events[-2], ChunkDamaged) and isinstance(events[-1], ChunkDone)
    assert len(records) >= RECORDS // 2


def test_many_chunks_squeeze_into_a_row() -> None:
    assert squeezed("✓-✓", 10) == "✓-✓"
    assert squeezed("✓✓--!-··", 4) == "✓-!·"
    assert partial_path(Path("errors.jsonl.gz")).name == "errors.partial.jsonl.gz"
