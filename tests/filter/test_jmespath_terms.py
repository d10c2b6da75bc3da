"""JMESPath terms: jmespath.py says what an expression means, and no record is able to stop a scan."""

from __future__ import annotations

import json
from typing import Any

import jmespath
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jmespath.functions import Functions

from tui.errors import FilterError
from tui.filter import parse_filter
from tui.filter.compiled import NotJsonError
from tui.filter.jmespath import load

NAMES = ["a", "b", "c"]
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.sampled_from([0.0, 1.0, 1.5, 5e2, 500]),
    st.sampled_from(["", "a", "b", "error", "1", "Ünï", "500"]),
)
documents = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(NAMES), inner, max_size=3)),
    max_leaves=8,
)

LITERALS = ["'a'", "'error'", "`1`", "`500`", "`1.0`", "`null`", "`true`", "`[]`", "`{}`", '`"a"`', "''", '`""`']
PATHS = ["a", "b", "a.b", "a.b.c", "a[0]", "b[-1].a", "a[*].b", "*", "a[]", "@", "c[?a]", "a[0:1]", "[a, b]", "{x: a}"]


def grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pair = st.tuples(inner, inner)
    return st.one_of(
        st.tuples(inner, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), inner).map(" ".join),
        pair.map(lambda two: f"({two[0]} && {two[1]})"),
        pair.map(lambda two: f"({two[0]} || {two[1]})"),
        inner.map(lambda one: f"!({one})"),
        pair.map(lambda two: f"contains({two[0]}, {two[1]})"),
        pair.map(lambda two: f"starts_with({two[0]}, {two[1]})"),
        pair.map(lambda two: f"ends_with({two[0]}, {two[1]})"),
        inner.map(lambda one: f"type({one})"),
        inner.map(lambda one: f"length({one})"),
        inner.map(lambda one: f"to_number({one})"),
        inner.map(lambda one: f"ceil(to_number({one}))"),
        inner.map(lambda one: f"max({one})"),
        inner.map(lambda one: f"max_by({one}, &a)"),
        inner.map(lambda one: f"sort_by({one}, &b)"),
        inner.map(lambda one: f"({one}) | [0]"),
    )


expressions = st.recursive(st.sampled_from(PATHS + LITERALS), grown, max_leaves=5)


def judged(expression: str, document: Any) -> bool:
    """The truth according to jmespath.py's own `!`; an expression that fails on a document is false."""
    try:
        return jmespath.search(f"!({expression})", document) is False
    except Exception:  # noqa: BLE001
        return False


@given(document=documents, expression=expressions)
@settings(max_examples=800)
def test_a_record_matches_if_the_expression_is_truthy(document: Any, expression: str) -> None:
    record = json.dumps(document).encode()
    assert parse_filter(match=[expression]).matches(record) is judged(expression, json.loads(record))


@pytest.mark.parametrize(
    ("expression", "record"),
    [
        ("contains(a, `1`)", b'{"a": "text"}'),
        ("contains(a, b)", b'{"a": "text", "b": null}'),
        ("a[?contains(@, `1`)]", b'{"a": ["x", "y"]}'),
        ("ceil(to_number(a))", b'{"a": "1e999"}'),
        ("floor(to_number(a))", b'{"a": "nan"}'),
        ("a[::0]", b'{"a": [1]}'),
        ("max_by(a, &b)", b'{"a": [{"b": 1}, {"b": "x"}]}'),
        ("min_by(a, &b)", b'{"a": [{"b": "x"}, {"b": 1}]}'),
        ("sort_by(a, &b)", b'{"a": [{"b": 1}, {"b": "x"}]}'),
        ("abs(a)", b'{"a": "x"}'),
        ("join(',', a)", b'{"a": [1]}'),
        ("to_string(a)", b'{"a": ' + b"[" * 1000 + b"]" * 1000 + b"}"),
        ("a == b", b'{"a": ' + b"[" * 900 + b"]" * 900 + b', "b": ' + b"[" * 900 + b"]" * 900 + b"}"),
        ("a", b"[" * 100_000 + b"]" * 100_000),
    ],
)
def test_a_record_that_an_expression_cannot_take_does_not_match_and_stops_nothing(
    expression: str, record: bytes
) -> None:
    assert parse_filter(match=[expression]).matches(record) in (True, False)


