"""Parse and print times; do arithmetic on the hours of an archive.

An hour is an aware datetime at its first minute, in the archive's time zone, with `fold=0`. A key names a wall-clock
hour, so the hour that clocks skip in spring does not exist, and the hour that they repeat in autumn counts once.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from pathlib import Path

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
    """Return the time zone with an IANA name; UTC for None."""
    if name is None or name.upper() in ("UTC", "Z"):
        return UTC
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # takes 2 ms, and most archives are in UTC

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise TimeError(f"no time zone is named '{name}'; use an IANA name such as Europe/Berlin or UTC") from error


def zone_name(zone: tzinfo) -> str:
    """Return the IANA name of a zone, or `UTC`."""
    return str(getattr(zone, "key", "UTC"))


def local_zone(link: Path = Path("/etc/localtime")) -> tzinfo | None:
    """Return this machine's time zone, from `$TZ` or the target of /etc/localtime; None if neither names one."""
    name = os.environ.get("TZ", "").removeprefix(":")
    if not name:
        with suppress(OSError):
            name = str(link.readlink()).partition("zoneinfo/")[2]
    try:
        return parse_zone("UTC" if name in _UTC_NAMES else name) if name else None
    except TimeError:
        return None


def parse_time(text: str, zone: tzinfo = UTC, now: datetime | None = None) -> datetime:
    """Parse a time in one of the forms of `GRAMMAR`, in `zone`. `now` (aware) defaults to the current time."""
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
    """Parse `Z`, `+02:00` or `-0530` as a time zone. ValueError for an offset of a day or more."""
    if not text or text == "Z":
        return UTC if text else None
    size = timedelta(hours=int(text[1:3]), minutes=int(text[-2:]))
    return timezone(-size if text[0] == "-" else size)


def parse_duration(text: str) -> timedelta:
    """Parse `90m`, `2h` or `1d`. TimeError for anything else."""
    match = RELATIVE.fullmatch(f"-{text.strip()}")
    if match is None:
        raise TimeError(f"'{text}' is not a duration; write it as 30m, 2h or 1d")
    return int(match[1]) * _UNITS[match[2]]


@dataclass(frozen=True)
class Pass(tzinfo):
    """A zone at a fixed offset: tells apart the two passes of an hour that its clocks showed twice."""

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
        return self.zone, self.offset  # tzinfo.__reduce__ needs it for pickling


def as_instant(time: datetime) -> datetime:
    """Give a time that clocks showed twice the fixed offset of its pass; return any other time unchanged."""
    zone, offset = time.tzinfo, time.utcoffset()
    if zone is None or offset is None or not was_repeated(time):
        return time
    return time.replace(fold=0, tzinfo=Pass(zone, offset))


def in_zone(time: datetime) -> datetime:
    """Return the time in its original zone: the inverse of `as_instant`."""
    return time.astimezone(time.tzinfo.zone) if isinstance(time.tzinfo, Pass) else time


def floor_hour(time: datetime) -> datetime:
    """Return the hour that contains `time`."""
    return in_zone(time).replace(minute=0, second=0, microsecond=0, fold=0)


def ceil_hour(time: datetime) -> datetime:
    """Return the first hour that begins at or after `time`.

    The second pass of a repeated hour is inside that hour, so a range that ends there includes all of it. If clocks
    skipped the start of an hour, it begins at the first minute that they showed.
    """
    time = in_zone(time)
    floor = floor_hour(time)
    whole = floor == time.replace(fold=0) and not (time.fold == 1 and was_repeated(time))
    return floor if whole or begins_hour(time) else next_hour(floor)


def next_hour(hour: datetime) -> datetime:
    """Return the wall-clock hour after `hour`, without hours that clocks skipped."""
    after = hour + HOUR  # wall-clock time: arithmetic within a zone ignores clock changes
    while not exists(after):
        after += HOUR
    return after


def exists(hour: datetime) -> bool:
    """True if clocks showed any minute of the hour. A skipped time has the larger offset at fold=1 (PEP 495)."""
    return any(utc_offset(end, 0) >= utc_offset(end, 1) for end in (hour, hour.replace(minute=59)))


def begins_hour(time: datetime) -> bool:
    """True if a new hour begins exactly at `time`."""
    before = (time.astimezone(UTC) - _INSTANT).astimezone(time.tzinfo)
    return floor_hour(before) != floor_hour(time) and not was_skipped(time)


def was_skipped(time: datetime) -> bool:
    """True if clocks were set forward over `time` and never showed it (PEP 495)."""
    return utc_offset(time, 0) < utc_offset(time, 1)


def was_repeated(time: datetime) -> bool:
    """True if clocks were set back over `time` and showed it twice."""
    return utc_offset(time, 0) > utc_offset(time, 1)


def utc_offset(time: datetime, fold: int) -> timedelta:
    """Return the UTC offset of a wall-clock time at its first (0) or second (1) occurrence."""
    return time.replace(fold=fold).utcoffset() or timedelta(0)


def first_hour(start: datetime) -> datetime:
    """Return `start`, or the next hour if clocks skipped `start`."""
    return start if exists(start) else next_hour(start)


def hours_between(start: datetime, stop: datetime) -> Iterator[datetime]:
    """Yield every hour of [start, stop). Both ends are whole hours in the same zone."""
    hour = first_hour(start)
    while hour < stop:
        yield hour
        hour = next_hour(hour)


def spell_hour(hour: datetime) -> str:
    """Format an hour for JSON and command lines: `2015-01-20T13`."""
    return hour.replace(tzinfo=None).isoformat(timespec="hours")  # strftime writes the year 1 as "1"


def spell_time(time: datetime) -> str:
    """Format a time for command lines: `2015-01-20T13`, or `2015-01-20T13:07` if it is not a whole hour.

    A time that clocks showed twice gets its UTC offset (see `tui.archive.moments`).
    """
    of_pass = isinstance(time.tzinfo, Pass)
    unit = "seconds" if time.second else "minutes" if time.minute or of_pass else "hours"
    return time.replace(tzinfo=None).isoformat(timespec=unit) + (time.tzname() or "" if of_pass else "")


def spell_moment(time: datetime, unit: str = "milliseconds") -> str:
    """Format the time of an event for JSON, in UTC: `2015-01-20T13:07:05.250Z`."""
    return time.astimezone(UTC).isoformat(timespec=unit).replace("+00:00", "Z")
