"""A record as the lines of a tree: parsed once, folded by path, without a screen.

A large record is parsed a level at a time: below its first level stands `Raw`, the bytes as they are, until somebody
looks. To parse 60 MB at once takes seconds in which the interpreter does nothing else; to step over them, a twentieth.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice
from typing import Any, Literal

import msgspec
from msgspec import Raw

from tui.filter.build import spell_path
from tui.filter.compiled import NotJsonError
from tui.filter.jmespath import load
from tui.filter.paths import JsonPath
from tui.printable import printable
from tui.units import count, size

ValueKind = Literal["object", "array", "string", "number", "constant"]

_DEEP = 8
_MANY = 50
_MOST_WRAPPED = 4_000  # characters of a string that are wrapped
MOST_ROWS = 20_000
LARGE = 64_000  # bytes that are parsed whole, between two keys
_LARGEST_INSIDE = 1 << 20  # characters of a string that is looked at as JSON
_LEVELS: dict[bytes, Any] = {b"{": dict[str, Raw], b"[": list[Raw]}
_CLOSERS = {b"{": b"}", b"[": b"]"}
_BEGINS = (1 << 20, 1 << 22, 1 << 24)  # bytes in which there may be more members than are shown
_CUTS = 100  # commas that are tried in the first of them; fewer in longer ones, which take longer


class Inside(str):
    """The step of a path from a string into the JSON that it holds."""


INSIDE = Inside("→")


@dataclass(frozen=True, slots=True)
class OutlineRow:
    """One line: a key or index, and its value. `open` is None for what has nothing inside.

    `held` is the value, or the Raw of it; `part` is set where a long string is wrapped over several lines.
    """

    path: JsonPath
    label: str
    held: object
    kind: ValueKind
    open: bool | None
    part: str = ""

    @property
    def value(self) -> Any:
        """The value, whole, however large it is."""
        return load(bytes(self.held)) if isinstance(self.held, Raw) else self.held

    @property
    def large(self) -> bool:
        """Does it take a while to parse?"""
        return _is_large(self.held)

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
    """The value of a record, or NotJson; of a large one its first level."""
    try:
        return load(record) if len(record) <= LARGE else _level(record)
    except NotJsonError as error:
        cause = error.__cause__
        column = f" (column {cause.colno})" if isinstance(cause, json.JSONDecodeError) else ""
        return NotJson(str(error).partition(":")[0] + column)


class ListBegin(list[Raw]):
    """The first items of a list that has more than are shown."""


class ObjectBegin(dict[str, Raw]):
    """The first members of an object that has more than are shown."""


def _level(raw: bytes | Raw) -> object:
    """A value whose members are Raw; NotJsonError if msgspec, which is strict, refuses it.

    Of millions of members only those at the begin are looked at: a list of 64 MB can hold 32 million.
    """
    for limit in _BEGINS:
        begin = _begin(raw, limit)
        if isinstance(begin, list) and len(begin) >= MOST_ROWS:
            return ListBegin(begin[:MOST_ROWS])
        if isinstance(begin, dict) and len(begin) >= MOST_ROWS:
            return ObjectBegin(islice(begin.items(), MOST_ROWS))
    try:
        return msgspec.json.decode(raw, type=_LEVELS.get(_first(raw), Any))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NotJsonError(str(error)) from error


def _begin(raw: bytes | Raw, limit: int) -> object:
    """The members that are in the first `limit` bytes; None if none ends there, or if that is all of it."""
    kind, view = _first(raw), memoryview(raw)
    if kind not in _LEVELS or len(view) <= limit:
        return None
    piece, end = bytes(view[:limit]), limit
    for _ in range(_CUTS * _BEGINS[0] // limit):  # at the last comma that is not inside of a member
        end = piece.rfind(b",", 0, end)
        if end < 0:
            return None
        try:
            return msgspec.json.decode(piece[:end] + _CLOSERS[kind], type=_LEVELS[kind])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
    return None


def _first(raw: bytes | Raw) -> bytes:
    first = bytes(memoryview(raw)[:1])
    return bytes(memoryview(raw)[:64]).lstrip()[:1] if first.isspace() else first


def _is_large(value: object) -> bool:
    return isinstance(value, Raw) and len(memoryview(value)) > LARGE


def unpack(value: Any, path: JsonPath) -> None:
    """Put the next level in the place of the large Raw at `path`; what is below it is Raw again."""
    for step in path[:-1]:
        value = value[step]
    value[path[-1]] = _level(value[path[-1]])


def kind_of(value: object) -> ValueKind:
    if isinstance(value, Raw):
        kinds: dict[bytes, ValueKind] = {b"{": "object", b"[": "array", b'"': "string"}
        return kinds.get(first := _first(value), "constant" if first in (b"t", b"f", b"n") else "number")
    if isinstance(value, dict):
        return "object"
    if isinstance(value, list):
        return "array"
    if isinstance(value, str):
        return "string"
    return "constant" if value is None or isinstance(value, bool) else "number"


def rows(value: object, folds: Mapping[JsonPath, bool]) -> tuple[OutlineRow, ...]:
    """The visible lines of a value; `folds` says which paths were opened (True) or closed (False) by hand."""
    return tuple(islice(_walk((), "", value, folds, crowded=False), MOST_ROWS))


def _walk(
    path: JsonPath, label: str, held: object, folds: Mapping[JsonPath, bool], *, crowded: bool
) -> Iterator[OutlineRow]:
    """`crowded`: among so many that each is closed unless somebody opens it."""
    kind = kind_of(held)
    shut = _is_large(held) or (crowded and not folds.get(path) and kind != "string")
    children = None if shut and kind != "string" else _children(held)
    if shut and kind in ("object", "array"):
        yield OutlineRow(path, label, held, kind, False)
        return
    if children is None or (not path and not children):
        yield OutlineRow(path, label, held, kind, None)
        return
    inside = kind == "string"
    usual = not inside and (not path or (len(path) < _DEEP and len(children) <= _MANY))
    opened = bool(children) and folds.get(path, usual)
    if path:
        yield OutlineRow(path, label, held, kind, opened if children else None)
    if opened:
        for step, inner in children:
            below = (*path, INSIDE, step) if inside else (*path, step)
            yield from _walk(below, str(step), inner, folds, crowded=len(children) > _MANY)


def _children(held: object) -> list[tuple[str | int, object]] | None:
    if isinstance(held, Raw):
        if kind_of(held) == "string" and bytes(memoryview(held)[1:2]) not in (b"{", b"["):
            return None
        held = None if _is_large(held) else load(bytes(held))
    if isinstance(held, dict):
        return list(islice(held.items(), MOST_ROWS))
    if isinstance(held, list):
        return list(islice(enumerate(held), MOST_ROWS))
    if isinstance(held, str) and held[:1] in ("{", "[") and len(held) <= _LARGEST_INSIDE:
        return _children(_embedded(held))
    return None


@lru_cache(maxsize=64)
def _embedded(text: str) -> object:
    """The object or list that a string holds; None if it is only a string."""
    value = parse(text.encode("utf-8", "surrogatepass"))
    return value if isinstance(value, dict | list) else None


def outside(path: JsonPath) -> JsonPath:
    """The path as far as JMESPath can follow it."""
    return path[: path.index(INSIDE)] if any(step is INSIDE for step in path) else path


def spelled(path: JsonPath) -> str:
    """JMESPath, and an arrow where it goes into a string's JSON."""
    parts: list[list[str | int]] = [[]]
    for step in path:
        parts.append([]) if step is INSIDE else parts[-1].append(step)
    return f" {INSIDE} ".join(map(spell_path, parts))


