"""The errors that a person is meant to read: one sentence that says what, where and what to do."""

from __future__ import annotations

import errno
import resource


class HourscopeError(Exception):
    """Something that a person can fix. `str()` is one line; the command line exits with 2."""


class ConfigError(HourscopeError):
    """A config file, environment variable or option that makes no sense."""


class ArchiveError(HourscopeError):
    """An archive that is not there, not readable, or not what its layout says."""


class DeniedError(ArchiveError):
    """Something that the credentials do not allow."""


class ReplacedError(ArchiveError):
    """An object that is no longer the one that was listed."""


class LayoutError(ArchiveError):
    """A layout pattern that cannot be read, or that fits no key."""


class TimeError(HourscopeError):
    """A time or a range that cannot be understood."""


class ScanError(HourscopeError):
    """A scan that could not be finished, for no fault of a chunk."""


class OutputError(HourscopeError):
    """A place that cannot be written: it exists, is full, or is forbidden."""


class KeyTakenError(OutputError):
    """There is something under that key already, and it is not overwritten."""


class SendError(HourscopeError):
    """A send that was refused, or that could not be finished."""


class NothingToSendError(SendError):
    """The source holds no record that matches; the command line exits with 1, as grep does."""


def reason(error: OSError) -> str:
    """An OSError in the system's words, without its number and path, and the remedy where that is always the same."""
    words = error.strerror or str(error) or type(error).__name__
    if error.errno in (errno.EMFILE, errno.ENFILE):
        limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        return f"{words}; raise the limit of open files (ulimit -n, now {limit}) or use fewer --jobs"
    return words


def is_full(error: OSError) -> bool:
    """Is a disk full, or the user's share of it?"""
    return error.errno in (errno.ENOSPC, errno.EDQUOT)


class FilterError(HourscopeError):
    """An expression that cannot be parsed: `what` it is, and the column (from 0) where `reason` applies."""

    def __init__(self, reason: str, expression: str = "", column: int | None = None, *, what: str = "") -> None:
        place = f"invalid {what} at column {(column or 0) + 1}: " if what else ""
        super().__init__(place + reason)
        self.reason = reason
        self.expression = expression
        self.column = column
