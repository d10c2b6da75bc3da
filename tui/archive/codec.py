"""Compressed bytes to lines' bytes: gzip of many members, zstd, plain; told apart by magic bytes, never by suffix.

The fast way reads into one reused buffer (ISA-L, about 1 GB/s of lines a core). It cannot say how much it had
decoded when a stream breaks, so the rare damaged chunk is read a second time with zlib, which can.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, BinaryIO, Protocol, cast

from isal import igzip, igzip_lib

GZIP_MAGIC = b"\x1f\x8b"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
READ_SIZE = 1 << 18
_PEEK_SIZE = 1 << 12  # small: what is larger is read straight into the decoder's own buffer
_ZSTD_READ_SIZE = 1 << 14
_GZIP_ERRORS: tuple[type[Exception], ...] = (EOFError, igzip.BadGzipFile, igzip_lib.error)  # type: ignore[assignment]


class Damage(Exception):
    """Where a chunk's lines end before the chunk does. `offset` counts bytes of lines; `reason` is for a person."""

    def __init__(self, offset: int, reason: str) -> None:
        super().__init__(f"{reason} after {offset:,} bytes of lines")
        self.offset = offset
        self.reason = reason

    def __reduce__(self) -> tuple[type[Damage], tuple[int, str]]:
        return Damage, (self.offset, self.reason)


class BrokenStream(Exception):
    """A decoder met damage; how much came before it is only known to `recover`."""


class Readable(Protocol):
    """What the reader needs of a decoder."""

    def readinto(self, buffer: memoryview, /) -> int | None: ...


# What igzip.open() wraps in a second buffer and layers of Python, which would cost a scan 5 % of its time.
_gzip_reader: Callable[[Any, int], Readable] = igzip._GzipReader  # type: ignore[attr-defined]


class _Guarded:
    """A decoder whose many ways to say "damaged" are one."""

    def __init__(self, stream: Readable, errors: tuple[type[Exception], ...]) -> None:
        self._stream = stream
        self._errors = errors

    def readinto(self, buffer: memoryview, /) -> int:
        try:
            return self._stream.readinto(buffer) or 0
        except self._errors as error:
            raise BrokenStream(str(error)) from error


def decoder(raw: BinaryIO) -> Readable:
    """The decoder for a stream, by its first bytes. Damage comes out of `readinto` as BrokenStream."""
    stream: Any = io.BufferedReader(cast(Any, raw), _PEEK_SIZE)
    magic = stream.peek(4)[:4]
    if magic and GZIP_MAGIC.startswith(magic[:2]):  # also where it is torn in its first byte
        return _Guarded(_gzip_reader(stream, READ_SIZE), _GZIP_ERRORS)
    if magic == ZSTD_MAGIC:
        return _Guarded(_Pieces(_zstd_pieces(stream)), (_zstd_error(),))
    return cast(Readable, stream)


class _Pieces:
    """Pieces as a stream."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._left = memoryview(b"")

    def readinto(self, buffer: memoryview, /) -> int:
        while not self._left:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._left = memoryview(piece)
        count = min(len(buffer), len(self._left))
        buffer[:count] = self._left[:count]
        self._left = self._left[count:]
        return count


def _zstd_error() -> type[Exception]:
    import zstandard

    return cast(type[Exception], zstandard.ZstdError)


def _zstd_pieces(raw: BinaryIO) -> Iterator[bytes]:
    """Decode zstd frames; ZstdError for a frame that is torn, which zstandard's own reader passes over in silence."""
    import zstandard

    frame = zstandard.ZstdDecompressor().decompressobj()
    begun = False
    while block := raw.read(_ZSTD_READ_SIZE):
        while block:
            yield frame.decompress(block)
            begun = not frame.eof
            block = frame.unused_data if frame.eof else b""
            if frame.eof:
                frame = zstandard.ZstdDecompressor().decompressobj()
    if begun:
        raise zstandard.ZstdError("the file ends in the middle of a zstd frame")


def recover(reopen: Callable[[], BinaryIO], skip: int) -> Iterator[bytes]:
    """The bytes of a damaged stream from `skip` on, to the last that can be decoded; ends in Damage.

    For gzip this gives what `zcat` gives before it complains.
    """
    done = 0
    with reopen() as raw:
        stream = io.BufferedReader(raw, READ_SIZE)  # type: ignore[type-var]
        is_zstd = stream.peek(4)[:4] == ZSTD_MAGIC
        pieces = _zstd_pieces(cast(BinaryIO, stream)) if is_zstd else _salvage(cast(BinaryIO, stream))
        errors = _zstd_error() if is_zstd else zlib.error
        while True:
            try:
                piece = next(pieces, None)
            except errors as error:
                raise Damage(done, str(error) if is_zstd else _words(str(error))) from error
            if piece is None:
                raise Damage(done, "the file ends in the middle of a gzip member")
            done += len(piece)
            if done > skip:
                yield piece[max(len(piece) - (done - skip), 0) :]


def _salvage(raw: BinaryIO) -> Iterator[bytes]:
    """Decode gzip members with zlib; step byte by byte where a block of input fails as a whole."""
    member = zlib.decompressobj(31)
    between = False  # members: there zeros are padding
    while block := raw.read(READ_SIZE):
        more = True
        if between:
            block = block.lstrip(b"\0")
        while block or (more and not between):
            before = member.copy()
            try:
                piece = member.decompress(block, READ_SIZE)
            except zlib.error:
                for index in range(len(block)):
                    yield before.decompress(block[index : index + 1])
                raise
            yield piece
            more, between = len(piece) == READ_SIZE, member.eof
            block = member.unused_data.lstrip(b"\0") if member.eof else member.unconsumed_tail
            if member.eof:
                member = zlib.decompressobj(31)


def _words(error: str) -> str:
    words = error.rpartition(": ")[2] or error
    return {
        "incorrect data check": "a gzip member fails its checksum",
        "incorrect header check": "bytes that are no gzip member follow",
    }.get(words, f"the gzip data is damaged ({words})")


@contextmanager
def _gzip_writer(stream: BinaryIO) -> Iterator[BinaryIO]:
    level = igzip_lib.ISAL_DEFAULT_COMPRESSION
    writer: Any = igzip.IGzipFile("", "wb", level, stream, mtime=0)  # type: ignore[no-untyped-call]
    with writer:
        yield writer


def encoder(stream: BinaryIO, name: str) -> AbstractContextManager[BinaryIO]:
    """A compressing stream by the suffix of `name` (.gz, .zst, else plain). It leaves `stream` open."""
    if name.endswith(".gz"):
        return _gzip_writer(stream)
    if name.endswith(".zst"):
        import zstandard

        return zstandard.ZstdCompressor(level=3).stream_writer(stream, closefd=False)
    return _plain(stream)


@contextmanager
def _plain(stream: BinaryIO) -> Iterator[BinaryIO]:
    yield stream
