"""Chunks whose form changes further on, which is reported."""

from __future__ import annotations

import gzip
import random
from functools import cache

import pytest

from tests.support.chunks import COMPRESSIONS, A, B, C, OneObject, lines, read
from tui.archive import ChunkReader, Damage, Reading
from tui.archive.store import Store


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
