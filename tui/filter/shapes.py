"""JMESPath over whole blocks: only what an expression needs is decoded, and it runs as Python.

What has no such form gives None, and jmespath.py does it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from jmespath import exceptions

from tui.filter.paths import Node
from tui.filter.translate import Translation, UntranslatableError

# What is raised where an expression does not go with a record: ceil() of infinity, a slice of step 0, …
FAILURES = (exceptions.JMESPathError, TypeError, ValueError, ArithmeticError, RecursionError)
# What a decoder raises for a record that does not fit the fields: it may still be JSON of another shape.
MISFITS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


@dataclass(frozen=True, slots=True)
class Shape:
    """Is the expression true? For a value of a record; or None where they cannot tell, for a record's bytes, and for
    all of a block whose every line is one JSON object.

    The last two raise one of MISFITS for a record that they cannot look at.
    """

    holds: Callable[[Any], bool]
    test: Callable[[bytes], bool | None]
    test_all: Callable[[memoryview], list[bool | None]]


def compile_shape(node: Node) -> Shape | None:
    """None if the expression is none that can be translated."""
    try:
        quick, plain = Translation([node]), Translation([node], plain=True)
        decoder: Any = msgspec.json.Decoder(quick.record.objects())  # makes the types that the function knows
        evaluate, evaluate_plain = quick.function(FAILURES), plain.function(FAILURES)
    except (UntranslatableError, SyntaxError, MemoryError):  # nested deeper than Python's parser goes
        return None

    return Shape(
        lambda value: bool(evaluate_plain([value])[0][0]),
        lambda record: evaluate([decoder.decode(record)])[0][0],
        lambda lines: evaluate(decoder.decode_lines(lines))[0],
    )


def compile_values(nodes: Sequence[Node]) -> Callable[[memoryview], list[list[Any]]] | None:
    """A column for each expression: what it gives for each record of a block whose every line is one JSON object; None
    where it fails.

    It raises one of MISFITS for a record that it cannot look at. None if one of them cannot be translated.
    """
    try:
        translation = Translation(nodes, values=True)
        decoder: Any = msgspec.json.Decoder(translation.record.objects())
        evaluate = translation.function(FAILURES)
    except (UntranslatableError, SyntaxError, MemoryError):
        return None
    return lambda lines: evaluate(decoder.decode_lines(lines))
