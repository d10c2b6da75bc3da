"""Find the times in a key: combinations of date, separators and hour, or epochs, without a list of formats."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from itertools import islice

from tui.archive.spellings import EPOCH, SHORT_YEARS, WEEKDAYS, WIDTH, FoundTime, Spelling
from tui.archive.time_codes import month_number

_RANGE = {
    "Y": range(1990, 2100),
    "y": range(100),
    "m": range(1, 13),
    "d": range(1, 32),
    "j": range(1, 367),
    "G": range(1990, 2100),
    "V": range(1, 54),
    "u": range(1, 8),
    "H": range(24),
    "M": range(60),
    "S": range(60),
}
_SHORT_FIRST = ("dmYH", "mdYH", *SHORT_YEARS)  # the orders that can begin with one or two digits
_DATES = ("GVu", "YmdH", "Ymd", "Yj", "dmY", "Ym", "GV", "Y")
_DIGITS = re.compile(r"\d+", re.ASCII)
_YEAR = re.compile(r"[12]\d{3}", re.ASCII)
_WORD = re.compile(r"[A-Za-z]+")
_MAX_WEEKDAYS = 4
_SPAN = re.compile(r"([Qq][1-4]|(?:[Ww]|[Ww]k|[Ww]eek)[=_-]?[0-5]\d)(?!\d)", re.ASCII)  # a quarter or week
_START = re.compile(r"(?<!\d)\d+|(?<![A-Za-z])[A-Za-z]{3,9}(?=[^A-Za-z])", re.ASCII)
_UNITS = "y|yr|year|m|mm|mon|month|d|dd|day|date|dt|h|hh|hr|hour|min|minute|t|at|time|z"
_ESCAPED = "%[0-9A-F]{2}"  # `%20`, `%3A`: a character escaped as in URLs and Hive partitions
_GAP = re.compile(
    rf"(?:(?!(?:week|wk|w)=)[A-Za-z_][A-Za-z_-]*=|(?:{_UNITS})(?![A-Za-z])|{_ESCAPED}|[^0-9A-Za-z]){{0,4}}",
    re.IGNORECASE,
)
_HALF = re.compile(r"(?:([:._-]?)([0-5]\d)(?:([:._-]?)([0-5]\d))?)?([ ._-]?)([AaPp][Mm])(?![A-Za-z])", re.ASCII)
_ID = re.compile(r"(?!h|hr|hrs|hour|hours|z|utc|gmt)[0-9a-z]*[a-z]", re.IGNORECASE | re.ASCII)  # not an hour
_NAMES_WEEK = re.compile(r"(?:week|(?<![A-Za-z])wk?)[^0-9A-Za-z]*$", re.IGNORECASE | re.ASCII)
_WEEK_GAP = re.compile(r"[^0-9A-Za-z]?(?:week|wk|w)[=_-]?(?=\d)", re.IGNORECASE | re.ASCII)  # `-W`, `/week=`
_FRACTIONS = (3, 6, 9)  # digits of a second's fraction after HHMMSS


def find_times(key: str) -> Iterator[FoundTime]:
    """Yield every way to read a part of a key as a time with an hour, in order of position."""
    for start, text in _starts(key):
        stop = start + len(text)
        for order in _orders(text) if len(text) > 2 else _orders_by_second(key, start, stop):
            if span := _read(key, start, order):
                yield span
        if text.isdecimal() and re.fullmatch(EPOCH, text):
            spelling = Spelling(("s",))
            time = spelling.time((text,))
            if time:
                yield FoundTime(start, stop, spelling, (text,), time)


def _starts(key: str) -> Iterator[tuple[int, str]]:
    """Yield where a time may begin: at numbers and words, with their texts; in `%202015` also after the `%20`."""
    for match in _START.finditer(key):
        start, text = match.span()[0], match[0]
        yield start, text
        if key[start - 1 : start] == "%" and text[2:].isdecimal():
            yield start + 2, text[2:]


def _orders(text: str) -> tuple[str, ...]:
    """Return the orders that can begin with some digits or a word."""
    if not text.isdecimal():
        return ("mdYH", "mdyH", "mdHMSY") if month_number(text) else ()  # the last is asctime's
    long = ("YmdH", "YjH") if int(text[:4]) in _RANGE["Y"] and len(text) > 3 else ()
    if len(text) == 6:
        return (*long, *SHORT_YEARS)
    if len(text) == 4:
        return (*long, "GVuH") if long else ()
    if long and (len(text) < 8 or int(text[4:6]) in _RANGE["m"]):
        return (*long, "ymdH") if len(text) == 8 else long  # 20050113 may be one o'clock
    return (*long[1:], *(("dmYH", "mdYH", *SHORT_YEARS) if len(text) >= 8 else ()))


def _orders_by_second(key: str, start: int, stop: int) -> tuple[str, ...]:
    """Return the orders that can begin with the short number at [start, stop), given what follows; none for a week."""
    if _NAMES_WEEK.search(key[max(start - 6, 0) : start]):
        return ()
    stop += len(_gap(key, stop) or "")
    if word := _WORD.match(key, stop):
        return _SHORT_FIRST if month_number(word[0]) or _name(key, stop) else ()
    numbers = _DIGITS.findall(key, stop)
    second = int(numbers[0][:2]) if _DIGITS.match(key, stop) else 0
    named = len(numbers) < 3 and (WEEKDAYS.search(key, stop) or _SPAN.search(key, stop))
    orders = _SHORT_FIRST if len(numbers) > 2 or named else _SHORT_FIRST[:2]  # three numbers follow a year's two digits
    return tuple([order for order in orders if second in _RANGE[order[1]]])


def find_dates(key: str, *, weeks: bool = True) -> Iterator[FoundTime]:
    """Yield the dates in a key, the longest at each position: with a day, only a month or `weeks`, or only a year."""
    at = 0
    orders = [order for order in _DATES if weeks or order[0] != "G"]
    for start, _ in _starts(key):
        if start < at:
            continue
        date = next((found for order in orders if (found := _read(key, start, order))), None)
        if date:
            at = date.stop
            yield date


def find_weekdays(key: str) -> Iterator[FoundTime]:
    """Yield the first weekdays in a key."""
    for match in islice(WEEKDAYS.finditer(key), _MAX_WEEKDAYS):
        spelling = Spelling(("a" if len(match[0]) == 3 else "A",))
        time = spelling.time((match[0],))
        if time:
            yield FoundTime(match.start(), match.end(), spelling, (match[0],), time)


def _read(key: str, at: int, order: str) -> FoundTime | None:
    """Read a time with the given order of quantities at a position in a key."""
    if "Y" in order and not _YEAR.search(key, at):  # most readings end here
        return None
    parts: list[str] = []
    texts: list[str] = []
    stop = day = at
    for quantity in order:
        glued = bool(parts) and stop < len(key) and key[stop].isdigit() and key[stop - 1].isdigit()
        if parts:
            gap = "" if glued else _gap(key, stop, quantity)
            if gap is None:
                return None
            stop += len(gap)
            if not glued and key[stop : stop + 1].isalpha() and (word := _name(key, stop, parts[-1], texts[-1])):
                parts += [gap, word[0]]
                texts.append(word[1])
                stop += len(word[1])
                gap = _gap(key, stop) or ""
                stop += len(gap)
            parts.append(gap)
        read = _quantity(key, stop, quantity, glued)
        if read is None:
            return None
        name, text = read
        day = stop if quantity == "d" else day
        parts.append(name)
        texts.append(text)
        stop += len(text)
    if order[-1] == "H":
        stop = _finer(key, stop, parts, texts)
    if _goes_on(key, stop, parts) or _is_unrelated(parts, order):
        return None
    spelling = Spelling(tuple(parts))
    time = spelling.time(tuple(texts))
    if time is None or (order[-2:] == "dH" and _begins_date(key, day, stop, time)):
        return None
    return FoundTime(at, stop, spelling, tuple(texts), time)


def _goes_on(key: str, stop: int, parts: list[str]) -> bool:
    """True if the last number has more digits, or if the hour is the beginning of an id."""
    if stop < len(key) and key[stop].isdigit() and key[stop - 1].isdigit():
        return True
    return parts[-1] == "H" and parts[-2:-1] != [""] and _ID.match(key, stop) is not None


def _is_unrelated(parts: list[str], order: str) -> bool:
    """True if only some numbers of a date with a short year are adjacent: they are not one date."""
    gaps = parts[1 : 2 * order.index("H") : 2] if "y" in order else []
    return len({gap == "" for gap in gaps[:-1]}) > 1 or bool(gaps and gaps[-1] == "" != gaps[0])


def _begins_date(key: str, day: int, stop: int, time: datetime) -> bool:
    """True if what was read as day and hour begins another date: `2015/01/2015-01-30`, `2015/01/30-01-2015`."""
    dates = (_read(key, day, order) for order in ("Ymd", "dmY", "mdY"))
    return any(
        date.stop >= stop and (date.time.year, date.time.month) == (time.year, time.month) for date in dates if date
    )


def _name(key: str, at: int, before: str = "", number: str = "") -> tuple[str, str] | None:
    """Read a redundant part between the numbers of a date: a weekday, a quarter, a week, or the name of the month whose
    `number` is before it. Returns (code, text)."""
    if before == "m" and (word := _WORD.match(key, at)) and month_number(word[0]) == int(number):
        return "B", word[0]
    if weekday := WEEKDAYS.match(key, at):
        return "a" if len(weekday[0]) == 3 else "A", weekday[0]
    span = _SPAN.match(key, at)
    return ("w", span[0]) if span else None


def _gap(key: str, at: int, quantity: str = "") -> str | None:
    """Return the text before the next number; None if it cannot be before this `quantity`. Only a week has its name."""
    match = (_WEEK_GAP if quantity == "V" else _GAP).match(key, at)
    if match is None or (quantity == "m" and _NAMES_WEEK.search(match[0])):
        return None
    return match[0]


def _quantity(key: str, at: int, quantity: str, glued: bool) -> tuple[str, str] | None:
    """Read one quantity at a position: its name and text."""
    run = _DIGITS.match(key, at)
    if run is None:
        word = _WORD.match(key, at) if quantity == "m" else None
        return ("B", word[0]) if word and month_number(word[0]) else None
    width, digits = WIDTH[quantity], len(run[0])
    if digits < width and (glued or quantity in "YyjV"):
        return None
    if quantity == "u" and digits > 1 and not glued:
        return None
    if quantity == "y" and not glued and 2 < digits != 6 and digits < 8:
        return None
    text = run[0][:width]
    return (quantity, text) if int(text) in _RANGE[quantity] else None


def _finer(key: str, stop: int, parts: list[str], texts: list[str]) -> int:
    """Read minutes, seconds and fractions adjacent to the hour, or AM or PM; return the new end."""
    run = _DIGITS.match(key, stop) if key[stop - 1].isdigit() else None
    digits = run[0] if run else ""
    if (half := _HALF.match(key, stop)) and 1 <= int(texts[-1]) <= 12:
        finer = [(half[at], name, half[at + 1]) for at, name in ((1, "M"), (3, "S"), (5, "p")) if half[at + 1]]
        parts[-1:] = ["I", *(part for gap, name, _ in finer for part in (gap, name))]
        texts += [text for *_, text in finer]
        return half.end()
    names = {2: "M", 4: "MS"}
    if len(parts) > 1 and parts[-2] == "":  # one run of digits, not a separate number after a date
        names |= {4 + fraction: "MSf" for fraction in _FRACTIONS}
    for name in names.get(len(digits), ""):
        text = digits[:2] if name != "f" else digits
        if name != "f" and int(text) not in _RANGE[name]:
            return stop
        parts += ["", name]
        texts.append(text)
        digits = digits[len(text) :]
        stop += len(text)
    return stop
