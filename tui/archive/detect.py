"""Finding the layout of an archive from its keys: how they spell the hour, then what varies around it."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from tui.archive.columns import Columns, bare_suffix, is_renamed, most_common_suffix, shape_of, suffix_of
from tui.archive.holes import escape
from tui.archive.layout import Layout
from tui.archive.leftovers import is_leftover
from tui.archive.spellings import FoundTime, Spelling, find_dates, find_times
from tui.errors import LayoutError
from tui.printable import printable

_LOOKED_AT = 300  # keys, spread evenly, in which every reading of every number is tried
_MOST_LAYOUTS = 4
_MOST_TRIED = 8  # spellings; keys that are made to waste time hold hundreds
_WEEK = 7
_FEWEST = 3  # keys of a second layout: fewer are strays
_COPIED = 0.3  # of the keys have the usual suffix; the others may be copies of such
_AGREE = 0.9  # of the keys: a second date in them is a part of the layout, and the others are strays
_FINER = re.compile(r"(:|%3A|[-_.]|/(?:[A-Za-z_]+=)?)([0-5]\d)(?!\d)")
_HOURS = 24
_MARK = 0xE000  # the first of the private characters that stand for a time in a key
_Row = tuple[list[str], list[FoundTime]]  # a key's folders, with its times marked, and the times
_MARKS = re.compile("[\ue000-\ue0ff]")
_LATE = re.compile(r"(?<![0-9A-Za-z])([01]\d|2[0-3])(?![0-9A-Za-z])")  # an hour that does not follow its date


class SeveralLayoutsError(LayoutError):
    """Keys of two layouts or more are in one place: which of them is meant must be chosen."""

    def __init__(self, layouts: Sequence[Layout], place: str = "") -> None:
        self.layouts = tuple(layouts)
        where = printable(place) if place else "the place"
        names = " and ".join(f"'{layout.pattern}'" for layout in layouts)
        count = {2: "two", 3: "three"}.get(len(layouts), str(len(layouts)))
        super().__init__(f"{where} holds keys of {count} layouts, {names}; choose one with --layout")


@dataclass(frozen=True, slots=True)
class _Mark:
    """A time in the keys: how it is spelled, and which of several that are spelled so."""

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


def detect(keys: Iterable[str], place: str = "") -> Layout:
    """The layout of `keys`. LayoutError, with the reason and three keys, if none is found; see `find_layouts`.

    SeveralLayoutsError, which holds them, if there are more.
    """
    layouts = find_layouts(keys)
    if len(layouts) > 1:
        raise SeveralLayoutsError(layouts, place)
    return layouts[0]


def find_layouts(keys: Iterable[str]) -> tuple[Layout, ...]:
    """The layouts of `keys`, that of most keys first: what a layout does not fit is fitted again.

    Leftovers of tools, copies with something behind their name and a few strays are no layout. LayoutError, with the
    reason and three keys, if there is none at all.
    """
    rest = _without_copies([key for key in keys if not is_leftover(key)])
    found: list[Layout] = []
    while rest and len(found) < _MOST_LAYOUTS:
        try:
            layout = _fit(rest)
        except LayoutError:
            if found:
                break
            raise
        hours = {key: parsed.hour for key in rest if (parsed := layout.parse(key))}
        if found and (len(hours) < _FEWEST or len(set(hours.values())) < 2):
            break
        found.append(layout)
        rest = [key for key in rest if key not in hours and not _is_copy(key, layout)]
    if not found:
        raise _not_found(rest, "no layout was found in keys")
    return tuple(found)


def three(keys: Iterable[str]) -> str:
    """Up to three keys, to show a person what is there."""
    shown = [printable(key, 120) for key, _ in zip(keys, range(3), strict=False)]
    return ", ".join(shown) or "none"


def _not_found(keys: Iterable[str], why: str) -> LayoutError:
    return LayoutError(f"{why} such as {three(keys)}; add a layout, like s3://bucket/%Y/%m/%d/%H/*.gz")


def _without_copies(keys: list[str]) -> list[str]:
    """Those whose names are not others' names with something behind them, whatever that is."""
    suffixes = Counter(suffix for key in keys if (suffix := suffix_of(key.rpartition("/")[2])))
    suffix, number = suffixes.most_common(1)[0] if suffixes else ("", 0)
    if number < _COPIED * len(keys):
        return keys
    return [key for key in keys if not is_renamed(key.rpartition("/")[2], suffix)]


def _is_copy(key: str, layout: Layout) -> bool:
    """Is it the name of a chunk with something behind it? A broken copy leaves such a name."""
    folder, slash, name = key.rpartition("/")
    cuts = [match.start() for match in re.finditer(r"[-._~ ]", name)][-2:]
    return layout.parse(re.sub(r" ?\(\d+\)| copy( \d+)?", "", key)) is not None or any(
        layout.parse(folder + slash + name[:cut]) for cut in cuts
    )


