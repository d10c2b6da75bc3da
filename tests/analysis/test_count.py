"""Counts by value and time: right on every kind of value, whatever the order in which chunks are read."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.analysis.count import Counted, count, parse_every
from tui.analysis.counting import MAX_GROUPS, CountedPart, Counting
from tui.archive import open_archive
from tui.cli import run
from tui.errors import TimeError
from tui.filter import parse_filter
from tui.filter.paths import split_expressions
from tui.index.summary import spell_json
from tui.scan import ScanPlan, plan_scan


def archive(folder: Path, hours: Sequence[Sequence[object]]) -> ScanPlan:
    """One chunk for each list of records."""
    folder.mkdir(exist_ok=True)
    for hour, records in enumerate(hours):
        lines = b"".join(
            (record if isinstance(record, bytes) else json.dumps(record).encode()) + b"\n" for record in records
        )
        (folder / f"events.2015-01-20_{hour:02}.log.gz").write_bytes(gzip.compress(lines, mtime=0))
    return plan_scan(open_archive(str(folder)), None, None, parse_filter())


def counted(plan: ScanPlan, counting: Counting, **how: Any) -> Counted:
    *_, last = count(plan, counting, **how)
    assert isinstance(last, Counted)
    return last


def rows(result: Counted) -> list[tuple[Any, ...]]:
    return [(*row.plain, row.count) for row in result.rows]


def test_each_value_is_counted_and_those_that_lack_it_are_missing(tmp_path: Path) -> None:
    plan = archive(tmp_path / "a", [[{"a": 1}, {"a": 2}], [{"a": 1}, {"b": 1}, {"a": None}]])
    result = counted(plan, Counting(("a",)))
    assert rows(result) == [(1, 2), (2, 1)]
    assert (result.missing, result.records) == (2, 5)


def test_true_is_not_1_and_1_is_1_0_and_text_is_not_a_number(tmp_path: Path) -> None:
    plan = archive(tmp_path / "a", [[{"a": value} for value in (True, 1, 1.0, "1", False, 0)]])
    assert sorted(map(repr, rows(counted(plan, Counting(("a",)))))) == sorted(
        map(repr, [(1, 2), (True, 1), (False, 1), (0, 1), ("1", 1)])
    )


def test_large_numbers_are_one_value_however_they_are_spelled(tmp_path: Path) -> None:
    lines = [b'{"k": 1e16}', b'{"k": 10000000000000000}', b'{"k": 1e300}', b'{"k": 1' + b"0" * 299 + b"1}"]
    result = counted(archive(tmp_path, [lines[:1], lines[1:]]), Counting(("k",)))
    assert set(rows(result)) == {(10**16, 2), (1e300, 1), (10**300 + 1, 1)}


@pytest.mark.parametrize("value", ['"node999"', '"1e999"', '"\\ud800"', '["x\\udfff"]', '{"a": "e999"}', "1e400"])
def test_every_value_can_be_printed_as_json(value: str, tmp_path: Path) -> None:
    result = counted(archive(tmp_path, [[b'{"k": %s}' % value.encode()]]), Counting(("k",)))
    parsed = "1e999" if value == "1e400" else json.loads(value)
    assert rows(result) == [(*(parsed if type(parsed) is list else [parsed]), 1)]
    assert json.loads(json.dumps(result.rows[0].plain, allow_nan=False)) == list(result.rows[0].plain)


def test_a_list_counts_each_different_element_once_for_its_record(tmp_path: Path) -> None:
    plan = archive(tmp_path / "a", [[{"tags": ["x", "y", "x"]}, {"tags": ["x"]}, {"tags": []}, {"tags": "x"}]])
    result = counted(plan, Counting(("tags",)))
    assert rows(result) == [("x", 3), ("y", 1)]
    assert result.missing == 1


def test_two_fields_are_counted_together(tmp_path: Path) -> None:
    plan = archive(tmp_path / "a", [[{"a": "p", "b": {"c": 1}}, {"a": "p", "b": {"c": 1}}, {"a": "q"}]])
    result = counted(plan, Counting(("a", "b.c")))
    assert rows(result) == [("p", 1, 2)]
    assert result.missing == 1


def test_any_expression_can_be_counted(tmp_path: Path) -> None:
    plan = archive(tmp_path / "a", [[{"items": [{"q": 2}, {"q": 3}]}, {"items": []}]])
    assert rows(counted(plan, Counting(("length(items)",)))) == [(0, 1), (2, 1)]


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("a, b.c", ["a", "b.c"]),
        ("join(',', a),[b, c],{x: a, y: b}", ["join(',', a)", "[b, c]", "{x: a, y: b}"]),
        ("a[?b == '1,2'],`[1, 2]`,\"c,d\"", ["a[?b == '1,2']", "`[1, 2]`", '"c,d"']),
        ("contains(a, 'it\\'s,'),b", ["contains(a, 'it\\'s,')", "b"]),
        ("'ends with \\\\',b", ["'ends with \\\\'", "b"]),
    ],
)
def test_paths_are_separated_by_commas_outside_of_expressions(text: str, paths: list[str]) -> None:
    assert split_expressions(text) == paths


def test_records_that_are_not_json_are_counted_as_such(tmp_path: Path) -> None:
    plan = archive(tmp_path / "a", [[{"a": 1}, b"plain text", b'{"a": 2, oops']])
    *events, result = count(plan, Counting(("a",)))
    assert isinstance(result, Counted)
    assert rows(result) == [(1, 1)]
    counts = [event.counts for event in events if hasattr(event, "counts")]
    assert [(c.not_json, c.broken_json, c.records) for c in counts] == [(2, 1, 3)]


def test_hours_are_those_of_the_chunks(tmp_path: Path) -> None:
    plan = archive(tmp_path / "a", [[{"a": 1}] * 3, [], [{"a": 1}, {"a": 2}]])
    result = counted(plan, Counting(("a",), parse_every("1h")))
    assert [(row.time, *row.plain, row.count) for row in result.rows] == [
        (datetime(2015, 1, 20, 0, tzinfo=UTC), 1, 3),
        (datetime(2015, 1, 20, 2, tzinfo=UTC), 1, 1),
        (datetime(2015, 1, 20, 2, tzinfo=UTC), 2, 1),
    ]


def test_minutes_are_those_of_the_records(tmp_path: Path) -> None:
    times = ["2015-01-20T00:07:59Z", "2015-01-20T01:11:00+01:00", 1421712900, "never", None]
    plan = archive(tmp_path / "a", [[{"ts": time} for time in times]])
    result = counted(plan, Counting((), parse_every("10m"), None, "ts", UTC))
    assert [(row.time, row.count) for row in result.rows] == [
        (datetime(2015, 1, 20, 0, 0, tzinfo=UTC), 1),
        (datetime(2015, 1, 20, 0, 10, tzinfo=UTC), 2),
    ]
    assert result.no_time == 2


@pytest.mark.parametrize("text", ["7m", "0h", "5h", "h", "1.5h", "90m", "2d", ""])
def test_a_bucket_divides_the_hour_or_the_day(text: str) -> None:
    with pytest.raises(TimeError, match="is not an interval of --every"):
        parse_every(text)


def test_the_most_frequent_values_keep_all_their_times(tmp_path: Path) -> None:
    plan = archive(tmp_path / "a", [[{"a": "x"}, {"a": "y"}, {"a": "y"}], [{"a": "x"}, {"a": "x"}, {"a": "z"}]])
    result = counted(plan, Counting(("a",), parse_every("1h")), top=1)
    assert rows(result) == [("x", 1), ("x", 2)]
    assert result.more == 2


def test_damage_leaves_out_the_doubtful_records_only(tmp_path: Path) -> None:
    members = [gzip.compress(json.dumps({"a": n}).encode() + b"\n", mtime=0) for n in range(30)]
    broken = bytearray(members[7])
    broken[-6] ^= 0xFF
    members[7] = bytes(broken)
    (tmp_path / "events.2015-01-20_00.log.gz").write_bytes(b"".join(members))
    plan = plan_scan(open_archive(str(tmp_path)), None, None, parse_filter())
    assert [value for value, _ in sorted(rows(counted(plan, Counting(("a",)))))] == [n for n in range(30) if n != 7]


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 3), st.floats(-2, 2, width=16), st.sampled_from(["", "a", "1", "ä\ud800"])
)


@given(st.lists(st.lists(st.one_of(VALUES, st.lists(VALUES, max_size=3)), max_size=8), min_size=1, max_size=4))
def test_what_is_counted_is_what_a_loop_would_count(
    tmp_path_factory: pytest.TempPathFactory, hours: list[list[object]]
) -> None:
    plan = archive(tmp_path_factory.mktemp("a"), [[{"a": value} for value in hour] for hour in hours])
    expected: Counter[bytes] = Counter()
    for value in (value for hour in hours for value in hour):
        elements = value if isinstance(value, list) else [value]
        expected.update({spell_json(element) for element in elements if element is not None})
    result = counted(plan, Counting(("a",)))
    assert {row.values[0]: row.count for row in result.rows} == dict(expected)


def test_of_very_many_values_the_frequent_ones_are_right_within_the_stated_error() -> None:
    total = CountedPart()
    for part in range(4):
        piece = CountedPart()
        piece.counts.update({(None, (b"%d" % n,)): 1 for n in range(part * 150_000, (part + 1) * 150_000)})
        piece.counts[None, (b'"frequent"',)] = 1000
        total.merge(piece)
    total.drop_rare()
    assert len(total.counts) <= MAX_GROUPS
    assert 4000 - total.error <= total.counts[None, (b'"frequent"',)] <= 4000


def test_the_lists_of_a_record_cannot_fill_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.analysis.counting.MAX_GROUPS", 100)
    monkeypatch.setattr("tui.analysis.counting.BATCH", 50)
    most = 0
    merge = CountedPart.merge

    def watched(part: CountedPart, other: CountedPart) -> None:
        nonlocal most
        most = max(most, len(other.counts), len(other.sketches))
        merge(part, other)

    monkeypatch.setattr(CountedPart, "merge", watched)
    plan = archive(tmp_path, [[{"a": list(range(n, n + 30)), "b": list(range(30)), "n": 1} for n in range(0, 90, 30)]])
    for stats in (None, "n"):
        result = counted(plan, Counting(("a", "b"), stats=stats))
        assert result.error > 0 and result.records == 3 and not result.crowded
    assert 0 < most <= 200


@pytest.mark.parametrize("stats", [None, "n"])
def test_a_record_with_too_many_combinations_is_in_no_row_and_that_is_stated(tmp_path: Path, stats: str | None) -> None:
    """10,000,000,000 pairs take an hour; left out of every row, the record lacks once in each of its rows at most."""
    wide = {"a": list(range(100_000)), "b": list(range(100_000)), "n": 1}
    plan = archive(tmp_path, [[wide, {"a": [1, 2], "b": [3], "n": 2}, {"a": [1], "b": []}], [wide]])
    result = counted(plan, Counting(("a", "b"), stats=stats))
    assert rows(result) == [(1, 3, 1), (2, 3, 1)]
    assert (result.records, result.missing, result.crowded, result.error) == (4, 1, 2, 2)


def test_a_single_list_is_counted_however_long_it_is(tmp_path: Path) -> None:
    plan = archive(tmp_path, [[{"a": list(range(150_000)), "b": ["x"]}]])
    result = counted(plan, Counting(("a", "b")))
    assert (len(result.rows), result.error, result.crowded) == (150_000, 0, 0)


def test_the_command_names_the_records_that_are_in_no_row(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    archive(tmp_path / "a", [[{"a": list(range(400)), "b": list(range(400))}, {"a": [1], "b": [2]}]])
    assert run(["count", str(tmp_path / "a"), "--by", "a,b", "--json", "--jobs", "1"]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert (summary["records"], summary["exact"], summary["error"]) == (2, False, 1)
    assert summary["warnings"][0] == "1 record in no row: more than 100,000 combinations of a and b"


@pytest.mark.parametrize(
    ("asked", "hint"),
    [
        (["--by", "errorcode"], "no record has the field errorcode (of 3 sampled); did you mean error_code?"),
        (["--by", "status.x"], "no record has the field status.x (of 3 sampled); did you mean status?"),
        (["--by", "status", "--stats", "MS"], "no record has the field MS (of 3 sampled); did you mean ms?"),
        (["--by", "status"], None),
        (["--by", "rare"], None),
        (["--by", "nosuch", "-g", "nosuch"], None),  # no match, so the filter is to blame
    ],
)
def test_a_path_that_no_record_has_gets_a_hint(
    tmp_path: Path, asked: list[str], hint: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    record = {"error_code": 7, "status": "ok", "ms": 3}
    archive(tmp_path / "a", [[record, record, record | {"rare": 1}]])
    run(["count", str(tmp_path / "a"), *asked, "--jobs", "1"])
    hints = [line for line in capsys.readouterr().err.splitlines() if "hint: " in line]
    assert hints == ([f"hourscope: hint: {hint}"] if hint else [])


def test_the_sketches_of_all_values_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rare values are dropped as if there were too many of them; the frequent ones keep their statistics."""
    monkeypatch.setattr("tui.analysis.counting.MAX_BYTES", 8000)
    total = CountedPart()
    for part in range(30):
        piece = CountedPart()
        piece.count([(None, (b"%d" % n,)) for n in range(part * 20, part * 20 + 20)], 1, [1.0, 10.0, 100.0])
        piece.count([(None, (b'"frequent"',))], 40, [float(2**n) for n in range(40)])
        total.merge(piece)
        assert sum(sketch.size for sketch in total.sketches.values()) <= total.size <= 12_000
    total.drop_rare()
    assert total.size <= 8000
    frequent = total.sketches[None, (b'"frequent"',)]
    assert (frequent.count, frequent.low, frequent.high) == (1200, 1, 2**39)
    assert 1200 - total.error <= total.counts[None, (b'"frequent"',)] <= 1200


