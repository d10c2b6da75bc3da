"""Sending to a file (plain, .gz, .zst by its suffix) or to stdout, with the same events as to a broker."""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from tui.archive.writer import file_of_lines
from tui.errors import SendError
from tui.send.control import Control
from tui.send.events import SendEvent, Sending, Sent
from tui.send.receipt import Receipt, whoami
from tui.send.source import DamagedChunk, Source

STDOUT = "-"
_TELL = 0.2


def send_to_file(
    source: Source,
    out: str,
    *,
    overwrite: bool = False,
    control: Control | None = None,
    stdout: BinaryIO | None = None,
) -> Iterator[SendEvent]:
    """Write every record and a newline to `out`; `-` is stdout. The last event is `Sent`.

    A file appears whole or not at all (not, if the send is stopped: the receipt is then partial and counts nothing as
    confirmed). A pipe that is closed at its other end stops the send quietly. OutputError if the file exists or cannot
    be written, SendError if there is nothing to send.
    """
    control = control or Control()
    writing = _Writing(source, out)
    with ExitStack() as stack:
        if out == STDOUT:
            stream = stdout or sys.stdout.buffer
        else:
            stream = stack.enter_context(_whole_or_not(Path(out), overwrite, control))
        try:
            for _ in writing.run(stream, control):
                yield writing.state()
            if out == STDOUT:
                stream.flush()
        except BrokenPipeError:
            if out != STDOUT:
                raise
            writing.stopped = True
        if not writing.count and not writing.stopped:
            raise SendError(f"{source.description} holds no record to write: {out} was not written")
        if writing.stopped and out != STDOUT:
            stack.push(_undone)
            raise _Stopped
    yield writing.state()
    yield Sent(writing.receipt())


class _Stopped(Exception):
    """Leaves the atomic file without letting it appear."""
