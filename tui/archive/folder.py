"""A folder as a store: keys are paths below it, with `/`. Hidden files are not objects."""

from __future__ import annotations

import errno
import filecmp
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, cast

from tui.archive.chunk import StoredObject
from tui.archive.local import atomic_file, sync_folder
from tui.archive.store import FIRST_RANGE, Page
from tui.errors import ArchiveError, KeyTakenError, OutputError, ReplacedError, reason
from tui.printable import printable

_PAGE = 20_000  # objects


@dataclass(frozen=True, slots=True)
class FolderStore:
    """The files below `folder`."""

    folder: Path

    @property
    def url(self) -> str:
        return str(self.folder)

    def objects(self, prefix: str = "") -> Iterator[StoredObject]:
        """Walk the folder that `prefix` lies in; the ETag stands for size and time of change."""
        for page in self.pages(prefix):
            yield from page.objects

    def pages(self, prefix: str = "", delimiter: str = "") -> Iterator[Page]:
        """Some thousands of objects a page; of names that the delimiter cuts short, nothing else is looked at."""
        if not self.folder.is_dir():
            raise ArchiveError(f"{self.folder} is not a folder; give a folder of chunks or s3://BUCKET/PREFIX")
        objects: list[StoredObject] = []
        prefixes: dict[str, None] = {}
        for key in self._keys(prefix, delimiter):
            if delimiter and (at := key.find(delimiter, len(prefix))) >= 0:
                prefixes[key[: at + len(delimiter)]] = None
            elif item := self._object(key):
                objects.append(item)
            if len(objects) == _PAGE:
                yield Page(tuple(objects), tuple(prefixes))
                objects, prefixes = [], {}
        yield Page(tuple(objects), tuple(prefixes), last=True)

    def _keys(self, prefix: str, delimiter: str) -> Iterator[str]:
        """Every key with the prefix; a folder, with a slash at its end, where the delimiter cuts all keys in it."""
        above = prefix.rpartition("/")[0]
        self._path(above)
        waiting = [f"{above}/" if above else ""]
        while waiting:
            within = waiting.pop()
            below = []
            for name, folder in self._names(within):
                key = within + name + ("/" if folder else "")
                if name.startswith(".") or not key.startswith(prefix):
                    continue
                if folder and not (delimiter and key.find(delimiter, len(prefix)) >= 0):
                    below.append(key)
                else:
                    yield key
            waiting += reversed(below)

    def _names(self, within: str) -> list[tuple[str, bool]]:
        """The names in a folder, sorted, and which are folders; links to folders are not followed."""
        try:
            with os.scandir(self.folder / within) as entries:
                return sorted((entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries)
        except (FileNotFoundError, NotADirectoryError):
            return []  # nothing below a prefix that names no folder
        except OSError as error:
            raise ArchiveError(f"{self.folder / within} cannot be read: {reason(error)}") from error

    def stat(self, key: str) -> StoredObject | None:
        """The object of a key, or None if there is none."""
        self._path(key)
        return self._object(key)

    def _object(self, key: str) -> StoredObject | None:
        """None for what is gone since, for a link that leads nowhere, and for a pipe, which would block its reader."""
        path = self.folder / key
        try:
            status = path.stat()
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ELOOP, errno.ENOTDIR):
                return None
            raise ArchiveError(f"{path} cannot be read: {reason(error)}") from error
        if not stat.S_ISREG(status.st_mode):
            return None
        return StoredObject(key, status.st_size, _etag(status), datetime.fromtimestamp(status.st_mtime, UTC))

    def open(self, key: str, *, start: int = 0, etag: str | None = None) -> BinaryIO:
        try:
            stream = self._path(key).open("rb", buffering=0)
            status = os.fstat(stream.fileno())
            stream.seek(start)
        except OSError as error:
            raise ArchiveError(f"{self.folder / key} cannot be read: {reason(error)}") from error
        except ValueError as error:
            raise ArchiveError(f"the key '{printable(key, 200)}' cannot be the name of a file: {error}") from error
        if etag is not None and etag != _etag(status):
            stream.close()
            raise ReplacedError(f"{self.folder / key} cannot be read: the file was replaced meanwhile; list it again")
        return cast(BinaryIO, stream)

    def stepwise(self, first: int = FIRST_RANGE) -> FolderStore:
        """A file is read no further than it is asked for."""
        return self

    def _path(self, key: str) -> Path:
        """Where a key is; ArchiveError for one that leads out of the folder (keys come from strangers' buckets)."""
        if key.startswith("/") or ".." in key.split("/"):
            raise ArchiveError(f"the key '{printable(key, 200)}' leads out of {self.folder}; it is refused")
        return self.folder / key

    @contextmanager
    def create(self, key: str, *, overwrite: bool = False) -> Iterator[BinaryIO]:
        """Write beside the target under a hidden name, then link or rename it into place."""
        try:
            target = self._path(key)
        except ArchiveError as error:
            raise OutputError(str(error)) from error
        with atomic_file(target, overwrite=overwrite) as stream:
            yield stream

    def put(self, key: str, path: Path) -> None:
        """Copied beside the target, synced, then linked into place; the folder is on disk, too, when this returns."""
        target = self._path(key)
        if target.exists():
            raise KeyTakenError(f"{target} exists")
        with path.open("rb") as source, self.create(key) as stream:
            shutil.copyfileobj(source, stream, 1 << 20)
        self._sync(target)

    def _sync(self, target: Path) -> None:
        try:
            for folder in (target.parent, *target.parent.parents):
                sync_folder(folder)
                if folder == self.folder:
                    break
        except OSError as error:
            raise OutputError(f"{target} cannot be written: {reason(error)}") from error

    def holds(self, key: str, path: Path) -> bool | None:
        """If so it is on disk when this returns: whoever put it may have been killed before it was."""
        target = self._path(key)
        try:
            same = filecmp.cmp(target, path, shallow=False)
            if same:
                self._sync(target)
            return same
        except FileNotFoundError:
            return None
        except OSError as error:
            raise ArchiveError(f"{target} cannot be read: {reason(error)}") from error

    def delete(self, key: str) -> None:
        try:
            self._path(key).unlink(missing_ok=True)
        except OSError as error:
            raise OutputError(f"{self.folder / key} cannot be deleted: {reason(error)}") from error

    def renew(self) -> None:
        """A folder needs no credentials."""


def _etag(status: os.stat_result) -> str:
    return f"{status.st_mtime_ns:x}-{status.st_size:x}"
