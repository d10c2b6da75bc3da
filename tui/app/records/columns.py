"""A column of a table of records: what it shows of each, and how that is to be read."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from jmespath import exceptions
from jmespath.parser import ParsedResult

from tui.filter.build import spell_path
from tui.filter.compiled import NotJsonError
from tui.filter.jmespath import load, parse_expression
from tui.filter.paths import JsonPath, path_of
from tui.printable import printable

ValueTone = Literal["plain", "common", "rare", "warning", "error", "fatal"]
TonedText = tuple[str, ValueTone]
LARGEST = 64_000  # bytes of a record that is still parsed while it is drawn
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
    """A JMESPath expression, and how wide its values are. `path` is set where it is no more than a path."""

    text: str
    width: int
    path: JsonPath | None = None
    time: bool = False
    days: bool = False  # the times are of several
    number: bool = False
    common: str | None = None  # the value that more than half of a sample have
    usual: frozenset[str] | None = None  # the values that are not rare, where there are few
    fences: tuple[float, float] | None = None  # of numbers: beyond them is what is far out
    level: bool = False  # does it say how bad it is (LEVELS)?

    @property
    def title(self) -> str:
        """The expression, or the last name of a path where that alone fits."""
        whole = len(self.text) <= self.width or not self.path
        return self.aligned(self.text if whole or not self.path else spell_path(self.path[-1:]))

    def aligned(self, text: str) -> str:
        """Numbers stand on the right."""
        return text.rjust(self.width) if self.number else text

    def shown(self, text: str) -> str:
        """A value as it is shown: of a time as much as tells, of a text what is harmless."""
        match = TIME.match(text) if self.time else None
        if match is None:
            return self.aligned(printable(text, self.width))
        return f"{match[1]} {match[3]}" if self.days else match[2]

    def tone(self, text: str) -> ValueTone:
        """Does a value say the common thing, or a rare one, or how bad it is?"""
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
    """The path that an expression is, if it is no more than names and places: those are looked up fast."""
    return path_of(_parsed(text).parsed)


def cells(record: bytes, columns: Sequence[Column]) -> list[TonedText] | None:
    """The record's cells, one a column; None if it is better shown as it is."""
    value = object_of(record)
    if value is None:
        return None
    texts = [text_at(value, column) for column in columns]
    return [(column.shown(text), column.tone(text)) for text, column in zip(texts, columns, strict=True)]


def text_at(value: dict[str, object], column: Column) -> str:
    """Nothing where the record has no such value; null where it has null there."""
    if column.path is None:
        try:
            result = _parsed(column.text).search(value)
        except (exceptions.JMESPathError, TypeError, ValueError, ArithmeticError):
            return ""  # an expression that does not go with this record
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
    """A text as it is, null as a dash, all else as JSON."""
    if isinstance(value, str):
        return value
    return "–" if value is None else json.dumps(value, ensure_ascii=False)


def object_of(record: bytes) -> dict[str, object] | None:
    """A record that is an object, and not too large."""
    if len(record) > LARGEST:
        return None
    try:
        value = load(record)
    except NotJsonError:
        return None
    return value if isinstance(value, dict) else None
