"""What is not an archive's chunk, or not read, is named with its key, and no command takes it for an answer."""

from __future__ import annotations

import base64
import gzip
import io
import json
import lzma
import random
import tarfile
import zipfile
import zlib
from pathlib import Path

import pytest

from tests.support.answers import RECORDS, ask, count, lines, put
from tests.support.command import hourscope

TEXT = lines(RECORDS)
BINARY = bytes(range(256)) * 4


def zipped(data: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("events.log", data)
    return file.getvalue()


def tarred(data: bytes) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        member = tarfile.TarInfo("events.log")
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))
    return file.getvalue()


def assert_named(folder: Path, data: bytes, suffix: str, words: str) -> None:
    """Every command names the chunk and why it is not read, in one sentence, and ends with 2."""
    path = put(folder, data, suffix)
    answers = ask(folder)
    assert answers.records == []
    assert answers.codes == (2, 2, 2, 2)
    (damage,) = answers.summary["damaged"]
    assert answers.report["damaged"] == [damage]
    assert (damage["key"], damage["from"], damage["to"], damage["doubtful"]) == (path.name, 0, len(data), 0)
    assert words in damage["reason"]
    for ran in (answers.cat, answers.send):
        (sentence,) = [line for line in ran.err.splitlines() if words in line]
        assert path.name in sentence
    assert answers.doctor.code == 2
    assert any(words in says or "empty" in words for says in answers.findings) or not data
    total, code, err = count(folder)
    assert (total, code) == (0, 2)
    assert path.name in err
    assert words in err