def parent(path: JsonPath) -> JsonPath:
    return path[:-2] if path[-2:-1] == (INSIDE,) and path[-2] is INSIDE else path[:-1]


def wrapped(unwrapped: tuple[OutlineRow, ...], width: int) -> tuple[OutlineRow, ...]:
    """The rows with long strings on as many lines as they take (but no more than a page or two of each)."""
    lines: list[OutlineRow] = []
    for row in unwrapped:
        room = max(width - 2 * row.depth - len(row.label) - 7, 12)
        whole = beginning(row, _MOST_WRAPPED)[0] if row.kind == "string" and not row.open else ""
        text = printable(whole, _MOST_WRAPPED)
        if len(text) <= room:
            lines.append(row)
            continue
        pieces = [text[at : at + room] for at in range(0, len(text), room)]
        lines += [replace(row, part=piece, label="" if at else row.label) for at, piece in enumerate(pieces)]
    return tuple(lines)


def beginning(row: OutlineRow, limit: int) -> tuple[str, str]:
    """The first characters of a string, at most so many, and how long it is, in words."""
    if not row.large:
        return row.value[:limit], f"{count(len(row.value))} characters"
    view = memoryview(row.held)  # type: ignore[arg-type]  # large is what is Raw
    piece = bytes(view[1 : 1 + 6 * limit])
    while True:  # an escape or a character may be cut in two
        try:
            return str(load(b'"' + piece + b'"'))[:limit], f"{size(len(view))} of text"
        except NotJsonError:
            piece = piece[:-1]


def brief(held: object) -> str:
    """A container on one line: `{3 keys}`, `[2]`; a scalar as JSON."""
    if isinstance(held, Raw):
        if _is_large(held):
            return f"{'{…}' if kind_of(held) == 'object' else '[…]'} {size(len(memoryview(held)))}"
        held = load(bytes(held))
    if isinstance(held, dict):
        more = "+" if isinstance(held, ObjectBegin) else ""
        return f"{{{count(len(held))}{more} {'key' if len(held) == 1 else 'keys'}}}" if held else "{}"
    if isinstance(held, list):
        return f"[{count(len(held))}{'+' if isinstance(held, ListBegin) else ''}]"
    return json.dumps(held, ensure_ascii=False)
