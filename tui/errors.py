"""Errors for users: one sentence that says what, where and what to do."""

from __future__ import annotations

import errno
import resource


class HourscopeError(Exception):
    """An error that the user can fix. `str()` is one line; the command line exits with 2."""


class ConfigError(HourscopeError):
    """An invalid config file, environment variable or option."""


class ArchiveError(HourscopeError):
    """An archive that does not exist, cannot be read, or does not fit its layout."""


class DeniedError(ArchiveError):
    """A request that the credentials do not allow."""


class ReplacedError(ArchiveError):
    """An object that was replaced since it was listed."""


class LayoutError(ArchiveError):
    """A layout pattern that is invalid, or that matches no key."""


class TimeError(HourscopeError):
    """An invalid time or range."""


class ScanError(HourscopeError):
    """A scan that could not be finished, for a reason other than an unreadable chunk."""


class OutputError(HourscopeError):
    """An output that cannot be written: it exists, is full, or is not permitted."""


class KeyTakenError(OutputError):
    """A key that exists and must not be overwritten."""


class IndexFileError(HourscopeError):
    """The index cannot be written."""


class SendError(HourscopeError):
    """A send that was refused, or that could not be finished."""


class NothingToSendError(SendError):
    """No record of the source matches; the command line exits with 1, as grep does."""


def reason(error: OSError) -> str:
    """Describe an OSError in the system's words, without number and path; add the remedy if there is only one."""
    words = error.strerror or str(error) or type(error).__name__
    if error.errno in (errno.EMFILE, errno.ENFILE):
        limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        return f"{words}; raise the limit of open files (ulimit -n, now {limit}) or use fewer --jobs"
    return words


def is_full(error: OSError) -> bool:
    """Return whether the error is a full disk or an exceeded quota."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT)


class FilterError(HourscopeError):
    """An expression that cannot be parsed: `what` it is, and the column (from 0) where `reason` applies."""

    def __init__(self, reason: str, expression: str = "", column: int | None = None, *, what: str = "") -> None:
        place = f"invalid {what} at column {(column or 0) + 1}: " if what else ""
        super().__init__(place + reason)
        self.reason = reason
        self.expression = expression
        self.column = column
