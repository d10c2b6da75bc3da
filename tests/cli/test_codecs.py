"""Compressions are told by their bytes, never by a name, and read to their end, whatever is legal in them."""

from __future__ import annotations

import bz2
import gzip
import lzma
import struct
import zlib
from pathlib import Path

import lz4.frame
import pytest
import zstandard

from tests.support.answers import RECORDS, ask, assert_read, lines, put
from tests.support.command import hourscope

TEXT = lines(RECORDS)
PARTS = [TEXT[at : at + 1500] for at in range(0, len(TEXT), 1500)]
EXTRA = struct.pack("<H", 6) + b"AB\2\0xy"
SKIPPABLE = b"\x53\x2a\x4d\x18\x04\0\0\0abcd"


def gzip_with(data: bytes, flags: int, fields: bytes) -> bytes:
    """A gzip member with header fields (RFC 1952, 2.3): 2 FHCRC, 4 FEXTRA, 8 FNAME, 16 FCOMMENT."""
    plain = gzip.compress(data, mtime=0)
    header = plain[:3] + bytes([flags]) + plain[4:10] + fields
    if flags & 2:
        header += struct.pack("<H", zlib.crc32(header) & 0xFFFF)
    return header + plain[10:]


def zstd(data: bytes, **options: object) -> bytes:
    """One frame, written as a stream, so that its size is not known."""
    compressor = zstandard.ZstdCompressor(**options).compressobj()  # type: ignore[arg-type]
    return bytes(compressor.compress(data) + compressor.flush())


def window(log: int) -> zstandard.ZstdCompressionParameters:
    return zstandard.ZstdCompressionParameters.from_level(3, window_log=log)


GZIP = {
    "FNAME": gzip_with(TEXT, 8, b"events.log\0"),
    "FCOMMENT": gzip_with(TEXT, 16, b"a comment\0"),
    "FEXTRA": gzip_with(TEXT, 4, EXTRA),
    "FHCRC": gzip_with(TEXT, 2, b""),
    "all fields": gzip_with(TEXT, 31, EXTRA + b"events.log\0" + b"a comment\0"),
    "all fields in every member": b"".join(gzip_with(part, 31, EXTRA + b"n\0c\0") for part in PARTS),
    "a name of 300 kB": gzip_with(TEXT, 8, b"A" * 300_000 + b"\0"),
    "blocked (BGZF)": b"".join(gzip_with(part, 4, struct.pack("<H", 6) + b"BC\2\0\0\0") for part in [*PARTS, b""]),
    "empty members between": b"".join(gzip.compress(b"") + gzip.compress(part) for part in PARTS),
    "stored, not deflated": gzip.compress(TEXT, 0),
    "zeros behind it, as tape blocks have": gzip.compress(TEXT) + bytes(5000),
    "a few zeros between members": b"".join(gzip.compress(part) + b"\0\0\0" for part in PARTS),
    "twice": gzip.compress(gzip.compress(TEXT)),
    "members within a member": gzip.compress(b"".join(map(gzip.compress, PARTS))),
}


@pytest.mark.parametrize("kind", GZIP)
def test_gzip(kind: str, tmp_path: Path) -> None:
    put(tmp_path / "a", GZIP[kind])
    assert_read(tmp_path / "a", RECORDS)


ZSTD = {
    "with a checksum": zstandard.ZstdCompressor(write_checksum=True).compress(TEXT),
    "without a checksum": zstandard.ZstdCompressor(write_checksum=False).compress(TEXT),
    "without its size": zstd(TEXT),
    "frames": b"".join(map(zstandard.compress, PARTS)),
    "skippable frames everywhere": SKIPPABLE * 2 + SKIPPABLE.join(map(zstandard.compress, PARTS)) + SKIPPABLE,
    "empty frames around": zstandard.compress(b"") + zstandard.compress(TEXT) + zstandard.compress(b""),
    "the highest level": zstandard.ZstdCompressor(level=22).compress(TEXT),
    "a window of 128 MiB": zstd(TEXT, compression_params=window(27)),
    "barely compressed": zstd(TEXT, level=-100),
}


@pytest.mark.parametrize("kind", ZSTD)
def test_zstd(kind: str, tmp_path: Path) -> None:
    put(tmp_path / "a", ZSTD[kind], "log.zst")
    assert_read(tmp_path / "a", RECORDS)


