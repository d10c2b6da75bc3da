"""Write a part of each match instead of its bytes: `--fields`. Numbers keep their spelling."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import msgspec
from jmespath.parser import ParsedResult

from tui.errors import FilterError
from tui.filter.compiled import MAX_PARSED, NotJsonError, TooLargeError
from tui.filter.jmespath import load, parse_expression
from tui.filter.paths import JsonPath, path_of
from tui.filter.shapes import FAILURES

_PATHS = re.compile(r"\s*[\w.\"\[\]-]+(\s*,\s*[\w.\"\[\]-]+)*\s*")
_MINUS_ZERO = re.compile(rb"[:\[,\s]-0[\s,\]}]")
_MAX_DIGITS = 4300  # Python does not parse longer integers
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_LIST = msgspec.json.Decoder(list[msgspec.Raw])


def projection(fields: str) -> Callable[[bytes], bytes]:
    """Return a function from a record to the JSON that is written for it.

    `a.b,c` gives an object with those paths as keys; anything else is one JMESPath expression. A missing path, or an
    expression that fails on a record, gives null, so that every match has a line. FilterError if `fields` cannot be
    parsed. The function raises NotJsonError for a record that is not JSON, TooLargeError for one too large to parse.
    """
    if not fields.strip():
        raise FilterError("--fields is empty; give paths such as 'event,player.version', or a JMESPath", fields, 0)
    if not _PATHS.fullmatch(fields):
        return _value_of(parse_expression(fields))
    names = [name.strip() for name in fields.split(",")]
    values = {name: _value_of(parse_expression(name)) for name in names}
    keys = {name: encoded(name) for name in values}

    def project(record: bytes) -> bytes:
        return b"{" + b",".join(keys[name] + b":" + value(record) for name, value in values.items()) + b"}"

    return project


def _value_of(expression: ParsedResult) -> Callable[[bytes], bytes]:
    """Return a function to the JSON of an expression's result; for a path, the record's own bytes."""
    path = path_of(expression.parsed)

    def computed(record: bytes) -> bytes:
        if len(record) > MAX_PARSED:
            raise TooLargeError
        value = load_spelled(record)
        try:
            return encoded(expression.search(value))
        except FAILURES:
            return b"null"

    def sliced(record: bytes) -> bytes:
        assert path is not None
        if len(record) > MAX_PARSED:
            raise TooLargeError
        try:
            value = _slice(record, path)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):  # a lone surrogate, or not JSON at all
            return computed(record)
        return computed(record) if b"\n" in value else value

    return computed if path is None else sliced


def _slice(record: bytes, path: JsonPath) -> bytes:
    """Return the bytes of the value at a path. DecodeError if msgspec cannot parse the record."""
    value = _OBJECT.decode(record) if record.lstrip()[:1] == b"{" else {}
    if not value:
        load(record)
    part: Any = value
    for step in path:
        inner = part if part is value else _inside(part)
        part = _at(inner, step)
        if part is None:
            return b"null"
    return bytes(part)


def _inside(raw: msgspec.Raw) -> dict[str, msgspec.Raw] | list[msgspec.Raw] | None:
    text = bytes(raw)
    return _OBJECT.decode(text) if text[:1] == b"{" else _LIST.decode(text) if text[:1] == b"[" else None


def _at(value: dict[str, msgspec.Raw] | list[msgspec.Raw] | None, step: str | int) -> msgspec.Raw | None:
    if isinstance(value, dict):
        return value.get(step) if isinstance(step, str) else None
    if isinstance(value, list) and isinstance(step, int) and -len(value) <= step < len(value):
        return value[step]
    return None


class _Spelled(float):
    """A number that Python would print differently. For JMESPath it is an ordinary number."""

    text = ""


class _SpelledZero(int):
    """`-0`, which Python would print as 0."""

    text = "-0"


_Spelled.__name__, _SpelledZero.__name__ = "float", "int"  # jmespath compares the names of types


def load_spelled(record: bytes) -> Any:
    """Return the record's JSON value, with numbers that `encoded` writes unchanged. NotJsonError if it is not JSON."""
    if _MINUS_ZERO.search(record) is None:
        try:
            return _SPELLED.decode(record)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            pass
    try:
        text = record.decode("utf-8", "surrogateescape")
        return json.loads(text, parse_float=_number, parse_int=_integer, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise NotJsonError(str(error)) from error


def _number(text: str) -> float:
    number = float(text)
    if repr(number) == text:
        return number
    spelled = _Spelled(number)
    spelled.text = text
    return spelled


def _integer(text: str) -> int | float:
    if text == "-0":
        return _SpelledZero()
    return int(text) if len(text) <= _MAX_DIGITS else _number(text)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON (RFC 8259)")


_SPELLED = msgspec.json.Decoder(float_hook=_number)


def encoded(value: Any) -> bytes:
    """Encode the value as JSON on one line."""
    try:
        return msgspec.json.encode(value, enc_hook=_spelling)
    except UnicodeEncodeError:  # half a surrogate pair, which JSON can only encode as \uD800
        return _spell(value).encode()


def _spelling(value: Any) -> msgspec.Raw:
    if isinstance(value, _Spelled | _SpelledZero):
        return msgspec.Raw(value.text.encode())
    raise TypeError(f"{type(value).__name__} is not JSON")


def _spell(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(key)}:{_spell(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_spell, value)) + "]"
    return value.text if isinstance(value, _Spelled | _SpelledZero) else json.dumps(value)
