"""Python's source, line by line, for a function that looks at the records of a block."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tui.filter.demand import NeededPlace

Lines = list[Any]  # each a line, or the lines that are indented below the one before


class UndecidedError(Exception):
    """Whether an object is empty cannot be told by the fields that were decoded."""


class PythonSource:
    """The lines so far, and what their names stand for. User's text never is a part of them: constants have names."""

    def __init__(self, names: Mapping[str, Any]) -> None:
        self.lines: Lines = []
        self._names = dict(names)
        self._of_objects: dict[str, tuple[NeededPlace, ...]] = {}
        self._count = 0

    def function(
        self, body: Lines, failures: tuple[type[Exception], ...], results: int = 1
    ) -> Callable[[list[Any]], list[list[Any]]]:
        """The function that runs the body for each record `r` of a list, and gives what is passed to `add0`, `add1` ….

        Not a row for each record: to make a row and take it apart takes as long as to find a value.
        """
        adds = ", ".join(f"add{number}" for number in range(results))
        head = [f"results = [[] for _ in range({results})]", f"{adds}, = [each.append for each in results]"]
        source = "\n".join(_indented(["def evaluate(records):", [*head, "for r in records:", body, "return results"]]))
        names = {**self._names, "failures": failures, "Undecided": UndecidedError}
        names |= {name: _types(places) for name, places in self._of_objects.items()}
        exec(source, names)
        made: Callable[[list[Any]], list[list[Any]]] = names["evaluate"]
        return made

    def constant(self, value: Any) -> str:
        name = f"c{len(self._names)}"
        self._names[name] = value
        return name

    def types(self, places: tuple[NeededPlace, ...]) -> str:
        """A name for the type of the objects at one place, or the set of those at several; they are made later."""
        name = self.constant(None)
        self._of_objects[name] = places
        return name

    def temporary(self) -> str:
        self._count += 1
        return f"t{self._count}"

    def atom(self, source: str) -> str:
        """A name for what will be used more than once."""
        if source.isidentifier():
            return source
        name = self.temporary()
        self.lines.append(f"{name} = {source}")
        return name

    @contextmanager
    def inside(self, *heads: str) -> Iterator[None]:
        """The lines that are added meanwhile go below `heads`."""
        outer, self.lines = self.lines, []
        inner = self.lines
        yield
        self.lines = outer
        for head in reversed(heads):
            inner = [head, inner or ["pass"]]
        self.lines += inner

    def apart(self, translate: Callable[[], Any]) -> tuple[Any, list[Any]]:
        """What `translate` gives, and the lines that must run before."""
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
    """The type of the objects at one place, or the set of those at several."""
    return places[0].type if len(places) == 1 else frozenset(place.type for place in places)
