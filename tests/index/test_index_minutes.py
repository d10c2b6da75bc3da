"""Counts by the records' own times from the index: the same as reading gives, whatever the times are."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.index.test_index import counted, planned, write
from tests.support.command import hourscope
from tui.analysis.count import parse_every
from tui.analysis.counting import Counting
from tui.analysis.indexing import Indexed, Indexing, keep, summaries
from tui.filter import Filter, parse_filter
from tui.filter.within import Within
from tui.index import Index
from tui.scan import ScanPlan

ZONES = [UTC, *map(ZoneInfo, ("Asia/Kolkata", "America/New_York", "Africa/Monrovia", "Pacific/Kiritimati"))]
TIMES = st.sampled_from(
    [
        *('"2015-01-20T00:07:59.999999999Z"', '"2015-01-20T01:07:00+01:00"', '"2015-01-20T00:07:59.5"', "1421712900"),
        *('"2015-01-20 00:09"', '"2015-01-20T00:10:00"', "1421712900123", "1e999", '"1421712900.5"', "-5", "1e9"),
        *('"2015-11-01T01:30:00"', '"2015-11-01T05:30:00Z"', '"2015-11-01T06:30:00Z"', '"2015-03-08T02:30:00"'),
        *('"1969-12-31T23:59:59.5Z"', '"1880-01-01T00:00:00"', '"0001-01-01T00:00:00"', '"9999-12-31T23:59:59"'),
        *(
            '"0001-01-01T00:00:00+05:00"',
            '"9999-12-31T23:59:59-05:00"',
            '"2015-01-20"',
            '"2015-01-20T00:61:00Z"',
            '"never"',
            "null",
            "true",
            "[1421712900]",
            "{}",
            "9" * 400,
        ),
        *('"2015-01-20T00:07:59Z\\n2015-01-20T00:07:59Z"', '"\\u0032015-01-20T00:07:59Z"', '"２015-01-20T00:07:59Z"'),
    ]
)
FIELDS = ["ts", "@timestamp", "m.ts", 'm."odd.key"']


def _spelled(path: str, text: str) -> str:
    first, _, rest = path.partition(".")
    inner = f'{{"{rest.strip(chr(34))}":{text}}}' if rest else text
    return f'"{first}":{inner}'


RECORDS = st.one_of(
    st.builds(
        lambda times, more: (
            "{" + ",".join([*(_spelled(path, text) for path, text in times), *(f'"k":{text}' for text in more)]) + "}"
        ).encode(),
        st.lists(st.tuples(st.sampled_from(FIELDS), TIMES), max_size=4),  # also the same key twice
        st.lists(st.sampled_from(["1", '"x"', "[1,[2]]", "[]"]), max_size=1),
    ),
    st.sampled_from([b"text", b"5", b"[]", b'{"ts": 1421712900, oops', b'{"ts":NaN}', b'{"ts":1421712900} {"ts":"x"}']),
)
HOURS = st.lists(st.lists(RECORDS, max_size=8), min_size=1, max_size=2)
MOMENTS = st.sampled_from(
    [
        None,
        datetime(2015, 1, 20, 0, 7),
        datetime(2015, 1, 20, 0, 10),
        datetime(2015, 1, 20, 1),
        datetime(1969, 12, 31, 23, 59),
        datetime(2015, 11, 1, 1, 30),
        datetime(2015, 11, 1, 1, 30, fold=1),
    ]
)


def built(index: Index, plan: ScanPlan, path: tuple[str, ...], zone: tzinfo) -> None:
    for event in summaries(plan, Indexing(zone, path), jobs=1):
        if isinstance(event, Indexed):
            keep(index, event)


def names(path: str) -> tuple[str, ...]:
    first, _, rest = path.partition(".")
    return (first, rest.strip('"')) if rest else (first,)


def asked(path: str) -> str:
    return '"@timestamp"' if path == "@timestamp" else path


@given(
    HOURS,
    st.sampled_from(FIELDS),
    st.sampled_from(ZONES),
    st.sampled_from(["1m", "10m", "20m", "1h", None]),
    st.one_of(st.none(), st.tuples(MOMENTS, MOMENTS)),
)
@example([[b'{"ts":"1880-01-01T00:00:00"}'] * 2], "ts", ZONES[3], "1m", None)
def test_a_count_by_minutes_from_the_index_is_the_count_of_the_records(
    tmp_path_factory: pytest.TempPathFactory,
    hours: list[list[bytes]],
    path: str,
    zone: tzinfo,
    every: str | None,
    ends: tuple[datetime | None, datetime | None] | None,
) -> None:
    folder = tmp_path_factory.mktemp("a")
    write(folder / "archive", hours)
    start, stop = (end and end.replace(tzinfo=zone) for end in ends) if ends else (None, None)
    filter_ = Filter(within=Within(asked(path), start, stop, zone)) if ends else Filter()
    plan = planned(folder / "archive", filter_)
    counting = Counting((), parse_every(every) if every else None, None, asked(path) if every else None, zone)
    with Index(folder / "index.sqlite", "here") as index:
        built(index, planned(folder / "archive"), names(path), zone)
        plain, read = counted(plan, counting, None)
        indexed, known = counted(plan, counting, index)
    assert indexed == plain
    assert replace(known.counts, bytes_compressed=0) == replace(read.counts, bytes_compressed=0)


LINES = [[f'{{"ts":"2015-01-20T00:{minute:02}:30Z"}}'.encode() for minute in range(60)] + [b"{}"]]


@pytest.mark.parametrize(
    ("zone", "path", "start", "filter_", "chunks"),
    [
        (UTC, "ts", None, {}, 0),
        (UTC, "ts", datetime(2015, 1, 20, 0, 10, tzinfo=UTC), {}, 0),
        (UTC, "ts", datetime(2015, 1, 20, 0, 10, 30, tzinfo=UTC), {}, 1),  # inside a minute
        (ZoneInfo("Asia/Kolkata"), "ts", None, {}, 1),  # of times without an offset, another zone makes other times
        (UTC, "other", None, {}, 1),
        (UTC, "[ts][0]", None, {}, 1),
        (UTC, "ts", None, {"grep": [":30"]}, 1),
    ],
)
def test_a_chunk_is_read_unless_its_minutes_are_the_answer(
    tmp_path: Path, zone: tzinfo, path: str, start: datetime | None, filter_: dict[str, list[str]], chunks: int
) -> None:
    write(tmp_path / "a", LINES)
    filters = replace(parse_filter(**filter_), within=Within(path, start, None, zone))  # type: ignore[arg-type]
    plan = planned(tmp_path / "a", filters)
    counting = Counting((), parse_every("10m"), None, path, zone)
    with Index(tmp_path / "index.sqlite", "here") as index:
        built(index, planned(tmp_path / "a"), ("ts",), UTC)
        plain, _ = counted(plan, counting, None)
        indexed, totals = counted(plan, counting, index)
    assert indexed == plain
    assert totals.chunks == chunks


@pytest.mark.parametrize("field", ["ts", "@timestamp"])
def test_the_command_counts_minutes_without_reading(tmp_path: Path, field: str) -> None:
    write(tmp_path / "a", [[line.replace(b"ts", field.encode()) for line in LINES[0]]])
    ask = ("count", tmp_path / "a", "--every", "10m", "--csv")
    read = hourscope(*ask)
    assert read.out.decode().splitlines()[:2] == ["time,count", "2015-01-20T00,10"]
    assert hourscope("index", tmp_path / "a").code == 0
    known = hourscope(*ask)
    assert (known.code, known.out, known.err) == (read.code, read.out, read.err) and read.code == 2
    assert b'"read": {"chunks": 0' in hourscope(*ask[:-1], "--json").out
