"""Chunks as records: lines and other forms."""

from __future__ import annotations

import gzip
import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.chunks import COMPRESSIONS, MANY, A, B, C, lines, read
from tui.archive import ChunkReader, Reading
from tui.archive.block import Block, block_of
from tui.archive.folder import FolderStore
from tui.archive.reader import BLOCK_SIZE
from tui.errors import ArchiveError


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


def test_blank_lines_alone_in_a_block_cost_no_line_behind_them() -> None:
    text = b"first\n" + bytes(1 << 20) + b"\n" * (1 << 19) + b"last\n"
    seen = read(text, block_size=1 << 16)
    assert seen.records == [b"first", b"last"]
    assert seen.blank == (1 << 19) - 1


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
