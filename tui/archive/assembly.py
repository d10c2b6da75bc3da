"""Build the pattern of keys whose time is known, from what varies around it and what all keys have in common."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import islice

from tui.archive.holes import escape
from tui.archive.key_columns import KeyColumns, bare_suffix, most_common_suffix, shape_of
from tui.archive.key_times import find_dates, find_weekdays
from tui.archive.layout import Layout
from tui.archive.spellings import DAYS, FoundTime, Spelling
from tui.errors import LayoutError

AGREE = 0.9  # fraction of keys that must agree, for example on a second date; the others are strays
_HOUR = re.compile(r"(?<![0-9A-Za-z])([01]\d|2[0-3])(?![0-9A-Za-z])")  # an hour that does not follow its date
_MAX_EXTRAS = 8  # additional dates; malicious keys contain hundreds
_FINER = re.compile(r"(:|%3A|[-_.]|/(?:[A-Za-z_]+=)?)([0-5]\d)(?!\d)")
_OFFSET = re.compile(  # with a space before it in `date +'%F %T %z'`
    r"(?:([.,])(\d{3,9}))?( ?)(?P<offset>[+-](?:0\d|1[0-4]):?(?:00|15|30|45))(?![\d:])", re.ASCII
)
_MARK = 0xE000  # the first of the private characters that stand for a time in a key
_MARKS = re.compile("[\ue000-\ue0ff]")
_MarkedRow = tuple[list[str], list[FoundTime]]  # a key's folders, with its times marked, and the times


@dataclass(frozen=True, slots=True)
class TimeMark:
    """A time in the keys: its spelling, and its index among times of the same spelling."""

    spelling: Spelling
    nth: int = 0

    def finder(self) -> Callable[[str], FoundTime | None]:
        regex, spelling = self.spelling.regex(), self.spelling

        def find(key: str) -> FoundTime | None:
            return next(islice(_valid(regex, spelling, key), self.nth, None), None)

        return find


def _valid(regex: re.Pattern[str], spelling: Spelling, key: str) -> Iterator[FoundTime]:
    for match in regex.finditer(key):
        time = spelling.time(match.groups())
        if time is not None:
            yield FoundTime(match.start(), match.end(), spelling, match.groups(), time)


def apart_hours(key: str, date: FoundTime) -> dict[int, re.Match[str]]:
    """Return the numbers that may be a date's hour: those after it at 0, 1, …, those before it at -1, -2, …"""
    after, before = _HOUR.finditer(key, date.stop), list(_HOUR.finditer(key, 0, date.start))
    return {**dict(enumerate(after)), **{-1 - at: match for at, match in enumerate(reversed(before))}}


def layout_around(marks: Sequence[TimeMark | int], keys: Sequence[str]) -> Layout | None:
    """Return the layout of keys whose time is known, from the largest group with the time in the same folder.

    A number in `marks` is the index of an hour apart from the date (see `apart_hours`).
    """
    main = marks[0]
    if not isinstance(main, TimeMark):
        return None
    late = marks[1] if len(marks) > 1 and isinstance(marks[1], int) else None
    find = main.finder()
    extras = _agreeing(find, keys)
    rows: list[tuple[str, list[FoundTime]]] = []
    for key in keys:
        time = find(key)
        if time is None or _MARKS.search(key):  # skip keys that already contain the marker characters
            continue
        spans = [time]
        spans += [date for extra in extras if (date := extra(key, time))]
        if late is not None:
            match = apart_hours(key, time).get(late)
            if match is None:
                continue
            spans.append(FoundTime(match.start(), match.end(), Spelling(("H",)), (match[0],), time.time))
        rows.append((key, spans))
    if not rows:
        return None
    if late is None:
        rows = _with_offsets(_with_minutes(rows))
    try:
        return Layout(_assembled(rows))
    except LayoutError:
        return None


def _agreeing(
    find: Callable[[str], FoundTime | None], keys: Sequence[str], *, weeks: bool = True
) -> list[Callable[[str, FoundTime], FoundTime | None]]:
    """Return finders of other dates in the keys that agree with the time, such as a folder for the day or a weekday.

    A week must agree in all keys: in `2014/W01/2014-12-29` it does not, and only the year is read.
    """
    agreeing: Counter[TimeMark] = Counter()
    rows = 0
    words: defaultdict[TimeMark, set[str]] = defaultdict(set)
    for key in keys:
        time = find(key)
        if time is None:
            continue
        rows += 1
        seen: Counter[Spelling] = Counter()
        for date in (*find_dates(key[: time.start], weeks=weeks), *find_weekdays(_without(key, time))):
            mark = TimeMark(date.spelling, seen[date.spelling])
            seen[date.spelling] += 1
            agreeing[mark] += _agree(date, time.time)
            words[mark] |= {*date.texts[:1]} if date.spelling.is_weekday else set()
    if any("V" in mark.spelling.parts and number < rows for mark, number in agreeing.items()):
        return _agreeing(find, keys, weeks=False)
    chance = [mark for mark, texts in words.items() if len(texts) == 1 and min(texts).islower()]  # `mon` on a Monday
    marks = [mark for mark, number in agreeing.items() if number >= AGREE * rows and mark not in chance]
    return [partial(_beside, mark.finder(), mark.spelling.is_weekday) for mark in marks[:_MAX_EXTRAS]]


def _beside(find: Callable[[str], FoundTime | None], anywhere: bool, key: str, time: FoundTime) -> FoundTime | None:
    """Find a date before a key's time, or a weekday `anywhere`."""
    return find(_without(key, time) if anywhere else key[: time.start])


