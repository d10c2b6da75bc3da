"""The choice of columns for a table of records: those that the user chose, or the time and the most informative fields.

A value that all records share does not become a column; it is shown once above them (`shared`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from statistics import quantiles

from rich.cells import cell_len

from tui.app.records.columns import LEVELS, NUMBER, TIME, Column, object_of, path_in, text_at, text_of
from tui.filter import Filter
from tui.filter.build import spell_path
from tui.filter.jmespath import parse_expression
from tui.filter.paths import JsonPath, named_paths
from tui.printable import printable

SAMPLE = 200
_COVERAGE = 0.5
_WIDEST = 24
_WIDEST_CHOSEN = 40
_WIDEST_LAST = 400
_MANY = 50  # records; fewer do not show what is rare
_RARE = 0.02  # of these records
_TELLING = 5  # records; fewer do not show how often values repeat
_FEW = 16  # distinct values of a category
_ID = re.compile(r"(?=\D*\d)[\w-]{8,}")
_GROWTH = 3  # digits by which numbers may be longer later in the hour
_CLOCK, _MOMENT = 12, 14  # cells of `01:12:19.535`, and of `01-20 01:12:19`
_DEEPEST = 5  # names of a path

Draft = tuple[Column, list[str]]
"""A column, and its values in a sample."""


def choose(records: Sequence[bytes], room: int, filter_: Filter | None = None) -> tuple[Column, ...]:
    """Choose the columns for a sample of records that fit `room` cells, the fields of the filter first.

    There are none if most records are not JSON objects.
    """
    values = _values(records)
    if len(values) * 2 <= len(records[:SAMPLE]):
        return ()
    texts: dict[JsonPath, list[str]] = {}
    for value in values:
        for path, inner in _scalars(value):
            texts.setdefault(path, []).append(text_of(inner))
    drafts = [draft for path in texts if (draft := _draft(path, texts[path], len(values)))]
    asked = _filter_paths(filter_)
    drafts.sort(key=lambda draft: (draft[0].path not in asked, *_rank(*draft)))  # stable: ties in the record's order
    fitting = _select_columns(drafts, room)
    left = room - sum(column.width + 2 for column, _ in fitting)
    return tuple(_with_frequencies(column, texts) for column, texts in _widen(fitting, left))


def _filter_paths(filter_: Filter | None) -> set[JsonPath]:
    """Return the fields that a filter tests."""
    texts = [term.text for term in filter_.active if term.kind == "match"] if filter_ else []
    return {path for text in texts for path in named_paths(parse_expression(text).parsed)}


def shared(records: Sequence[bytes]) -> tuple[tuple[str, str], ...]:
    """Return the paths and values that all records of a sample share; none if one is not a JSON object."""
    values = _values(records)
    if len(values) < max(len(records[:SAMPLE]), 2):
        return ()
    common = {path: inner for path, inner in _scalars(values[0]) if inner is not None}
    for value in values[1:]:
        here = dict(_scalars(value))
        common = {path: inner for path, inner in common.items() if _same(here.get(path), inner)}
    return tuple((spell_path(path), text_of(inner)) for path, inner in common.items())


def _same(one: object, other: object) -> bool:
    """Compare as JSON: `1` is not `true`."""
    return type(one) is type(other) and one == other


def chosen(texts: Sequence[str], records: Sequence[bytes], room: int) -> tuple[Column, ...]:
    """Return columns for these expressions, in order, as wide as a sample's values; the last one gets the rest."""
    values = _values(records)
    columns: list[Column] = []
    for text in texts:
        draft = Column(text, _WIDEST_LAST, path_in(text))
        texts_ = [words for value in values if (words := text_at(value, draft))]
        time = _are_times(texts_)
        days = time and _several_days(texts_)
        usual = (_MOMENT if days else _CLOCK) if time else _usual_width(texts_)
        number = _are_numbers(texts_)
        width = max(min(usual, _WIDEST_CHOSEN) + _GROWTH * number, min(len(text), 16))
        columns.append(_with_frequencies(replace(draft, width=width, time=time, days=days, number=number), texts_))
    left = room - sum(column.width + 2 for column in columns)
    if columns and left > 0 and not columns[-1].time and not columns[-1].number:
        columns[-1] = replace(columns[-1], width=columns[-1].width + left)
    return tuple(columns)


