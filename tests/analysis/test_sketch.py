"""Quantiles within 1 %, of one sketch and of several that were merged."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.analysis.sketch import ERROR, Sketch

NUMBERS = st.lists(st.floats(-1e12, 1e12, allow_nan=False), min_size=1, max_size=200)


@settings(max_examples=50)
@given(NUMBERS, NUMBERS, st.sampled_from([0.0, 0.5, 0.9, 0.95, 0.99, 1.0]))
def test_a_quantile_is_within_1_percent_of_the_number_at_its_rank(
    one: list[float], other: list[float], share: float
) -> None:
    sketch, second = Sketch(), Sketch()
    sketch.add(one)
    second.add(other)
    sketch.merge(second)
    ordered = sorted([*one, *other])
    exact = ordered[math.floor(share * (len(ordered) - 1))]
    quantile = sketch.quantile(share)
    assert quantile is not None
    assert math.isclose(quantile, exact, rel_tol=ERROR, abs_tol=1e-300)
    assert ordered[0] <= quantile <= ordered[-1]


def test_the_ends_the_count_and_the_mean_are_exact() -> None:
    sketch = Sketch()
    sketch.add([3, 1, 2.5, -4, math.inf])
    assert (sketch.count, sketch.low, sketch.high, sketch.mean) == (4, -4, 3, 0.625)


def test_without_numbers_there_is_no_quantile() -> None:
    assert Sketch().quantile(0.5) is None
    assert Sketch().mean is None


def test_numbers_too_large_for_sums_are_left_out() -> None:
    sketch = Sketch()
    sketch.add([10**400, -(10**400), 1e308, 1e308, 2])
    assert (sketch.count, sketch.low, sketch.high, sketch.mean) == (1, 2, 2, 2)


@settings(max_examples=50)
@given(st.lists(NUMBERS, min_size=1, max_size=5), st.lists(st.integers(1, 5), min_size=200, max_size=200))
def test_merged_stored_and_repeated_it_is_the_sketch_of_all_numbers(parts: list[list[float]], times: list[int]) -> None:
    merged, single, repeated = Sketch(), Sketch(), Sketch()
    for numbers in parts:
        some = Sketch()
        some.add(numbers)
        merged.merge(Sketch.of(some.plain))
        for number in numbers:
            single.add([number])
        repeated.add(numbers, times[: len(numbers)])
    assert merged.plain[3] == pytest.approx(single.plain[3], rel=1e-9, abs=1e-3)
    assert merged.plain[:3] + merged.plain[4:] == single.plain[:3] + single.plain[4:]
    in_full = Sketch()
    for numbers in parts:
        in_full.add([number for number, more in zip(numbers, times, strict=False) for _ in range(more)])
    assert repeated.plain[4:] == in_full.plain[4:]


def test_it_takes_few_bytes_for_few_numbers_and_no_more_for_many() -> None:
    few, many = Sketch(), Sketch()
    few.add([1.0, 2.0])
    for _ in range(1000):
        many.add([1.5**n for n in range(100)])
    assert len(few.entries) == 2
    assert len(many.entries) <= 200
