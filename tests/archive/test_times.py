"""Times as people type them, hours as archives count them, and the two days a year when a zone does neither."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.archive.moments import parse_moments, parse_range
from tui.archive.times import (
    HOUR,
    ceil_hour,
    floor_hour,
    hours_between,
    next_hour,
    parse_time,
    parse_zone,
    spell_hour,
    zone_name,
)
from tui.errors import TimeError

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2015, 1, 20, 13, 47, 5, tzinfo=UTC)
ZONES = (
    "UTC",
    "Africa/Casablanca",
    "America/New_York",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Asia/Kathmandu",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Europe/Berlin",
    "Pacific/Apia",
)


@cache
def changes(name: str) -> list[datetime]:
    """The UTC hours of some years in which the clocks of a zone change, or the first one if they never do."""
    zone = ZoneInfo(name)
    days = [datetime(2010, 1, 1, tzinfo=UTC) + n * 24 * HOUR for n in range(4 * 366)]

    def change(hour: datetime, hours: int) -> bool:
        return hour.astimezone(zone).utcoffset() != (hour + hours * HOUR).astimezone(zone).utcoffset()

    changing = [day + n * HOUR for day in days if change(day, 24) for n in range(24)]
    return [hour + HOUR for hour in changing if change(hour, 1)] or days[:1]


@st.composite
def moments(draw: st.DrawFn) -> datetime:
    """A moment in a zone, often close to a change of its clocks. (From 1972 on: before, offsets had odd seconds.)"""
    name = draw(st.sampled_from(ZONES))
    if draw(st.booleans()):
        moment = datetime(1972, 1, 1, tzinfo=UTC) + draw(st.integers(0, 60 * 366 * 24)) * HOUR
    else:
        moment = draw(st.sampled_from(changes(name))) + draw(st.integers(-5, 5)) * HOUR
    return moment.astimezone(ZoneInfo(name))


def at(*parts: int, zone: ZoneInfo | None = None) -> datetime:
    return datetime(*parts, tzinfo=zone or UTC)  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2015-01-20", at(2015, 1, 20)),
        ("2015-01-20T13", at(2015, 1, 20, 13)),
        ("2015-01-20 13:00", at(2015, 1, 20, 13)),
        ("2015-01-20 13:45:09", at(2015, 1, 20, 13, 45, 9)),
        ("2015-01-20T1345", at(2015, 1, 20, 13, 45)),
        ("2015-01-20_13", at(2015, 1, 20, 13)),
        (" 2015-01-20 ", at(2015, 1, 20)),
        ("2016-02-29", at(2016, 2, 29)),
        ("-6h", at(2015, 1, 20, 7, 47, 5)),
        ("-2d", at(2015, 1, 18, 13, 47, 5)),
        ("-1w", at(2015, 1, 13, 13, 47, 5)),
        ("-90m", at(2015, 1, 20, 12, 17, 5)),
        ("now", NOW),
        ("today", at(2015, 1, 20)),
        ("yesterday", at(2015, 1, 19)),
    ],
)
def test_every_form_of_the_grammar(text: str, time: datetime) -> None:
    assert parse_time(text, UTC, NOW) == time


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesteryear",
        "2015",
        "2015-1-2",
        "20150120",
        "2015-02-29",
        "2015-13-01",
        "2015-01-20T24",
        "2015-01-20T13:60",
        "2015-01-20X13",
        "2015-01-20T13+1",
        "2015-01-20T13+25:00",
        "6h",
        "+6h",
        "-6",
        "-6y",
        "-999999w",
        "0000-01-01",
    ],
)
def test_an_invalid_time_is_reported_with_the_text(text: str) -> None:
    with pytest.raises(TimeError) as caught:
        parse_time(text, UTC, NOW)
    assert f"'{text}'" in str(caught.value)


def test_times_are_in_the_zone_of_the_archive_unless_they_say_z() -> None:
    assert parse_time("2015-01-20T13", BERLIN).utcoffset() == HOUR
    assert parse_time("2015-01-20T12:00Z", BERLIN) == at(2015, 1, 20, 13, zone=BERLIN)
    assert spell_hour(parse_time("2015-01-20T12Z", BERLIN)) == "2015-01-20T13"
    late = at(2015, 1, 20, 23, 30)
    assert spell_hour(parse_time("today", BERLIN, late)) == "2015-01-21T00"  # where it is past midnight


def test_a_relative_time_counts_hours_that_pass() -> None:
    """Six hours before 05:00 of the short spring day it was 22:00."""
    now = at(2015, 3, 29, 5, zone=BERLIN)
    assert parse_time("-6h", BERLIN, now).strftime("%d %H:%M") == "28 22:00"


@pytest.mark.parametrize("name", [None, "UTC", "utc", "Z"])
def test_utc_has_many_names_and_one_spelling(name: str | None) -> None:
    assert zone_name(parse_zone(name)) == "UTC"


@pytest.mark.parametrize("name", ["Europe/Atlantis", "", "../../etc/passwd", "/etc/localtime", "Europe", "a\0b"])
def test_an_unknown_zone(name: str) -> None:
    with pytest.raises(TimeError, match="no time zone is named"):
        parse_zone(name)


@pytest.mark.parametrize(
    ("start", "stop", "first", "last"),
    [
        ("2015-01-20", "2015-01-21", "2015-01-20T00", "2015-01-21T00"),
        ("2015-01-20T13", "2015-01-20T14", "2015-01-20T13", "2015-01-20T14"),
        ("2015-01-20 13:30", "2015-01-20 13:31", "2015-01-20T13", "2015-01-20T14"),  # each hour that is touched
        ("2015-01-20 13:00", "2015-01-20 14:00:01", "2015-01-20T13", "2015-01-20T15"),
        ("-1h", "now", "2015-01-20T12", "2015-01-20T14"),
    ],
)
def test_a_range_is_half_open_and_in_whole_hours(start: str, stop: str, first: str, last: str) -> None:
    span = parse_range(start, stop, UTC, NOW)
    assert [spell_hour(time) for time in span if time] == [first, last]


def test_a_range_may_be_open_on_either_side() -> None:
    assert parse_range(None, None) == (None, None)
    assert parse_range("2015-01-20", None) == (at(2015, 1, 20), None)
    assert parse_range(None, "2015-01-20") == (None, at(2015, 1, 20))


@pytest.mark.parametrize(("start", "stop"), [("2015-01-20", "2015-01-20"), ("2015-01-21", "2015-01-20")])
def test_an_empty_range_is_an_error(start: str, stop: str) -> None:
    with pytest.raises(TimeError, match="--to must be later than --from"):
        parse_range(start, stop)


@pytest.mark.parametrize(
    ("zone", "start", "stop", "expected"),
    [
        # the hour that the spring change leaves out does not exist
        ("Europe/Berlin", (2015, 3, 29, 0), (2015, 3, 29, 5), [0, 1, 3, 4]),
        # also when the range begins in it: nobody's 03:00 may be passed over
        ("Europe/Berlin", (2015, 3, 29, 2), (2015, 3, 29, 5), [3, 4]),
        # the hour that the autumn change repeats is one: its key is written twice, or holds two hours
        ("Europe/Berlin", (2015, 10, 25, 0), (2015, 10, 25, 5), [0, 1, 2, 3, 4]),
        # half an hour is left out (02:00-02:30): every hour has a part that exists, so every hour has a key
        ("Australia/Lord_Howe", (2015, 10, 4, 0), (2015, 10, 4, 5), [0, 1, 2, 3, 4]),
        # half an hour comes twice (01:30-02:00)
        ("Australia/Lord_Howe", (2015, 4, 5, 0), (2015, 4, 5, 5), [0, 1, 2, 3, 4]),
        # the change at midnight: the day begins at 01:00
        ("America/Sao_Paulo", (2015, 10, 17, 22), (2015, 10, 18, 3), [22, 23, 1, 2]),
    ],
)
def test_the_hours_of_the_days_when_clocks_change(
    zone: str, start: tuple[int, ...], stop: tuple[int, ...], expected: list[int]
) -> None:
    place = ZoneInfo(zone)
    hours = list(hours_between(at(*start, zone=place), at(*stop, zone=place)))
    assert [hour.hour for hour in hours] == expected
    assert all(hour == floor_hour(hour) for hour in hours)


def test_a_day_that_samoa_left_out() -> None:
    """It crossed the date line: there was no 30 December 2011."""
    apia = ZoneInfo("Pacific/Apia")
    hours = hours_between(at(2011, 12, 29, 22, zone=apia), at(2011, 12, 31, 2, zone=apia))
    assert [spell_hour(hour)[8:] for hour in hours] == ["29T22", "29T23", "31T00", "31T01"]


@given(moments())
def test_the_next_hour_is_later_and_whole(moment: datetime) -> None:
    hour = floor_hour(moment)
    after = next_hour(hour)
    assert after > hour
    assert after - hour <= timedelta(hours=25)  # by the wall clock: one, two in spring, a day more over the date line
    assert (after.minute, after.second, after.microsecond, after.fold) == (0, 0, 0, 0)
    assert after.tzinfo is hour.tzinfo


@given(moments())
def test_the_hours_of_a_range_are_those_that_its_clocks_showed(moment: datetime) -> None:
    later = (moment.astimezone(UTC) + timedelta(minutes=minutes) for minutes in range(0, 40 * 60, 15))
    shown = [floor_hour(time.astimezone(moment.tzinfo)) for time in later]
    assert list(hours_between(shown[0], shown[-1])) == sorted({hour for hour in shown if hour < shown[-1]})


def test_floor_and_ceil() -> None:
    whole, within = at(2015, 1, 20, 13), at(2015, 1, 20, 13, 0, 1)
    assert floor_hour(whole) == floor_hour(within) == ceil_hour(whole) == whole
    assert ceil_hour(within) == at(2015, 1, 20, 14)


@pytest.mark.parametrize("text", ["0001-01-01", "9999-12-31", "9999-12-31 23:30"])
def test_the_ends_of_the_calendar_are_read_or_refused(text: str) -> None:
    """`--to 9999-12-31` is how people say "for ever"."""
    for zone in (UTC, BERLIN, ZoneInfo("America/New_York")):
        for range_ in ((text, None), (None, text)):
            try:
                parse_range(*range_, zone)
            except TimeError as error:
                assert text in str(error)


@pytest.mark.parametrize(
    ("zone", "start", "stop"),
    [
        ("Europe/Berlin", "2024-10-27T00:15Z", "2024-10-27T01:15Z"),
        ("America/Havana", "2024-11-03T00:30-04:00", "2024-11-03T00:30-05:00"),
    ],
)
def test_a_range_within_a_repeated_hour_is_not_empty(zone: str, start: str, stop: str) -> None:
    moments = parse_moments(start, stop, parse_zone(zone))
    assert moments and moments[0] and moments[1]
    assert moments[1].astimezone(UTC) - moments[0].astimezone(UTC) == HOUR
    with pytest.raises(TimeError, match="is empty"):
        parse_moments(stop, start, parse_zone(zone))
