"""Some records of a source as they are passed on, and how single records and damaged parts are named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import compress

from tui.archive import Damage
from tui.archive.forms import Unchosen


@dataclass(frozen=True, slots=True)
class DamagedChunk:
    """A damaged part of a chunk, in bytes as stored; all other records of it are sent. See `Damage`."""

    key: str
    start: int
    stop: int
    reason: str
    doubtful: int = 0

    def __str__(self) -> str:
        return f"{self.key}, {Damage(self.start, self.stop, self.reason, self.doubtful)}"

    def as_json(self) -> dict[str, str | int]:
        """The entry that `damaged` of every JSON output has."""
        return {
            "key": self.key,
            "from": self.start,
            "to": self.stop,
            "reason": self.reason,
            "doubtful": self.doubtful,
        }


@dataclass(frozen=True, slots=True)
class RecordPlace:
    """Where a record is: its chunk, its line there (from 1), and its size in bytes."""

    key: str
    line: int
    size: int

    def __str__(self) -> str:
        return f"line {self.line:,} of {self.key} ({self.size:,} bytes)"


@dataclass(frozen=True, slots=True)
class Unfit:
    """A record that a projection makes nothing of."""

    key: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"line {self.line:,} of {self.key} ({self.reason})"


@dataclass(frozen=True, slots=True)
class SourceBlock:
    """Some records of one chunk, without newlines, in order.

    `records` may hold none: a sign of life of a long search. `lines` holds each record's number in the chunk, from
    1. `blank` counts the blank lines between them. Left out of `records` are `unfit`, of which a projection makes
    nothing, `oversize`, which are larger than the plan of a send allows, and `repeats` copies of earlier records.
    `not_json` counts those that a JMESPath term could not look at. `damaged` is a part of the chunk that could not
    be read. `joined` is `as_lines` of the records where a block has it at hand, as joining and searching them one
    by one takes half of a survey's time. The first block of a chunk says what in it may be the records, but was not
    taken for them (`unchosen`), and whether it is one `of_lines`.

    `times` are the records' times in µs since 1970, from a source that was asked for them (`Source.timed`), and
    `no_time` counts those that hold no readable time and take that of the record before. `keys` are the records' chunks
    where those are several. `archived` is the SHA-256 of all records of the pass in the order of the archive, in the
    last block of one that has another order.
    """

    key: str
    hour: datetime | None
    records: list[bytes]
    lines: Sequence[int]
    unfit: tuple[Unfit, ...] = ()
    damaged: DamagedChunk | None = None
    oversize: tuple[RecordPlace, ...] = ()
    repeats: int = 0
    blank: int = 0
    not_json: int = 0
    no_time: int = 0
    times: Sequence[int] = ()
    keys: Sequence[str] = ()
    archived: str = ""
    unchosen: Unchosen | None = None
    of_lines: bool = False
    joined: bytes = field(default=b"", repr=False, compare=False)

    def as_lines(self) -> bytes:
        """The records with a newline each."""
        return self.joined or as_lines(self.records)

    def filled(self) -> SourceBlock:
        """The same without the empty records, which no broker takes."""
        return self if all(self.records) else self.only(list(map(bool, self.records)))

    def only(self, kept: Sequence[bool]) -> SourceBlock:
        """The same with some of its records, by a flag for each."""
        block = self.holding(list(compress(self.records, kept)), list(compress(self.lines, kept)))
        return replace(block, times=list(compress(self.times, kept)), keys=list(compress(self.keys, kept)))

    def holding(self, records: list[bytes], lines: Sequence[int]) -> SourceBlock:
        """The same with other records."""
        return replace(self, records=records, lines=lines, joined=b"")

    def place(self, index: int) -> RecordPlace:
        """Where one of its records is."""
        key = self.keys[index] if self.keys else self.key
        return RecordPlace(key, self.lines[index], len(self.records[index]))


def as_lines(records: Sequence[bytes]) -> bytes:
    """Records with a newline each; what every SHA-256 of a send is of."""
    return b"\n".join(records) + b"\n"
