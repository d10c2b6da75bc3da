"""Parse event times in records: ISO 8601 texts, and epochs in seconds, ms, µs or ns.

The unit of an epoch follows from its size: for the years 1973 to 5138, seconds are 10^8 to 10^11, milliseconds 10^11 to
10^14, and so on. These ranges do not overlap.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import MAXYEAR, MINYEAR, UTC, datetime, timedelta, tzinfo
from typing import Any

MICROSECONDS = 1_000_000  # per second. All times here are in µs since 1970 UTC
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_UNITS = ((10**11, 1_000_000), (10**14, 1_000))  # epochs below the first are in seconds, below the second in ms
_MICROSECOND_EPOCHS = 10**17
_MIN_EPOCH, _MAX_EPOCH = 10**8, 10**20
_EXTRA_DIGITS = re.compile(r"(\.\d{6})\d+")
_DIGITS = str.maketrans("123456789", "0" * 9)
_TAIL = re.compile(r"0000-00-00[T ]00:00:00((?:\.0{1,6})?)(?:Z|[+-]00:00)?")
MINUTE = 60 * MICROSECONDS
_NUMBER = re.compile(r"\d{9,20}(\.\d+)?")


def event_time(value: Any, zone: tzinfo = UTC) -> int | None:
    """Return the time of a value, in µs since 1970; None if it is not a time, or not of the years 1 to 9999 in `zone`.

    Texts without an offset are in `zone`.
    """
    kind = type(value)
    if kind is str:
        return _of_text(value, zone)
    if kind is int or kind is float:
        return _of_number(value)
    return None


def minutes_of(values: Sequence[Any], zone: tzinfo = UTC) -> Counter[int]:
    """Count the times of values per minute since 1970.

    ISO texts of one shape are parsed once per distinct second, without their fractions.
    """
    minutes: Counter[int] = Counter()
    texts = [value for value in values if type(value) is str]
    if len(texts) != len(values):
        times = (event_time(value, zone) for value in values if type(value) is not str)
        minutes.update(time // MINUTE for time in times if time is not None)
    shapes = Counter("\n".join(texts).translate(_DIGITS).split("\n"))
    tail = _TAIL.fullmatch(next(iter(shapes))) if len(shapes) == 1 else None
    if tail is not None:
        start, end = tail.span(1)
        of_second = Counter([text[:start] + text[end:] for text in texts])
    else:
        of_second = Counter(texts)
    for text, number in of_second.items():
        if (time := event_time(text, zone)) is not None:
            minutes[time // MINUTE] += number
    return minutes


def _of_number(number: float) -> int | None:
    if not _MIN_EPOCH <= number < _MAX_EPOCH:
        return None
    for most, factor in _UNITS:
        if number < most:
            return int(number * factor)
    return int(number) if number < _MICROSECOND_EPOCHS else int(number) // 1000


def _of_text(text: str, zone: tzinfo) -> int | None:
    if len(text) < 9 or not text[0].isdigit():
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        if _NUMBER.fullmatch(text):
            return _of_number(float(text) if "." in text else int(text))
        try:
            time = datetime.fromisoformat(_EXTRA_DIGITS.sub(r"\1", text.strip().replace(" UTC", "Z").replace(",", ".")))
        except ValueError:
            return None
    else:
        if text.isdigit():  # Python parses 8 or more digits as a date or ISO week; in a record they are an epoch
            return _of_number(int(text))
    try:
        aware = time if time.tzinfo is not None else time.replace(tzinfo=zone)
        since = (aware - _EPOCH) // _MICROSECOND
        if time.year in (MINYEAR, MAXYEAR):
            from_microseconds(since // MINUTE * MINUTE, zone)
        return since
    except OverflowError:
        return None


def microseconds(time: datetime) -> int:
    """Convert an aware datetime to µs since 1970."""
    return (time - _EPOCH) // _MICROSECOND


def from_microseconds(time: int, zone: tzinfo = UTC) -> datetime:
    """Convert µs since 1970 to a datetime in `zone`."""
    return (_EPOCH + time * _MICROSECOND).astimezone(zone)
