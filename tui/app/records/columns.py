"""A column of a table of records: its values, and how they are shown."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import msgspec
from jmespath.parser import ParsedResult
from msgspec import Raw
from rich.cells import cell_len

from tui.app.records.outline import brief
from tui.filter.compiled import NotJsonError
from tui.filter.jmespath import load, parse_expression
from tui.filter.paths import JsonPath, path_of
from tui.filter.shapes import FAILURES
from tui.printable import printable

ValueTone = Literal["plain", "common", "rare", "warning", "error", "fatal"]
TonedText = tuple[str, ValueTone]
LARGEST = 64_000  # bytes; of larger records, only short values are parsed while drawing
LARGEST_SHOWN = 1 << 20  # bytes; larger records are shown raw
_SHORT = 4_000  # bytes
_MANY = 500  # members of a large object
TIME = re.compile(r"\d{4}-(\d\d-\d\d)[T ]((\d\d:\d\d:\d\d)(?:\.\d{1,3})?)")
NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?|–")
LEVELS: Mapping[str, ValueTone] = {
    **dict.fromkeys(("trace", "debug", "fine"), "common"),
    **dict.fromkeys(("info", "information", "notice"), "plain"),
    **dict.fromkeys(("warn", "warning"), "warning"),
    **dict.fromkeys(("err", "error", "severe"), "error"),
    **dict.fromkeys(("fatal", "critical", "crit", "alert", "emerg", "emergency", "panic"), "fatal"),
}


@dataclass(frozen=True, slots=True)
class Column:
    """A JMESPath expression, and the width of its values. `path` is set if the expression is only a path."""

    text: str
    width: int
    path: JsonPath | None = None
    time: bool = False
    days: bool = False  # the times are on several days
    number: bool = False
    common: str | None = None  # the value of more than half of a sample
    usual: frozenset[str] | None = None  # the values that are not rare, if there are few distinct ones
    fences: tuple[float, float] | None = None  # numbers outside of them are outliers
    level: bool = False  # its values are severities (LEVELS)

    @property
    def title(self) -> str:
        """The expression; of a path, its names as the tree shows them, or the last one if only that fits."""
        names = [printable(str(step)) for step in self.path or (self.text,)]
        whole = ".".join(names) if all(isinstance(step, str) for step in self.path or ()) else self.text
        return self.aligned(whole if cell_len(whole) <= self.width else names[-1])

    def aligned(self, text: str) -> str:
        """Return the text, right-aligned for numbers."""
        return " " * (self.width - cell_len(text)) + text if self.number else text

    def shown(self, text: str) -> str:
        """Return a value as shown: the informative part of a time, or an escaped text."""
        match = TIME.match(text) if self.time else None
        if match is None:
            return self.aligned(printable(text, self.width))
        return f"{match[1]} {match[3]}" if self.days else match[2]

    def tone(self, text: str) -> ValueTone:
        """Return the tone of a value: common, rare, or a severity."""
        if self.level:
            return LEVELS.get(text.lower(), "plain")
        if text == self.common:
            return "common"
        if self.fences is not None and NUMBER.fullmatch(text) and text != "–":
            return "plain" if self.fences[0] <= float(text) <= self.fences[1] else "rare"
        return "rare" if text and self.usual is not None and text not in self.usual else "plain"


@lru_cache(maxsize=64)
def _parsed(text: str) -> ParsedResult:
    return parse_expression(text)


@lru_cache(maxsize=64)
def path_in(text: str) -> JsonPath | None:
    """Return the path of an expression of names and indexes only, which has a fast lookup; None for any other."""
    return path_of(_parsed(text).parsed)


def cells(record: bytes, columns: Sequence[Column]) -> list[TonedText] | None:
    """Return the record's cells, one per column; None if it must be shown raw."""
    value = object_of(record)
    if value is None:
        return None
    texts = [text_at(value, column) for column in columns]
    return [(column.shown(text), column.tone(text)) for text, column in zip(texts, columns, strict=True)]


def text_at(value: dict[str, object], column: Column) -> str:
    """Return the text of a column's value; empty if the record has none."""
    if column.path is None:
        try:
            result = _parsed(column.text).search(value)
        except FAILURES:
            return ""  # the expression does not apply to this record
        return "" if result is None else text_of(result)
    inner: Any = value
    for step in column.path:
        if type(inner) not in (dict, list):
            return ""
        try:
            inner = inner[step]
        except (LookupError, TypeError):
            return ""
    return text_of(inner)


def text_of(value: object) -> str:
    """Return a text as it is, null as a dash, anything else as JSON."""
    if isinstance(value, str):
        return value
    return "–" if value is None else json.dumps(value, ensure_ascii=False)


def object_of(record: bytes) -> dict[str, object] | None:
    """Return a record as an object; None if it is not one or is too large. In a large one, what is long is a text."""
    if len(record) > LARGEST_SHOWN:
        return None
    try:
        value = load(record) if len(record) <= LARGEST else _short_values(record)
    except (NotJsonError, msgspec.DecodeError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _short_values(record: bytes | Raw) -> dict[str, object] | None:
    """Parse a large object without what is long in it; None if it has too many members. DecodeError if it is none."""
    members = msgspec.json.decode(record, type=dict[str, Raw])
    return {name: _value(raw) for name, raw in members.items()} if len(members) <= _MANY else None


def _value(raw: Raw) -> object:
    view = memoryview(raw)
    first = bytes(view[:1])
    if len(view) <= _SHORT or first not in (b"{", b"["):
        return load(bytes(view))
    inner = _short_values(raw) if first == b"{" else None
    return brief(raw) if inner is None else inner
