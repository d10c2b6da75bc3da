"""The nouns of an archive: the stored object, the chunk (an object whose key names an hour), the record's place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One object of a store, as its listing tells it. `size` in bytes, `uploaded` in UTC.

    `restored`: a copy of an archived object can be read (S3's RestoreStatus).
    """

    key: str
    size: int
    etag: str
    uploaded: datetime
    storage_class: str = "STANDARD"
    restored: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """One step of a listing. `prefixes`: what keys were cut to, each with the delimiter at its end. `last`: no other
    page follows."""

    objects: tuple[StoredObject, ...]
    prefixes: tuple[str, ...] = ()
    last: bool = False


@dataclass(frozen=True, slots=True)
class Chunk:
    """One object and what its key says. `hour` is in the archive's time zone."""

    key: str
    hour: datetime
    size: int
    etag: str
    uploaded: datetime
    storage_class: str = "STANDARD"
    topic: str = ""
    host: str = ""
    rev: str = ""
    restored: bool = False

    @property
    def order(self) -> tuple[datetime, str]:
        """The one order of everything that is written or sent: by hour, then key."""
        return self.hour, self.key

    @property
    def needs_restore(self) -> bool:
        """In a storage class that S3 does not GET from (GLACIER and DEEP_ARCHIVE; not GLACIER_IR), and not restored."""
        return self.storage_class in ("GLACIER", "DEEP_ARCHIVE") and not self.restored


@dataclass(frozen=True, slots=True)
class Damage:
    """A part of a chunk that cannot be read: the stored bytes [start, stop), and why.

    `doubtful` counts the records that were decoded from it but that nothing vouches for. They are left out, but for
    those that were given before the damage was met, and where they are asked for (`Reading.include_damaged`).
    """

    start: int
    stop: int
    reason: str
    doubtful: int = 0

    def __str__(self) -> str:
        doubtful = f" ({self.doubtful:,} doubtful records)" if self.doubtful else ""
        return f"bytes {self.start:,} to {self.stop:,}: {self.reason}{doubtful}"
