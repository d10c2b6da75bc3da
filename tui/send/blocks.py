"""Blocks of a source's records, and how single records and damaged parts are named."""

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
        """Return the entry for `damaged` in JSON outputs."""
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
    """A record for which a projection gives no result."""

    key: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"line {self.line:,} of {self.key} ({self.reason})"


@dataclass(frozen=True, slots=True)
class SourceBlock:
    """Some records of one chunk, without newlines, in order.

    `records` may be empty, which shows that a long search is alive. `lines` holds each record's number in the chunk,
    from 1. `blank` counts the blank lines between them. Left out of `records` are `unfit` ones, for which a projection
    gives no result, `oversize` ones, which are larger than the plan of a send allows, and `repeats` copies of earlier
    records. `not_json` counts records that a JMESPath term could not examine. `damaged` is a part of the chunk that
    could not be read. `joined` is `as_lines` of the records if the block already has it, because joining the records
    takes half of a survey's time. The first block of a chunk names other data that may be the records (`unchosen`),
    and whether the chunk is one `of_lines`.

    `times` are the records' times in µs since 1970, if the source provides them (`Source.timed`); `no_time` counts
    records without a readable time, which take that of the record before. `keys` are the records' chunks, if there are
    several. In a pass that reorders the records, `archived` of the last block is the SHA-256 of all records in the
    order of the archive.
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
        """Return the records, each followed by a newline."""
        return self.joined or as_lines(self.records)

    def filled(self) -> SourceBlock:
        """Return the block without empty records, which no broker accepts; they count as blank."""
        if all(self.records):
            return self
        kept = list(map(bool, self.records))
        return replace(self.only(kept), blank=self.blank + kept.count(False))

    def only(self, kept: Sequence[bool]) -> SourceBlock:
        """Return the block with the records whose flag is true."""
        block = self.holding(list(compress(self.records, kept)), list(compress(self.lines, kept)))
        return replace(block, times=list(compress(self.times, kept)), keys=list(compress(self.keys, kept)))

    def holding(self, records: list[bytes], lines: Sequence[int]) -> SourceBlock:
        """Return the block with other records."""
        return replace(self, records=records, lines=lines, joined=b"")

    def place(self, index: int) -> RecordPlace:
        """Return the place of one of its records."""
        key = self.keys[index] if self.keys else self.key
        return RecordPlace(key, self.lines[index], len(self.records[index]))


def as_lines(records: Sequence[bytes]) -> bytes:
    """Return the records, each followed by a newline; every SHA-256 of a send is of this form."""
    return b"\n".join(records) + b"\n"