FORMATS = {
    "lz4, legacy frames": (b"\x02\x21\x4c\x18\x10\0\0\0" + BINARY, "log.lz4", "lz4 (legacy frames), which hourscope"),
    "snappy, framed": (b"\xff\x06\x00\x00sNaPpY\0\x05\0\0" + BINARY, "log.sz", "snappy, which hourscope does not read"),
    "snappy, raw": (b"\xb0\x11\xf0\x8e" + BINARY, "log.snappy", "snappy, which hourscope does not read"),
    "brotli, by its name": (b"\x1b\x4f\x1e\x00\x9c\x0e" + BINARY, "log.br", "brotli, which hourscope does not read"),
    "brotli without a name": (b"\x1b\x4f\x1e\x00\x9c\x0e" + BINARY, "log", "binary data in no format"),
    "zip": (zipped(TEXT), "log.zip", "zip, which hourscope does not read"),
    "zip named gz": (zipped(TEXT), "log.gz", "zip, which hourscope does not read"),
    "zip in gzip": (gzip.compress(zipped(TEXT)), "log.gz", "zip, which hourscope does not read"),
    "tar in gzip": (gzip.compress(tarred(TEXT)), "tar.gz", "tar, which hourscope does not read"),
    "tar in xz": (lzma.compress(tarred(TEXT)), "tar.xz", "tar, which hourscope does not read"),
    "PDF named gz": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\n" * 9, "log.gz", "PDF, which hourscope"),
    "PDF in gzip": (gzip.compress(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n"), "log.gz", "PDF, which hourscope"),
    "Parquet": (b"PAR1" + BINARY + b"PAR1", "parquet", "Parquet, which hourscope does not read"),
    "Parquet in gzip": (gzip.compress(b"PAR1" + BINARY + b"PAR1"), "log.gz", "Parquet, which hourscope"),
    "Avro": (b"Obj\x01\x04\x14avro.codec\x08null", "avro", "Avro, which hourscope does not read"),
    "SQLite": (b"SQLite format 3\0" + BINARY, "log", "SQLite, which hourscope does not read"),
    "7-Zip": (b"7z\xbc\xaf\x27\x1c" + BINARY, "log.gz", "7-Zip, which hourscope does not read"),
    "compress (.Z)": (b"\x1f\x9d\x90" + BINARY, "log.Z", "compress (.Z), which hourscope does not read"),
    "a zlib stream": (zlib.compress(TEXT), "log.gz", "zlib, which hourscope does not read"),
    "a fast zlib stream": (zlib.compress(TEXT, 1), "log", "zlib, which hourscope does not read"),
    "a fairly fast zlib stream": (zlib.compress(TEXT, 3), "log.zz", "zlib, which hourscope does not read"),
    "a short and small zlib stream": (zlib.compress(b"{}", 9), "log", "zlib, which hourscope does not read"),
    "a zlib stream in gzip": (gzip.compress(zlib.compress(TEXT)), "log.gz", "zlib, which hourscope does not read"),
    "noise named log": (random.Random(2).randbytes(5000), "log", "binary data in no format"),
    "noise in gzip": (gzip.compress(random.Random(3).randbytes(5000)), "log.gz", "binary data in no format"),
    "gzip three times": (gzip.compress(gzip.compress(gzip.compress(TEXT))), "log.gz", "compressed more than twice"),
    "gzip four times": (
        gzip.compress(gzip.compress(gzip.compress(gzip.compress(TEXT)))), "log.gz", "compressed more than twice"
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", FORMATS)
def test_a_format_that_is_not_read_is_named(kind: str, tmp_path: Path) -> None:
    data, suffix, words = FORMATS[kind]
    assert_named(tmp_path / "a", data, suffix, words)


def test_text_that_begins_as_zlib_does_is_text(tmp_path: Path) -> None:
    put(tmp_path / "a", b"x^2 + y^2\nx\xda\xe9t\xe9\n", "log")
    ran = hourscope("scan", tmp_path / "a", "-g", "y^2")
    assert (ran.code, ran.out) == (0, b"x^2 + y^2\n")


ENCODINGS = {
    "UTF-16 LE with a BOM": b"\xff\xfe" + TEXT.decode().encode("utf-16-le"),
    "UTF-16 BE with a BOM": b"\xfe\xff" + TEXT.decode().encode("utf-16-be"),
    "UTF-16 LE": TEXT.decode().encode("utf-16-le"),
    "UTF-16 BE": TEXT.decode().encode("utf-16-be"),
    "UTF-32 with a BOM": TEXT.decode().encode("utf-32"),
    "UTF-32 BE": TEXT.decode().encode("utf-32-be"),
}


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("compressed", [False, True])
def test_text_in_another_encoding_is_named(encoding: str, compressed: bool, tmp_path: Path) -> None:
    data = ENCODINGS[encoding]
    put(tmp_path / "a", gzip.compress(data) if compressed else data, "log.gz" if compressed else "log")
    ran = hourscope("scan", tmp_path / "a", "-g", "pad", "--count")
    assert (ran.code, ran.out) == (2, b"0\n")
    assert f"{encoding[:6]}, which hourscope does not read" in ran.err
    assert hourscope("verify", tmp_path / "a").code == 2


PAGES = {
    "an HTML error page": b"<html><body>503 Service Unavailable</body></html>\n",
    "S3's error": b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>NoSuchKey</Code></Error>',
    "S3's error without a declaration": b"<Error><Code>AccessDenied</Code></Error>",
    "a directory listing": b"\n  <!doctype HTML>\n<html>\n<head><title>Index of /logs/</title></head>",
    "a bucket listing": b'<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name>',
    "a page that begins with a comment": b"<!-- proxy --><html><body>login</body></html>",
}


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("suffix", ["log", "log.gz"])
def test_a_page_saved_as_a_chunk_is_named(page: str, suffix: str, tmp_path: Path) -> None:
    assert_named(tmp_path / "a", PAGES[page], suffix, "an HTML or XML page")


def test_a_page_in_gzip_is_named(tmp_path: Path) -> None:
    assert_named(tmp_path / "a", gzip.compress(PAGES["S3's error"]), "log.gz", "an HTML or XML page")


@pytest.mark.parametrize("suffix", ["log", "log.gz", "log.zst", "log.bz2"])
def test_an_object_of_no_bytes_is_named(suffix: str, tmp_path: Path) -> None:
    assert_named(tmp_path / "a", b"", suffix, "the object is empty (0 bytes)")


@pytest.mark.parametrize("suffix", ["log", "log.gz"])
@pytest.mark.parametrize("size", [1, 512, 4096, 3 << 20])
def test_an_object_of_nuls_is_named(size: int, suffix: str, tmp_path: Path) -> None:
    assert_named(tmp_path / "a", bytes(size), suffix, "only zero bytes")


def test_a_sparse_file_is_named(tmp_path: Path) -> None:
    """A crash right after a file was given its size."""
    path = put(tmp_path / "a", b"")
    with path.open("r+b") as file:
        file.truncate(20 << 20)
    total, code, err = count(tmp_path / "a")
    assert (total, code) == (0, 2)
    assert "bytes 0 to 20,971,520: it holds only zero bytes" in err


def test_nuls_in_gzip_are_named(tmp_path: Path) -> None:
    assert_named(tmp_path / "a", gzip.compress(bytes(20 << 20)), "log.gz", "only zero bytes")


def test_gzip_of_nothing_is_an_hour_without_records(tmp_path: Path) -> None:
    put(tmp_path / "a", gzip.compress(b""))
    answers = ask(tmp_path / "a")
    assert answers.records == []
    assert answers.codes == (1, 1, 0, 1)
    assert answers.doctor.code == 0


def test_base64_is_text_and_not_json(tmp_path: Path) -> None:
    put(tmp_path / "a", base64.encodebytes(gzip.compress(TEXT)))
    total, code, err = count(tmp_path / "a")
    assert (total, code) == (0, 2)
    assert "not JSON (text)" in err
    assert hourscope("verify", tmp_path / "a").code == 2


def test_other_chunks_are_read_beside_one_that_cannot_be(tmp_path: Path) -> None:
    put(tmp_path, gzip.compress(TEXT))
    (tmp_path / "e.2015-01-30_01.log.gz").write_bytes(PAGES["an HTML error page"])
    (tmp_path / "e.2015-01-30_02.log.gz").write_bytes(gzip.compress(TEXT))
    total, code, err = count(tmp_path)
    assert (total, code) == (600, 2)
    assert len(err.splitlines()) == 1
    report = json.loads(hourscope("verify", tmp_path, "--json").out)
    assert [damage["key"] for damage in report["damaged"]] == ["e.2015-01-30_01.log.gz"]
    doctor = hourscope("doctor", tmp_path)
    assert doctor.code == 2
    assert b"e.2015-01-30_01.log.gz" in doctor.out
