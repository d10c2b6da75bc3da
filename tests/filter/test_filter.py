"""Filters: a block gives exactly the lines that match one by one, whatever the terms."""

from __future__ import annotations

import pickle
import re
import shlex
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.archive import Block
from tui.errors import FilterError
from tui.filter import Filter, Term, parse_filter

# What the buffer still holds of the block before: it must never be looked at.
OLD = b"foo a bar\n" * 5

WORDS = [
    b"a",
    b"b",
    b"ab",
    b"foo",
    b" ",
    b"\t",
    b"\r",
    b".",
    b"-",
    b"_",
    b"5",
    b"A",
    "é".encode(),
    b"\xff",
    b"\x00",
    b'"',
]
byte_lines = st.lists(st.sampled_from(WORDS), max_size=6).map(b"".join)
ascii_lines = st.lists(st.sampled_from([w for w in WORDS if w.isascii() and w != b"\x00"]), max_size=6).map(b"".join)
json_lines = st.sampled_from(
    [
        b'{"a": 1}',
        b'{"a": "foo", "b": [1, 2]}',
        b'{"a": {"b": null}}',
        b'{"b": ""}',
        b"[]",
        b"foo, not JSON",
        b'{"a": "fo',
        b'{"a": "\\u0066oo"}',
        b"",
        b"null",
    ]
)


def block_of(lines: Iterable[bytes], final_newline: bool = True) -> Block:
    text = b"\n".join(lines)
    if final_newline and (text or lines):
        text += b"\n"
    return Block(bytearray(text + OLD), len(text), 0)


def check(filter_: Filter, block: Block) -> list[bytes]:
    """Return the records that the filter selects from a block, asserting that it selects the same one by one."""
    picked = list(filter_.spans(block))
    assert picked == [(start, end) for start, end in block.spans() if filter_.matches(bytes(block.buffer[start:end]))]
    return [bytes(block.buffer[start:end]) for start, end in picked]


# A small grammar of RE2 patterns: what each means may depend on where a line begins and ends.
ATOMS = [
    "a", "b", "foo", ".", r"\s", r"\S", r"\w", r"\W", r"\d", r"\b", "^", "$", "[^a]", "[^ab ]", "[a-f]", "é", "",
    r"\.", r"\t", r"\r", "-", r"\n", r"\x0a", "(?s:.)", "(?i:FOO)",
]  # fmt: skip
# In Python before 3.14 \B does not fit an empty string; the others it does not know at all.
RE2_ONLY = [r"\B", r"\A", r"\z", "(?-m:^)", "(?-m:$)", r"\pL", r"\Qa.\E", "[[:alpha:]]"]
QUANTIFIERS = ["", "", "", "*", "+", "?", "*?", "{2}"]


def patterns(atoms: list[str]) -> st.SearchStrategy[str]:
    atom = st.sampled_from(atoms)

    def grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        return st.one_of(
            st.lists(inner, min_size=1, max_size=3).map("".join),
            st.tuples(inner, inner).map(lambda pair: f"(?:{pair[0]}|{pair[1]})"),
            st.tuples(inner, st.sampled_from(QUANTIFIERS)).map(lambda pair: f"(?:{pair[0]}){pair[1]}"),
        )

    return st.recursive(atom, grown, max_leaves=6)


class TestText:
    @given(
        lines=st.lists(byte_lines, max_size=8),
        text=st.text(st.sampled_from('abfo 5é"\r.'), max_size=3),
        end=st.booleans(),
    )
    @settings(max_examples=200)
    def test_it_is_what_grep_f_finds(self, lines: list[bytes], text: str, end: bool) -> None:
        block = block_of(lines, end)
        assert check(parse_filter(grep=[text]), block) == [r for r in block.records() if text.encode() in r]

    def test_each_line_is_given_once_however_often_it_hits(self) -> None:
        assert check(parse_filter(grep=["foo"]), block_of([b"foo foo foo", b"", b"foofoo"])) == [
            b"foo foo foo",
            b"foofoo",
        ]

    def test_a_text_does_not_reach_over_the_end_of_a_line(self) -> None:
        assert check(parse_filter(grep=["ab"]), block_of([b"a", b"b"])) == []

    def test_an_empty_text_fits_every_line_as_greps_does(self) -> None:
        assert check(parse_filter(grep=[""]), block_of([b"a", b"", b"b"], final_newline=False)) == [b"a", b"", b"b"]

    def test_bytes_that_are_not_utf_8_can_be_searched_for(self) -> None:
        text = b"\xff\x00".decode("utf-8", "surrogateescape")  # as the command line hands them over
        assert parse_filter(grep=[text]).matches(b"a\xff\x00b")

    def test_a_line_break_matches_no_record_and_is_reported_with_its_column(self) -> None:
        with pytest.raises(FilterError) as caught:
            parse_filter(grep=["ab\ncd"])
        assert (caught.value.expression, caught.value.column) == ("ab\ncd", 2)


