"""Split a JMESPath expression, even an invalid one, into tokens with their positions, for repairs and hints.

jmespath's own lexer stops at the first unknown character, and the ends it returns are not offsets.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Literal

Type = Literal["raw", "literal", "quoted", "name", "number", "compare", "mark"]

_TOKEN = re.compile(
    r"""\s+
    | (?P<raw>'(?:\\.|[^'\\])*')
    | (?P<literal>`(?:\\.|[^`\\])*`)
    | (?P<quoted>"(?:\\.|[^"\\])*")
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
    | (?P<compare>[=!<>]=|[<>])
    | (?P<mark>&&|\|\||\[\?|\[\]|.)""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Token:
    """A token at [start, end) of an expression: its `text`, and the `value` of a literal or name."""

    type: Type
    text: str
    start: int
    end: int
    value: object = None


def tokens(expression: str) -> list[Token]:
    """Return the tokens, without white space."""
    read = []
    for match in _TOKEN.finditer(expression):
        kind = match.lastgroup
        if kind is None:
            continue
        text = match.group()
        read.append(Token(kind, text, *match.span(), _value(kind, text)))  # type: ignore[arg-type]
    return read


def _value(kind: str, text: str) -> object:
    if kind == "raw":
        return text[1:-1].replace("\\'", "'")
    if kind == "name":
        return text
    try:
        if kind == "literal":
            return json.loads(text[1:-1].replace("\\`", "`"))
        return json.loads(text) if kind in ("quoted", "number") else None
    except (ValueError, RecursionError):  # jmespath reads `text` as 'text', and refuses the others
        return text[1:-1] if kind == "literal" else text
