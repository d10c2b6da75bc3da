"""Gzip members like those of nsq_to_file: many per file, some empty, and after a crash a torn one."""

from __future__ import annotations

import struct
import zlib

from isal import igzip_lib, isal_zlib

# Go's gzip.Writer: deflate, no flags, no time, no extra flags, unknown operating system.
_HEADER = bytes((0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF))
_LEVEL = 2
_TORN_BYTES = 6
"""Less than the header of any dynamic block, so that no byte of the torn block can be decoded."""


def member(data: bytes) -> bytes:
    """Return one whole gzip member."""
    deflated = igzip_lib.compress(data, _LEVEL, flag=igzip_lib.COMP_DEFLATE) if data else b"\x03\x00"
    return _HEADER + deflated + struct.pack("<II", isal_zlib.crc32(data), len(data) & 0xFFFFFFFF)


def torn_member(readable: bytes, lost: bytes) -> bytes:
    """Return a torn member: exactly `readable` can be decoded, and nothing of `lost` (at least one record)."""
    deflate = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    whole = deflate.compress(readable) + deflate.flush(zlib.Z_FULL_FLUSH)
    rest = deflate.compress(lost) + deflate.flush()
    return _HEADER + whole + rest[:_TORN_BYTES]
