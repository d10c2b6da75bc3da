"""What can be said about one record: a field has a value, a text a pattern, a number is large, a field is missing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from tui.analysis.patterns import pattern_expression
from tui.filter.build import spell_field, spell_value
from tui.filter.fields import ANY, FieldPath

FactKind = Literal["value", "pattern", "above", "below", "missing", "field"]
_SIGNS = {"above": ">", "below": "<"}


@dataclass(frozen=True, slots=True)
class RecordFact:
    """A condition on a record. `value`: a scalar, a pattern, a bound; None where the field is there or missing."""

    path: FieldPath
    kind: FactKind
    value: object = None
    is_truth: bool = field(init=False, repr=False)  # tells true from 1, which are equal in Python

    def __post_init__(self) -> None:
        object.__setattr__(self, "is_truth", type(self.value) is bool)

    @property
    def field(self) -> str:
        """The path as JMESPath spells it: `player.version`, `tags[*]`."""
        return spell_field(self.path)

    @property
    def condition(self) -> object:
        """What `where` of `diff --json` says about the field."""
        if self.kind in _SIGNS:
            return f"{_SIGNS[self.kind]} {spell_number(self.value)}"
        if self.kind == "field":
            return "*"
        return self.value

    @property
    def expression(self) -> str:
        """The JMESPath that selects the records for which it holds."""
        if ANY in self.path:
            return self._of_some_item(self.path.index(ANY))
        field = self.field
        if self.kind == "missing":
            return f"{field} == null"
        if self.kind == "field":
            return f"{field} != null"
        if self.kind == "pattern":
            return pattern_expression(field, str(self.value))
        if self.kind in _SIGNS:
            return f"{field} {_SIGNS[self.kind]} `{spell_number(self.value)}`"
        return f"{field} == {spell_value(self.value)}"

    def _of_some_item(self, at: int) -> str:
        """For a list it holds if it holds for one item; a field is missing if no item has it."""
        items, rest = spell_field(self.path[:at]), self.path[at + 1 :]
        if self.kind == "missing":
            return f"!({items}[?{RecordFact(rest, 'field').expression}])"
        return f"{items}[?{RecordFact(rest, self.kind, self.value).expression}]"


def spell_number(value: object) -> str:
    """A bound, as JSON spells it."""
    return repr(value) if isinstance(value, int) else f"{value:.6g}"
