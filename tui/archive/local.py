"""Write local files: atomically, synced to disk, and private where they are hourscope's own."""

from __future__ import annotations

import errno
import fcntl
import os
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, cast

from tui.config import cache_dir, state_dir
from tui.errors import KeyTakenError, OutputError, is_full
from tui.errors import reason as reason

_PRIVATE_FOLDER, _PRIVATE_FILE, _OTHERS = 0o700, 0o600, 0o077
_PART = ".part"
_MARK = 12  # random hexadecimal digits in a hidden file's name, different for each writer
_PARTIAL_NAME = re.compile(rf"\..+\.[0-9a-f]{{{_MARK}}}{re.escape(_PART)}", re.DOTALL)


@contextmanager
def atomic_file(
    target: Path, *, overwrite: bool, final: Callable[[], Path] | None = None, private: bool = False
) -> Iterator[BinaryIO]:
    """Write a file that appears whole (synced, then renamed) or not at all. OutputError if it cannot be written.

    `final` is called at the end and returns the file's name, for work that was stopped early on purpose. `private`:
    only the owner can read the file (0600) and enter its folder, see `private_folder`.
    """
    if not overwrite and target.exists():
        raise OutputError(f"{target} exists; choose another name or add --force")
    if target.exists() and not target.is_file():
        raise OutputError(f"{target} cannot be written: it is not a regular file; choose another name")
    try:
        (private_folder if private else _folder)(target.parent)
        if overwrite:
            remove_partial(target.parent, target.name)
        part, descriptor = _begin(target, private_opener if private else _opener)
    except OSError as error:
        raise OutputError(f"{target} cannot be written: {reason(error)}") from error
    try:
        with os.fdopen(descriptor, "wb") as stream:
            yield cast(BinaryIO, stream)
            stream.flush()
            os.fsync(stream.fileno())
        if final and (other := final()) != target:
            target, overwrite = other, True
        if overwrite:
            part.replace(target)
        else:
            _link(part, target)
    except FileExistsError as error:
        raise KeyTakenError(f"{target} exists; choose another name or add --force") from error
    except OSError as error:
        hint = "; free some space and run it again (an extract with --resume)" if is_full(error) else ""
        raise OutputError(f"{target} cannot be written: {reason(error)}{hint}") from error
    finally:
        part.unlink(missing_ok=True)


def _begin(target: Path, opener: Callable[[str, int], int]) -> tuple[Path, int]:
    """Create a hidden file beside the target. Its descriptor holds a lock on it as long as the writer lives."""
    while True:
        part = target.with_name(f".{_stem(target.name)}.{os.urandom(_MARK // 2).hex()}{_PART}")
        descriptor = opener(str(part), os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC)
        with suppress(OSError):  # on a file system without locks, `remove_partial` leaves such files alone
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        if os.fstat(descriptor).st_nlink:
            return part, descriptor
        os.close(descriptor)  # another process removed it as a dead writer's before it was locked


def _stem(name: str) -> str:
    """Return the part of a target's name that its hidden file's name contains: at most 100 bytes."""
    return os.fsdecode(os.fsencode(name)[:100])


def is_partial(name: str) -> bool:
    """True for the name of a hidden file of this module: one being written, or left by a writer that died."""
    return name.startswith(".") and _PARTIAL_NAME.fullmatch(name) is not None


def remove_partial(folder: Path, name: str | None = None) -> int:
    """Remove hidden files that killed writers left: for target `name` in `folder`, or for any target in or below it.

    Such a file has the name `.NAME.<12 hexadecimal digits>.part` and is no longer locked, as its writer has died.
    Returns the number of files removed. Raises OSError.
    """
    target = ".+" if name is None else re.escape(_stem(name))
    pattern = re.compile(rf"\.{target}\.[0-9a-f]{{{_MARK}}}{re.escape(_PART)}", re.S)
    removed = 0
    for directory, subfolders, names in os.walk(folder):
        subfolders[:] = [] if name is not None else [entry for entry in subfolders if not entry.startswith(".")]
        for entry in filter(pattern.fullmatch, names):
            with suppress(FileNotFoundError):  # its writer has finished, or another process removed it
                removed += _remove_if_dead(Path(directory, entry))
    return removed


def _remove_if_dead(path: Path) -> bool:
    if not stat.S_ISREG(path.lstat().st_mode):
        return False
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except PermissionError:  # another user's file
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink()
    except (BlockingIOError, PermissionError):  # still being written
        return False
    except OSError as error:
        if error.errno in (errno.ENOLCK, errno.EOPNOTSUPP, errno.EINVAL):  # no locks here: its writer may still live
            return False
        raise
    finally:
        os.close(descriptor)
    return True


def _folder(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)


def _opener(path: str, flags: int) -> int:
    return os.open(path, flags, 0o666)


def _link(part: Path, target: Path) -> None:
    """Link rather than rename, so that an existing file is not replaced; rename where there are no hard links."""
    try:
        os.link(part, target)
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK):
            raise
        if target.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)) from error
        part.replace(target)


def private_folder(folder: Path) -> None:
    """Create a folder that only its owner can enter (0700), with missing parents, whatever the umask.

    For state, caches, journals and spools. New folders are on disk when this returns. An existing folder gets mode
    0700 if it is hourscope's own (below the state or cache folder); one that the user chose keeps its mode.
    Raises OSError.
    """
    own_folders = {state_dir(), cache_dir()}
    for parent in (*reversed(folder.parents), folder):
        if not parent.exists():
            with suppress(FileExistsError):  # another process created it first
                parent.mkdir(mode=_PRIVATE_FOLDER)
            parent.chmod(_PRIVATE_FOLDER)
            sync_folder(parent.parent)
        elif own_folders & {parent, *parent.parents} and _is_owned_and_open(parent.stat()):
            parent.chmod(_PRIVATE_FOLDER)
    if not folder.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder))


def _is_owned_and_open(status: os.stat_result) -> bool:
    return status.st_uid == os.geteuid() and bool(stat.S_IMODE(status.st_mode) & _OTHERS)


def private_opener(path: str, flags: int) -> int:
    """Open a file that only its owner can read (0600), whatever the umask.

    For `open(path, "wb", opener=private_opener)` and `io.FileIO`. An existing file's mode is changed, too.
    """
    descriptor = os.open(path, flags | os.O_CLOEXEC, _PRIVATE_FILE)
    if flags & os.O_CREAT:
        with suppress(OSError):  # another user's file, or a file system without modes
            os.fchmod(descriptor, _PRIVATE_FILE)
    return descriptor


def temporary_error(error: OSError) -> OutputError:
    """Return the error for a temporary folder that cannot be written, with its path and what to do."""
    try:
        import tempfile  # it takes 3 ms, and few runs need it

        where = f" {tempfile.gettempdir()}"
    except OSError:  # no temporary folder is writable
        where = ""
    hint = "; free some space there or set TMPDIR to another folder" if is_full(error) else "; set TMPDIR to another"
    return OutputError(f"the folder for temporary files{where} cannot be written: {reason(error)}{hint}")


def make_folder(folder: Path) -> None:
    """Create a folder and its missing parents, synced to disk."""
    fresh = [parent for parent in (folder, *folder.parents) if not parent.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for parent in fresh:
        sync_folder(parent.parent)


def sync_folder(folder: Path) -> None:
    """Sync a folder's entries to disk: files created, renamed or removed in it."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
