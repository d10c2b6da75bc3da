"""Facets of generated records, against counting by hand."""

from __future__ import annotations

import json
import statistics
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.filter import fields
from tui.filter.fields import ANY, Fields

names = st.sampled_from(["a", "b", "odd key", "ü"])
scalars = st.none() | st.booleans() | st.integers(-1000, 1000) | st.text(max_size=4)
values: st.SearchStrategy[Any] = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3), max_leaves=8
)
records = st.lists(st.dictionaries(names, values, max_size=4), max_size=12)


def leaves(value: Any, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], Any]]:
    if isinstance(value, dict) and value:
        return [leaf for name, inner in value.items() for leaf in leaves(inner, (*path, name))]
    if isinstance(value, list) and value:
        return [leaf for inner in value for leaf in leaves(inner, (*path, ANY))]
    return [(path, value)]


@given(records)
def test_it_counts_what_there_is(sample: list[dict[str, Any]]) -> None:
    counted = Fields()
    counted.feed(json.dumps(value).encode() for value in sample)
    assert counted.records == len(sample) and counted.others == 0 and counted.complete
    every = [leaf for value in sample for leaf in leaves(value) if leaf[0]]
    by_path = {field.path: field for field in counted.summarize(top=1000) if field.path}
    assert set(by_path) == {path for path, _ in every}
    for path, field in by_path.items():
        here = [value for where, value in every if where == path]
        have = sum(any(where == path for where, _ in leaves(value)) for value in sample)
        assert field.records == have and field.coverage == have / len(sample)
        assert sum(field.types.values()) == len(here)
        once = {
            (number, json.dumps(inner))
            for number, value in enumerate(sample)
            for at, inner in leaves(value)
            if at == path
        }
        assert sum(count for _, count in field.top) == len(once)  # equal items of a list count once
        assert field.exact and field.distinct == len({json.dumps(value) for value in here})
        numbers = [value for value in here if isinstance(value, int) and not isinstance(value, bool)]
        assert field.median == (statistics.median_low(numbers) if numbers else None)
        assert (field.low, field.high) == ((min(numbers), max(numbers)) if numbers else (None, None))


def test_equal_items_of_a_list_count_once_per_record() -> None:
    counted = Fields()
    counted.feed([b'{"tags": ["hd", "hd", "sd"]}', b'{"tags": ["hd"]}', b'{"tags": [["hd"], {"hd": ["hd", "hd"]}]}'])
    by_path = {field.path: field.top for field in counted.summarize()}
    assert by_path["tags", ANY] == (("hd", 2), ("sd", 1))
    assert by_path["tags", ANY, "hd", ANY] == (("hd", 1),)


@given(st.lists(st.integers(0, 5), min_size=1))
def test_the_top_values_come_first(numbers: list[int]) -> None:
    counted = Fields()
    counted.feed(json.dumps({"n": number}).encode() for number in numbers)
    (field,) = counted.summarize(top=3)
    counts = [count for _, count in field.top]
    assert counts == sorted(counts, reverse=True) == [c for _, c in Counter(numbers).most_common(3)]


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fields, "MAX_PATHS", 10)
    monkeypatch.setattr(fields, "MAX_VALUES", 20)
    monkeypatch.setattr(fields, "MAX_NUMBERS", 50)
    counted = Fields()
    counted.feed(json.dumps({"n": n, f"k{n}": "x" * 1000}).encode() for n in range(1000))
    first, second, *_ = counted.summarize()
    assert not counted.complete and len(counted.summarize()) == 10
    assert not first.exact and first.distinct == 20 and (first.low, first.high) == (0, 999)
    assert first.median is not None and 200 < first.median < 800
    assert second.top == (("x" * fields.LONGEST, 1),)


def test_a_record_that_is_not_an_object_is_counted_separately() -> None:
    counted = Fields()
    counted.feed([b"no json", b"[1]", b"7", b'{"a": 1}'])
    assert counted.records == 1 and counted.others == 3


def test_numbers_have_a_histogram() -> None:
    counted = Fields()
    counted.feed(json.dumps({"n": n, "same": 7}).encode() for n in range(161))
    numbers, same = counted.summarize()
    assert numbers.bins == (10,) * 15 + (11,)
    assert same.bins == (161,) + (0,) * 15


def test_numbers_as_large_as_json_allows_do_not_break_it() -> None:
    counted = Fields()
    counted.feed([b'{"n": 1e308}', b'{"n": -1e308}', b'{"n": 123456789012345678901234567890}'])
    assert sum(counted.summarize()[0].bins) == 3


EXTREMES = st.one_of(
    st.sampled_from([0, 5e-324, -5e-324, 1e308, -1e308, 4.6e307, 5e307, 2**1023]), st.floats(-1e9, 1e9)
)


@given(st.lists(EXTREMES, min_size=1, max_size=20))
def test_the_histogram_takes_any_numbers(numbers: list[float]) -> None:
    counted = Fields()
    for number in numbers:
        counted.add({"n": number})
    assert sum(counted.summarize()[0].bins) == len(numbers)


def test_numbers_that_no_float_holds_are_counted_but_not_measured() -> None:
    counted = Fields()
    counted.feed([b'{"n": 1e400}', b'{"n": -1e999}', b'{"n": 7}', b'{"n": %d}' % 10**400])
    number = counted.summarize()[0]
    assert (number.types, number.low, number.high, sum(number.bins)) == ({"number": 4}, 7, 7, 1)
