"""Paths into a record, and the struct that holds what is at their ends: nothing else is decoded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import takewhile
from typing import Any

import msgspec

Node = Mapping[str, Any]
Path = tuple[str | int, ...]


def path_of(node: Node) -> Path | None:
    """`a.b[0].c` as ("a", "b", 0, "c"); None for anything that is not fields and indexes."""
    kind = node["type"]
    if kind in ("field", "index"):
        return (node["value"],)
    if kind not in ("subexpression", "index_expression"):
        return None
    steps: Path = ()
    for child in node["children"]:
        path = path_of(child)
        if path is None:
            return None
        steps += path
    return steps


def named_paths(node: Node) -> set[Path]:
    """Every path into a record that an expression names."""
    path = path_of(node)
    if path is not None:
        return {path}
    return {path for child in node["children"] if isinstance(child, dict) for path in named_paths(child)}


def _fields_of(path: Path) -> tuple[str, ...]:
    """The fields that a path begins with: what can be decoded by name."""
    return tuple(step for step in takewhile(lambda step: isinstance(step, str), path) if isinstance(step, str))


def prefix_free(paths: Iterable[Path]) -> set[tuple[str, ...]]:
    """`a` and `a.b` both wanted: `a` is decoded whole, and `.b` is looked up in it."""
    whole = {_fields_of(path) for path in paths}
    return {path for path in whole if not any(path[:depth] in whole for depth in range(1, len(path)))}


class Fields:
    """The struct that holds the wanted fields, and where each is."""

    def __init__(self, roots: set[tuple[str, ...]]) -> None:
        self._roots = roots
        self._places: dict[tuple[str, ...], tuple[str, msgspec.Struct | None]] = {}
        self.struct = self._struct((), roots)

    def _struct(self, prefix: tuple[str, ...], paths: set[tuple[str, ...]]) -> type[msgspec.Struct]:
        fields: list[tuple[str, Any, Any]] = []
        rename: dict[str, str] = {}
        for index, key in enumerate(sorted({path[0] for path in paths})):
            name = f"f{index}"
            rename[name] = key
            below = {path[1:] for path in paths if path[0] == key and len(path) > 1}
            struct = self._struct((*prefix, key), below) if below else None
            fields.append((name, struct | None if struct else Any, None))
            self._places[(*prefix, key)] = name, struct() if struct else None
        made: type[msgspec.Struct] = msgspec.defstruct("Record", fields, rename=rename, gc=False)
        return made

    def steps(self, path: Path) -> tuple[list[tuple[str, msgspec.Struct | None]], Path]:
        """The attributes on the way to a path, each with what stands for it where it is null; and what is left."""
        fields = _fields_of(path)
        depth = next(depth for depth in range(1, len(fields) + 1) if fields[:depth] in self._roots)
        return [self._places[fields[:end]] for end in range(1, depth + 1)], path[depth:]
