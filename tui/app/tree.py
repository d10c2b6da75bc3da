"""A record as the lines of a tree: parsed once, folded by path, without a screen."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from tui.filter.compiled import NotJsonError
from tui.filter.jmespath import load

Kind = Literal["object", "array", "string", "number", "constant"]
Path = tuple[str | int, ...]

_DEEP = 8
_MANY = 50
MOST_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class Row:
    """One line: a key or index, and its value. `open` is None for what has nothing inside."""

    path: Path
    label: str
    value: object
    kind: Kind
    open: bool | None

    @property
    def depth(self) -> int:
        return len(self.path)


@dataclass(frozen=True, slots=True)
class NotJson:
    """Why a record has no tree."""

    reason: str


def parse(record: bytes) -> object:
    """The value of a record, or NotJson."""
    try:
        return load(record)
    except NotJsonError as error:
        cause = error.__cause__
        column = f" (column {cause.colno})" if isinstance(cause, json.JSONDecodeError) else ""
        return NotJson(str(error).partition(":")[0] + column)


def kind_of(value: object) -> Kind:
    if isinstance(value, dict):
        return "object"
    if isinstance(value, list):
        return "array"
    if isinstance(value, str):
        return "string"
    return "constant" if value is None or isinstance(value, bool) else "number"


def rows(value: object, folds: Mapping[Path, bool]) -> tuple[Row, ...]:
    """The visible lines of a value; `folds` says which paths were opened (True) or closed (False) by hand."""
    found: list[Row] = []
    for row in _walk((), "", value, folds):
        found.append(row)
        if len(found) >= MOST_ROWS:
            break
    return tuple(found)


def _walk(path: Path, label: str, value: object, folds: Mapping[Path, bool]) -> Iterator[Row]:
    children = _children(value)
    if children is None or (not path and not children):
        yield Row(path, label, value, kind_of(value), None)
        return
    opened = bool(children) and folds.get(path, not path or (len(path) < _DEEP and len(children) <= _MANY))
    if path:
        yield Row(path, label, value, kind_of(value), opened if children else None)
    if opened:
        for step, inner in children:
            yield from _walk((*path, step), step if isinstance(step, str) else str(step), inner, folds)


def _children(value: object) -> list[tuple[str | int, object]] | None:
    if isinstance(value, dict):
        return list(value.items())
    if isinstance(value, list):
        return list(enumerate(value))
    return None


def brief(value: object) -> str:
    """A container on one line: `{3 keys}`, `[2]`; a scalar as JSON."""
    if isinstance(value, dict):
        return f"{{{len(value)} {'key' if len(value) == 1 else 'keys'}}}" if value else "{}"
    if isinstance(value, list):
        return f"[{len(value)}]"
    return json.dumps(value, ensure_ascii=False)