class TestRegex:
    @given(lines=st.lists(byte_lines, max_size=6), pattern=patterns(ATOMS + RE2_ONLY), end=st.booleans())
    @settings(max_examples=500)
    def test_a_block_gives_the_lines_that_match_one_by_one(self, lines: list[bytes], pattern: str, end: bool) -> None:
        check(parse_filter(regex=[pattern]), block_of(lines, end))

    @given(lines=st.lists(ascii_lines, max_size=6), pattern=patterns(ATOMS), end=st.booleans())
    @settings(max_examples=500)
    def test_the_meaning_is_the_usual_one(self, lines: list[bytes], pattern: str, end: bool) -> None:
        """RE2 and Python's `re` select the same lines where their syntax means the same."""
        block = block_of(lines, end)
        judge = re.compile(pattern.encode(), re.ASCII) if "é" not in pattern else re.compile(pattern, re.ASCII)
        usual = [
            record
            for record in block.records()
            if judge.search(record if isinstance(judge.pattern, bytes) else record.decode())  # type: ignore[arg-type]
        ]
        assert check(parse_filter(regex=[pattern]), block) == usual

    @pytest.mark.parametrize(
        ("pattern", "picked"),
        [
            ("^foo$", [b"foo"]),
            (r"\Afoo\z", [b"foo"]),
            ("(?-m)^foo$", [b"foo"]),
            ("(?-m:^foo)", [b"foo", b"foo bar"]),
            ("(?m)^foo", [b"foo", b"foo bar"]),
            ("^$", [b""]),
            ("", [b"a", b"foo", b"", b"foo bar", b"a.b", b"x\r"]),
            (r"\Qa.b", [b"a.b"]),  # a quotation that is not closed goes to the end
            (r"\Qa.b\E$", [b"a.b"]),
            (r"\r$", [b"x\r"]),
            (r"foo\nfoo|bar", [b"foo bar"]),
            ("[^a-z]", [b"foo bar", b"a.b", b"x\r"]),
            (r"o\s", [b"foo bar"]),
            ("(?i)FOO", [b"foo", b"foo bar"]),
            ("foo|^a$", [b"a", b"foo", b"foo bar"]),
            (r"\\A|bar", [b"foo bar"]),  # an escaped backslash and an A, no anchor
        ],
    )
    def test_patterns_and_the_lines_they_pick(self, pattern: str, picked: list[bytes]) -> None:
        lines = [b"a", b"foo", b"", b"foo bar", b"a.b", b"x\r"]
        assert check(parse_filter(regex=[pattern]), block_of(lines)) == picked
        assert check(parse_filter(regex=[pattern]), block_of(lines, final_newline=False)) == picked

    @pytest.mark.parametrize(
        ("pattern", "sentence"),
        [
            ("(", "invalid regex at column 2: missing ')'"),
            ("a(b", "invalid regex at column 4: missing ')'"),
            ("[a", "invalid regex at column 3: missing ']'"),
            ("ab**", "invalid regex at column 3: bad repetition operator '**'"),
            ("a)", "invalid regex at column 1: unexpected ')'"),
            ("*error*", "invalid regex at column 1: nothing before '*' to repeat; any text is '.*'"),
            # no backreferences: time is linear
            (
                r"(a)\1",
                r"invalid regex at column 4: invalid escape sequence '\1'; RE2 has no lookaround and no backrefer",
            ),
            (
                "x(?=a)",
                "invalid regex at column 2: invalid perl operator '(?='; RE2 has no lookaround and no backrefer",
            ),
            (r"a\q", r"invalid regex at column 2: invalid escape sequence '\q'"),
        ],
    )
    def test_an_invalid_pattern_is_reported_with_its_column(self, pattern: str, sentence: str) -> None:
        with pytest.raises(FilterError) as caught:
            parse_filter(regex=[pattern])
        assert caught.value.expression == pattern
        assert str(caught.value).startswith(sentence)

    def test_time_is_linear_in_the_record(self) -> None:
        record = b"a" * 100_000
        assert not parse_filter(regex=["(a+)+$b|(a|a)*b"]).matches(record)


