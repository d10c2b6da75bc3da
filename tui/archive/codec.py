"""Compression formats: detected by magic bytes, never by suffix, and decoded member by member in bounded memory.

A chunk is one or more concatenated members (gzip members, zstd frames, bzip2 and xz streams). `decoded_stream` decodes
them as one stream and only reports *that* it is damaged; `Codec.member` decodes a single member and reports its end,
which `salvage` needs to find the sound members around the damage.
"""

from __future__ import annotations

import bz2
import lzma
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from functools import cache, partial
from importlib.util import find_spec
from typing import Any, BinaryIO, cast

from isal import igzip, igzip_lib

from tui.archive.fast_gzip import BrokenStream, FastGzip
from tui.archive.members import (
    MAX_MEMORY,
    READ_SIZE,
    ZERO_RUN,
    GzipMember,
    Member,
    MemberError,
    Pieces,
    Readable,
    StandardMember,
    article,
)
from tui.archive.streams import RECORD_MARK, Peekable
from tui.archive.zstd import ZstdFrame

GZIP_MAGIC = b"\x1f\x8b"
HEAD_SIZE = 512  # bytes from which the compression is detected
_LONGEST_MAGIC = 10


@dataclass(frozen=True, slots=True)
class Codec:
    """A compression format. `begin` matches the beginning of each member; `suffixes` are its usual file suffixes."""

    name: str
    begin: re.Pattern[bytes]
    member: Callable[[], Member]
    suffixes: tuple[str, ...] = ()

    @property
    def a_member(self) -> str:
        """One member, with its article: `a gzip member`."""
        return f"{article(self.name)} {self.name} member"


def taking_turns(codec: Codec, await_turn: Callable[[], None]) -> Codec:
    """Return a codec that waits before using much memory. Only zstd does; the others' memory is bounded."""
    return replace(codec, member=partial(ZstdFrame, await_turn)) if codec is ZSTD else codec


def _bzip2() -> Member:
    return StandardMember("bzip2", bz2.BZ2Decompressor(), (OSError, ValueError))


def _xz() -> Member:
    return StandardMember("xz", lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MAX_MEMORY), (lzma.LZMAError,))


def _lzma() -> Member:
    return StandardMember("lzma", lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=MAX_MEMORY), (lzma.LZMAError,))


def _lz4() -> Member:
    from lz4.frame import LZ4FrameDecompressor

    return StandardMember("lz4", LZ4FrameDecompressor(), (RuntimeError, EOFError, ValueError))


