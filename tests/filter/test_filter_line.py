"""A filter as one line of text: parsed, and spelled so that parsing gives the same filter."""

from __future__ import annotations

import pytest

from tui.errors import FilterError
from tui.filter import Filter, Term, parse_filter
from tui.filter.filter_line import read_filter, spell_filter


@pytest.mark.parametrize(
    ("words", "filter_"),
    [
        ("event == 'error'", Filter((Term("match", "event == 'error'"),))),
        ("-g foo --not-grep 'a b' -v", Filter((Term("grep", "foo"), Term("grep", "a b", negated=True)), invert=True)),
        ("-g foo -i -w", Filter((Term("grep", "foo", ignore_case=True, words=True),))),
        ("-m '!(a)' -v", Filter((Term("match", "!(a)"),), invert=True)),
    ],
)
def test_a_spelled_filter_is_parsed_to_the_same_filter(words: str, filter_: Filter) -> None:
    assert read_filter(words) == filter_ and read_filter(spell_filter(filter_)) == filter_


def test_a_description_is_parsed_to_the_same_filter() -> None:
    filter_ = parse_filter(grep=["it's"], match=["event == 'error'"], invert=True)
    assert read_filter(filter_.describe()) == filter_
    assert read_filter("") == parse_filter()
    assert read_filter(" event == 'error' ") == parse_filter(match=["event == 'error'"])


@pytest.mark.parametrize("words", ["-q x", "-g", "-m 'a", "two words", "-g a word"])
def test_an_invalid_line_is_an_error(words: str) -> None:
    with pytest.raises(FilterError):
        read_filter(words)
