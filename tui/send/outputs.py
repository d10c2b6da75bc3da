"""The files that a send writes: one, one to append to, or one per hour or size; each appears whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from tui.archive import Block, Damage
from tui.archive.codec import GZIP_MAGIC, decoded_stream, encoder, sniff
from tui.archive.folder import FolderStore
from tui.archive.local import atomic_file
from tui.archive.reader import ChunkReader
from tui.archive.writer import LinesFile, file_of_lines
from tui.archive.zstd import ZSTD_MAGIC
from tui.errors import OutputError, SendError, reason
from tui.send.blocks import SourceBlock, as_lines
from tui.units import parse_size

_HOUR = "%Y-%m-%d_%H"  # as in an archive's keys, so that the parts form an archive
_COMPRESSIONS = {".gz": GZIP_MAGIC, ".zst": ZSTD_MAGIC}


@dataclass(frozen=True, slots=True)
class Split:
    """One file per hour, or per `size` bytes of lines (before compression, with at least one record)."""

    size: int | None = None


def parse_split(text: str) -> Split:
    """Parse `hour`, or a size such as `500MB` (powers of 1000)."""
    if text == "hour":
        return Split()
    size = parse_size(text)
    if not size:
        raise SendError(f"'{text}' is not a way to split; use hour, or a size such as 500MB")
    return Split(size)


class Output(Protocol):
    """A destination of lines. `places` are the files, once they exist."""

    places: list[str]

    def write(self, block: SourceBlock) -> None:
        """Write the block's records, of which there is at least one, each followed by a newline."""


@contextmanager
def outputs(path: Path, *, overwrite: bool, append: bool, split: Split | None) -> Iterator[Output]:
    """Yield an output; an error in the `with` block discards it. OutputError if a file exists or cannot be written."""
    if split is not None:
        with _parts(path, split, overwrite) as parts:
            yield parts
    elif append and path.exists():
        with _appended_copy(path.resolve()) as stream:
            yield Stream(stream, str(path))
    else:
        with file_of_lines(path, overwrite=overwrite) as stream:
            yield Stream(stream, str(path))


class Stream:
    """One stream of lines."""

    def __init__(self, stream: BinaryIO | LinesFile, place: str) -> None:
        self._stream = stream
        self.places = [place]

    def write(self, block: SourceBlock) -> None:
        self._stream.write(block.as_lines())


@contextmanager
def _appended_copy(path: Path) -> Iterator[BinaryIO]:
    """Yield a copy of the file to append to, which replaces the file at the end."""
    open_end = _ends_in_mid_line(path)
    try:
        old = path.open("rb")
    except OSError as error:
        raise OutputError(f"{path} cannot be read: {reason(error)}") from error
    with old, atomic_file(path, overwrite=True) as raw:
        os.fchmod(raw.fileno(), os.fstat(old.fileno()).st_mode & 0o7777)
        shutil.copyfileobj(old, raw, 1 << 20)
        with encoder(raw, path.name) as stream:
            if open_end:
                stream.write(b"\n")
            yield stream


def _ends_in_mid_line(path: Path) -> bool:
    """Return whether the last line lacks a newline. OutputError if the file cannot be appended to."""
    try:
        with path.open("rb") as stream:
            head = stream.read(4)
    except OSError as error:
        raise OutputError(f"{path} cannot be appended to: {reason(error)}") from error
    suffix_of_bytes = next((suffix for suffix, magic in _COMPRESSIONS.items() if head.startswith(magic)), "")
    if head and suffix_of_bytes != (path.suffix if path.suffix in _COMPRESSIONS else ""):
        kind = {".gz": "gzip", ".zst": "zstd", "": "not compressed"}[suffix_of_bytes]
        raise OutputError(f"{path} cannot be appended to: it is {kind}, but its name does not say so; rename it")
    with ChunkReader(FolderStore(path.parent), path.name) as reader:
        for item in reader.results(lambda: Block.count):
            if isinstance(item, Damage) and head:
                raise OutputError(f"{path} cannot be appended to: it is damaged ({item}); name another file")
    return bool(head) and _last_byte(path, head) != b"\n"


