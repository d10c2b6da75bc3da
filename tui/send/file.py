"""Sending to files (plain, .gz or .zst by suffix) or stdout, with the same events as for a broker."""

from __future__ import annotations

import hashlib
import queue
import sys
import threading
import time
from collections.abc import Generator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from tui.archive.reader import DoubtfulGiven
from tui.errors import SendError
from tui.send.blocks import SourceBlock
from tui.send.engine.control import Control
from tui.send.events import SendEvent, Sending, Sent
from tui.send.outputs import Output, Split, Stream, outputs
from tui.send.receipt import Receipt, whoami
from tui.send.source import Source
from tui.send.survey import not_json_warning, nothing_to_send
from tui.send.unsent import Unsent

STDOUT = "-"
_EVENT_SECONDS = 0.2  # between two events


def send_to_file(
    source: Source,
    out: str,
    *,
    overwrite: bool = False,
    append: bool = False,
    split: Split | None = None,
    control: Control | None = None,
    stdout: BinaryIO | None = None,
) -> Generator[SendEvent, None, None]:
    """Write every record and a newline to `out`; `-` is stdout. The last event is `Sent`. Empty lines are kept.

    A file, all parts of a split, or the text appended to a file appears whole or not at all: if the send is stopped,
    nothing is written, and the partial receipt confirms nothing. If the reader of a pipe closes it, the send stops
    without an error. OutputError if the file exists or cannot be written, NothingToSendError if there is no record.
    """
    control = control or Control()
    try:
        yield from _written(source, out, overwrite, append, split, control, stdout)
    except DoubtfulGiven as error:  # the source now reads that chunk carefully
        if out == STDOUT:
            raise SendError(
                f"{source.description}: a large part of a chunk is damaged after some of its records were written; "
                "write to a file, which leaves them out"
            ) from error
        yield from _written(source, out, overwrite, append, split, control, stdout)


def _written(
    source: Source,
    out: str,
    overwrite: bool,
    append: bool,
    split: Split | None,
    control: Control,
    stdout: BinaryIO | None,
) -> Iterator[SendEvent]:
    writing = _Writing(source)
    if out == STDOUT:
        yield from _to_stdout(writing, stdout or sys.stdout.buffer, control)
    else:
        try:
            with outputs(Path(out), overwrite=overwrite, append=append, split=split) as output:
                yield from writing.all(output, control)
                if writing.stopped:
                    raise _FileAbandoned
        except _FileAbandoned:
            writing.forget()
        writing.where = tuple(output.places) or (out,)
    yield Sent(writing.receipt())


class _FileAbandoned(Exception):
    """Leaves the context of a half-written file, which then does not appear."""


def _to_stdout(writing: _Writing, stream: BinaryIO, control: Control) -> Iterator[Sending]:
    try:
        yield from writing.all(Stream(stream, "stdout"), control)
        stream.flush()
    except BrokenPipeError:
        writing.stopped = True


class _Writing:
    """The counts of one send to a file."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.where: tuple[str, ...] = ("stdout",)
        self._started = datetime.now(UTC)
        self._began = time.monotonic()
        self._digest = hashlib.sha256()
        self._count = self._bytes = self._sent = 0
        self._unsent = Unsent()
        self.stopped = False

    def all(self, output: Output, control: Control) -> Iterator[Sending]:
        """Write every block, and report progress."""
        reported = 0.0
        for block in _read_in_thread(self._source):
            while control.paused and not control.stopped:
                yield self._state("paused")
                time.sleep(_EVENT_SECONDS)
            if control.stopped:
                self.stopped = True
                break
            if block is not None:
                self._write(output, block)
            if time.monotonic() - reported > _EVENT_SECONDS:
                yield self._state()
                reported = time.monotonic()
        if not self._count and not self.stopped:
            raise nothing_to_send(self._source, self._unsent.unfit)
        yield self._state()

    def forget(self) -> None:
        """Reset the counts, because the file was not kept."""
        self._count = self._bytes = 0
        self._digest = hashlib.sha256()

    def receipt(self) -> Receipt:
        source, unsent = self._source, self._unsent
        return Receipt(
            what=source.description,
            where=self.where,
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
            unfit=unsent.unfit_count,
            unfit_named=tuple(unsent.unfit),
            damaged=tuple(unsent.damaged),
            repeats=unsent.repeats,
            blank=unsent.blank,
            warnings=(*([not_json_warning(unsent.not_json)] if unsent.not_json else []), *unsent.misread()),
            note="stopped before all was written" if self.stopped else "",
        )

    def _write(self, output: Output, block: SourceBlock) -> None:
        self._unsent.add(block)
        if block.records:
            output.write(block)
            lines = block.as_lines()
            self._digest.update(lines)
            self._count += len(block.records)
            self._sent = self._count
            self._bytes += len(lines) - len(block.records)

    def _state(self, note: str = "") -> Sending:
        seconds = time.monotonic() - self._began
        rate = self._count / seconds if seconds > 0 else 0.0
        return Sending(self._count, self._count, self._bytes, rate=rate, note=note, seconds=seconds)


def _read_in_thread(source: Source) -> Iterator[SourceBlock | None]:
    """Yield the blocks of a source, each read in a thread on demand; yield None at intervals while waiting.

    A stalled bucket does not block the caller, who can leave at any time; the thread ends with the process.
    """
    asked: queue.SimpleQueue[bool] = queue.SimpleQueue()
    # Not a SimpleQueue, see scan/workers.py: a signal may come while it waits.
    ready: queue.Queue[SourceBlock | BaseException] = queue.Queue()

    def read() -> None:
        try:
            blocks = iter(source.open())
            while asked.get():
                ready.put(next(blocks))
        except BaseException as error:  # noqa: BLE001  (raised again below, in the thread that waits for it)
            ready.put(error)

    threading.Thread(target=read, name="send-read", daemon=True).start()
    asked.put(True)
    try:
        while True:
            try:
                block = ready.get(timeout=_EVENT_SECONDS)
            except queue.Empty:
                yield None
                continue
            if isinstance(block, StopIteration):
                return
            if isinstance(block, BaseException):
                raise block
            yield block
            del block  # release it, as it may be large, while the next one is read
            asked.put(True)
    finally:
        asked.put(False)
