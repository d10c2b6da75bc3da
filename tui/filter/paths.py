"""Plain paths in JMESPath expressions, and lists of expressions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_COMMA = re.compile(r""",|[\[({]|[\])}]|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`(?:\\.|[^`\\])*`""")

Node = Mapping[str, Any]
JsonPath = tuple[str | int, ...]


def path_of(node: Node) -> JsonPath | None:
    """Return `a.b[0].c` as ("a", "b", 0, "c"); None if there is more than fields and indexes."""
    kind = node["type"]
    if kind in ("field", "index"):
        return (node["value"],)
    if kind not in ("subexpression", "index_expression"):
        return None
    steps: JsonPath = ()
    for child in node["children"]:
        path = path_of(child)
        if path is None:
            return None
        steps += path
    return steps


def named_paths(node: Node) -> set[JsonPath]:
    """Return every path that occurs in an expression."""
    path = path_of(node)
    if path is not None:
        return {path}
    return {path for child in node["children"] if isinstance(child, dict) for path in named_paths(child)}


def split_expressions(texts: str) -> list[str]:
    """Split `ts, player.version, length(tags)` at the commas outside brackets and quotes; the parts are stripped."""
    parts, start, depth = [], 0, 0
    for match in _COMMA.finditer(texts):
        token = match.group()
        depth += (token in ("[", "(", "{")) - (token in ("]", ")", "}"))
        if token == "," and depth <= 0:
            parts.append(texts[start : match.start()])
            start = match.end()
    return [part.strip() for part in (*parts, texts[start:])]
