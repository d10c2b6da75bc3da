"""Records by the time that they hold: a range to the minute, where hours of chunks are too coarse."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo

from tui.archive.block import Block
from tui.archive.moments import stretches
from tui.archive.times import spell_time
from tui.filter.event_time import event_time, microseconds


@dataclass(frozen=True)
class Within:
    """The records whose time, at `path`, is in [start, stop); texts without an offset are in `zone`.

    Open ends take every time; a record without a readable time is never within. Of minutes that clocks showed twice
    both are taken (see `tui.archive.moments`).
    """

    path: str
    start: datetime | None
    stop: datetime | None
    zone: tzinfo

    def times(self) -> Callable[[Block], list[int | None]]:
        """A function from a block to the times of its records, in µs since 1970; None where there is none."""
        from tui.filter.columns import columns  # parsing takes libraries that a literal does without

        read = columns([self.path])
        zone = self.zone

        def times(block: Block) -> list[int | None]:
            table = read(block)
            if table.records == block.count():
                return [event_time(value, zone) for value in table.columns[0]]
            return [_one(read(_alone(record)).columns[0], zone) for record in block.records()]

        return times

    def holds(self) -> Callable[[int | None], bool]:
        """Is a time in the range?"""
        parts = [_holds(*part) for part in stretches(self.start, self.stop)]
        return parts[0] if len(parts) == 1 else lambda time: any(holds(time) for holds in parts)

    def arguments(self) -> list[str]:
        """The words of a command line that name the field; its range has the ends."""
        return ["--time-field", self.path]

    def ends(self) -> list[str]:
        """The ends as words of a command line."""
        span = (("--from", self.start), ("--to", self.stop))
        return [word for option, time in span if time is not None for word in (option, spell_time(time))]


def _holds(first: datetime | None, last: datetime | None) -> Callable[[int | None], bool]:
    start, stop = (None if time is None else microseconds(time) for time in (first, last))

    def holds(time: int | None) -> bool:
        return time is not None and (start is None or start <= time) and (stop is None or time < stop)

    return holds


def _alone(record: bytes) -> Block:
    return Block(bytearray(record + b"\n"), len(record) + 1, 0)


def _one(values: list[object], zone: tzinfo) -> int | None:
    return event_time(values[0], zone) if values else None