GZIP = Codec("gzip", re.compile(rb"\x1f\x8b\x08[\x00-\x1f]", re.DOTALL), GzipMember, (".gz", ".gzip", ".tgz"))
ZSTD = Codec("zstd", re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18"), ZstdFrame, (".zst", ".zstd"))
BZIP2 = Codec("bzip2", re.compile(rb"BZh[1-9](?:1AY&SY|\x17\x72\x45\x38\x50\x90)"), _bzip2, (".bz2", ".bz"))
XZ = Codec("xz", re.compile(rb"\xfd7zXZ\x00"), _xz, (".xz",))
LZMA = Codec(
    "lzma", re.compile(rb"\x5d\x00\x00..\xff{8}|\x5d\x00\x00..[^\xff].{4}\x00{3}", re.DOTALL), _lzma, (".lzma",)
)
LZ4 = Codec("lz4", re.compile(rb"\x04\x22\x4d\x18"), _lz4, (".lz4",))
CODECS = (GZIP, ZSTD, BZIP2, XZ, LZMA)

# Formats that are recognized but not read. (https://en.wikipedia.org/wiki/List_of_file_signatures)
_UNREAD = (
    (rb"\x02\x21\x4c\x18", "lz4 (legacy frames)"),
    (rb"\xff\x06\x00\x00sNaPpY", "snappy"),
    (rb"PK(?:\x03\x04|\x05\x06|\x07\x08)", "zip"),
    (rb"7z\xbc\xaf\x27\x1c", "7-Zip"),
    (rb"\x1f[\x9d\xa0]", "compress (.Z)"),
    (rb"LZIP[\x00\x01]", "lzip"),
    (rb"\x89LZO\x00\r\n", "lzop"),
    (rb"Obj\x01", "Avro"),
    (rb"PAR1", "Parquet"),
    (rb"ORC[\x00-\x1f]", "ORC"),
    (rb"SEQ[\x04-\x06]", "a Hadoop sequence file"),
    (rb"SQLite format 3\x00", "SQLite"),
    (rb"%PDF-", "PDF"),
    (rb".{257}ustar", "tar"),
    (rb"\xff\xfe\x00\x00|\x00\x00\xfe\xff|(?:\x00\x00\x00[\x20-\x7e]){2}|(?:[\x20-\x7e]\x00\x00\x00){2}", "UTF-32"),
    (rb"\xff\xfe|\xfe\xff|(?:\x00[\x20-\x7e]){2}|(?:[\x20-\x7e]\x00){2}", "UTF-16"),
)  # fmt: skip
_ZLIB = re.compile(rb"\x78[\x01\x5e\x9c\xda]")  # RFC 1950: deflate by 32 KiB, its level, and the check of both
_UNREAD_SUFFIXES = {".br": "brotli", ".snappy": "snappy", ".sz": "snappy", ".lzo": "lzo"}  # no magic of their own


_BEGUN_MAGIC = re.compile(rb"BZ?h?[1-9]?(?:1A?Y?&?S?Y?)?|\(|[P-_]\*?M?|\]")  # of bzip2, zstd and lzma: printable bytes


def sniff(head: bytes, key: str = "") -> Codec | None:
    """Detect the compression of an object by its first bytes; `key` helps if the object ends within the magic."""
    if not head.strip(b"\0"):
        return None  # empty or zeros, whatever the name says
    if head[:2] == GZIP_MAGIC:  # a damaged header is damage, not another format
        return GZIP
    codec = next((codec for codec in codecs() if codec.begin.match(head)), None)
    if codec is None and len(head) < _LONGEST_MAGIC and head.strip(b"\0") and not _is_text(head):
        return promised(key) or (GZIP if head == GZIP_MAGIC[:1] else None)
    return codec


@cache
def codecs() -> tuple[Codec, ...]:
    """Return the codecs that can be read; lz4 only if its library is installed (an extra)."""
    return (*CODECS, LZ4) if find_spec("lz4") else CODECS


def _is_text(head: bytes) -> bool:
    """True if a very short object is text and not a truncated magic."""
    if head[:1] in (b"{", b"[") or (b"\n" in head and head.isascii()):
        return True
    return head.isascii() and not holds_control(head) and b"\0" not in head and not _BEGUN_MAGIC.fullmatch(head)


def unread_format(head: bytes, key: str) -> str:
    """Return the name of a format that is recognized but not read, or "". `head`: the first `HEAD_SIZE` bytes."""
    if head[:1] in (b"{", b"[") and b"\0" not in head:
        return ""  # nearly always; a tar file may begin with these, but its header contains zeros
    if LZ4.begin.match(head):
        return "lz4 (pip install 'hourscope[lz4]' reads it)"
    named = next((name for pattern, name in _UNREAD if re.match(pattern, head, re.DOTALL)), "")
    if not named and looks_binary(head):
        if _ZLIB.match(head):  # after `looks_binary`: a text may begin with x^
            return "zlib"
        named = next((name for suffix, name in _UNREAD_SUFFIXES.items() if key.endswith(suffix)), "")
    return named


CONTROL = bytes((*range(9), *range(0x0E, 0x1B), *range(0x1C, 0x20), 0x7F))  # characters that do not occur in text
_CONTROL = re.compile(rb"[\x01-\x08\x0e-\x1a\x1c-\x1f\x7f]")


def holds_control(text: bytes) -> bool:
    """True if there is a control character that does not occur in text (NUL is not checked)."""
    return _CONTROL.search(text) is not None


def looks_binary(head: bytes) -> bool:
    """True for binary data. JSON with invalid bytes in its strings does not count."""
    if head.startswith(RECORD_MARK):
        head = head.replace(RECORD_MARK, b"")
    return head[:1] not in (b"{", b"[") and holds_control(head)


def is_utf8(head: bytes) -> bool:
    """True for UTF-8, even if the last character is cut. JSON with invalid bytes in its strings counts as well."""
    try:
        head[:-4].decode()
    except UnicodeDecodeError:
        return head[:1] in (b"{", b"[")
    return True


def promised(key: str) -> Codec | None:
    """Return the compression that a key's suffix names, even if more follows the suffix (`.gz-apwgylqg`)."""
    name = key.rpartition("/")[2]
    for codec in (*CODECS, LZ4):
        if any(name.endswith(suffix) or f"{suffix}-" in name for suffix in codec.suffixes):
            return codec
    return None


def decoded_stream(raw: BinaryIO, codec: Codec, await_turn: Callable[[], None] = lambda: None) -> Peekable:
    """Decode all members of a stream, and once more if the result is compressed again.

    `readinto` raises BrokenStream for damage, a cut end, and bytes after the last member; zeros there are padding.
    """
    decoded = Peekable(_decoded(raw, taking_turns(codec, await_turn)))
    second = sniff(decoded.peek(HEAD_SIZE))
    return Peekable(_decoded(cast(BinaryIO, decoded), taking_turns(second, await_turn))) if second else decoded


def _decoded(raw: BinaryIO, codec: Codec) -> Readable:
    return FastGzip(raw) if codec is GZIP else Pieces(_members(raw, codec))


def _members(raw: BinaryIO, codec: Codec) -> Iterator[bytes]:
    member: Member | None = None
    zeros = 0  # before a member
    while data := raw.read(READ_SIZE):
        while data:
            if member is None:
                zeros, data = zeros + len(data), data.lstrip(b"\0")
                zeros -= len(data)
                if not data:
                    break
                if zeros >= ZERO_RUN:
                    raise BrokenStream("zeros between members")
                member, zeros = codec.member(), 0
            try:
                yield from member.pieces(data)
            except MemberError as error:
                raise BrokenStream(str(error)) from error
            data, member = (member.unused, None) if member.ended else (b"", member)
    if member is not None:
        raise BrokenStream("cut")


@contextmanager
def _gzip_writer(stream: BinaryIO) -> Iterator[BinaryIO]:
    level = igzip_lib.ISAL_DEFAULT_COMPRESSION
    writer: Any = igzip.IGzipFile("", "wb", level, stream, mtime=0)  # type: ignore[no-untyped-call]
    with writer:
        yield writer


def encoder(stream: BinaryIO, name: str) -> AbstractContextManager[BinaryIO]:
    """Return a compressing stream, chosen by the suffix of `name` (.gz, .zst, else plain). `stream` stays open."""
    if name.endswith(".gz"):
        return _gzip_writer(stream)
    if name.endswith(".zst"):
        import zstandard

        return zstandard.ZstdCompressor(level=3, write_checksum=True).stream_writer(stream, closefd=False)
    return _plain(stream)


@contextmanager
def _plain(stream: BinaryIO) -> Iterator[BinaryIO]:
    yield stream
