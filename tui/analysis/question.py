"""The question that `diff` answers, and its answer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo

from tui.analysis.findings import Finding
from tui.analysis.minutes import of_other_days
from tui.archive import Archive, empty_range
from tui.archive.moments import parse_moments, parse_range, stretches
from tui.archive.times import ceil_hour, floor_hour
from tui.errors import TimeError
from tui.filter import Filter
from tui.filter.fields import ANY, FieldPath
from tui.filter.jmespath import parse_expression
from tui.filter.paths import named_paths
from tui.filter.within import Within
from tui.scan import ScanPlan, plan_scan

_BEFORE, _AFTER = timedelta(days=28), timedelta(days=14)  # around the target: where the baseline is taken from

TimeRange = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Question:
    """What to compare: the hours of `target` (None: of the whole plan) with `against`, or with the usual hours.

    `fields`: fields in the filter, which are not findings. `times`: for a target in minutes, how to read the records'
    times. `chunks`: the hours of the chunks that may hold the target's records.
    """

    target: TimeRange | None = None
    against: tuple[TimeRange, ...] = ()
    full: bool = False
    fields: frozenset[FieldPath] = frozenset()
    times: Within | None = None
    chunks: TimeRange | None = None


@dataclass(frozen=True, slots=True)
class Side:
    """The hours of one side as ranges, and how many of their records were compared."""

    ranges: tuple[TimeRange, ...]
    records: int


@dataclass(frozen=True, slots=True)
class LocatedFinding:
    """A finding with the times of its hours, [since, until), and its target.

    `by_hour`: for each hour of `Answer.hours`, the number of the finding's records.
    """

    finding: Finding
    since: datetime
    until: datetime
    target: Side
    by_hour: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What stands out so far. `exact`: every record was compared; else only `records`, the first of each chunk.

    `hours` and `sizes`: all hours compared, in order, and their records. `indexed`: number of chunks that were not read
    because the index answered.
    """

    target: Side
    baseline: Side
    findings: tuple[LocatedFinding, ...]
    records: int
    exact: bool
    final: bool
    hours: tuple[datetime, ...] = ()
    sizes: tuple[int, ...] = ()
    not_objects: int = 0
    indexed: int = 0


def fields_of(filter_: Filter) -> frozenset[FieldPath]:
    """Return the fields in a filter: they differ by definition, so they are not findings."""
    named = (named_paths(parse_expression(term.text).parsed) for term in filter_.active if term.kind == "match")
    return frozenset(
        tuple(ANY if isinstance(step, int) else step for step in path) for paths in named for path in paths
    )


def read_range(text: str, zone: tzinfo) -> TimeRange:
    """Parse `2015-01-13T13..2015-01-13T19`; TimeError for anything else."""
    start, dots, stop = text.partition("..")
    ends = start.strip() or None, stop.strip() or None
    first, last = (parse_moments(*ends, zone) or parse_range(*ends, zone)) if dots else (None, None)
    if first is None or last is None:
        raise TimeError(f"'{text}' is not a range; write it as 2015-01-13T13..2015-01-13T19")
    return first, last


def plan_diff(archive: Archive, question: Question, filter_: Filter | None = None) -> ScanPlan:
    """Plan the chunks that a question needs: the target, and its baseline or else the weeks around it.

    ArchiveError if those hours have no chunk.
    """
    if question.target is None:
        return plan_scan(archive, None, None, filter_ or Filter())
    if question.chunks is not None and len(stretches(*question.target)) > 1:
        raise TimeError("clocks showed some of these minutes twice: give --from and --to in UTC, such as …T01:10Z")
    start, stop = question.chunks or question.target
    baseline = question.against or ((start - _BEFORE, stop + _AFTER),)
    first, last = min(start, *(range_[0] for range_ in baseline)), max(stop, *(range_[1] for range_ in baseline))
    plan = plan_scan(archive, floor_hour(first), ceil_hour(last), filter_ or Filter())
    chunks = tuple(
        chunk for chunk in plan.chunks if within(chunk.hour, (start, stop)) or _may_hold(question, chunk.hour)
    )
    if not any(within(chunk.hour, (start, stop)) for chunk in chunks):
        raise empty_range(archive, start, stop)
    return replace(plan, chunks=chunks)


def _may_hold(question: Question, hour: datetime) -> bool:
    """True if a chunk of that hour may be part of the baseline."""
    if question.chunks is not None and question.target is not None:
        late = question.chunks[1] - question.target[1]  # how late records may be written
        ranges = [(floor_hour(start), stop + late) for start, stop in question.against]
        return any(within(hour, range_) for range_ in ranges) if ranges else of_other_days(hour, *question.chunks)
    return not question.against or any(within(hour, range_) for range_ in question.against)


def within(hour: datetime, range_: TimeRange | None) -> bool:
    """True if an hour is in a range."""
    return range_ is not None and range_[0] <= hour < range_[1]
