"""Records as rows of a few aligned columns: those a person chose, or the time first, then what tells most.

What all records share is no column: it is said once above them (`shared`).
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal

from jmespath import exceptions
from jmespath.parser import ParsedResult

from tui.app.records.tree import Path
from tui.filter.build import spell_path
from tui.filter.compiled import NotJsonError
from tui.filter.jmespath import load, parse_expression
from tui.printable import printable

Tone = Literal["plain", "common", "rare"]
SAMPLE = 200
LARGEST = 64_000  # bytes of a record that is still parsed while it is drawn
_COVERAGE = 0.5
_WIDEST = 24
_WIDEST_CHOSEN = 40
_WIDEST_LAST = 400
_MANY = 50  # records of which fewer do not show what is rare
_RARE = 0.02  # of them
_TELLING = 5  # records of which fewer say nothing about how often a value comes again
_FEW = 16  # different values that are looked at as kinds
_ID = re.compile(r"(?=\D*\d)[\w-]{8,}")
_GROWTH = 3  # figures by which numbers may be longer farther on in the hour
_TIME = re.compile(r"\d{4}-(\d\d-\d\d)[T ]((\d\d:\d\d:\d\d)(?:\.\d{1,3})?)")
_CLOCK, _MOMENT = 12, 14  # cells of `01:12:19.535`, and of `01-20 01:12:19`
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?|–")
_COMMA = re.compile(r""",|[\[({]|[\])}]|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`(?:\\.|[^`\\])*`""")


@dataclass(frozen=True, slots=True)
class Column:
    """A JMESPath expression, and how wide its values are. `path` is set where it is no more than a path."""

    text: str
    width: int
    path: Path | None = None
    time: bool = False
    days: bool = False  # the times are of several
    number: bool = False
    common: str | None = None  # the value that more than half of a sample have
    usual: frozenset[str] | None = None  # the values that are not rare, where there are few

    @property
    def title(self) -> str:
        """The expression, or the last name of a path where that alone fits."""
        whole = len(self.text) <= self.width or not self.path
        return self.aligned(self.text if whole or not self.path else spell_path(self.path[-1:]))

    def aligned(self, text: str) -> str:
        """Numbers stand on the right."""
        return text.rjust(self.width) if self.number else text


def choose(records: Sequence[bytes], room: int) -> tuple[Column, ...]:
    """The columns for a sample of records that fit `room` cells; none if most are not JSON objects."""
    seen: dict[Path, list[str]] = {}
    times: dict[Path, int] = {}
    values = _values(records)
    for value in values:
        for path, inner in _scalars(value):
            text = _text(inner)
            seen.setdefault(path, []).append(text)
            times[path] = times.get(path, 0) + bool(_TIME.match(text))
    if len(values) * 2 <= len(records[:SAMPLE]):
        return ()
    columns = [_column(path, texts, times[path], len(values)) for path, texts in seen.items()]
    suited = [column for column in columns if column is not None]
    suited.sort(key=lambda column: _rank(column, seen[column.path or ()]))  # stable: else the order of the record
    fitting = _fitting(suited, room)
    widened = _widened(fitting, [_usual(seen[column.path or ()]) for column in fitting], room)
    return tuple(_weighed(column, seen[column.path or ()]) for column in widened)


def shared(records: Sequence[bytes]) -> tuple[tuple[str, str], ...]:
    """Paths and values that all of a sample of records have in common; none if one is not a JSON object."""
    values = _values(records)
    if len(values) < max(len(records[:SAMPLE]), 2):
        return ()
    common = {path: inner for path, inner in _scalars(values[0]) if inner is not None}
    for value in values[1:]:
        here = dict(_scalars(value))
        common = {path: inner for path, inner in common.items() if _same(here.get(path), inner)}
    return tuple((spell_path(path), _text(inner)) for path, inner in common.items())


def _same(one: object, other: object) -> bool:
    """As JSON: `1` is not `true`."""
    return type(one) is type(other) and one == other


def chosen(texts: Sequence[str], records: Sequence[bytes], room: int) -> tuple[Column, ...]:
    """Columns by their expressions, in this order, as wide as a sample's values; the last one takes what is left."""
    values = _values(records)
    columns: list[Column] = []
    for text in texts:
        draft = Column(text, _WIDEST_LAST, path_of(text))
        cells_ = [words for value in values if (words := _raw_cell(value, draft))]
        time = sum(map(bool, map(_TIME.match, cells_))) * 2 > len(cells_)
        days = time and _several_days(cells_)
        usual = (_MOMENT if days else _CLOCK) if time else _usual(cells_)
        number = _numbers(cells_)
        width = max(min(usual, _WIDEST_CHOSEN) + _GROWTH * number, min(len(text), 16))
        columns.append(replace(draft, width=width, time=time, days=days, number=number))
    left = room - sum(column.width + 2 for column in columns)
    if columns and left > 0 and not columns[-1].time and not columns[-1].number:
        columns[-1] = replace(columns[-1], width=columns[-1].width + left)
    return tuple(columns)


def split(texts: str) -> tuple[str, ...]:
    """`ts, player.version, length(tags)` → its expressions; FilterError for one that is malformed.

    A comma inside brackets or quotes divides nothing.
    """
    parts, start, depth = [], 0, 0
    for match in _COMMA.finditer(texts):
        token = match.group()
        depth += (token in ("[", "(", "{")) - (token in ("]", ")", "}"))
        if token == "," and depth <= 0:
            parts.append(texts[start : match.start()])
            start = match.end()
    texts_ = tuple(part.strip() for part in (*parts, texts[start:]) if part.strip())
    for text in texts_:
        parse_expression(text)
    return tuple(dict.fromkeys(texts_))


def toggled(columns: tuple[str, ...], path: Path) -> tuple[str, ...]:
    """The columns without a path that is one of them, else with it as the last."""
    text = spell_path(path)
    return tuple(each for each in columns if each != text) if text in columns else (*columns, text)


def columns_words(columns: tuple[str, ...]) -> str:
    """A sentence about the columns that were chosen."""
    return f"columns: {', '.join(columns)}; C orders them" if columns else "the columns that suit these records"


@lru_cache(maxsize=64)
def _parsed(text: str) -> ParsedResult:
    return parse_expression(text)


@lru_cache(maxsize=64)
def path_of(text: str) -> Path | None:
    """The path that an expression is, if it is no more than names and places: those are looked up fast."""
    return _path(_parsed(text).parsed)


def _path(node: Any) -> Path | None:
    kind = node["type"]
    if kind in ("field", "index"):
        return (node["value"],)
    if kind not in ("subexpression", "index_expression"):
        return None
    steps = [_path(child) for child in node["children"]]
    return None if None in steps else tuple(step for steps_ in steps for step in steps_ or ())


def _column(path: Path, texts: list[str], times: int, objects: int) -> Column | None:
    """The column of a path; None if too few records have it, or if it says the same everywhere."""
    if len(texts) < objects * _COVERAGE or (len(set(texts)) < 2 and objects > 1):
        return None
    if times * 2 > len(texts):
        days = _several_days(texts)
        return Column(spell_path(path), _MOMENT if days else _CLOCK, path, time=True, days=days)
    usual = _usual(texts)
    if usual >= 13 and all(text.isdigit() for text in texts):
        return None  # an epoch: the time is there already, or the tree tells it
    width = max(min(usual, _WIDEST), min(len(str(path[-1])), 12))
    return Column(spell_path(path), width, path, number=_numbers(texts))


def _rank(column: Column, texts: list[str]) -> tuple[int, int]:
    """How much a column tells, the least the most: few different values (the fewest first), then texts and numbers,
    then counters, then ids, which are never the same twice or look as if they were."""
    different = len(set(texts))
    if len(texts) < _TELLING:
        return 0, 0
    if column.time:
        return 2, 0
    if different <= min(max(_FEW, len(texts) // 8), max(2, len(texts) // 3)):
        return 0, different
    if column.number:
        numbers = [float(text) for text in texts if text != "–"]
        return (2 if numbers == sorted(numbers) else 1), 0
    return (3 if sum(map(bool, map(_ID.fullmatch, texts))) * 2 > len(texts) else 1), 0


def _several_days(texts: list[str]) -> bool:
    """Then the clock alone would not say when."""
    return len({match[1] for text in texts if (match := _TIME.match(text))}) > 1


def _numbers(texts: list[str]) -> bool:
    return bool(texts) and all(map(_NUMBER.fullmatch, texts))


def _usual(texts: list[str]) -> int:
    """The width that nine of ten texts need."""
    widths = sorted(map(len, texts))
    return widths[int((len(widths) - 1) * 0.9)] if widths else 0


def _fitting(columns: list[Column], room: int) -> tuple[Column, ...]:
    times = [column for column in columns if column.time][:1]
    fitting: list[Column] = []
    for column in [*times, *(column for column in columns if not column.time)]:
        if column.width + 2 <= room:
            fitting.append(column)
            room -= column.width + 2
    return tuple(fitting)


def _widened(columns: tuple[Column, ...], usual: list[int], room: int) -> tuple[Column, ...]:
    """What room is left goes to numbers, which may grow and say nothing if they are cut; then to texts that were."""
    left = room - sum(column.width + 2 for column in columns)
    widened = list(columns)
    for at, column in sorted(enumerate(columns), key=lambda item: (not item[1].number, -item[0])):
        more = min(usual[at] - column.width + _GROWTH * column.number, left)
        if more > 0 and not column.time:
            widened[at] = replace(column, width=column.width + more)
            left -= more
    return tuple(widened)


def _weighed(column: Column, texts: list[str]) -> Column:
    """With what is common and what is rare among a sample's values."""
    counts = Counter(texts)
    value, number = counts.most_common(1)[0]
    few = len(texts) >= _MANY and len(counts) <= max(_FEW, len(texts) // 8) and not column.time
    usual = frozenset(text for text, seen in counts.items() if seen >= _RARE * len(texts)) if few else None
    return replace(column, common=value if number * 2 > len(texts) else None, usual=usual)


def tones(record: bytes, columns: Sequence[Column]) -> list[Tone]:
    """Which of a record's cells say the common thing, and which a rare one."""
    value = _object(record) or {}
    return [_tone(_raw_cell(value, column), column) for column in columns]


def _tone(text: str, column: Column) -> Tone:
    if text == column.common:
        return "common"
    return "rare" if text and column.usual is not None and text not in column.usual else "plain"


def cells(record: bytes, columns: Sequence[Column]) -> list[str] | None:
    """The record's texts, one a column; None if it is better shown as it is."""
    value = _object(record) if len(record) <= LARGEST else None
    return None if value is None else [_cell(value, column) for column in columns]


def _cell(value: dict[str, object], column: Column) -> str:
    text = _raw_cell(value, column)
    match = _TIME.match(text) if column.time else None
    if match is None:
        return column.aligned(printable(text, column.width))
    return f"{match[1]} {match[3]}" if column.days else match[2]


def _raw_cell(value: dict[str, object], column: Column) -> str:
    """Nothing where the record has no such value; null where it has null there."""
    if column.path is None:
        try:
            result = _parsed(column.text).search(value)
        except (exceptions.JMESPathError, TypeError, ValueError, ArithmeticError):
            return ""  # an expression that does not go with this record
        return "" if result is None else _text(result)
    inner: Any = value
    for step in column.path:
        if type(inner) not in (dict, list):
            return ""
        try:
            inner = inner[step]
        except (LookupError, TypeError):
            return ""
    return _text(inner)


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    return "–" if value is None else json.dumps(value, ensure_ascii=False)


def _values(records: Sequence[bytes]) -> list[dict[str, object]]:
    """Those of a sample that are objects and not too large."""
    objects = (_object(record) for record in records[:SAMPLE] if len(record) <= LARGEST)
    return [value for value in objects if value is not None]


def _object(record: bytes) -> dict[str, object] | None:
    try:
        value = load(record)
    except NotJsonError:
        return None
    return value if isinstance(value, dict) else None


def _scalars(value: dict[str, object]) -> Iterator[tuple[Path, object]]:
    """Scalars of the object, and of the objects in it, in the order of the record."""
    for name, inner in value.items():
        if isinstance(inner, dict):
            yield from (((name, key), deep) for key, deep in inner.items() if not isinstance(deep, dict | list))
        elif not isinstance(inner, list):
            yield (name,), inner
