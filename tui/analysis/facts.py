"""Facts about a record: a field has a value, a text has a pattern, a number is above a bound, a field is missing."""

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
    """A condition on a record. `value`: a scalar, a pattern or a bound; None for the kinds `field` and `missing`."""

    path: FieldPath
    kind: FactKind
    value: object = None
    is_truth: bool = field(init=False, repr=False)  # distinguishes true from 1, which are equal in Python

    def __post_init__(self) -> None:
        object.__setattr__(self, "is_truth", type(self.value) is bool)

    @property
    def field(self) -> str:
        """The path as JMESPath spells it: `player.version`, `tags[*]`."""
        return spell_field(self.path)

    @property
    def condition(self) -> object:
        """The field's value in `where` of `diff --json`."""
        if self.kind in _SIGNS:
            return f"{_SIGNS[self.kind]} {spell_number(self.value)}"
        if self.kind == "field":
            return "*"
        return self.value

    @property
    def expression(self) -> str:
        """The JMESPath that selects the records for which the fact holds."""
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
        """Return the JMESPath for a list: the fact holds for some item; a field is missing if no item has it."""
        items, rest = spell_field(self.path[:at]), self.path[at + 1 :]
        if self.kind == "missing":
            return f"!({items}[?{RecordFact(rest, 'field').expression}])"
        return f"{items}[?{RecordFact(rest, self.kind, self.value).expression}]"


def spell_number(value: object) -> str:
    """Return a bound as JSON."""
    return repr(value) if isinstance(value, int) else f"{value:.6g}"
