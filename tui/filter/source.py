"""Generate Python source, line by line, for a function over the records of a block."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import NoneType
from typing import Any

import msgspec

from tui.filter.demand import NeededPlace
from tui.filter.functions import COMPARABLE, FUNCTIONS, NUMBERS, is_equal

Lines = list[Any]  # each a line, or the lines that are indented below the one before


class UndecidedError(Exception):
    """The decoded fields do not show whether an object is empty."""


def _is_true(value: Any) -> bool:
    """Return the truth of a value whose objects are structs of the needed fields."""
    if isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            if getattr(value, name) is not None:
                return True
        raise UndecidedError
    return bool(value) or type(value) in NUMBERS


_HELPERS: Mapping[str, Any] = {  # the names of generated code
    "null": None,
    "is_true": _is_true,
    "is_equal": is_equal,
    "comparable": COMPARABLE,
    "numbers": NUMBERS,
    "Undecided": UndecidedError,
    **{f"{name}_": function for name, function in FUNCTIONS.items()},
}


class PythonSource:
    """The lines so far, and the values of their names. They never contain user input: constants are passed by name."""

    def __init__(self) -> None:
        self.lines: Lines = []
        self._names = dict(_HELPERS)
        self._of_objects: dict[str, tuple[NeededPlace, ...]] = {}
        self._count = 0

    def function(
        self, body: Lines, failures: tuple[type[Exception], ...], results: int = 1
    ) -> Callable[[list[Any]], list[list[Any]]]:
        """Compile a function that runs the body for each record `r` of a list, and returns what `add0`, `add1` … got.

        It returns columns, not rows: building and unpacking a row takes as long as finding a value.
        """
        adds = ", ".join(f"add{number}" for number in range(results))
        head = [f"results = [[] for _ in range({results})]", f"{adds}, = [values.append for values in results]"]
        source = "\n".join(_indented(["def evaluate(records):", [*head, "for r in records:", body, "return results"]]))
        names = {**self._names, "failures": failures}
        names |= {name: _types(places) for name, places in self._of_objects.items()}
        exec(source, names)
        made: Callable[[list[Any]], list[list[Any]]] = names["evaluate"]
        return made

    def constant(self, value: Any) -> str:
        name = f"c{len(self._names)}"
        self._names[name] = value
        return name

    def types(self, places: tuple[NeededPlace, ...]) -> str:
        """Return a name for the type of the objects at one place, or the set of types at several. It is set later."""
        name = self.constant(None)
        self._of_objects[name] = places
        return name

    def temporary(self) -> str:
        self._count += 1
        return f"t{self._count}"

    def atom(self, source: str) -> str:
        """Return a name for an expression that is used more than once."""
        if source.isidentifier():
            return source
        name = self.temporary()
        self.lines.append(f"{name} = {source}")
        return name

    def equality(self, one: str, sign: str, other: str, kind: type | None) -> str:
        """Return `==` or `!=` of two expressions. `kind`: the type of a literal on the right. Unlike in Python, true is
        not equal to 1."""
        equal = sign == "=="
        if kind is str:
            return f"({one} {sign} {other})"
        if kind in (bool, NoneType):
            return f"({one} {'is' if equal else 'is not'} {other})"
        if kind in (int, float):
            t = self.temporary()
            number = f"and type({t}) is not bool" if equal else f"or type({t}) is bool"
            return f"(({t} := {one}) {sign} {other} {number})"
        return f"({'' if equal else 'not '}is_equal({one}, {other}))"

    def ordering(self, one: str, sign: str, other: str, kind: type | None, otherwise: str) -> str:
        """Return `<` and the like of two expressions, or `otherwise` if a side has no order."""
        t = self.temporary()
        if kind in COMPARABLE:
            return f"({t} {sign} {other} if type({t} := {one}) in comparable else {otherwise})"
        u = self.temporary()
        both = f"({t} := {one}, {u} := {other}) and type({t}) in comparable and type({u}) in comparable"
        return f"({t} {sign} {u} if {both} else {otherwise})"

    @contextmanager
    def inside(self, *heads: str) -> Iterator[None]:
        """Indent the lines that are added inside the context below `heads`."""
        outer, self.lines = self.lines, []
        inner = self.lines
        yield
        self.lines = outer
        for head in reversed(heads):
            inner = [head, inner or ["pass"]]
        self.lines += inner

    def apart(self, translate: Callable[[], Any]) -> tuple[Any, list[Any]]:
        """Return the result of `translate`, and the lines that must run before it."""
        outer, self.lines = self.lines, []
        made, lines = translate(), self.lines
        self.lines = outer
        return made, lines


def _indented(lines: list[Any], depth: int = 0) -> Iterator[str]:
    for line in lines:
        if isinstance(line, str):
            yield " " * depth + line
        else:
            yield from _indented(line, depth + 1)


def _types(places: tuple[NeededPlace, ...]) -> Any:
    """Return the type of the objects at one place, or the set of types at several."""
    return places[0].type if len(places) == 1 else frozenset(place.type for place in places)
