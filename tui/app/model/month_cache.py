"""A cache of listed months on disk, for the first screen of the next start. Nothing else trusts it.

There is a file for each place and one for each of its months. All can be deleted at any time.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import msgspec

from tui.archive import Chunk, StoredObject
from tui.archive.cache import evict
from tui.archive.local import atomic_file
from tui.archive.location import Location
from tui.config import cache_dir
from tui.errors import OutputError

Month = tuple[int, int]
_VERSION = 1
_MAX_BYTES = 64 << 20
_CLOSED = timedelta(days=7)  # after its end; a closed month gets no more chunks


class CachedArchive(msgspec.Struct):
    """What is needed to show an archive before anything is listed. `heads`: the parts of keys before their time."""

    layout: str
    heads: tuple[str, ...]
    first: datetime
    stop: datetime
    version: int = _VERSION


class _StoredRow(msgspec.Struct, array_like=True):
    key: str
    size: int
    etag: str
    uploaded: datetime
    storage_class: str
    restored: bool


class _StoredRows(msgspec.Struct):
    listed: datetime
    rows: list[_StoredRow]
    version: int = _VERSION


T = TypeVar("T", CachedArchive, _StoredRows)


@dataclass(frozen=True, slots=True)
class MonthCache:
    """The files of one place, which is a location with its options."""

    name: str

    @classmethod
    def of(cls, location: Location) -> MonthCache:
        options = "\n".join((location.url, location.timezone or "", location.layout or "", repr(location.s3)))
        return cls(hashlib.sha256(options.encode("utf-8", "surrogateescape")).hexdigest()[:32])

    def place(self) -> CachedArchive | None:
        """Return the cached place; None if there is no readable file."""
        return self._read("place", CachedArchive)

    def month(self, month: Month) -> tuple[list[StoredObject], bool] | None:
        """Return the objects of a month, and whether it was closed when they were listed."""
        kept = self._read(_month_name(month), _StoredRows)
        if kept is None:
            return None
        end = datetime(month[0] + month[1] // 12, month[1] % 12 + 1, 1, tzinfo=UTC)
        return [_object(row) for row in kept.rows], kept.listed > end + _CLOSED

    def whole(self) -> list[StoredObject] | None:
        """Return all objects of an archive that can only be listed as a whole."""
        kept = self._read("whole", _StoredRows)
        return None if kept is None else [_object(row) for row in kept.rows]

    def keep_whole(self, rows: Iterable[Chunk | StoredObject]) -> None:
        self._write("whole", _StoredRows(datetime.now(UTC), [_row(row) for row in rows]))

    def keep_place(self, place: CachedArchive) -> None:
        self._write("place", place)

    def keep_month(self, month: Month, rows: Iterable[Chunk | StoredObject]) -> None:
        self._write(_month_name(month), _StoredRows(datetime.now(UTC), [_row(row) for row in rows]))

    def _path(self, what: str) -> Path:
        return cache_dir() / "listings" / f"{self.name}.{what}"

    def _read(self, what: str, kind: type[T]) -> T | None:
        try:
            kept = msgspec.json.decode(zlib.decompress(self._path(what).read_bytes()), type=kind)
        except (OSError, zlib.error, msgspec.MsgspecError):
            return None
        return kept if kept.version == _VERSION else None

    def _write(self, what: str, value: CachedArchive | _StoredRows) -> None:
        path = self._path(what)
        with suppress(OSError, OutputError):  # an unwritable cache must not cause a failure
            with atomic_file(path, overwrite=True, private=True) as stream:
                stream.write(zlib.compress(msgspec.json.encode(value), 1))
            evict(path.parent, _MAX_BYTES)


def _row(item: Chunk | StoredObject) -> _StoredRow:
    return _StoredRow(item.key, item.size, item.etag, item.uploaded, item.storage_class, item.restored)


def _object(row: _StoredRow) -> StoredObject:
    return StoredObject(row.key, row.size, row.etag, row.uploaded, row.storage_class, row.restored)


def _month_name(month: Month) -> str:
    return f"{month[0]:04}-{month[1]:02}"
