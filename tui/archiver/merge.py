"""A file of many small gzip members becomes one stream: the same lines, fewer bytes."""

from __future__ import annotations

import os
import zlib
from datetime import datetime
from pathlib import Path

from isal import igzip

from tui.archiver.folder import MERGED, SEALED, SpoolFile, file_name, rename

_BLOCK = 1 << 20
_LEVEL = 6
MERGING = ".merging"


def merge(path: Path, hour: datetime, seq: str) -> Path:
    """The merged file, which has taken the place of the one with members. What a crash leaves is done again."""
    partial = path.with_name(file_name(hour, seq, MERGING))
    encoder = zlib.compressobj(_LEVEL, zlib.DEFLATED, 31)
    with igzip.open(path, "rb") as lines, partial.open("wb") as out:  # type: ignore[no-untyped-call]
        while block := lines.read(_BLOCK):
            out.write(encoder.compress(block))
        out.write(encoder.flush())
        out.flush()
        os.fsync(out.fileno())
    merged = rename(partial, file_name(hour, seq, MERGED))
    path.unlink()
    return merged


def drop_leftovers(folder: Path, files: list[SpoolFile]) -> list[SpoolFile]:
    """Without what a crash left between two steps of a merge: a partial file, or the members of one that is done."""
    for partial in folder.glob(f"*{MERGING}"):
        partial.unlink()
    done = {file.seq for file in files if file.state == MERGED}
    for file in files:
        if file.state == SEALED and file.seq in done:
            file.path.unlink()
    return [file for file in files if not (file.state == SEALED and file.seq in done)]
