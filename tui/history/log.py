"""Append-only files of JSON lines in the state folder, readable only by their owner.

Every line is a Struct with a version. A line that is broken, or that a newer hourscope wrote, is skipped when the file
is read, and stays in it. Several processes may append at once.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import msgspec

from tui.archive.local import private_folder, private_opener
from tui.archive.times import spell_moment
from tui.config import state_dir
from tui.errors import HourscopeError, reason
from tui.printable import encodable
from tui.shell import shell_join, shell_word

VERSION = 1
_LARGEST_BYTES = 32 << 20  # maximum to read of a file: its newest part

L = TypeVar("L", bound="LogLine")
Reporter = Callable[[str], object]


class HistoryError(HourscopeError):
    """The history cannot be written or read."""


class LogLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a log."""

    version: int = VERSION


def history_dir() -> Path:
    """Return the folder of the history."""
    return state_dir() / "history"


def now_text() -> str:
    """Return the current time in UTC, ISO 8601 with milliseconds, as in every line."""
    return spell_moment(datetime.now(UTC))


def append(path: Path, line: LogLine) -> None:
    """Append a whole line, even after one that a crash cut off. HistoryError if it cannot be written."""
    try:
        private_folder(path.parent)
        with open(path, "ab+", buffering=0, opener=private_opener) as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            size = stream.seek(0, os.SEEK_END)
            torn = size > 0 and os.pread(stream.fileno(), 1, size - 1) != b"\n"
            left = memoryview(b"\n" * torn + msgspec.json.encode(encodable(msgspec.to_builtins(line))) + b"\n")
            while left:
                left = left[stream.write(left) or 0 :]
    except OSError as error:
        raise HistoryError(f"{path} cannot be written, so this is not listed later: {reason(error)}") from error


def append_or(report: Reporter, path: Path, line: LogLine) -> bool:
    """Append a line about something already done: report an error instead of raising it, and return False."""
    try:
        append(path, line)
    except HistoryError as error:
        report(str(error))
        return False
    return True


def unreported(sentence: str) -> None:
    """Ignore an error that was reported before."""


def read_log(path: Path, kind: type[L]) -> list[L]:
    """Return all readable lines, oldest first; none if there is no file. HistoryError if it cannot be read."""
    try:
        with path.open("rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            if size > _LARGEST_BYTES:
                stream.seek(size - _LARGEST_BYTES)
                stream.readline()
            return list(_understood(stream.read(), kind))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise HistoryError(f"{path} cannot be read: {reason(error)}") from error


def _understood(data: bytes, kind: type[L]) -> Iterator[L]:
    for line in data.split(b"\n"):
        with suppress(msgspec.MsgspecError, ValueError, RecursionError):
            read = msgspec.json.decode(line, type=kind)
            if read.version <= VERSION:
                yield read


@contextmanager
def running_mark(name: str) -> Iterator[None]:
    """Hold a lock that shows other processes that this one works on `name`; it ends when the process ends in any way.

    If the state folder cannot be written, there is no mark; the log reports the reason.
    """
    path = _mark(name)
    try:
        private_folder(path.parent)
        stream = open(path, "ab", opener=private_opener)  # noqa: SIM115  (closed below)
    except OSError:
        yield
        return
    with stream:
        with suppress(OSError):  # the file system has no locks
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        try:
            yield
        finally:
            with suppress(OSError):
                path.unlink()


def is_running(name: str) -> bool:
    """Return whether a process holds the mark."""
    try:
        with _mark(name).open("rb") as stream:
            fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _mark(name: str) -> Path:
    return history_dir() / "running" / f"{name}.lock"


# Command lines are stored as their words, and the folder to which relative paths in them refer.


def working_folder() -> str:
    """Return the current folder; empty if it is gone."""
    try:
        return str(Path.cwd())
    except OSError:
        return ""


def runnable(words: Sequence[str], folder: str) -> str:
    """Return the command line, after a `cd` if it names files relative to `folder`, which is not the current one."""
    line = shell_join(words)
    if folder and folder != working_folder() and any(_is_relative(word, folder) for word in words[2:]):
        return f"cd {shell_word(folder)} && {line}"
    return line


def _is_relative(word: str, folder: str) -> bool:
    return bool(word) and not word.startswith(("-", "/", "~")) and "://" not in word and _exists(folder, word)


def _exists(folder: str, word: str) -> bool:
    try:
        return os.path.lexists(Path(folder, word))
    except (OSError, ValueError):
        return False
