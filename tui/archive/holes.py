"""The holes of a layout: a table of what each matches, how its text is written, and which part of the time it gives.

A pattern is text with holes: `%Y` and the other time codes of strftime (`%-H` without padding), `{topic}` and any other
name, `{topic=events}` with a required value (`*` in the value matches any text, `|` separates several values), `*` for
any text without a slash, `**` for any text. `{{ }} %% {*} {|}` are a literal brace, percent sign, star and bar.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from os.path import commonprefix

from tui.errors import LayoutError

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
_MAX_STEPS = 4000  # of a range whose values can be listed


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
_NAMES = {  # fields whose texts are restricted; `{topic}` is greedy, as topics contain dots more often than hosts
    "topic": r"[^/]+",
    "rev": r"-\d{6}|",  # nsq, apps/nsq_to_file/file_logger.go, `<REV>`
    "partition": r"\d+",
    "pid": r"\d+",
}
_ANY_NAME = r"[^/]+?"
_STARS = {"*": r"[^/]*", "**": r"[\s\S]*", "**/": r"(?:[\s\S]*/|)"}
_ESCAPED = {"{{": "{", "}}": "}", "%%": "%", "{*}": "*", "{|}": "|"}
_VALUE = r"(?:\{[*|]\}|\{\{|\}\}|[^{}])*"
_BAR = re.compile(r"(?<!\{)\||\|(?!\})")  # between two values, not a literal bar
_TOKEN = re.compile(
    rf"\{{\{{|\}}\}}|\{{[*|]\}}|\{{[a-z_][a-z0-9_]*(?:={_VALUE})?\}}|%-?.|%|\*\*/|\*\*|\*|[^%{{}}*]+|.", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Hole:
    """A hole of a layout. `token` is its text in the pattern.

    `name` is a time code (`%Y`), the name of a field (`topic`), or `*`, `**`. `regex` matches its texts. `value` is
    the pattern of a field's value if the layout has one: `events`, `events*`, `events|clicks`.
    """

    token: str
    name: str
    regex: str
    value: str | None = None

    @property
    def code(self) -> TimeCode | None:
        """The time code, if it is one."""
        return TIME_CODES.get(self.token)

    @property
    def is_time(self) -> bool:
        """True if it is part of the hour. A weekday is not; it must only agree with the date."""
        return self.code is not None and self.code.quantity != "a"

    @property
    def is_field(self) -> bool:
        return self.token.startswith("{")

    @property
    def is_open(self) -> bool:
        """True if its text can have any length."""
        return self.code is None and self.fixed is None and self.name != "rev"

    @property
    def fixed(self) -> str | None:
        """Its only possible text, if the layout gives one without a star."""
        if self.value is None or _has_star(self.value) or len(_choices(self.value)) > 1:
            return None
        return unescape(self.value)

    @property
    def head(self) -> str:
        """The prefix of all its texts."""
        heads = []
        for choice in _choices(self.value or ""):
            tokens = _TOKEN.findall(choice)
            stars = (at for at, token in enumerate(tokens) if token in _STARS)
            heads.append(unescape("".join(tokens[: next(stars, len(tokens))])))
        return commonprefix(heads)

    def fits(self, text: str) -> bool:
        """True if `text` matches the whole hole."""
        return re.fullmatch(self.regex, text, re.ASCII) is not None

    def values(self, start: datetime, stop: datetime) -> tuple[str, ...] | None:
        """Return its possible texts for hours of [start, stop), in order of time; None if they cannot be listed.

        `%Y` has two texts for two years, a fixed field has one. None for month names, epochs, minutes and open fields,
        and for ranges of more than ten years.
        """
        if self.fixed is not None:
            return (self.fixed,)
        code = self.code
        if code is None or code.step is None or (stop - start) / code.step > _MAX_STEPS:
            return None
        return tuple(dict.fromkeys(code.spell(time) for time in steps(start, stop, code.step)))


NamePart = str | Hole


def steps(start: datetime, stop: datetime, step: timedelta) -> Iterator[datetime]:
    """Yield wall-clock times of [start, stop), one per step, and the last hour."""
    time = start
    while time < stop:
        yield time
        time += step
    last = stop - _HOUR
    if last >= start:
        yield last


def spell_parts(parts: Iterable[NamePart], time: datetime, fields: Mapping[str, str]) -> str:
    """Return the text of some parts of a key for a time and fields. Stars become empty."""
    texts = []
    for part in parts:
        if isinstance(part, str):
            texts.append(part)
        else:
            texts.append(part.code.spell(time) if part.code else fields.get(part.name, part.fixed or ""))
    return "".join(texts)


def lead(parts: Iterable[NamePart]) -> str:
    """Return the common prefix of all texts of some parts."""
    text = ""
    for part in parts:
        if isinstance(part, Hole) and part.fixed is None:
            return text + part.head
        text += part if isinstance(part, str) else part.fixed or ""
    return text


def split_pattern(pattern: str) -> tuple[str | Hole, ...]:
    """Split a pattern into literals (unescaped, as in keys) and holes. LayoutError for an unknown `%` code."""
    parts: list[str | Hole] = []
    literal = ""
    for token in _TOKEN.findall(pattern):
        hole = _hole(token, pattern)
        if hole is None:
            literal += _ESCAPED.get(token, token)
            continue
        if literal:
            parts.append(literal)
        literal = ""
        parts.append(hole)
    return (*parts, literal) if literal else tuple(parts)


def _hole(token: str, pattern: str) -> Hole | None:
    if token in _STARS:
        return Hole(token, token.rstrip("/"), _STARS[token])
    if token in TIME_CODES:
        return Hole(token, token, TIME_CODES[token].regex)
    if token.startswith("%") and token not in _ESCAPED:
        known = " ".join(TIME_CODES)
        raise LayoutError(f"unknown code '{token}' in the layout '{pattern}'; use {known}, or %% for a percent sign")
    if len(token) > 2 and token.startswith("{") and token not in _ESCAPED:
        name, equals, value = token[1:-1].partition("=")
        if not equals:
            return Hole(token, name, _NAMES.get(name, _ANY_NAME))
        regexes = [_value_regex(choice, greedy=name == "topic") for choice in _choices(value)]
        return Hole(token, name, "|".join(regexes), value)
    return None


def _choices(value: str) -> list[str]:
    """Split the value of a field: `events|clicks`."""
    return _BAR.split(value)


def _value_regex(value: str, *, greedy: bool) -> str:
    """Return the regex of a field's value. A star must match at least one character, except at the end."""
    end = r"[^/]*" if greedy else r"[^/]*?"
    tokens = _TOKEN.findall(value)
    parts = [re.escape(_ESCAPED.get(token, token)) if token not in _STARS else "" for token in tokens]
    last = len(tokens) - 1
    return "".join(part or (end if at == last and at else r"[^/]+?") for at, part in enumerate(parts))


def _has_star(value: str) -> bool:
    return any(token in _STARS for token in _TOKEN.findall(value))


def has_holes(text: str) -> bool:
    """True if a location contains a layout; False for a plain folder or prefix."""
    tokens = _TOKEN.findall(text)
    return any(t in _STARS or t in TIME_CODES or (t[:1] == "{" and len(t) > 2 and t not in _ESCAPED) for t in tokens)


def escape(text: str) -> str:
    """Escape a literal text for use in a pattern."""
    return re.sub(r"[{}%*|]", lambda match: f"{{{match[0]}}}" if match[0] in "*|" else match[0] * 2, text)


def unescape(pattern: str) -> str:
    """Return the literal text of a pattern without holes."""
    return "".join(_ESCAPED.get(token, token) for token in _TOKEN.findall(pattern))


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
