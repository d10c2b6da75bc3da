"""Places that lines are written to: stdout, a file (compressed by its suffix), or a key of a store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from tui.archive.codec import encoder
from tui.archive.local import atomic_file
from tui.archive.store import Store, is_s3


def names_folder(out: str) -> bool:
    """Does OUT mean an extract: a trailing slash, a folder that exists, or a place in S3?"""
    return out.endswith("/") or is_s3(out) or Path(out).is_dir()


def partial_path(target: Path) -> Path:
    """`errors.jsonl.gz` → `errors.partial.jsonl.gz`: what work that was cut short had found."""
    stem, dot, rest = target.name.partition(".")
    return target.with_name(f"{stem}.partial{dot}{rest}")


@contextmanager
def file_of_lines(path: Path, *, overwrite: bool, final: Callable[[], Path] | None = None) -> Iterator[BinaryIO]:
    """A file that appears whole or not at all, compressed as its suffix says; for `final` see `atomic_file`."""
    with atomic_file(path, overwrite=overwrite, final=final) as raw, encoder(raw, path.name) as stream:
        yield stream


@contextmanager
def object_of_lines(store: Store, key: str, *, overwrite: bool) -> Iterator[BinaryIO]:
    """The same as a key of a store."""
    with store.create(key, overwrite=overwrite) as raw, encoder(raw, key) as stream:
        yield stream
