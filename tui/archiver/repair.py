"""A file that was being appended to when its process died: every whole line in it is kept.

What was synced is whole members. Behind them there may be a torn one, none of whose messages was finished, so NSQ gives
them out again; its whole lines are kept all the same, since not even nsqd may have survived what ended us.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import cast

from isal import igzip_lib

from tui.archiver.spool import member, write_all

_BLOCK = 1 << 20
_OUTPUT = 1 << 20
_MOST = 64 << 20  # bytes; a sync is a few MB
_Error = cast(type[Exception], igzip_lib.error)


def repair(path: Path) -> int | None:
    """Make the file end with a whole member; how many lines of a torn one were kept. It may end up empty.

    None, and the file is as it was, if more of it cannot be read than a crash can tear: then its disk has damaged it.
    """
    good = sound_length(path)
    size = path.stat().st_size
    lines = b""
    if size - good > _MOST:
        return None
    if good < size:
        with path.open("rb") as stream:
            stream.seek(good)
            lines = salvage(stream.read())
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        end = good
        if lines:
            kept = member(lines)
            os.lseek(descriptor, good, os.SEEK_SET)
            write_all(descriptor, kept)
            end += len(kept)
        os.ftruncate(descriptor, end)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return lines.count(b"\n")


def sound_length(path: Path) -> int:
    """How many bytes from its beginning are whole gzip members with right checksums."""
    sound = read = 0
    with path.open("rb") as stream:
        decoder = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)
        data = stream.read(_BLOCK)
        while data:
            read += len(data)
            while data:
                try:
                    decoder.decompress(data, _OUTPUT)
                    while not decoder.eof and not decoder.needs_input:
                        decoder.decompress(b"", _OUTPUT)
                except _Error:
                    return sound
                if not decoder.eof:
                    break
                data = decoder.unused_data
                sound = read - len(data)
                decoder = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)
            data = stream.read(_BLOCK)
    return sound


def salvage(torn: bytes) -> bytes:
    """The whole lines of a torn gzip member."""
    lines = b"".join(_pieces(torn))
    return lines[: lines.rfind(b"\n") + 1]


def _pieces(torn: bytes) -> Iterator[bytes]:
    decoder = zlib.decompressobj(31)
    for start in range(0, len(torn), 256):
        before = decoder.copy()
        try:
            yield decoder.decompress(torn[start : start + 256])
        except zlib.error:  # somewhere in these bytes: one at a time, up to there
            yield from _bytewise(before, torn[start : start + 256])
            return


def _bytewise(decoder: zlib._Decompress, data: bytes) -> Iterator[bytes]:
    for index in range(len(data)):
        try:
            yield decoder.decompress(data[index : index + 1])
        except zlib.error:
            return
