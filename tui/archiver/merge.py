"""Merging a file of many small gzip members into one stream with the same lines and fewer bytes."""

from __future__ import annotations

import os
import struct
import zlib
from datetime import datetime
from pathlib import Path

from isal import igzip

from tui.archive.local import private_opener
from tui.archiver.folder import MERGED, SEALED, SpoolFile, file_name, rename
from tui.archiver.spool import header
from tui.errors import OutputError, reason

_BLOCK_BYTES = 1 << 20
_LEVEL = 6
MERGING = ".merging"


def merge(path: Path, hour: datetime, seq: str) -> Path:
    """Replace the file by a merged one and return its path. After a crash, the merge is repeated.

    OutputError, with the file unchanged, if there is no room for a second one.
    """
    partial = path.with_name(file_name(hour, seq, MERGING))
    try:
        squeeze(path, partial)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise OutputError(f"{path} cannot be merged: {reason(error)}") from error
    merged = rename(partial, file_name(hour, seq, MERGED))
    path.unlink()
    return merged


def squeeze(path: Path, partial: Path) -> None:
    encoder = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    crc = count = 0
    with igzip.open(path, "rb") as lines, open(partial, "wb", opener=private_opener) as out:  # type: ignore[no-untyped-call]
        out.write(header())
        while block := lines.read(_BLOCK_BYTES):
            crc, count = zlib.crc32(block, crc), count + len(block)
            out.write(encoder.compress(block))
        out.write(encoder.flush() + struct.pack("<II", crc, count & 0xFFFFFFFF))
        out.flush()
        os.fsync(out.fileno())


def drop_leftovers(folder: Path, files: list[SpoolFile]) -> list[SpoolFile]:
    """Remove leftovers of a merge after a crash: a partial file, or the source of a merged one."""
    for partial in folder.glob(f"*{MERGING}"):
        partial.unlink()
    done = {file.seq for file in files if file.state == MERGED}
    for file in files:
        if file.state == SEALED and file.seq in done:
            file.path.unlink()
    return [file for file in files if not (file.state == SEALED and file.seq in done)]
