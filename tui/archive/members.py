"""Decode one member of a chunk (a gzip member, or a bzip2, xz or lz4 stream), and find where it ends or breaks."""

from __future__ import annotations

import io
import zlib
from collections.abc import Generator, Iterator
from typing import Any, Protocol

READ_SIZE = 1 << 18
ZERO_RUN = 8  # zero bytes that count as a lost part; a loss within fewer fails the member's checksum
MAX_MEMORY = 128 << 20  # bytes that a decoder's window may take


class MemberError(Exception):
    """A member cannot be decoded. `str()` is the reason, for the user."""


class Readable(Protocol):
    """A stream of decoded bytes, as the reader needs it."""

    def readinto(self, buffer: memoryview, /) -> int | None: ...


class Member(Protocol):
    """The decoder of one member. `ended`: it is complete and its checksum is right. `unused`: the input after it."""

    ended: bool
    unused: bytes

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """Decode more input and yield pieces of at most `READ_SIZE` bytes. MemberError at damage."""


class GzipMember:
    """RFC 1952, with zlib: slower than ISA-L, but it yields every byte before an error."""

    def __init__(self) -> None:
        self._inflater = zlib.decompressobj(31)
        self.ended, self.unused = False, b""

    def pieces(self, data: bytes) -> Iterator[bytes]:
        more = True
        while data or more:
            before = self._inflater.copy()
            try:
                piece = self._inflater.decompress(data, READ_SIZE)
            except zlib.error as error:
                yield from self.up_to_error(before, data)
                raise MemberError(_gzip_reason(str(error))) from error
            if piece:
                yield piece
            if self._inflater.eof:
                self.ended, self.unused = True, self._inflater.unused_data
                return
            data, more = self._inflater.unconsumed_tail, len(piece) == READ_SIZE

    @staticmethod
    def up_to_error(inflater: Any, data: bytes) -> Iterator[bytes]:
        """Decode up to the invalid byte. zlib discards its output if a call fails, so feed it ever smaller halves."""
        size = len(data)
        while data:
            before = inflater.copy()
            try:
                piece = inflater.decompress(data[:size], READ_SIZE)
            except zlib.error:
                if size == 1:
                    return
                inflater, size = before, size // 2
                continue
            if piece:
                yield piece
            data = inflater.unconsumed_tail + data[size:]


def _gzip_reason(error: str) -> str:
    words = error.rpartition(": ")[2] or error
    return {
        "incorrect data check": "a gzip member fails its checksum",
        "incorrect length check": "a gzip member fails its length check",
        "incorrect header check": "a gzip member has a damaged header",
        "unknown header flags set": "a gzip member has a damaged header",
        "unknown compression method": "a gzip member has a damaged header",
    }.get(words, f"a gzip member is damaged ({words})")


def article(codec: str) -> str:
    """Return the article before a codec's name: `an` xz stream, `a` gzip member."""
    return "an" if codec in ("xz", "lzma", "lz4") else "a"


class StandardMember:
    """A decoder with the standard library's interface: bz2, lzma, and lz4's frames."""

    def __init__(self, name: str, decoder: Any, errors: tuple[type[Exception], ...]) -> None:
        self._name, self._decoder, self._errors = name, decoder, errors
        self.ended, self.unused = False, b""

    def pieces(self, data: bytes) -> Iterator[bytes]:
        while True:
            try:
                piece = self._decoder.decompress(data, READ_SIZE)
            except self._errors as error:
                raise MemberError(self._reason(error)) from error
            data = b""
            if piece:
                yield piece
            if self._decoder.eof:
                self.ended, self.unused = True, self._decoder.unused_data or b""
                return
            if self._decoder.needs_input or not piece:
                return

    def _reason(self, error: Exception) -> str:
        if "emory usage limit" in str(error):
            return (
                f"{article(self._name)} {self._name} stream needs more than {MAX_MEMORY >> 20} MiB of memory to decode"
            )
        return (
            f"{article(self._name)} {self._name} stream is damaged ({str(error).rstrip('.') or 'it cannot be decoded'})"
        )


class Pieces(io.RawIOBase):
    """A readable stream of an iterator of pieces."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        super().__init__()
        self._pieces = pieces
        self._left = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        while not self._left:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._left = memoryview(piece)
        count = min(len(buffer), len(self._left))
        buffer[:count] = self._left[:count]
        self._left = self._left[count:]
        return count

    def close(self) -> None:
        if isinstance(self._pieces, Generator):
            self._pieces.close()
        super().close()
