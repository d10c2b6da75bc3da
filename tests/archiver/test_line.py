"""A message becomes a line, and comes back byte for byte."""

import gzip
import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.support.chunks import read
from tui.archive.envelope import MARK, needs_envelope, unwrap, wrap
from tui.archiver.line import lines_of

odd_bytes = st.binary(max_size=40)
odd_texts = st.text(st.sampled_from('\n\r"\\{}é\u2028\ud83d {"hourscope:body":"'), max_size=30).map(
    lambda text: text.encode("utf-8", "surrogatepass")
)
lookalikes = st.builds(lambda tail: MARK + tail, odd_bytes)
bodies = st.one_of(odd_bytes, odd_texts, lookalikes, st.binary(max_size=9).map(wrap))

ODD = [
    b" ",
    b"x\r",
    b"\xef\xbb\xbfx",
    b'{"a":1}{"b":2}',
    b'[{"a":1}]',
    b'{"Records":[]}',
    b"<html>",
    b"PK\x03\x04",
    bytes(9),
]


@given(bodies)
@example(b"")
@example(b"\n")
@example(b'{"hourscope:body":"x"}')
@example(b'{"hourscope:body:base64":"eA=="}')
@example(b'{"hourscope:body:base64":"eA"}')
@example(b"\xff\n")
def test_what_is_wrapped_comes_back_and_is_one_line_of_json(body: bytes) -> None:
    line = wrap(body)
    assert unwrap(line) == (body if needs_envelope(body) else line)
    assert b"\n" not in line
    assert isinstance(json.loads(line), dict)


@given(bodies)
def test_what_needs_no_envelope_passes_through_unwrap(body: bytes) -> None:
    if not needs_envelope(body):
        assert unwrap(body) == body


@given(st.lists(bodies, max_size=8))
def test_every_body_is_one_line_and_comes_back(some: list[bytes]) -> None:
    block, changed = lines_of(some)
    assert block == b"" or block.endswith(b"\n")
    lines = block.split(b"\n")[:-1]
    assert len(lines) == len(some)
    assert all(lines)
    back = [unwrap(line) for line in lines]
    spaced = [index for index, body in enumerate(some) if back[index] != body]
    assert len(spaced) == changed["json-newline"]
    for index in spaced:
        assert back[index] == some[index].replace(b"\n", b" ")
        assert json.loads(back[index]) == json.loads(some[index])


@pytest.mark.parametrize(
    ("body", "line", "reason"),
    [
        (b'{"a":1}', b'{"a":1}', None),
        (b'{\n  "a": 1\n}\n', b'{   "a": 1 } ', "json-newline"),
        (b"two\nlines", b'{"hourscope:body":"two\\nlines"}', "newline"),
        (b'{"a":1}\n{"b":2}', b'{"hourscope:body":"{\\"a\\":1}\\n{\\"b\\":2}"}', "newline"),
        (b'{"a":"in a\nstring"}', b'{"hourscope:body":"{\\"a\\":\\"in a\\nstring\\"}"}', "newline"),
        ("Grüße\n".encode(), '{"hourscope:body":"Grüße\\n"}'.encode(), "newline"),
        (b"\xff\n", b'{"hourscope:body:base64":"/wo="}', "newline"),
        (b"\xff", b"\xff", None),
        pytest.param(
            bytes(59) + b"\n",
            b'{"hourscope:body:base64":"' + b"AAAA" * 19 + b'AAAK"}',
            "newline",
            id="control characters",
        ),
        (b"", b'{"hourscope:body":""}', "empty"),
        (b'{"hourscope:body":"x"}', b'{"hourscope:body":"{\\"hourscope:body\\":\\"x\\"}"}', "lookalike"),
        (b"[" * 5000 + b"\n", b'{"hourscope:body":"' + b"[" * 5000 + b'\\n"}', "newline"),
        (b" ", b'{"hourscope:body":" "}', "changed"),
        (b"carriage\r", b'{"hourscope:body":"carriage\\r"}', "changed"),
        (b'{"a":1}{"b":2}', b'{"hourscope:body":"{\\"a\\":1}{\\"b\\":2}"}', "changed"),
        (b'{"a":"}{"}', b'{"a":"}{"}', None),
        (b'[{"a":1},{"a":2}]', b'{"hourscope:body":"[{\\"a\\":1},{\\"a\\":2}]"}', "changed"),
        (b'{"Records":[{"a":1}]}', b'{"hourscope:body":"{\\"Records\\":[{\\"a\\":1}]}"}', "changed"),
    ],
)
def test_the_forms(body: bytes, line: bytes, reason: str | None) -> None:
    assert lines_of([b"before", body, b"after"]) == (
        b"before\n" + line + b"\nafter\n",
        {} if reason is None else {reason: 1},
    )


@given(st.lists(st.one_of(bodies, st.sampled_from(ODD)), min_size=1, max_size=8))
def test_a_reader_gives_back_every_message(some: list[bytes]) -> None:
    """The archiver writes ordinary chunks: no message may be mistaken for another form, a page or damage."""
    block, changed = lines_of(some)
    result = read(gzip.compress(block, mtime=0))
    assert result.damage == []
    back = [unwrap(record) for record in result.records]
    assert len(back) == len(some)
    assert sum(one != other for one, other in zip(back, some, strict=True)) == changed["json-newline"]


def test_json_of_another_program_that_only_looks_like_an_envelope_is_left_alone() -> None:
    for line in (
        b'{"hourscope:body":"x","more":1}',
        b'{"hourscope:body" : "x"}',
        b'{"hourscope:body":7}',
        b'{"hourscope:body":"\\ud800"}',
        b'{"hourscope:body:base64":"not base64"}',
        b'{"hourscope:body:zip":"x"}',
        b'{"hourscope:body":"plain"}',
        b'{"hourscope:body":"\\u00e9\\n"}',
        b'{"hourscope:body:base64":"cGxhaW4="}',
    ):
        assert unwrap(line) == line
