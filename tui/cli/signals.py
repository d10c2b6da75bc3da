"""SIGINT, SIGTERM and SIGHUP: each ends a command, even if the command is stuck.

A signal is handled in two places. Python runs its handler in the main thread, once that executes Python code again. A
separate thread reads the signal from a pipe (`signal.set_wakeup_fd`), and ends the process if the main thread does not.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from tui.cli.console import EXIT_INTERRUPTED, StdoutError, notify

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_GRACE_SECONDS = 0.3  # for a read-only command to end by itself
_FLUSH_SECONDS = 0.1  # for writing to stdout or stderr, whose reader may be stuck
_SAME_HANGUP_SECONDS = 1.0  # when a terminal closes, both the kernel and the shell can send SIGHUP

_OnSignal = Callable[[int, FrameType | None], None]


@contextmanager
def interrupts(last_words: str) -> Iterator[None]:
    """Raise KeyboardInterrupt in the main thread on a signal; end a stuck command after 0.3 s.

    A stuck command prints `last_words` on stderr. A second signal ends the process at once.
    """

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    with _watched(interrupt, lambda: None, last_words, _GRACE_SECONDS):
        yield


@contextmanager
def cancel_on_signals(
    last_words: str = "interrupted by a second signal", *, only_reads: bool = False
) -> Iterator[threading.Event]:
    """Yield an event that a signal sets, for a command that has work to finish; a second signal ends it at once.

    A command that `only_reads` has 0.3 s to finish. A process that is ended prints `last_words` on stderr.
    """
    cancel = threading.Event()
    with _watched(lambda number, frame: None, cancel.set, last_words, _GRACE_SECONDS if only_reads else None):
        yield cancel


def restore_interrupt() -> None:
    """Restore Python's default SIGINT handler, for the explorer, whose event loop replaces it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@contextmanager
def _watched(handler: _OnSignal, arrived: Callable[[], object], last_words: str, grace: float | None) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():  # only the main thread receives signals
        yield
        return
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    before = {number: signal.signal(number, handler) for number in SIGNALS if _is_ours(number)}
    outer = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    watch = threading.Thread(
        target=_watch, args=(reading, handler, arrived, last_words, grace), name="signals", daemon=True
    )
    watch.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(outer)
        for number, earlier in before.items():
            if signal.getsignal(number) is handler:
                signal.signal(number, earlier)
        os.close(writing)
        watch.join()


def _is_ours(number: signal.Signals) -> bool:
    """Return whether to handle a signal: all except a SIGHUP that nohup has set to be ignored."""
    return number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN


def _watch(
    reading: int, handler: _OnSignal, arrived: Callable[[], object], last_words: str, grace: float | None
) -> None:
    """Read signals handled by `handler` until the pipe ends; end the process at the second one, or after `grace`."""
    first, hangup = 0.0, False
    with os.fdopen(reading, "rb", buffering=0) as pipe:
        while True:
            left = max(first + grace - time.monotonic(), 0.0) if first and grace is not None else None
            if not select.select([pipe], [], [], left)[0]:
                leave(last_words)
            data = pipe.read(1)
            if not data:
                return
            number = data[0]
            if number not in SIGNALS or signal.getsignal(number) is not handler:
                continue
            if not first:
                first, hangup = time.monotonic(), number == signal.SIGHUP
                arrived()
            elif not (hangup and number == signal.SIGHUP and time.monotonic() - first < _SAME_HANGUP_SECONDS):
                leave(last_words)


def leave(last_words: str = "") -> None:
    """Flush stdout, print a line on stderr, and exit with 130, whatever other threads do."""

    def print_all() -> None:
        with suppress(OSError, ValueError, StdoutError):
            sys.stdout.flush()

    def print_last() -> None:
        with suppress(OSError, ValueError):
            if last_words and sys.stderr.isatty():
                sys.stderr.write("\r\x1b[K\x1b[?25h")  # clear the progress line, show the cursor
            if last_words:
                notify(last_words)

    try:
        for write in (print_all, print_last):
            thread = threading.Thread(target=write, daemon=True)
            thread.start()
            thread.join(_FLUSH_SECONDS)
    finally:
        os._exit(EXIT_INTERRUPTED)
