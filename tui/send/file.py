"""Sending to a file (plain, .gz, .zst by its suffix) or to stdout, with the same events as to a broker."""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Generator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from tui.archive.writer import file_of_lines
from tui.errors import NothingToSendError
from tui.send.control import Control
from tui.send.events import SendEvent, Sending, Sent
from tui.send.receipt import Receipt, whoami
from tui.send.source import DamagedChunk, Source, SourceBlock

STDOUT = "-"
_TELL = 0.2  # seconds between two events


def send_to_file(
    source: Source,
    out: str,
    *,
    overwrite: bool = False,
    control: Control | None = None,
    stdout: BinaryIO | None = None,
) -> Generator[SendEvent, None, None]:
    """Write every record and a newline to `out`; `-` is stdout. The last event is `Sent`.

    A file appears whole or not at all: if the send is stopped there is none, and the partial receipt confirms nothing.
    A pipe that is closed at its other end ends the send quietly, as a stop. OutputError if the file exists or cannot be
    written, NothingToSendError if there is nothing to send.
    """
    control, writing = control or Control(), _Writing(source, out)
    if out == STDOUT:
        yield from _to_stdout(writing, stdout or sys.stdout.buffer, control)
    else:
        try:
            with file_of_lines(Path(out), overwrite=overwrite) as stream:
                yield from writing.all(stream, control)
                if writing.stopped:
                    raise _Stopped
        except _Stopped:
            writing.forget()
    yield Sent(writing.receipt())


class _Stopped(Exception):
    """Leaves a file that is half written, so that it does not appear."""


def _to_stdout(writing: _Writing, stream: BinaryIO, control: Control) -> Iterator[Sending]:
    try:
        yield from writing.all(stream, control)
        stream.flush()
    except BrokenPipeError:
        writing.stopped = True


class _Writing:
    """The counts of one send to a file."""

    def __init__(self, source: Source, out: str) -> None:
        self._source, self._out = source, out
        self._started = datetime.now(UTC)
        self._began = time.monotonic()
        self._digest = hashlib.sha256()
        self._damaged: list[DamagedChunk] = []
        self._count = self._bytes = self._empty = self._sent = 0
        self.stopped = False

    def all(self, stream: BinaryIO, control: Control) -> Iterator[Sending]:
        """Write every block; tell now and then."""
        told = 0.0
        for block in self._source.open():
            while control.paused and not control.stopped:
                yield self._state("paused")
                time.sleep(_TELL)
            if control.stopped:
                self.stopped = True
                break
            self._write(stream, block)
            if time.monotonic() - told > _TELL:
                yield self._state()
                told = time.monotonic()
        if not self._count and not self.stopped:
            raise NothingToSendError(f"{self._source.nothing}: there is nothing to send")
        yield self._state()

    def forget(self) -> None:
        """The file was not kept."""
        self._count = self._bytes = 0
        self._digest = hashlib.sha256()

    def receipt(self) -> Receipt:
        source = self._source
        return Receipt(
            what=source.description,
            where=("stdout" if self._out == STDOUT else self._out,),
            topic=None,
            filter=source.filter,
            identity=source.identity,
            started=self._started,
            finished=datetime.now(UTC),
            who=whoami(),
            sent=self._sent,
            confirmed=self._count,
            bytes=self._bytes,
            sha256=self._digest.hexdigest(),
            partial=self.stopped,
            empty=self._empty,
            damaged=tuple((item.key, item.offset, item.reason) for item in self._damaged),
            note="stopped before all was written" if self.stopped else "",
        )

    def _write(self, stream: BinaryIO, block: SourceBlock) -> None:
        self._empty += block.empty
        if block.damaged:
            self._damaged.append(block.damaged)
        if block.records:
            lines = b"\n".join(block.records) + b"\n"
            stream.write(lines)
            self._digest.update(lines)
            self._count += len(block.records)
            self._sent = self._count
            self._bytes += len(lines) - len(block.records)

    def _state(self, note: str = "") -> Sending:
        seconds = time.monotonic() - self._began
        rate = self._count / seconds if seconds > 0 else 0.0
        return Sending(self._count, self._count, self._bytes, rate=rate, note=note, seconds=seconds)
