"""Records by stretches of minutes of their own time, which `diff` compares if hours are too coarse."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tui.analysis.columns import Learner
from tui.analysis.observed import Observed, observe_lines
from tui.archive import Block, Chunk
from tui.filter import Filter, Matcher
from tui.filter.event_time import microseconds
from tui.filter.within import Within
from tui.scan.matching import matching_block

_PARTS = 4  # of the target, if it is long enough, to show when something began
_SHORTEST = timedelta(minutes=5)
_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)


@dataclass(slots=True)
class Stretches:
    """The records of each stretch, by the stretch's number."""

    observed: dict[int, Observed] = field(default_factory=dict)

    def merge(self, other: Stretches) -> None:
        """Append the records that follow."""
        for number, seen in other.observed.items():
            if number in self.observed:
                self.observed[number].merge(seen)
            else:
                self.observed[number] = seen


@dataclass(frozen=True, slots=True)
class ByMinutes:
    """Gather a chunk's matching records by stretches of `length`, numbered from the range's start."""

    times: Within
    length: timedelta
    learner: Learner = field(default_factory=Learner, compare=False)

    def begin(
        self,
        chunk: Chunk,
        filter: Filter,  # noqa: A002
        matcher: Matcher,
    ) -> Callable[[Block], tuple[Stretches, int]]:
        """Return the function for each block of a chunk; it counts records without a readable time and drops them."""
        assert self.times.start is not None
        times, start, length = (
            self.times.times(),
            microseconds(self.times.start),
            self.length // timedelta(microseconds=1),
        )

        def observe(block: Block) -> tuple[Stretches, int]:
            matching, matches = matching_block(block, matcher)
            lines: dict[int, list[bytes]] = {}
            for record, time in zip(
                matching.records() if matches else (), times(matching) if matches else (), strict=True
            ):
                if time is None:
                    matcher.no_time += 1
                else:
                    lines.setdefault((time - start) // length, []).append(record)
            seen = {number: observe_lines(b"\n".join(records), self.learner) for number, records in lines.items()}
            return Stretches(seen), matches

        return observe


def stretch_length(start: datetime, stop: datetime) -> timedelta:
    """Return the length of the stretches into which a target is divided: a fraction of it, in whole minutes."""
    duration = stop - start
    parts = (part for part in range(_PARTS, 1, -1) if duration % (part * _MINUTE) == timedelta(0))
    return next((duration / part for part in parts if duration / part >= _SHORTEST), duration)


def same_minutes(times: Sequence[datetime], target: Sequence[int], others: Sequence[int], days: int) -> list[int]:
    """Return the same stretches of other days, if there are at least `days` such days."""
    of_day = {(times[at].hour, times[at].minute) for at in target}
    same = [at for at in others if (times[at].hour, times[at].minute) in of_day]
    return same if len({times[at].date() for at in same}) >= days else []


def of_other_days(hour: datetime, start: datetime, stop: datetime) -> bool:
    """True if an hour is in a range on some day."""
    days = round((hour - start) / _DAY)
    return any(start <= hour - (days + near) * _DAY < stop for near in (-1, 0, 1))
