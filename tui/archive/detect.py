"""Detect the layout of an archive from its keys: find which of the times in them is the hour."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from tui.archive.assembly import AGREE, TimeMark, apart_hours, layout_around
from tui.archive.key_columns import is_renamed, suffix_of
from tui.archive.key_times import find_dates, find_times, find_weekdays
from tui.archive.layout import Layout
from tui.archive.leftovers import is_leftover
from tui.archive.spellings import DAYS, FoundTime, Spelling
from tui.errors import LayoutError
from tui.printable import printable

_SAMPLED = 300  # keys, spread evenly, in which every reading of every number is tried
_MAX_LAYOUTS = 4
_MAX_TRIED = 8  # spellings; malicious keys contain hundreds
_WEEK = 7
_FEWEST = 3  # keys of a second layout; fewer are strays
_COPIED = 0.3  # fraction of keys with the usual suffix, above which others may be copies of them
_FEW_FIT = 0.5  # fraction of keys that do not fit, above which a better reading is sought
_MAX_APART = 3  # numbers on each side of a date that may be its hour
_SHORT_YEARS_FIT = 0.75  # fraction of keys that must fit %y: six digits of an id may be a date by chance
_HOURS = 24
_TIMES_LONGER = 10  # a wrong order of day, month and year makes the span at least this many times longer


class SeveralLayoutsError(LayoutError):
    """Keys fit two or more layouts, or all keys fit two layouts: the user must choose one.

    `why`: what is ambiguous, if all keys fit each of the layouts.
    """

    def __init__(self, layouts: Sequence[Layout], place: str = "", why: str = "") -> None:
        self.layouts = tuple(layouts)
        self.why = why
        where = printable(place) if place else "the place"
        names = " and ".join(f"'{layout.pattern}'" for layout in layouts)
        count = {2: "two", 3: "three"}.get(len(layouts), str(len(layouts)))
        reason = f"{why} ({names})" if why else f"{where} holds keys of {count} layouts, {names}"
        super().__init__(f"{reason}; choose one with --layout")


def detect(keys: Iterable[str], place: str = "") -> Layout:
    """Detect the layout of `keys`; see `find_layouts`.

    LayoutError, with the reason and three keys, if there is none; SeveralLayoutsError if there are several.
    """
    layouts = find_layouts(keys)
    if len(layouts) > 1:
        raise SeveralLayoutsError(layouts, place)
    return layouts[0]


def find_layouts(keys: Iterable[str], known: Layout | None = None) -> tuple[Layout, ...]:
    """Detect the layouts of `keys`, the most common first: keys that do not fit one layout are tried for another.

    Leftovers of tools, copies with something after their name and a few strays do not make a layout. `known`: the first
    layout, if it is already known. LayoutError, with the reason and three keys, if there is none at all.
    """
    rest = _without_copies([key for key in keys if not is_leftover(key)])
    layouts: list[Layout] = []
    if known is not None:
        layouts.append(known)
        rest = [key for key in rest if not known.parse(key) and not _is_copy(key, known)]
    while rest and len(layouts) < _MAX_LAYOUTS:
        try:
            layout = _fit(rest)
        except LayoutError:
            if layouts:
                break
            raise
        hours = {key: parsed.hour for key in rest if (parsed := layout.parse(key))}
        if layouts and (len(hours) < _FEWEST or len(set(hours.values())) < 2):
            break
        layouts.append(layout)
        rest = [key for key in rest if key not in hours and not _is_copy(key, layout)]
        if all(hour.hour for hour in hours.values()):
            _refuse_hour_24(layout, rest)
    if not layouts:
        raise _not_found(rest, "no layout was found in keys")
    return tuple(layouts)


def three(keys: Iterable[str]) -> str:
    """Return up to three keys as text, as examples in a message."""
    shown = [printable(key, 120) for key, _ in zip(keys, range(3), strict=False)]
    return ", ".join(shown) or "none"


def _not_found(keys: Iterable[str], why: str) -> LayoutError:
    return LayoutError(f"{why} such as {three(keys)}; add a layout, like s3://bucket/%Y/%m/%d/%H/*.gz")


def _without_copies(keys: list[str]) -> list[str]:
    """Return the keys without those whose name is a usual name with something after it."""
    suffixes = Counter(suffix for key in keys if (suffix := suffix_of(key.rpartition("/")[2])))
    suffix, number = suffixes.most_common(1)[0] if suffixes else ("", 0)
    if number < _COPIED * len(keys):
        return keys
    return [key for key in keys if not is_renamed(key.rpartition("/")[2], suffix)]


def _is_copy(key: str, layout: Layout) -> bool:
    """True for the name of a chunk with something after it, as broken copies have."""
    folder, slash, name = key.rpartition("/")
    cuts = [match.start() for match in re.finditer(r"[-._~ ]", name)][-2:]
    return layout.parse(re.sub(r" ?\(\d+\)| copy( \d+)?", "", key)) is not None or any(
        layout.parse(folder + slash + name[:cut]) for cut in cuts
    )


def _fit(keys: Sequence[str]) -> Layout:
    """Return the layout that fits best. LayoutError if there is none."""
    sample = _spread(keys)
    for mark in _ranked(sample, keys)[:_MAX_TRIED]:
        layout = layout_around([mark], sample)
        missed = [key for key in keys if not layout.parse(key)] if layout else []
        if missed:  # they may hold rare topics and hosts
            wider = layout_around([mark], [*sample, *_spread(missed)])
            if wider and sum(not wider.parse(key) for key in keys) < len(missed):
                layout, missed = wider, []
        if layout is not None and len(missed) < _FEW_FIT * len(keys):
            _refuse_one_hour(layout, sample, keys)
            return layout
        if layout is not None and len(missed) < len(keys):
            late = _apart_hour(sample, keys)
            return late if late and sum(not late.parse(key) for key in keys) < len(missed) else layout
    late = _apart_hour(sample, keys)
    if late is not None:
        return late
    parts = [{part for date in find_dates(key) for part in date.spelling.parts} for key in sample]
    for named, missing in ((DAYS, "a day but not an hour"), ({"V"}, "a week but not a day")):
        if sum(not named.isdisjoint(found) for found in parts) * 2 > len(sample):
            why = f"the keys contain {missing}, such as {three(keys)}"
            raise LayoutError(f"{why}; archives need an hour in each key (if there is one, give a layout)")
    raise _not_found(keys, "no layout was found in keys")


def _refuse_one_hour(layout: Layout, sample: Sequence[str], keys: Sequence[str]) -> None:
    """Raise SeveralLayoutsError if all hours are the same, but another number takes the values of all hours."""
    hours = [parsed.hour for key in sample if (parsed := layout.parse(key))]
    days = len({hour.date() for hour in hours})
    if days < _FEWEST or len({hour.hour for hour in hours}) > 1 or len(hours) < 2 * days:
        return
    late = _apart_hour(sample, keys)
    if late is not None and late.parse(sample[0]):
        raise SeveralLayoutsError([layout, late], why=f"two numbers may be the hour in keys such as {three(sample)}")


def _refuse_hour_24(layout: Layout, rest: Iterable[str]) -> None:
    """Raise LayoutError if a key that does not fit has 24 where the others have their hour, from 1 to 23."""

    def has_hour_24(key: str) -> bool:
        cuts = [(key[: match.start()], key[match.end() :]) for match in re.finditer("24", key)]
        late = (layout.parse(f"{before}23{after}") for before, after in cuts)
        return any(parsed is not None and parsed.hour.hour == _HOURS - 1 for parsed in late)

    keys = [key for key in rest if has_hour_24(key)]
    if keys:
        why = "the hours in the names go from 1 to 24, so 24 may be the last hour of its day or the first of the next"
        raise LayoutError(
            f"{why}, in keys such as {three(keys)}; give names with hours from 0 to 23, or leave those of hour 24 out "
            f"with --layout '{layout.pattern}'"
        )


def _spread(keys: Sequence[str]) -> list[str]:
    """Return a sample in order, one key per interval, at scattered positions: not always the same file of an hour."""
    ordered = sorted(keys)
    step = -(-len(ordered) // _SAMPLED)
    starts = enumerate(range(0, len(ordered), step))
    return [ordered[min(start + _scattered(at) % step, len(ordered) - 1)] for at, start in starts]


def _scattered(number: int) -> int:
    """Return Knuth's multiplicative hash: deterministic, without a pattern."""
    return number * 2_654_435_761 % 2**32 >> 16