def _draft(path: JsonPath, texts: list[str], objects: int) -> Draft | None:
    """Return the column of a path; None if too few records have it, or if all have the same value."""
    if len(texts) < objects * _COVERAGE or (len(set(texts)) < 2 and objects > 1):
        return None
    if _are_times(texts):
        days = _several_days(texts)
        return Column(spell_path(path), _MOMENT if days else _CLOCK, path, time=True, days=days), texts
    usual = _usual_width(texts)
    if usual >= 13 and all(text.isdigit() for text in texts):
        return None  # an epoch: there is already a time column, or the tree shows it readably
    width = max(min(usual, _WIDEST), min(cell_len(printable(str(path[-1]))), 12))
    return Column(spell_path(path), width, path, number=_are_numbers(texts)), texts


def _rank(column: Column, texts: list[str]) -> tuple[int, int]:
    """Return a sort key, the most informative column first: few distinct values (the fewest first), then texts and
    numbers, then counters, then ids, which never repeat or look like ids."""
    different = len(set(texts))
    if len(texts) < _TELLING:
        return 0, 0
    if column.time:
        return 2, 0
    if different <= min(max(_FEW, len(texts) // 8), max(2, len(texts) // 3)):
        return 0, different
    if column.number:
        return (2 if _are_sorted(texts) else 1), 0
    return (3 if sum(map(bool, map(_ID.fullmatch, texts))) * 2 > len(texts) else 1), 0


def _are_times(texts: list[str]) -> bool:
    return sum(map(bool, map(TIME.match, texts))) * 2 > len(texts)


def _several_days(texts: list[str]) -> bool:
    """Return whether the times are on several days, so that the clock alone is ambiguous."""
    return len({match[1] for text in texts if (match := TIME.match(text))}) > 1


def _are_numbers(texts: list[str]) -> bool:
    return bool(texts) and all(map(NUMBER.fullmatch, texts))


def _numbers(texts: list[str]) -> list[float]:
    return [float(text) for text in texts if text != "–"]


def _are_sorted(texts: list[str]) -> bool:
    numbers = _numbers(texts)
    return numbers == sorted(numbers)


def _usual_width(texts: list[str]) -> int:
    """Return the width that nine of ten texts need as shown."""
    widths = sorted(cell_len(printable(text, _WIDEST_LAST)) for text in texts)
    return widths[int((len(widths) - 1) * 0.9)] if widths else 0


def _select_columns(drafts: list[Draft], room: int) -> list[Draft]:
    """Return one time, then the most informative columns, as far as they fit."""
    times = [draft for draft in drafts if draft[0].time][:1]
    fitting: list[Draft] = []
    for draft in [*times, *(draft for draft in drafts if not draft[0].time)]:
        if (size := draft[0].width + 2) <= room:
            fitting.append(draft)
            room -= size
    return fitting


def _widen(drafts: list[Draft], left: int) -> list[Draft]:
    """Give the remaining room to numbers, which may grow and are useless if truncated; then to truncated texts."""
    widened = list(drafts)
    for at, (column, texts) in sorted(enumerate(drafts), key=lambda item: (not item[1][0].number, -item[0])):
        more = min(_usual_width(texts) - column.width + _GROWTH * column.number, left)
        if more > 0 and not column.time:
            widened[at] = replace(column, width=column.width + more), texts
            left -= more
    return widened


def _with_frequencies(column: Column, texts: list[str]) -> Column:
    """Return the column with the common and rare values of a sample."""
    if column.time or not texts:
        return column
    counts = Counter(texts)
    value, most = counts.most_common(1)[0]
    common = value if most * 2 > len(texts) else None
    level = all(text.lower() in LEVELS for text in counts)
    usual, fences = None, None
    if len(texts) >= _MANY and len(counts) <= max(_FEW, len(texts) // 8):
        usual = frozenset(text for text, times in counts.items() if times >= _RARE * len(texts))
    elif len(texts) >= _MANY and column.number and not _are_sorted(texts):
        fences = _fences(_numbers(texts))
    return replace(column, common=common, usual=usual, fences=fences, level=level)


def _fences(numbers: list[float]) -> tuple[float, float] | None:
    """Return Tukey's outer fences, outside of which numbers are outliers; None if half of the numbers are equal."""
    if len(numbers) < _MANY:
        return None
    first, _, third = quantiles(numbers, n=4)
    return (first - 3 * (third - first), third + 3 * (third - first)) if third > first else None


def _values(records: Sequence[bytes]) -> list[dict[str, object]]:
    """Return the records of a sample that are objects and not too large."""
    objects = map(object_of, records[:SAMPLE])
    return [value for value in objects if value is not None]


def _scalars(value: dict[str, object], path: JsonPath = ()) -> Iterator[tuple[JsonPath, object]]:
    """Yield the scalars of the object and of the objects in it, in the record's order."""
    for name, inner in value.items():
        if isinstance(inner, dict):
            if len(path) + 1 < _DEEPEST:
                yield from _scalars(inner, (*path, name))
        elif not isinstance(inner, list):
            yield (*path, name), inner
