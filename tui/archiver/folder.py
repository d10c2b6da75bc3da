"""The spool folder: the names of its files, its owner, its contents.

A file's name shows its state; every step is one atomic rename, so after a crash it is in one state or the next:

    2026-11-23T13.SEQ.open        being appended to, a gzip member per sync
    2026-11-23T13.SEQ.torn        left by a process that died: its last member may be torn
    2026-11-23T13.SEQ.gz          whole, waiting for its upload
    2026-11-23T13.SEQ.merged.gz   whole, and one gzip stream
    2026-11-23T13-000004.gz       has its revision; the archive may hold it already

SEQ is a time and the number of the process that wrote it. Only the uploader assigns revisions, so no two files of a
spool get the same key. Only their owner can read the folder and its files.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path

from tui.archive.local import atomic_file, private_folder, private_opener, sync_folder
from tui.archive.times import spell_hour
from tui.errors import ArchiveError, reason

OPEN, TORN, SEALED, MERGED, NAMED = ".open", ".torn", ".gz", ".merged.gz", "-"
_NAME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d)(?:\.(\d{20}-\d+)(\.open|\.torn|\.gz|\.merged\.gz)|-(\d{6})\.gz)")
_IDENTITY = "spool.json"
_LOCK = "lock"


@dataclass(frozen=True, slots=True)
class SpoolFile:
    """A file of the spool. `rev` is None until it has one; `size` in bytes, `changed` in seconds since 1970."""

    path: Path
    hour: datetime
    seq: str
    state: str
    rev: int | None
    size: int
    changed: float

    @property
    def part(self) -> int:
        """The number of the process that wrote it."""
        return int(self.seq.rpartition("-")[2] or 0)


def file_name(hour: datetime, seq: str, state: str) -> str:
    return f"{spell_hour(hour)}.{seq}{state}"


def named(hour: datetime, rev: int) -> str:
    return f"{spell_hour(hour)}{spell_rev(rev)}.gz"


def spell_rev(rev: int) -> str:
    """Format a revision as nsq_to_file and layouts do: `-000004`."""
    if rev > 999_999:
        raise ArchiveError("an hour has a million files already; raise --rotate-size")
    return f"-{rev:06d}"


def spooled(folder: Path, zone: tzinfo) -> list[SpoolFile]:
    """Return every file of the spool, by hour and age; ignore files with other names. Raises ArchiveError."""
    files = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if match := _NAME.fullmatch(entry.name):
                    with suppress(FileNotFoundError):  # renamed meanwhile; the next call finds it
                        files.append(_file(Path(entry.path), match, entry.stat(), zone))
    except OSError as error:
        raise ArchiveError(f"the spool {folder} cannot be read: {reason(error)}") from error
    return sorted(files, key=lambda file: (file.hour, file.rev is None, file.rev or 0, file.seq))


def _file(path: Path, match: re.Match[str], status: os.stat_result, zone: tzinfo) -> SpoolFile:
    hour = datetime.strptime(match[1], "%Y-%m-%dT%H").replace(tzinfo=zone)
    rev = int(match[4]) if match[4] else None
    return SpoolFile(path, hour, match[2] or "", match[3] or NAMED, rev, status.st_size, status.st_mtime)


def rename(path: Path, name: str) -> Path:
    """Rename a file within its folder; the change is on disk when this returns."""
    target = path.with_name(name)
    path.rename(target)
    sync_folder(path.parent)
    return target


class SpoolInUseError(ArchiveError):
    """Another archiver is using the spool."""


class Ownership:
    """Exclusive use of the spool, until this process and those that inherit the descriptor `lock` end."""

    def __init__(self, folder: Path, identity: Mapping[str, str], lock: int) -> None:
        self._folder, self._identity = folder, identity
        self.lock = lock

    def restore(self) -> str:
        """Recreate the spool if its folder, or only the lock in it, is gone; return what happened, or "".

        Running children hold the old lock. A new archiver could start while they still write, which is safe: a message
        is finished only if its file is still there under its name (see `spool`). Raises SpoolInUseError if another
        archiver was faster, ArchiveError if the spool cannot be created.
        """
        try:
            ours = os.fstat(self.lock)
            if os.path.samestat((self._folder / _LOCK).stat(), ours):
                return ""
        except FileNotFoundError:
            pass
        except OSError as error:
            raise ArchiveError(f"the spool {self._folder} cannot be read: {reason(error)}") from error
        what = f"the lock of the spool {self._folder}" if self._folder.exists() else f"the spool {self._folder}"
        lock = _acquire(self._folder, self._identity, time.monotonic())
        os.close(self.lock)
        self.lock = lock
        return f"{what} was {'moved' if ours.st_nlink else 'removed'} while it was in use"


@contextmanager
def owned(
    folder: Path,
    identity: Mapping[str, str],
    *,
    patience: float = 0.0,
    stopped: Callable[[], bool] = lambda: False,
) -> Iterator[Ownership]:
    """Take exclusive use of the spool.

    `identity` says whose messages it holds; a spool with another archiver's messages is refused. `patience`: seconds to
    wait for the children of a killed archiver to end; `stopped` ends the wait. Raises SpoolInUseError or ArchiveError.
    """
    ownership = Ownership(folder, identity, _acquire(folder, identity, time.monotonic() + patience, stopped))
    try:
        yield ownership
    finally:
        os.close(ownership.lock)


def _acquire(
    folder: Path, identity: Mapping[str, str], deadline: float, stopped: Callable[[], bool] = lambda: False
) -> int:
    """Lock the spool and return the descriptor; create a missing folder."""
    try:
        private_folder(folder)
        descriptor = private_opener(str(folder / _LOCK), os.O_RDWR | os.O_CREAT)
    except OSError as error:
        raise ArchiveError(
            f"the spool {folder} cannot be used: {reason(error)}; choose another with --spool"
        ) from error
    try:
        while not _locked(descriptor):
            if time.monotonic() >= deadline or stopped():
                raise SpoolInUseError(
                    f"another archiver uses the spool {folder}; stop it, or give this one its own with --spool"
                )
            time.sleep(0.1)
        _claim(folder, identity)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)  # the kernel releases it, even after kill -9
    except BlockingIOError:
        return False
    return True


def _claim(folder: Path, identity: Mapping[str, str]) -> None:
    """Record the owner of the spool; ArchiveError if it still holds files of another."""
    path = folder / _IDENTITY
    try:
        before = json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
        if before == identity:
            return
        waits = any(_NAME.fullmatch(path.name) for path in folder.iterdir())
        if waits and before is not None:
            differs = ", ".join(f"{key} {value}" for key, value in before.items() if identity.get(key) != value)
            raise ArchiveError(
                f"the spool {folder} still holds files of another archiver ({differs}); run that one until they are "
                "uploaded, or give this one its own spool with --spool"
            )
        with atomic_file(path, overwrite=True, private=True) as stream:
            stream.write(json.dumps(dict(identity), indent=1).encode() + b"\n")
        sync_folder(folder)
    except OSError as error:
        raise ArchiveError(f"{path} cannot be read or written: {reason(error)}") from error
    except ValueError as error:
        raise ArchiveError(f"{path} is not what an archiver wrote; fix or remove it") from error
