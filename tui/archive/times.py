"""Times as people type them, and hours as archives count them.

An hour is an aware datetime at its first minute, in the archive's time zone, with `fold=0`: a key names a wall-clock
hour, so the hour that a spring change leaves out does not exist, and the one that an autumn change repeats is one.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tui.errors import TimeError

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
_STEADY = timedelta(
    days=5
)  # since 1970 no zone has changed its offset twice within less than 7 (America/Boa_Vista, 2000)
GRAMMAR = (
    "2015-01-20, 2015-01-20T13, 2015-01-20T13:07, '2015-01-20 13:00', 2015-01-20_13, -6h, -2d, -15m, now, today or "
    "yesterday"
)

_ABSOLUTE = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[T _](\d\d)(?::?(\d\d)(?::?(\d\d))?)?(Z|[+-]\d\d:?\d\d)?)?")
_RELATIVE = re.compile(r"-(\d{1,6})([hdwm])")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1), "m": timedelta(minutes=1)}
_UTC_NAMES = ("Etc/UTC", "Etc/UCT", "Etc/Universal", "Etc/Zulu", "UCT", "Universal", "Zulu")  # UTC by other names


def parse_zone(name: str | None) -> tzinfo:
    """The time zone of an IANA name; UTC for None."""
    if name is None or name.upper() in ("UTC", "Z"):
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise TimeError(f"no time zone is named '{name}'; use an IANA name such as Europe/Berlin or UTC") from error


def zone_name(zone: tzinfo) -> str:
    """The IANA name of a zone, `UTC` for UTC."""
    return zone.key if isinstance(zone, ZoneInfo) else "UTC"


def local_zone(link: Path = Path("/etc/localtime")) -> tzinfo | None:
    """This machine's zone by its IANA name: `$TZ`, else what /etc/localtime links to; None if neither tells."""
    name = os.environ.get("TZ", "").removeprefix(":")
    if not name:
        with suppress(OSError):
            name = str(link.readlink()).partition("zoneinfo/")[2]
    try:
        return parse_zone("UTC" if name in _UTC_NAMES else name) if name else None
    except TimeError:
        return None


def parse_time(text: str, zone: tzinfo = UTC, now: datetime | None = None) -> datetime:
    """Read a time of DESIGN's grammar, in `zone`; `now` (aware) is the clock's unless given."""
    now = (now or datetime.now(UTC)).astimezone(zone)
    word = text.strip()
    today = now.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    if word in ("now", "today", "yesterday"):
        return {"now": now, "today": today, "yesterday": today - timedelta(days=1)}[word]
    if match := _RELATIVE.fullmatch(word):
        try:
            return (now.astimezone(UTC) - int(match[1]) * _UNITS[match[2]]).astimezone(zone)
        except OverflowError as error:
            raise TimeError(f"'{text}' is before the first year") from error
    if match := _ABSOLUTE.fullmatch(word):
        year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
        try:
            written = datetime(year, month, day, hour, minute, second, tzinfo=_offset_of(match[7]) or zone)
            return written.astimezone(zone)
        except (ValueError, OverflowError) as error:
            raise TimeError(f"'{text}' is not a date: {error}") from error
    raise TimeError(f"'{text}' is not a time; write it as {GRAMMAR}")


def _offset_of(text: str | None) -> tzinfo | None:
    """`Z`, `+02:00` or `-0530` as a time zone; ValueError for an offset of a day or more."""
    if not text or text == "Z":
        return UTC if text else None
    size = timedelta(hours=int(text[1:3]), minutes=int(text[-2:]))
    return timezone(-size if text[0] == "-" else size)


def has_minutes(text: str) -> bool:
    """Does a time of the grammar name a minute, and not just an hour?"""
    if relative := _RELATIVE.fullmatch(text.strip()):
        return relative[2] == "m"
    match = _ABSOLUTE.fullmatch(text.strip())
    return match is not None and any(int(part or 0) for part in match.groups()[4:6])


def parse_moments(
    start: str | None, stop: str | None, zone: tzinfo = UTC, now: datetime | None = None
) -> tuple[datetime | None, datetime | None] | None:
    """The half-open range [start, stop) to the minute, if either end names a minute; None if both are whole hours."""
    if not any(text is not None and has_minutes(text) for text in (start, stop)):
        return None
    first = parse_time(start, zone, now) if start is not None else None
    last = parse_time(stop, zone, now) if stop is not None else None
    if first and last and first.astimezone(UTC) >= last.astimezone(UTC):  # one zone's clocks compare without their fold
        raise TimeError(f"the range from {start} to {stop} is empty: --to must be later than --from")
    return first, last


def hours_of_moments(
    start: datetime | None, stop: datetime | None, lag: timedelta
) -> tuple[datetime | None, datetime | None]:
    """The hours whose chunks can hold the records of a range to the minute.

    A record is in the chunk of its own hour, or of one up to `lag` later: it is consumed after it happened.
    """
    return start and floor_hour(start), stop and ceil_hour(ceil_hour(stop) + lag)


def parse_duration(text: str) -> timedelta:
    """`90m`, `2h` or `1d`; TimeError for anything else."""
    match = _RELATIVE.fullmatch(f"-{text.strip()}")
    if match is None:
        raise TimeError(f"'{text}' is not a duration; write it as 30m, 2h or 1d")
    return int(match[1]) * _UNITS[match[2]]


