"""The events of a scan. Counts are cumulative for their chunk."""

from __future__ import annotations

from dataclasses import dataclass

from tui.archive import Chunk, Damage
from tui.archive.block import LONG
from tui.archive.forms import Unchosen
from tui.scan.measure import Measurement


@dataclass(frozen=True, slots=True)
class Counts:
    """What was read: bytes as stored, bytes of records, records, and how many matched.

    `not_json` counts the records that a JMESPath term could not look at because they are not JSON, `broken_json` those
    of them that begin like JSON, `unparsed` those that are too large to be parsed, `blank` the blank lines, which are
    not records, and `split` the records that shared a line with another. `no_time`: records that match but for a time
    that cannot be read, where a range of times was asked for.
    """

    bytes_compressed: int = 0
    bytes: int = 0
    records: int = 0
    matches: int = 0
    not_json: int = 0
    blank: int = 0
    split: int = 0
    unparsed: int = 0
    broken_json: int = 0
    no_time: int = 0

    def plus(self, other: Counts) -> Counts:
        return Counts(
            self.bytes_compressed + other.bytes_compressed,
            self.bytes + other.bytes,
            self.records + other.records,
            self.matches + other.matches,
            self.not_json + other.not_json,
            self.blank + other.blank,
            self.split + other.split,
            self.unparsed + other.unparsed,
            self.broken_json + other.broken_json,
            self.no_time + other.no_time,
        )


@dataclass(frozen=True, slots=True)
class ChunkStarted:
    chunk: Chunk


@dataclass(frozen=True, slots=True)
class Progress:
    chunk: Chunk
    bytes_compressed: int
    bytes: int
    records: int
    matches: int


@dataclass(frozen=True, slots=True)
class Matches:
    """Whole matching lines, each with its newline.

    All of them, in order by hour, key and line; but only the first few of each chunk, as they come, where an extract
    takes them. A long line comes in the buffer that it was read into.
    """

    chunk: Chunk
    lines: bytes | bytearray

    @property
    def is_long(self) -> bool:
        return len(self.lines) > LONG

    def records(self) -> list[bytes]:
        """Each line without its newline."""
        return bytes(self.lines).removesuffix(b"\n").split(b"\n")

    def first(self, most: int) -> Matches:
        """The first lines of these, `most` at most."""
        if most and self.is_long:  # it is one line
            return self
        lines = bytes(self.lines).removesuffix(b"\n").split(b"\n", most)[:most]
        return Matches(self.chunk, b"".join(line + b"\n" for line in lines))


@dataclass(frozen=True, slots=True)
class ChunkDamaged:
    """A part of the chunk cannot be read; all else counts.

    `unread`: it was the archive that did not give it (forbidden, gone, in Glacier); a later run asks again.
    """

    chunk: Chunk
    damage: Damage
    unread: bool = False

    @property
    def sentence(self) -> str:
        """What happened, for a person."""
        return self.damage.reason if self.unread else f"{self.chunk.key}, {self.damage}"


@dataclass(frozen=True, slots=True)
class ChunkRestarted:
    """What was given of the chunk so far is void: some of it was doubtful. All that is sound follows again."""

    chunk: Chunk


@dataclass(frozen=True, slots=True)
class ChunkDone:
    """`partial`: the scan was cancelled in this chunk. `output` is the key in the extract, if there is one.

    `form` is how its records are told apart, and `codec` its compression: "" where it was not read, or is plain text.
    `unchosen`: what its records hold that may be the records.
    `skipped`: it was not read, because it is known that no record of it matches. The chunk is the one that was read: it
    may have been replaced since it was listed.
    """

    chunk: Chunk
    counts: Counts
    output: str | None = None
    partial: bool = False
    form: str = ""
    codec: str = ""
    unchosen: Unchosen | None = None
    skipped: bool = False


@dataclass(frozen=True, slots=True)
class ChunkMeasured:
    """What was measured of the chunk's matching records, once all of them were read; just before its ChunkDone."""

    chunk: Chunk
    part: Measurement


@dataclass(frozen=True, slots=True)
class ChunkKept:
    """An earlier run finished this chunk, and it has not changed since."""

    chunk: Chunk
    counts: Counts


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a chunk before it is read: that none of its records matches, what a scan would count, and its
    damage."""

    counts: Counts
    damage: tuple[Damage, ...] = ()
    form: str = ""
    codec: str = ""


ScanEvent = ChunkStarted | Progress | Matches | ChunkMeasured | ChunkDamaged | ChunkRestarted | ChunkDone | ChunkKept
