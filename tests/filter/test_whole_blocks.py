"""Blocks whose lines are decoded all at once give what each record gives by itself, whatever stands in the lines."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.filter.test_jmespath_layers import documents, expressions, spellings
from tui.archive import Block, ChunkReader
from tui.archive.folder import FolderStore
from tui.errors import FilterError
from tui.filter import Filter, parse_filter
from tui.filter.compiled import NotJsonError
from tui.filter.jmespath import load
from tui.scan.matching import matching_lines

EVENTS = [
    b'{"event":"error","error":{"code":5003},"n":1}',
    b'{"event":"play","n":2.5}',
    b'{"event":"play","n":"2"}',
    b'{"event":"play","error":null,"n":true}',
]
HOSTILE = [
    b"",
    b" ",
    b"\r",
    b"{",
    b"}",
    b"{}{}",
    b'{"n":1}{"n":2}',
    b'{"n":1},{"n":2}',
    b'{"event":"error","error":{"code":5003}}{"n":3}',
    b'{"n":3} {"event":"error","error":{"code":5003},"n":4}',
    b"}{",
    b"[]",
    b"[{}",
    b"{}]",
    b"null",
    b"NaN",
    b'{"event":"error","error":{"code":5003}',
    b'{"event":"error","error":{"code":5003},}',
    b'{"error":{"code":5003},"event":"play","event":"error"}',
    b'{"event":"error","error":{"code":5003}}\r',
    b' {"event":"error","error":{"code":5003}} ',
    b'{"error":"5003","event":"error"}',
    b'{"error":["5003"],"event":"error"}',
    b'{"event":"error","title":"a string }',
    b'{ that goes over the end of a line","error":{"code":5003}}',
    b'{"event":[1,{}',
    b'{"event":2}],"error":{"code":5003}}',
    b'{"event":"\\u0065rror","error":{"cod\\u0065":5.003e3}}',
    b'{"event":"error","error":{"code":5003},"title":"\\ud800"}',
    b'{"event":"error","error":{"code":5003},"title":"\xff"}',
    b'{"event":"error","error":{"code":5003},"title":"\t"}',
    b'{"event":"error\x00","n":1e400}',
    b'{"n":123456789012345678901234567890}',
    b'{"n":-0.0}',
    b'{"n":01}',
    b'{"n":Infinity}',
    b'\xef\xbb\xbf{"n":1}',
    b'{"n":' + b"[" * 5_000 + b"]" * 5_000 + b"}",
    b'{"n":' + b'{"n":' * 2_000 + b"1" + b"}" * 2_000 + b"}",
]
QUESTIONS = [
    "event == 'error' && error.code == `5003`",
    "n > `1`",
    "n > `1` || n == `true`",
    "!(n < `2`)",
    "error",
    "error == null || event != 'play'",
    "contains(event, 'r') && n",
    "`5003` <= error.code",
    "n.n.n[0] == n.n.n",
    "type(n) == 'array' || length(event) > `4`",
    "sort(keys(@))[0] == 'n'",  # no shape: jmespath.py itself
]


def block_of(lines: list[bytes], end: bytes = b"\n") -> Block:
    text = b"\n".join(lines) + end
    return Block(bytearray(text + b'{"event":"error","error":{"code":5003},"n":9}\n'), len(text), 0)


def check(filter_: Filter, block: Block) -> None:
    """The spans and their number are those of one record after another, and so are the records that are not JSON, or
    all of them, where one of those looked at is none.
    """
    alone, spanning, counting = filter_.matcher(), filter_.matcher(), filter_.matcher()
    expected = [span for span in block.spans() if alone.matches(bytes(block.buffer[slice(*span)]))]
    for _ in range(2):  # a matcher remembers what did not go well
        assert list(spanning.spans(block)) == expected
        assert counting.count(block) == len(expected)
    broken = sum(not _is_json(bytes(block.buffer[slice(*span)])) for span in block.spans())
    assert 2 * alone.not_json <= spanning.not_json == counting.not_json <= 2 * broken


def _is_json(record: bytes) -> bool:
    try:
        load(record)
    except NotJsonError:
        return False
    return True


@given(
    lines=st.lists(st.sampled_from(EVENTS), min_size=1, max_size=30),
    hostile=st.lists(st.sampled_from(HOSTILE), max_size=3),
    question=st.sampled_from(QUESTIONS),
    end=st.sampled_from([b"\n", b"", b"\r\n"]),
    invert=st.booleans(),
    data=st.data(),
)
def test_hostile_lines_among_others(
    lines: list[bytes], hostile: list[bytes], question: str, end: bytes, invert: bool, data: st.DataObject
) -> None:
    for line in hostile:
        lines.insert(data.draw(st.integers(0, len(lines))), line)
    check(parse_filter(match=[question], invert=invert), block_of(lines, end))


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_hostile_line_between_plain_ones(question: str) -> None:
    for line in HOSTILE:
        check(parse_filter(match=[question]), block_of([*EVENTS, line, *EVENTS]))


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_value_over_two_lines_is_not_made_up_for_by_two_values_in_one(question: str) -> None:
    for one, other in ((b'{"event":"error }', b'{ "}'), (b'{"event":{"a":1}', b'{"error":1}}')):
        check(parse_filter(match=[question]), block_of([*EVENTS, one, other, b'{"n":3}{"n":4}', *EVENTS]))


@given(expression=expressions, some=st.lists(documents, min_size=1, max_size=4), invert=st.booleans())
def test_any_expression_on_any_documents(expression: str, some: list[object], invert: bool) -> None:
    lines = [line for document in some for line in spellings(document)]
    objects = [line for line in lines if line.startswith(b"{")]
    for chosen in (lines, objects * 3):
        if chosen:
            check(parse_filter(match=[expression], invert=invert), block_of(chosen))


@pytest.mark.parametrize("terms", [["n > `1`", "event == 'play'"], ["n", "event", "error"], ["n", "sort(keys(@))"]])
def test_several_expressions_must_all_hold(terms: list[str]) -> None:
    check(parse_filter(match=terms), block_of(EVENTS * 5))
    check(parse_filter(match=terms), block_of([*EVENTS, b"{}{}", b"nothing", *EVENTS]))


def test_what_goes_at_once_is_not_looked_at_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The other tests would not notice if every block took the slow path."""
    block = block_of(EVENTS * 10)
    monkeypatch.setattr(Block, "records", None)
    for question in QUESTIONS[:8]:
        assert parse_filter(match=[question]).matcher().count(block) >= 0


