"""The output of all commands: exit codes, one-line messages, lines that are safe for a terminal."""

from __future__ import annotations

import errno
import io
import os
import select
import sys
from contextlib import suppress
from typing import Any

from tui.printable import printable

DEBUG = "--debug"

EXIT_MATCHED = 0
EXIT_NOTHING = 1
EXIT_FAILED = 2
EXIT_INTERRUPTED = 130


class StdoutError(Exception):
    """Standard output cannot be written, because of `error`. Not an OSError, which would mean any other file."""

    def __init__(self, error: OSError) -> None:
        super().__init__(str(error))
        self.error = error


class ReaderGoneError(StdoutError, BrokenPipeError):
    """The reader closed the pipe."""

    def __init__(self) -> None:
        super().__init__(BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE)))


class _Stdout(io.FileIO):
    """Standard output that raises StdoutError."""

    def write(self, data: Any, /) -> int:
        try:
            while (count := super().write(data)) is None:  # a process that shares stdout made it non-blocking
                select.select([], [self], [])
        except BrokenPipeError as error:
            raise ReaderGoneError from error
        except OSError as error:
            raise StdoutError(error) from error
        return count


def open_standard_streams() -> None:
    """Occupy descriptors 0, 1 and 2 if the caller closed one, so that no file gets them; raise StdoutError for stdout.

    Reading a closed standard input, and writing to a closed standard output, still fail, as in any program.
    """
    for descriptor, flags in ((0, os.O_WRONLY), (1, os.O_RDONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, flags)  # gets the lowest free descriptor, which is this one
    if sys.stdin is None:
        sys.stdin = open(0, closefd=False)  # noqa: SIM115
    if sys.stderr is None:  # otherwise print() would use stdout
        sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
    before = sys.stdout
    if before is None or before is sys.__stdout__:
        terminal = os.isatty(1)
        raw = _Stdout(1, "w", closefd=False)
        sys.stdout = io.TextIOWrapper(
            io.BufferedWriter(raw),
            encoding=before.encoding if before else "utf-8",
            errors="backslashreplace",
            line_buffering=terminal,
        )


def notify(message: str) -> None:
    """Print one escaped line to stderr; do nothing if stderr cannot be written.

    The line and its end are one write: print() makes two, and another thread could print between them.
    """
    with suppress(OSError):
        sys.stderr.write(f"hourscope: {printable(message)}\n")
        sys.stderr.flush()


def narrate(message: str) -> None:
    """Print a message to stderr if it is a terminal."""
    with suppress(OSError):
        if sys.stderr.isatty():
            print(printable(message), file=sys.stderr)


def print_line(line: str) -> None:
    """Print an escaped line to stdout."""
    print(printable(line))


def write_lines(lines: bytes | bytearray) -> None:
    """Write whole lines to stdout: the exact bytes to a pipe or file, escaped on a terminal."""
    if not sys.stdout.isatty():
        sys.stdout.buffer.write(lines)
        return
    for line in lines.removesuffix(b"\n").split(b"\n"):
        print(printable(bytes(line)))
