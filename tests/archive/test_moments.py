"""Ranges of times: what clocks showed, or instants, over the changes of many zones."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.archive.clocks import change_notes, changed_hours
from tui.archive.moments import clock_notes, hours_of_moments, needs_times, parse_moments, parse_range, stretches
from tui.archive.times import HOUR, MINUTE, as_instant, floor_hour, in_zone, spell_time
from tui.errors import TimeError

# zone: a moment at which clocks went forward, and one at which they went back
CHANGES = {
    "Europe/Berlin": ("2024-03-31T01:00", "2024-10-27T01:00"),
    "Europe/London": ("2024-03-31T01:00", "2024-10-27T01:00"),
    "America/New_York": ("2024-03-10T07:00", "2024-11-03T06:00"),
    "America/Havana": ("2024-03-10T05:00", "2024-11-03T05:00"),
    "America/St_Johns": ("2024-03-10T05:30", "2024-11-03T04:30"),
    "Australia/Lord_Howe": ("2024-10-05T15:30", "2024-04-06T15:00"),
    "Antarctica/Troll": ("2024-03-31T01:00", "2024-10-27T01:00"),  # by two hours
    "Asia/Kolkata": ("2024-03-31T01:00", "2024-10-27T01:00"),  # none: its hours begin at half past
}
PLACES = [(zone, moment) for zone, moments in CHANGES.items() for moment in moments]
DAY = 24 * HOUR


def minutes_around(moment: str) -> list[datetime]:
    start = datetime.fromisoformat(moment).replace(tzinfo=UTC) - 4 * HOUR
    return [start + number * MINUTE for number in range(8 * 60)]


def taken(start: str, stop: str, zone: ZoneInfo, moments: list[datetime]) -> list[datetime]:
    """Those of some moments that a range takes; none where it is refused as empty."""
    try:
        range_ = parse_moments(start, stop, zone) or parse_range(start, stop, zone)
    except TimeError:
        return []
    parts = stretches(*range_)
    return [m for m in moments if any((not a or a <= m) and (not b or m < b) for a, b in parts)]


@given(st.sampled_from(PLACES), st.integers(-200, 200), st.integers(1, 200))
def test_without_an_offset_a_range_is_what_clocks_showed(place: tuple[str, str], first: int, length: int) -> None:
    zone, moments = ZoneInfo(place[0]), minutes_around(place[1])
    wall = moments[240].astimezone(zone).replace(tzinfo=None) + first * MINUTE
    start, stop = wall, wall + length * MINUTE
    texts = [time.isoformat(timespec="minutes") for time in (start, stop)]
    shown = [m for m in moments if start <= m.astimezone(zone).replace(tzinfo=None) < stop]
    assert taken(texts[0], texts[1], zone, moments) == shown


@given(st.sampled_from(PLACES), st.integers(20, 240), st.integers(1, 200))
def test_with_an_offset_it_is_of_instants_and_is_spelled_so(place: tuple[str, str], first: int, length: int) -> None:
    zone, moments = ZoneInfo(place[0]), minutes_around(place[1])
    start, stop = moments[first], moments[first + length]
    expected = moments[first : first + length]
    texts = [f"{time:%Y-%m-%dT%H:%M}Z" for time in (start, stop)]
    assert taken(texts[0], texts[1], zone, moments) == expected
    range_ = parse_moments(texts[0], texts[1], zone) or parse_range(texts[0], texts[1], zone)
    again = [spell_time(time) for time in range_ if time]  # what a printed command line holds
    assert taken(again[0], again[1], zone, moments) == expected


@given(st.sampled_from(PLACES), st.integers(20, 240), st.integers(1, 200), st.integers(0, 90))
def test_the_hours_of_a_range_hold_all_records_that_are_late_by_lag(
    place: tuple[str, str], first: int, length: int, lag: int
) -> None:
    zone, moments = ZoneInfo(place[0]), minutes_around(place[1])
    ends = (as_instant(moments[at].astimezone(zone)) for at in (first, first + length))
    start, stop = hours_of_moments(*ends, lag * MINUTE)
    assert start and stop and start.tzinfo is stop.tzinfo is zone
    for moment in moments[first : first + length]:
        written = floor_hour((moment + lag * MINUTE).astimezone(zone))
        assert start <= floor_hour(moment.astimezone(zone)) and written < stop


@pytest.mark.parametrize("zone", CHANGES)
@given(first=st.integers(-200, 200), length=st.integers(1, 200), lag=st.integers(0, 90))
def test_so_do_the_hours_of_a_range_that_ends_where_clocks_went_back(
    zone: str, first: int, length: int, lag: int
) -> None:
    """Without an offset it also selects what the clocks showed the second time."""
    moments = minutes_around(CHANGES[zone][1])
    wall = moments[240].astimezone(ZoneInfo(zone)).replace(tzinfo=None) + first * MINUTE
    texts = [time.isoformat(timespec="minutes") for time in (wall, wall + length * MINUTE)]
    if (range_ := parse_moments(texts[0], texts[1], ZoneInfo(zone))) is None:
        return
    start, stop = hours_of_moments(*range_, lag * MINUTE)
    for moment in taken(texts[0], texts[1], ZoneInfo(zone), moments):
        written = floor_hour((moment + lag * MINUTE).astimezone(ZoneInfo(zone)))
        assert start and stop and start <= floor_hour(moment.astimezone(ZoneInfo(zone))) and written < stop


@pytest.mark.parametrize(
    ("zone", "text", "is_cut"),
    [
        ("Asia/Kolkata", "2024-06-01T02Z", True),
        ("Asia/Kolkata", "2024-06-01T01:30Z", False),  # 07:00 there: an hour of keys begins
        ("Asia/Kathmandu", "2024-06-01T02:15Z", False),
        ("Europe/Berlin", "2024-10-27T00Z", False),
        ("Europe/Berlin", "2024-10-27T01Z", True),
        ("America/Havana", "2024-11-03T05Z", True),
        ("America/St_Johns", "2024-06-01T02Z", True),
        ("Australia/Lord_Howe", "2024-10-05T15:30Z", False),  # of 02:00 clocks showed the second half only
        ("Europe/Berlin", "2024-06-01T02:00", False),
        ("Europe/Berlin", "2024-10-27T02", False),  # a key, of two hours
        ("Europe/Berlin", "2024-10-27T02:10", True),
        ("UTC", "2024-06-01T07+05:30", True),
    ],
)
def test_an_end_within_an_hour_of_the_keys_makes_it_a_range_of_times(zone: str, text: str, is_cut: bool) -> None:
    assert (parse_moments(text, None, ZoneInfo(zone)) is not None) == is_cut
    assert needs_times(text, None, ZoneInfo(zone)) == (is_cut and ":1" in text)


def test_a_range_of_skipped_minutes_is_refused_and_one_end_is_the_next_minute() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    with pytest.raises(
        TimeError, match="02:10 did not exist in Europe/Berlin: clocks went forward from 02:00 to 03:00"
    ):
        parse_moments("2024-03-31T02:10", "2024-03-31T02:40", berlin)
    range_ = parse_moments("2024-03-31T02:10", "2024-03-31T03:05", berlin)
    assert range_ and [spell_time(time) for time in range_ if time] == ["2024-03-31T03", "2024-03-31T03:05"]
    notes = clock_notes("2024-03-31T02:10", "2024-03-31T03:05", berlin, minutes=True)
    assert notes[0].endswith("from 02:00 to 03:00; taken as 2024-03-31T03")


def test_a_time_that_clocks_showed_twice_explains_how_to_choose_one() -> None:
    zone = ZoneInfo("Australia/Lord_Howe")
    (note,) = clock_notes("2024-04-07T01:40", "2024-04-07T02:00", zone, minutes=True)
    assert note == (
        "clocks in Australia/Lord_Howe showed 2024-04-07T01:40 twice; records of both are selected; for only one, "
        "give UTC: 2024-04-06T14:40Z or 2024-04-06T15:10Z"
    )
    assert clock_notes("2024-04-06T14:40Z", "2024-04-06T15:00Z", zone, minutes=True) == []


def test_a_pass_is_pickled_spelled_and_turned_back() -> None:
    time = datetime(2024, 10, 27, 1, 10, tzinfo=ZoneInfo("Europe/London"), fold=1)
    one = as_instant(time)
    assert spell_time(one) == "2024-10-27T01:10+00:00"
    assert pickle.loads(pickle.dumps(one)) == one and one == datetime(2024, 10, 27, 1, 10, tzinfo=UTC)
    assert in_zone(one) == time and floor_hour(one) == datetime(2024, 10, 27, 1, tzinfo=ZoneInfo("Europe/London"))
    assert as_instant(time + DAY) == time + DAY


@pytest.mark.parametrize(("zone", "moment"), PLACES)
def test_the_changes_of_a_range_are_named(zone: str, moment: str) -> None:
    start = datetime.fromisoformat(moment).replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).replace(hour=0, minute=0)
    changed = list(changed_hours(start, start + timedelta(days=1)))
    changes = {"Asia/Kolkata": 0, "Antarctica/Troll": 2}.get(zone, 1)
    assert len(changed) == changes
    assert all(zone in note for note in change_notes(start, start + timedelta(days=1)))
    years = change_notes(start, start + timedelta(days=3600))
    number = 10 * changes
    assert not number or (len(years) == 1 and f"they went back in {number} and forward in {number}" in years[0])
