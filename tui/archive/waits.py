"""Report requests to a bucket that take long.

Reports go through a logger, `tui.archive`, because a blocked read cannot yield an event. Each front end sets where its
lines go.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from tui.printable import printable

_REPORT_SECONDS = 3.0
_POLL_SECONDS = 0.5
_APART_SECONDS = 30.0  # between two lines of one process, as all jobs wait when the network is down

_log = logging.getLogger("tui.archive")


class _LineHandler(logging.Handler):
    """Passes each line to a function."""

    def __init__(self, write: Callable[[str], object]) -> None:
        super().__init__()
        self._write = write

    def emit(self, record: logging.LogRecord) -> None:
        self._write(record.getMessage())


def report_waits(write: Callable[[str], object]) -> None:
    """Pass every report of this process to `write`, from any thread."""
    _log.handlers[:] = [_LineHandler(write)]
    _log.propagate = False


def report(words: str) -> None:
    """Report something about a server to the user. Thread-safe."""
    _log.warning(printable(words))


class Waits:
    """Pending waits, and since when. A thread watches them."""

    def __init__(self, report: Callable[[str], object] = _log.warning) -> None:
        self._report = report
        self._since: dict[object, tuple[float, str]] = {}
        self._watch: threading.Thread | None = None
        self._lock = threading.Lock()

    @contextmanager
    def on(self, what: str) -> Iterator[None]:
        """Register a wait for the duration of the context."""
        token = object()
        self._since[token] = (time.monotonic(), what)
        if self._watch is None:
            self._start()
        try:
            yield
        finally:
            del self._since[token]

    def _start(self) -> None:
        with self._lock:
            if self._watch is None:
                self._watch = threading.Thread(target=self._look, name="waits", daemon=True)
                with suppress(RuntimeError):  # no more threads can be started: wait without reports
                    self._watch.start()

    def _look(self) -> None:
        reported: set[object] = set()
        last = -_APART_SECONDS
        while True:
            time.sleep(_POLL_SECONDS)
            now = time.monotonic()
            waiting = dict(self._since)
            reported &= waiting.keys()
            for token, (since, what) in waiting.items():
                if token not in reported and now - since >= _REPORT_SECONDS and now - last >= _APART_SECONDS:
                    reported.add(token)
                    last = now
                    self._report(f"waiting for {printable(what)}: no data for {now - since:.0f} s")
