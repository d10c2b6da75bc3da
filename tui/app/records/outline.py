"""A record as the lines of a tree: parsed once, folded by path. Without Textual.

A large record is parsed one level at a time: values below the first level are `Raw` bytes until they are opened.
Parsing 60 MB at once would block the interpreter for seconds; skipping over them takes a twentieth of that.
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
_MAX_WRAPPED = 4_000  # characters of a string that are wrapped
MAX_ROWS = 20_000
LARGE = 64_000  # bytes; larger values are parsed one level at a time
_LARGEST_INSIDE = 1 << 20  # characters; longer strings are not parsed as JSON
_LEVELS: dict[bytes, Any] = {b"{": dict[str, Raw], b"[": list[Raw]}
_CLOSERS = {b"{": b"}", b"[": b"]"}
_PREFIXES = (1 << 20, 1 << 22, 1 << 24)  # bytes that may contain more members than are shown
_CUTS = 100  # commas tried in the first prefix; fewer in longer ones, which take longer


class Inside(str):
    """The step of a path from a string into the JSON inside it."""


INSIDE = Inside("→")


@dataclass(frozen=True, slots=True)
class OutlineRow:
    """One line: a key or index, and its value. `open` is None if there is nothing inside.

    `content`: the value, or its Raw bytes. `part` is set if a long string is wrapped over several lines.
    """

    path: JsonPath
    label: str
    content: object
    kind: ValueKind
    open: bool | None
    part: str = ""

    @property
    def value(self) -> Any:
        """The value, fully parsed however large it is."""
        return load(bytes(self.content)) if isinstance(self.content, Raw) else self.content

    @property
    def large(self) -> bool:
        """Whether it takes a while to parse."""
        return _is_large(self.content)

    @property
    def raw(self) -> memoryview:
        """The bytes of a large value."""
        assert isinstance(self.content, Raw)
        return memoryview(self.content)

    @property
    def depth(self) -> int:
        return sum(step is not INSIDE for step in self.path)

    @property
    def embedded(self) -> bool:
        """Whether it is in JSON inside a string."""
        return any(step is INSIDE for step in self.path)


@dataclass(frozen=True, slots=True)
class NotJson:
    """Why a record has no tree."""

    reason: str


def parse(record: bytes) -> object:
    """Return the value of a record, or NotJson; of a large record, only its first level is parsed."""
    try:
        return load(record) if len(record) <= LARGE else _level(record)
    except NotJsonError as error:
        cause = error.__cause__
        column = f" (column {cause.colno})" if isinstance(cause, json.JSONDecodeError) else ""
        return NotJson(str(error).partition(":")[0] + column)


class FirstItems(list[Raw]):
    """The first items of a list that is too long to show."""


class FirstMembers(dict[str, Raw]):
    """The first members of an object that is too large to show."""


def _level(raw: bytes | Raw) -> object:
    """Return a value whose members are Raw. Raises NotJsonError if msgspec, which is strict, rejects it.

    Of millions of members, only the first are parsed: a list of 64 MB can have 32 million.
    """
    for limit in _PREFIXES:
        first = _prefix(raw, limit)
        if isinstance(first, list) and len(first) >= MAX_ROWS:
            return FirstItems(first[:MAX_ROWS])
        if isinstance(first, dict) and len(first) >= MAX_ROWS:
            return FirstMembers(islice(first.items(), MAX_ROWS))
    try:
        return msgspec.json.decode(raw, type=_LEVELS.get(_first(raw), Any))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NotJsonError(str(error)) from error


def _prefix(raw: bytes | Raw, limit: int) -> object:
    """Return the members within the first `limit` bytes; None if none ends there, or if the value is shorter."""
    kind, view = _first(raw), memoryview(raw)
    if kind not in _LEVELS or len(view) <= limit:
        return None
    piece, end = bytes(view[:limit]), limit
    for _ in range(_CUTS * _PREFIXES[0] // limit):  # find the last comma that is not inside a member
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
    """Replace the large Raw at `path` by its next level, whose members are Raw again."""
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
    """Return the visible lines of a value. `folds`: the paths opened (True) or closed (False) by the user."""
    return tuple(islice(_walk((), "", value, folds, crowded=False), MAX_ROWS))


def _walk(
    path: JsonPath, label: str, content: object, folds: Mapping[JsonPath, bool], *, crowded: bool
) -> Iterator[OutlineRow]:
    """Yield the lines of a value. `crowded`: it has so many siblings that it is closed unless the user opens it."""
    kind = kind_of(content)
    shut = _is_large(content) or (crowded and not folds.get(path) and kind != "string")
    children = None if shut and kind != "string" else _children(content)
    if shut and kind in ("object", "array"):
        yield OutlineRow(path, label, content, kind, False)
        return
    if children is None or (not path and not children):
        yield OutlineRow(path, label, content, kind, None)
        return
    inside = kind == "string"
    usual = not inside and (not path or (len(path) < _DEEP and len(children) <= _MANY))
    opened = bool(children) and folds.get(path, usual)
    if path:
        yield OutlineRow(path, label, content, kind, opened if children else None)
    if opened:
        for step, inner in children:
            below = (*path, INSIDE, step) if inside else (*path, step)
            yield from _walk(below, str(step), inner, folds, crowded=len(children) > _MANY)


def _children(content: object) -> list[tuple[str | int, object]] | None:
    if isinstance(content, Raw):
        if kind_of(content) == "string" and bytes(memoryview(content)[1:2]) not in (b"{", b"["):
            return None
        content = None if _is_large(content) else load(bytes(content))
    if isinstance(content, dict):
        return list(islice(content.items(), MAX_ROWS))
    if isinstance(content, list):
        return list(islice(enumerate(content), MAX_ROWS))
    if isinstance(content, str) and content[:1] in ("{", "[") and len(content) <= _LARGEST_INSIDE:
        return _children(_embedded(content))
    return None


@lru_cache(maxsize=64)
def _embedded(text: str) -> object:
    """Return the object or list inside a string; None if it is only a string."""
    value = parse(text.encode("utf-8", "surrogatepass"))
    return value if isinstance(value, dict | list) else None


def outside(path: JsonPath) -> JsonPath:
    """Return the path as far as JMESPath can follow it."""
    return path[: path.index(INSIDE)] if any(step is INSIDE for step in path) else path


def spelled(path: JsonPath) -> str:
    """Return the path as JMESPath, with an arrow where it enters JSON in a string."""
    parts: list[list[str | int]] = [[]]
    for step in path:
        parts.append([]) if step is INSIDE else parts[-1].append(step)
    return f" {INSIDE} ".join(map(spell_path, parts))


def parent(path: JsonPath) -> JsonPath:
    return path[:-2] if path[-2:-1] == (INSIDE,) and path[-2] is INSIDE else path[:-1]


def wrapped(unwrapped: tuple[OutlineRow, ...], width: int) -> tuple[OutlineRow, ...]:
    """Return the rows with long strings wrapped over several lines, at most a page or two each."""
    lines: list[OutlineRow] = []
    for row in unwrapped:
        room = max(width - 2 * row.depth - len(row.label) - 7, 12)
        whole = beginning(row, _MAX_WRAPPED)[0] if row.kind == "string" and not row.open else ""
        text = printable(whole, _MAX_WRAPPED)
        if len(text) <= room:
            lines.append(row)
            continue
        pieces = [text[at : at + room] for at in range(0, len(text), room)]
        lines += [replace(row, part=piece, label="" if at else row.label) for at, piece in enumerate(pieces)]
    return tuple(lines)


def beginning(row: OutlineRow, limit: int) -> tuple[str, str]:
    """Return the first characters of a string, at most `limit`, and its length in words."""
    if not row.large:
        return row.value[:limit], f"{count(len(row.value))} characters"
    piece = bytes(row.raw[1 : 1 + 6 * limit])
    while True:  # the cut may be inside an escape or a character
        try:
            return str(load(b'"' + piece + b'"'))[:limit], f"{size(len(row.raw))} of text"
        except NotJsonError:
            piece = piece[:-1]


def brief(content: object) -> str:
    """Return a container on one line, `{3 keys}` or `[2]`, or a scalar as JSON."""
    if isinstance(content, Raw):
        if _is_large(content):
            return f"{'{…}' if kind_of(content) == 'object' else '[…]'} {size(len(memoryview(content)))}"
        content = load(bytes(content))
    if isinstance(content, dict):
        more = "+" if isinstance(content, FirstMembers) else ""
        return f"{{{count(len(content))}{more} {'key' if len(content) == 1 else 'keys'}}}" if content else "{}"
    if isinstance(content, list):
        return f"[{count(len(content))}{'+' if isinstance(content, FirstItems) else ''}]"
    return json.dumps(content, ensure_ascii=False)
