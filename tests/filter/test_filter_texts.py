"""Lists of texts (`-f`), texts in any case (`-i`) and whole words (`-w`): what matches, and how a list is read."""

from __future__ import annotations

import io
import pickle
import re
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.archive import Block
from tui.errors import FilterError
from tui.filter import Filter, Term, parse_filter
from tui.filter import texts as texts_module
from tui.filter.texts import read_texts

PIECES = st.sampled_from(
    ["a", "ab", "b", "A", "B", "k", "K", "s", "é", "É", "ß", "_", "7", " ", "-", ".", "\x00", "東"]
)
words = st.lists(PIECES, min_size=1, max_size=3).map("".join)
lines = st.lists(PIECES, max_size=8).map("".join)


def expected(line: str, sought: list[str], ignore_case: bool, whole: bool) -> bool:
    """The same with Python's regular expressions, whose letters and digits are Unicode's."""
    for text in sought:
        flags = re.IGNORECASE if ignore_case else 0
        flags |= re.ASCII if ignore_case and text.isascii() else 0
        for start in range(len(line)):
            if not re.compile(re.escape(text), flags).match(line, start):
                continue
            before, behind = line[start - 1 : start], line[start + len(text) : start + len(text) + 1]
            if not whole or not any(neighbor.isalnum() or neighbor == "_" for neighbor in (before, behind) if neighbor):
                return True
    return False


def block_of(records: list[bytes]) -> Block:
    text = b"".join(record + b"\n" for record in records)
    return Block(bytearray(text), len(text), 0)


