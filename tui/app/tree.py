"""A record as the lines of a tree: parsed once, folded by path, without a screen."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from tui.filter.compiled import NotJsonError
from tui.filter.jmespath import load
from tui.printable import printable

Kind = Literal["object", "array", "string", "number", "constant"]
Path = tuple[str | int, ...]

_DEEP = 8
_MANY = 50
_MOST_WRAPPED = 4_000  # characters of a string that are wrapped
MOST_ROWS = 20_000
_LARGEST_INSIDE = 1 << 20  # characters of a string that is looked at as JSON


class Inside(str):
    """The step of a path from a string into the JSON that it holds."""


INSIDE = Inside("→")


@dataclass(frozen=True, slots=True)
class Row:
    """One line: a key or index, and its value. `open` is None for what has nothing inside.

    `part` is set where a long string is wrapped over several lines.
    """

    path: Path
    label: str
    value: object
    kind: Kind
    open: bool | None
    part: str = ""

    @property
    def depth(self) -> int:
        return sum(step is not INSIDE for step in self.path)

    @property
    def embedded(self) -> bool:
        """Is it in the JSON that a string holds?"""
        return any(step is INSIDE for step in self.path)


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
    inside = isinstance(value, str)
    usual = not inside and (not path or (len(path) < _DEEP and len(children) <= _MANY))
    opened = bool(children) and folds.get(path, usual)
    if path:
        yield Row(path, label, value, kind_of(value), opened if children else None)
    if opened:
        for step, inner in children:
            below = (*path, INSIDE, step) if inside else (*path, step)
            yield from _walk(below, step if isinstance(step, str) else str(step), inner, folds)


def _children(value: object) -> list[tuple[str | int, object]] | None:
    if isinstance(value, dict):
        return list(value.items())
    if isinstance(value, list):
        return list(enumerate(value))
    if isinstance(value, str) and value[:1] in ("{", "[") and len(value) <= _LARGEST_INSIDE:
        return _children(_embedded(value))
    return None


@lru_cache(maxsize=64)
def _embedded(text: str) -> object:
    """The object or list that a string holds; None if it is only a string."""
    value = parse(text.encode("utf-8", "surrogatepass"))
    return value if isinstance(value, dict | list) else None


def outside(path: Path) -> Path:
    """The path as far as JMESPath can follow it."""
    return path[: path.index(INSIDE)] if any(step is INSIDE for step in path) else path


def parent(path: Path) -> Path:
    return path[:-2] if path[-2:-1] == (INSIDE,) and path[-2] is INSIDE else path[:-1]


def wrapped(found: tuple[Row, ...], width: int) -> tuple[Row, ...]:
    """The rows with long strings on as many lines as they take (but no more than a page or two of each)."""
    lines: list[Row] = []
    for row in found:
        room = max(width - 2 * row.depth - len(row.label) - 7, 12)
        text = printable(row.value, _MOST_WRAPPED) if isinstance(row.value, str) and not row.open else ""
        if len(text) <= room:
            lines.append(row)
            continue
        pieces = [text[at : at + room] for at in range(0, len(text), room)]
        lines += [replace(row, part=piece, label="" if at else row.label) for at, piece in enumerate(pieces)]
    return tuple(lines)


def brief(value: object) -> str:
    """A container on one line: `{3 keys}`, `[2]`; a scalar as JSON."""
    if isinstance(value, dict):
        return f"{{{len(value)} {'key' if len(value) == 1 else 'keys'}}}" if value else "{}"
    if isinstance(value, list):
        return f"[{len(value)}]"
    return json.dumps(value, ensure_ascii=False)
