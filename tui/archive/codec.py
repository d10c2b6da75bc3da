"""Compressions: told apart by magic bytes, never by suffix; decoded member by member in bounded memory.

A chunk is one or more members (gzip members, zstd frames, bzip2 and xz streams), one after another. `fast_stream` reads
them as one stream and only says *that* it met damage; `Codec.member` decodes one member and says where it ends, which
is what `salvage` needs to find the sound members around the damage.
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
HEAD_SIZE = 512  # bytes that tell a compression
_LONGEST_MAGIC = 10


@dataclass(frozen=True, slots=True)
class Codec:
    """A compression. `begin` matches how each of its members begins; `suffixes` are those that promise it."""

    name: str
    begin: re.Pattern[bytes]
    member: Callable[[], Member]
    suffixes: tuple[str, ...] = ()

    @property
    def a_member(self) -> str:
        """What a sentence calls one of its members."""
        return f"{article(self.name)} {self.name} member"


def taking_turns(codec: Codec, await_turn: Callable[[], None]) -> Codec:
    """The same codec, which waits before it takes much memory. Only zstd's may: what others take is bounded."""
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

# What can be recognized and is not read. (https://en.wikipedia.org/wiki/List_of_file_signatures)
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
    """The compression that bytes begin with, or None; `key` helps where an object ends in the middle of its magic."""
    if not head.strip(b"\0"):
        return None  # nothing, whatever the name promises
    if head[:2] == GZIP_MAGIC:  # a damaged header is damage, not another format
        return GZIP
    codec = next((codec for codec in codecs() if codec.begin.match(head)), None)
    if codec is None and len(head) < _LONGEST_MAGIC and head.strip(b"\0") and not _is_text(head):
        return promised(key) or (GZIP if head == GZIP_MAGIC[:1] else None)
    return codec


@cache
def codecs() -> tuple[Codec, ...]:
    """All that can be read here: lz4 only where its library is installed (an extra)."""
    return (*CODECS, LZ4) if find_spec("lz4") else CODECS


def _is_text(head: bytes) -> bool:
    """Is so short an object a text, and not the beginning of a compression's magic?"""
    if head[:1] in (b"{", b"[") or (b"\n" in head and head.isascii()):
        return True
    return head.isascii() and not holds_control(head) and b"\0" not in head and not _BEGUN_MAGIC.fullmatch(head)


def unread_format(head: bytes, key: str) -> str:
    """The name of a format that is recognized but not read, or "". `head`: the first `HEAD_SIZE` bytes."""
    if head[:1] in (b"{", b"[") and b"\0" not in head:
        return ""  # as nearly always; a tar may begin so, but its header holds zeros
    if LZ4.begin.match(head):
        return "lz4 (pip install 'hourscope[lz4]' reads it)"
    named = next((name for pattern, name in _UNREAD if re.match(pattern, head, re.DOTALL)), "")
    if not named and looks_binary(head):
        if _ZLIB.match(head):  # it may be a text that begins with x^
            return "zlib"
        named = next((name for suffix, name in _UNREAD_SUFFIXES.items() if key.endswith(suffix)), "")
    return named


CONTROL = bytes((*range(9), *range(0x0E, 0x1B), *range(0x1C, 0x20), 0x7F))  # characters that no text has
_CONTROL = re.compile(rb"[\x01-\x08\x0e-\x1a\x1c-\x1f\x7f]")


def holds_control(text: bytes) -> bool:
    """Does it hold a control character that no text has (NUL apart)?"""
    return _CONTROL.search(text) is not None


def looks_binary(head: bytes) -> bool:
    """Does it hold what no text does? JSON with broken bytes in its strings is not meant."""
    if head.startswith(RECORD_MARK):
        head = head.replace(RECORD_MARK, b"")
    return head[:1] not in (b"{", b"[") and holds_control(head)


def is_utf8(head: bytes) -> bool:
    """As far as it goes: the last character may be cut. JSON with broken bytes in its strings is not meant."""
    try:
        head[:-4].decode()
    except UnicodeDecodeError:
        return head[:1] in (b"{", b"[")
    return True


def promised(key: str) -> Codec | None:
    """The compression that a name promises by its suffix, wherever in the name that stands (`.gz-apwgylqg`)."""
    name = key.rpartition("/")[2]
    for codec in (*CODECS, LZ4):
        if any(name.endswith(suffix) or f"{suffix}-" in name for suffix in codec.suffixes):
            return codec
    return None


def decoded_stream(raw: BinaryIO, codec: Codec, await_turn: Callable[[], None] = lambda: None) -> Peekable:
    """Decode all members of a stream, once more where the result is compressed again.

    Damage, a cut end, and bytes behind the last member come out of `readinto` as BrokenStream; zeros there are padding.
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
    """A compressing stream by the suffix of `name` (.gz, .zst, else plain). It leaves `stream` open."""
    if name.endswith(".gz"):
        return _gzip_writer(stream)
    if name.endswith(".zst"):
        import zstandard

        return zstandard.ZstdCompressor(level=3, write_checksum=True).stream_writer(stream, closefd=False)
    return _plain(stream)


@contextmanager
def _plain(stream: BinaryIO) -> Iterator[BinaryIO]:
    yield stream
