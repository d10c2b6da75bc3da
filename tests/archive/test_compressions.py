"""Chunks in every compression, their members, and what is no chunk at all."""

from __future__ import annotations

import gzip
import random
import struct
import zlib
from collections.abc import Sequence
from typing import ClassVar

import pytest
import zstandard

from tests.support.chunks import COMPRESSIONS, MANY, A, B, C, flipped, lines, read
from tui.archive import Reading, salvage


def deflated(data: bytes) -> bytes:
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush() + struct.pack("<LL", zlib.crc32(data), len(data))


class TestCompressions:
    @pytest.mark.parametrize("name", COMPRESSIONS)
    def test_the_suffix_does_not_matter(self, name: str) -> None:
        for key in ("key", "key.gz", "key.zst", "key.log"):
            result = read(COMPRESSIONS[name](lines([A, B])), key=key)
            assert (result.records, result.codec, result.damage) == ([A, B], name, [])

    @pytest.mark.parametrize(
        "header",
        [
            b"\x1f\x8b\x08\x00\0\0\0\0\0\xff",
            b"\x1f\x8b\x08\x04\0\0\0\0\0\x03" + b"\x06\x00BC\x02\x00\x1b\x00",  # FEXTRA, as bgzip writes it
            b"\x1f\x8b\x08\x08\0\0\0\0\0\x03events.log\0",
            b"\x1f\x8b\x08\x10\0\0\0\0\0\x03a comment\0",
            b"\x1f\x8b\x08\x08\0\0\0\0\0\x03" + b"n" * 300_000 + b"\0",  # too long for ISA-L, legal all the same
        ],
    )
    def test_any_legal_gzip_header(self, header: bytes) -> None:
        assert read(header + deflated(lines([A, B]))).records == [A, B]

    @pytest.mark.parametrize("first", COMPRESSIONS)
    @pytest.mark.parametrize("second", COMPRESSIONS)
    def test_twice_compressed(self, first: str, second: str) -> None:
        result = read(COMPRESSIONS[second](COMPRESSIONS[first](lines([A, B, C]))))
        assert (result.records, result.damage) == ([A, B, C], [])

    def test_damage_in_a_chunk_that_is_compressed_twice(self) -> None:
        records = [b'{"n":%d}' % n for n in range(300)]
        inner = [gzip.compress(lines(records[at : at + 100])) for at in (0, 100, 200)]
        inner[1] = flipped(inner[1], len(inner[1]) // 2)
        result = read(gzip.compress(b"".join(inner)))
        assert result.records == records[:100] + records[200:]
        assert len(result.damage) == 1

    def test_zstd_frames_of_every_kind(self) -> None:
        skippable = b"\x5a\x2a\x4d\x18" + struct.pack("<L", 70_000) + bytes(70_000)
        frames = [
            zstandard.ZstdCompressor(write_checksum=True).compress(lines([A])),
            zstandard.ZstdCompressor(write_content_size=False).compress(lines([B])),
            zstandard.ZstdCompressor(level=19).compress(lines([C])),
            zstandard.ZstdCompressor().compress(b""),
            zstandard.ZstdCompressor().compress(lines([A]) * 100_000),
        ]
        result = read(skippable + skippable.join(frames) + skippable, step=1000)
        assert result.records == [A, B, C] + [A] * 100_000
        assert result.damage == []

    def test_a_window_that_takes_too_much_memory_is_named(self) -> None:
        head = b"\x28\xb5\x2f\xfd\x00" + bytes([(28 - 10) << 3])
        (damage,) = read(head + b"\x01\x00\x00").damage
        assert damage.reason == "a zstd frame needs a window of 256 MiB; at most 128 MiB are read"

    @pytest.mark.parametrize(
        ("data", "name"),
        [
            (b"\x02\x21\x4c\x18" + bytes(20), "lz4 (legacy frames)"),
            (b"\xff\x06\x00\x00sNaPpY" + bytes(20), "snappy"),
            (b"PK\x03\x04" + bytes(40), "zip"),
            (b"Obj\x01" + bytes(40), "Avro"),
            (b"PAR1" + bytes(40), "Parquet"),
            (lines([A]).decode().encode("utf-16"), "UTF-16"),
            (lines([A]).decode().encode("utf-16-le"), "UTF-16"),
            (lines([A]).decode().encode("utf-16-be"), "UTF-16"),
            (lines([A]).decode().encode("utf-32"), "UTF-32"),
        ],
        ids=["legacy lz4", "snappy", "zip", "Avro", "Parquet", "UTF-16 BOM", "UTF-16 LE", "UTF-16 BE", "UTF-32"],
    )
    def test_what_is_not_read_is_named(self, data: bytes, name: str) -> None:
        (damage,) = read(data).damage
        assert damage.reason == f"it is {name}, which hourscope does not read"
        assert (damage.start, damage.stop) == (0, len(data))


class TestNotUnderstood:
    @pytest.mark.parametrize(
        ("data", "reason"),
        [
            (b"", "the object is empty (0 bytes)"),
            (bytes(5000), "it holds only zero bytes"),
            (gzip.compress(bytes(5000)), "it holds only zero bytes"),
            (b"<!DOCTYPE html><p>503", "HTML or XML page"),
            (gzip.compress(b"<?xml version='1.0'?><Error><Code>SlowDown"), "HTML or XML page"),
            (random.Random(1).randbytes(3000), "binary data in no format that hourscope reads"),
        ],
        ids=["empty", "zeros", "gzip of zeros", "HTML", "gzip of XML", "random bytes"],
    )
    def test_it_holds_no_record(self, data: bytes, reason: str) -> None:
        result = read(data)
        assert result.records == []
        (damage,) = result.damage
        assert reason in damage.reason

    def test_gzip_of_nothing_is_an_hour_without_records(self) -> None:
        assert read(gzip.compress(b"")).damage == []

    def test_zeros_inside_a_text_are_a_hole_and_at_its_end_they_are_not(self) -> None:
        result = read(lines([A, B]) + bytes(4096) + b'"x":1}\n' + lines([C]))
        assert result.records == [A, B, C]
        assert "4,096 zero bytes" in result.damage[0].reason
        assert read(lines([A, B]) + bytes(4096)).damage == []
        assert read(gzip.compress(lines([A])) + bytes(700_000)).damage == []

    def test_zeros_between_members_are_a_hole(self) -> None:
        result = read(gzip.compress(lines([A])) + bytes(700_000) + gzip.compress(lines([B])))
        assert result.records == [A, B]
        assert result.damage[0].reason == "700,000 zero bytes"


@pytest.mark.parametrize("zeros", range(1, 10))
@pytest.mark.parametrize("name", ["gzip", "zstd"])
def test_zeros_before_the_first_member_cost_no_record(zeros: int, name: str) -> None:
    chunk = bytes(zeros) + COMPRESSIONS[name](lines(MANY[:1000])) + COMPRESSIONS[name](lines(MANY[1000:]))
    assert read(chunk).records == MANY


def test_damage_behind_zeros_costs_only_its_member() -> None:
    members = [gzip.compress(lines(MANY[at : at + 100]), mtime=0) for at in range(0, 3000, 100)]
    members[10] = flipped(members[10], len(members[10]) // 2)
    result = read(bytes(3) + b"".join(members))
    assert result.records == MANY[:1000] + MANY[1100:]
    assert len(result.damage) == 1


class TestWhereDamageIs:
    """A decoder does not report exactly where its output is stored: the reported hole contains the damage."""

    RECORDS = tuple(b'{"n":%d,"pad":"%s"}' % (n, b"x" * 300) for n in range(9000))
    KINDS: ClassVar[dict[str, tuple[bytes, bytes]]] = {
        "zeros": (b"\n", bytes(600)),
        "compressed": (b"\n", gzip.compress(lines(RECORDS), mtime=0)),
        "a long record": (b"\n", b'{"a":"' + b"x" * 3_000_000 + b'"}\n'),
        "a long value": (b"", b'{"a":"' + b"x" * 3_000_000 + b'"}'),
        "stray bytes": (b"", b"stray bytes"),
    }

    @pytest.mark.parametrize("members", [0, 3])
    @pytest.mark.parametrize("place", [1, 4500, 8999])
    @pytest.mark.parametrize("kind", KINDS)
    def test_it_is_in_the_hole_and_little_else(self, kind: str, place: int, members: int) -> None:
        end, damage = self.KINDS[kind]
        before, behind = (b"".join(record + end for record in part) for part in self._parts(place))
        text = before + damage + behind
        step = -(-len(text) // members) if members else len(text)
        pieces = [text[at : at + step] for at in range(0, len(text), step)]
        stored = [gzip.compress(piece, 0, mtime=0) if members else piece for piece in pieces]  # as long as the text
        seen = read(b"".join(stored), reading=Reading(max_record=1 << 20))
        assert seen.damage
        first, last = seen.damage[0], seen.damage[-1]
        assert first.start <= len(before)
        assert last.stop >= len(before) + len(damage)
        assert last.stop - first.start <= len(damage) + (6 << 18)

    def _parts(self, place: int) -> tuple[Sequence[bytes], Sequence[bytes]]:
        return self.RECORDS[:place], self.RECORDS[place:]


class TestZerosBetweenMembers:
    def test_empty_members_are_not_holes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """nsq_to_file writes one when it syncs in a quiet time; the chunk is read once, at full speed."""
        monkeypatch.setattr(salvage, "salvage", lambda *_: pytest.fail("it was taken for damaged"))
        empty_of_go = gzip.compress(b"")[:10] + b"\x01\x00\x00\xff\xff" + bytes(8)
        for empty in (gzip.compress(b""), empty_of_go):
            result = read(gzip.compress(lines([A])) + empty + empty + gzip.compress(lines([B])), step=7)
            assert (result.records, result.damage) == ([A, B], [])

    @pytest.mark.parametrize("zeros", [8, 9, 20, 5000])
    @pytest.mark.parametrize("step", [1 << 20, 7])
    @pytest.mark.parametrize("name", ["gzip", "zstd", "bzip2", "xz"])
    def test_zeros_are_a_hole(self, zeros: int, step: int, name: str) -> None:
        compress = COMPRESSIONS[name]
        result = read(compress(lines([A])) + bytes(zeros) + compress(lines([B])), step=step)
        assert result.records == [A, B]
        assert [damage.reason for damage in result.damage] == [f"{zeros:,} zero bytes"]
