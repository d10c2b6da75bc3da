"""The times that records spell, in every common spelling."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tui.filter.event_time import event_time, from_microseconds, microseconds

NOON = datetime(2015, 1, 20, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        "2015-01-20T12:00:00Z",
        "2015-01-20T13:00:00+01:00",
        "2015-01-20 12:00:00",
        "2015-01-20 12:00:00 UTC",
        "2015-01-20T12:00:00.000000000Z",
        "20150120T120000Z",
        1421755200,
        1421755200.0,
        "1421755200",
        1421755200000,
        "1421755200000",
        1421755200000000,
        1421755200000000000,
    ],
)
def test_every_spelling_of_noon_is_noon(value: Any) -> None:
    assert event_time(value) == microseconds(NOON)


@pytest.mark.parametrize("value", [None, True, 12, -5, "", "noon", "12", [], {}, 1e400, "2015-13-01T00:00:00Z"])
def test_a_value_that_is_not_a_time_gives_none(value: Any) -> None:
    assert event_time(value) is None


def test_a_text_without_an_offset_is_in_the_archives_zone() -> None:
    assert event_time("2015-01-20T13:00:00", ZoneInfo("Europe/Berlin")) == microseconds(NOON)


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/New_York"])
@pytest.mark.parametrize("offset", ["", "Z", "+14:00", "-12:00"])
@pytest.mark.parametrize("text", ["0001-01-01T00:00:59", "9999-12-31T23:59:59"])
def test_a_time_at_the_ends_of_the_calendar_can_be_shown_or_is_none(text: str, offset: str, zone: str) -> None:
    time = event_time(text + offset, ZoneInfo(zone))
    assert time is None or from_microseconds(time, ZoneInfo(zone)).year in (1, 9999)


def test_microseconds_and_back() -> None:
    assert from_microseconds(microseconds(NOON)) == NOON
