"""Records as rows of a few aligned columns, chosen from the records themselves: the time first, then what differs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tui.app.tree import Path
from tui.filter.build import spell_path
from tui.filter.compiled import NotJsonError
from tui.filter.jmespath import load
from tui.printable import printable

SAMPLE = 200
_COVERAGE = 0.5
_WIDEST = 24
_LARGEST = 64_000  # bytes of a record that is still parsed while it is drawn
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ](\d\d:\d\d:\d\d(?:\.\d{1,3})?)")


@dataclass(frozen=True, slots=True)
class Column:
    """A path, and how wide its values are."""

    path: Path
    width: int
    time: bool = False

    @property
    def title(self) -> str:
        """The path, or its last name where that alone fits."""
        whole = spell_path(self.path)
        return whole if len(whole) <= self.width else spell_path(self.path[-1:])


def choose(records: Sequence[bytes], room: int) -> tuple[Column, ...]:
    """The columns for a sample of records that fit `room` cells; none if most are not JSON objects."""
    seen: dict[Path, list[str]] = {}
    times: dict[Path, int] = {}
    objects = 0
    for record in records[:SAMPLE]:
        value = _object(record) if len(record) <= _LARGEST else None
        if value is None:
            continue
        objects += 1
        for path, inner in _scalars(value):
            text = _text(inner)
            seen.setdefault(path, []).append(text)
            times[path] = times.get(path, 0) + bool(_TIME.match(text))
    if objects * 2 <= len(records[:SAMPLE]):
        return ()
    columns = [_column(path, texts, times[path], objects) for path, texts in seen.items()]
    return _fitting([column for column in columns if column is not None], room)


def _column(path: Path, texts: list[str], times: int, objects: int) -> Column | None:
    """The column of a path; None if too few records have it, or if it says the same everywhere."""
    if len(texts) < objects * _COVERAGE or (len(set(texts)) < 2 and objects > 1):
        return None
    if times * 2 > len(texts):
        return Column(path, 12, time=True)
    widths = sorted(map(len, texts))
    usual = widths[int((len(widths) - 1) * 0.9)]
    if usual >= 13 and all(text.isdigit() for text in texts):
        return None  # an epoch: the time is there already, or the tree tells it
    return Column(path, max(min(usual, _WIDEST), min(len(str(path[-1])), 12)))


def _fitting(columns: list[Column], room: int) -> tuple[Column, ...]:
    times = [column for column in columns if column.time][:1]
    chosen: list[Column] = []
    for column in [*times, *(column for column in columns if not column.time)]:
        if column.width + 2 <= room:
            chosen.append(column)
            room -= column.width + 2
    return tuple(chosen)


def cells(record: bytes, columns: Sequence[Column]) -> list[str] | None:
    """The record's texts, one a column; None if it is better shown as it is."""
    value = _object(record) if len(record) <= _LARGEST else None
    return None if value is None else [_cell(value, column) for column in columns]


def _cell(value: object, column: Column) -> str:
    for step in column.path:
        if not isinstance(value, dict) or step not in value:
            return ""
        value = value[step]
    text = _text(value)
    match = _TIME.match(text) if column.time else None
    return match[1] if match else printable(text, column.width)


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    return "–" if value is None else json.dumps(value, ensure_ascii=False)


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
