"""Writing lines to the spool, durably: one open file per hour, a gzip member per sync.

`append` returns when the bytes are on disk (fsync of the file, and of the folder when the file is new). After a
failure, a file ends with its last whole member again, or is left to the repair; failed writes do not count as written.
A file that was removed, or moved with its folder, still accepts bytes that no upload would find, so writing to it is
also a failure.
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from isal import igzip_lib

from tui.archive.local import private_opener, sync_folder
from tui.archiver.folder import OPEN, SEALED, TORN, file_name, rename
from tui.errors import OutputError, reason

_LEVEL = 1  # about 1 GB/s; --merge-hour compresses more

_PROBE_BYTES = 1 << 18
HEADER = b"\x1f\x8b\x08\x10" + bytes(4) + b"\x00\xff"  # gzip, deflate, with a comment, no time, of unknown origin


@dataclass(slots=True)
class _OpenFile:
    path: Path
    hour: datetime
    seq: str
    descriptor: int
    size: int = 0  # of whole members that are on disk


class Spool:
    """The files to which one process appends. Not thread-safe: one thread writes."""

    def __init__(self, folder: Path, *, rotate_size: int | None = None, part: int = 0) -> None:
        self._folder, self._rotate_size, self._part = folder, rotate_size, part
        self._open: dict[datetime, _OpenFile] = {}

    def append(self, hour: datetime, blocks: Sequence[bytes]) -> int:
        """Append whole lines as one gzip member; return the bytes written. OutputError if they are not on disk."""
        data = member(b"".join(blocks))
        try:
            file = self._open.get(hour) or self._create(hour)
        except OSError as error:
            raise self._failure(error) from error
        try:
            write_all(file.descriptor, data)
            os.fsync(file.descriptor)
            _check_is_there(file)
        except OSError as error:
            self._give_up(file)
            raise self._failure(error) from error
        file.size += len(data)
        if self._rotate_size is not None and file.size >= self._rotate_size:
            with suppress(OutputError):  # the lines are on disk anyway, and the file is left to the repair
                self._seal(file)
        return len(data)

    def rotate(self, hour: datetime) -> None:
        """Complete the files of all other hours."""
        for file in [file for file in self._open.values() if file.hour != hour]:
            self._seal(file)

    def close(self) -> None:
        for file in list(self._open.values()):
            self._seal(file)

    def probe(self) -> None:
        """Raise OutputError if the disk cannot be written. Complete the open files: their upload can make room."""
        self.close()
        path = self._folder / f"probe-{self._part}"
        try:
            try:
                with open(path, "wb", opener=private_opener) as stream:
                    stream.write(bytes(_PROBE_BYTES))
                    stream.flush()
                    os.fsync(stream.fileno())
            finally:
                path.unlink(missing_ok=True)
        except OSError as error:
            raise self._failure(error) from error

    def _create(self, hour: datetime) -> _OpenFile:
        seq = f"{time.time_ns():020d}-{self._part}"
        path = self._folder / file_name(hour, seq, OPEN)
        descriptor = private_opener(str(path), os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND)
        file = self._open[hour] = _OpenFile(path, hour, seq, descriptor)
        try:
            sync_folder(self._folder)
        except OSError:
            self._give_up(file)
            raise
        return file

    def _seal(self, file: _OpenFile) -> None:
        del self._open[file.hour]
        try:
            os.close(file.descriptor)
            if file.size:
                rename(file.path, file_name(file.hour, file.seq, SEALED))
            else:
                file.path.unlink()
        except OSError as error:
            self._leave(file)
            raise self._failure(error) from error

    def _give_up(self, file: _OpenFile) -> None:
        """End this file: after a failed write or fsync, the state of the kernel's buffers is unknown."""
        self._open.pop(file.hour, None)
        try:
            if not file.size:
                file.path.unlink()
            else:
                os.ftruncate(file.descriptor, file.size)
                os.fsync(file.descriptor)
                rename(file.path, file_name(file.hour, file.seq, SEALED))
        except OSError:  # fails again; the repair finds the whole members
            self._leave(file)
        with suppress(OSError):  # the same error again
            os.close(file.descriptor)

    def _leave(self, file: _OpenFile) -> None:
        try:
            file.path.rename(file.path.with_name(file_name(file.hour, file.seq, TORN)))
        except OSError:  # it keeps its `.open` name, which the next start treats as torn
            return

    def _failure(self, error: OSError) -> OutputError:
        return OutputError(f"the spool {self._folder} cannot be written: {reason(error)}")


def _check_is_there(file: _OpenFile) -> None:
    """Raise FileNotFoundError if an open file is no longer at its path."""
    try:
        if os.path.samestat(file.path.stat(), os.fstat(file.descriptor)):
            return
    except FileNotFoundError:
        pass
    raise FileNotFoundError(errno.ENOENT, f"{file.path.name} was removed or moved while it was written")


def member(lines: bytes) -> bytes:
    """Return the lines as a gzip member."""
    return header() + igzip_lib.compress(lines, _LEVEL, igzip_lib.COMP_GZIP_NO_HDR)


def header() -> bytes:
    """Return a gzip header (RFC 1952 §2.3) with a random comment, which identifies an object in the archive as ours."""
    comment = os.urandom(8).hex().encode() + b"\0"
    return HEADER + comment


def write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
