"""Names of extracts tell archive, filter and time."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tui.filter import Filter, parse_filter
from tui.history.naming import extract_name, free_name, span_words

DAY = datetime(2015, 1, 20, tzinfo=UTC)
ERRORS = "event == 'error'"


@pytest.mark.parametrize(
    ("filter_", "words"),
    [
        (parse_filter(match=[ERRORS, "error.code == `5003`"]), "demo.errors-5003.2015-01-20"),
        (parse_filter(match=["event == 'play' && player.cdn == 'fast lane'"]), "demo.play-fast-lane.2015-01-20"),
        (parse_filter(grep=["../../etc"]), "demo.etc.2015-01-20"),
        (parse_filter(regex=["a+b"], invert=True), "demo.not-a-b.2015-01-20"),
        (parse_filter(not_grep=["heartbeat"]), "demo.not-heartbeat.2015-01-20"),
        (parse_filter(match=["error"]), "demo.error.2015-01-20"),
        (parse_filter(grep=["x" * 300]), f"demo.{'x' * 40}.2015-01-20"),
        (parse_filter(grep=["\u202e\x00/"]), "demo.2015-01-20"),
        (Filter(), "demo.2015-01-20"),
    ],
    ids=str,
)
def test_a_name_is_made_of_the_values_that_are_looked_for(filter_: Filter, words: str) -> None:
    assert extract_name("/var/demo/", filter_, DAY, DAY.replace(day=21), {"errors": ERRORS}) == words


@pytest.mark.parametrize(
    ("start", "stop", "words"),
    [
        (DAY, DAY.replace(day=21), "2015-01-20"),
        (DAY.replace(hour=13), DAY.replace(hour=19), "2015-01-20"),
        (DAY.replace(hour=13), DAY.replace(hour=14), "2015-01-20T13"),
        (DAY, DAY.replace(day=23), "2015-01-20_2015-01-22"),
        (DAY.replace(hour=13), DAY.replace(day=22, hour=2), "2015-01-20_2015-01-22"),
    ],
)
def test_the_time_is_as_short_as_it_can_be(start: datetime, stop: datetime, words: str) -> None:
    assert span_words(start, stop) == words


@pytest.mark.parametrize(
    ("taken", "name"), [((), "out"), (("other",), "out"), (("out",), "out-2"), (("out", "out-2", "out-4"), "out-3")]
)
def test_a_name_that_is_taken_gets_a_number(taken: tuple[str, ...], name: str) -> None:
    assert free_name("out", taken) == name
