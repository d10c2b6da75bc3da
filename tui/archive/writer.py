"""Write lines to stdout, a file (compressed by its suffix), or a key of a store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import BinaryIO

from tui.archive.codec import encoder
from tui.archive.local import atomic_file
from tui.archive.store import Store, is_s3
from tui.errors import OutputError

_PIECE_BYTES = 1 << 20
_NOT_WRITTEN = frozenset((".bz2", ".xz", ".lzma", ".lz4", ".zip", ".7z", ".br", ".sz", ".snappy", ".tgz", ".tar"))


def names_folder(out: str) -> bool:
    """True if OUT means an extract: a trailing slash, an existing folder, or an S3 location.

    OutputError if it is empty, or has the suffix of a compression that is not written.
    """
    if not out:
        raise OutputError("the output has no name; give a file, a folder with a slash at its end, or - for stdout")
    if out.endswith("/") or is_s3(out) or Path(out).is_dir():
        return True
    if (suffix := Path(out).suffix.lower()) in _NOT_WRITTEN:
        raise OutputError(f"{out} cannot be written: hourscope writes .gz, .zst and plain text, not {suffix}")
    return False


def partial_path(target: Path) -> Path:
    """Return the path for the results of interrupted work: `errors.jsonl.gz` → `errors.partial.jsonl.gz`."""
    stem, dot, rest = target.name.partition(".")
    return target.with_name(f"{stem}.partial{dot}{rest}")


def write_lines(stream: BinaryIO, lines: bytes | bytearray) -> None:
    """Write lines in pieces, because compression takes as much memory again as a piece."""
    with memoryview(lines) as view:
        for start in range(0, len(view), _PIECE_BYTES):
            stream.write(view[start : start + _PIECE_BYTES])


class LinesFile:
    """A file of lines that is written chunk by chunk; everything since the last `mark` can be undone.

    In a compressed file each mark begins a new member.
    """

    def __init__(self, raw: BinaryIO, name: str) -> None:
        self._raw, self._name = raw, name
        self._kept = 0  # size of the file at the last mark
        self._member = ExitStack()
        self._stream: BinaryIO | None = None

    def write(self, lines: bytes | bytearray) -> None:
        if self._stream is None:
            self._stream = self._member.enter_context(encoder(self._raw, self._name))
        write_lines(self._stream, lines)

    def mark(self) -> None:
        """Keep everything written so far."""
        self._end_member()
        self._kept = self._raw.tell()

    def rewind(self) -> None:
        """Remove everything written since the last mark."""
        self._end_member()
        self._raw.seek(self._kept)
        self._raw.truncate()

    def close(self) -> None:
        """Finish the file. Without lines, it becomes one empty member."""
        if self._stream is None and not self._raw.tell():
            self.write(b"")
        self._end_member()

    def _end_member(self) -> None:
        self._member.close()
        self._stream = None


@contextmanager
def file_of_lines(path: Path, *, overwrite: bool, final: Callable[[], Path] | None = None) -> Iterator[LinesFile]:
    """Write a file that appears whole or not at all, compressed by its suffix. For `final` see `atomic_file`."""
    with atomic_file(path, overwrite=overwrite, final=final) as raw, closing(LinesFile(raw, path.name)) as lines:
        yield lines


@contextmanager
def object_of_lines(store: Store, key: str, *, overwrite: bool) -> Iterator[BinaryIO]:
    """Write a key of a store, whole or not at all, compressed by its suffix."""
    with store.create(key, overwrite=overwrite) as raw, encoder(raw, key) as stream:
        yield stream
