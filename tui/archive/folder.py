"""A folder as a store: keys are paths below it, with `/`. Hidden folders are not entered."""

from __future__ import annotations

import errno
import filecmp
import io
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, cast

from tui.archive.chunk import ListPage, StoredObject
from tui.archive.key_columns import suffix_of
from tui.archive.local import atomic_file, is_partial, sync_folder
from tui.archive.streams import FIRST_RANGE
from tui.errors import ArchiveError, KeyTakenError, OutputError, ReplacedError, reason
from tui.printable import printable

_PAGE = 20_000  # objects
_UNREADABLE = "unreadable"  # the ETag of what is named like a file and is not one


@dataclass(frozen=True, slots=True)
class FolderStore:
    """The files below `folder`."""

    folder: Path

    @property
    def url(self) -> str:
        return str(self.folder)

    @property
    def place(self) -> str:
        return str(self.folder.resolve())

    def objects(self, prefix: str = "") -> Iterator[StoredObject]:
        """Walk the folder that `prefix` lies in; the ETag stands for size and time of change."""
        for page in self.pages(prefix):
            yield from page.objects

    def pages(self, prefix: str = "", delimiter: str = "") -> Iterator[ListPage]:
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
                yield ListPage(tuple(objects), tuple(prefixes))
                objects, prefixes = [], {}
        yield ListPage(tuple(objects), tuple(prefixes), last=True)

    def _keys(self, prefix: str, delimiter: str) -> Iterator[str]:
        """Every key with the prefix; a folder, with a slash at its end, where the delimiter cuts all keys in it.

        An empty folder with the name of a file is a key: it may be in the place of a chunk.
        """
        above = prefix.rpartition("/")[0]
        self._path(above)
        waiting = [f"{above}/" if above else ""]
        while waiting:
            within = waiting.pop()
            below = []
            names = self._names(within)
            if not names and suffix_of(within.rstrip("/").rpartition("/")[2]):
                yield within.rstrip("/")
            for name, folder in names:
                key = within + name + ("/" if folder else "")
                if (name.startswith(".") if folder else is_partial(name)) or not key.startswith(prefix):
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
        """None for what is gone since. A broken link, a pipe, or a folder is listed: reading it reports what it is."""
        path = self.folder / key
        try:
            try:
                status = path.stat()
            except OSError as error:
                if error.errno not in (errno.ENOENT, errno.ELOOP, errno.ENOTDIR):
                    raise
                status = path.lstat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise ArchiveError(f"{path} cannot be read: {reason(error)}") from error
        uploaded = datetime.fromtimestamp(status.st_mtime, UTC)
        if not stat.S_ISREG(status.st_mode):
            return StoredObject(key, 0, _UNREADABLE, uploaded)
        return StoredObject(key, status.st_size, _etag(status), uploaded)

    def open(self, key: str, *, start: int = 0, etag: str | None = None) -> BinaryIO:
        path = self._path(key)
        try:
            stream = io.FileIO(path, opener=_without_waiting)
            status = os.fstat(stream.fileno())
            if not stat.S_ISREG(status.st_mode):
                stream.close()
                raise ArchiveError(f"{path} cannot be read: it is not a file; replace it, or move it away")
            stream.seek(start)
        except OSError as error:
            if path.is_symlink() and not path.exists():
                lost = "it is a link to a file that does not exist; restore the file, or move the link away"
                raise ArchiveError(f"{path} cannot be read: {lost}") from error
            why = "it is a folder; move it away" if error.errno == errno.EISDIR else reason(error)
            raise ArchiveError(f"{path} cannot be read: {why}") from error
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


def _without_waiting(path: str, flags: int) -> int:
    """Open a file; of a pipe nobody writes to, too, where others would wait."""
    return os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC)


def _etag(status: os.stat_result) -> str:
    return f"{status.st_mtime_ns:x}-{status.st_size:x}"