@pytest.mark.parametrize(
    ("value", "is_true"),
    [
        (None, False),
        (False, False),
        ("", False),
        ([], False),
        ({}, False),
        (0, True),
        (0.0, True),
        ("0", True),
        ([0], True),
    ],
)
def test_truth_as_jmespath_sees_it(value: Any, is_true: bool) -> None:
    assert parse_filter(match=["@"]).matches(json.dumps(value).encode()) is is_true


@pytest.mark.parametrize(
    "record",
    [
        b'{"a": 1}',
        b'  {"a": 1}\r',
        b'{"a": "\\ud800"}',  # half of a surrogate pair
        b'{"a": 18446744073709551616}',
        b'{"a": 123456789012345678901234567890}',
        b'{"a": -9223372036854775809}',
        b'{"a": 1, "a": 2}',
        b'{"a": 1e400}',
        b'"text"',
        b"5",
    ],
)
def test_json_is_read_as_pythons_json_reads_it(record: bytes) -> None:
    assert repr(load(record)) == repr(json.loads(record))


def test_large_numbers_are_not_rounded_onto_each_other() -> None:
    """Identifiers of 64 bits and more are common; as floats, neighbours would be equal."""
    assert not parse_filter(match=["a == `18446744073709551617`"]).matches(b'{"a": 18446744073709551616}')
    assert parse_filter(match=["a == `18446744073709551617`"]).matches(b'{"a": 18446744073709551617}')


@pytest.mark.parametrize(
    "record",
    [
        b"",
        b"{",
        b"{'a': 1}",
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": 1} x',
        b"\xff",
        b'"a\x01b"',
        b"nul",
    ],
)
def test_what_is_not_json(record: bytes) -> None:
    with pytest.raises(NotJsonError):
        load(record)
    assert not parse_filter(match=["@ || `true`"]).matches(record)


@pytest.mark.parametrize(
    ("expression", "column"),
    [
        ("", 0),
        ("event = 'error'", 6),
        ("event == 'error", 9),
        ("a == ", 5),
        ("a &&", 4),
        ("a.", 2),
        ("a[0", 3),
        ("(a", 2),
        ("a)", 1),
        ("a ~ b", 2),
        ("a b", 2),
        ("nothing(a)", 0),
        ("a && nothing(a)", 5),
        ("starts_with(a)", 0),
        ("a || length(b, c)", 5),
        ("not_null()", 0),
    ],
)
def test_an_invalid_expression_is_reported_with_its_column(expression: str, column: int) -> None:
    with pytest.raises(FilterError) as caught:
        parse_filter(match=[expression])
    assert caught.value.expression == expression
    assert caught.value.column == column
    assert "\n" not in str(caught.value)
    assert f"column {column + 1}" in str(caught.value)


@pytest.mark.parametrize(
    "expression",
    [
        pytest.param("(" * 5000 + "a" + ")" * 5000, id="parentheses"),
        pytest.param("!" * 5000 + "a", id="not"),
        pytest.param("a" + "[0]" * 5000, id="indexes"),
    ],
)
def test_an_expression_that_is_too_deep_is_an_error_not_a_crash(expression: str) -> None:
    try:
        assert parse_filter(match=[expression]).matches(b'{"a": 1}') in (True, False)
    except FilterError as error:
        assert len(str(error)) > 0


def test_an_unknown_function_is_reported_with_the_known_ones() -> None:
    with pytest.raises(FilterError) as caught:
        parse_filter(match=["lenght(a)"])
    assert all(name in str(caught.value) for name in Functions.FUNCTION_TABLE)
