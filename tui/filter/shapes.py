"""The JMESPath that people write (paths, comparisons, `&& || !`, contains …), without walking a tree for every record.

Only the fields that an expression names are decoded (msgspec structs), and the expression becomes nested functions.
What is not such a shape gives None, and jmespath.py does it. Meaning, errors and their order are jmespath.py's: see
jmespath/visitor.py and functions.py; the tests hold both against each other.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from itertools import takewhile
from typing import Any

import msgspec
from jmespath import exceptions

Node = Mapping[str, Any]
Value = Callable[[Any], Any]
Path = tuple[str | int, ...]

# What a decoder raises for a record that does not fit the fields: it may still be JSON of another shape.
MISFITS = (msgspec.DecodeError, UnicodeDecodeError, AttributeError, RecursionError)
_MAX_DEPTH = 12
_UNNAMEABLE = re.compile(r'["\\\x00-\x1f]')  # msgspec renames no field to these
_SHAPES = ("comparator", "and_expression", "or_expression", "not_expression", "function_expression")


def compile_shape(node: Node) -> tuple[Callable[[bytes], Any], Value] | None:
    """What decodes a record, and the expression's value of what is decoded; None if the shape is not one of these.

    They raise one of MISFITS for a record that they cannot look at, JMESPathError or TypeError where jmespath.py would.
    """
    paths: set[Path] = set()
    if not _collect(node, paths):
        return None
    roots = _prefix_free(paths)
    if not roots or any(len(path) > _MAX_DEPTH for path in roots):
        return None
    fields = _Fields(roots)
    value = _compile(node, fields)
    decode = msgspec.json.Decoder(fields.struct).decode
    return decode, value


def _collect(node: Node, paths: set[Path]) -> bool:
    """Every path into the record; False if there is something that we do not do."""
    path = _path(node)
    if path is not None:
        paths.add(path)
        return bool(path) and isinstance(path[0], str) and not any(_UNNAMEABLE.search(str(step)) for step in path)
    kind, children = node["type"], node["children"]
    if kind == "literal":
        return True
    if kind == "function_expression" and node["value"] not in _FUNCTIONS:
        return False
    return kind in _SHAPES and all(_collect(child, paths) for child in children)


def _path(node: Node) -> Path | None:
    """`a.b[0].c` as ("a", "b", 0, "c"); None for anything that is not fields and indexes."""
    kind = node["type"]
    if kind in ("field", "index"):
        return (node["value"],)
    if kind not in ("subexpression", "index_expression"):
        return None
    steps: Path = ()
    for child in node["children"]:
        path = _path(child)
        if path is None:
            return None
        steps += path
    return steps


def _fields_of(path: Path) -> tuple[str, ...]:
    """The fields that a path begins with: what can be decoded by name."""
    return tuple(step for step in takewhile(lambda step: isinstance(step, str), path) if isinstance(step, str))


def _prefix_free(paths: Iterable[Path]) -> set[tuple[str, ...]]:
    """`a` and `a.b` both wanted: `a` is decoded whole, and `.b` is looked up in it."""
    whole = {_fields_of(path) for path in paths}
    return {path for path in whole if not any(path[:depth] in whole for depth in range(1, len(path)))}


class _Fields:
    """The struct that holds the wanted fields, and how to get at each."""

    def __init__(self, roots: set[tuple[str, ...]]) -> None:
        self._roots = roots
        self._names: dict[tuple[str, ...], str] = {}
        self.struct = self._struct((), roots)

    def _struct(self, prefix: tuple[str, ...], paths: set[tuple[str, ...]]) -> type[msgspec.Struct]:
        fields: list[tuple[str, Any, Any]] = []
        rename: dict[str, str] = {}
        for index, key in enumerate(sorted({path[0] for path in paths})):
            name = f"f{index}"
            rename[name] = key
            self._names[(*prefix, key)] = name
            below = {path[1:] for path in paths if path[0] == key and len(path) > 1}
            if below:
                struct = self._struct((*prefix, key), below)
                fields.append((name, struct | None, msgspec.field(default_factory=struct)))
            else:
                fields.append((name, Any, None))
        made: type[msgspec.Struct] = msgspec.defstruct("Record", fields, rename=rename, gc=False)
        return made

    def getter(self, path: Path) -> Value:
        """The value at a path: null where it is missing; AttributeError (a misfit) where the way is null."""
        fields = _fields_of(path)
        depth = next(depth for depth in range(1, len(fields) + 1) if fields[:depth] in self._roots)
        get: Value = operator.attrgetter(".".join(self._names[fields[:end]] for end in range(1, depth + 1)))
        for step in path[depth:]:
            get = _then(get, partial(_field, step) if isinstance(step, str) else partial(_index, step))
        return get


def _then(first: Value, second: Value) -> Value:
    return lambda record: second(first(record))


def _field(key: str, value: Any) -> Any:
    return value.get(key) if type(value) is dict else None


def _index(index: int, value: Any) -> Any:
    if type(value) is not list:
        return None
    try:
        return value[index]
    except IndexError:
        return None


def _compile(node: Node, fields: _Fields) -> Value:
    path = _path(node)
    if path is not None:
        return fields.getter(path)
    kind, children = node["type"], node["children"]
    if kind == "literal":
        constant = node["value"]
        return lambda record: constant
    if kind == "comparator":
        return _comparator(node["value"], children[0], children[1], fields)
    parts = [_compile(child, fields) for child in children]
    if kind == "function_expression":
        return _FUNCTIONS[node["value"]](*parts)
    return _LOGIC[kind](*parts)


def is_true(value: Any) -> bool:
    """JMESPath's truth: all but false, null and the empty string, list and object (0 is true)."""
    return not (value is None or value is False or value == "" or value == [] or value == {})


