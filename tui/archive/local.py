"""A folder as a store: keys are paths below it, with `/`. Hidden files are not objects."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, cast

from tui.archive.chunk import StoredObject
from tui.errors import ArchiveError, OutputError


def reason(error: OSError) -> str:
    """The system's words for an OSError, without number and path."""
    return error.strerror or str(error)


@dataclass(frozen=True, slots=True)
class FolderStore:
    """The files below `folder`."""

    folder: Path

    @property
    def url(self) -> str:
        return str(self.folder)

    def objects(self, prefix: str = "") -> Iterator[StoredObject]:
        """Walk the folder that `prefix` lies in; the ETag stands for size and time of change."""
        if not self.folder.is_dir():
            raise ArchiveError(f"{self.folder} is not a folder; give a folder of chunks or s3://BUCKET/PREFIX")
        base = self.folder / prefix.rpartition("/")[0] if "/" in prefix else self.folder
        for directory, subfolders, names in os.walk(base, onerror=self._unreadable):
            subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
            for name in sorted(names):
                path = Path(directory, name)
                key = path.relative_to(self.folder).as_posix()
                if name.startswith(".") or not key.startswith(prefix):
                    continue
                try:
                    status = path.stat()
                except FileNotFoundError:  # gone since the folder was read, or a dangling link
                    continue
                etag = f"{status.st_mtime_ns:x}-{status.st_size:x}"
                yield StoredObject(key, status.st_size, etag, datetime.fromtimestamp(status.st_mtime, UTC))

    def _unreadable(self, error: OSError) -> None:
        if isinstance(error, FileNotFoundError):
            return  # nothing below a prefix that names no folder
        raise ArchiveError(f"{error.filename} cannot be read: {reason(error)}") from error

    def open(self, key: str, *, start: int = 0, etag: str | None = None) -> BinaryIO:
        try:
            stream = (self.folder / key).open("rb", buffering=0)
            stream.seek(start)
        except OSError as error:
            raise ArchiveError(f"{self.folder / key} cannot be read: {reason(error)}") from error
        return cast(BinaryIO, stream)

    @contextmanager
    def create(self, key: str, *, overwrite: bool = False) -> Iterator[BinaryIO]:
        """Write beside the target under a hidden name, then link or rename it into place."""
        target = self.folder / key
        with atomic_file(target, overwrite=overwrite) as stream:
            yield stream

    def delete(self, key: str) -> None:
        (self.folder / key).unlink(missing_ok=True)


@contextmanager
def atomic_file(target: Path, *, overwrite: bool, final: Callable[[], Path] | None = None) -> Iterator[BinaryIO]:
    """A file that appears whole (synced, then renamed) or not at all; OutputError when it can't.

    `final` is asked at the end which name it gets, for work that was cut short on purpose.
    """
    if not overwrite and target.exists():
        raise OutputError(f"{target} exists; choose another name or add --force")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=f".{target.name[:100]}.", suffix=".part", dir=target.parent)
    except OSError as error:
        raise OutputError(f"{target} cannot be written: {reason(error)}") from error
    part = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            yield cast(BinaryIO, stream)
            stream.flush()
            os.fsync(stream.fileno())
        part.chmod(0o666 & ~_umask())
        if final and (other := final()) != target:
            target, overwrite = other, True
        if overwrite:
            part.replace(target)
        else:
            os.link(part, target)  # unlike rename, refuses a file that has come meanwhile
    except FileExistsError as error:
        raise OutputError(f"{target} exists; choose another name or add --force") from error
    except OSError as error:
        hint = "; free some space and run it again" if error.errno in (errno.ENOSPC, errno.EDQUOT) else ""
        raise OutputError(f"{target} cannot be written: {reason(error)}{hint}") from error
    finally:
        part.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