def _last_byte(path: Path, head: bytes) -> bytes:
    """Return the last byte of the decoded file, which is sound; the reader's blocks always end in a newline."""
    with path.open("rb") as raw:
        codec = sniff(head)
        if codec is None:
            raw.seek(-1, os.SEEK_END)
            return raw.read()
        stream, buffer, last = decoded_stream(raw, codec), bytearray(1 << 18), b"\n"
        with memoryview(buffer) as view:
            while count := stream.readinto(view):
                last = bytes(view[count - 1 : count])
        return last


class _FileParts:
    """Parts in a hidden folder, moved into place when all are written."""

    def __init__(self, target: Path, split: Split, folder: Path, refuse: Callable[[Path], None]) -> None:
        self._target, self._split, self._folder, self._refuse = target, split, folder, refuse
        self._stack = ExitStack()
        self._stream: LinesFile | None = None
        self._label = ""
        self._size = 0
        self.names: list[str] = []
        self.places: list[str] = []

    def write(self, block: SourceBlock) -> None:
        records = block.records
        if self._split.size is None:
            if block.hour is None:
                raise SendError("a file has no hours to split by; use --split with a size, such as 500MB")
            self._open_part(block.hour.strftime(_HOUR)).write(block.as_lines())
            return
        while records:
            fit = self._count_fitting(records, self._split.size)
            lines = as_lines(records[:fit])
            if not self.names or self._size + len(lines) > self._split.size:
                self._open_part(f"{len(self.names) + 1:04}")
            self._size += len(lines)
            if self._stream is not None:
                self._stream.write(lines)
            records = records[fit:]

    def _count_fitting(self, records: list[bytes], limit: int) -> int:
        """Return how many records fit in this part, or in the next one if this one is full; at least one."""
        room = limit - self._size if self._size + len(records[0]) + 1 <= limit else limit
        for index, record in enumerate(records):
            room -= len(record) + 1
            if room < 0:
                return max(index, 1)
        return len(records)

    def _open_part(self, label: str) -> LinesFile:
        if self._stream is not None and label == self._label:
            return self._stream
        self._stack.close()  # completes the previous part
        name = part_name(self._target.name, label)
        self._refuse(self._target.with_name(name))
        self._label, self._size = label, 0
        self.names.append(name)
        self._stream = self._stack.enter_context(file_of_lines(self._folder / name, overwrite=False))
        return self._stream

    def end(self) -> None:
        self._stack.close()

    def abandon(self, error: BaseException) -> None:
        self._stack.__exit__(type(error), error, error.__traceback__)


@contextmanager
def _parts(target: Path, split: Split, overwrite: bool) -> Iterator[_FileParts]:
    def refuse(place: Path) -> None:
        if place.exists() and not (overwrite and place.is_file()):
            raise OutputError(f"{place} exists; choose another name or add --force")

    folder = target.with_name(f".{target.name[:100]}.{os.urandom(6).hex()}.parts")
    parts = _FileParts(target, split, folder, refuse)
    try:
        try:
            yield parts
        except BaseException as error:
            parts.abandon(error)
            raise
        parts.end()
        for name in parts.names:
            refuse(target.with_name(name))
        after = target.with_name(part_name(target.name, f"{len(parts.names) + 1:04}"))
        if split.size is not None and after.exists():
            raise OutputError(f"{after} is left over from an earlier, longer send; move it away; nothing was replaced")
        for name in parts.names:
            (folder / name).replace(target.with_name(name))
            parts.places.append(str(target.with_name(name)))
    except OSError as error:
        raise OutputError(f"{target} cannot be written: {reason(error)}") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def part_name(name: str, label: str) -> str:
    """`errors.jsonl.gz` → `errors.2015-01-20_13.jsonl.gz`."""
    compression = next((suffix for suffix in _COMPRESSIONS if name.endswith(suffix)), "")
    stem, ending = os.path.splitext(name.removesuffix(compression))  # noqa: PTH122  (Path.stem takes a.b for a)
    return f"{stem}.{label}{ending}{compression}"
