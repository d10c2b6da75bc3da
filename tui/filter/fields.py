"""Facets of a sample: the paths in its records, with their types, frequencies and values.

Memory is bounded for any input: the numbers of paths and of distinct values per path are limited, and all further
values are counted together. Items of a list share one path (`tags[*]`), with the step `ANY`.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from tui.filter.compiled import NotJsonError
from tui.filter.jmespath import load

MAX_PATHS = 2_000
MAX_VALUES = 1_000  # distinct values per path
MAX_NUMBERS = 4_096  # per path, to compute the median
LONGEST = 200  # characters of a text; longer texts are counted by their beginning
BINS = 16
_ITEMS = 100  # items of a list that are counted
_DEEP = 16
_MAX_FLOAT = sys.float_info.max
_EMPTY: Mapping[str, object] = {"object": {}, "array": []}


class ItemStep(Enum):
    """The step of a path that stands for every item of a list."""

    ANY = "*"


ANY = ItemStep.ANY
FieldPath = tuple[str | ItemStep, ...]
Scalar = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Field:
    """One path. `coverage` is the share of records that have it; `distinct` is a lower bound unless `exact`.

    For numbers: the minimum, maximum and median, and a histogram of a fair sample in `BINS` equal steps from the
    minimum to the maximum; outliers are in the first or last step.
    """

    path: FieldPath
    records: int
    coverage: float
    types: Mapping[str, int]
    distinct: int
    exact: bool
    top: tuple[tuple[object, int], ...]
    low: float | None = None
    median: float | None = None
    high: float | None = None
    bins: tuple[int, ...] = ()


@dataclass(slots=True)
class _FieldTally:
    records: int = 0
    last: int = -1  # the last record that was counted: all items of a list count as one record
    items: set[tuple[str, Scalar]] | None = None  # of lists in that record: equal items count once, as in `count`
    types: Counter[str] = field(default_factory=Counter)
    values: Counter[tuple[str, Scalar]] = field(default_factory=Counter)
    full: bool = False
    numbers: list[float] = field(default_factory=list)
    seen: int = 0
    low: float = float("inf")
    high: float = float("-inf")


class Fields:
    """Collects fields: `feed` records, and `summarize` at any time. `others` counts records that are not objects."""

    def __init__(self, seed: int = 0) -> None:
        self.records = self.others = 0
        self.complete = True  # False once there were too many paths
        self._tallies: dict[FieldPath, _FieldTally] = {}
        self._random = random.Random(seed)

    def feed(self, records: Iterable[bytes]) -> None:
        for record in records:
            try:
                value = load(record)
            except NotJsonError:
                value = None
            if isinstance(value, dict):
                self.add(value)
            else:
                self.others += 1

    def add(self, value: Mapping[str, object]) -> None:
        """Count one record."""
        for path, scalar, kind in leaves((), value):
            tally = self._tallies.get(path)
            if tally is None:
                if len(self._tallies) >= MAX_PATHS:
                    self.complete = False
                    continue
                tally = self._tallies[path] = _FieldTally(items=set() if ANY in path else None)
            self._count(tally, scalar, kind)
        self.records += 1

    def _count(self, tally: _FieldTally, value: Scalar, kind: str) -> None:
        if tally.last != self.records:
            tally.records, tally.last = tally.records + 1, self.records
            if tally.items:
                tally.items.clear()
        tally.types[kind] += 1
        key = (kind, value[:LONGEST] if isinstance(value, str) else value)
        if tally.items is not None and key in tally.items:
            pass
        elif key in tally.values or len(tally.values) < MAX_VALUES:
            tally.values[key] += 1
        else:
            tally.full = True
        if tally.items is not None:
            tally.items.add(key)
        if kind == "number" and isinstance(value, int | float) and abs(value) <= _MAX_FLOAT:  # 1e999 is infinite
            self._measure(tally, value)

    def _measure(self, tally: _FieldTally, value: float) -> None:
        """Update the minimum and maximum, and a fair sample (Vitter's reservoir) for the median."""
        tally.low, tally.high = min(tally.low, value), max(tally.high, value)
        tally.seen += 1
        if len(tally.numbers) < MAX_NUMBERS:
            tally.numbers.append(value)
        elif (at := self._random.randrange(tally.seen)) < MAX_NUMBERS:
            tally.numbers[at] = value

    def summarize(self, top: int = 5) -> tuple[Field, ...]:
        """Return every path in order of first occurrence, each with its `top` most frequent values."""
        return tuple(self._field(path, tally, top) for path, tally in self._tallies.items())

    def _field(self, path: FieldPath, tally: _FieldTally, top: int) -> Field:
        numbers = sorted(tally.numbers)
        last = len(numbers) - 1
        return Field(
            path,
            tally.records,
            tally.records / self.records if self.records else 0.0,
            dict(tally.types.most_common()),
            len(tally.values),
            not tally.full,
            tuple((_EMPTY.get(kind, value), count) for (kind, value), count in tally.values.most_common(top)),
            tally.low if numbers else None,
            numbers[last // 2] if numbers else None,
            tally.high if numbers else None,
            _histogram(numbers) if numbers else (),
        )


def _histogram(numbers: Sequence[float]) -> tuple[int, ...]:
    """Count sorted numbers per step. If all are equal, all are in the first step."""
    last = len(numbers) - 1
    first, third = numbers[last // 4], numbers[last * 3 // 4]
    low, high = numbers[0], numbers[-1]
    if third > first:  # Tukey's outer fences; they may be infinite
        low, high = max(low, first - 3 * (third - first)), min(high, third + 3 * (third - first))
    steps = [0] * BINS
    width = high / BINS - low / BINS
    for number in numbers:
        inside = min(max(number, low), high)  # others may be so large that the quotient is infinite
        steps[min(max(int(inside / width - low / width), 0), BINS - 1) if width else 0] += 1
    return tuple(steps)


def leaves(path: FieldPath, value: object) -> Iterator[tuple[FieldPath, Scalar, str]]:
    """Yield (path, value, type) of every scalar in a value. Empty objects and lists count as values."""
    if isinstance(value, dict) and value and len(path) < _DEEP:
        for name, inner in value.items():
            yield from leaves((*path, name), inner)
    elif isinstance(value, list) and value and len(path) < _DEEP:
        for inner in value[:_ITEMS]:
            yield from leaves((*path, ANY), inner)
    elif isinstance(value, dict | list):
        yield path, None, "object" if isinstance(value, dict) else "array"
    elif isinstance(value, bool) or value is None:
        yield path, value, "boolean" if value is not None else "null"
    elif isinstance(value, int | float):
        yield path, value, "number"
    elif isinstance(value, str):
        yield path, value, "string"
