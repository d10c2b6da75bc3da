"""SIGTERM and SIGHUP: jobs save their state and end, the terminal is restored, the program ends.

A terminal that is gone, or no longer reads, can block the event loop forever in a write. Therefore, a separate thread
does the work, and ends the program by force if the loop does not.
"""

from __future__ import annotations

import os
import signal
import sys
import termios
import threading
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

from tui.app.model.jobs import Jobs

_JOBS_SECONDS = 20.0
_LOOP_SECONDS = 2.0
_LEAVE = b"\x1b[?1000l\x1b[?1003l\x1b[?1006l\x1b[?1004l\x1b[?2004l\x1b[?1049l\x1b[?25h\x1b[0m"
_SIGNALS = (signal.SIGTERM, signal.SIGHUP)

Settings = list[int | list[bytes | int]]


class SignalHandler:
    """Create it before the terminal is changed. `leave` ends the event loop with an exit code, from any thread."""

    def __init__(self, jobs: Jobs, leave: Callable[[int], object]) -> None:
        self._jobs = jobs
        self._leave = leave
        self._begun = False
        self._settings = _settings()

    def listen(self) -> None:
        """Install the handlers, except for signals that are ignored (nohup)."""
        for number in _SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._signalled)

    def _signalled(self, number: int, _: FrameType | None) -> None:
        if not self._begun:
            self._begun = True
            threading.Thread(target=self._end, args=(number,), name="signal", daemon=True).start()

    def _end(self, number: int) -> None:
        self._jobs.stop(_JOBS_SECONDS)
        threading.Thread(target=self._leave, args=(128 + number,), daemon=True).start()
        threading.Event().wait(_LOOP_SECONDS)  # a live loop ends the program, and this thread with it
        self._restore()
        os._exit(128 + number)

    def _restore(self) -> None:
        """Restore the terminal as the driver would, without blocking."""
        with suppress(OSError, ValueError, termios.error):
            descriptor = sys.__stdout__.fileno() if sys.__stdout__ else 1
            os.set_blocking(descriptor, False)
            os.write(descriptor, _LEAVE)
        if self._settings is not None:
            with suppress(OSError, ValueError, termios.error):
                termios.tcsetattr(0, termios.TCSANOW, self._settings)


def _settings() -> Settings | None:
    try:
        return termios.tcgetattr(0)
    except (OSError, termios.error):
        return None
