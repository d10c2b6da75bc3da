"""Places that lines are written to: stdout, a file (compressed by its suffix), or a key of a store."""

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


def names_folder(out: str) -> bool:
    """Does OUT mean an extract: a trailing slash, a folder that exists, or a place in S3? OutputError for no name."""
    if not out:
        raise OutputError("the output has no name; give a file, a folder with a slash at its end, or - for stdout")
    return out.endswith("/") or is_s3(out) or Path(out).is_dir()


def partial_path(target: Path) -> Path:
    """`errors.jsonl.gz` → `errors.partial.jsonl.gz`: what work that was cut short had found."""
    stem, dot, rest = target.name.partition(".")
    return target.with_name(f"{stem}.partial{dot}{rest}")


def write_lines(stream: BinaryIO, lines: bytes | bytearray) -> None:
    """Write lines piece by piece: what compresses them takes as much memory again as a piece."""
    with memoryview(lines) as view:
        for start in range(0, len(view), _PIECE_BYTES):
            stream.write(view[start : start + _PIECE_BYTES])


class LinesFile:
    """Lines that are written chunk by chunk; what was written since the last `mark` can be taken back.

    Where it is compressed each mark begins a new member.
    """

    def __init__(self, raw: BinaryIO, name: str) -> None:
        self._raw, self._name = raw, name
        self._kept = 0  # bytes of the file that stay
        self._member = ExitStack()
        self._stream: BinaryIO | None = None

    def write(self, lines: bytes | bytearray) -> None:
        if self._stream is None:
            self._stream = self._member.enter_context(encoder(self._raw, self._name))
        write_lines(self._stream, lines)

    def mark(self) -> None:
        """Keep what is there."""
        self._end_member()
        self._kept = self._raw.tell()

    def rewind(self) -> None:
        """Take back what was written since the last mark."""
        self._end_member()
        self._raw.seek(self._kept)
        self._raw.truncate()

    def close(self) -> None:
        """Finish the file; one without lines is a member without lines."""
        if self._stream is None and not self._raw.tell():
            self.write(b"")
        self._end_member()

    def _end_member(self) -> None:
        self._member.close()
        self._stream = None


@contextmanager
def file_of_lines(path: Path, *, overwrite: bool, final: Callable[[], Path] | None = None) -> Iterator[LinesFile]:
    """A file that appears whole or not at all, compressed as its suffix says; for `final` see `atomic_file`."""
    with atomic_file(path, overwrite=overwrite, final=final) as raw, closing(LinesFile(raw, path.name)) as lines:
        yield lines


@contextmanager
def object_of_lines(store: Store, key: str, *, overwrite: bool) -> Iterator[BinaryIO]:
    """The same as a key of a store."""
    with store.create(key, overwrite=overwrite) as raw, encoder(raw, key) as stream:
        yield stream