def floor_hour(time: datetime) -> datetime:
    """The hour that `time` lies in."""
    return time.replace(minute=0, second=0, microsecond=0, fold=0)


def ceil_hour(time: datetime) -> datetime:
    """The first hour that begins at `time` or after it.

    In an hour that clocks showed twice, the second time is within it: a range that ends there takes all of it.
    """
    floor = floor_hour(time)
    return floor if floor == time.replace(fold=0) and not _is_second(time) else next_hour(floor)


def _is_second(time: datetime) -> bool:
    """Is it the second time that clocks showed it?"""
    return time.fold == 1 and _offset(time, 0) > _offset(time, 1)


def next_hour(hour: datetime) -> datetime:
    """The wall-clock hour after `hour`: one that a spring change leaves out is passed over."""
    after = hour + HOUR  # the wall clock's: arithmetic within a zone ignores its changes
    while not exists(after):
        after += HOUR
    return after


def exists(hour: datetime) -> bool:
    """Did the zone's clocks show any minute of it? One that they skipped has the larger offset for fold=1 (PEP 495)."""
    return any(_offset(end, 0) >= _offset(end, 1) for end in (hour, hour.replace(minute=59)))


def shown_minutes(hour: datetime) -> int:
    """How many minutes of it clocks showed: 120 where they went back over it, 0 where they went forward over it."""
    if hour.tzinfo is UTC or all(_offset(end, 0) == _offset(end, 1) for end in (hour, hour.replace(minute=59))):
        return 60
    minutes = (hour + timedelta(minutes=minute) for minute in range(60))
    return sum(1 + _compared(_offset(minute, 0), _offset(minute, 1)) for minute in minutes)


def _compared(first: timedelta, second: timedelta) -> int:
    """1 for a minute that clocks showed twice (PEP 495), -1 for one that they skipped."""
    return (first > second) - (first < second)


def clock_note(hour: datetime) -> str:
    """What is special about an hour in which clocks changed; "" for all others."""
    minutes = shown_minutes(hour)
    if minutes == 60:
        return ""
    if not minutes:
        return f"clocks in {zone_name(hour.tzinfo or UTC)} skipped this hour"
    length = f"{minutes // 60} hours" if minutes == 120 else f"{minutes} minutes"
    return f"holds {length}: clocks in {zone_name(hour.tzinfo or UTC)} went {'back' if minutes > 60 else 'forward'}"


def _offset(time: datetime, fold: int) -> timedelta:
    return time.replace(fold=fold).utcoffset() or timedelta(0)


def first_hour(start: datetime) -> datetime:
    """`start`, or the next hour where a spring change leaves `start` out."""
    return start if exists(start) else next_hour(start)


def hours_between(start: datetime, stop: datetime) -> Iterator[datetime]:
    """Every hour of [start, stop), both on the hour and in one zone."""
    hour = first_hour(start)
    while hour < stop:
        yield hour
        hour = next_hour(hour)


def count_hours(start: datetime, stop: datetime) -> int:
    """How many hours `hours_between` gives, without making them: only those around a change of clocks are examined."""
    count = max((stop - start) // HOUR, 0)
    if stop.tzinfo is UTC:
        return count
    begin = start
    while begin < stop:
        end = min(begin + _STEADY, stop)
        count -= _left_out(begin, end)
        begin = end
    return count


def _left_out(start: datetime, stop: datetime) -> int:
    """How many hours of [start, stop) no clock showed, if the offset changes once there at most."""
    if _offset(start, 0) == _offset(stop, 1):
        return 0
    hours = (stop - start) // HOUR
    if hours <= 4:
        return sum(not exists(start + n * HOUR) for n in range(hours))
    middle = start + hours // 2 * HOUR
    return _left_out(start, middle) + _left_out(middle, stop)


def parse_range(
    start: str | None, stop: str | None, zone: tzinfo = UTC, now: datetime | None = None
) -> tuple[datetime | None, datetime | None]:
    """The half-open range [start, stop) in whole hours: each hour that the range touches is in it."""
    first = floor_hour(parse_time(start, zone, now)) if start is not None else None
    try:
        last = ceil_hour(parse_time(stop, zone, now)) if stop is not None else None
    except OverflowError as error:
        raise TimeError(f"'{stop}' is in the last hour of the calendar; use an earlier --to") from error
    if first and last and first >= last:
        raise TimeError(f"the range from {start} to {stop} is empty: --to must be later than --from")
    return first, last


def parse_hour(text: str, zone: tzinfo = UTC, now: datetime | None = None) -> tuple[datetime, datetime]:
    """The hour that a time lies in, as a half-open range."""
    start = floor_hour(parse_time(text, zone, now))
    try:
        return start, next_hour(start)
    except OverflowError as error:
        raise TimeError(f"'{text}' is in the last hour of the calendar; use an earlier one") from error


def spell_hour(hour: datetime) -> str:
    """An hour as JSON and command lines spell it: `2015-01-20T13`."""
    return hour.replace(tzinfo=None).isoformat(timespec="hours")  # strftime writes the year 1 as "1"


def spell_time(time: datetime) -> str:
    """A time as command lines spell it: an hour, or `2015-01-20T13:07` where it is not a whole hour."""
    if not (time.minute or time.second):
        return spell_hour(time)
    return time.replace(tzinfo=None).isoformat(timespec="seconds" if time.second else "minutes")
