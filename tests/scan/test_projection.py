"""`--fields`: what is written of a match is spelled as the record spells it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.errors import FilterError
from tui.filter.compiled import NotJsonError
from tui.filter.jmespath import parse_expression
from tui.scan.projection import encoded, load_spelled, projection

NUMBERS = [
    "1e400",
    "-1E+400",
    "-0",
    "1.0",
    "1E5",
    "1234567890123456789012345",
    "0.10",
    "12345678901234567890.123456789",
    "9" * 5000,
]


@pytest.mark.parametrize("number", NUMBERS)
def test_a_number_keeps_its_spelling(number: str) -> None:
    record = b'{"a":{"b":%s,"c":[0,%s]},"s":"x"}' % (number.encode(), number.encode())
    for fields, written in (
        ("a.b", '{"a.b":%s}'),
        ("a.c[1],s", '{"a.c[1]":%s,"s":"x"}'),
        ("a.c[-1],nope,s.t", '{"a.c[-1]":%s,"nope":null,"s.t":null}'),
        ("{v: a.b}", '{"v":%s}'),
        ("a.c | [1]", "%s"),
        ("not_null(nope, a.b)", "%s"),
        ("{l: [a.b, s]}", '{"l":[%s,"x"]}'),
    ):
        assert projection(fields)(record).decode() == written % number
    surrogate = record.replace(b'"s":"x"', rb'"s":"\ud800"')
    assert projection("a.b,s")(surrogate) == b'{"a.b":%s,"s":"\\ud800"}' % number.encode()


def test_the_bytes_of_a_value_stay() -> None:
    record = b'{"s":"\\u00e9\\/ \xc3\xa9 \xff","o":{ "k" : 1.0 ,"k":2},"x":1,"x":2}'
    assert projection("s,o,x")(record) == b'{"s":"\\u00e9\\/ \xc3\xa9 \xff","o":{ "k" : 1.0 ,"k":2},"x":2}'


@pytest.mark.parametrize(
    "record", [b"plain text", b"", b'{"a":1', b'{"a":01}', b'{"a":NaN}', b"{}{}", b'{"a":"\x01"}', b"[" * 9000]
)
@pytest.mark.parametrize("fields", ["a", "a.b[0]", "b", "a == `1`", "{v: a}"])
def test_a_value_that_is_not_json_is_not_a_line(record: bytes, fields: str) -> None:
    with pytest.raises(NotJsonError):
        projection(fields)(record)


@pytest.mark.parametrize(
    "record", [b"[1,2]", b"5", b'"x"', b"null", b"{}", b'{"a":null}', b'{"a":5}', b'{"a":{"c":1}}']
)
def test_what_is_not_there_is_null(record: bytes) -> None:
    assert projection("a.b,a[0]")(record) == b'{"a.b":null,"a[0]":null}'


def test_an_expression_that_fails_on_a_record_gives_null() -> None:
    assert projection("length(a)")(b'{"a":5}') == b"null"
    assert projection("sum(a)")(b'{"a":[1.50,1]}') == b"2.5"


@pytest.mark.parametrize("fields", ["", " ", "a,", "a b", "length("])
def test_what_cannot_be_read_is_refused(fields: str) -> None:
    with pytest.raises(FilterError):
        projection(fields)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abcd"), inner, max_size=3),
)


@given(value=values, path=st.sampled_from(["a", "a.b", "a[0]", "a[-1].b", "b.c[1]", "a.b.c.d"]))
def test_a_path_gives_what_jmespath_gives(value: object, path: str) -> None:
    record = json.dumps({"a": value, "b": value}).encode()
    assert json.loads(projection(path)(record)) == {path: parse_expression(path).search(json.loads(record))}


@given(values)
def test_what_is_loaded_is_written_again(value: object) -> None:
    assert json.loads(encoded(load_spelled(json.dumps(value).encode()))) == value
