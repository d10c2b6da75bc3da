"""The parts of an archive: the stored object, the chunk (an object whose key names an hour) and damage in a chunk."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from struct import Struct

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NUMBERS = Struct("<qq?I")  # size, upload time, ETag is not an MD5, length of the ETag; the ETag and the key follow
_MD5 = re.compile("[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One object of a store, as listed. `size` in bytes, `uploaded` in UTC.

    `restored`: the object is archived, but a restored copy can be read (S3's RestoreStatus).
    """

    key: str
    size: int
    etag: str
    uploaded: datetime
    storage_class: str = "STANDARD"
    restored: bool = False


@dataclass(frozen=True, slots=True)
class ListPage:
    """One page of a listing. `prefixes`: common prefixes, each ending with the delimiter. `last`: no page follows."""

    objects: tuple[StoredObject, ...]
    prefixes: tuple[str, ...] = ()
    last: bool = False


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Chunk:
    """One object and the hour and fields in its key. `hour` is in the archive's time zone.

    A listing may hold a million chunks, so each is compact: distinct values are packed, common values are shared.
    """

    hour: datetime
    _packed: bytes  # size, upload time in microseconds, ETag and key
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
        """Return the same chunk with another topic and host."""
        storage, _, _, rev, restored = self._shared
        return Chunk(self.key, self.hour, self.size, self.etag, self.uploaded, storage, topic, host, rev, restored)

    def replaced(self, now: StoredObject) -> Chunk:
        """Return the chunk with the object that is now stored under its key."""
        _, topic, host, rev, _ = self._shared
        stored = (now.size, now.etag, now.uploaded, now.storage_class)
        return Chunk(self.key, self.hour, *stored, topic, host, rev, now.restored)

    @property
    def key(self) -> str:
        """The object's key, unique in its store."""
        start = _NUMBERS.size + _NUMBERS.unpack_from(self._packed)[3]
        return self._packed[start:].decode("utf-8", "surrogatepass")

    @property
    def size(self) -> int:
        """Bytes as stored (compressed)."""
        return int(_NUMBERS.unpack_from(self._packed)[0])

    @property
    def etag(self) -> str:
        """The ETag, for conditional GETs."""
        _, _, is_text, length = _NUMBERS.unpack_from(self._packed)
        tag = self._packed[_NUMBERS.size : _NUMBERS.size + length]
        return tag.decode("utf-8", "surrogatepass") if is_text else tag.hex()

    @property
    def uploaded(self) -> datetime:
        """When the object was written, in UTC."""
        return _EPOCH + timedelta(microseconds=_NUMBERS.unpack_from(self._packed)[1])

    @property
    def storage_class(self) -> str:
        """The storage class, by its S3 name."""
        return self._shared[0]

    @property
    def topic(self) -> str:
        """The topic in the key, or ""."""
        return self._shared[1]

    @property
    def host(self) -> str:
        """The host in the key, or ""."""
        return self._shared[2]

    @property
    def rev(self) -> str:
        """The revision in the key (nsq_to_file's `<REV>`), or ""."""
        return self._shared[3]

    @property
    def restored(self) -> bool:
        """True if a restored copy of the archived object can be read."""
        return self._shared[4]

    @property
    def order(self) -> tuple[datetime, str]:
        """The sort key of everything that is written or sent: hour, then key."""
        return self.hour, self.key

    @property
    def needs_restore(self) -> bool:
        """True if S3 refuses a GET: GLACIER or DEEP_ARCHIVE (not GLACIER_IR) without a restored copy."""
        return self.storage_class in ("GLACIER", "DEEP_ARCHIVE") and not self.restored


@lru_cache(maxsize=1 << 12)
def _shared(storage_class: str, topic: str, host: str, rev: str, restored: bool) -> tuple[str, str, str, str, bool]:
    """Return one shared tuple for equal values."""
    return storage_class, topic, host, rev, restored


@dataclass(frozen=True, slots=True)
class Damage:
    """A part of a chunk that cannot be read: the stored bytes [start, stop), and the reason.

    `doubtful` counts the records that were decoded from it but could not be verified. They are left out, except those
    that were yielded before the damage was found, unless `Reading.include_damaged` asks for them.
    """

    start: int
    stop: int
    reason: str
    doubtful: int = 0

    def __str__(self) -> str:
        doubtful = f" ({self.doubtful:,} doubtful records)" if self.doubtful else ""
        return f"bytes {self.start:,} to {self.stop:,}: {self.reason}{doubtful}"
