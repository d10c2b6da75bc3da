"""What the fuzzer found in the reader: each kind of chunk that was misread, never came to an end, or stopped a scan."""

from __future__ import annotations

import gzip
import random
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.chunks import COMPRESSIONS, OneObject, flipped, lines, read
from tui.archive import ChunkReader, Damage, Reading, json_values, record_search, salvage, values
from tui.archive.folder import FolderStore
from tui.archive.members import GzipMember, MemberError
from tui.archive.store import Store

RECORDS = [b'{"n":%d}' % number for number in range(200)]
TEXT = lines(RECORDS)


@pytest.mark.parametrize("key", ["key", "key.gz", "key.jsonl.zst", "key.bz2", "key.xz", "key.lzma", "key.lz4"])
@pytest.mark.parametrize("data", [b"", b"\0", bytes(9), bytes(5000)])
def test_an_empty_object_is_damage_whatever_its_name_promises(key: str, data: bytes) -> None:
    reason = "it holds only zero bytes" if data else "the object is empty (0 bytes)"
    for careful in (False, True):
        assert read(data, key=key, careful=careful).damage == [Damage(0, len(data), reason)]


@pytest.mark.parametrize("name", COMPRESSIONS)
def test_the_compression_of_a_damaged_chunk_is_known(name: str) -> None:
    """Otherwise a scan reports plain text named .gz."""
    member = COMPRESSIONS[name](TEXT)
    chunk = flipped(member, 1) + member
    for careful in (False, True):
        result = read(chunk, careful=careful)
        assert result.codec == name
        assert result.damage
    assert read(member, careful=True).codec == name


def test_text_that_holds_a_member_is_text_for_the_careful_too() -> None:
    chunk = b"note: " + COMPRESSIONS["zstd"](TEXT).replace(b"\n", b"") + b"\n" + TEXT
    assert read(chunk, careful=True) == read(chunk)


def test_what_is_not_read_is_damage_for_the_careful_too() -> None:
    chunk = b"PK\x03\x04" + bytes(range(256))
    assert read(chunk, careful=True) == read(chunk)
    assert read(chunk).damage


@pytest.mark.parametrize("size", [16, 400, 600, 300_000])
def test_text_behind_zeros_is_read_whole(size: int, tmp_path: Path) -> None:
    """The search for members in it is over before; it must leave the stream where it was."""
    (tmp_path / "key").write_bytes(bytes(size) + b"\n" + TEXT)
    with ChunkReader(FolderStore(tmp_path), "key") as reader:
        records = list(reader.results(lambda: lambda block: block.records()))
    assert [record for item in records if isinstance(item, list) for record in item] == RECORDS
    assert any(isinstance(item, Damage) for item in records)


def test_an_error_page_in_a_damaged_member_is_damage() -> None:
    """It is read to its end, to know where that is, after other streams were closed."""
    page = gzip.compress(b"<!doctype html><title>503</title>" * 50, mtime=0)
    result = read(page[:-4])
    assert "HTML" in result.damage[0].reason
    assert result.records == []


