"""Counts of a send's records by hour and by the values of one field."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from tui.archive.block import Block, block_of
from tui.filter.build import spell_path
from tui.filter.columns import RecordTable, columns
from tui.filter.compiled import NotJsonError
from tui.filter.fields import Scalar, leaves
from tui.filter.jmespath import load

_SAMPLE = 500  # records from which the field is chosen
_MAX_VALUES = 12  # maximum of its distinct values in the sample
_COVERED = 0.9  # minimum share of sampled records that have it
_KEPT = 1_000  # distinct values that are counted
_LONGEST = 200  # characters of a text

_NAMES = ("code", "level", "severity", "event", "type", "kind", "status")  # of preferred fields


@dataclass(frozen=True, slots=True)
class CountedValues:
    """How many records have each value of `field`, the most common first; `others` have none of those, or no value."""

    field: str
    counts: tuple[tuple[Scalar, int], ...]
    others: int = 0


class Histogram:
    """Counts records by hour, and by a field chosen from the first records, in bounded memory."""

    def __init__(self, *, values: bool) -> None:
        self._hours: dict[datetime, int] = {}
        self._by_value = values
        self._sample: list[bytes] = []
        self._field = ""
        self._read: Callable[[Block], RecordTable] | None = None
        self._values: Counter[Scalar] = Counter()
        self._records = 0

    def add(self, hour: datetime | None, records: list[bytes]) -> None:
        if hour is not None:
            self._hours[hour] = self._hours.get(hour, 0) + len(records)
        if not self._by_value:
            return
        self._records += len(records)
        if self._read is not None:
            self._count(records)
            return
        self._sample += records
        if len(self._sample) >= _SAMPLE:
            self._choose()

    def hours(self) -> tuple[tuple[datetime, int], ...]:
        return tuple(sorted(self._hours.items()))

    def values(self) -> CountedValues | None:
        """The counts by value; None if no field has few values."""
        if self._read is None:
            self._choose()
        if not self._values:
            return None
        ranked = sorted(self._values.items(), key=lambda item: (-item[1], str(item[0])))
        return CountedValues(self._field, tuple(ranked), self._records - sum(self._values.values()))

    def _choose(self) -> None:
        """Choose the field from the records so far; without a suitable one, later records are not parsed."""
        sample, self._sample = self._sample, []
        if not sample:
            return
        self._field = telling_field(sample) or ""
        if not self._field:
            self._by_value = False
            return
        self._read = columns([self._field])
        self._count(sample)

    def _count(self, records: list[bytes]) -> None:
        assert self._read is not None
        for value in self._read(block_of(records, 0)).columns[0]:
            if not isinstance(value, str | int | float | bool):
                continue
            key = value[:_LONGEST] if isinstance(value, str) else value
            if key in self._values or len(self._values) < _KEPT:
                self._values[key] += 1


def telling_field(records: Sequence[bytes]) -> str | None:
    """Return the path of a field with a few values that nearly all records have. Fields with names in `_NAMES` are
    preferred, then those whose values are spread most evenly."""
    counts: dict[str, Counter[Scalar]] = {}
    parsed = 0
    for record in records[:_SAMPLE]:
        try:
            value = load(record)
        except NotJsonError:
            continue
        parsed += 1
        for path, scalar, _ in leaves((), value):
            names = [step for step in path if isinstance(step, str)]
            if len(names) == len(path) and isinstance(scalar, str | int | bool):
                counts.setdefault(spell_path(names), Counter())[scalar] += 1
    fit = {
        name: values
        for name, values in counts.items()
        if 2 <= len(values) <= _MAX_VALUES and values.total() >= _COVERED * parsed and len(values) * 3 <= parsed
    }
    return min(fit, key=lambda name: (_rank(name), -_spread(fit[name]), name.count("."), name), default=None)


def _rank(name: str) -> int:
    last = name.rpartition(".")[2].strip('"').lower()
    return _NAMES.index(last) if last in _NAMES else len(_NAMES)


def _spread(values: Counter[Scalar]) -> float:
    """Return 1 - the sum of the squared shares, minus a penalty for many values."""
    total = values.total()
    return 1 - sum((count / total) ** 2 for count in values.values()) - 0.05 * len(values)
