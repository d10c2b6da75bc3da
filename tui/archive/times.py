"""Times as people type them, and hours as archives count them.

An hour is an aware datetime at its first minute, in the archive's time zone, with `fold=0`: a key names a wall-clock
hour, so the hour that a spring change leaves out does not exist, and the one that an autumn change repeats is one.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tui.errors import TimeError

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
_INSTANT = timedelta(microseconds=1)
GRAMMAR = (
    "2015-01-20, 2015-01-20T13, 2015-01-20T13:07, '2015-01-20 13:00', 2015-01-20_13, -6h, -2d, -15m, now, today or "
    "yesterday"
)

ABSOLUTE = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[T _](\d\d)(?::?(\d\d)(?::?(\d\d))?)?(Z|[+-]\d\d:?\d\d)?)?")
RELATIVE = re.compile(r"-(\d{1,6})([hdwm])")
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
    if match := RELATIVE.fullmatch(word):
        try:
            return (now.astimezone(UTC) - int(match[1]) * _UNITS[match[2]]).astimezone(zone)
        except OverflowError as error:
            raise TimeError(f"'{text}' is before the first year") from error
    if match := ABSOLUTE.fullmatch(word):
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


def parse_duration(text: str) -> timedelta:
    """`90m`, `2h` or `1d`; TimeError for anything else."""
    match = RELATIVE.fullmatch(f"-{text.strip()}")
    if match is None:
        raise TimeError(f"'{text}' is not a duration; write it as 30m, 2h or 1d")
    return int(match[1]) * _UNITS[match[2]]


@dataclass(frozen=True)
class Pass(tzinfo):
    """One of the two times that clocks of a zone showed the same minutes."""

    zone: tzinfo
    offset: timedelta

    def utcoffset(self, _: datetime | None) -> timedelta:
        return self.offset

    def dst(self, _: datetime | None) -> timedelta | None:
        return None

    def tzname(self, _: datetime | None) -> str:
        """The offset as ISO 8601 spells it: `+01:00`."""
        sign, minutes = "-" if self.offset < timedelta(0) else "+", abs(self.offset) // MINUTE
        return f"{sign}{minutes // 60:02}:{minutes % 60:02}"

    def fromutc(self, time: datetime) -> datetime:
        return time + self.offset

    def __getinitargs__(self) -> tuple[tzinfo, timedelta]:
        return self.zone, self.offset  # for pickle: see tzinfo


def as_instant(time: datetime) -> datetime:
    """A moment in a zone, as that of its own pass if clocks showed it twice."""
    zone, offset = time.tzinfo, time.utcoffset()
    if zone is None or offset is None or not was_repeated(time):
        return time
    return time.replace(fold=0, tzinfo=Pass(zone, offset))


def in_zone(time: datetime) -> datetime:
    """The reverse of `as_instant`."""
    return time.astimezone(time.tzinfo.zone) if isinstance(time.tzinfo, Pass) else time


def floor_hour(time: datetime) -> datetime:
    """The hour that `time` lies in."""
    return in_zone(time).replace(minute=0, second=0, microsecond=0, fold=0)


def ceil_hour(time: datetime) -> datetime:
    """The first hour that begins at `time` or after it.

    In an hour that clocks showed twice, the second time is within it: a range that ends there takes all of it. One of
    which they skipped the beginning begins with the first minute that they showed.
    """
    time = in_zone(time)
    floor = floor_hour(time)
    whole = floor == time.replace(fold=0) and not (time.fold == 1 and was_repeated(time))
    return floor if whole or begins_hour(time) else next_hour(floor)


def next_hour(hour: datetime) -> datetime:
    """The wall-clock hour after `hour`: one that a spring change leaves out is passed over."""
    after = hour + HOUR  # the wall clock's: arithmetic within a zone ignores its changes
    while not exists(after):
        after += HOUR
    return after


def exists(hour: datetime) -> bool:
    """Did the zone's clocks show any minute of it? One that they skipped has the larger offset for fold=1 (PEP 495)."""
    return any(utc_offset(end, 0) >= utc_offset(end, 1) for end in (hour, hour.replace(minute=59)))


def begins_hour(time: datetime) -> bool:
    """Does an hour of keys begin at it, and not only go on?"""
    before = (time.astimezone(UTC) - _INSTANT).astimezone(time.tzinfo)
    return floor_hour(before) != floor_hour(time) and not was_skipped(time)


def was_skipped(time: datetime) -> bool:
    """Did clocks go forward over it, so that they never showed it (PEP 495)?"""
    return utc_offset(time, 0) < utc_offset(time, 1)


def was_repeated(time: datetime) -> bool:
    """Did clocks go back over it, so that they showed it twice?"""
    return utc_offset(time, 0) > utc_offset(time, 1)


def utc_offset(time: datetime, fold: int) -> timedelta:
    """What a zone adds to UTC at a time: of two, at the first (0) or the second (1)."""
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


def spell_hour(hour: datetime) -> str:
    """An hour as JSON and command lines spell it: `2015-01-20T13`."""
    return hour.replace(tzinfo=None).isoformat(timespec="hours")  # strftime writes the year 1 as "1"


def spell_time(time: datetime) -> str:
    """A time as command lines spell it: an hour, or `2015-01-20T13:07` where it is not a whole hour.

    With its offset where that tells which of two times it is (see `tui.archive.moments`).
    """
    of_pass = isinstance(time.tzinfo, Pass)
    unit = "seconds" if time.second else "minutes" if time.minute or of_pass else "hours"
    return time.replace(tzinfo=None).isoformat(timespec=unit) + (time.tzname() or "" if of_pass else "")
