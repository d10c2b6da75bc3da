"""`cat --pretty`: the same JSON, with the same spelling, over several lines that are safe to print."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.filter.compiled import NotJsonError
from tui.filter.pretty import json_tokens, pretty_lines
from tui.printable import HOSTILE


def pretty(record: bytes) -> str:
    return b"".join(pretty_lines(record)).decode()


@pytest.mark.parametrize(
    "number",
    ["1e400", "-0", "-0.0", "1.0", "1E5", "1e+05", "1234567890123456789012345", "0.1000", "-1E-400", "9" * 5000],
)
def test_a_number_keeps_its_spelling(number: str) -> None:
    assert (
        pretty(b'{"x":%s,"y":[%s]}' % (number.encode(), number.encode()))
        == f'{{\n  "x": {number},\n  "y": [\n    {number}\n  ]\n}}\n'
    )


def test_repeated_keys_and_escapes_stay() -> None:
    record = rb'{"a":1,"a":{"a":2},"s":"\ud800 \u00e9 \/ \"","e":{},"l":[],"n":[[],{}]}'
    assert pretty(record).splitlines() == [
        "{",
        '  "a": 1,',
        '  "a": {',
        '    "a": 2',
        "  },",
        r'  "s": "\ud800 \u00e9 \/ \"",',
        '  "e": {},',
        '  "l": [],',
        '  "n": [',
        "    [],",
        "    {}",
        "  ]",
        "}",
    ]


@pytest.mark.parametrize(
    ("record", "shown"),
    [("\x7f", r"\u007f"), ("\u202e", r"\u202e"), ("\x9b", r"\u009b"), ("\U000e0041", r"\udb40\udc41")],
)
def test_what_must_not_reach_a_terminal_is_escaped_and_still_the_same(record: str, shown: str) -> None:
    text = pretty(json.dumps({"k" + record: record}, ensure_ascii=False).encode())
    assert shown in text and json.loads(text) == {"k" + record: record}


@pytest.mark.parametrize(
    "record",
    [
        b"", b" ", b"plain", b"{", b"[1,]", b"[,1]", b"[1 2]", b'{"a"}', b'{"a":}', b'{"a":1,}', b"{1:2}",
        b'{"a":1 "b":2}', b"[1}", b'{"a":1]', b"01", b"1.", b".5", b"+1", b"1e", b"NaN", b"Infinity", b"-", b"nul",
        b"truefalse", b"1 2", b"{}{}", b"]", b",", b":", b'"a', b'"\\x"', b'"\\u12"', b'"\x01"', b'"\n"', b"'a'",
        b"[1]x", b'{"a":1}}', b"\xef\xbb\xbf{}", b"\xff", b"[" * 100_000,
    ],
)  # fmt: skip
def test_what_is_not_json_is_refused_before_a_line_is_shown(record: bytes) -> None:
    lines = pretty_lines(record)
    with pytest.raises(NotJsonError):
        next(lines)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
)


@given(values, st.booleans(), st.sampled_from([None, (",", ":"), (" , ", " : ")]))
def test_it_is_what_json_indents(value: object, ascii_only: bool, separators: tuple[str, str] | None) -> None:
    record = json.dumps(value, ensure_ascii=ascii_only, separators=separators).encode("utf-8", "surrogatepass")
    try:
        record.decode()
    except UnicodeDecodeError:  # a lone surrogate has no UTF-8
        return
    text = pretty(record)
    assert json.loads(text) == value
    assert not HOSTILE.search(text.replace("\n", ""))
    if not HOSTILE.search(json.dumps(value, ensure_ascii=ascii_only)):
        assert text == json.dumps(value, indent=2, ensure_ascii=ascii_only) + "\n"


@given(
    st.lists(
        st.sampled_from(
            ["{", "}", "[", "]", ",", ":", '"a"', "1", "-0", "true", " ", '"\\ud800"', "x", "\udcff", '"\udcff"']
        )
    ).map("".join)
)
def test_it_takes_what_json_takes(text: str) -> None:
    try:
        json.loads(text)
    except ValueError:
        with pytest.raises(NotJsonError):
            list(json_tokens(text))
    else:
        assert "".join(json_tokens(text)) == "".join(text.split())


def test_depth_and_length_cost_no_more_than_they_are() -> None:
    """A million brackets neither end in a RecursionError nor grow a hundredfold; pieces are whole lines."""
    deep = b"[" * 200_000 + b"]" * 200_000
    pieces = list(pretty_lines(deep))
    assert sum(map(len, pieces)) < 90 * len(deep)
    assert all(piece.endswith(b"\n") and len(piece) < 200_000 for piece in pieces) and len(pieces) > 100
    escapes = b'"' + rb"\u0041" * 500_000 + b'"'
    assert b"".join(pretty_lines(escapes)) == escapes + b"\n"