def _without(key: str, time: FoundTime) -> str:
    return key[: time.start] + " " * (time.stop - time.start) + key[time.stop :]


def _agree(date: FoundTime, time: datetime) -> bool:
    parts = set(date.spelling.parts)
    if date.spelling.is_weekday:
        return date.time.weekday() == time.weekday()
    if DAYS & parts:
        return date.time.date() == time.date()
    if "V" in parts:
        return date.time.isocalendar()[:2] == time.isocalendar()[:2]
    return date.time.year == time.year and (not {"m", "B"} & parts or date.time.month == time.month)


def _with_minutes(rows: list[tuple[str, list[FoundTime]]]) -> list[tuple[str, list[FoundTime]]]:
    """Extend the times by minutes and seconds, if these follow the hour in all keys."""
    for name in "MS":
        matches = [_FINER.match(key, spans[0].stop) for key, spans in rows]
        gaps = {match[1] for match in matches if match}
        last = rows[0][1][0].spelling.parts[-1]
        if not all(matches) or len(gaps) != 1 or last not in ("H", "M") or (name == "S" and last != "M"):
            return rows
        rows = [
            (key, [_longer(spans[0], match, name), *spans[1:]])
            for (key, spans), match in zip(rows, matches, strict=True)
            if match
        ]
    return rows


def _with_offsets(rows: list[tuple[str, list[FoundTime]]]) -> list[tuple[str, list[FoundTime]]]:
    """Extend the times by a UTC offset (`+02:00`, `.250+0530`), if it follows the minutes or seconds in all keys.

    A zone has one offset, or two with summer time. More are the ends of ranges, or counters, as `-0000` may be.
    """
    matches = [_OFFSET.match(key, spans[0].stop) for key, spans in rows]
    last = rows[0][1][0].spelling.parts[-1]
    offsets = {match["offset"] for match in matches if match}
    after = "MSf" if all(offset[0] == "+" for offset in offsets) else "Sf"
    if not all(matches) or last not in after or len(offsets) > 2 or offsets <= {"-0000", "+0000"}:
        return rows
    longer = []
    for (key, spans), match in zip(rows, matches, strict=True):
        time = _longer(spans[0], match, "f", 1) if match and match[2] else spans[0]
        longer.append((key, [_longer(time, match, "z", 3) if match else time, *spans[1:]]))
    return longer


def _longer(time: FoundTime, match: re.Match[str], name: str, group: int = 1) -> FoundTime:
    """Return the time with one more quantity: the match's text at `group` is the gap, the next one the quantity."""
    spelling = Spelling((*time.spelling.parts, match[group], name))
    return FoundTime(time.start, match.end(), spelling, (*time.texts, match[group + 1]), time.time)


def _assembled(rows: Sequence[tuple[str, list[FoundTime]]]) -> str:
    """Return the pattern of keys with marked times. In each row the main time is first."""
    groups: dict[tuple[object, ...], list[_MarkedRow]] = defaultdict(list)
    suffix = most_common_suffix([key.rpartition("/")[2] for key, _ in rows])
    for key, spans in rows:
        marked = key
        for at, time in sorted(enumerate(spans), key=lambda pair: -pair[1].start):
            marked = marked[: time.start] + chr(_MARK + at) + marked[time.stop :]
        folders = marked.split("/")
        shape = tuple(tuple(_MARKS.findall(folder)) for folder in folders)
        group = (shape, tuple(time.spelling for time in spans), suffix is None or bare_suffix(folders[-1]) == suffix)
        groups[group].append((folders, spans))
    chosen = _alike(max(groups.values(), key=len))
    times = [_spelled([spans[at] for _, spans in chosen]) for at in range(len(chosen[0][1]))]
    columns = KeyColumns()
    seen = False
    parts = []
    depth = len(chosen[0][0])
    for at in range(depth):
        texts = [folders[at] for folders, _ in chosen]
        parts.append(_folder(texts, columns, times, seen, last=at == depth - 1))
        seen = seen or any(chr(_MARK) in text for text in texts[:1])
    return re.sub(r"(?<![=*])\*{2,}", "*", "/".join(parts))


def _alike(rows: list[_MarkedRow]) -> list[_MarkedRow]:
    """Return the rows without the few whose names end differently from nearly all others."""
    shapes = [shape_of(_MARKS.split(folders[-1])[-1]) for folders, _ in rows]
    shape, number = Counter(shapes).most_common(1)[0]
    if number < AGREE * len(rows):
        return rows
    return [row for row, row_shape in zip(rows, shapes, strict=True) if row_shape == shape]


def _spelled(times: Sequence[FoundTime]) -> str:
    return times[0].spelling.pattern([time.texts for time in times])


def _folder(texts: Sequence[str], columns: KeyColumns, times: Sequence[str], seen: bool, *, last: bool) -> str:
    """Return the pattern of one folder or of the file; `seen`: the time is before it."""
    marks = _MARKS.findall(texts[0])
    if not marks:
        return columns.file_tail(texts, whole=True) if last else columns.folder(texts, after_time=seen)
    rows = [_MARKS.split(text) for text in texts]
    pattern = ""
    for at, segment in enumerate(zip(*rows, strict=True)):
        if at == 0:
            pattern += columns.file_head(segment) if any(segment) else ""
        elif at < len(marks) or not last:
            pattern += escape(segment[0]) if len(set(segment)) == 1 else "*"
        else:
            pattern += columns.file_tail(segment, whole=False)
        pattern += times[ord(marks[at]) - _MARK] if at < len(marks) else ""
    return pattern
