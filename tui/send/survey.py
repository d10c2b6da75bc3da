"""Looking at a source before it is sent: how many, how big, first and last, and what a broker would not take."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from tui.send.source import DamagedChunk, Source

_EVERY = 16  # blocks between two reports: some MB of lines
_NAMED = 100  # places of oversize records that are kept


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record is: its chunk, its line there (from 1), and its size in bytes."""

    key: str
    line: int
    size: int

    def __str__(self) -> str:
        return f"line {self.line:,} of {self.key} ({self.size:,} bytes)"


@dataclass(frozen=True, slots=True)
class Survey:
    """What a source holds. `size` is the records' bytes, without newlines. `complete` once all of it was read.

    `oversize` names the first hundred records larger than the limit that was asked about, `oversize_count` counts them.
    """

    count: int = 0
    size: int = 0
    empty: int = 0
    first_hour: datetime | None = None
    last_hour: datetime | None = None
    first: bytes | None = None
    last: bytes | None = None
    largest: Place | None = None
    oversize: tuple[Place, ...] = ()
    oversize_count: int = 0
    damaged: tuple[DamagedChunk, ...] = ()
    complete: bool = False


def survey(source: Source, *, max_message: int | None = None) -> Survey:
    """Read a source once, to its end."""
    return deque(surveying(source, max_message=max_message), maxlen=1).pop()


def surveying(source: Source, *, max_message: int | None = None) -> Iterator[Survey]:
    """The same, with what is known so far every few MB; leave it whenever that is enough."""
    count = size = empty = oversize_count = 0
    hours: list[datetime] = []
    first = last = None
    largest: Place | None = None
    oversize: list[Place] = []
    damaged: list[DamagedChunk] = []

    def so_far(complete: bool) -> Survey:
        first_hour, last_hour = (hours[0], hours[-1]) if hours else (None, None)
        return Survey(
            count, size, empty, first_hour, last_hour, first, last, largest,
            tuple(oversize), oversize_count, tuple(damaged), complete,
        )  # fmt: skip

    for number, block in enumerate(source.open(), 1):
        empty += block.empty
        if block.damaged:
            damaged.append(block.damaged)
        if records := block.records:
            sizes = list(map(len, records))
            most = max(sizes)
            count += len(records)
            size += sum(sizes)
            first = records[0] if first is None else first
            last = records[-1]
            if block.hour is not None:
                hours[1:] = [block.hour]
            if largest is None or most > largest.size:
                largest = Place(block.key, block.lines[sizes.index(most)], most)
            if max_message is not None and most > max_message:
                places = [
                    Place(block.key, line, n) for line, n in zip(block.lines, sizes, strict=True) if n > max_message
                ]
                oversize_count += len(places)
                oversize += places[: _NAMED - len(oversize)]
        if number % _EVERY == 0:
            yield so_far(False)
    yield so_far(True)