def listed(*sought: str, **options: bool) -> Term:
    return Term("file", "list", content="\n".join(sought).encode(), **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("hyperscan", [True, False])
@given(
    sought=st.lists(words, min_size=1, max_size=4),
    some=st.lists(lines, min_size=1, max_size=6),
    ignore_case=st.booleans(),
    whole=st.booleans(),
)
def test_what_a_list_matches(
    hyperscan: bool, sought: list[str], some: list[str], ignore_case: bool, whole: bool
) -> None:
    if ignore_case and not all(map(str.isascii, sought)):
        sought = [text for text in sought if not set(text) & set("ksKSß")] or ["é"]  # RE2 also folds to K (kelvin), ẞ
    with pytest.MonkeyPatch.context() as patch:
        if not hyperscan:
            patch.setitem(sys.modules, "hyperscan", None)
            patch.setattr(texts_module, "search", texts_module.search.__wrapped__)
        filter_ = Filter((listed(*sought, ignore_case=ignore_case, words=whole),))
        records = [line.encode() for line in some]
        right = [record for record in records if expected(record.decode(), sought, ignore_case, whole)]
        assert [record for record in records if filter_.matches(record)] == right
        block = block_of(records)
        assert [bytes(block.buffer[start:end]) for start, end in filter_.spans(block)] == right
        assert filter_.matcher().count(block) == len(right)


@pytest.mark.parametrize(
    ("sought", "line", "matches"),
    [
        (["s", "ß"], "SS", False),  # ß has no other letter of one character but ẞ
        (["s", "ß"], "ẞ", True),
        (["é", "k", "kk"], "\u212aK", True),  # the kelvin sign is a k of three bytes
        (["é", "k", "kk"], "\u212aKK", False),
    ],
)
def test_whole_words_in_any_case_may_have_more_bytes(sought: list[str], line: str, matches: bool) -> None:
    filter_ = Filter((listed(*sought, ignore_case=True, words=True),))
    assert filter_.matches(line.encode()) is matches


@pytest.mark.parametrize("length", [16_000, 16_001, 30_000])
def test_a_text_may_be_long(length: int) -> None:
    text = " ".join(map(str, range(length)))[:length]
    filter_ = Filter((listed(text, "b"),))
    assert filter_.matches(b"x" + text.encode())
    assert not filter_.matches(text[:-1].encode())


@given(text=words, some=st.lists(lines, min_size=1, max_size=6), ignore_case=st.booleans(), whole=st.booleans())
def test_a_single_text_is_a_list_of_one(text: str, some: list[str], ignore_case: bool, whole: bool) -> None:
    one = parse_filter(grep=[text], ignore_case=ignore_case, words=whole)
    many = Filter((listed(text, ignore_case=ignore_case, words=whole),))
    block = block_of([line.encode() for line in some])
    assert list(one.spans(block)) == list(many.spans(block))


@pytest.mark.parametrize(
    ("content", "record", "matches"),
    [
        (b"", b"a", False),  # no text: nothing matches, as in grep
        (b"\n", b"a", True),  # an empty line is in every record, as in grep
        (b"x\n\n", b"a", True),
        (b"x\na", b"a", True),  # the last newline may lack
        (b"x\r\na\r\n", b"a", True),  # no record ends with a CR
        (b"a\na\na\n", b"a", True),
        (b"\xef\xbb\xbfa\n", b"a", True),  # a byte order mark
        (b"\xff\n", b"x\xffy", True),  # bytes that are no UTF-8
        (b" a\n", b"a", False),  # blanks count
    ],
)
def test_how_a_list_is_read(tmp_path: Path, content: bytes, record: bytes, matches: bool) -> None:
    (tmp_path / "list").write_bytes(content)
    filter_ = parse_filter(file=[str(tmp_path / "list")])
    assert filter_.matches(record) is matches
    assert parse_filter(file=[str(tmp_path / "list")], invert=True).matches(record) is not matches
    (tmp_path / "list").unlink()
    assert pickle.loads(pickle.dumps(filter_)).matches(record) is matches  # the file is read once


def test_a_list_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only commands read stdin; in the explorer it is the keyboard."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"a\nb\n")))
    filter_ = parse_filter(file=["-"], stdin=read_texts("-"))
    assert filter_.matches(b"b") and filter_.arguments() == ["-f", "-"]
    with pytest.raises(FilterError, match="only be read by -f - on the command line"):
        parse_filter(file=["-"])


def test_lists_that_cannot_be_read(tmp_path: Path) -> None:
    many = tmp_path / "many"
    many.write_text("\n".join(map(str, range(100_001))))
    for name, words_ in (
        (str(tmp_path / "none"), "No such file"),
        (str(tmp_path), "Is a directory"),
        ("a\x00b", "null byte"),
        (str(many), "has 100,001 different lines; -f searches for at most 100,000 at once"),
    ):
        with pytest.raises(FilterError, match=words_):
            parse_filter(file=[name])


def test_of_several_lists_each_must_match(tmp_path: Path) -> None:
    for name, text in (("one", "a\nb\n"), ("two", "c\nd\n")):
        (tmp_path / name).write_text(text)
    filter_ = parse_filter(file=[str(tmp_path / "one"), str(tmp_path / "two")])
    assert [filter_.matches(record) for record in (b"ac", b"bd", b"ab", b"cd")] == [True, True, False, False]


TERMS = [
    Term("grep", "a.b"),
    Term("grep", "é", ignore_case=True),
    Term("grep", "x|", ignore_case=True, words=True),
    Term("grep", "7", words=True, negated=True),
    Term("regex", "B.", ignore_case=True),
    Term("regex", "b."),
]


@settings(max_examples=60)
@given(terms=st.lists(st.sampled_from(TERMS), max_size=3), record=st.lists(PIECES | st.just("x|"), max_size=6))
def test_the_command_line_of_any_terms_matches_the_same(terms: list[Term], record: list[str]) -> None:
    """-i and -w apply to a whole command line; the explorer may mix them."""
    filter_ = Filter(tuple(terms))
    given: dict[str, list[str]] = {"-g": [], "-e": [], "--not-grep": [], "--not-regex": []}
    rest = filter_.arguments()
    flags = [word for word in rest if word in ("-i", "-w")]
    rest = [word for word in rest if word not in flags]
    for option, text in zip(rest[::2], rest[1::2], strict=True):
        given[option].append(text)
    again = parse_filter(
        grep=given["-g"],
        regex=given["-e"],
        not_grep=given["--not-grep"],
        not_regex=given["--not-regex"],
        ignore_case="-i" in flags,
        words="-w" in flags,
    )
    text = "".join(record).encode()
    assert again.matches(text) is filter_.matches(text), filter_.arguments()


def test_flags_are_on_the_command_line() -> None:
    filter_ = parse_filter(grep=["a"], regex=["b"], match=["c"], ignore_case=True, words=True)
    assert filter_.arguments() == ["-g", "a", "-e", "b", "-m", "c", "-i", "-w"]
    with pytest.raises(FilterError, match="must have the same -i and -w"):
        Filter((listed("a"), listed("b", words=True)))


def test_two_lists_of_one_name_are_distinguished() -> None:
    one, other = Filter((listed("a"),)), Filter((listed("b"),))
    assert one.arguments() == other.arguments() and one.lists != other.lists and one != other


def test_terms_that_match_differently_have_other_identities() -> None:
    """Stored results of scans are looked up by them."""
    terms = [
        *(Term("grep", "a", ignore_case=case, words=whole) for case in (False, True) for whole in (False, True)),
        *(
            Term("grep", "-i a"),
            Term("grep", "a", negated=True),
            Term("regex", "a"),
            Term("regex", "a", ignore_case=True),
        ),
        *(listed("a"), listed("b"), listed("a", words=True)),
    ]
    assert len({term.identity for term in terms}) == len(terms)
