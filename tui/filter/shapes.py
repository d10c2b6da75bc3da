"""The JMESPath that people write (paths, comparisons, `&& || !`, contains …), without walking a tree for every record.

Only the fields that an expression names are decoded, and the expression is translated into one of Python's. What is not
such a shape gives None, and jmespath.py does it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import msgspec
from jmespath import exceptions

from tui.filter.paths import Fields, Node, Path, path_of, prefix_free
from tui.filter.translate import FUNCTIONS, Source

# What is raised where an expression does not go with a record: ceil() of infinity, a slice of step 0, …
FAILURES = (exceptions.JMESPathError, TypeError, ValueError, ArithmeticError)
# What a decoder raises for a record that does not fit the fields: it may still be JSON of another shape.
MISFITS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_MAX_DEPTH = 12
_UNNAMEABLE = re.compile(r'["\\\x00-\x1f]')  # msgspec renames no field to these
_SHAPES = ("comparator", "and_expression", "or_expression", "not_expression", "function_expression")


@dataclass(frozen=True, slots=True)
class Shape:
    """Is the expression truthy? For one record, and for all of a block whose every line is one JSON object.

    Both raise one of MISFITS for a record that they cannot look at.
    """

    test: Callable[[bytes], bool]
    test_all: Callable[[memoryview], list[bool]]


def compile_shape(node: Node) -> Shape | None:
    """None if the expression is not one of these shapes."""
    fields = fields_of([node])
    if fields is None:
        return None
    source = Source(fields)
    try:
        truth = source.truth(node)
        is_truthy: Callable[[Any], bool] = source.function(f"lambda r: {truth}")
        are_truthy: Callable[[list[Any]], list[bool]] = source.function(f"lambda rs: [{truth} for r in rs]")
    except (SyntaxError, MemoryError):  # nested deeper than Python's parser goes
        return None
    decoder = msgspec.json.Decoder(source.fields.struct)

    def judge(record: Any) -> bool:
        try:
            return is_truthy(record)
        except FAILURES:
            return False

    def test_all(lines: memoryview) -> list[bool]:
        records = decoder.decode_lines(lines)
        try:
            return are_truthy(records)
        except FAILURES:
            return list(map(judge, records))

    return Shape(lambda record: judge(decoder.decode(record)), test_all)


def fields_of(nodes: Iterable[Node]) -> Fields | None:
    """The fields that expressions of these shapes name; None if one of them has another shape, or names none."""
    paths: set[Path] = set()
    if not all(_collect(node, paths) for node in nodes):
        return None
    roots = prefix_free(paths)
    return Fields(roots) if roots and all(len(path) <= _MAX_DEPTH for path in roots) else None


def _collect(node: Node, paths: set[Path]) -> bool:
    """Every path into the record; False if there is something that we do not do."""
    path = path_of(node)
    if path is not None:
        paths.add(path)
        return bool(path) and isinstance(path[0], str) and not any(_UNNAMEABLE.search(str(step)) for step in path)
    kind, children = node["type"], node["children"]
    if kind == "literal":
        return True
    if kind == "function_expression" and node["value"] not in FUNCTIONS:
        return False
    return kind in _SHAPES and all(_collect(child, paths) for child in children)
