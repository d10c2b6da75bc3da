"""What is gathered of whole blocks is what each of their records has."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.analysis.gathered import Gathered
from tui.analysis.learner import PlaceLearner
from tui.analysis.patterns import Patterns, telling_pattern
from tui.analysis.places import Place
from tui.filter.event_time import event_time, minutes_of

SCALARS = st.sampled_from([None, True, 1, 1.0, 0, -0.0, 2.5, 10**30, "1", "", "ä", "\ud800"])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("abc"), inner, max_size=3)),
    max_leaves=6,
)
RECORDS = st.lists(
    st.one_of(
        st.dictionaries(st.sampled_from(["a", "b", "c", "odd key", ""]), VALUES, max_size=4).map(json.dumps),
        st.sampled_from(['{"a":1,"a":2}', '{"a": NaN}', '{"a":', "[1]", "text", '{"a":1e999}']),
    ).map(str.encode),
    max_size=8,
)


def gathered(learner: PlaceLearner, records: list[bytes]) -> tuple[Any, ...]:
    """By the same code as the index's, regardless of the order of records."""
    lines = b"".join(record + b"\n" for record in records)
    alike = all(record[:1] == b"{" and record[-1:] == b"}" for record in records)
    root, objects, not_json = learner.places(records, lines if alike else None)
    made = Gathered()
    made.add(root)
    return made.summaries(), made.whole, objects, not_json


@settings(max_examples=30, deadline=None)
@given(RECORDS, RECORDS)
def test_what_was_learned_of_other_records_changes_nothing(before: list[bytes], records: list[bytes]) -> None:
    learned = PlaceLearner()
    learned.places(before, None)
    once = gathered(learned, records)
    assert once == gathered(PlaceLearner(), records)
    assert gathered(learned, records) == once  # now that these are known, too


@settings(max_examples=30, deadline=None)
@given(st.lists(RECORDS, min_size=2, max_size=6), st.integers(1, 3))
def test_texts_that_repeat_and_then_differ_are_counted_as_their_values(blocks: list[list[bytes]], times: int) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("tui.analysis.gathered_field.MAX_VALUES", 3)
        for name, number in (("_FIRST", 3), ("_SURE", 6), ("_TIMES", 3), ("_MAX_TEXTS", 4)):
            patched.setattr(f"tui.analysis.learner.{name}", number)
        patched.setattr("tui.analysis.gathered._MAX_TEXTS", 4)
        learner, whole, expected = PlaceLearner(("b",)), Gathered(), Gathered()
        for records in [[b"{}"], *blocks * times]:
            for of, learned in ((whole, learner), (expected, PlaceLearner())):
                part = Gathered()
                part.add(learned.places(records, b"".join(record + b"\n" for record in records))[0])
                of.merge(part)
        counted, right = whole.summaries(), expected.summaries()
    assert counted.keys() == right.keys() and whole.whole == expected.whole
    for name, field in right.items():
        one = counted[name]
        assert (one.records, one.types, one.others, one.exact) == (
            field.records,
            field.types,
            field.others,
            field.exact,
        )
        assert one.values == field.values or not field.exact
        if one.numbers and field.numbers:
            assert one.numbers[:3] == field.numbers[:3]


@settings(max_examples=30, deadline=None)
@given(RECORDS)
def test_a_field_has_the_values_that_its_records_have(records: list[bytes]) -> None:
    """Computed record by record, for the fields that are not lists."""
    learner = PlaceLearner()
    learner.places(records, None)
    fields, _, _, not_json = gathered(learner, records)
    expected: Counter[str] = Counter()
    for record in records:
        value = None if record in not_json else json.loads(record)
        if type(value) is dict and type(value.get("a")) in (str, bool):
            expected[json.dumps(value["a"], ensure_ascii="\\ud800" in json.dumps(value["a"]))] += 1
    values = fields["a"].values if "a" in fields else {}
    assert {text: number for text, number in values.items() if text[0] in '"tf'} == expected


TIMES = st.one_of(
    st.datetimes().map(lambda time: time.isoformat() + "Z"),
    st.datetimes().map(str),
    st.sampled_from(["2015-01-20T13:07:00.5+02:00", "2015-01-20T13:07:60Z", "2015-13-20T13:07:00Z", "", "20150120"]),
    st.integers(-5, 10**20),
    st.sampled_from([None, True, 1.4e9]),
)


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(minutes=30, seconds=20))])
@settings(max_examples=30, deadline=None)
@given(st.one_of(st.lists(TIMES), st.lists(st.datetimes().map(lambda time: time.isoformat(timespec="microseconds")))))
def test_minutes_are_those_of_each_time(zone: timezone, values: list[Any]) -> None:
    times = [time for value in values if (time := event_time(value, zone)) is not None]
    assert minutes_of(values, zone) == Counter(time // 60_000_000 for time in times)


TEXTS = st.lists(
    st.one_of(
        st.integers(0, 10**6).map("timeout after {} ms".format),
        st.integers(0, 2**48).map("s-{:012x}".format),
        st.sampled_from(["a\nb 1", "", "x" * 600 + "1", "no number"]),
    ),
    max_size=40,
)


@settings(max_examples=30, deadline=None)
@given(st.lists(TEXTS, max_size=3))
def test_patterns_are_counted_as_if_each_text_were_looked_at(blocks: list[list[str]]) -> None:
    patterns = Patterns()
    for texts in blocks:
        patterns.add(texts)
    blanked_texts = [blanked for texts in blocks for text in texts if (blanked := telling_pattern(text)) is not None]
    assert {text: n for text, n in patterns.counts.items() if "timeout" in text} == {
        text: n for text, n in Counter(blanked_texts).items() if "timeout" in text
    }


def test_of_more_values_than_there_is_room_for_the_numbers_and_patterns_are_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tui.analysis.gathered_field.MAX_VALUES", 50)
    whole = Gathered()
    for block in range(10):
        root, part = Place(), Gathered()
        for number in range(100):
            root.add({"n": 1000 * block + number, "text": f"waited {1000 * block + number} ms"}, number)
        part.add(root)
        whole.merge(part)
    numbers, texts = map(whole.summaries().__getitem__, ("n", "text"))
    assert not numbers.exact and numbers.records == 1000 and numbers.numbers is not None
    count, low, high, total, *_ = numbers.numbers
    assert (count, low, high) == (1000, 0, 9099) and total == sum(1000 * b + n for b in range(10) for n in range(100))
    assert texts.patterns == {"waited <n> ms": 1000}
