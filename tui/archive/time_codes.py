"""The time codes of a layout: what each matches, how its text is written, and the hour that several give together."""

from __future__ import annotations

import calendar
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

YEARS = range(1970, 9999)  # a key with a year outside these is invalid
WEEK_DATE = frozenset("GVu")  # the quantities of a date by its week (ISO 8601): `2015-W05-5`
_MONTHS = {name.lower(): n for n, name in enumerate(calendar.month_name) if name} | {
    name.lower(): n for n, name in enumerate(calendar.month_abbr) if name
}
_WEEKDAYS = {name.lower(): n for names in (calendar.day_name, calendar.day_abbr) for n, name in enumerate(names)}
_EPOCH_DIGITS = ((11, 1), (14, 10**3), (17, 10**6), (20, 10**9))  # seconds, milli-, micro-, nanoseconds
_USUAL = frozenset("YmdH")
_CENTURY_PIVOT = 69  # POSIX strptime: %y of 69 to 99 is 19xx
_MAX_OFFSET_HOURS = 14  # Pacific/Kiritimati


def month_number(name: str) -> int:
    """Return the month (1–12) of an English name or its first three letters, in any case; 0 for other texts."""
    return _MONTHS.get(name.lower(), 0)


def weekday_number(name: str) -> int:
    """Return the weekday (Monday is 0) of an English name or its first three letters; -1 for other texts."""
    return _WEEKDAYS.get(name.lower(), -1)


def offset_minutes(text: str) -> int:
    """Return a UTC offset in minutes: `Z`, `+02:00`, `-0530`. ValueError for one that no zone has."""
    hours, minutes = (0, 0) if text in "Zz" else (int(text[1:3]), int(text[-2:]))
    if hours > _MAX_OFFSET_HOURS or minutes > 59:
        raise ValueError(text)
    return (-1 if text[0] == "-" else 1) * (60 * hours + minutes)


def _spell_offset(time: datetime) -> str:
    return time.strftime("%z") or "+0000"


def epoch_seconds(digits: str) -> int:
    """Return an epoch in seconds. The number of digits decides between seconds, milli-, micro- and nanoseconds."""
    per_second = next(unit for most, unit in _EPOCH_DIGITS if len(digits) <= most)
    return int(digits) // per_second


@dataclass(frozen=True, slots=True)
class TimeCode:
    """A `%` code: the regex of its texts, its quantity (`Y m d H …`), and how to parse and format it.

    `step` is the shortest time in which its text can change; None if texts cannot be listed (epochs, and names of
    months and weekdays, which match in any case). A weekday (`a`) gives no time; it must agree with the date.
    """

    regex: str
    quantity: str
    read: Callable[[str], int]
    spell: Callable[[datetime], str]
    step: timedelta | None


def _number(
    quantity: str, digits: int, spell: Callable[[datetime], int], step: timedelta | None
) -> dict[str, TimeCode]:
    """Return the codes for a number with leading zeros and without."""
    return {
        f"%{quantity}": TimeCode(rf"\d{{{digits}}}", quantity, int, lambda t: f"{spell(t):0{digits}}", step),
        f"%-{quantity}": TimeCode(rf"\d{{1,{digits}}}", quantity, int, lambda t: str(spell(t)), step),
    }


