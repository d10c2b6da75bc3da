"""The events of a scan. Counts are cumulative for their chunk."""

from __future__ import annotations

from dataclasses import dataclass

from tui.archive import Chunk, Damage
from tui.archive.block import LONG
from tui.archive.forms import Unchosen
from tui.scan.measure import Measurement


@dataclass(frozen=True, slots=True)
class Counts:
    """What was read: bytes as stored, bytes of records, records, and matches.

    `not_json` counts the records that a JMESPath term could not test because they are not JSON, `broken_json` those of
    them that begin like JSON, `unparsed` those that are too large to parse, `blank` the blank lines, which are not
    records, and `split` the records that shared a line with another record. `no_time` counts the records that match
    except that their time cannot be read, in a range of times.
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

    All matches are yielded in order of hour, key and line. With an extract, only the first few of each chunk are
    yielded, in any order. A long line is passed in the buffer that it was read into.
    """

    chunk: Chunk
    lines: bytes | bytearray

    @property
    def is_long(self) -> bool:
        return len(self.lines) > LONG

    def records(self) -> list[bytes]:
        """Return the lines without their newlines."""
        return bytes(self.lines).removesuffix(b"\n").split(b"\n")

    def first(self, limit: int) -> Matches:
        """Return at most the first `limit` lines."""
        if limit and self.is_long:  # it is a single line
            return self
        lines = bytes(self.lines).removesuffix(b"\n").split(b"\n", limit)[:limit]
        return Matches(self.chunk, b"".join(line + b"\n" for line in lines))


@dataclass(frozen=True, slots=True)
class ChunkDamaged:
    """A part of the chunk cannot be read; the rest counts.

    `unread`: the archive did not return it (forbidden, gone, in Glacier); a later run tries again.
    """

    chunk: Chunk
    damage: Damage
    unread: bool = False

    @property
    def sentence(self) -> str:
        """The damage as a sentence for the user."""
        return self.damage.reason if self.unread else f"{self.chunk.key}, {self.damage}"


@dataclass(frozen=True, slots=True)
class ChunkRestarted:
    """Discard all matches of the chunk so far: some were doubtful. All sound ones follow again."""

    chunk: Chunk


@dataclass(frozen=True, slots=True)
class ChunkDone:
    """The chunk was scanned. `partial`: the scan was cancelled in it. `output`: its key in the extract, if any.

    `form`: how its records are separated. `codec`: its compression, "" for plain text; both are "" if it was not read.
    `unchosen`: a place inside its records that may hold the real records.
    `skipped`: it was not read, because it is known that no record in it matches. `chunk` is the one that was read: it
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
    """The measurement of all matching records of the chunk, just before its ChunkDone."""

    chunk: Chunk
    part: Measurement


@dataclass(frozen=True, slots=True)
class ChunkKept:
    """An earlier run finished this chunk, and it has not changed since."""

    chunk: Chunk
    counts: Counts


@dataclass(frozen=True, slots=True)
class Known:
    """A chunk that is known to have no match before it is read: the counts of a scan, and its damage."""

    counts: Counts
    damage: tuple[Damage, ...] = ()
    form: str = ""
    codec: str = ""


ScanEvent = ChunkStarted | Progress | Matches | ChunkMeasured | ChunkDamaged | ChunkRestarted | ChunkDone | ChunkKept
