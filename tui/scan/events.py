"""What a scan tells while it runs. Counts are cumulative for their chunk."""

from __future__ import annotations

from dataclasses import dataclass

from tui.archive import Chunk


@dataclass(frozen=True, slots=True)
class Counts:
    """What was read of a chunk: bytes as stored, bytes of lines, records, and how many matched.

    `not_json` counts the records that a JMESPath term could not look at.
    """

    bytes_compressed: int = 0
    bytes: int = 0
    records: int = 0
    matches: int = 0
    not_json: int = 0


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
    takes them.
    """

    chunk: Chunk
    lines: bytes

    def first(self, most: int) -> Matches:
        """The first lines of these, `most` at most."""
        lines = self.lines.removesuffix(b"\n").split(b"\n", most)[:most]
        return Matches(self.chunk, b"".join(line + b"\n" for line in lines))


@dataclass(frozen=True, slots=True)
class ChunkDamaged:
    """The chunk could be read only up to `offset` bytes of lines; what came before counts.

    `unread`: it was the archive that did not give the rest (forbidden, gone, in Glacier); a later run asks again.
    """

    chunk: Chunk
    offset: int
    reason: str
    unread: bool = False

    @property
    def sentence(self) -> str:
        """What happened, for a person."""
        if self.unread:
            return self.reason
        return f"{self.chunk.key} is damaged after {self.offset:,} bytes of lines: {self.reason}"


@dataclass(frozen=True, slots=True)
class ChunkDone:
    """`partial`: the scan was cancelled in this chunk. `output` is the key in the extract, if there is one."""

    chunk: Chunk
    counts: Counts
    output: str | None = None
    partial: bool = False


@dataclass(frozen=True, slots=True)
class ChunkKept:
    """An earlier run finished this chunk, and it has not changed since."""

    chunk: Chunk
    counts: Counts


ScanEvent = ChunkStarted | Progress | Matches | ChunkDamaged | ChunkDone | ChunkKept
