"""What the index gathers about one field of a chunk: how many records have each of its values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain, compress, filterfalse
from operator import itemgetter
from typing import Any

from tui.analysis.patterns import Patterns
from tui.analysis.places import Place
from tui.analysis.sketch import Sketch
from tui.index.summary import FieldSummary, kept_values, spell_json

MAX_VALUES = 20_000  # of a field that are distinguished; with more, the number of values is only a lower bound
TYPES: dict[type, str] = {
    str: "string",
    bool: "boolean",
    bytes: "boolean",
    int: "number",
    float: "number",
    type(None): "null",
    dict: "object",
    list: "array",
}
_TRUTHS = {True: b"true", False: b"false"}


@dataclass(slots=True)
class GatheredField:
    """What was seen of one field so far. `values`: how many records have each; booleans are stored as JSON in bytes.

    `column`: values that are not counted yet. `full`: there were too many values; `numbers` and `patterns` summarize
    those that were not counted.
    """

    records: int = 0
    types: Counter[str] = field(default_factory=Counter)
    column: list[Any] = field(default_factory=list)
    others: int = 0
    values: Counter[Any] = field(default_factory=Counter)
    full: bool = False
    numbers: Sketch | None = None
    patterns: Patterns | None = None

    @classmethod
    def at(cls, place: Place) -> GatheredField:
        """Return what is at a place of some records; repeated items of a list count once."""
        values, kinds = place.values, place.kinds
        if bool in kinds:
            values = list(map(unlike_numbers, values))
        once: dict[tuple[int, Any], None] = {}
        with_value = len(set(place.records)) if place.records is not None else 0
        if 0 < with_value < len(values):
            once = dict.fromkeys(zip(place.records or (), values, strict=True))
            values = list(map(itemgetter(1), once))
        types = Counter(map(type, values)) if len(kinds) > 1 else dict.fromkeys(kinds, len(values))
        named: Counter[str] = Counter()
        others = {kind: len(set(records)) for kind, records in place.others.items()}
        for kind, number in chain(types.items(), others.items()):
            named[TYPES[kind]] += number
        if type(None) in kinds:
            values = [value for value in values if value is not None]
            with_value = len({record for record, value in once if value is not None}) if once else 0
        return cls(with_value or len(values), named, values, sum(others.values()))

    def merge(self, other: GatheredField) -> None:
        self.records += other.records
        self.types.update(other.types)
        self.others += other.others
        self._count(self.column)
        self._count(other.column)
        self.column = []
        for value, number in other.values.items():
            if value in self.values or len(self.values) < MAX_VALUES:
                self.values[value] += number
            else:
                self.full = True
                self._summarize([value], [number])

    def _count(self, column: list[Any]) -> None:
        mine = self.values
        if len(mine) + len(column) <= MAX_VALUES:
            mine.update(column)
            return
        for value in () if self.full else dict.fromkeys(column):
            if value not in mine:
                if len(mine) == MAX_VALUES:
                    self.full = True
                    break
                mine[value] = 0
        known = list(filter(mine.__contains__, column))
        mine.update(known)
        if len(known) < len(column):
            self._summarize(list(filterfalse(mine.__contains__, column)) if known else column)

    def _summarize(self, values: Sequence[Any], times: Sequence[int] = ()) -> None:
        """Keep only the numbers and patterns of some values, each of which occurs once or as many `times`."""
        self.numbers, self.patterns = self.numbers or Sketch(), self.patterns or Patterns()
        scalars = self.types.keys() - {"null", "object", "array"}
        for name, add in (("number", self.numbers.add), ("string", self.patterns.add)):
            if scalars == {name}:
                add(values, times)
            elif name in scalars:
                there = [TYPES[type(value)] == name for value in values]
                add(list(compress(values, there)), list(compress(times, there)))

    def summary(self) -> FieldSummary:
        """Return the final summary."""
        self._count(self.column)
        values, exact = kept_values(self.values, self.records)
        exact &= not self.full
        spelled = {
            value.decode() if type(value) is bytes else spell_json(value).decode(): number
            for value, number in values.items()
        }
        rest = GatheredField(types=self.types, numbers=self.numbers, patterns=self.patterns)
        if not exact:
            rest._summarize(list(self.values), list(self.values.values()))
        return FieldSummary(
            self.records,
            dict(self.types),
            dict(sorted(spelled.items())),
            exact,
            len(self.values),
            self.others,
            rest.numbers.plain if rest.numbers and rest.numbers.count else None,
            dict(rest.patterns.counts) if rest.patterns else {},
        )


def unlike_numbers(value: Any) -> Any:
    """Return a value that does not equal one of another type, as dict keys True and 1 do."""
    return _TRUTHS[value] if type(value) is bool else value
