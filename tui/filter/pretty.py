"""Indent JSON without changing any number, escape or repeated key, and make it safe to print.

Tokens are only moved, not decoded and encoded: `1e400`, `-0`, `1.0` and `\\ud800` stay as they are. It takes linear
time for any record, without recursion.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from tui.filter.compiled import NotJsonError
from tui.printable import HOSTILE

_INDENT, _DEEPEST = "  ", 40  # levels that are indented, so that nested brackets do not grow 100 times as long
_PIECE = 1 << 16  # characters that are yielded at once
# Possessive quantifiers, so that there is no backtracking and no state per character.
_TOKEN = re.compile(
    r"""[ \t\n\r]*+(
    "[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*+)*+"
    | -?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][+-]?[0-9]++)?+
    | true | false | null
    | [{}\[\]:,]
    )""",
    re.VERBOSE,
)
_BLANK = re.compile(r"[ \t\n\r]*+")
_VALUE, _FIRST_ITEM, _FIRST_KEY, _KEY, _COLON, _NEXT = range(6)  # what must come


def json_tokens(text: str) -> Iterator[str]:
    """Yield the tokens of one JSON value unchanged (RFC 8259). NotJsonError if it is not JSON."""
    open_: list[str] = []
    at, state = 0, _VALUE
    while match := _TOKEN.match(text, at):
        token = match[1]
        state = _after(token[0], state, open_)
        yield token
        at = match.end()
    if state != _NEXT or open_ or _BLANK.fullmatch(text, at) is None:
        raise NotJsonError(f"not JSON at character {at + 1}")


def _after(sign: str, state: int, open_: list[str]) -> int:
    """Return the state after a token that begins with `sign`."""
    if sign in "{[" and state in (_VALUE, _FIRST_ITEM):
        open_.append(sign)
        return _FIRST_KEY if sign == "{" else _FIRST_ITEM
    if sign == "}" and state in (_NEXT, _FIRST_KEY) and open_ and open_.pop() == "{":
        return _NEXT
    if sign == "]" and state in (_NEXT, _FIRST_ITEM) and open_ and open_.pop() == "[":
        return _NEXT
    if sign == "," and state == _NEXT and open_:
        return _KEY if open_[-1] == "{" else _VALUE
    if sign == ":" and state == _COLON:
        return _VALUE
    if sign == '"' and state in (_KEY, _FIRST_KEY):
        return _COLON
    if sign not in "{}[]:," and state in (_VALUE, _FIRST_ITEM):
        return _NEXT
    raise NotJsonError(f"{sign} is not expected there")


def pretty_lines(record: bytes) -> Iterator[bytes]:
    """Yield the record's indented JSON, in pieces of whole lines. NotJsonError, before any piece, if it is not JSON."""
    text = record.decode("utf-8", "surrogateescape")
    for _ in json_tokens(text):  # check all of it before any of it is shown
        pass
    pieces: list[str] = []
    size = 0
    for piece in _indented(text):
        if size > _PIECE and piece[0] == "\n":
            yield ("".join(pieces) + "\n").encode()
            pieces, size, piece = [], 0, piece[1:]
        pieces.append(piece)
        size += len(piece)
    yield ("".join(pieces) + "\n").encode()


def _indented(text: str) -> Iterator[str]:
    depth, before = 0, ""
    for token in json_tokens(text):
        sign = token[0]
        if sign in "}]":
            depth -= 1
            yield token if before in ("{", "[") else _line(depth) + token
        elif sign == ":":
            yield ": "
        else:
            safe = HOSTILE.sub(lambda match: json.dumps(match.group())[1:-1], token)
            yield (_line(depth) if before in ("{", "[", ",") else "") + safe if sign != "," else ","
            depth += sign in "{["
        before = sign


def _line(depth: int) -> str:
    return "\n" + _INDENT * min(depth, _DEEPEST)
