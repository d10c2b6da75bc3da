"""From a value in a record to the JMESPath that finds it: `=` and `-` in the explorer.

An expression is built so that it holds for the record it came from and never raises on another: what is missing is
null, and a place in a list is asked of the whole list (`tags[?@ == 'live']`), since the order seldom means anything.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from tui.filter.terms import Term
from tui.printable import printable

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def spell_path(path: Sequence[str | int]) -> str:
    """A path as JMESPath: `visitor.city`, `tags[0]`, `"odd key".x`; `@` for the record itself."""
    spelled = ""
    for step in path:
        if isinstance(step, int):
            spelled += f"[{step}]"
        else:
            spelled += ("." if spelled else "") + spell_name(step)
    return spelled or "@"


def spell_name(name: str) -> str:
    """A key as a JMESPath identifier, in quotes where it must be."""
    return name if _IDENTIFIER.fullmatch(name) else _json(name)


def spell_value(value: object) -> str:
    """A value as a JMESPath literal: 'raw' where nothing needs escaping, else JSON between backticks."""
    if isinstance(value, str) and "'" not in value and "\\" not in value and printable(value) == value:
        return f"'{value}'"
    return "`" + _json(value).replace("`", "\\`") + "`"


def equal_expression(path: Sequence[str | int], value: object) -> str:
    """An expression that holds where `path` has `value`; a place in a list stands for any place in it."""
    for index, step in enumerate(path):
        if isinstance(step, int):
            items = spell_path(path[:index])
            if value is None and index == len(path) - 1:  # a projection drops what is null
                return f"type({items}) == 'array' && contains({items}, `null`)"
            return f"{items}[?{equal_expression(path[index + 1 :], value)}]"
    return f"{spell_path(path)} == {spell_value(value)}"


def differ_expression(path: Sequence[str | int], value: object) -> str:
    """An expression that holds where `equal_expression` does not."""
    if any(isinstance(step, int) for step in path):
        return f"!({equal_expression(path, value)})"
    return f"{spell_path(path)} != {spell_value(value)}"


def term_of(path: Sequence[str | int], value: object, *, only: bool = True) -> Term:
    """The term for only these (`=`), or for all but these (`-`)."""
    return Term("match", equal_expression(path, value) if only else differ_expression(path, value))


def _json(value: object) -> str:
    """JSON on one line; characters that must not reach a terminal are escaped, the others stay readable."""
    text = json.dumps(value, ensure_ascii=False)
    return text if printable(text) == text else json.dumps(value).replace("\x7f", "\\u007f")
