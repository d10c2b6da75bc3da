"""A range to the minute: records by the time that they hold, in every spelling, with any filter."""

from __future__ import annotations

import json
import pickle
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.archive import Block
from tui.filter import Filter, parse_filter
from tui.filter.event_time import event_time, microseconds
from tui.filter.within import Within

START, STOP = datetime(2015, 1, 20, 13, 7, tzinfo=UTC), datetime(2015, 1, 20, 13, 12, tzinfo=UTC)
WITHIN = Within("ts", START, STOP, UTC)


def filtered(**terms: list[str] | bool) -> Filter:
    made = parse_filter(**terms)  # type: ignore[arg-type]
    return Filter(made.terms, made.invert, WITHIN)


def block(*records: object) -> Block:
    lines = b"".join((r if isinstance(r, bytes) else json.dumps(r).encode()) + b"\n" for r in records)
    return Block(bytearray(lines), len(lines), 0)


@pytest.mark.parametrize(
    ("time", "inside"),
    [
        ("2015-01-20T13:07:00Z", True),
        ("2015-01-20T13:06:59.999Z", False),
        ("2015-01-20T13:12:00Z", False),
        ("2015-01-20T14:11:59+01:00", True),
        (microseconds(START) // 1000, True),
        (microseconds(STOP) / 1e6 - 0.5, True),
    ],
)
def test_the_range_is_half_open(time: object, inside: bool) -> None:
    assert filtered().matches(json.dumps({"ts": time}).encode()) is inside


def test_records_without_a_readable_time_are_left_out_and_counted() -> None:
    matcher = filtered().matcher()
    assert matcher.count(block({"ts": "2015-01-20T13:08:00Z"}, {"ts": "soon"}, {"other": 1}, b"text", [1])) == 1
    assert matcher.no_time == 4


def test_only_matches_are_parsed_for_their_time() -> None:
    matcher = filtered(grep=["error"]).matcher()
    assert matcher.count(block({"ts": "soon"}, {"ts": "2015-01-20T13:08:00Z", "e": "error"})) == 1
    assert matcher.no_time == 0


def test_an_inverted_filter_is_inverted_within_the_range() -> None:
    matcher = filtered(grep=["error"], invert=True).matcher()
    inside = {"ts": "2015-01-20T13:08:00Z"}
    assert matcher.count(block(inside, {**inside, "e": "error"}, {"ts": "2015-01-20T14:00:00Z"})) == 1


def test_it_goes_to_other_processes() -> None:
    assert pickle.loads(pickle.dumps(filtered(grep=["x"]))).within == WITHIN


TIMES = st.one_of(st.integers(1421758800, 1421759600), st.sampled_from(["2015-01-20T13:09:00Z", "never", None]))


@given(st.lists(st.one_of(TIMES.map(lambda time: {"ts": time, "e": "x"}), st.sampled_from([b"text", {"e": "x"}]))))
def test_spans_count_and_single_records_agree(records: list[object]) -> None:
    made = filtered(grep=["e"])
    whole = block(*records)
    one_by_one = [made.matches(record) for record in whole.records()]
    assert made.matcher().count(whole) == sum(one_by_one) == len(list(made.matcher().spans(whole)))
    holds = WITHIN.holds()
    assert one_by_one == [
        b"e" in record and record[:1] == b"{" and holds(event_time(json.loads(record).get("ts")))
        for record in whole.records()
    ]