class TestStack:
    @given(
        lines=st.lists(json_lines, max_size=8),
        grep=st.lists(st.sampled_from(["foo", "a", "", "1"]), max_size=2),
        regex=st.lists(st.sampled_from(["^{", "o+", r"\d", "}$"]), max_size=2),
        match=st.lists(st.sampled_from(["a", "a == 'foo'", "a.b", "!b", "b[0]", "@"]), max_size=2),
        invert=st.booleans(),
        end=st.booleans(),
        order=st.randoms(use_true_random=False),
    )
    @settings(max_examples=300)
    def test_all_terms_must_hold(
        self,
        lines: list[bytes],
        grep: list[str],
        regex: list[str],
        match: list[str],
        invert: bool,
        end: bool,
        order: object,
    ) -> None:
        whole = parse_filter(grep=grep, regex=regex, match=match, invert=invert)
        terms = list(whole.terms)
        order.shuffle(terms)  # type: ignore[attr-defined]
        block = block_of(lines, end)
        picked = check(Filter(tuple(terms), invert), block)
        singles = [Filter((term,)) for term in terms]
        assert picked == [r for r in block.records() if all(single.matches(r) for single in singles) is not invert]

    def test_without_a_term_every_record_matches_or_none_if_inverted(self) -> None:
        block = block_of([b"a", b"", b"b"])
        assert check(Filter(), block) == [b"a", b"", b"b"]
        assert check(Filter(invert=True), block) == []
        assert Filter().matcher().selects_all
        assert not Filter(invert=True).matcher().selects_all

    def test_a_term_that_is_switched_off_does_nothing(self) -> None:
        filter_ = Filter((Term("grep", "a"), Term("grep", "b", enabled=False)))
        assert check(filter_, block_of([b"a", b"b", b"ab"])) == [b"a", b"ab"]
        assert filter_.arguments() == ["-g", "a"]

    def test_records_that_are_not_json_do_not_match_and_are_counted(self) -> None:
        block = block_of([b'{"a": 1}', b"{broken", b"", b'{"b": 1}'])
        for invert, picked in ((False, [b'{"a": 1}']), (True, [b"{broken", b"", b'{"b": 1}'])):
            matcher = parse_filter(match=["a"], invert=invert).matcher()
            assert [bytes(block.buffer[start:end]) for start, end in matcher.spans(block)] == picked
            assert matcher.not_json == 2


class TestAsAValue:
    def test_the_command_line_of_a_filter_makes_the_same_filter(self) -> None:
        filter_ = parse_filter(grep=["a b"], regex=["^x"], match=["event == 'error'"], invert=True)
        assert filter_.arguments() == ["-g", "a b", "-e", "^x", "-m", "event == 'error'", "-v"]
        assert shlex.split(filter_.describe()) == filter_.arguments()
        assert Filter().describe() == "every record"

    def test_a_text_that_must_not_be_there_has_an_option_of_its_own(self) -> None:
        filter_ = parse_filter(grep=["a"], not_grep=["b"], not_regex=["c+"])
        assert filter_.arguments() == ["-g", "a", "--not-grep", "b", "--not-regex", "c+"]
        assert check(filter_, block_of([b"a", b"ab", b"acc", b"", b"xa"])) == [b"a", b"xa"]
        assert check(parse_filter(not_grep=["b"]), block_of([b"a", b"", b"b"])) == [b"a", b""]
        assert pickle.loads(pickle.dumps(filter_)) == filter_

    def test_the_order_in_which_terms_were_added_does_not_make_another_filter(self) -> None:
        """The explorer stacks terms in any order, the command line by kind; both resume the same extract."""
        one = Filter((Term("match", "a"), Term("grep", "b")))
        other = parse_filter(grep=["b"], match=["a"])
        assert one.arguments() == other.arguments()

    def test_filters_are_equal_by_their_terms_and_go_to_other_processes(self) -> None:
        filter_ = parse_filter(grep=["a"], regex=["b"], match=["c"], invert=True)
        copy = pickle.loads(pickle.dumps(filter_))
        assert copy == filter_ == parse_filter(grep=["a"], regex=["b"], match=["c"], invert=True)
        assert copy != parse_filter(grep=["a"], regex=["b"], match=["c"])
        assert copy.matches(b"zzz")

    def test_a_term_is_added_to_a_new_filter(self) -> None:
        first = parse_filter(grep=["a"])
        both = first.with_term(Term("grep", "b"))
        assert (first.matches(b"a"), both.matches(b"a"), both.matches(b"ab")) == (True, False, True)

    def test_a_malformed_term_is_refused_where_it_is_made(self) -> None:
        for kind, text in (("regex", "("), ("match", "a ="), ("grep", "a\nb")):
            with pytest.raises(FilterError):
                Term(kind, text)  # type: ignore[arg-type]
