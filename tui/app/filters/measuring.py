"""The fields of what is previewed, and what of them differs from the same hour of another week; without a screen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from tui.app.filters.baseline import MOST_RECORDS, Baseline
from tui.app.filters.sampling import sampled, spaced
from tui.app.preview.records import Records, RecordsGone
from tui.errors import HourscopeError
from tui.filter import Filter
from tui.filter.differences import Difference, Sample, differences, repeated
from tui.filter.fields import MOST_VALUES, Field, Fields

MOST_MEASURED = 50_000  # records; of more, as many, evenly spaced
_SLICE = 1_000
_TOP = 8


@dataclass(frozen=True, slots=True)
class Look:
    """What is looked at: records, by their numbers, and the filter that chose them."""

    records: Records
    numbers: Sequence[int]
    filter: Filter

    @property
    def of_matches(self) -> bool:
        return bool(self.filter.active) or self.filter.invert


@dataclass(frozen=True, slots=True)
class Compared:
    """What differs from the same hour of another week; or why that cannot be said."""

    hour: datetime | None = None
    found: tuple[Difference, ...] = ()
    now: int = 0
    then: int = 0
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Measured:
    """The fields of so many records; `whole` if these are all that are measured, `complete` if it is every field."""

    fields: tuple[Field, ...] = ()
    records: int = 0
    whole: bool = False
    complete: bool = True


def measure(look: Look) -> Iterator[Measured | None]:
    """The fields of the first records, then of all; None is a moment to give up. Nothing more once they are gone."""
    found, numbers = Fields(), spaced(look.numbers, MOST_MEASURED)
    try:
        for start in range(0, max(len(numbers), 1), _SLICE):
            found.feed(sampled(look.records, numbers[start : start + _SLICE]))
            whole = start + _SLICE >= len(numbers)
            yield Measured(found.found(_TOP), found.records, whole, found.complete) if whole or not start else None
    except RecordsGone:
        return


def compare(look: Look, base: Baseline | None, cancelled: Callable[[], bool]) -> Compared | None:
    """What is looked at beside as many records of another hour, the first of either; None if nobody waits any more."""
    if base is None:
        return Compared(trouble="There is no hour to compare this one with: no week or day around has a chunk of it.")
    try:
        now = list(sampled(look.records, [number for number in look.numbers if number < MOST_RECORDS]))
        fields = Fields()
        fields.feed(now)
        by = repeated(fields.found(MOST_VALUES))
        here, there = Sample(by), Sample(by)
        here.feed(now)
        there.feed(base.records(look.filter, min(len(look.records), MOST_RECORDS), cancelled))
        found = differences(here, there)
    except RecordsGone:
        return None
    except HourscopeError as error:
        return Compared(base.hour, trouble=str(error))
    return None if cancelled() else Compared(base.hour, found, here.records, there.records)