OTHERS = {
    "bzip2": (bz2.compress(TEXT), "log.bz2"),
    "bzip2 streams": (b"".join(map(bz2.compress, PARTS)), "log.bz2"),
    "bzip2, an empty stream first": (bz2.compress(b"") + bz2.compress(TEXT, 1), "log.bz2"),
    "xz": (lzma.compress(TEXT), "log.xz"),
    "xz streams": (b"".join(map(lzma.compress, PARTS)), "log.xz"),
    "xz streams with padding": (b"".join(lzma.compress(part) + bytes(4) for part in PARTS), "log.xz"),
    "xz with SHA-256": (lzma.compress(TEXT, check=lzma.CHECK_SHA256), "log.xz"),
    "xz without a check": (lzma.compress(TEXT, check=lzma.CHECK_NONE), "log.xz"),
    "lzma": (lzma.compress(TEXT, format=lzma.FORMAT_ALONE), "log.lzma"),
    "lz4": (lz4.frame.compress(TEXT), "log.lz4"),
    "lz4 frames": (b"".join(map(lz4.frame.compress, PARTS)), "log.lz4"),
    "zstd in gzip": (gzip.compress(zstandard.compress(TEXT)), "log.gz"),
    "gzip in zstd": (zstandard.compress(gzip.compress(TEXT)), "log.zst"),
    "xz in bzip2": (bz2.compress(lzma.compress(TEXT)), "log.bz2"),
    "gzip in a wrong name": (gzip.compress(TEXT), "log"),
    "zstd in a wrong name": (zstandard.compress(TEXT), "log.gz"),
    "xz in a wrong name": (lzma.compress(TEXT), "log.zst"),
    "plain": (TEXT, "log"),
}


@pytest.mark.parametrize("kind", OTHERS)
def test_other_compressions(kind: str, tmp_path: Path) -> None:
    data, suffix = OTHERS[kind]
    put(tmp_path / "a", data, suffix)
    assert_read(tmp_path / "a", RECORDS)


def test_plain_text_named_gz_is_read_and_reported(tmp_path: Path) -> None:
    path = put(tmp_path / "a", TEXT)
    answers = ask(tmp_path / "a")
    assert answers.records == RECORDS
    assert answers.codes == (0, 0, 1, 0)
    assert answers.report["mislabeled"] == [path.name]
    assert "named as compressed but plain text" in answers.warnings[0]
    assert "plain text with the name of a compressed file" in answers.findings[0]


@pytest.mark.parametrize("text", [b"null", b"42", b'"x"', b"true", b"hello"])
@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".zst"])
def test_a_word_named_gz_is_text_too(tmp_path: Path, text: bytes, suffix: str) -> None:
    """So few bytes could be the beginning of a compression's magic: they are not."""
    put(tmp_path / "a", text, suffix)
    answers = ask(tmp_path / "a")
    assert answers.records == [text]
    assert "named as compressed but plain text" in answers.warnings[0]


@pytest.mark.parametrize("begun", [("BZ", ".bz2"), ("P*M", ".zst"), ("(", ".zst"), ("\x1f", ".gz")])
def test_the_beginning_of_a_magic_is_a_cut_object(tmp_path: Path, begun: tuple[str, str]) -> None:
    put(tmp_path / "a", begun[0].encode("latin-1"), begun[1])
    answers = ask(tmp_path / "a")
    assert (answers.records, set(answers.codes)) == ([], {2})


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a window of 256 MiB", zstd(TEXT, compression_params=window(28))),
        ("a window of 2 GiB", zstd(TEXT, compression_params=window(31))),
    ],
    ids=["256 MiB", "2 GiB"],
)
def test_a_zstd_window_over_128_mib_is_named(name: str, data: bytes, tmp_path: Path) -> None:
    path = put(tmp_path / "a", data, "log.zst")
    answers = ask(tmp_path / "a")
    assert answers.records == []
    assert answers.codes == (2, 2, 2, 2)
    (damage,) = answers.summary["damaged"]
    assert damage["key"] == path.name
    assert f"{name.replace('2 GiB', '2,048 MiB')}; at most 128 MiB are read" in damage["reason"]


@pytest.mark.parametrize("text", [TEXT, TEXT[:40]], ids=["long", "short"])
def test_a_zstd_frame_that_needs_a_dictionary_is_named(text: bytes, tmp_path: Path) -> None:
    dictionary = zstandard.train_dictionary(1000, [b'{"i":%d,"s":"%d"}' % (i, i * i) for i in range(3000)])
    put(tmp_path / "a", zstd(text, dict_data=dictionary), "log.zst")
    ran = hourscope("scan", tmp_path / "a", "-g", "x", "--count")
    assert ran.code == 2
    assert f"a zstd frame needs the dictionary {dictionary.dict_id()}, which hourscope does not read" in ran.err


def test_zstd_frames_with_long_windows_are_read_beside_others(tmp_path: Path) -> None:
    """Four chunks at a time may each need 128 MiB."""
    for hour in range(6):
        (tmp_path / f"e.2015-01-30_{hour:02}.log.zst").write_bytes(zstd(TEXT, compression_params=window(27)))
    ran = hourscope("scan", tmp_path, "-m", "i >= `0`", "--count", "--jobs", 4)
    assert (ran.code, ran.out, ran.err) == (0, b"1800\n", "")
