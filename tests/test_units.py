"""Numbers as people read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.units import count, dollars, duration, plural, size

UNITS = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12, "PB": 10**15}


def test_thousands_are_separated() -> None:
    assert count(0) == "0"
    assert count(1234567) == "1,234,567"


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "0 B"),
        (1, "1 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (1049, "1.0 kB"),
        (1051, "1.1 kB"),
        (99_940, "99.9 kB"),
        (99_950, "100 kB"),  # not "100.0 kB"
        (999_499, "999 kB"),
        (999_500, "1.0 MB"),  # not "1000 kB"
        (1_380_000_000, "1.4 GB"),
        (1.9e12, "1.9 TB"),
        (2.8e18, "2800 PB"),
    ],
)
def test_sizes(number: float, words: str) -> None:
    assert size(number) == words


@given(st.integers(0, 10**17))
def test_a_size_is_right_to_half_of_its_last_digit(number: int) -> None:
    value, unit = size(number).split(" ")
    digits = len(value.partition(".")[2])
    assert abs(float(value) * UNITS[unit] - number) <= 0.5 * 10**-digits * UNITS[unit] * 1.0001


@given(st.integers(0, 10**15), st.integers(0, 10**15))
def test_a_larger_size_is_never_shown_as_smaller(one: int, other: int) -> None:
    def shown(number: int) -> float:
        value, unit = size(number).split(" ")
        return float(value) * UNITS[unit]

    small, large = sorted((one, other))
    assert shown(small) <= shown(large)


@pytest.mark.parametrize(
    ("number", "noun", "words"),
    [
        (0, "chunk", "0 chunks"),
        (1, "match", "1 match"),
        (2, "match", "2 matches"),
        (1, "hour", "1 hour"),
        (1500, "record", "1,500 records"),
        (3, "process", "3 processes"),
    ],
)
def test_plurals(number: int, noun: str, words: str) -> None:
    assert plural(number, noun) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0.0s"),
        (0.04, "0.0s"),
        (9.94, "9.9s"),
        (9.96, "10s"),
        (59.4, "59s"),
        (59.6, "1m 00s"),  # not "60s"
        (75, "1m 15s"),
        (3599.6, "1h 00m"),
        (3661, "1h 01m"),
        (90061, "25h 01m"),
    ],
)
def test_durations(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_money_is_shown_to_the_cent() -> None:
    assert [dollars(amount) for amount in (0, 0.0003, 0.01, 1234.5)] == ["$0.00", "under $0.01", "$0.01", "$1,234.50"]
