"""What is gathered of records to compare them: for each field and value, which records have it.

Records are numbered as they are read. Values of fields that look like ids are not kept, and only so many of any other.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, TypeAlias

from tui.analysis.patterns import has_words, pattern
from tui.archive import Block, Chunk
from tui.filter import Filter, Matcher
from tui.filter.compiled import NotJsonError
from tui.filter.fields import ANY, Path
from tui.filter.jmespath import load
from tui.scan.matching import matching_block

MOST_VALUES = 3_000  # of a field
MOST_PATTERNS = 500
MOST_PATHS = 1_000
_LONGEST = 500  # characters of a text
_ITEMS = 50  # of a list
_DEEP = 12
_LARGEST = 1e300
_MANY = 100  # records that tell whether a field holds ids
_UNIQUE = 0.5  # of them: with more different values than that they are ids


class Truth(Enum):
    """A boolean: in Python True is 1."""

    TRUE = True
    FALSE = False


Value: TypeAlias = "str | int | float | Truth"

Numbers: TypeAlias = "tuple[array[int], array[float]]"


@dataclass(slots=True)
class Column:
    """One field: the records that have it, those that have each value, and those that have a number, with it."""

    records: array[int] = field(default_factory=lambda: array("I"))
    values: dict[Value, array[int]] = field(default_factory=dict)
    numbers: Numbers = field(default_factory=lambda: (array("I"), array("d")))
    patterns: dict[str, array[int]] = field(default_factory=dict)  # of texts that were not kept
    unique: int = 0  # records whose value was not kept, because hardly another record has it

    def fill(self, records: list[int], values: list[Any]) -> None:
        """Take the values of some records, null left out; ids are not kept, but the patterns of texts are."""
        kinds = set(map(type, values))
        if bool in kinds:
            values = [Truth(value) if type(value) is bool else value for value in values]
        if kinds & {int, float}:
            numbers = [
                (record, value)
                for record, value in zip(records, values, strict=True)
                if (type(value) is int or type(value) is float) and -_LARGEST < value < _LARGEST
            ]
            self.numbers[0].extend([record for record, _ in numbers])
            self.numbers[1].extend([value for _, value in numbers])
        self.records.extend(records)
        counts = Counter(values)
        are_ids = len(values) >= _MANY and len(counts) >= _UNIQUE * len(values)
        groups = self.values
        for record, value in zip(records, values, strict=True):
            having = groups.get(value)
            if having is not None:
                having.append(record)
            elif (are_ids and counts[value] == 1) or len(groups) >= MOST_VALUES:
                self._leave_out(value, array("I", (record,)))
            else:
                groups[value] = array("I", (record,))

    def merge(self, other: Column) -> None:
        self.records.extend(other.records)
        self.numbers[0].extend(other.numbers[0])
        self.numbers[1].extend(other.numbers[1])
        self.unique += other.unique
        for text, having in other.patterns.items():
            self._add_pattern(text, having)
        for value, having in other.values.items():
            mine = self.values.get(value)
            if mine is not None:
                mine.extend(having)
            elif len(self.values) < MOST_VALUES:
                self.values[value] = having
            else:
                self._leave_out(value, having)

    def _leave_out(self, value: Value, having: array[int]) -> None:
        """Of a text that is not kept, its pattern is."""
        self.unique += len(having)
        if type(value) is str:
            self._add_pattern(pattern(value), having)

    def _add_pattern(self, text: str, having: array[int]) -> None:
        if text in self.patterns:
            self.patterns[text].extend(having)
        elif len(self.patterns) < MOST_PATTERNS and has_words(text):
            self.patterns[text] = array("I", having)


@dataclass(slots=True)
class Observed:
    """Of so many records, numbered from 0: their columns. `not_objects`: records that are not JSON objects."""

    records: int = 0
    columns: dict[Path, Column] = field(default_factory=dict)
    not_objects: int = 0

    def merge(self, other: Observed) -> None:
        """Add what follows; its numbers go on from these."""
        self.records = max(self.records, other.records)
        self.not_objects += other.not_objects
        for path, column in other.columns.items():
            if path in self.columns:
                self.columns[path].merge(column)
            elif len(self.columns) < MOST_PATHS:
                self.columns[path] = column


@dataclass(frozen=True, slots=True)
class Observing:
    """Gather every `stride`-th matching record of a chunk."""

    stride: int = 1

    def begin(
        self,
        chunk: Chunk,
        filter: Filter,  # noqa: A002
        matcher: Matcher,
    ) -> Callable[[Block], tuple[Observed, int]]:
        """The work on each block of a chunk."""
        seen = taken = 0

        def observe(block: Block) -> tuple[Observed, int]:
            nonlocal seen, taken
            matching, matches = matching_block(block, matcher)
            records = matching.records() if matches else []
            chosen = records[-seen % self.stride :: self.stride] if self.stride > 1 else records
            seen += len(records)
            observed = observe_records(chosen, taken)
            taken = observed.records
            return observed, matches

        return observe


def observe_records(records: list[bytes], first: int = 0) -> Observed:
    """The columns of records, numbered from `first`."""
    observed = Observed(first)
    root = _Node(())
    for record in records:
        try:
            value = load(record)
        except NotJsonError:
            value = None
        if type(value) is dict:
            root.add(observed.records, value, 0)
            observed.records += 1
        else:
            observed.not_objects += 1
    root.collect(observed.columns)
    return observed


class _Node:
    """A place in the records: its values, and the places below it. It spares building a path for every value."""

    __slots__ = ("below", "path", "records", "values")

    def __init__(self, path: Path) -> None:
        self.path = path
        self.records: list[int] = []
        self.values: list[Any] = []
        self.below: dict[Any, _Node] = {}

    def add(self, record: int, value: dict[str, Any], depth: int) -> None:
        below = self.below
        for name, inner in value.items():
            node = below.get(name) or self._new(name)
            if node is None:
                continue
            kind = type(inner)
            if kind is dict:
                if depth < _DEEP:
                    node.add(record, inner, depth + 1)
            elif kind is list:
                node.add_items(record, inner, depth + 1)
            elif inner is not None:
                node.records.append(record)
                node.values.append(inner if kind is not str else inner[:_LONGEST])

    def add_items(self, record: int, items: list[Any], depth: int) -> None:
        """A list: each different item once."""
        node = self.below.get(ANY) or self._new(ANY)
        assert node is not None
        seen = set()
        for item in items[:_ITEMS]:
            if type(item) is dict:
                if depth < _DEEP:
                    node.add(record, item, depth + 1)
            elif item is not None and type(item) is not list and (key := (type(item) is bool, item)) not in seen:
                seen.add(key)
                node.records.append(record)
                node.values.append(item if type(item) is not str else item[:_LONGEST])

    def _new(self, step: Any) -> _Node | None:
        if len(self.below) >= MOST_PATHS and step is not ANY:
            return None
        node = self.below[step] = _Node((*self.path, step))
        return node

    def collect(self, columns: dict[Path, Column]) -> None:
        if self.values:
            columns[self.path] = column = Column()
            column.fill(self.records, self.values)
        for node in self.below.values():
            node.collect(columns)
