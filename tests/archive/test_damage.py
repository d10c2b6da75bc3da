"""Whatever the form and the compression, damage costs only what it touches, and is reported."""

from __future__ import annotations

import gzip
import json
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.support.chunks import COMPRESSIONS, FORMS, SUFFIXES, Read, flipped, lines, read
from tui.archive import Reading

LINE_FORMS = ("lines", "CRLF", "no last newline", "blank lines")
IN_DOCUMENTS = ("array", "array of lines", "document")
WILD, MILD, PLAIN = 'ab}{"\\[],: \u00e9\U0001f600', "ab}{[] \u00e9\U0001f600", "ab \u00e9\U0001f600"
FAULTS = ("flip", "cut", "remove", "garbage", "zeros")


@dataclass
class Case:
    """Records in a form, cut into `pieces` that become members: one fault in the member number `damaged`."""

    records: list[bytes]
    pieces: list[bytes]
    damaged: int = 0
    fault: str = ""


def text_of(source: random.Random, alphabet: str) -> str:
    return "".join(source.choices(alphabet, k=source.randrange(8)))


def value_of(source: random.Random, alphabet: str, depth: int = 0) -> Any:
    match source.randrange(7 if depth < 2 else 4):
        case 0 | 3:
            return text_of(source, alphabet)
        case 1:
            return source.randrange(-5, 5)
        case 2:
            return source.choice([True, False, None])
        case 4:
            return [value_of(source, alphabet, depth + 1) for _ in range(source.randrange(3))]
    return {text_of(source, alphabet): value_of(source, alphabet, depth + 1) for _ in range(source.randrange(3))}


