"""Whatever the form and the compression, damage costs only what it touches, and is reported."""

from __future__ import annotations

import gzip
import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.unit.chunks import COMPRESSIONS, FORMS, Read, flipped, lines, read

_texts = st.text(alphabet='ab}{"\\[],: \u00e9\U0001f600', max_size=8)
_values = st.recursive(
    st.one_of(_texts, st.integers(-5, 5), st.booleans(), st.none()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_texts, inner, max_size=3)),
    max_leaves=6,
)


@st.composite
def record_lists(draw: st.DrawFn, least: int = 1) -> list[bytes]:
    """Different JSON objects, with brackets and quotes in their strings; the first key tells each from the others."""
    bodies = draw(st.lists(st.dictionaries(_texts, _values, max_size=3), min_size=least, max_size=24))
    return [
        json.dumps({"n": number, **body}, separators=(",", ":"), ensure_ascii=draw(st.booleans())).encode()
        for number, body in enumerate(bodies)
    ]


@st.composite
def parts(draw: st.DrawFn, records: list[bytes], form: str) -> list[bytes]:
    """A chunk's bytes before compression, cut anywhere into what becomes its members."""
    text = FORMS[form](records)
    points = sorted(draw(st.lists(st.integers(0, len(text)), max_size=5)))
    return [text[start:end] for start, end in zip([0, *points], [*points, len(text)], strict=True)]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("codec", [*COMPRESSIONS, "double gzip", "plain"])
@given(data=st.data(), block_size=st.sampled_from([1, 7, 64, 1 << 18]), step=st.sampled_from([1, 3, 1000]))
@settings(max_examples=20, deadline=None)
def test_every_record_is_read_whatever_the_form_and_the_compression(
    form: str, codec: str, data: st.DataObject, block_size: int, step: int
) -> None:
    records = data.draw(record_lists(least=3))
    pieces = data.draw(parts(records, form))
    if codec == "plain":
        chunk = b"".join(pieces)
    elif codec == "double gzip":
        chunk = gzip.compress(b"".join(map(COMPRESSIONS["gzip"], pieces)), mtime=0)
    else:
        chunk = b"".join(map(COMPRESSIONS[codec], pieces))
    found = read(chunk, block_size=block_size, step=step, read_ahead=data.draw(st.booleans()))
    assert found.damage == []
    assert list(map(json.loads, found.records)) == list(map(json.loads, records))
    if form != "pretty":
        assert found.records == records
    assert found.blank == (len(records) if form == "blank lines" else 0)


def spans_of(form: str, records: list[bytes]) -> list[tuple[int, int]]:
    """Where each record stands in the text of a form."""
    text, at, found = FORMS[form](records), 0, []
    for record in records:
        start = text.index(record, at)
        at = start + len(record)
        found.append((start, at))
    return found


FAULTS = ("flip", "cut", "remove", "garbage", "zeros")


@pytest.mark.parametrize("form", [form for form in FORMS if form != "pretty"])
@pytest.mark.parametrize("codec", COMPRESSIONS)
@given(data=st.data(), fault=st.sampled_from(FAULTS))
@settings(max_examples=40, deadline=None)
def test_one_fault_costs_what_it_touches(form: str, codec: str, data: st.DataObject, fault: str) -> None:
    """What is read was put in, in order, and nothing else; all that is whole in other members is read."""
    records = data.draw(record_lists(least=6))
    pieces = data.draw(parts(records, form))
    members = [COMPRESSIONS[codec](piece) for piece in pieces]
    whole = b"".join(members)
    damaged = data.draw(st.integers(0, len(members) - 1))
    begin = sum(map(len, members[:damaged]))
    end = begin + len(members[damaged])
    if fault == "flip":
        chunk = flipped(whole, data.draw(st.integers(begin, end - 1)), 1 << data.draw(st.integers(0, 7)))
    elif fault == "cut":
        chunk = whole[: data.draw(st.integers(max(begin + 1, 4), end))]  # fewer bytes than a magic can be text
    elif fault == "remove":
        chunk = whole[:begin] + whole[end:]
    else:
        junk = bytes(600) if fault == "zeros" else b"\x07junk" + data.draw(st.binary(max_size=40)) + b"\xfe"
        chunk = whole[:begin] + junk + whole[begin:]
    found = read(chunk)
    hurt = _hurt(pieces, damaged, fault)
    _check(found, records, spans_of(form, records), hurt, fault)


def _hurt(pieces: list[bytes], damaged: int, fault: str) -> tuple[int, int]:
    """The part of the text that a fault may cost: a member, a seam, or all behind a cut."""
    start = sum(map(len, pieces[:damaged]))
    if fault in ("garbage", "zeros"):
        return start, start
    if fault == "cut":
        return start, sum(map(len, pieces))
    return start, start + len(pieces[damaged])


def _check(found: Read, records: list[bytes], spans: list[tuple[int, int]], hurt: tuple[int, int], fault: str) -> None:
    if fault != "remove":  # a gap between members that nothing shows can join the ends of two records
        foreign = [record for record in found.records if record not in records]
        assert foreign == []
        positions = [records.index(record) for record in found.records]
        assert positions == sorted(positions)
    safe = {record for record, (start, stop) in zip(records, spans, strict=True) if stop <= hurt[0] or start >= hurt[1]}
    if fault != "remove":
        assert safe - set(found.records) == set()
        if set(records) - set(found.records):
            assert found.damage


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
        "a damaged header": flipped(broken, 3, 0xE0),
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
def test_of_thirty_members_one_that_is_damaged_costs_only_itself(damage: str, careful: bool) -> None:
    chunk, records = thirty(damage)
    found = read(chunk, careful=careful)
    assert len(found.records) >= 2900
    assert set(found.records) <= set(records)
    (hole,) = found.damage
    assert hole.stop > hole.start
    assert hole.reason


@example(kept=1)
@given(kept=st.integers(1, 12_000))
@settings(max_examples=60, deadline=None)
def test_a_cut_at_the_end_keeps_every_whole_line(kept: int) -> None:
    records = [b'{"i":%d,"x":"%d"}' % (i, i * 7919 % 9973) for i in range(2000)]
    chunk = gzip.compress(lines(records), mtime=0)[:kept]
    found = read(chunk)
    assert found.records == records[: len(found.records)]
    assert [hole.reason for hole in found.damage] == ["the object ends in the middle of a gzip member"]
    assert (found.damage[0].start, found.damage[0].stop) == (len(chunk), len(chunk))
