"""The store for a folder: keys are relative paths with `/`. Hidden folders are skipped."""

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
_UNREADABLE = "unreadable"  # the ETag of a name that is not a regular file


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
        """Walk the folder that contains `prefix`. The ETag is made of size and modification time."""
        for page in self.pages(prefix):
            yield from page.objects

    def pages(self, prefix: str = "", delimiter: str = "") -> Iterator[ListPage]:
        """Yield pages of up to 20,000 objects. Names that the delimiter groups are not examined further."""
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
        """Yield every key with the prefix; a folder, ending with a slash, if the delimiter groups all keys in it.

        An empty folder with a file suffix is a key, too: it may have replaced a chunk.
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
        """Return the sorted names in a folder, each with True for a folder. Links to folders are not followed."""
        try:
            with os.scandir(self.folder / within) as entries:
                return sorted((entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries)
        except (FileNotFoundError, NotADirectoryError):
            return []  # the prefix does not name a folder
        except OSError as error:
            raise ArchiveError(f"{self.folder / within} cannot be read: {reason(error)}") from error

    def stat(self, key: str) -> StoredObject | None:
        """Return the object with a key; None if it does not exist."""
        self._path(key)
        return self._object(key)

    def _object(self, key: str) -> StoredObject | None:
        """Return the object, or None if it is gone. Broken links, pipes and folders are listed; reading them fails."""
        path = f"{self.folder}/{key}"
        try:
            try:
                status = os.stat(path)  # noqa: PTH116  (making a Path takes as long as the call)
            except OSError as error:
                if error.errno not in (errno.ENOENT, errno.ELOOP, errno.ENOTDIR):
                    raise
                status = os.lstat(path)
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
        """Return this store: files are only read as far as requested anyway."""
        return self

    def _path(self, key: str) -> Path:
        """Return the path of a key. ArchiveError if it is outside the folder: keys are untrusted."""
        if key.startswith("/") or ".." in key.split("/"):
            raise ArchiveError(f"the key '{printable(key, 200)}' points outside {self.folder}; it is refused")
        return self.folder / key

    @contextmanager
    def create(self, key: str, *, overwrite: bool = False) -> Iterator[BinaryIO]:
        """Write to a hidden file next to the target, then link or rename it into place."""
        try:
            target = self._path(key)
        except ArchiveError as error:
            raise OutputError(str(error)) from error
        with atomic_file(target, overwrite=overwrite) as stream:
            yield stream

    def put(self, key: str, path: Path) -> None:
        """Copy the file next to the target, sync, then link it into place, and sync the folders."""
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
        """Compare the bytes. If equal, sync them: the process that wrote them may have been killed before that."""
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
        """Do nothing: a folder needs no credentials."""


def _without_waiting(path: str, flags: int) -> int:
    """Open a file without blocking, even a pipe without a writer."""
    return os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC)


def _etag(status: os.stat_result) -> str:
    return f"{status.st_mtime_ns:x}-{status.st_size:x}"