@pytest.mark.parametrize("junction", ["&&", "||"])
def test_long_chains_and_deep_nests_have_an_answer(junction: str) -> None:
    """Python's parser has limits that must not affect a user's filter."""
    chains = [f" {junction} ".join(f"n != `{n}`" for n in range(3, stop)) for stop in (100, 500, 3_000)]
    nest = "!" * 99 + "(" * 99 + "n == `1`" + ")" * 99
    for question in (*chains, nest):
        try:
            filter_ = parse_filter(match=[question])
        except FilterError as error:
            assert re.search("nested too deep", str(error))
        else:
            check(filter_, block_of(EVENTS * 3))


@given(
    lines=st.lists(st.sampled_from(EVENTS), min_size=20, max_size=60),
    hostile=st.lists(st.sampled_from([line for line in HOSTILE if len(line) < 200]), max_size=4),
    asked=st.sampled_from(
        [*({"match": [question]} for question in QUESTIONS), {"grep": ["5003"]}, {"grep": ["5003"], "match": ["n"]}]
    ),
    data=st.data(),
)
def test_lines_that_are_searched_as_they_are_give_what_settled_ones_give(
    tmp_path_factory: pytest.TempPathFactory,
    lines: list[bytes],
    hostile: list[bytes],
    asked: dict[str, list[str]],
    data: st.DataObject,
) -> None:
    """Where only lines with a hit are looked at, a line of several records may be one of them."""
    for line in hostile:
        lines.insert(data.draw(st.integers(5, len(lines))), line)
    folder = tmp_path_factory.mktemp("lines")
    (folder / "chunk").write_bytes(b"\n".join(lines) + b"\n")

    def matching(*, settled: bool) -> list[bytes]:
        matcher = parse_filter(**asked).matcher()

        def cut(block: Block) -> bytes:
            if settled:
                block.settle()
            return bytes(matching_lines(block, matcher)[0])

        with ChunkReader(FolderStore(folder), "chunk", block_size=256) as reader:
            return [item for item in reader.results(lambda: cut) if isinstance(item, bytes) and item]

    assert b"".join(matching(settled=False)) == b"".join(matching(settled=True))
