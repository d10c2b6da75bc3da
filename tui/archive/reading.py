"""How records are read, where that is not left to the chunks themselves."""

from __future__ import annotations

from dataclasses import dataclass

MAX_RECORD = 64 << 20  # bytes


@dataclass(frozen=True, slots=True)
class Reading:
    """What the user chose for an archive.

    `records`: the path of the list in a document that holds the records, "." for the document itself.
    `include_damaged`: also give doubtful records. `max_record`: bytes of the longest record that is not skipped.
    """

    records: str | None = None
    include_damaged: bool = False
    max_record: int = MAX_RECORD