def _and(left: Value, right: Value) -> Value:
    def both(record: Any) -> Any:
        value = left(record)
        return right(record) if is_true(value) else value

    return both


def _or(left: Value, right: Value) -> Value:
    def either(record: Any) -> Any:
        value = left(record)
        return value if is_true(value) else right(record)

    return either


def _not(inner: Value) -> Value:
    return lambda record: not is_true(inner(record))


_LOGIC: Mapping[str, Callable[..., Value]] = {"and_expression": _and, "or_expression": _or, "not_expression": _not}
_ORDERINGS: Mapping[str, Callable[[Any, Any], Any]] = {
    "lt": operator.lt,
    "lte": operator.le,
    "gt": operator.gt,
    "gte": operator.ge,
}
_COMPARABLE = (int, float, str)


def _comparator(name: str, left_node: Node, right_node: Node, fields: _Fields) -> Value:
    left, right = _compile(left_node, fields), _compile(right_node, fields)
    if name in ("eq", "ne"):
        return _equality(left, right, right_node, wanted=name == "eq")
    compare = _ORDERINGS[name]
    if right_node["type"] == "literal" and type(constant := right_node["value"]) in _COMPARABLE:

        def ordering_to_constant(record: Any) -> Any:
            one = left(record)
            return compare(one, constant) if type(one) in _COMPARABLE else None

        return ordering_to_constant

    def ordering(record: Any) -> Any:
        one, other = left(record), right(record)
        return compare(one, other) if type(one) in _COMPARABLE and type(other) in _COMPARABLE else None

    return ordering


def _equality(left: Value, right: Value, right_node: Node, *, wanted: bool) -> Value:
    if right_node["type"] == "literal" and isinstance(right_node["value"], str):
        text = right_node["value"]
        return (lambda record: left(record) == text) if wanted else (lambda record: left(record) != text)

    if right_node["type"] == "literal" and type(right_node["value"]) in (int, float):
        number = right_node["value"]
        if wanted:
            return lambda record: (one := left(record)) == number and type(one) is not bool
        return lambda record: (one := left(record)) != number or type(one) is bool

    def equality(record: Any) -> bool:
        one, other = left(record), right(record)
        if isinstance(one, bool) != isinstance(other, bool):
            return not wanted  # in Python true is 1, in JMESPath it is not
        return (one == other) is wanted

    return equality


def _wrong_type(function: str, value: Any, expected: str) -> exceptions.JMESPathTypeError:
    return exceptions.JMESPathTypeError(function, value, type(value).__name__, [expected])


def _contains(subject: Value, search: Value) -> Value:
    def contains(record: Any) -> Any:
        where, what = subject(record), search(record)
        if type(where) is not str and type(where) is not list:
            raise _wrong_type("contains", where, "array or string")
        return what in where

    return contains


def _affix(name: str, method: Callable[[str, str], bool]) -> Callable[[Value, Value], Value]:
    def build(subject: Value, search: Value) -> Value:
        def affix(record: Any) -> Any:
            where, what = subject(record), search(record)
            if type(where) is not str or type(what) is not str:
                raise _wrong_type(name, where, "string")
            return method(where, what)

        return affix

    return build


_TYPES = {str: "string", bool: "boolean", int: "number", float: "number", list: "array", dict: "object"}


def _type(subject: Value) -> Value:
    return lambda record: _TYPES.get(type(subject(record)), "null")


def _length(subject: Value) -> Value:
    def length(record: Any) -> int:
        value = subject(record)
        if type(value) not in (str, list, dict):
            raise _wrong_type("length", value, "string, array or object")
        return len(value)

    return length


_FUNCTIONS: Mapping[str, Callable[..., Value]] = {
    "contains": _contains,
    "starts_with": _affix("starts_with", str.startswith),
    "ends_with": _affix("ends_with", str.endswith),
    "type": _type,
    "length": _length,
}
