"""A JMESPath expression as tokens with their places, also where it cannot be parsed: what repairs and hints work on.

jmespath's own lexer stops at the first character that it does not know, and the ends it gives are not offsets.
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
    """[start, end) of an expression. `text` is what is written there, `value` what a literal or a name means."""

    type: Type
    text: str
    start: int
    end: int
    value: object = None


def tokens(expression: str) -> list[Token]:
    """The tokens, without blanks."""
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
    except (ValueError, RecursionError):  # jmespath takes `text` for 'text'; it refuses the others
        return text[1:-1] if kind == "literal" else text
