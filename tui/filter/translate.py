"""A JMESPath expression as one of Python's: what runs over all records of a block without a call for each.

Meaning, errors and their order are jmespath.py's: see jmespath/visitor.py and functions.py; the tests hold both against
each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import NoneType
from typing import Any

from jmespath import exceptions

from tui.filter.paths import Fields, Node, Path, path_of


class Source:
    """Python's source of an expression on a record `r`. User's text never is a part of it: constants have names."""

    def __init__(self, fields: Fields) -> None:
        self.fields = fields
        self._names: dict[str, Any] = {**_HELPERS}
        self._temporaries = 0

    def function(self, source: str) -> Any:
        """The function that a source made of these parts means."""
        return eval(source, self._names)

    def _constant(self, value: Any) -> str:
        name = f"c{len(self._names)}"
        self._names[name] = value
        return name

    def _temporary(self) -> str:
        self._temporaries += 1
        return f"t{self._temporaries}"

    def truth(self, node: Node) -> str:
        """Is it true in JMESPath's sense? A bool."""
        kind, children = node["type"], node["children"]
        if kind in _JUNCTIONS:
            return f"({f' {_JUNCTIONS[kind]} '.join(self.truth(part) for part in _parts(node, kind))})"
        if kind == "not_expression":
            return f"(not {self.truth(children[0])})"
        if kind == "comparator":
            return self._comparison(node, otherwise="False")
        t = self._temporary()
        return f"(({t} := {self.value(node)}) is not None and is_true({t}))"

    def value(self, node: Node) -> str:
        """What it gives."""
        path = path_of(node)
        if path is not None:
            return self._lookup(path)
        kind, children = node["type"], node["children"]
        if kind == "literal":
            return self._constant(node["value"])
        if kind == "comparator":
            return self._comparison(node, otherwise="None")
        if kind == "not_expression":
            return self.truth(node)
        parts = [self.value(child) for child in children]
        if kind == "function_expression":
            return f"{node['value']}_({', '.join(parts)})"
        t, (left, right) = self._temporary(), parts
        first, second = (right, t) if kind == "and_expression" else (t, right)
        return f"({first} if is_true({t} := {left}) else {second})"

    def _lookup(self, path: Path) -> str:
        """The value at a path: null where it, or something on the way, is missing or null."""
        steps, rest = self.fields.steps(path)
        source = "r"
        for name, empty in steps:
            source = f"{source}.{name}" if empty is None else f"({source}.{name} or {self._constant(empty)})"
        for step in rest:
            source = f"{'field' if isinstance(step, str) else 'index'}({source}, {self._constant(step)})"
        return source

    def _comparison(self, node: Node, otherwise: str) -> str:
        """`otherwise`: what an ordering gives (null) where a side has none."""
        (left, right), sign = node["children"], _SIGNS[node["value"]]
        kind = type(right["value"]) if right["type"] == "literal" else None
        one, other = self.value(left), self.value(right)
        if sign in ("==", "!="):
            return self._equality(one, sign, other, kind)
        t = self._temporary()
        if kind in _COMPARABLE:
            return f"({t} {sign} {other} if type({t} := {one}) in comparable else {otherwise})"
        u = self._temporary()
        both = f"({t} := {one}, {u} := {other}) and type({t}) in comparable and type({u}) in comparable"
        return f"({t} {sign} {u} if {both} else {otherwise})"

    def _equality(self, one: str, sign: str, other: str, kind: type | None) -> str:
        """`kind` is that of a literal on the right. In Python true is 1, in JMESPath it is not."""
        equal = sign == "=="
        if kind is str:
            return f"({one} {sign} {other})"
        if kind in (bool, NoneType):
            return f"({one} {'is' if equal else 'is not'} {other})"
        if kind in (int, float):
            t = self._temporary()
            number = f"and type({t}) is not bool" if equal else f"or type({t}) is bool"
            return f"(({t} := {one}) {sign} {other} {number})"
        return f"({'' if equal else 'not '}equal({one}, {other}))"


_JUNCTIONS = {"and_expression": "and", "or_expression": "or"}
_SIGNS = {"eq": "==", "ne": "!=", "lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
_COMPARABLE = frozenset((int, float, str))


def _parts(node: Node, kind: str) -> Iterator[Node]:
    """`a || b || c` as three, not as two of which one is two: Python nests 200 brackets and no more."""
    if node["type"] != kind:
        yield node
        return
    for child in node["children"]:
        yield from _parts(child, kind)


def is_true(value: Any) -> bool:
    """JMESPath's truth: all but false, null and the empty string, list and object (0 is true)."""
    return not (value is None or value is False or value == "" or value == [] or value == {})


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, bool) != isinstance(other, bool):
        return False  # in Python true is 1, in JMESPath it is not
    return bool(one == other)


def _field(value: Any, key: str) -> Any:
    return value.get(key) if type(value) is dict else None


def _index(value: Any, index: int) -> Any:
    if type(value) is not list:
        return None
    try:
        return value[index]
    except IndexError:
        return None


def _wrong_type(function: str, value: Any, expected: str) -> exceptions.JMESPathTypeError:
    return exceptions.JMESPathTypeError(function, value, type(value).__name__, [expected])


def _contains(where: Any, what: Any) -> bool:
    if type(where) is not str and type(where) is not list:
        raise _wrong_type("contains", where, "array or string")
    return what in where


def _starts_with(where: Any, what: Any) -> bool:
    if type(where) is not str or type(what) is not str:
        raise _wrong_type("starts_with", where, "string")
    return where.startswith(what)


def _ends_with(where: Any, what: Any) -> bool:
    if type(where) is not str or type(what) is not str:
        raise _wrong_type("ends_with", where, "string")
    return where.endswith(what)


_TYPES = {str: "string", bool: "boolean", int: "number", float: "number", list: "array", dict: "object"}


def _type(value: Any) -> str:
    return _TYPES.get(type(value), "null")


def _length(value: Any) -> int:
    if type(value) not in (str, list, dict):
        raise _wrong_type("length", value, "string, array or object")
    return len(value)


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "contains": _contains,
    "starts_with": _starts_with,
    "ends_with": _ends_with,
    "type": _type,
    "length": _length,
}
_HELPERS: Mapping[str, Any] = {
    "is_true": is_true,
    "equal": _equal,
    "field": _field,
    "index": _index,
    "comparable": _COMPARABLE,
    **{f"{name}_": function for name, function in FUNCTIONS.items()},
}