def case_of(seed: int, form: str) -> Case:
    """Different JSON objects, cut into members. In lines at any place and with any string; elsewhere a member holds
    some records, and in documents no string looks like JSON: behind a hole the one could be taken for the other."""
    source = random.Random(seed)
    in_lines = form in LINE_FORMS
    alphabet, depth = (PLAIN, 2) if form in IN_DOCUMENTS else (MILD, 0)
    records = [
        json.dumps(
            {
                "n": n,
                **{
                    text_of(source, WILD if in_lines else alphabet): value_of(source, alphabet, depth) for _ in range(3)
                },
            },
            separators=(",", ":"),
            ensure_ascii=source.random() < 0.5,
        ).encode()
        for n in range(source.randrange(6, 24) if in_lines else 40)
    ]
    text = FORMS[form](records)
    if in_lines:
        points = sorted(source.randrange(len(text) + 1) for _ in range(source.randrange(6)))
    else:
        step = len(text) // 4
        points = [step * n + source.randrange(step // 2) for n in (1, 2, 3)]
    pieces = [text[start:end] for start, end in pairwise([0, *points, len(text)])]
    return Case(records, pieces, source.randrange(len(pieces)), source.choice(FAULTS))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("codec", [*COMPRESSIONS, "double gzip", "plain"])
@given(seed=st.integers(0, 1 << 40), block_size=st.sampled_from([1, 7, 64, 1 << 18]), step=st.sampled_from([1, 3, 999]))
@settings(max_examples=12)
def test_every_record_is_read_whatever_the_form_and_the_compression(
    form: str, codec: str, seed: int, block_size: int, step: int
) -> None:
    case = case_of(seed, form)
    if codec == "plain":
        chunk = b"".join(case.pieces)
    elif codec == "double gzip":
        chunk = gzip.compress(b"".join(map(COMPRESSIONS["gzip"], case.pieces)), mtime=0)
    else:
        chunk = b"".join(map(COMPRESSIONS[codec], case.pieces))
    result = read(chunk, block_size=block_size, step=step, read_ahead=seed % 2 == 0, careful=seed % 5 == 0)
    assert result.damage == []
    if form == "pretty":
        assert list(map(json.loads, result.records)) == list(map(json.loads, case.records))
    else:
        assert result.records == case.records
    assert result.blank == (len(case.records) if form == "blank lines" else 0)


def damaged_chunk(case: Case, codec: str, source: random.Random) -> bytes:
    members = [COMPRESSIONS[codec](piece) for piece in case.pieces]
    whole = b"".join(members)
    begin = sum(map(len, members[: case.damaged]))
    end = begin + len(members[case.damaged])
    match case.fault:
        case "flip":
            return flipped(whole, source.randrange(begin, end), 1 << source.randrange(8))
        case "cut":
            return whole[: source.randrange(begin + 1, end)]
        case "remove":
            return whole[:begin] + whole[end:]
        case "zeros":
            return whole[:begin] + bytes(600) + whole[begin:]
    return whole[:begin] + b"\x07junk" + source.randbytes(source.randrange(40)) + b"\xfe" + whole[begin:]


@pytest.mark.parametrize("form", [form for form in FORMS if form != "pretty"])
@pytest.mark.parametrize("codec", COMPRESSIONS)
@given(seed=st.integers(0, 1 << 40))
@settings(max_examples=30, derandomize=True)
def test_one_fault_costs_only_what_it_touches(form: str, codec: str, seed: int) -> None:
    """Only written records are read, in order, and all whole records of other members are."""
    check_fault(form, codec, seed)


def check_fault(form: str, codec: str, seed: int) -> None:
    case = case_of(seed, form)
    chunk = damaged_chunk(case, codec, random.Random(seed + 1))
    result = read(chunk, key=f"key{SUFFIXES[codec]}")
    if case.fault == "remove":
        return  # that leaves no trace: docs/reliability.md, "What cannot be seen"
    decoded_to_the_end = case.fault == "flip" and case.damaged == len(case.pieces) - 1 and _is_cut(result)
    if not decoded_to_the_end:  # a changed byte in a member that then has no end is taken for a cut
        assert [record for record in result.records if record not in case.records] == []
    places = [case.records.index(record) for record in result.records if record in case.records]
    assert places == sorted(places)
    first, last = _touched(case)
    untouched = {
        record
        for record, (start, stop) in zip(case.records, _spans(form, case.records), strict=True)
        if stop <= first or start >= last
    }
    assert untouched <= set(result.records)
    if set(case.records) - set(result.records):
        assert result.damage


def _is_cut(result: Read) -> bool:
    return any("ends in the middle" in damage.reason for damage in result.damage)


def _touched(case: Case) -> tuple[int, int]:
    """The part of the text that the fault may cost: a member, a seam, or all behind a cut."""
    start = sum(map(len, case.pieces[: case.damaged]))
    if case.fault in ("garbage", "zeros"):
        return start, start
    if case.fault == "cut":
        return start, sum(map(len, case.pieces))
    return start, start + len(case.pieces[case.damaged])


def _spans(form: str, records: list[bytes]) -> list[tuple[int, int]]:
    """Return the position of each record in the text of a form."""
    text, at, spans = FORMS[form](records), 0, []
    for record in records:
        start = text.index(record, at)
        at = start + len(record)
        spans.append((start, at))
    return spans


def thirty(damage: str) -> tuple[bytes, list[bytes]]:
    """30 gzip members of 100 records, the one in the middle damaged."""
    records = [b'{"i":%d,"text":"%s"}' % (i, str(hash(("x", i)) % 10**12).encode()) for i in range(3000)]
    members = [gzip.compress(lines(records[at : at + 100]), mtime=0) for at in range(0, 3000, 100)]
    broken = members[15]
    members[15] = {
        "a flipped byte": flipped(broken, len(broken) // 2),
        "a wrong checksum": flipped(broken, len(broken) - 6),
        "a wrong length": flipped(broken, len(broken) - 2),
        "a damaged magic": flipped(broken, 0),
        "a damaged header": flipped(broken, 2),
        "a torn member": broken[: len(broken) // 3],
        "a zeroed sector": broken[:100] + bytes(512) + broken[612:],
        "garbage in front": b"\x00\x13rubbish\xff" * 30 + broken,
        "garbage behind": broken + b"\x1f\x8b\x08\x00 no member",
        "zeros in its place": bytes(len(broken)),
        "text in its place": b"503 Slow Down\n" * 8,
    }[damage]
    return b"".join(members), records


@pytest.mark.parametrize(
    "damage",
    [
        "a flipped byte", "a wrong checksum", "a wrong length", "a damaged magic", "a damaged header", "a torn member",
        "a zeroed sector", "garbage in front", "garbage behind", "zeros in its place", "text in its place",
    ],
)  # fmt: skip
@pytest.mark.parametrize("careful", [False, True])
def test_one_damaged_member_of_thirty_costs_only_itself(damage: str, careful: bool) -> None:
    chunk, records = thirty(damage)
    result = read(chunk, careful=careful)
    assert len(result.records) >= 2900
    assert set(result.records) <= set(records)
    (hole,) = result.damage
    assert hole.stop > hole.start
    assert hole.reason


@example(kept=1)
@given(kept=st.integers(1, 10_000))  # of 10,500 bytes
def test_a_cut_at_the_end_keeps_every_whole_line(kept: int) -> None:
    records = [b'{"i":%d,"x":"%d"}' % (i, i * 7919 % 9973) for i in range(2000)]
    chunk = gzip.compress(lines(records), mtime=0)[:kept]
    result = read(chunk)
    assert result.records == records[: len(result.records)]
    assert [hole.reason for hole in result.damage] == ["the object ends in the middle of a gzip member"]
    assert (result.damage[0].start, result.damage[0].stop) == (len(chunk), len(chunk))


def tens(*compressions: str) -> tuple[list[bytes], list[bytes]]:
    """Records, and members of ten of them each."""
    records = [b'{"i":%d,"event":"play"}' % i for i in range(10 * len(compressions))]
    return records, [COMPRESSIONS[name](lines(records[10 * at : 10 * at + 10])) for at, name in enumerate(compressions)]


@pytest.mark.parametrize("first", COMPRESSIONS)
@pytest.mark.parametrize("second", COMPRESSIONS)
def test_a_chunk_whose_compression_changes_is_read_to_its_end(first: str, second: str) -> None:
    """Files of two writers, joined: `cat a.gz b.zst`."""
    records, members = tens(first, second, first)
    result = read(b"".join(members), key=f"e{SUFFIXES[first]}")
    assert (result.records, result.damage) == (records, [])


def test_damage_where_the_compression_changes_is_reported() -> None:
    records, (first, torn, last) = tens("gzip", "zstd", "gzip")
    result = read(first + torn[:20] + last)
    assert result.records == records[:10] + records[20:]
    assert [(hole.start, hole.stop) for hole in result.damage] == [(len(first), len(first) + 20)]


def test_padding_between_xz_streams_is_a_hole_that_costs_no_record() -> None:
    """A lost sector looks the same, and no tool writes such padding by itself."""
    records, (first, second) = tens("xz", "xz")
    result = read(first + bytes(512) + second + bytes(512))
    assert result.records == records
    assert [(hole.start, hole.stop) for hole in result.damage] == [(len(first), len(first) + 512)]


@pytest.mark.parametrize("name", ["gzip", "zstd", "lz4"])
@pytest.mark.parametrize("key", ["Records", "logEvents", "events"])
def test_documents_after_a_lost_beginning_give_their_items(name: str, key: str) -> None:
    """What is left begins in the middle of a document."""
    records = [b'{"n":%d}' % number for number in range(90)]
    documents = [b'{"%s":[%s]}' % (key.encode(), b",".join(records[at : at + 10])) for at in range(0, 90, 10)]
    text = b"".join(documents)
    member = COMPRESSIONS[name]
    middle = text.index(b'{"n":15}')
    result = read(b"lost" * 9 + member(text[middle:]), key=f"e.json.{name}")
    assert result.records[-70:] == records[20:] and set(result.records) <= set(records)
    assert result.damage


@pytest.mark.parametrize(
    "document", ['{"Records":[%s]}', '{"of":"x","logEvents":[%s],"next":null}', "[%s]", '{"a":{"b":[%s]}}']
)
@pytest.mark.parametrize("per_document", [2, 60, 900])
def test_a_hole_among_documents_costs_only_the_records_in_it(document: str, per_document: int) -> None:
    """Records with lists in them, and with text that looks like the end of a document."""
    template = r'{"i":%d,"l":[{"x":1},{"y":[1,{"z":2}]}],"s":"]}{\"Records\":["}'
    records = [(template % number).encode() for number in range(1800)]
    grouped = (b",".join(records[at : at + per_document]) for at in range(0, 1800, per_document))
    text = b"".join(document.encode().replace(b"%s", group) for group in grouped)
    cuts = [0, 40_001, 57_003, len(text)]
    members = [gzip.compress(text[start:stop], mtime=0) for start, stop in pairwise(cuts)]
    hole = text[cuts[1] : cuts[2]]
    data = members[0] + members[1][:40] + bytes(20) + members[1][60:] + members[2]
    reading = Reading(records="a.b") if '"b"' in document else None
    result = read(data, key="e.json.gz", reading=reading)
    touched = sum(record in hole for record in records) + 2  # and those that its ends cut
    assert len(records) - touched <= len(result.records) < len(records)
    assert set(result.records) <= set(records) and len(result.damage) == 1


VALUES = [
    {"i": i, "l": [{"x": 1}, {"y": [1, {"z": 2}]}], "s": ']}{"Records":[', "t": "},{", "o": {"p": [i]}}
    for i in range(300)
]
SPELLED: dict[str, Callable[[Sequence[Any]], str]] = {
    "values": lambda records: "".join(map(json.dumps, records)),
    "indented values": lambda records: "\n".join(json.dumps(record, indent=2) for record in records),
    "an array": json.dumps,
    "an indented array": lambda records: json.dumps(records, indent=1),
    "an array of lines": lambda records: "[\n" + ",\n".join(map(json.dumps, records)) + "\n]\n",
    "an indented document": lambda records: json.dumps({"Records": records}, indent=2),
    "keys after the list": lambda records: json.dumps({"of": "x", "logEvents": records, "next": {"a": [1]}}),
    "documents over lines": lambda records: "\n".join(
        '{"Records":[\n' + ",\n".join(map(json.dumps, records[at : at + 17])) + "\n]}"
        for at in range(0, len(records), 17)
    ),
}


@pytest.mark.parametrize("spelled", SPELLED)
@pytest.mark.parametrize("hole", [0, 3, 7])
def test_a_lost_member_costs_only_the_records_in_it_in_any_spelling(spelled: str, hole: int) -> None:
    text = SPELLED[spelled](VALUES).encode()
    cuts = [len(text) * part // 8 + 7 * (0 < part < 8) for part in range(9)]
    pieces = [text[start:stop] for start, stop in pairwise(cuts)]
    members = [gzip.compress(piece, mtime=0) for piece in pieces]
    members[hole] = members[hole][: len(members[hole]) // 2]
    result = read(b"".join(members), key="e.json.gz")
    found = [json.loads(record)["i"] for record in result.records]
    assert len(found) >= len(VALUES) - pieces[hole].count(b'"o"') - 2
    assert found == sorted(set(found)) and result.damage
    assert [json.loads(record) for record in result.records] == [VALUES[i] for i in found]


@pytest.mark.parametrize(
    "tail", ["", ', "next": "abc", "n": 5', ', "meta": {"a": [1, {"b": 2}]}', ', "z": [{"q": 1}], "k": 1']
)
@pytest.mark.parametrize("head", ['{"Records": [', '{"a": 1, "b": {"c": [1]}, "Records": ['])
@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("damaged", [0, 1, 7])
def test_a_document_loses_only_the_records_in_the_hole_whatever_is_around_its_list(
    tail: str, head: str, indent: int | None, damaged: int
) -> None:
    """Also if its beginning is lost, so nothing says where its list is, and if a string ends like a value."""
    source = random.Random(3)
    records = [
        {"i": number, "v": value_of(source, PLAIN), "pad": source.randbytes(9).hex(), "s": "b}{"}
        for number in range(300)
    ]
    document = json.loads(head + ", ".join(map(json.dumps, records)) + "]" + tail + "}")
    text = json.dumps(document, indent=indent).encode()
    size = -(-len(text) // 8)
    members = [gzip.compress(text[at : at + size], mtime=0) for at in range(0, len(text), size)]
    members[damaged] = flipped(members[damaged], len(members[damaged]) // 2)
    result = read(b"".join(members), key="key.json.gz")
    assert result.damage
    begin, end = damaged * size, (damaged + 1) * size + 8  # a record's number follows its first bytes
    touched = set(re.findall(rb'"i": (\d+)', text[max(0, begin - 400) : end]))
    kept = [json.loads(record)["i"] for record in result.records]
    assert kept == sorted(kept)
    assert {str(number).encode() for number in range(300)} - {str(number).encode() for number in kept} <= touched
