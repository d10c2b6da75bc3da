"""Options for reading records."""

from __future__ import annotations

from dataclasses import dataclass

MAX_RECORD = 64 << 20  # bytes


@dataclass(frozen=True, slots=True)
class Reading:
    """The user's choices for an archive.

    `records`: the path of the list in a document that holds the records, or "." for the document itself.
    `include_damaged`: also yield doubtful records. `max_record`: size in bytes above which a record is skipped.
    """

    records: str | None = None
    include_damaged: bool = False
    max_record: int = MAX_RECORD
