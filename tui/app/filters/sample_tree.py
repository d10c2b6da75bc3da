"""The fields of a sample as a tree of names, as completion walks it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tui.filter.fields import ANY, Field


@dataclass(slots=True)
class Node:
    """What a sample has at a path: the names below it, the items of its lists, its values."""

    names: dict[str, Node] = field(default_factory=dict)
    items: Node | None = None
    facts: Field | None = None

    def below(self) -> Iterator[tuple[tuple[str, ...], Node]]:
        """Every node that names alone lead to, the nearest first."""
        found: list[tuple[tuple[str, ...], Node]] = [((name,), node) for name, node in self.names.items()]
        for path, node in found:
            yield path, node
            found += [((*path, name), inner) for name, inner in node.names.items()]


def tree_of(fields: Iterable[Field]) -> Node:
    """The fields of a sample as a tree."""
    root = Node()
    for each in fields:
        node = root
        for step in each.path:
            if step is ANY:
                node.items = node.items or Node()
                node = node.items
            else:
                assert isinstance(step, str)
                node = node.names.setdefault(step, Node())
        node.facts = each
    return root


def any_of(node: Node | None) -> Node | None:
    """All values of an object (`.*`) as one node."""
    if node is None:
        return None
    return Node({name: each for inner in node.names.values() for name, each in inner.names.items()})
