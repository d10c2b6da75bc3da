"""The types of each path in a sample."""

from __future__ import annotations

from collections.abc import Iterable

from tui.filter.fields import ANY, Field, FieldPath, Fields

_TOP = 200  # most frequent values of a field that are kept


class Types:
    """The types of each path in a sample. In a path, ANY is the step into a list."""

    def __init__(self, fields: Fields) -> None:
        self.records = fields.records
        self.complete = fields.complete
        self.leaves: dict[FieldPath, Field] = {field.path: field for field in fields.summarize(_TOP)}
        self._types: dict[FieldPath, set[str]] = {}
        for path, field in self.leaves.items():
            self._types.setdefault(path, set()).update(field.types)
            for depth in range(len(path)):
                self._types.setdefault(path[:depth], set()).add("array" if path[depth] is ANY else "object")
        self.names = {step for path in self.leaves for step in path if isinstance(step, str)}

    def of(self, path: FieldPath) -> frozenset[str]:
        """Return the types of a path, except null; empty if no record has it."""
        return frozenset(self._types.get(path, ())) - {"null"}

    def has(self, path: FieldPath) -> bool:
        return path in self._types

    @property
    def paths(self) -> Iterable[FieldPath]:
        return self._types.keys()
