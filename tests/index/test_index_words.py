"""The words of a chunk: it is passed over only where they prove that it holds no match."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.index.indexed import build, planned, scanned, write
from tui.analysis.needed import needed_words
from tui.cli import run
from tui.filter import Filter, Term, parse_filter
from tui.index import Index
from tui.index.words import Words, hash_of, words_in

# ids that share words, touch each other, hold what JSON escapes, and end in letters beyond ASCII
TEXTS = st.lists(
    st.sampled_from(
        ["v-0123", "abcd", "0123", "order/77712", 'a"bcde', "ünter", "straße", "x_yz", "-", " ", "\\", "é"]
    ),
    min_size=1,
    max_size=3,
).map("".join)
NUMBERS = st.sampled_from([12345, 12345.0, 1e20, -98765])
VALUES = st.one_of(TEXTS, NUMBERS, st.lists(TEXTS, max_size=2))


@st.composite
def lines(draw: st.DrawFn) -> bytes:
    """A record, spelled with and without escapes, or a line that is not JSON."""
    record = draw(st.dictionaries(st.sampled_from(["id", "note", "other"]), VALUES, max_size=2))
    spelled = json.dumps(record, ensure_ascii=draw(st.booleans())).encode()
    how = draw(st.sampled_from(["plain", "escaped", "text"]))
    if how == "escaped":  # any letter may be spelled so, in upper or lower case
        spelled = spelled.replace(b"c", b"\\u0063").replace(b"0", b"\\u0030") if b"\\" not in spelled else spelled
        return spelled if _is_json(spelled) else b"{}"
    return spelled[1:] if how == "text" else spelled


def _is_json(data: bytes) -> bool:
    try:
        json.loads(data)
    except ValueError:
        return False
    return True


SHAPES = st.sampled_from(
    [
        *("id == {}", "{} == note", "contains(id, {})", "starts_with(id, {})", "id == {} || note == {}", "id != {}"),
        *("other[0] == {}", "contains(other, {})", "!(id == {})", "to_string(@) == {}", "other[?@ == {}]"),
    ]
)


@st.composite
def filters(draw: st.DrawFn) -> Filter:
    terms = []
    for _ in range(draw(st.integers(1, 2))):
        text = draw(TEXTS)
        literal = "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
        flags: dict[str, Any] = {"ignore_case": draw(st.booleans()), "words": draw(st.booleans())}
        kind = draw(st.sampled_from(["grep", "grep", "not", "file", "match", "match"]))
        if kind == "match":
            shape = draw(SHAPES)
            terms.append(Term("match", shape.replace("{}", literal)))
        elif kind == "file":
            content = "\n".join([text, draw(TEXTS)]).encode()
            terms.append(Term("file", "list", content=content, **flags))
        else:
            terms.append(Term("grep", text, negated=kind == "not", **flags))
    alike = [term for term in terms if term.kind == "file"]
    if len(alike) == 2:
        terms = alike[:1]
    return Filter(tuple(terms), draw(st.booleans()))


@given(st.lists(st.lists(lines(), max_size=4), min_size=1, max_size=3), filters())
def test_a_chunk_is_passed_over_only_if_it_holds_no_match(
    tmp_path_factory: pytest.TempPathFactory, hours: list[list[bytes]], filter_: Filter
) -> None:
    folder = tmp_path_factory.mktemp("a")
    write(folder / "archive", hours)
    plan = planned(folder / "archive", filter_)
    with Index(folder / "index.sqlite", "here") as index:
        build(index, planned(folder / "archive"), words=True)
        plain, indexed = scanned(plan, None), scanned(plan, index)
    assert replace(indexed.counts, bytes_compressed=0) == replace(plain.counts, bytes_compressed=0)


@settings(max_examples=100, deadline=None)
@given(lines(), filters())
def test_every_match_holds_the_words_that_its_filter_needs(line: bytes, filter_: Filter) -> None:
    """The same of one record, without the chance that a word seems to be there."""
    if b"\n" in line or not filter_.matches(line):
        return
    words = Words(0)
    words.add(line + b"\n")
    if b"\\" in line and _is_json(line):
        words.add_strings(json.loads(line))
    assert all(
        any(all(map(words.holds, words_of_one)) for words_of_one in alternatives)
        for alternatives in needed_words(filter_)
    )


WORD_LISTS = st.lists(st.text("abc019_", min_size=4, max_size=9).map(str.encode), max_size=300)


@given(WORD_LISTS, WORD_LISTS)
def test_a_word_that_was_added_is_held_whatever_the_filter_went_through(one: list[bytes], other: list[bytes]) -> None:
    words, second = Words(10_000), Words(10_000)
    words.add(b" ".join(one))
    second.add(b"-".join(other))
    words.merge(second)
    kept = Words.of(words.packed())
    assert all(kept.holds(hash_of(word)) for word in (*one, *other))


@pytest.mark.parametrize("number", [1, 100, 30_000])
def test_few_other_words_seem_to_be_there_and_each_takes_18_bits(number: int) -> None:
    words = Words(1_000_000)
    words.add(b"\n".join(b"word-%06x" % n for n in range(number)))
    packed = words.packed()
    kept = Words.of(packed)
    assert len(packed) < 257 + 2.6 * number
    assert sum(kept.holds(hash_of(b"none%06d" % n)) for n in range(10_000)) < 20


@pytest.mark.parametrize("size", [0, 50_000, 300_000, 10_000_000])
def test_in_a_chunk_that_is_hardly_more_than_ids_a_filter_takes_a_tenth_or_holds_one_percent_too_much(
    size: int,
) -> None:
    number = 30_000
    words = Words(1_000_000)
    words.add(b"\n".join(b"%08x" % (n * 0x9E3779B1 % 2**32) for n in range(number)))
    packed = words.packed(size)
    kept = Words.of(packed)
    too_much = sum(kept.holds(hash_of(b"none%06d" % n)) for n in range(10_000))
    assert len(packed) <= max(size / 10, 1.7 * number)
    assert too_much < (20 if size == 10_000_000 else 120)
    assert all(kept.holds(hash_of(b"%08x" % (n * 0x9E3779B1 % 2**32))) for n in range(number))


def test_a_long_line_is_cut_into_words_where_a_word_ends() -> None:
    line = b"abcdefg," * 100_000
    words = Words(0)
    words.add(line)
    assert words.holds(hash_of(b"abcdefg"))
    assert not any(words.holds(hash_of(b"abcdefg"[:n])) for n in (4, 5, 6))


@pytest.mark.parametrize(
    ("text", "whole", "expected"),
    [
        ("v-0123abcd", True, [b"0123abcd"]),
        ("v-0123abcd", False, []),
        ('"v-0123abcd"', False, [b"0123abcd"]),
        ("müller-0123", True, [b"ller", b"0123"]),
        ("abc", True, []),
    ],
)
def test_the_words_of_a_text_that_are_in_every_line_that_holds_it(
    text: str, whole: bool, expected: list[bytes]
) -> None:
    assert words_in(text.encode(), whole=whole) == expected


MANY = [{"id": f"v-{n:08x}"} for n in range(300)]  # more than are counted exactly


@pytest.mark.parametrize(
    "filter_",
    [
        parse_filter(grep=["v-0123abcd"], words=True),
        parse_filter(grep=['"v-0123abcd"']),
        parse_filter(match=["id == 'v-0123abcd'"]),
        parse_filter(match=["contains([id], 'v-0123abcd') || id == 'v-0123abcd'"]),
    ],
    ids=["-w -g", "-g with its quotes", "==", "||"],
)
def test_an_id_is_only_looked_for_in_the_chunk_that_holds_it(tmp_path: Path, filter_: Filter) -> None:
    write(tmp_path / "a", [[*MANY, {"id": "v-0123abcd"}], [{**record, "n": 1} for record in MANY]])
    with Index(tmp_path / "index.sqlite", "here") as index:
        build(index, planned(tmp_path / "a"), words=True)
        totals = scanned(planned(tmp_path / "a", filter_), index)
    assert (totals.matches, totals.chunks, totals.skipped) == (1, 1, 1)


def test_an_id_that_is_spelled_with_escapes_is_found_by_its_value(tmp_path: Path) -> None:
    line = rb'{"id":"v-\u0030123ab\u0063d"}'
    write(tmp_path / "a", [[*MANY, line], MANY])
    with Index(tmp_path / "index.sqlite", "here") as index:
        build(index, planned(tmp_path / "a"), words=True)
        totals = scanned(planned(tmp_path / "a", parse_filter(match=["id == 'v-0123abcd'"])), index)
    assert (totals.matches, totals.skipped) == (1, 1)


def test_words_that_were_changed_in_the_file_prove_nothing(tmp_path: Path) -> None:
    write(tmp_path / "a", [[{"id": "v-0123abcd"}]])
    with Index(tmp_path / "index.sqlite", "here") as index:
        build(index, planned(tmp_path / "a"), words=True)
    with sqlite3.connect(tmp_path / "index.sqlite") as database:
        database.execute("update word_rows set bits = substr(bits, 1, 8) || zeroblob(length(bits) - 8)")
    with Index(tmp_path / "index.sqlite", "here") as index:
        assert scanned(planned(tmp_path / "a", parse_filter(grep=["v-0123abcd"], words=True)), index).matches == 1


def test_a_chunk_that_was_replaced_is_read(tmp_path: Path) -> None:
    write(tmp_path / "a", [[{"id": "one-11111"}]])
    with Index(tmp_path / "index.sqlite", "here") as index:
        build(index, planned(tmp_path / "a"), words=True)
        write(tmp_path / "a", [[{"id": "two-22222"}] * 2])
        assert scanned(planned(tmp_path / "a", parse_filter(grep=["two-22222"], words=True)), index).matches == 2


def test_the_command_adds_ids_to_what_is_indexed_and_keeps_to_the_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    write(tmp_path / "a", [[{"id": f"v-{n:08x}"} for n in range(1000)]] * 3)

    def said(*words: str) -> Any:
        assert run(["index", str(tmp_path / "a"), "--json", "--jobs", "1", *words]) == 0
        return json.loads(capsys.readouterr().out)

    assert said()["ids"] == {"indexed": 0, "bytes": 0, "chunk_bytes": 0, "kept": 0}
    small = said("--ids", "--ids-size", "5kB")["ids"]
    assert (small["indexed"], 0 < small["bytes"] <= 5000) == (2, True)
    assert said("--ids")["ids"]["indexed"] == 3
    assert said("--status")["ids"]["bytes"] > 5000
    assert run(["index", str(tmp_path / "a"), "--drop"]) == 0
    capsys.readouterr()
    assert said("--status")["ids"]["kept"] == 0


def test_ids_size_without_ids_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "a", [[{"id": 1}]])
    assert run(["index", str(tmp_path / "a"), "--ids-size", "1MB"]) == 2
    assert "--ids-size needs --ids" in capsys.readouterr().err


def test_more_words_than_there_is_room_for_are_still_kept() -> None:
    """The filter is wrong more often then, but never denies a word."""
    words = Words(0)
    some = [b"word%d" % number for number in range(20_000)]
    words.add(b" ".join(some))
    kept = Words.of(words.packed())
    assert all(kept.holds(hash_of(word)) for word in some)