@pytest.mark.parametrize(
    ("piece", "path"),
    [
        (b'{"Records":[{"n":1}]}', "Records"),
        (b'{"logEvents":[{"n":1},{"n":2}]}', "logEvents"),
        (b'{"n":1}', "Records"),
        (b'},{"n":1', "Records"),
        (b'{"a":\xff}', "."),
        (b'[{"n":1}]', "[*]"),
    ],
)
def test_small_values_are_looked_at_about_once(piece: bytes, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each look once copied everything pending."""
    seen = 0
    look = values.PendingValues._records

    def counted(reader: values.PendingValues, text: bytes, *, final: bool) -> tuple[list[bytes], int]:
        nonlocal seen
        seen += len(text)
        return look(reader, text, final=final)

    monkeypatch.setattr(values.PendingValues, "_records", counted)
    chunk = piece * (200_000 // len(piece))
    result = read(chunk, reading=Reading(path))
    assert result.records
    assert seen < 100 * len(chunk)


def test_the_search_for_a_record_behind_a_hole_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = 0
    parse = record_search.values

    def counted(text: bytes) -> list[bytes] | None:
        nonlocal tried
        tried += len(text)
        return parse(text)

    monkeypatch.setattr(record_search, "values", counted)
    member = gzip.compress(b'{"n":1}{"n":2}', mtime=0)
    hostile = gzip.compress(b'{"a":[}{' * 20_000, mtime=0)
    assert read(member + b"\x07junk" + hostile).damage
    assert 0 < tried < 500 << 20


def test_thousands_of_false_member_starts_are_not_all_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(salvage, "VAIN", 1 << 20)
    decoded = 0
    try_member = salvage.try_member

    def counted(*words: object) -> object:
        nonlocal decoded
        trial = try_member(*words)  # type: ignore[arg-type]
        decoded += trial.stop - words[2]  # type: ignore[operator]
        return trial

    monkeypatch.setattr(salvage, "try_member", counted)
    begun = b"\x1f\x8b\x08\x08" + b"\x01" * 6  # the name that follows has no end
    chunk = gzip.compress(TEXT, mtime=0)[:-9] + begun * 20_000 + gzip.compress(TEXT, mtime=0)
    result = read(chunk)
    assert result.damage
    assert set(result.records) <= set(RECORDS)
    assert decoded < 100 * len(chunk)  # 20,000 times half of it otherwise


@pytest.mark.parametrize(("members", "read_to_end"), [(40, True), (50, True), (51, False), (500, False)])
def test_a_chunk_that_is_all_holes_is_not_read_to_its_end(
    members: int, read_to_end: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Skipped bytes are reported like any damage."""
    monkeypatch.setattr(salvage, "MAX_HOLES", 50)
    chunk = b"".join(b"\x07" + gzip.compress(b'{"n":%d}\n' % number, mtime=0) for number in range(members))
    result = read(chunk)
    assert result.records == [b'{"n":%d}' % number for number in range(min(members, 50))]
    assert len(result.damage) == min(members, 51)
    assert read_to_end or (
        result.damage[-1].stop == len(chunk) and "after 50 damaged parts" in result.damage[-1].reason
    )


@given(text=st.binary(max_size=3000), at=st.integers(0, 3000), more=st.binary(max_size=50), step=st.integers(1, 4000))
def test_every_byte_before_an_error_is_decoded(text: bytes, at: int, more: bytes, step: int) -> None:
    """As zlib gives it, fed byte by byte."""
    member = gzip.compress(text * 3, mtime=0)
    data = flipped(member, at % len(member)) + more
    expected, inflater = b"", zlib.decompressobj(31)
    try:
        for index in range(len(data)):
            expected += inflater.decompress(data[index : index + 1])
    except zlib.error:
        pass
    decoder, decoded = GzipMember(), b""
    try:
        for start in range(0, len(data), step):
            for piece in decoder.pieces(data[start : start + step]):
                decoded += piece
            if decoder.ended:
                break
    except MemberError:
        pass
    assert decoded == expected


def test_damage_deep_in_a_member_takes_few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    member = gzip.compress(random.Random(1).randbytes(100_000).hex().encode(), mtime=0)
    store: Store = OneObject(flipped(member, len(member) // 2))  # type: ignore[assignment]
    steps = 0
    up_to_error = GzipMember.up_to_error

    def counted(*words: object) -> object:
        nonlocal steps
        for piece in up_to_error(*words):  # type: ignore[arg-type]
            steps += 1
            yield piece

    monkeypatch.setattr(GzipMember, "up_to_error", staticmethod(counted))
    with ChunkReader(store, "key") as reader:
        assert [item for item in reader.results(lambda: lambda block: None) if item]
    assert steps < 100


@pytest.mark.parametrize("bracket", [b"[", b'{"a":', b"[1,[],"])
def test_brackets_too_deep_for_any_parser_close_nothing(bracket: bytes) -> None:
    """Counting 64 MiB of them used to take 20 seconds."""
    depth = json_values._DEEPEST + 1
    assert json_values.close_of(bracket * depth + b"]" * depth, 0) == 0
    assert json_values.close_of(bracket * (depth - 2) + b"]", depth + 1) == 0


def test_a_value_of_many_levels_ends_at_its_last_bracket() -> None:
    for level in (b"[", b'{"a":'):
        value = level * 5000 + (b"]" if level == b"[" else b"0}") + (b"]" if level == b"[" else b"}") * 4999
        assert json_values.close_of(value + b"[1]", 0) == len(value)


@pytest.mark.parametrize(
    ("text", "records"),
    [
        (b'{"a":1}' * 50_000, [b'{"a":1}'] * 50_000),
        (b'{"a":\r\n1}' * 50_000, [b'{"a":1}'] * 50_000),
        (b'{"a":1} [1]' * 50_000, [b'{"a":1}', b"[1]"] * 50_000),
        (b"[" + b'{"a":1},1,' * 50_000 + b"1]", [b'{"a":1}', b"1"] * 50_000 + [b"1"]),
        (
            b'[{"a":{"b":1},"c":2},3' + b',{"a":{"b":1},"c":2},3' * 20_000 + b"]",
            [b'{"a":{"b":1},"c":2}', b"3"] * 20_001,
        ),
        (b'{"Records":[{"a":1}],"b":2}' * 5_000, [b'{"a":1}'] * 5_000),
        (b'{"b":2}\n' + b'{"a":1}' * 50_000 + b'\n{"b":2}\n', [b'{"b":2}', *[b'{"a":1}'] * 50_000, b'{"b":2}']),
    ],
    ids=["objects", "line ends in them", "lists among them", "list", "nested", "documents", "lines around them"],
)
def test_many_short_values_on_one_line_are_as_many_records(text: bytes, records: list[bytes]) -> None:
    result = read(gzip.compress(text, 1), block_size=1 << 16)
    assert (result.records == records, result.damage) == (True, [])


@pytest.mark.parametrize("value", [b'[{"a":1}]', b'[ {"a":1}]', b'{"Records":[{"a":1}]}'])
def test_one_list_among_many_values_is_reported(value: bytes) -> None:
    result = read(b'{"a":1}' * 9000 + value + b"[1]" * 9000)
    assert len(result.records) == 18_001
    assert "1 value among the records is a list" in result.damage[0].reason


@given(st.lists(st.sampled_from([b"{}", b'{"a":\n1}', b"[1,\r\n2]", b"1", b'"\\n"']), max_size=6))
def test_line_ends_within_values_are_removed(values_: list[bytes]) -> None:
    expected = [value.replace(b"\r", b"").replace(b"\n", b"") for value in values_]
    assert json_values.one_line_each(values_) == expected
    assert json_values.items(b"[" + b",".join(values_) + b"]") == expected