_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)
TIME_CODES: dict[str, TimeCode] = {
    "%Y": TimeCode(r"\d{4}", "Y", int, lambda t: f"{t.year:04}", _DAY),
    **_number("y", 2, lambda t: t.year % 100, _DAY),
    **_number("m", 2, lambda t: t.month, _DAY),
    **_number("d", 2, lambda t: t.day, _DAY),
    **_number("j", 3, lambda t: t.timetuple().tm_yday, _DAY),
    "%G": TimeCode(r"\d{4}", "G", int, lambda t: f"{t.isocalendar().year:04}", _DAY),
    **_number("V", 2, lambda t: t.isocalendar().week, _DAY),
    "%u": TimeCode(r"[1-7]", "u", int, lambda t: str(t.isoweekday()), _DAY),
    **_number("H", 2, lambda t: t.hour, _HOUR),
    **_number("I", 2, lambda t: (t.hour - 1) % 12 + 1, _HOUR),
    **_number("M", 2, lambda t: t.minute, None),
    **_number("S", 2, lambda t: t.second, None),
    "%B": TimeCode(r"[A-Za-z]{3,9}", "m", month_number, lambda t: calendar.month_name[t.month], None),
    "%b": TimeCode(r"[A-Za-z]{3}", "m", month_number, lambda t: calendar.month_abbr[t.month], None),
    "%A": TimeCode(r"[A-Za-z]{6,9}", "a", weekday_number, lambda t: calendar.day_name[t.weekday()], None),
    "%a": TimeCode(r"[A-Za-z]{3}", "a", weekday_number, lambda t: calendar.day_abbr[t.weekday()], None),
    "%p": TimeCode(
        r"[AaPp][Mm]", "p", lambda text: int(text[0] in "Pp"), lambda t: "PM" if t.hour >= 12 else "AM", None
    ),
    "%z": TimeCode(r"[Zz]|[+-]\d{2}:?\d{2}", "z", offset_minutes, _spell_offset, None),
    "%s": TimeCode(r"\d{9,20}", "s", epoch_seconds, lambda t: str(int(t.timestamp())), None),
}


def year_of(short: int) -> int:
    """Return the year of a two-digit `%y`."""
    return short + (1900 if short >= _CENTURY_PIVOT else 2000)


def hour_of(codes: tuple[TimeCode, ...], texts: tuple[str, ...], zone: tzinfo) -> datetime | None:
    """Return the hour that the texts of time codes give; None if it does not exist or the texts disagree."""
    values: dict[str, int] = {}
    try:
        for code, text in zip(codes, texts, strict=True):
            value = code.read(text)
            if values.setdefault(code.quantity, value) != value:
                return None
        time = _time(values, zone)
    except (ValueError, OverflowError, OSError):
        return None
    if time is None or ("s" not in values and "z" not in values and not _is_weekday(values, time)):
        return None
    return time if time.year in YEARS else None


def _time(values: Mapping[str, int], zone: tzinfo) -> datetime | None:
    if values.keys() == _USUAL:  # a large archive has 100,000 hours
        return datetime(values["Y"], values["m"], values["d"], values["H"], tzinfo=zone)
    if "s" in values:
        return datetime.fromtimestamp(values["s"], zone).replace(minute=0, second=0, microsecond=0, fold=0)
    year = values.get("Y", year_of(values.get("y", 0)))
    hour = values.get("H", _clock_hour(values))
    if {"I", "p"} <= values.keys() and hour != _clock_hour(values):
        return None
    if values.keys() >= WEEK_DATE:
        day = date.fromisocalendar(values["G"], values["V"], values["u"])
    elif "j" in values:
        day = date(year, 1, 1) + timedelta(days=values["j"] - 1)
    else:
        day = date(year, values["m"], values["d"])
    time = datetime(day.year, day.month, day.day, hour, tzinfo=zone)
    iso, names = day.isocalendar(), {"Y": day.year, "m": day.month, "d": day.day, "j": day.timetuple().tm_yday}
    names |= {"y": day.year % 100, "G": iso.year, "V": iso.week, "u": iso.weekday}
    if any(values.get(name, number) != number for name, number in names.items()):
        return None
    return _with_offset(time, values, zone) if "z" in values else time


def _is_weekday(values: Mapping[str, int], time: datetime) -> bool:
    return values.get("a", time.weekday()) == time.weekday()


def _with_offset(time: datetime, values: Mapping[str, int], zone: tzinfo) -> datetime | None:
    """Return the hour in `zone` of a time whose UTC offset is in the key."""
    instant = time.replace(minute=values.get("M", 0), tzinfo=UTC) - timedelta(minutes=values["z"])
    return instant.astimezone(zone).replace(minute=0, fold=0) if _is_weekday(values, time) else None


def _clock_hour(values: Mapping[str, int]) -> int:
    """The hour of `%I` and `%p`: 12 AM is 0."""
    clock = values.get("I", 0)
    return clock % 12 + 12 * values.get("p", 0) if 1 <= clock <= 12 else 99
