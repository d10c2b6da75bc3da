"""Chunks as records: lines and other forms, compressions and their members, limits, and what is held back."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import random
import re
import struct
import tracemalloc
import zlib
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import ClassVar

import lz4.frame
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.chunks import COMPRESSIONS, OneObject, flipped, lines, read
from tui.archive import ChunkReader, Damage, Reading, reader, salvage
from tui.archive.block import Block, block_of
from tui.archive.folder import FolderStore
from tui.archive.reader import BLOCK_SIZE, DoubtfulGiven
from tui.archive.store import Store
from tui.errors import ArchiveError

A, B, C = b'{"a":1}', b'{"b":"}{"}', b'{"c":[1,2]}'


@cache
def noise(count: int) -> bytes:
    """So many lines that are barely compressed."""
    chance = random.Random(1)
    return lines([b'{"a":"%s"}' % chance.randbytes(20).hex().encode() for _ in range(count)])


class TestFormsThatChange:
    MANY = tuple(b'{"n":%d,"pad":"%s"}' % (n, b"x" * 300) for n in range(2000))  # more than a block

    @pytest.mark.parametrize(
        ("other", "before"),
        [
            (b'[{"a":1},{"a":2}]', [A, C]),
            (b'[{"a":1},{"a":2}]', list(MANY)),
            (b'{"Records":[{"a":1},{"a":2}]}', [A, C]),
            (b'{"at":1,"logEvents":[{"a":1}]}', [A, C]),
        ],
        ids=["a list", "a list behind the first block", "Records", "logEvents"],
    )
    def test_a_list_on_a_line_of_its_own_is_reported(self, other: bytes, before: list[bytes]) -> None:
        result = read(gzip.compress(lines([*before, other, *before])))
        assert result.records == [*before, other, *before]
        assert [damage.reason for damage in result.damage] == [
            "1 line among the records is a list, read as one record (--records)"
        ]

    def test_lines_that_are_all_lists_are_records(self) -> None:
        result = read(gzip.compress(lines([b'[{"a":1}]', b'[{"a":2},3]'])))
        assert (len(result.records), result.damage) == (2, [])

    @pytest.mark.parametrize(
        "text",
        [
            b'{"Records":[{"a":1},{"a":2}]} {"heartbeat":1}',
            b'{"heartbeat":1}{"Records":[{"a":1},{"a":2}]}{"heartbeat":2}',
            b'{\n"a": 1\n}\n[\n{"a": 2}\n]\n{\n"a": 3\n}\n',
        ],
        ids=["a document first", "between others", "over lines"],
    )
    def test_a_list_among_values_is_reported_unless_the_form_is_chosen(self, text: bytes) -> None:
        assert [damage.reason for damage in read(text).damage] == [
            "1 value among the records is a list, read as one record (--records)"
        ]
        assert read(text, reading=Reading(records=".")).damage == []

    @pytest.mark.parametrize("name", ["gzip", "zstd", "bzip2", "xz"])
    def test_data_that_is_compressed_once_more_later_is_reported(self, name: str) -> None:
        many = list(self.MANY)
        inner = COMPRESSIONS[name](lines(many))
        result = read(b"".join(map(gzip.compress, (lines(many), inner, lines([A, B])))))
        assert result.records == [*many, A, B]
        assert [damage.reason for damage in result.damage] == [
            f"{name} data among the lines, compressed once more than the rest; not read"
        ]

    @pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-16"])
    @pytest.mark.parametrize("before", [1, 2000])
    @pytest.mark.parametrize("behind", [0, 2000])
    def test_lines_in_utf_16_that_were_appended_are_reported_once(
        self, encoding: str, before: int, behind: int
    ) -> None:
        wide = (lines([b'{"n":"error"}'] * 300).decode()).encode(encoding)
        seen = read(lines(self.MANY[:before]) + wide + b"\n" + lines(self.MANY[:behind]))
        (damage,) = seen.damage
        assert damage.reason == "UTF-16 among the lines, which hourscope does not read"
        assert damage.start <= len(lines(self.MANY[:before])) <= damage.stop
        assert seen.records[:before] == list(self.MANY[:before])
        assert [record for record in seen.records if record in self.MANY] == [
            *self.MANY[:before],
            *self.MANY[:behind],
        ]

    @pytest.mark.parametrize("name", ["gzip", "zstd", "bzip2", "xz"])
    @pytest.mark.parametrize("place", [2, 3])
    @pytest.mark.parametrize("count", [2000, 30_000])  # of which a bzip2 stream is more than a block
    def test_so_it_is_where_nobody_looks_at_the_records(self, name: str, place: int, count: int) -> None:
        """As in a search for a text that hits nothing."""
        member = gzip.compress(lines(self.MANY), mtime=0)
        inner = COMPRESSIONS[name](noise(count))
        members = [member] * 3
        members.insert(place, gzip.compress(inner, mtime=0))
        store: Store = OneObject(b"".join(members))  # type: ignore[assignment]
        with ChunkReader(store, "key") as chunk:
            results = list(chunk.results(lambda: lambda block: len(block.raw())))
        assert [item.reason for item in results if isinstance(item, Damage)] == [
            f"{name} data among the lines, compressed once more than the rest; not read"
        ]


class TestLines:
    @pytest.mark.parametrize(
        ("text", "records", "blank"),
        [
            (b"\n", [], 1),
            (b"\n\n", [], 2),
            (b"a", [b"a"], 0),
            (b"a\n", [b"a"], 0),
            (b"a\n\nb", [b"a", b"b"], 1),
            (b"\r\n", [], 1),
            (b"a\r\nb\r\n", [b"a", b"b"], 0),
            (b"a\rb\n", [b"a\rb"], 0),
            (b"a\nb\r\nc\r", [b"a", b"b", b"c"], 0),
            (b"a\n \nb\n", [b"a", b"b"], 1),
            (b"\xef\xbb\xbfa\nb\n", [b"a", b"b"], 0),
            (b"caf\xc3\xa9 \xff\xfe\n", [b"caf\xc3\xa9 \xff\xfe"], 0),
        ],
    )
    @pytest.mark.parametrize("compress", [gzip.compress, zstandard.compress, bytes])
    def test_what_a_record_is(
        self, text: bytes, records: list[bytes], blank: int, compress: Callable[[bytes], bytes]
    ) -> None:
        result = read(compress(text))
        assert (result.records, result.blank, result.damage) == (records, blank, [])

    def test_a_line_of_several_objects_is_split_wherever_it_is(self) -> None:
        many = [b'{"n":%d,"pad":"%s"}' % (n, b"x" * 300) for n in range(2000)]  # more than a block
        text = lines(many) + A + B + b"\n" + lines(many)
        result = read(gzip.compress(text))
        assert result.records == [*many, A, B, *many]
        assert result.split == 1
        assert read(gzip.compress(A + B + b"\n" + lines(many))).records == [A, B, *many]

    @pytest.mark.parametrize("between", [b" ", b"", b"  ", b"\t", b" \t "], ids=["space", "none", "two", "tab", "all"])
    def test_values_with_space_between_are_split_in_a_small_chunk(self, between: bytes) -> None:
        result = read(gzip.compress(lines([A, B]) + between.join([A, B, C]) + b"\n" + lines([C])))
        assert (result.records, result.split, result.damage) == ([A, B, A, B, C, C], 2, [])

    def test_values_with_a_space_between_are_split_behind_the_first_block(self) -> None:
        many = [b'{"n":%d,"pad":"%s"}' % (n, b"x" * 300) for n in range(2000)]
        result = read(gzip.compress(lines(many) + b" ".join(many[:9]) + b"\n" + lines(many)))
        assert result.records == [*many, *many[:9], *many]
        assert result.split == 8

    def test_text_that_holds_braces_is_not_split(self) -> None:
        text = [b"}{ is not JSON", b"{a}{b}", b"1 2 3", b'{"a":"}{"}']
        assert read(lines(text)).records == text

    @pytest.mark.parametrize("size", [3 * BLOCK_SIZE + 5, 5])
    def test_a_line_longer_than_a_block_is_one_record(self, size: int) -> None:
        long = b"x" * size
        assert read(gzip.compress(b"a\n" + long + b"\nb\n"), block_size=16).records == [b"a", long, b"b"]

    @given(st.lists(st.binary(max_size=30).map(lambda data: b"." + data.replace(b"\n", b"?").replace(b"\r", b"?"))))
    @settings(max_examples=100)
    def test_any_bytes_are_kept(self, records: list[bytes]) -> None:
        records = [b'{"x":1}', *(record.replace(b"\0" * 8, b"") for record in records)]
        assert read(gzip.compress(lines(records)), block_size=16).records == records


class TestForms:
    @pytest.mark.parametrize(
        ("text", "form", "records"),
        [
            (b"[" + A + b"," + B + b"]", "[*]", [A, B]),
            (b'{"Records":[' + A + b"," + B + b"]}", "Records[*]", [A, B]),
            (b'{"Records":[]}', "Records[*]", []),
            (b'{"owner":"x","logEvents":[' + A + b"," + B + b'],"n":2}', "logEvents[*]", [A, B]),
            (b'{"things":[' + A + b"," + B + b"]}", "things[*]", [A, B]),
            (b'{"id":1,"items":[' + A + b"]}\n", "lines", [b'{"id":1,"items":[' + A + b"]}"]),
            (b"[1,2,3]\n", "lines", [b"[1,2,3]"]),
            (b"[1,2]\n[3]\n", "lines", [b"[1,2]", b"[3]"]),
            (A + B + C, "JSON values", [A, B, C]),
            (A + b"\t" + B, "JSON values", [A, B]),
            (b'{\n"a":\n1\n}\n' + B, "JSON values", [A, B]),
            (A + b"\n" + B + b"\n", "lines", [A, B]),
            (b'{"a":\n' + A + b"\n" + B + b"\n", "lines", [b'{"a":', A, B]),
        ],
    )
    def test_the_form_is_recognized_by_the_first_bytes(self, text: bytes, form: str, records: list[bytes]) -> None:
        result = read(gzip.compress(text))
        assert (result.form, result.records, result.damage) == (form, records, [])

    @pytest.mark.parametrize(
        ("path", "records"),
        [
            (".", [b'{"x":{"y":[{"z":1},{"z":2}]},"items":[3]}']),
            ("x.y", [b'{"z":1}', b'{"z":2}']),
            ("x.y[*]", [b'{"z":1}', b'{"z":2}']),
            ("items", [b"3"]),
            ("nowhere", [b'{"x":{"y":[{"z":1},{"z":2}]},"items":[3]}']),
        ],
    )
    def test_the_user_chooses_the_list(self, path: str, records: list[bytes]) -> None:
        document = b'{"x":{"y":[{"z":1},{"z":2}]},"items":[3]}'
        assert read(document, reading=Reading(records=path)).records == records
        assert read(document + b"\n" + document, reading=Reading(records=path)).records == records * 2

    def test_a_document_larger_than_a_block(self) -> None:
        items = [b'{"n":%d,"list":[{"a":%d},{"b":"},{"}]}' % (n, n) for n in range(20_000)]
        for text in (b'{"Records":[' + b",".join(items) + b"]}", b"[\n " + b",\n ".join(items) + b"\n]\n"):
            assert read(gzip.compress(text)).records == items

    @pytest.mark.parametrize("text", [b'{"Records":[' + A + b"," + B, A + b'{"b":', b"[" + A + b"," + B + b","])
    def test_a_document_that_ends_in_its_middle_is_damaged(self, text: bytes) -> None:
        result = read(gzip.compress(text))
        assert set(result.records) <= {A, B}
        assert "ends in the middle" in result.damage[0].reason


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


class TestLimits:
    @pytest.mark.parametrize("before", [0, 3])
    @pytest.mark.parametrize("after", [0, 3])
    @pytest.mark.parametrize("end", [b"\n", b""])
    def test_a_record_over_the_limit_is_skipped(self, before: int, after: int, end: bytes) -> None:
        long = b'{"x":"' + b"y" * 5000 + b'"}'
        text = lines([A] * before) + long + (b"\n" if after else end) + lines([B] * after)
        result = read(gzip.compress(text), reading=Reading(max_record=1000), block_size=300)
        assert result.records == [A] * before + [B] * after
        (damage,) = result.damage
        assert "--max-record" in damage.reason

    def test_so_it_is_among_values_and_items(self) -> None:
        long = b'{"x":"' + b"y" * 50_000 + b'"}'
        values = [b'{"n":%d}' % n for n in range(100)]
        for text in (b"".join([*values, long, *values]), b"[" + b",".join([*values, long, *values]) + b"]"):
            result = read(gzip.compress(text), reading=Reading(max_record=5000), block_size=300)
            assert result.records == values * 2
            assert any("--max-record" in damage.reason for damage in result.damage)

    @pytest.mark.parametrize(
        "made",
        [
            pytest.param(lambda: many_lines(), id="plain"),
            pytest.param(lambda: gzip.compress(many_lines(), 1), id="gzip"),
            pytest.param(lambda: gzip.compress(many_lines(), 1)[:-9], id="torn gzip"),
            pytest.param(lambda: zstandard.compress(many_lines(), 1), id="zstd"),
            pytest.param(lambda: zstandard.compress(bytes(200 << 20)), id="zeros"),
            pytest.param(lambda: bz2.compress(bytes(50 << 20)), id="bzip2 of zeros"),
            pytest.param(lambda: lzma.compress(many_lines(), preset=1), id="xz"),
            pytest.param(lambda: lz4.frame.compress(bytes(100 << 20)), id="lz4 of zeros"),
            pytest.param(lambda: gzip.compress(b'{"s":"%s"}' % (b"x" * 99) * 160_000, 1), id="values"),
        ],
    )
    def test_memory_does_not_grow_with_the_chunk(self, made: Callable[[], bytes]) -> None:
        store: Store = OneObject(made())  # type: ignore[assignment]
        tracemalloc.start()
        try:
            with ChunkReader(store, "key") as reader:
                for _ in reader.results(lambda: Block.count):
                    pass
        finally:
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        assert peak < 12 << 20


def many_lines() -> bytes:
    """20 MB of them."""
    return lines([b"x" * 99] * 200_000)


@cache
def large() -> list[bytes]:
    """14 MB of lines."""
    noise = random.Random(1)
    return [b'{"n":%d,"noise":"%x"}' % (n, noise.getrandbits(200)) for n in range(200_000)]


class TestHolding:
    """A member of up to 8 MB of lines is given when it is checked, a larger one at once."""

    def chunk(self) -> bytes:
        data = gzip.compress(lines(large()), 1)
        return gzip.compress(lines([A])) + flipped(data, len(data) - 6) + gzip.compress(lines([B]))

    def test_what_was_given_of_a_large_damaged_member_is_counted(self) -> None:
        result = read(self.chunk())
        (damage,) = result.damage
        assert result.records[0] == A
        assert result.records[-1] == B
        given = result.records[1:-1]
        assert given == large()[: len(given)]
        assert 0 < damage.doubtful == len(given) < len(large())

    def test_the_strict_reader_fails_and_the_careful_one_holds_them_back(self) -> None:
        with pytest.raises(DoubtfulGiven):
            read(self.chunk(), strict=True)
        result = read(self.chunk(), strict=True, careful=True)
        assert result.records == [A, B]
        assert result.damage[0].doubtful == len(large())

    def test_doubtful_records_on_request(self) -> None:
        result = read(self.chunk(), careful=True, reading=Reading(include_damaged=True))
        assert result.records == [A, *large(), B]
        assert result.damage

    def test_a_small_damaged_member_gives_nothing(self) -> None:
        small = gzip.compress(lines(large()[:1000]))
        result = read(gzip.compress(lines([A])) + flipped(small, len(small) - 6))
        assert result.records == [A]


def test_a_disk_that_fails_in_the_middle_is_an_archive_error() -> None:
    class Failing(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, _: object) -> int:  # type: ignore[override]
            raise OSError(5, "Input/output error")

    class OneFailing:
        def open(self, *_: object, **__: object) -> Failing:
            return Failing()

    with pytest.raises(ArchiveError, match="Input/output error"), ChunkReader(OneFailing(), "the-key") as reader:  # type: ignore[arg-type]
        list(reader.blocks())


def test_the_file_is_closed_even_when_nobody_reads_to_the_end(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(gzip.compress(b"a\n" * 1000))
    before = len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").exists() else 0
    for _ in range(20):
        with ChunkReader(FolderStore(tmp_path), "a", block_size=16) as reader:
            next(iter(reader.blocks()))
    after = len(list(Path("/proc/self/fd").iterdir())) if before else 0
    assert after <= before


def test_a_block_says_where_its_records_are() -> None:
    block = Block(bytearray(b"a\nbcd\nold bytes\n"), 6, 100)
    assert list(block.spans()) == [(0, 1), (2, 5)]
    assert block.records() == [b"a", b"bcd"]
    assert block.count() == 2
    assert (block.first(1).records(), block.without_first(1).records()) == ([b"a"], [b"bcd"])
    assert block.without_first(1).offset == 102
    assert Block(bytearray(b"a\nb"), 3, 0).count() == 2
    assert Block(bytearray(b""), 0, 0).count() == 0
    assert block_of([b"x", b"y"], 5).lines() == b"x\ny\n"


def test_a_number_keeps_its_spelling_in_values_and_items() -> None:
    odd = [b'{"a":1e400}', b'{"a":-0}', b'{"a":123456789012345678901234567890}', b'{"a":"\\ud800 x"}']
    assert read(b"".join(odd)).records == odd
    assert read(b"[" + b",".join(odd) + b"]").records == odd
    assert json.loads(odd[0])


MANY = [b'{"id":%d,"event":"ok"}' % n for n in range(3000)]


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


@pytest.mark.parametrize("stray", [b"}", b'"', b"]", b'"x"]', b"{", b"\x00\x01", b'{"event":"err}'])
def test_stray_bytes_among_values_cost_what_they_touch(stray: bytes) -> None:
    result = read(gzip.compress(b"".join(MANY[:100]) + stray + b"".join(MANY[100:])))
    assert set(result.records) <= set(MANY)
    assert len(result.records) >= len(MANY) - 2
    assert result.damage


def test_a_broken_item_costs_neither_its_list_nor_the_next_document() -> None:
    items = b",".join(MANY)
    broken = b",".join(MANY[:100]) + b',{"event":"err}' + b",".join(MANY[100:])
    result = read(gzip.compress(b'{"Records":[' + broken + b"]}") + gzip.compress(b'{"Records":[' + items + b"]}"))
    assert len(result.records) >= 2 * len(MANY) - 2
    assert set(result.records) <= set(MANY)
    assert result.damage


@pytest.mark.parametrize(
    ("text", "count"),
    [
        (b"[\n" + A + b"\n]\n", 1),
        (b'{"Records":\n[' + A + b"," + B + b"]\n}\n", 2),
        (b"[\n" + A + b"\n,\n" + B + b"\n]\n", 2),
        (b"[1,2," + A + b"]", 3),
    ],
)
def test_lists_over_several_lines_or_with_other_values(text: bytes, count: int) -> None:
    result = read(gzip.compress(text))
    assert (len(result.records), result.form[-3:], result.damage) == (count, "[*]", [])


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


def test_blank_lines_alone_in_a_block_cost_no_line_behind_them() -> None:
    text = b"first\n" + bytes(1 << 20) + b"\n" * (1 << 19) + b"last\n"
    seen = read(text, block_size=1 << 16)
    assert seen.records == [b"first", b"last"]
    assert seen.blank == (1 << 19) - 1


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


class TestLongLines:
    """Lines over 8 MiB are given as they are, without a copy and without a look at what is in them."""

    LONG = b'{"v":"' + b"}{ " * (3 << 20) + b'"}'

    @pytest.mark.parametrize("end", [b"\n", b"\r\n", b""])
    @pytest.mark.parametrize("before", [[], [A, B]])
    def test_one_is_one_record(self, end: bytes, before: list[bytes]) -> None:
        behind = [A, B] if end else []
        result = read(gzip.compress(lines(before) + self.LONG + end + lines(behind), 1))
        assert result.records == [*before, self.LONG, *behind]
        assert (result.split, result.damage) == (0, [])

    def test_one_with_a_run_of_zeros_is_damaged(self) -> None:
        broken = self.LONG[:-100] + bytes(98) + b'"}'
        result = read(gzip.compress(lines([A, broken, B]), 1))
        assert result.records == [A, B]
        assert [damage.reason for damage in result.damage] == ["a run of 98 zero bytes in a long line"]

    def test_one_that_is_cut_is_left_out(self) -> None:
        result = read(gzip.compress(lines([A]) + self.LONG[:-1], 1))
        assert result.records == [A]
        assert "it ends in the middle of a line" in result.damage[0].reason


class TestLongValues:
    """Values over 1 MiB are taken one by one, in the buffer that they were read into."""

    NESTED = b'{"k":[' + b",".join(b'{"a":%d}' % n for n in range(100_000)) + b'],"z":1}'
    TEXT = b'{"v":"' + b"}{ " * (1 << 19) + b'"}'
    SURROGATE = b'{"k":"\\ud800","v":"' + b"x y " * (1 << 19) + b'"}'

    @pytest.mark.parametrize(
        "record", [NESTED, TEXT, SURROGATE], ids=["a list of objects", "a text of brackets", "a lone surrogate"]
    )
    @pytest.mark.parametrize(
        ("before", "between", "behind"),
        [(b"", b"", b""), (b"", b" ", b""), (b"[", b",\n", b"]\n"), (b'{"Records":[', b" , ", b'],\n"n":4}')],
        ids=["values", "values with spaces", "a list", "a document"],
    )
    def test_each_is_one_record(self, record: bytes, before: bytes, between: bytes, behind: bytes) -> None:
        records = [A, record, record, B]
        result = read(gzip.compress(before + between.join(records) + behind, 1))
        assert result.records == records
        assert result.damage == []

    def test_one_over_the_limit_is_skipped(self) -> None:
        long = b'{"v":"' + b"x" * (3 << 20) + b'"}'
        result = read(gzip.compress(A + long + B, 1), reading=Reading(max_record=2 << 20))
        assert result.records == [A, B]
        assert ["over the limit" in damage.reason for damage in result.damage] == [True]

    @pytest.mark.parametrize("long_first", [False, True])
    @pytest.mark.parametrize("limit", [64 << 20, 9 << 20], ids=["kept", "longer than a record may be"])
    def test_values_on_a_long_line_are_records(self, long_first: bool, limit: int) -> None:
        first = b'{"v":"' + b"x" * (8 << 20) + b'"}' if long_first else B
        many = [b'{"n":%d,"s":"}{%s"}' % (number, b"x" * 90) for number in range(100_000)]
        line = first + b"".join(many)
        assert len(line) > 9 << 20
        result = read(gzip.compress(lines([A, line, C]), 1), reading=Reading(max_record=limit))
        assert result.damage == []
        assert result.records == [A, first, *many, C]

    def test_of_a_long_line_of_values_that_is_cut_all_whole_ones_are_read(self) -> None:
        many = [b'{"n":%d,"s":"%s"}' % (number, b"x" * 90) for number in range(100_000)]
        result = read(lines([A]) + b"".join(many)[:-3])
        assert result.records == [A, *many[:-1]]
        assert [damage.reason for damage in result.damage] == ["it ends in the middle of a value"]

    def test_no_damage_ends_before_it_begins(self) -> None:
        """Each part of a damaged chunk is opened anew: its records do not depend on where another part ended."""
        long = gzip.compress(b"x" * 9000 + b"\n")
        much = gzip.compress(lines([b'{"a":"%s"}' % random.randbytes(99).hex().encode() for _ in range(4000)]), 1)
        assert len(long) < reader.READ_SIZE < len(much)
        result = read(b"\x1f\x8b ?" + long + b"?" + much + b"?" + long, reading=Reading(max_record=1000))
        assert sum("over the limit" in damage.reason for damage in result.damage) == 2
        assert len(result.records) == 4000


class TestStrayBytes:
    @pytest.mark.parametrize("stray", [b"\0", b";", b"x", b" !! ", "\u2028".encode()], ids=repr)
    def test_between_values_they_cost_no_record(self, stray: bytes) -> None:
        many = [b'{"n":%d,"o":{"s":"}{"}}' % number for number in range(10_000)]
        result = read(gzip.compress(many[0] + many[1] + stray.join(many[2:])))
        assert result.records == many
        assert {re.sub("[0-9,]+", "N", damage.reason) for damage in result.damage} == {
            "N bytes between the records that are not JSON"
        }

    @pytest.mark.parametrize("rest", [b',"b":2}', b"]}", b"}", b':{"c":3}}'], ids=repr)
    def test_the_rest_of_a_lost_record_is_not_a_record(self, rest: bytes) -> None:
        """Its beginning was overwritten, and an object in it follows the stray bytes."""
        result = read(gzip.compress(A + B + b"\0\0\0\0" + b'{"x":1}' + rest + A + B))
        assert b'{"x":1}' not in result.records
        assert result.damage

    def test_what_looks_like_thousands_of_ends_takes_linear_time(self) -> None:
        chunk = gzip.compress(A + B + b'{"a":1}},' * 400_000)
        assert read(chunk).records[:2] == [A, B]  # it took minutes

    @pytest.mark.parametrize("name", ["gzip", "zstd", "bzip2", "xz"])
    @pytest.mark.parametrize("times", [1, 40])
    def test_an_error_page_before_the_members_costs_none_of_them(self, name: str, times: int) -> None:
        page = b"<html><body>503 Slow Down</body></html>\n" * times
        result = read(page + COMPRESSIONS[name](lines([A, B])) + COMPRESSIONS[name](lines([C])))
        assert result.records == [A, B, C]
        assert [(damage.start, damage.stop) for damage in result.damage] == [(0, len(page))]