def test_long_values_are_bounded_by_their_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.analysis.counting.MAX_BYTES", 100_000)
    total = CountedPart()
    for part in range(20):
        piece = CountedPart()
        piece.count([(None, (b"%04000d" % n,)) for n in range(part * 10, part * 10 + 10)], 1)
        piece.count([(None, (b'"frequent"',))], 50)
        total.merge(piece)
        assert sum(len(value) for _, values in total.counts for value in values) <= 150_000
    assert 0 < total.error <= 20
    assert 1000 - total.error <= total.counts[None, (b'"frequent"',)] <= 1000


def test_few_values_that_recur_are_exact_however_many_records_have_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.analysis.counting.MAX_BYTES", 1000)
    total = CountedPart()
    for _ in range(500):
        piece = CountedPart()
        piece.count([(None, (b"%010d" % n,)) for n in range(50)], 2, [1.0])
        total.merge(piece)
    total.drop_rare()
    assert total.error == 0 and set(total.counts.values()) == {1000}


NUMBERS = st.lists(st.one_of(st.integers(-5, 5), st.floats(-1e6, 1e6), st.none(), st.just("x")), max_size=6)


@settings(max_examples=50)
@given(st.lists(st.dictionaries(st.sampled_from("xyz"), NUMBERS), min_size=1, max_size=5), st.randoms())
def test_statistics_are_the_same_in_whatever_order_parts_are_added(
    parts: list[dict[str, list[Any]]], order: Any
) -> None:
    def part(named: dict[str, list[Any]]) -> CountedPart:
        made = CountedPart()
        for name, values in named.items():
            numbers = [value for value in values if isinstance(value, int | float)]
            made.count([(None, (name.encode(),))], len(values), numbers)
        return made

    totals = []
    for _ in range(2):
        total = CountedPart()
        for named in parts:
            total.merge(part(named))
        totals.append({group: sketch.plain[:3] + sketch.plain[4:] for group, sketch in total.sketches.items()})
        order.shuffle(parts)
    assert totals[0] == totals[1]