def _fit(keys: Sequence[str]) -> Layout:
    """The layout that fits best; LayoutError if there is none."""
    sample = _spread(keys)
    for mark in _ranked(sample, keys)[:_MOST_TRIED]:
        layout = _around([mark], sample)
        missed = [key for key in keys if not layout.parse(key)] if layout else []
        if missed:  # rare topics and hosts among them, perhaps
            wider = _around([mark], [*sample, *_spread(missed)])
            if wider and sum(not wider.parse(key) for key in keys) < len(missed):
                layout, missed = wider, []
        if layout is not None and len(missed) < len(keys):
            return layout
    late = _late_hour(sample, keys)
    if late is not None:
        return late
    if sum(
        any("d" in f.spelling.parts or "j" in f.spelling.parts for f in find_dates(key)) for key in sample
    ) * 2 > len(sample):
        why = f"the names hold a day but not an hour: {three(keys)}"
        raise LayoutError(f"{why}; archives need an hour in each key (give a layout if it is there)")
    raise _not_found(keys, "no layout was found in keys")


def _spread(keys: Sequence[str]) -> list[str]:
    ordered = sorted(keys)
    return ordered[:: -(-len(ordered) // _LOOKED_AT)]


def _ranked(sample: Sequence[str], keys: Sequence[str]) -> list[_Mark]:
    """The spellings of an hour in the sample, the best first. LayoutError if the best is ambiguous."""
    times: dict[_Mark, list[FoundTime]] = defaultdict(list)
    firsts: dict[_Mark, int] = {}
    for key in sample:
        seen: Counter[Spelling] = Counter()
        for found in find_times(key):
            mark = _Mark(found.spelling, seen[found.spelling])
            seen[found.spelling] += 1
            times[mark].append(found)
            firsts.setdefault(mark, found.start)

    def score(mark: _Mark) -> tuple[float, int, int]:
        fit, hours = len(times[mark]) / len(sample), len({found.time.hour for found in times[mark]}) / _HOURS
        return fit * hours * mark.spelling.simplicity, -mark.nth, -firsts[mark]

    ranked = sorted(times, key=score, reverse=True)
    ranked = [mark for mark in ranked if not _is_only_a_day(mark.spelling, times[mark])]
    if ranked:
        _refuse_ambiguous(ranked[0], times, keys)
    return ranked


def _is_only_a_day(spelling: Spelling, found: Sequence[FoundTime]) -> bool:
    """Is what stands where an hour would be always the day's beginning, or a number that counts a day's files?"""
    days, hours = {each.time.date() for each in found}, {each.time.hour for each in found}
    if len(days) < _FEWEST:
        return False
    if hours == {0}:
        return spelling.parts[0] == "s" or "M" in spelling.parts or len(days) >= _WEEK
    return (
        spelling.parts[-1] == "H"
        and spelling.is_alone(len(spelling.parts) - 1)
        and all(len(each.texts[-1]) == 1 for each in found)
    )


def _refuse_ambiguous(mark: _Mark, times: dict[_Mark, list[FoundTime]], keys: Sequence[str]) -> None:
    parts, found = mark.spelling.parts, times[mark]
    hours, days = {each.time.hour for each in found}, {each.time.date() for each in found}
    if "H" in parts and hours == set(range(1, 13)) and len(days) > 1:
        why = "the hours in the names go from 1 to 12 without AM or PM, so each may be one of two"
        raise LayoutError(f"{why}, in keys such as {three(keys)}; give names with hours from 0 to 23, or AM and PM")
    if mark.spelling.is_numeric:
        swapped = tuple({"d": "m", "m": "d"}.get(part, part) for part in parts)
        other = times.get(_Mark(Spelling(swapped), mark.nth), [])
        if len(other) == len(found) and {each.time for each in other} != {each.time for each in found}:
            why = "days and months cannot be told apart"
            raise LayoutError(f"{why} in keys such as {three(keys)}; add a layout with %d and %m")


def _late_hour(sample: Sequence[str], keys: Sequence[str]) -> Layout | None:
    """The layout of keys whose hour stands apart from their date: `2015-01-30/web01.05.log.gz`.

    Two digits behind a date count as an hour only if most of 00 to 23 occur and nothing else does.
    """
    dates: Counter[_Mark] = Counter()
    for key in sample:
        found = next((f for f in find_dates(key) if {"d", "j"} & set(f.spelling.parts)), None)
        if found:
            dates[_Mark(found.spelling)] += 1
    if not dates:
        return None
    mark, number = dates.most_common(1)[0]
    find = mark.finder()
    tails = [key[found.stop :] for key in sample if (found := find(key))]
    if number < _AGREE * len(sample):
        return None
    for nth in range(3):
        hours = [each[nth] for each in map(_LATE.findall, tails) if len(each) > nth]
        if len(hours) >= _AGREE * len(sample) and len(set(hours)) >= _HOURS - 4:
            return _around([mark, nth], sample)
    return None


def _around(marks: Sequence[_Mark | int], keys: Sequence[str]) -> Layout | None:
    """The layout of keys whose time is known: that of the largest group that has it in the same folder.

    A number among `marks` is that of a late hour behind the date.
    """
    main = marks[0]
    if not isinstance(main, _Mark):
        return None
    late = marks[1] if len(marks) > 1 and isinstance(marks[1], int) else None
    find = main.finder()
    extras = [mark.finder() for mark in _agreeing(find, keys)]
    rows: list[tuple[str, list[FoundTime]]] = []
    for key in keys:
        found = find(key)
        if found is None or _MARKS.search(key):  # a key that holds what marks a time could not be told apart
            continue
        spans = [found]
        for extra in extras:
            date = extra(key[: found.start])
            spans += [date] if date else []
        if late is not None:
            hours = list(_LATE.finditer(key, found.stop))
            if len(hours) <= late:
                continue
            match = hours[late]
            spans.append(FoundTime(match.start(), match.end(), Spelling(("H",)), (match[0],), found.time))
        rows.append((key, spans))
    if not rows:
        return None
    if late is None:
        rows = _with_minutes(rows)
    try:
        return Layout(_assembled(rows))
    except LayoutError:
        return None


def _agreeing(find: Callable[[str], FoundTime | None], keys: Sequence[str]) -> list[_Mark]:
    """The dates in front of the time that say the same, as far as they go: a folder for the day, say."""
    agreeing: Counter[_Mark] = Counter()
    rows = 0
    for key in keys:
        found = find(key)
        if found is None:
            continue
        rows += 1
        seen: Counter[Spelling] = Counter()
        for date in find_dates(key[: found.start]):
            mark = _Mark(date.spelling, seen[date.spelling])
            seen[date.spelling] += 1
            agreeing[mark] += _agree(date, found.time)
    return [mark for mark, number in agreeing.items() if number >= _AGREE * rows][:_MOST_TRIED]


def _agree(date: FoundTime, time: datetime) -> bool:
    parts = set(date.spelling.parts)
    if {"d", "j"} & parts:
        return date.time.date() == time.date()
    return date.time.year == time.year and (not {"m", "B"} & parts or date.time.month == time.month)


def _with_minutes(rows: list[tuple[str, list[FoundTime]]]) -> list[tuple[str, list[FoundTime]]]:
    """The same where minutes and seconds that follow the hour in all keys are a part of the time."""
    for name in "MS":
        found = [_FINER.match(key, spans[0].stop) for key, spans in rows]
        gaps = {match[1] for match in found if match}
        last = rows[0][1][0].spelling.parts[-1]
        if not all(found) or len(gaps) != 1 or last not in ("H", "M") or (name == "S" and last != "M"):
            return rows
        rows = [
            (key, [_longer(spans[0], match, name), *spans[1:]])
            for (key, spans), match in zip(rows, found, strict=True)
            if match
        ]
    return rows


def _longer(found: FoundTime, match: re.Match[str], name: str) -> FoundTime:
    spelling = Spelling((*found.spelling.parts, match[1], name))
    return FoundTime(found.start, match.end(), spelling, (*found.texts, match[2]), found.time)


def _assembled(rows: Sequence[tuple[str, list[FoundTime]]]) -> str:
    """The pattern of keys with their times marked; `rows` have the main time first."""
    groups: dict[tuple[object, ...], list[_Row]] = defaultdict(list)
    suffix = most_common_suffix([key.rpartition("/")[2] for key, _ in rows])
    for key, spans in rows:
        marked = key
        for at, found in sorted(enumerate(spans), key=lambda each: -each[1].start):
            marked = marked[: found.start] + chr(_MARK + at) + marked[found.stop :]
        folders = marked.split("/")
        shape = tuple(tuple(_MARKS.findall(folder)) for folder in folders)
        group = (shape, tuple(found.spelling for found in spans), suffix is None or bare_suffix(folders[-1]) == suffix)
        groups[group].append((folders, spans))
    chosen = _alike(max(groups.values(), key=len))
    times = [_spelled([spans[at] for _, spans in chosen]) for at in range(len(chosen[0][1]))]
    columns = Columns()
    seen = False
    parts = []
    depth = len(chosen[0][0])
    for at in range(depth):
        texts = [folders[at] for folders, _ in chosen]
        parts.append(_folder(texts, columns, times, seen, last=at == depth - 1))
        seen = seen or any(chr(_MARK) in text for text in texts[:1])
    return re.sub(r"\*{2,}", "*", "/".join(parts))


def _alike(rows: list[_Row]) -> list[_Row]:
    """Without the few whose names end otherwise than nearly all do."""
    shapes = [shape_of(_MARKS.split(folders[-1])[-1]) for folders, _ in rows]
    shape, number = Counter(shapes).most_common(1)[0]
    if number < _AGREE * len(rows):
        return rows
    return [row for row, own in zip(rows, shapes, strict=True) if own == shape]


def _spelled(found: Sequence[FoundTime]) -> str:
    return found[0].spelling.pattern([each.texts for each in found])


def _folder(texts: Sequence[str], columns: Columns, times: Sequence[str], seen: bool, *, last: bool) -> str:
    """One folder's part of the pattern, or the file's; `seen`: the time is in front of it."""
    marks = _MARKS.findall(texts[0])
    if not marks:
        return columns.file_tail(texts, whole=True) if last else columns.folder(texts, behind=seen)
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
