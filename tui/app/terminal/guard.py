"""The explorer's outermost handlers: an unexpected error becomes one sentence on the screen, and the explorer goes on.

Textual ends the program on an exception in a message handler, a key, a timer or drawing. During an incident, nobody
should lose the screen or a running scan because one record, answer or key triggers a defect.
"""

from __future__ import annotations

import traceback

from textual import on
from textual.message import Message
from textual.message_pump import MessagePump
from textual.worker import Worker, WorkerState

from tui.errors import HourscopeError, is_full, reason

_MAX_TRACEBACKS = 20


class Guarded(MessagePump):
    """A widget, screen or app whose handlers and workers may fail: `App._handle_exception` gets the error.

    `_dispatch_message` and `_handle_exception` are private names of Textual. Its loop ends a widget for good if the
    first one raises, and calls the second for other errors (timers, layout). There is no public hook.
    """

    async def _dispatch_message(self, message: Message) -> None:
        try:
            await super()._dispatch_message(message)
        except Exception as error:  # noqa: BLE001  (the outermost handler of keys and messages: see above)
            self.app._handle_exception(error)

    @on(Worker.StateChanged)
    def _check_worker(self, event: Worker.StateChanged) -> None:
        """Handle the errors of workers, which run with `exit_on_error=False`: the outermost handler."""
        if event.state is WorkerState.ERROR and isinstance(event.worker.error, Exception):
            self.worker_failed(event.worker.error)

    def worker_failed(self, error: Exception) -> None:
        """Handle the error of one of this object's workers."""
        self.app._handle_exception(error)


class Defects:
    """The tracebacks of unexpected errors, for `--debug`."""

    def __init__(self) -> None:
        self.tracebacks: list[str] = []

    def add(self, error: Exception) -> str:
        """Store the traceback of an error; return a sentence about it."""
        if not isinstance(error, HourscopeError) and len(self.tracebacks) < _MAX_TRACEBACKS:
            self.tracebacks.append("".join(traceback.format_exception(error)))
        return defect_words(error)


def defect_words(error: Exception) -> str:
    """Return a sentence about an unexpected error, with what to do."""
    match error:
        case HourscopeError():
            return str(error)
        case MemoryError():
            return "out of memory; close other programs, or scan fewer hours at a time"
        case OSError():
            name = f"{error.filename}: " if error.filename is not None else ""
            return f"{name}{reason(error)}{'; free some space' if is_full(error) else ''}; then try again"
        case _:
            about = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            return f"internal error: {about}; the rest still works; run hourscope with --debug and report it"
