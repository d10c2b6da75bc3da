"""Repairing a file that was being appended to when its process died: every whole line is kept.

Synced data is whole members. After them there may be a torn one. None of its messages was finished, so NSQ redelivers
them; its whole lines are kept anyway, because nsqd may not have survived either.

After kill -9 the torn bytes are a prefix of the member. After a power loss some blocks of the file may never have
reached the disk; they read as zeros, and would decode to lines that were never sent. So the file is cut there. A member
that decodes with an error, or is followed by a sound one, is not torn but damaged by its disk, and nothing is cut.
"""

from __future__ import annotations

import io
import os
import zlib
from pathlib import Path
from typing import BinaryIO, cast

from isal import igzip_lib

from tui.archiver.spool import HEADER, member, write_all

_BLOCK_BYTES = 1 << 20
_OUTPUT_BYTES = 1 << 20
_SECTOR_BYTES = 512  # the smallest unit of a disk write
MAX_BYTES = 64 << 20  # a sync is a few MB
_Error = cast(type[Exception], igzip_lib.error)


def repair(path: Path) -> int | None:
    """Make the file end with a whole member; return how many lines of a torn one were kept. It may become empty.

    Return None, and leave the file unchanged, if it is not torn but damaged.
    """
    good = sound_length(path)
    if path.stat().st_size - good > MAX_BYTES:
        return None
    with path.open("rb") as stream:
        stream.seek(good)
        torn = stream.read()
    lines = salvage(torn, good)
    if lines is None or _is_followed_by_member(torn):
        return None
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.ftruncate(descriptor, good)  # first, so that a crash here leaves a prefix of a member again
        if lines:
            os.lseek(descriptor, good, os.SEEK_SET)
            write_all(descriptor, member(lines))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return lines.count(b"\n")


def sound_length(path: Path) -> int:
    """Return the length of the leading whole gzip members with valid checksums."""
    with path.open("rb") as stream:
        return _sound_length(stream)


def _sound_length(stream: BinaryIO) -> int:
    sound = read = 0
    decoder = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)
    data = stream.read(_BLOCK_BYTES)
    while data:
        read += len(data)
        while data:
            try:
                decoder.decompress(data, _OUTPUT_BYTES)
                while not decoder.eof and not decoder.needs_input:
                    decoder.decompress(b"", _OUTPUT_BYTES)
            except _Error:
                return sound
            if not decoder.eof:
                break
            data = decoder.unused_data
            sound = read - len(data)
            decoder = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)
        data = stream.read(_BLOCK_BYTES)
    return sound


def _is_followed_by_member(torn: bytes) -> bool:
    """Return whether a sound member follows the one that begins here."""
    at = torn.find(HEADER, 1)
    while at > 0:
        if _sound_length(io.BytesIO(torn[at:])):
            return True
        at = torn.find(HEADER, at + 1)
    return False


def salvage(torn: bytes, start: int) -> bytes | None:
    """Return the whole lines of a torn gzip member that begins at `start` of its file; None if it is damaged."""
    try:
        lines = zlib.decompressobj(31).decompress(_written_part(torn, start))
    except zlib.error:
        return None
    return lines[: lines.rfind(b"\n") + 1]


def _written_part(torn: bytes, start: int) -> bytes:
    """Return the torn bytes, from `start` of their file, up to a sector of zeros, and without trailing zeros.

    Deflate itself emits such zeros only for some 500 KB of one repeated byte; NSQ redelivers such a message.
    """
    first = start % _SECTOR_BYTES
    for at in range(0, first + len(torn), _SECTOR_BYTES):
        sector = torn[max(at - first, 0) : at - first + _SECTOR_BYTES]
        if not sector.strip(b"\0"):
            return torn[: max(at - first, 0)].rstrip(b"\0")
    return torn.rstrip(b"\0")