def _ranked(sample: Sequence[str], keys: Sequence[str]) -> list[TimeMark]:
    """Return the spellings of an hour in the sample, the best first. LayoutError if the best is ambiguous."""
    times: dict[TimeMark, list[FoundTime]] = defaultdict(list)
    firsts: dict[TimeMark, int] = {}
    named: Counter[TimeMark] = Counter()  # keys that also contain the right weekday
    for key in sample:
        seen: Counter[Spelling] = Counter()
        weekdays = {time.time.weekday() for time in find_weekdays(key)}
        for time in find_times(key):
            mark = TimeMark(time.spelling, seen[time.spelling])
            seen[time.spelling] += 1
            times[mark].append(time)
            firsts.setdefault(mark, time.start)
            named[mark] += time.time.weekday() in weekdays

    def score(mark: TimeMark) -> tuple[float, int, int]:
        fit, hours = len(times[mark]) / len(sample), len({time.time.hour for time in times[mark]}) / _HOURS
        return fit * hours * mark.spelling.simplicity, -mark.nth, -firsts[mark]

    ranked = sorted(times, key=score, reverse=True)
    ranked = [mark for mark in ranked if not _is_only_a_day(mark.spelling, times[mark])]
    few = _SHORT_YEARS_FIT * len(sample)
    ranked = [mark for mark in ranked if "y" not in mark.spelling.parts or len(times[mark]) >= few]
    if ranked:
        _refuse_half_hours(ranked[0], times, keys)
        _refuse_other_weeks(ranked[0].spelling, sample)
        ranked[0] = _in_order(ranked[0], times, named, sample)
    return ranked


