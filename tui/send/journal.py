"""The journal of a send: the records that are known to have arrived, on disk before they are reported.

An append-only file of JSON lines that people can read: a header, a line for each run of confirmed records, and the
receipt at the end. journal_lines.py defines the lines, earlier.py reads them later.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from io import BufferedReader, FileIO
from pathlib import Path
from typing import Any, cast

import msgspec

from tui.archive.local import private_folder, sync_folder
from tui.archive.times import spell_moment
from tui.errors import SendError, is_full, reason
from tui.nsq.target import NsqTarget
from tui.send.earlier import (
    SUFFIX,
    Earlier,
    check_resumed,
    earlier_of,
    file_part,
    joined,
    nothing_to_resume,
    repeats,
    resumable,
)
from tui.send.journal_lines import VERSION, Contents, Header, Resumed, read_journal, spell_line
from tui.send.legacy import renumbered
from tui.send.receipt import Receipt, default_name, whoami
from tui.send.source import Plan, Source
from tui.send.survey import Survey


class JournalError(SendError):
    """The journal cannot be written, so nothing more can be confirmed."""


class RepeatError(SendError):
    """The same records were sent to the topic before. `earlier` are those sends."""

    def __init__(self, earlier: tuple[Earlier, ...]) -> None:
        super().__init__(f"{earlier[-1]}; nothing was sent now: add --again to send the same records once more")
        self.earlier = earlier


class Journal:
    """A journal that this process has open and locked. `confirmed_until` counts the records that need not be sent.

    `plan` says what the send leaves out; `name` is its name, `where` the servers of its earlier runs.
    """

    def __init__(
        self,
        path: Path,
        stream: FileIO,
        confirmed_until: int,
        plan: Plan,
        where: tuple[str, ...] = (),
        *,
        size: int = 0,
        crc: int = 0,
        name: str = "",
    ) -> None:
        self.path = path
        self.confirmed_until = confirmed_until
        self.plan = plan
        self.where = where
        self.name = name
        self._stream = stream
        self._size, self._crc = size, crc  # of the whole lines

    @classmethod
    def start(
        cls,
        folder: Path,
        source: Source,
        target: NsqTarget,
        survey: Survey | None = None,
        *,
        again: bool = False,
        name: str = "",
    ) -> Journal:
        """Start a new journal in `folder`, with topic, source and time in its file name.

        With a `survey`, its results are in the header, and RepeatError is raised if the same records were sent to the
        topic before, or are being sent, unless `again`. Two processes that start at once see each other. `name` is the
        name of the send; by default its time, and its filter or source.
        """
        header = _header(source, target, survey, name)
        with _explained(folder), _folder_lock(folder):
            if survey is not None and not again and (earlier := repeats(folder, source, target.topic, survey)):
                raise RepeatError(earlier)
            return cls._begin(folder, header)

    @classmethod
    def resume(cls, where: Path, source: Source, target: NsqTarget, survey: Survey | None = None) -> Journal:
        """Resume a journal: the file `where`, or the latest unfinished one of this source and topic in a folder.

        SendError if there is none, if it is of another source or topic, if that send was finished, or if the records of
        the `survey` are not those of the journal. A journal of 0.1.0 is continued in a new one.
        """
        sha256 = survey.sha256 if survey is not None else None
        earlier = resumable(where, source, target.topic, sha256)
        if earlier is None:
            raise nothing_to_resume(where, source, target.topic)
        with _explained(earlier.path):
            stream = _locked(earlier.path, 0)
            try:
                contents = read_journal(earlier.path, BufferedReader(FileIO(stream.fileno(), closefd=False)))
                if contents is None:
                    raise nothing_to_resume(where, source, target.topic)
                earlier = earlier_of(earlier.path, contents)
                if survey is not None:
                    check_resumed(earlier, survey, source)
                if contents.version < VERSION:
                    return cls._continue(earlier, contents, stream, source, target, survey)
                confirmed, plan = earlier.confirmed, earlier.header.plan
                size, crc = contents.size, contents.crc
                journal = cls(
                    earlier.path, stream, confirmed, plan, earlier.where, size=size, crc=crc, name=contents.header.name
                )
                journal._append([{"resumed": journal._run(target)}])
            except BaseException:
                stream.close()
                raise
        return journal

    @classmethod
    def _continue(
        cls,
        earlier: Earlier,
        contents: Contents,
        stream: FileIO,
        source: Source,
        target: NsqTarget,
        survey: Survey | None,
    ) -> Journal:
        """Start a journal that continues one of 0.1.0, and add a line with its name to the old one."""
        with stream:
            until = renumbered(earlier, source)
            header = _header(source, target, survey, earlier.header.name)
            header = msgspec.structs.replace(header, where=earlier.where, continues=str(earlier.path))
            journal = cls._begin(earlier.path.parent, header)
            if until:
                journal.confirm([(0, until)])
            journal.confirmed_until, journal.where = until, earlier.where
            journal._append([{"resumed": journal._run(target)}])
            _write_at(stream, contents.size, msgspec.json.encode({"continued": str(journal.path)}) + b"\n")
        return journal

    @classmethod
    def _begin(cls, folder: Path, header: Header) -> Journal:
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
        path = folder / f"{file_part(header.topic)}.{header.identity[:12]}.{stamp}{SUFFIX}"
        stream = _locked(path, os.O_CREAT | os.O_EXCL)
        journal = cls(path, stream, 0, header.plan, name=header.name)
        try:
            journal._append([{"version": VERSION, **msgspec.to_builtins(header)}])
            sync_folder(folder)
        except BaseException:  # a partial header is not a journal
            stream.close()
            path.unlink()
            raise
        return journal

    def confirm(self, runs: Iterable[tuple[int, int]]) -> None:
        """Record that the records [first, stop) of each run have arrived; return when that is on disk."""
        now = spell_moment(datetime.now(UTC))
        with _explained(self.path):
            self._append({"first": first, "count": stop - first, "at": now} for first, stop in joined(runs))

    def finish(self, receipt: Receipt) -> None:
        """Write the receipt; after a partial send, the journal can still be resumed."""
        with _explained(self.path):
            self._append([{"receipt": receipt.as_json()}])

    def close(self) -> None:
        self._stream.close()

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self, target: NsqTarget) -> dict[str, Any]:
        now = spell_moment(datetime.now(UTC))
        run = Resumed(now, whoami(), target.nsqd_tcp_addresses, self.confirmed_until)
        return cast(dict[str, Any], msgspec.to_builtins(run))

    def _append(self, lines: Iterable[dict[str, Any]]) -> None:
        data, crc = b"", self._crc
        for line in lines:
            spelled, crc = spell_line(line, crc)
            data += spelled
        _write_at(self._stream, self._size, data)
        self._size, self._crc = self._size + len(data), crc


def _header(source: Source, target: NsqTarget, survey: Survey | None, name: str) -> Header:
    now = datetime.now(UTC)
    plan = source.plan or Plan()
    known = survey if survey is not None and survey.complete else None
    return Header(
        what=source.description,
        filter=source.filter,
        identity=source.identity,
        topic=target.topic,
        where=target.nsqd_tcp_addresses,
        who=whoami(),
        started=spell_moment(now),
        place=source.place.encode("utf-8", "backslashreplace").decode(),
        records=known.count if known else None,
        bytes=known.size if known else None,
        sha256=known.sha256 if known else None,
        max_message=plan.max_message,
        unique=plan.unique,
        order=plan.order,
        archived=(known.archived or None) if known else None,
        name=name or default_name(now, source.label),
    )


@contextlib.contextmanager
def _folder_lock(folder: Path) -> Iterator[None]:
    """Hold a lock on the folder while looking for repeats and starting a journal."""
    private_folder(folder)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _locked(path: Path, flags: int) -> FileIO:
    stream = FileIO(os.open(path, os.O_RDWR | os.O_CLOEXEC | flags, 0o600), "r+")
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        stream.close()
        raise in_use(path) from error
    os.fchmod(stream.fileno(), 0o600)  # 0.1.0 made it readable by all
    return stream


def in_use(path: Path) -> SendError:
    """Return the error for a journal that another process has open."""
    return SendError(f"{path} is in use: another hourscope is sending this now; wait for it or stop it")


def _write_at(stream: FileIO, size: int, data: bytes) -> None:
    """Write `data` after the first `size` bytes and sync; a partial line there is overwritten."""
    stream.truncate(size)
    stream.seek(size)
    left = memoryview(data)
    while left:
        left = left[stream.write(left) or 0 :]
    os.fsync(stream.fileno())


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        remedy = "free some space" if is_full(error) else "make it writable, or set XDG_STATE_HOME"
        raise JournalError(f"the journal {path} cannot be written or read: {reason(error)}; {remedy}") from error
