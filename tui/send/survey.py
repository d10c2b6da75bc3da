"""Looking at a source before it is sent: how many, how big, first and last, and what a broker would not take."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from tui.errors import NothingToSendError
from tui.send.shapes import Shape, Shapes
from tui.send.source import DamagedChunk, Source, Unfit

_EVERY = 16  # blocks between two reports: some MB of lines
NAMED = 100  # records that are named, of each kind of trouble


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

    `count` leaves out the empty lines, `empty`, and the records that a projection makes nothing of: `unfit_count`, of
    which `unfit` names the first hundred. `oversize` names the first hundred records larger than the limit that was
    asked about, `oversize_count` counts them. `shapes` are the different sets of keys, the commonest first; records of
    shapes beyond the first thousand are in `shapeless`.
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
    unfit: tuple[Unfit, ...] = ()
    unfit_count: int = 0
    shapes: tuple[Shape, ...] = ()
    shapeless: int = 0


def survey(source: Source, *, max_message: int | None = None, shapes: bool = True) -> Survey:
    """Read a source once, to its end; without `shapes` no record is parsed."""
    return deque(surveying(source, max_message=max_message, shapes=shapes), maxlen=1).pop()


def surveying(source: Source, *, max_message: int | None = None, shapes: bool = True) -> Iterator[Survey]:
    """The same, with what is known so far every few MB; leave it whenever that is enough."""
    count = size = empty = oversize_count = unfit_count = 0
    hours: list[datetime] = []
    first = last = None
    largest: Place | None = None
    oversize: list[Place] = []
    damaged: list[DamagedChunk] = []
    unfit: list[Unfit] = []
    seen = Shapes()

    def so_far(complete: bool) -> Survey:
        first_hour, last_hour = (hours[0], hours[-1]) if hours else (None, None)
        return Survey(
            count, size, empty, first_hour, last_hour, first, last, largest,
            tuple(oversize), oversize_count, tuple(damaged), complete,
            tuple(unfit), unfit_count, seen.found(), seen.beyond,
        )  # fmt: skip

    for number, whole in enumerate(source.open(), 1):
        if whole.damaged:
            damaged.append(whole.damaged)
        if whole.unfit:
            unfit_count += len(whole.unfit)
            unfit += whole.unfit[: NAMED - len(unfit)]
        block = whole.filled()
        empty += len(whole.records) - len(block.records)
        if records := block.records:
            if shapes:
                seen.add(records)
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
                oversize += places[: NAMED - len(oversize)]
        if number % _EVERY == 0:
            yield so_far(False)
    yield so_far(True)


def nothing_to_send(source: Source, unfit: Sequence[Unfit]) -> NothingToSendError:
    """The sentence for a source without a record that could be sent."""
    if unfit:
        return NothingToSendError(f"{source.description}: no record is left to send; {unfit[0]}, and so on")
    chosen = "" if source.filter == "every record" else f" that matches {source.filter}"
    return NothingToSendError(f"{source.description} holds no record{chosen}: there is nothing to send")
