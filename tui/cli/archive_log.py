"""The archiver's output on stderr: one updated status line on a terminal, log lines elsewhere."""

from __future__ import annotations

import shutil
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from tui.archiver import Status
from tui.printable import printable
from tui.units import count, duration, plural, size

_LOG_SECONDS = 60.0  # between two status lines in a log


class Log:
    """Prints log lines and the status. Leaving the `with` block clears the status line.

    If stderr cannot be written (a lost terminal, a pipe without a reader, a full disk), lines are dropped: recording
    matters more, and --status-address serves the same state.
    """

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._shown = ""
        self._logged = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._wipe()

    def line(self, text: str) -> None:
        """Print an event."""
        self._wipe()
        stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        _write(f"{stamp} {printable(text)}\n")

    def status(self, status: Status, *, last: bool = False) -> None:
        """Print the status: at once on a terminal, once per minute in a log, and at the end in both."""
        if last or (not self._terminal and time.monotonic() - self._logged >= _LOG_SECONDS):
            self._logged = time.monotonic()
            self.line(status_text(status))
        elif self._terminal:
            text = printable(status_text(status))[: shutil.get_terminal_size().columns - 1]
            if text != self._shown:
                self._wipe()
                _write(text)
                self._shown = text

    def _wipe(self) -> None:
        if self._shown:
            _write("\r\x1b[K")
            self._shown = ""


def _write(text: str) -> None:
    with suppress(OSError):
        print(text, end="", file=sys.stderr, flush=True)


def status_text(status: Status) -> str:
    """Describe messages, rate, waiting files, uploads, and problems with their causes."""
    counters, uploads = status.counters, status.uploads
    parts = [f"{plural(counters.messages, 'message')} ({size(counters.bytes)})"]
    if not status.stopping:
        parts.append(f"{count(round(status.rate))}/s")
    if counters.unfinished:
        parts.append(f"{count(counters.unfinished)} not on disk yet")
    if uploads.waiting:
        parts.append(f"{plural(uploads.waiting, 'file')} to upload, the oldest for {duration(uploads.oldest)}")
    parts.append(f"{plural(uploads.uploaded, 'file')} uploaded")
    if uploads.spool_bytes:
        parts.append(f"spool {size(uploads.spool_bytes)}")
    if wrapped := sum(counters.changed.values()):
        parts.append(f"{plural(wrapped, 'line')} changed ({', '.join(sorted(counters.changed))})")
    if counters.unsure:
        parts.append(f"{plural(counters.unsure, 'possible duplicate')}")
    return " · ".join([*parts, *status.notes])
