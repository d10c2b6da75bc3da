"""Lists that hold objects: they are the records, whatever their size, or are named as what may be them."""

from __future__ import annotations

import gzip
import json

import pytest

from tests.support.chunks import OneObject, read
from tui.archive import ChunkReader, Reading
from tui.archive.block import Block
from tui.archive.forms import Unchosen
from tui.archive.store import Store


class TestWhatWasNotTakenForTheRecords:
    OBJECTS = tuple(b'{"i":%d,"pad":"%s","l":[{"a":1},{"a":2}]}' % (i, b"y" * 100) for i in range(1000))

    @pytest.mark.parametrize("other", [b"1", b"null", b'"x}{\\"["', b"-1.5e3,true", b"[1]"])
    @pytest.mark.parametrize("number", [3, 1000])
    @pytest.mark.parametrize("between", [b",", b" ,\n "])
    def test_a_list_is_read_alike_whatever_its_size_and_its_first_item(
        self, other: bytes, number: int, between: bytes
    ) -> None:
        records = self.OBJECTS[:number]
        result = read(gzip.compress(b"[" + between.join([other, *records, other, *records]) + b"]"))
        plain = other.split(b",")
        assert result.records == [*plain, *records, *plain, *records]
        assert result.damage == []

    def test_objects_behind_a_hundred_thousand_numbers(self) -> None:
        numbers = [b"%d" % i for i in range(100_000)]
        assert read(b"[" + b", ".join([*numbers, *self.OBJECTS]) + b"]").records == [*numbers, *self.OBJECTS]

    def test_a_text_in_brackets_is_not_a_list(self) -> None:
        text = [b"[thread-1 {id=3}] message", b"[[2024] x {}", b"[1, {x} y"] * 2000
        assert read(b"".join(line + b"\n" for line in text)).records == text

    def test_a_key_that_occurs_twice_gives_both_lists(self) -> None:
        first, second = self.OBJECTS[:500], self.OBJECTS[500:]
        lists = [b'"Records" : [%s]' % b",".join(part) for part in (first, second)]
        text = b'{"n":{"Records":[1]},%s,"m":{"Records":[2]},%s,"z":["Records"]}' % tuple(lists)
        assert read(text * 2).records == [*self.OBJECTS] * 2

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            (b'{"took":3,"hits":{"total":2,"hits":[%s]}}', Unchosen("document", "hits.hits")),
            (b'{"took":3,"hits":{"total":2,"hits":[%s]}}\n', Unchosen("document", "hits.hits")),
            (b'{\n"took":3,\n"hits":[\n%s]}\n', Unchosen("document", "hits")),
            (b'{"a":{"b":[{"x":1},{"x":2}],"c":[0,%s]}}', Unchosen("document", "a.c")),
            (b'{"a.b":1,"c.d":[%s]}', Unchosen("document", "")),
            (b'{"a":1,"s":"%s' % (b"y" * 2_000_000) + b'","Records":[%s]}', Unchosen("document", "Records")),
            (b'{\n"a":1,"s":"%s' % (b"y" * 300_000) + b'",\n"Records":[%s]}', None),
            (b"[[%s]]", Unchosen("nested", "[*]")),
            (b'{"Records":[%s]}\n{"Records":[%s]}\n', Unchosen("lists", "Records")),
            (b"[%s]\n[%s]\n[%s]\n", Unchosen("lists", "[*]")),
        ],
        ids=[
            "nested",
            "with a newline",
            "pretty",
            "the longest list",
            "a dot in a key",
            "late",
            "late enough",
            "lists in a list",
            "documents on lines",
            "lists on lines",
        ],
    )
    def test_where_the_records_may_be(self, text: bytes, expected: Unchosen | None) -> None:
        objects = b",".join(self.OBJECTS[:100])
        assert unchosen_of(gzip.compress(text.replace(b"%s", objects))) == expected

    def test_a_short_list_in_a_line_may_be_of_a_record(self) -> None:
        assert unchosen_of(b'{"order":1,"items":[{"a":1},{"a":2}]}\n') == Unchosen("line", "items")
        assert unchosen_of(b'{"order":1,"items":[{"a":1},{"a":2}]}') == Unchosen("document", "items")

    @pytest.mark.parametrize("form", [b'{"Records":[%s]}', b"[%s]", b"%s\n"])
    def test_strings_that_hold_json(self, form: bytes) -> None:
        strings = [json.dumps(record.decode()).encode() for record in self.OBJECTS[:5]]
        text = form % (b"\n" if form == b"%s\n" else b",").join(strings)
        assert unchosen_of(text) == Unchosen("strings")
        assert unchosen_of(text.replace(rb"{\"i\":", rb"{i ")) is None

    @pytest.mark.parametrize(
        "text",
        [b"", b"\n", b"{}", b"[]", b'{"a":[1,2]}', b'{"a":1,"b":[{}]}', b'{"a":1,"b":[[{},{}]]}', b"text", b'"a"\n'],
    )
    def test_a_record_without_such_a_list(self, text: bytes) -> None:
        assert unchosen_of(text) is None

    def test_a_large_record_before_others_is_a_record(self) -> None:
        large = b'{"a":1,"l":[%s]}\n' % b",".join(self.OBJECTS * 4)
        assert unchosen_of(large) == Unchosen("document", "l")
        assert unchosen_of(large * 2) is None
        assert unchosen_of(large + b'{"a":2}\n') is None


def unchosen_of(data: bytes) -> Unchosen | None:
    store: Store = OneObject(data, 1 << 20)  # type: ignore[assignment]
    with ChunkReader(store, "chunk") as reader:
        for _ in reader.results(lambda: Block.count):
            pass
        return reader.unchosen


@pytest.mark.parametrize(("at", "indent"), [(1, 0), (10, 0), (1, 1), (3000, 1), (3000, 4)])
def test_values_that_begin_to_go_over_lines_are_a_change_of_form(at: int, indent: int) -> None:
    record = {"i": 1, "pad": "y" * 100}
    before = [json.dumps(record)] * at
    text = "\n".join([*before, *[json.dumps(record, indent=indent)] * 7]).encode() + b"\n"
    (damage,) = read(gzip.compress(text)).damage
    assert "the form changes: 7 values over several lines" in damage.reason
    assert read(text, reading=Reading(records=".")).damage == []


def test_text_with_a_bracket_on_a_line_is_text() -> None:
    assert read(b"INFO request\n{\n  a\n}\n" * 9).damage == []


class TestObjectsUnderNames:
    """A document that maps names to objects of one kind (`{"a":{"i":1},"b":{"i":2}}`), such as a dump of a database."""

    @pytest.mark.parametrize("indent", [None, 2])
    @pytest.mark.parametrize("number", [2, 50, 5000])
    def test_is_named(self, indent: int | None, number: int) -> None:
        text = json.dumps({f"k{i}": {"i": i, "tags": ["x"], "in": {"i": 1}} for i in range(number)}, indent=indent)
        assert unchosen_of(text.encode()) == Unchosen("map")

    @pytest.mark.parametrize(
        "text",
        [
            b'{"http":{"status":200},"user":{"id":7}}',
            b'{"before":{"id":1},"after":{"id":1},"op":"u"}',
            b'{"before":{"id":1},"op":5,"ts":6}',
            b'{"a":{},"b":{}}',
            b'{"a":{"i":1}}',
            b'{"a":{"i":1},"b":[{"i":2}]}',
            b'{"before":{"id":1},"after":{"id":1}}\n',
        ],
    )
    def test_is_not_what_an_event_is(self, text: bytes) -> None:
        assert unchosen_of(text) is None
