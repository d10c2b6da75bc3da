"""The nouns of an archive: the stored object, the chunk (an object whose key names an hour), the record's place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from struct import Struct

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NUMBERS = Struct("<qq?I")  # size, upload, is the ETag no MD5, bytes of the ETag; it and the key follow
_MD5 = re.compile("[0-9a-f]{32}")


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
class ListPage:
    """One step of a listing. `prefixes`: what keys were cut to, each with the delimiter at its end. `last`: no other
    page follows."""

    objects: tuple[StoredObject, ...]
    prefixes: tuple[str, ...] = ()
    last: bool = False


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Chunk:
    """One object and what its key says. `hour` is in the archive's time zone.

    A listing may hold a million, so each is a compact row: what all differ in is packed, what most share is shared.
    """

    hour: datetime
    _packed: bytes  # its size, the microseconds of its upload, its ETag, and its key
    _shared: tuple[str, str, str, str, bool]

    def __init__(
        self,
        key: str,
        hour: datetime,
        size: int,
        etag: str,
        uploaded: datetime,
        storage_class: str = "STANDARD",
        topic: str = "",
        host: str = "",
        rev: str = "",
        restored: bool = False,
    ) -> None:
        put = object.__setattr__  # the class is frozen
        put(self, "hour", hour)
        is_md5 = _MD5.fullmatch(etag) is not None
        tag = bytes.fromhex(etag) if is_md5 else etag.encode("utf-8", "surrogatepass")
        about = _NUMBERS.pack(size, (uploaded - _EPOCH) // timedelta(microseconds=1), not is_md5, len(tag))
        put(self, "_packed", about + tag + key.encode("utf-8", "surrogatepass"))
        put(self, "_shared", _shared(storage_class, topic, host, rev, restored))

    def __repr__(self) -> str:
        return f"Chunk({self.key!r}, {self.hour}, {self.size}, {self.etag!r}, {self.uploaded}, *{self._shared})"

    def of(self, topic: str, host: str) -> Chunk:
        """The same chunk with another topic and host."""
        storage, _, _, rev, restored = self._shared
        return Chunk(self.key, self.hour, self.size, self.etag, self.uploaded, storage, topic, host, rev, restored)

    def replaced(self, now: StoredObject) -> Chunk:
        """The same key with the object that is there now."""
        _, topic, host, rev, _ = self._shared
        stored = (now.size, now.etag, now.uploaded, now.storage_class)
        return Chunk(self.key, self.hour, *stored, topic, host, rev, now.restored)

    @property
    def key(self) -> str:
        """Of the object; unique in its store."""
        start = _NUMBERS.size + _NUMBERS.unpack_from(self._packed)[3]
        return self._packed[start:].decode("utf-8", "surrogatepass")

    @property
    def size(self) -> int:
        """Bytes as stored (compressed)."""
        return int(_NUMBERS.unpack_from(self._packed)[0])

    @property
    def etag(self) -> str:
        """What a GET can be bound to."""
        _, _, is_text, length = _NUMBERS.unpack_from(self._packed)
        tag = self._packed[_NUMBERS.size : _NUMBERS.size + length]
        return tag.decode("utf-8", "surrogatepass") if is_text else tag.hex()

    @property
    def uploaded(self) -> datetime:
        """When the object was written; in UTC."""
        return _EPOCH + timedelta(microseconds=_NUMBERS.unpack_from(self._packed)[1])

    @property
    def storage_class(self) -> str:
        """As S3 calls it."""
        return self._shared[0]

    @property
    def topic(self) -> str:
        """Of its key; "" if that has none."""
        return self._shared[1]

    @property
    def host(self) -> str:
        """Of its key; "" if that has none."""
        return self._shared[2]

    @property
    def rev(self) -> str:
        """The revision that its key names, of nsq_to_file."""
        return self._shared[3]

    @property
    def restored(self) -> bool:
        """Can a copy of the archived object be read?"""
        return self._shared[4]

    @property
    def order(self) -> tuple[datetime, str]:
        """The one order of everything that is written or sent: by hour, then key."""
        return self.hour, self.key

    @property
    def needs_restore(self) -> bool:
        """In a storage class that S3 does not GET from (GLACIER and DEEP_ARCHIVE; not GLACIER_IR), and not restored."""
        return self.storage_class in ("GLACIER", "DEEP_ARCHIVE") and not self.restored


@lru_cache(maxsize=1 << 12)
def _shared(storage_class: str, topic: str, host: str, rev: str, restored: bool) -> tuple[str, str, str, str, bool]:
    """The same tuple for the same values."""
    return storage_class, topic, host, rev, restored


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
