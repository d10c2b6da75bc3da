"""What is gathered of one field of a chunk: how many records have each of its values."""

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

MOST_VALUES = 20_000  # of a field that are told apart; of more, only the number is rough
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
    """What was seen of one field so far. `values`: how many records have each; booleans by their spelling, in bytes.

    `column`: values that are not counted yet. `full`: there was no room for all of them; `numbers` and `patterns` are
    of those for which there was none.
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
        """What is at a place of some records; of an item that a list has twice, one."""
        values, kinds = place.values, place.kinds
        if bool in kinds:
            values = list(map(unlike_numbers, values))
        once: dict[tuple[int, Any], None] = {}
        having = len(set(place.records)) if place.records is not None else 0
        if 0 < having < len(values):
            once = dict.fromkeys(zip(place.records or (), values, strict=True))
            values = list(map(itemgetter(1), once))
        types = Counter(map(type, values)) if len(kinds) > 1 else dict.fromkeys(kinds, len(values))
        named: Counter[str] = Counter()
        others = {kind: len(set(records)) for kind, records in place.others.items()}
        for kind, number in chain(types.items(), others.items()):
            named[TYPES[kind]] += number
        if type(None) in kinds:
            values = [value for value in values if value is not None]
            having = len({record for record, value in once if value is not None}) if once else 0
        return cls(having or len(values), named, values, sum(others.values()))

    def merge(self, other: GatheredField) -> None:
        self.records += other.records
        self.types.update(other.types)
        self.others += other.others
        self._count(self.column)
        self._count(other.column)
        self.column = []
        for value, number in other.values.items():
            if value in self.values or len(self.values) < MOST_VALUES:
                self.values[value] += number
            else:
                self.full = True
                self._tell([value], [number])

    def _count(self, column: list[Any]) -> None:
        mine = self.values
        if len(mine) + len(column) <= MOST_VALUES:
            mine.update(column)
            return
        for value in () if self.full else dict.fromkeys(column):
            if value not in mine:
                if len(mine) == MOST_VALUES:
                    self.full = True
                    break
                mine[value] = 0
        known = list(filter(mine.__contains__, column))
        mine.update(known)
        if len(known) < len(column):
            self._tell(list(filterfalse(mine.__contains__, column)) if known else column)

    def _tell(self, values: Sequence[Any], times: Sequence[int] = ()) -> None:
        """Only the numbers and patterns of some values are kept, each of which occurs once or as many `times`."""
        self.numbers, self.patterns = self.numbers or Sketch(), self.patterns or Patterns()
        scalars = self.types.keys() - {"null", "object", "array"}
        for name, tell in (("number", self.numbers.add), ("string", self.patterns.add)):
            if scalars == {name}:
                tell(values, times)
            elif name in scalars:
                there = [TYPES[type(value)] == name for value in values]
                tell(list(compress(values, there)), list(compress(times, there)))

    def summary(self) -> FieldSummary:
        """The end of it."""
        self._count(self.column)
        values, exact = kept_values(self.values, self.records)
        exact &= not self.full
        spelled = {
            value.decode() if type(value) is bytes else spell_json(value).decode(): number
            for value, number in values.items()
        }
        whole = GatheredField(types=self.types, numbers=self.numbers, patterns=self.patterns)
        if not exact:
            whole._tell(list(self.values), list(self.values.values()))
        return FieldSummary(
            self.records,
            dict(self.types),
            dict(sorted(spelled.items())),
            exact,
            len(self.values),
            self.others,
            whole.numbers.plain if whole.numbers and whole.numbers.count else None,
            dict(whole.patterns.counts) if whole.patterns else {},
        )


def unlike_numbers(value: Any) -> Any:
    """A value that is no key for another: in Python True is 1."""
    return _TRUTHS[value] if type(value) is bool else value
