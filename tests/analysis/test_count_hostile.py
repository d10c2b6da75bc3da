"""Counts of records that nobody expects, against a loop that counts them one by one."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.analysis.test_count import archive, counted
from tests.index.indexed import build, planned
from tests.index.indexed import counted as counted_with
from tui.analysis.count import parse_every
from tui.analysis.counting import Counting
from tui.cli import run
from tui.filter.event_time import event_time, from_microseconds
from tui.index import Index
from tui.index.summary import read_json, spell_json

DEEP = '{"a":' * 300 + "1" + "}" * 300
ODD = st.sampled_from(
    [
        *("null", "true", "false", "1", "1.0", "-0.0", "0", "1e999", "-1e999", "1e15", "1000000000000000", "1e22"),
        *("10000000000000000000000", "1" + "0" * 400, "9" * 5000, "18446744073709551616", "-9223372036854775809"),
        *('""', '"1"', '"e999"', '"\\ud800"', '"\\udc00\\ud800x"', '"\\u0000"', '"tab\\t"', '"ä"', '"true"'),
        *("[]", "[1,1.0,true,null]", '["x",["x"],{"y":1e999}]', "{}", '{"b":1,"a":2}', '{"a":2,"b":1}', DEEP),
    ]
)
TIMES = st.sampled_from(
    [
        *('"2015-01-20T00:07:59.999999999Z"', '"2015-01-20T01:07:00+01:00"', "1421712900", "1421712900123", "1e999"),
        *('"2015-01-20"', '"2015-01-20T00:61:00Z"', '"never"', "null", "true", "[1421712900]", "9" + "9" * 400),
    ]
)
RECORDS = st.builds(
    lambda fields: ("{" + ",".join(f'"{name}":{text}' for name, text in fields.items()) + "}").encode(),
    st.fixed_dictionaries({}, optional={"a": ODD, "b": ODD, "ts": TIMES}),
)


def expected(lines: list[bytes], by: tuple[str, ...], minutes: int | None) -> tuple[Counter[Any], int, int]:
    """Groups, records without a field, records without a time: counted one by one."""
    counts: Counter[Any] = Counter()
    missing = no_time = 0
    for line in lines:
        record = json.loads(line, parse_int=lambda text: int(text) if len(text) <= 4300 else float(text))
        bucket = None
        if minutes:
            time = event_time(record.get("ts"))
            if time is None:
                no_time += 1
                continue
            at = from_microseconds(time)
            minute = (at.hour * 60 + at.minute) // minutes * minutes
            bucket = datetime(at.year, at.month, at.day, minute // 60, minute % 60, tzinfo=UTC)
        choices = []
        for name in by:
            value = record.get(name)
            items = value if isinstance(value, list) else [value]
            choices.append({spell_json(one) for one in items if one is not None})
        groups = list(product(*choices))
        missing += not groups
        counts.update((bucket, group) for group in groups)
    return counts, missing, no_time


@given(
    st.lists(st.lists(RECORDS, max_size=6), min_size=1, max_size=3),
    st.sampled_from([("a",), ("a", "b"), ("b", "a", "nosuch"), ()]),
    st.sampled_from([None, "1m", "10m"]),
)
def test_any_values_and_times_are_counted_as_a_loop_does(
    tmp_path_factory: pytest.TempPathFactory, hours: list[list[bytes]], by: tuple[str, ...], every: str | None
) -> None:
    plan = archive(tmp_path_factory.mktemp("a"), hours)
    buckets = parse_every(every) if every else None
    result = counted(plan, Counting(by, buckets, None, "ts" if every else None, UTC), jobs=1)
    counts, missing, no_time = expected(
        [line for hour in hours for line in hour], by, buckets.minutes if buckets else None
    )
    assert {(row.time, row.values): row.count for row in result.rows} == dict(counts)
    assert (result.missing, result.no_time) == (missing, no_time)


@given(
    st.lists(st.lists(RECORDS, max_size=6), min_size=1, max_size=3),
    st.sampled_from([(("a",), None), ((), "a"), ((), "b"), (("a",), "b")]),
)
def test_the_index_counts_the_same_of_them(
    tmp_path_factory: pytest.TempPathFactory, hours: list[list[bytes]], asked: tuple[tuple[str, ...], str | None]
) -> None:
    folder = tmp_path_factory.mktemp("a")
    archive(folder / "a", hours)
    with Index(folder / "index.sqlite", "here") as index:
        build(index, planned(folder / "a"))
        counting = Counting(asked[0], parse_every("1h"), asked[1], None, UTC)
        plain, _ = counted_with(planned(folder / "a"), counting, None)
        assert counted_with(planned(folder / "a"), counting, index)[0] == plain


@settings(max_examples=50)
@given(ODD)
def test_a_value_is_read_from_its_spelling(text: str) -> None:
    value = json.loads(text, parse_int=lambda digits: int(digits) if len(digits) <= 4300 else float(digits))
    if not isinstance(value, list | dict):
        assert read_json(spell_json(value)) == value


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ('{"q": 1e999, "p": null}', {"p": None, "q": "1e999"}),
        ('[-1e999, "\\ud800"]', ["-1e999", "\ud800"]),
        ("[" * 800 + '"\\ud800"' + "]" * 800, "(nested more than 500 deep)"),
        ("[" * 800 + "null" + "]" * 800, "(nested more than 500 deep)"),
        (DEEP, json.loads(DEEP)),
    ],
)
def test_an_object_is_printed_as_json_whatever_is_inside(
    tmp_path: Path, text: str, spelled: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    archive(tmp_path / "a", [[f'{{"a":{text}}}'.encode()]])
    assert run(["count", str(tmp_path / "a"), "--by", "[a]", "--json", "--jobs", "1"]) == 0
    (row,) = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)["rows"]
    assert row["values"] == [spelled]


@pytest.mark.parametrize("how", [["--json"], ["--csv"], []])
def test_every_form_of_output_takes_them(
    tmp_path: Path, how: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    texts = ["1e999", "-1e999", '"e999"', '"\\ud800\\u001b[2J"', "9" * 5000, "1" + "0" * 400, "[1e308,1e308]", DEEP]
    archive(tmp_path / "a", [[f'{{"a":{text},"n":{number}}}'.encode() for text in texts for number in texts[:6]]])
    assert run(["count", str(tmp_path / "a"), "--by", "a", "--stats", "n", "--jobs", "1", *how]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    if how == ["--json"]:
        summary = json.loads(out, parse_constant=pytest.fail)
        assert summary["records"] == 48
        assert {"1e999", "-1e999", "e999"} <= {str(row["values"][0]) for row in summary["rows"]}
