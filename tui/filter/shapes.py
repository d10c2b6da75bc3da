"""JMESPath over whole blocks: decode only what an expression needs, and run it as Python.

Expressions that cannot be translated give None and are left to jmespath.py.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from jmespath import exceptions

from tui.filter.paths import Node
from tui.filter.translate import Translation, UntranslatableError

# The exceptions of an expression that fails on a record: ceil() of infinity, a slice with step 0, …
FAILURES = (exceptions.JMESPathError, TypeError, ValueError, ArithmeticError, RecursionError)
# The exceptions of a decoder for a record that does not fit the fields; it may still be JSON of another shape.
MISFITS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


@dataclass(frozen=True, slots=True)
class Shape:
    """Tests whether an expression is true: `holds` for a parsed record, `test` for a record's bytes, and `test_all` for
    all lines of a block that are one JSON object each.

    The last two give None if they cannot decide, and raise one of MISFITS for a record that they cannot decode.
    """

    holds: Callable[[Any], bool]
    test: Callable[[bytes], bool | None]
    test_all: Callable[[memoryview], list[bool | None]]


def compile_shape(node: Node) -> Shape | None:
    """Compile an expression; None if it cannot be translated."""
    try:
        quick, plain = Translation([node]), Translation([node], plain=True)
        decoder: Any = msgspec.json.Decoder(quick.record.objects())  # creates the types that the function uses
        evaluate, evaluate_plain = quick.function(FAILURES), plain.function(FAILURES)
    except (UntranslatableError, SyntaxError, MemoryError):  # SyntaxError, MemoryError: nested too deeply for Python
        return None

    return Shape(
        lambda value: bool(evaluate_plain([value])[0][0]),
        lambda record: evaluate([decoder.decode(record)])[0][0],
        lambda lines: evaluate(decoder.decode_lines(lines))[0],
    )


def compile_values(nodes: Sequence[Node]) -> Callable[[memoryview], list[list[Any]]] | None:
    """Compile expressions into a function that returns a column for each: its value for every record of a block, None
    where it fails. Each line must be one JSON object.

    The function raises one of MISFITS for a record that it cannot decode. None if an expression cannot be translated.
    """
    try:
        translation = Translation(nodes, values=True)
        decoder: Any = msgspec.json.Decoder(translation.record.objects())
        evaluate = translation.function(FAILURES)
    except (UntranslatableError, SyntaxError, MemoryError):
        return None
    return lambda lines: evaluate(decoder.decode_lines(lines))
