"""Writing a part of each match instead of its bytes: `--fields`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import msgspec
from jmespath import exceptions

from tui.errors import FilterError
from tui.filter.compiled import NotJsonError
from tui.filter.jmespath import load, parse_expression

_PATHS = re.compile(r"\s*[\w.\"\[\]-]+(\s*,\s*[\w.\"\[\]-]+)*\s*")


def projection(fields: str) -> Callable[[bytes], bytes]:
    """A function from a record to the JSON that is written for it.

    `a.b,c` gives an object with those paths for keys; anything else is one JMESPath expression. A record that is
    not JSON, or that the expression does not go with, gives null, so that there is a line for every match. FilterError
    if it cannot be parsed.
    """
    if not fields.strip():
        raise FilterError(
            "--fields names nothing; write paths such as 'event,player.version', or a JMESPath", fields, 0
        )
    names = [name.strip() for name in fields.split(",")] if _PATHS.fullmatch(fields) else []
    parsed = [parse_expression(name) for name in names] or [parse_expression(fields)]

    def project(record: bytes) -> bytes:
        try:
            value = load(record)
            found: Any = [expression.search(value) for expression in parsed]
        except (NotJsonError, exceptions.JMESPathError, TypeError, ValueError, ArithmeticError):
            return b"null"
        return encoded(dict(zip(names, found, strict=True)) if names else found[0])

    return project


def encoded(value: Any) -> bytes:
    """The value as JSON on one line."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:  # half a surrogate pair, which JSON can only spell as \uD800
        return json.dumps(value, separators=(",", ":")).encode()
