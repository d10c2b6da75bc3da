"""A file that was being appended to when its process died: every whole line in it is kept.

What was synced is whole members. Behind them there may be a torn one, none of whose messages was finished, so NSQ gives
them out again; its whole lines are kept all the same, since not even nsqd may have survived what ended us.

After kill -9 the torn bytes are the first that were written. After a power loss some blocks of the file may never have
reached the disk; they read as zeros, and would be decoded into lines that were never sent. So all from there on is cut.
What decodes with an error, or has a sound member behind it, is not torn: its disk has damaged it, and nothing is cut.
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
_SECTOR_BYTES = 512  # no disk writes less
MAX_BYTES = 64 << 20  # a sync is a few MB
_Error = cast(type[Exception], igzip_lib.error)


def repair(path: Path) -> int | None:
    """Make the file end with a whole member; how many lines of a torn one were kept. It may end up empty.

    None, and the file is as it was, if it is not torn but damaged.
    """
    good = sound_length(path)
    if path.stat().st_size - good > MAX_BYTES:
        return None
    with path.open("rb") as stream:
        stream.seek(good)
        torn = stream.read()
    lines = salvage(torn, good)
    if lines is None or _goes_on(torn):
        return None
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.ftruncate(descriptor, good)  # first, so that a crash here leaves the beginning of a member again
        if lines:
            os.lseek(descriptor, good, os.SEEK_SET)
            write_all(descriptor, member(lines))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return lines.count(b"\n")


def sound_length(path: Path) -> int:
    """How many bytes from its beginning are whole gzip members with right checksums."""
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


def _goes_on(torn: bytes) -> bool:
    """Is there a sound member behind the one that begins here?"""
    at = torn.find(HEADER, 1)
    while at > 0:
        if _sound_length(io.BytesIO(torn[at:])):
            return True
        at = torn.find(HEADER, at + 1)
    return False


def salvage(torn: bytes, start: int) -> bytes | None:
    """The whole lines of a torn gzip member, which begins at `start` of its file; None if it is damaged."""
    try:
        lines = zlib.decompressobj(31).decompress(_written(torn, start))
    except zlib.error:
        return None
    return lines[: lines.rfind(b"\n") + 1]


def _written(torn: bytes, start: int) -> bytes:
    """The first of the torn bytes, from `start` of their file: up to a sector of zeros, and without zeros at the end.

    Deflate has zeros of its own only for some 500 KB of one repeated byte, whose message NSQ gives out again.
    """
    first = start % _SECTOR_BYTES
    for at in range(0, first + len(torn), _SECTOR_BYTES):
        sector = torn[max(at - first, 0) : at - first + _SECTOR_BYTES]
        if not sector.strip(b"\0"):
            return torn[: max(at - first, 0)].rstrip(b"\0")
    return torn.rstrip(b"\0")
