"""What a filter that matches nothing probably meant, judged by the types in a sample of the records."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.errors import FilterError
from tui.filter import Filter, Term, parse_filter
from tui.filter.hints import FieldSample, Hint, hints, may_mislead

RECORDS = [
    {
        "event": "error" if n % 3 == 0 else "ok",
        "status": 200 + n % 5 * 100,
        "error": {"code": 5003 if n % 3 == 0 else 0},
        "player": {"version": "4.13.0"},
        "tags": ["live", "x"],
        "numbers": [1, n],
        "items": [{"sku": "S1", "qty": n}],
        "latency": str(10 * n),
        "live": n % 2 == 0,
        "level": "warn",
        "message": "upstream timeout",
        "nothing": None,
        'odd "key"': 1,
    }
    for n in range(10)
]


def sample_of(*records: bytes) -> FieldSample:
    sample = FieldSample()
    sample.feed(records or [json.dumps(record, separators=(",", ":")).encode() for record in RECORDS])
    return sample


def hints_of(**texts: list[str]) -> tuple[Hint, ...]:
    return hints(parse_filter(**texts), sample_of())  # type: ignore[arg-type]


# The expression, a part of the sentence, and the expression that is offered instead.
SLIPS = [
    (
        'level == "warn"',
        '"warn" in double quotes names a field, and no record has a field of that name',
        "level == 'warn'",
    ),
    ('"warn" == level', "no record has a field of that name", "'warn' == level"),
    ('@.level == "warn"', "no record has a field of that name", "@.level == 'warn'"),
    ("level == warn", "warn without quotes names a field", "level == 'warn'"),
    ('event == "error"', "names the field error, which is an object", "event == 'error'"),
    ('status == "200"', "in double quotes", "status == `200`"),
    ("live == true", "true without quotes names a field", "live == `true`"),
    ('contains(tags, "x")', "in double quotes", "contains(tags, 'x')"),
    ('contains(@.message, "upstream")', "in double quotes", "contains(@.message, 'upstream')"),
    ('contains(numbers, "1")', "in double quotes", "contains(numbers, `1`)"),
    ('starts_with(message, "up")', "in double quotes", "starts_with(message, 'up')"),
    ('items[?sku == "S1"]', "in double quotes", "items[?sku == 'S1']"),
    ('type(event) == "string"', "in double quotes", "type(event) == 'string'"),
    ("error.code == '5003'", "error.code is a number here", "error.code == `5003`"),
    ("'5003' == error.code", "error.code is a number here", "`5003` == error.code"),
    ("status > '300'", "status is a number here", "status > `300`"),
    ("latency == `20`", "latency is text here, and `20` is a number", "latency == '20'"),
    ("live == 'true'", "live is true or false here", "live == `true`"),
    ("latency < `50`", "< between text and a number gives null", "to_number(latency) < `50`"),
    ("items[?qty > '3']", "qty is a number here", "items[?qty > `3`]"),
    ("tags == 'live'", "tags is a list here", "contains(tags, 'live')"),
    ("tags[*] == 'live'", "never equals one of its items", "contains(tags[*], 'live')"),
    ("items[*].sku == 'S1'", "never equals one of its items", "contains(items[*].sku, 'S1')"),
    ("items.sku == 'S1'", "items is a list here, and its items have sku", "items[?sku == 'S1']"),
    ("items.sku", "items is a list here, and its items have sku", "items[].sku"),
    ("contains(status, '50')", "contains() needs text or a list", "contains(to_string(status), '50')"),
    ("contains(numbers, '1')", "numbers holds a number here", "contains(numbers, `1`)"),
    ("starts_with(tags, 'li')", "tags is a list here", "tags[?starts_with(@, 'li')]"),
    ("event == 'ok' | status == `200`", "'or' is written ||", "event == 'ok' || status == `200`"),
    ("!event == 'error'", "! applies only to event, and true or false never equals 'error'", "!(event == 'error')"),
    ("live && ! status == `200`", "! applies only to status", "live && ! (status == `200`)"),
    ("!event != 'error'", "! applies only to event", "!(event != 'error')"),
    ("event == 'ok' || 'error'", "'error' alone is true for every record", "event == 'ok' || event == 'error'"),
    ("live && status == `500` || `200`", "`200` alone is true", "live && status == `500` || status == `200`"),
    ("player.verison == '4.13.0'", "did you mean player.version?", "player.version == '4.13.0'"),
    ("playerVersion == '4.13.0'", "did you mean player.version?", "player.version == '4.13.0'"),
    ("version == '4.13.0'", "did you mean player.version?", "player.version == '4.13.0'"),
    ("Level == 'warn'", "did you mean level?", "level == 'warn'"),
    ("level == 'WARN'", "level is never 'WARN' in the records sampled; did you mean 'warn'?", "level == 'warn'"),
    ("level == 'wran'", "did you mean 'warn'?", "level == 'warn'"),
    ("'event' == 'error'", "compares two constants, not a field; field names have no quotes", "event == 'error'"),
    ("'error' == 'event'", "compares two constants", "'error' == event"),
    ("`\"level\"` == 'warn'", "compares two constants", "level == 'warn'"),
    ("'status' == '200'", "compares two constants", "status == `200`"),
    ("'player.version' != '4.12.0'", "compares two constants", "player.version != '4.12.0'"),
    ("items[?'sku' == 'S1']", "compares two constants", "items[?sku == 'S1']"),
    ("event == 'err*'", "== compares whole texts, where * is not a wildcard", "starts_with(event, 'err')"),
    ("'*ror' == event", "* is not a wildcard", "ends_with(event, 'ror')"),
    ("message == '*time*'", "* is not a wildcard", "contains(message, 'time')"),
    ("message == 'up*out'", "* is not a wildcard", "(starts_with(message, 'up') && ends_with(message, 'out'))"),
    ("event != 'err%'", "!= compares whole texts, where % is not a wildcard", "!starts_with(event, 'err')"),
    ("event == 'err.*'", "where .* is not a wildcard", "starts_with(event, 'err')"),
    ('event == "err*"', "* is not a wildcard", "starts_with(event, 'err')"),
    ("tags == 'li*'", "* is not a wildcard", "tags[?starts_with(@, 'li')]"),
    ("items[?sku == 'S*']", "* is not a wildcard", "items[?starts_with(sku, 'S')]"),
    ("lvel == \"warn\" && event == 'error'", "did you mean level?", "level == 'warn' && event == 'error'"),
]


@pytest.mark.parametrize(("expression", "words", "offered"), SLIPS)
def test_a_slip_is_named_and_the_expression_offered_matches(expression: str, words: str, offered: str) -> None:
    hints_ = hints_of(match=[expression])
    assert any(words in hint.sentence for hint in hints_), hints_
    assert hints_[-1].term == Term("match", offered)
    assert (
        hints_[-1].matches == sum(parse_filter(match=[offered]).matches(record) for record in sample_of().records) > 0
    )
    assert f"which matches {hints_[-1].matches} of the 10 records sampled" in str(hints_[-1])


@pytest.mark.parametrize("expression", ["'error'", "`[1]`", "'a' || event == 'b'", "event == 'error' && 'play'"])
def test_a_text_that_is_a_condition_of_its_own_is_named_though_records_match(expression: str) -> None:
    filter_ = parse_filter(match=[expression])
    assert may_mislead(filter_)
    (hint,) = hints(filter_, sample_of(), matched=True)
    assert "alone is true for every record" in hint.sentence
    assert hint.term is None


@pytest.mark.parametrize(
    "expression",
    [
        "event == 'fatal'",  # right, and it just does not occur
        "error.code == `4001`",
        "contains(tags, 'dead')",
        "status > `700`",
        "level < 'a'",
        "event == 'fatal*'",
        "event == '*'",
        "items[?sku == 'S2']",
        "numbers[0] == `5`",
        "event == level",
        "nothing == `null` && event == 'fatal'",
        "length(tags) > `5`",
        "items[?qty > `100`] | [0]",
        "sum(numbers) > `1000`",
        '"odd \\"key\\"" == `2`',
        "error.code",
        "!live == `true` && event == 'fatal'",
        "event == 'fatal' || `false`",
        "items[?sku == 'S2' || qty > `900`]",
        "not_null(event, 'fatal') == 'fatal'",
        "(level || 'fatal') == 'fatal'",
    ],
)
def test_what_is_right_gets_no_hint(expression: str) -> None:
    assert hints_of(match=[expression]) == ()


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("nosuch == 'x'", "no record has the field nosuch (of 10 sampled)"),
        ("error.code == 'abc'", "error.code is a number here, and 'abc' is text"),
        ("player == '4.13.0'", "player is an object here, and '4.13.0' is text"),
        ("level > `5`", "> between text and a number gives null"),
        ("nothing == 'x'", "nothing is null in every record"),
        ("'nosuch' == 'x'", "'nosuch' == 'x' compares two constants"),
        ("`1` == `2`", "compares two constants"),
    ],
)
def test_a_slip_without_a_correction_is_a_sentence(expression: str, words: str) -> None:
    hints_ = hints_of(match=[expression])
    assert [words in hint.sentence and hint.term is None for hint in hints_] == [True]


def test_a_word_that_is_not_a_field_is_searched_for_as_text() -> None:
    assert hints_of(match=["timeout"])[0].term == Term("grep", "timeout")
    assert hints_of(match=["nosuch"])[0].term is None


@pytest.mark.parametrize(
    ("text", "words", "offered"),
    [
        ("up.*out", "-g is literal text, not a regex", ("regex", "up.*out")),
        (r"\d+", "not a regex", ("regex", r"\d+")),
        ("[0-9]{4}", "not a regex", ("regex", "[0-9]{4}")),
        ("fatal|timeout", "not a regex", ("regex", "fatal|timeout")),
        ("^{", "not a regex", ("regex", "^{")),
        ("*timeout*", "* is not a wildcard", ("grep", "timeout")),
        ("up*out", "* is not a wildcard", ("regex", "up.*out")),
        ("TimeOut", "another case", ("grep", "TimeOut")),
        ('"event": "error"', "no space after ':'", ("grep", '"event":"error"')),
        ('"level": "warn", "message"', "no space after ':'", ("grep", '"level":"warn","message"')),
    ],
)
def test_a_text_that_is_not_one(text: str, words: str, offered: tuple[str, str]) -> None:
    (hint,) = hints_of(grep=[text])
    assert words in hint.sentence and hint.term is not None
    assert (hint.term.kind, hint.term.text, hint.term.ignore_case) == (*offered, text == "TimeOut")
    assert hint.matches == sample_of().matches(hint.term) > 0


@pytest.mark.parametrize(
    ("content", "options", "sentence"),
    [
        (b"", {}, "is empty; an empty list matches nothing"),
        (b"TimeOut\nx y\n", {}, "another case; try -i -f"),
        (b'"upstream" ,\n', {}, "spaces or quotes around them; without those they match 10 of the records sampled"),
        (b"timeou\n", {"words": True}, "only as part of a word; try -f"),
        (b"nowhere\n", {}, ""),
        (b"nowhere\n\n", {}, "has an empty line, which matches every record; remove it"),
    ],
)
def test_a_list_that_matches_nothing_or_everything(
    tmp_path: Path, content: bytes, options: dict[str, bool], sentence: str
) -> None:
    (tmp_path / "ids").write_bytes(content)
    sentences = hints(parse_filter(file=[str(tmp_path / "ids")], **options), sample_of())
    assert sentence in " ".join(map(str, sentences)) and bool(sentences) is bool(sentence)


def test_a_text_that_is_the_name_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "ids").write_bytes(b"timeout\n")
    (hint,) = hints_of(grep=[str(tmp_path / "ids")])
    assert "-f searches for its lines" in str(hint)


def test_a_word_that_is_a_part_of_one() -> None:
    (hint,) = hints(parse_filter(grep=["timeou"], words=True), sample_of())
    assert "only as part of a word; try -g timeou, which matches 10 of the 10" in str(hint)


def test_spaces_may_be_the_other_way_round() -> None:
    sample = sample_of(b'{"event": "error", "status": 500}')
    (hint,) = hints(parse_filter(grep=['"event":"error"']), sample)
    assert hint.term == Term("grep", '"event": "error"') and hint.matches == 1
    (hint,) = hints(parse_filter(regex=['"status":5..']), sample)
    assert hint.term == Term("regex", '"status": 5..')


@pytest.mark.parametrize("text", ["nowhere", "a.b", "$1", "what?", "[x]", "*", "timeout"])
def test_a_text_that_just_does_not_occur_gets_no_hint(text: str) -> None:
    assert hints_of(grep=[text]) == ()
    assert hints_of(not_grep=[text]) == ()


def test_the_sample_decides_what_a_name_is() -> None:
    """Where it is a field, `event == "error"` compares two; where a field has both types, either may be meant."""
    both = sample_of(b'{"event":"a","error":"b"}', b'{"event":"a","error":"c"}')
    assert hints(parse_filter(match=['event == "error"']), both) == ()
    mixed = sample_of(b'{"code":"5003"}', b'{"code":5003}')
    assert hints(parse_filter(match=["code == '7'"]), mixed) == ()
    assert hints(parse_filter(match=["code == '7'"]), sample_of(b"no JSON", b"[1]")) == ()


def test_what_matches_by_mistake_is_named_too() -> None:
    """`event == "gone"` holds for every record that has neither; `!= '5003'` holds for every number."""
    sample = sample_of(b'{"event":"a"}', b'{"code":5003}')
    for expression in ('event == "gone"', "code != '5003'", "!(code == '5003')", "event == gone"):
        filter_ = parse_filter(match=[expression])
        assert filter_.matches(b'{"x":1}') and may_mislead(filter_)
        assert [hint.slip for hint in hints(filter_, sample, matched=True)] == [True]
    assert may_mislead(parse_filter(match=["code == '5003'"], invert=True))
    for texts in ({"match": ["event == 'a'"]}, {"grep": ["a"]}, {"match": ["contains(event, 'a')"]}):
        assert not may_mislead(parse_filter(**texts))  # type: ignore[arg-type]
    rare = parse_filter(match=["nosuch == 'x' || event == \"a\""])
    assert len(hints(rare, sample)) == 2
    assert len(hints(rare, sample, matched=True)) == 1, "a field that the sample does not have may be in the matches"


WORDS = (
    """event error code "x" '5003' `5` `{` == != < && || ! ( ) [ [? ] [0] [*] [] . , @ | & { } : * contains( length("""
)
pieces = st.sampled_from([*WORDS.split(), "starts_with(tags, ", " "])


@given(st.lists(pieces, max_size=12).map("".join))
def test_whatever_is_written_a_hint_is_an_expression_that_can_be_used(expression: str) -> None:
    try:
        filter_ = Filter((Term("match", expression),))
    except FilterError:
        return
    for hint in hints(filter_, sample_of()):
        assert hint.sentence and (hint.term is None or hint.term.compiled)


def test_hints_are_bounded() -> None:
    sample = FieldSample()
    sample.feed([b'{"a":"%s"}' % (b"x" * (2 << 20))] * 3 + [b'{"a":1}'] * 5000)
    assert len(sample.records) == 1000 and sample.full
    assert hints(parse_filter(match=[" || ".join(["a == 'x'"] * 300)], grep=["y" * 100_000]), sample)[1:] == ()
