"""Select records by their own time, for ranges with minutes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo

from tui.archive.block import Block, block_of
from tui.archive.moments import stretches
from tui.archive.times import spell_time
from tui.filter.event_time import MINUTE, event_time, microseconds


@dataclass(frozen=True)
class Within:
    """Selects records whose time, at `path`, is in [start, stop). Texts without an offset are in `zone`.

    None is an open end. A record without a readable time is never selected. If clocks showed minutes twice, both are
    selected (see `tui.archive.moments`).
    """

    path: str
    start: datetime | None
    stop: datetime | None
    zone: tzinfo

    def times(self) -> Callable[[Block], list[int | None]]:
        """Return a function from a block to the times of its records, in µs since 1970; None without a time."""
        from tui.filter.columns import columns  # text filters do not need its libraries

        read = columns([self.path])
        zone = self.zone

        def times(block: Block) -> list[int | None]:
            table = read(block)
            if table.records == block.count():
                return [event_time(value, zone) for value in table.columns[0]]
            return [_first_time(read(block_of([record], 0)).columns[0], zone) for record in block.records()]

        return times

    def holds(self) -> Callable[[int | None], bool]:
        """Return a test whether a time is in the range."""
        parts = [_holds(*part) for part in stretches(self.start, self.stop)]
        return parts[0] if len(parts) == 1 else lambda time: any(holds(time) for holds in parts)

    @property
    def in_minutes(self) -> bool:
        """True if no end is inside a minute since 1970 UTC."""
        ends = (time for part in stretches(self.start, self.stop) for time in part if time is not None)
        return all(microseconds(time) % MINUTE == 0 for time in ends)

    def arguments(self) -> list[str]:
        """Return the command-line arguments for the field. The ends are in `ends`."""
        return ["--time-field", self.path]

    def ends(self) -> list[str]:
        """Return the command-line arguments for the ends."""
        span = (("--from", self.start), ("--to", self.stop))
        return [word for option, time in span if time is not None for word in (option, spell_time(time))]


def _holds(first: datetime | None, last: datetime | None) -> Callable[[int | None], bool]:
    start, stop = (None if time is None else microseconds(time) for time in (first, last))

    def holds(time: int | None) -> bool:
        return time is not None and (start is None or start <= time) and (stop is None or time < stop)

    return holds


def _first_time(values: list[object], zone: tzinfo) -> int | None:
    return event_time(values[0], zone) if values else None
