"""An expression that is not JMESPath but nearly so: the error names the slip and the expression that was meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.errors import FilterError
from tui.filter import parse_filter


@pytest.mark.parametrize(
    ("expression", "column", "words", "meant"),
    [
        ("status == 500", 11, "a number is written in backticks", "status == `500`"),
        ("500 < status", 1, "a number is written in backticks", "`500` < status"),
        ("a >= 1.5 || b == -3e4", 6, "a number is written in backticks", "a >= `1.5` || b == `-3e4`"),
        ("a == 'x' and b == 'y'", 10, "'and' is written &&", "a == 'x' && b == 'y'"),
        ("a == 'x' OR b", 10, "'OR' is written ||", "a == 'x' || b"),
        ("not a", 1, "'not' is written !", "!a"),
        ("not(a == 'x')", 1, "'not' is written !", "!(a == 'x')"),
        ("not a == 'x' and not b", 1, "'not' is written !", "!(a == 'x') && !b"),  # ! binds tighter than ==
        ("a[?not b == 'x']", 4, "'not' is written !", "a[?!(b == 'x')]"),
        ("a = 'x'", 3, "'equal' is written ==", "a == 'x'"),
        ("a === 5", 3, "'equal' is written ==", "a == `5`"),
        ("a <> 'b'", 3, "'not equal' is written !=", "a != 'b'"),
        ("a & b", 3, "'and' is written &&", "a && b"),
        ("a == ‘x’", 6, "straight single quotes", "a == 'x'"),
        ("a == “x”", 6, "straight single quotes", "a == 'x'"),
        ("user-agent == 'x'", 1, "a name with a dash is written in double quotes", "\"user-agent\" == 'x'"),
        ("$.a == 'x'", 1, "without $", "a == 'x'"),
        (".a == 'x'", 1, "without a dot", "a == 'x'"),
        ("a && .items[].sku", 6, "without a dot", "a && items[].sku"),
    ],
)
def test_a_slip_is_named_with_what_was_meant(expression: str, column: int, words: str, meant: str) -> None:
    with pytest.raises(FilterError) as caught:
        parse_filter(match=[expression])
    sentence = str(caught.value)
    assert sentence.startswith(f"invalid JMESPath at column {column}: ")
    assert words in sentence and sentence.endswith(f"; write {meant}")
    assert parse_filter(match=[meant]).active


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("a =~ 'x'", "JMESPath has no regular expressions; use -e"),
        ("a in ['x']", "JMESPath has no 'in'"),
        ("a like 'x%'", "JMESPath has no 'like'"),
        ("a == 'x", "missing closing '"),
        ("a ==", "ends too early"),
        ("a.b.", "ends too early"),
        ("5", "a number alone is not a condition"),
        ("nosuch(a)", "unknown function nosuch()"),
        ("length(a, b)", "takes 1 argument, not 2"),
        ("[" * 5000, "nested too deeply"),
        ("!(" * 3000 + "a" + ")" * 3000, "nested too deeply"),
        ("a || " * 20_000 + "a", "has 100,001 characters; at most 65,536 are read"),
        ("not " * 16_000, "at column"),
    ],
)
def test_an_expression_that_cannot_be_repaired_is_reported_with_the_reason(expression: str, words: str) -> None:
    with pytest.raises(FilterError) as caught:
        parse_filter(match=[expression])
    assert words in str(caught.value)
    assert len(str(caught.value)) < 400, "the expression is not repeated"


pieces = st.sampled_from(
    [
        "a",
        "b-c",
        "not",
        "and",
        "or",
        "=",
        "==",
        "<>",
        "&",
        "(",
        ")",
        "5",
        "-1.5",
        "'x'",
        "$.",
        "’",
        " ",
        "[?",
        "]",
        "&&",
    ]
)


@given(st.lists(pieces, max_size=12).map(" ".join) | st.lists(pieces, max_size=12).map("".join))
def test_a_repair_is_always_valid(expression: str) -> None:
    try:
        parse_filter(match=[expression])
    except FilterError as error:
        _, repaired, meant = str(error).rpartition("; write ")
        if repaired and "(LIST" not in meant and "contains()" not in meant and "a comparison" not in meant:
            assert parse_filter(match=[meant]).active
