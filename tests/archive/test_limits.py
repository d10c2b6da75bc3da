"""Limits of what is read at once: long records, memory, and what is held back."""

from __future__ import annotations

import bz2
import gzip
import lzma
import random
import tracemalloc
from collections.abc import Callable
from functools import cache

import lz4.frame
import pytest
import zstandard

from tests.support.chunks import A, B, C, OneObject, flipped, lines, read
from tui.archive import ChunkReader, Reading, reader
from tui.archive.block import Block
from tui.archive.reader import DoubtfulGiven
from tui.archive.store import Store


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
