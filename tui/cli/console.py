"""What every command says and returns: exit codes, one-line messages, output that is safe for a terminal."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from tui.printable import printable

DEBUG = "--debug"

EXIT_MATCHED = 0
EXIT_NOTHING = 1
EXIT_FAILED = 2
EXIT_INTERRUPTED = 130


def say(message: str) -> None:
    """One line on stderr, whatever is in it."""
    print(f"hourscope: {printable(message)}", file=sys.stderr)


def show(line: str) -> None:
    """One line on stdout, whatever is in it."""
    print(printable(line))


def narrate(message: str) -> None:
    """A remark for a person at a terminal; silent in a pipe."""
    if sys.stderr.isatty():
        print(printable(message), file=sys.stderr)


def write_lines(lines: bytes) -> None:
    """Whole lines to stdout: the exact bytes into a pipe or file, escaped to a terminal."""
    if not sys.stdout.isatty():
        sys.stdout.buffer.write(lines)
        return
    for line in lines.removesuffix(b"\n").split(b"\n"):
        print(printable(line))


@contextmanager
def cancel_on_signals() -> Iterator[threading.Event]:
    """An event that SIGINT and SIGTERM set; a second signal interrupts at once."""
    cancel = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        if cancel.is_set():
            raise KeyboardInterrupt
        cancel.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield cancel
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
