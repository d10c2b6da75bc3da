"""Unexpected errors: a sentence for the log, and the traceback with --debug."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tui.errors import HourscopeError

_LOGGERS = ("nsq", "tornado", "asyncio")
_LOG = logging.getLogger(__name__)


def first_of(error: BaseException) -> BaseException:
    """Return the error itself, or the first of an exception group (asyncio.TaskGroup)."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def spelled(error: BaseException) -> str:
    """Return `RuntimeError: message`."""
    error = first_of(error)
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def defect(what: str, error: BaseException) -> HourscopeError:
    """Return an error that says what ended unexpectedly; `raise … from error` keeps the traceback for --debug."""
    first = first_of(error)
    if isinstance(first, HourscopeError):
        return HourscopeError(f"{what} ended: {first}")
    return HourscopeError(
        f"{what} ended by an unexpected error ({spelled(first)}); acknowledged messages are in the spool: start "
        "the archiver again, and report this with the output of --debug"
    )


def show_traceback(error: BaseException) -> None:
    """Log the traceback for --debug: to stderr, unless the embedding program has set up logging."""
    _LOG.warning("the traceback of an unexpected error", exc_info=error)


class _DefectHandler(logging.Handler):
    """Reports exceptions of callbacks that pynsq and tornado log; the intake reports everything else that they log."""

    def __init__(self, report: Callable[[BaseException], None]) -> None:
        super().__init__()
        self._report = report

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if error is not None and not isinstance(error, OSError):  # OSError: a closed connection, reported elsewhere
            self._report(error)


@contextmanager
def reported(report: Callable[[BaseException], None]) -> Iterator[None]:
    """Pass exceptions of callbacks in this event loop, pynsq and tornado to `report` instead of stderr."""

    def unhandled(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        report(error if isinstance(error, BaseException) else RuntimeError(str(context.get("message"))))

    asyncio.get_running_loop().set_exception_handler(unhandled)
    handler = _DefectHandler(report)
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    for logger in loggers:
        logger.addHandler(handler)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeHandler(handler)
