"""A cache of fetched chunks by ETag, with a size limit: a second query for the same hours makes no GET."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, cast

from tui.archive.chunk import ListPage, StoredObject
from tui.archive.local import private_folder, private_opener
from tui.archive.store import Store
from tui.archive.streams import FIRST_RANGE

_PART = ".part"


@dataclass(frozen=True, slots=True)
class CachedStore:
    """A store that caches objects in `folder` once they were read to the end, up to `limit` bytes in total."""

    store: Store
    folder: Path
    limit: int

    @property
    def url(self) -> str:
        return self.store.url

    @property
    def place(self) -> str:
        return self.store.place

    def objects(self, prefix: str = "") -> Iterator[StoredObject]:
        return self.store.objects(prefix)

    def pages(self, prefix: str = "", delimiter: str = "") -> Iterator[ListPage]:
        return self.store.pages(prefix, delimiter)

    def stat(self, key: str) -> StoredObject | None:
        return self.store.stat(key)

    def stepwise(self, first: int = FIRST_RANGE) -> CachedStore:
        return replace(self, store=self.store.stepwise(first))

    def open(self, key: str, *, start: int = 0, etag: str | None = None) -> BinaryIO:
        """Open the object from the cache if it has this ETag, else from the store, and cache it."""
        if etag is None:
            return self.store.open(key, start=start)
        kept = (
            self.folder / hashlib.sha256(f"{self.place}\n{key}\n{etag}".encode("utf-8", "surrogateescape")).hexdigest()
        )
        try:
            stream = kept.open("rb", buffering=0)
        except OSError:
            raw = self.store.open(key, start=start, etag=etag)
            return raw if start else cast(BinaryIO, _Keeping(raw, kept, self.limit))
        with suppress(OSError):  # the time of last use, for `evict`
            os.utime(kept)
        stream.seek(start)
        return cast(BinaryIO, stream)

    def create(self, key: str, *, overwrite: bool = False) -> AbstractContextManager[BinaryIO]:
        return self.store.create(key, overwrite=overwrite)

    def put(self, key: str, path: Path) -> None:
        self.store.put(key, path)

    def holds(self, key: str, path: Path) -> bool | None:
        return self.store.holds(key, path)

    def delete(self, key: str) -> None:
        self.store.delete(key)

    def renew(self) -> None:
        self.store.renew()


class _Keeping(io.RawIOBase):
    """A stream that is copied as it is read; the copy is kept if it is read to the end.

    If the cache cannot be written (a full disk), the chunk is just not cached.
    """

    def __init__(self, raw: BinaryIO, kept: Path, limit: int) -> None:
        super().__init__()
        self._raw = raw
        self._kept = kept
        self._limit = limit
        self._part = kept.with_name(f"{kept.name}.{os.urandom(4).hex()}{_PART}")
        self._copy: io.FileIO | None = None
        with suppress(OSError):
            private_folder(kept.parent)
            self._copy = io.FileIO(self._part, "xb", opener=private_opener)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        count: int = self._raw.readinto(buffer)  # type: ignore[attr-defined]
        if self._copy is not None:
            try:
                if count:
                    self._copy.write(memoryview(buffer)[:count])
                else:
                    self._keep(self._copy)
            except OSError:
                self._forget()
        return count

    def close(self) -> None:
        self._forget()
        self._raw.close()
        super().close()

    def _keep(self, copy: io.FileIO) -> None:
        copy.close()
        self._copy = None
        self._part.replace(self._kept)
        evict(self._kept.parent, self._limit)

    def _forget(self) -> None:
        if self._copy is not None:
            self._copy.close()
            self._copy = None
            self._part.unlink(missing_ok=True)


def evict(folder: Path, limit: int) -> None:
    """Delete the least recently used files until at most `limit` bytes are left."""
    files = []
    for entry in os.scandir(folder):
        with suppress(FileNotFoundError):  # another process evicts too
            status = entry.stat()
            files.append((status.st_mtime_ns, status.st_size, entry.path))
    total = sum(size for _, size, _ in files)
    for _, size, path in sorted(files):
        if total <= limit:
            return
        Path(path).unlink(missing_ok=True)
        total -= size
