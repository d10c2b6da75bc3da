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
    """The error itself; of a group of them (asyncio.TaskGroup) the first."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def spelled(error: BaseException) -> str:
    """`RuntimeError: words`."""
    error = first_of(error)
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def defect(what: str, error: BaseException) -> HourscopeError:
    """A sentence about what ended by an error; `raise … from error` keeps the traceback for --debug."""
    first = first_of(error)
    if isinstance(first, HourscopeError):
        return HourscopeError(f"{what} ended: {first}")
    return HourscopeError(
        f"{what} ended by an unexpected error ({spelled(first)}); what was acknowledged to NSQ is in the spool: start "
        "the archiver again, and report this with the output of --debug"
    )


def show_traceback(error: BaseException) -> None:
    """For --debug: on stderr, unless whoever embeds the archiver has set up logging."""
    _LOG.warning("the traceback of an unexpected error", exc_info=error)


class _DefectHandler(logging.Handler):
    """pynsq and tornado log what a callback raised; all else that they log the intake reports in its own words."""

    def __init__(self, report: Callable[[BaseException], None]) -> None:
        super().__init__()
        self._report = report

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if error is not None and not isinstance(error, OSError):  # OSError: the connection closed, which it reports too
            self._report(error)


@contextmanager
def reported(report: Callable[[BaseException], None]) -> Iterator[None]:
    """What callbacks of this event loop, of pynsq and of tornado raise goes to `report`, and not to stderr."""

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