def _is_only_a_day(spelling: Spelling, spans: Sequence[FoundTime]) -> bool:
    """True if the hour is always midnight, or a counter of a day's files."""
    days, hours = {span.time.date() for span in spans}, {span.time.hour for span in spans}
    glued = spelling.parts[::2] == ("y", "m", "d", "H") and set(spelling.parts[1::2]) == {""}
    if glued and all(_is_date("".join(span.texts)) for span in spans):  # 20050113
        return True
    if len(days) < _FEWEST:
        return False
    if hours == {0}:
        return spelling.parts[0] == "s" or "M" in spelling.parts or len(days) >= _WEEK
    return (
        spelling.parts[-1] == "H"
        and spelling.is_alone(len(spelling.parts) - 1)
        and all(len(span.texts[-1]) == 1 for span in spans)
    )


def _is_date(digits: str) -> bool:
    date = next(find_dates(digits), None)
    return date is not None and date.spelling.parts == ("Y", "", "m", "", "d")


def _refuse_half_hours(mark: TimeMark, times: dict[TimeMark, list[FoundTime]], keys: Sequence[str]) -> None:
    parts, spans = mark.spelling.parts, times[mark]
    hours, days = {span.time.hour for span in spans}, {span.time.date() for span in spans}
    if "H" in parts and hours == set(range(1, 13)) and len(days) > 1:
        why = "the hours in the names go from 1 to 12 without AM or PM, so each may be one of two"
        raise LayoutError(f"{why}, in keys such as {three(keys)}; give names with hours from 0 to 23, or AM and PM")


def _refuse_other_weeks(spelling: Spelling, sample: Sequence[str]) -> None:
    """Raise LayoutError if keys have a week 00 or a day 0, as strftime's %U, %W and %w have."""
    if "V" not in spelling.parts:
        return
    week, day = (spelling.parts[::2].index(part) for part in "Vu")
    found = ((key, match) for key in sample if (match := spelling.regex().search(key)))
    if keys := [key for key, match in found if match[week + 1] == "00" or match[day + 1] == "0"]:
        why = f"the weeks in the names are not those of ISO 8601: there is a week 00 or a day 0 in {three(keys)}"
        raise LayoutError(f"{why}; give names with %G-W%V-%u, or with a month and a day")


def _in_order(
    mark: TimeMark, times: dict[TimeMark, list[FoundTime]], named: Mapping[TimeMark, int], sample: Sequence[str]
) -> TimeMark:
    """Return the mark, or another order of year, month and day that fits as many keys and spans far fewer days.

    Reading the day as the year turns consecutive days into as many years. Weekdays in the keys decide the order.
    SeveralLayoutsError if it stays ambiguous.
    """

    def days(other: TimeMark) -> int:
        spans = [span.time for span in times[other]]
        return 1 + (max(spans) - min(spans)).days

    most = len(times[mark])
    others = [other for other in times if other.nth == mark.nth and other.spelling.is_reordered(mark.spelling)]
    fitting = [other for other in others if len(times[other]) == most]
    fitting = sorted([other for other in fitting if named[other] >= AGREE * most] or fitting, key=days)
    best = fitting[0]
    for other in fitting[1:]:
        same = {span.time for span in times[best]} == {span.time for span in times[other]}
        swapped = best.spelling.order.index("d") == other.spelling.order.index("m")
        if not same and (swapped or days(other) < _TIMES_LONGER * days(best)):
            layouts = [layout for span in (best, other) if (layout := layout_around([span], sample))]
            what = "days and months" if swapped else "days and years"
            raise SeveralLayoutsError(layouts, why=f"{what} cannot be told apart in keys such as {three(sample)}")
    return best


def _apart_hour(sample: Sequence[str], keys: Sequence[str]) -> Layout | None:
    """Return the layout of keys whose hour is apart from their date: `2015-01-30/web01.05.log.gz`, `05_30_01_2015.log`.

    Two digits before or after a date count as an hour only if most of 00 to 23 occur and nothing else does.
    """
    dates: Counter[TimeMark] = Counter()
    for key in sample:
        date = next((f for f in find_dates(key) if DAYS.intersection(f.spelling.parts)), None)
        if date:
            dates[TimeMark(date.spelling)] += 1
    if not dates:
        return None
    mark, number = dates.most_common(1)[0]
    find = mark.finder()
    if number < AGREE * len(sample):
        return None
    rows = [apart_hours(key, date) for key in sample if (date := find(key))]
    for nth in (*range(_MAX_APART), *range(-1, -1 - _MAX_APART, -1)):
        hours = [row[nth][0] for row in rows if nth in row]
        if len(hours) >= AGREE * len(sample) and len(set(hours)) >= _HOURS - 4:
            return layout_around([mark, nth], sample)
    return None
