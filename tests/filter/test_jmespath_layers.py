"""Needles, shapes and jmespath.py give the same answer on every record; jmespath.py is the judge."""

import json
import re
from typing import Any

import jmespath
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jmespath import exceptions

from tui.filter import parse_filter
from tui.filter.functions import is_true
from tui.filter.needles import needles
from tui.filter.shapes import compile_shape, compile_values

KEYS = ("a", "b", "code", "event", "weird key", "ü", 'q"uote')
TEXTS = ("", "error", "err", "a/b", 'say "x"', "back\\slash", "Zürich", "東京", "tab\t", "😀", "true", "5")

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from(TEXTS),
    st.sampled_from((0, 1, 5, 5.0, -1, 0.5, 2**70)),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)),
    max_leaves=8,
)
documents = st.one_of(st.dictionaries(st.sampled_from(KEYS), values, max_size=5), values)


def _identifier(key: str) -> str:
    return json.dumps(key, ensure_ascii=False)


paths = st.lists(
    st.one_of(
        st.sampled_from(KEYS).map(lambda key: "." + _identifier(key)), st.sampled_from(("[0]", "[-1]", "[*]", "[]"))
    ),
    min_size=1,
    max_size=4,
).map(lambda steps: "".join(steps).removeprefix(".") if steps[0].startswith(".") else "@" + "".join(steps))
literals = st.one_of(scalars, values).map(lambda value: "`" + json.dumps(value).replace("`", "\\`") + "`")
operands = st.one_of(paths, literals)
ONE = (
    *("abs", "avg", "ceil", "floor", "keys", "length", "max", "min", "not_null", "reverse", "sort", "sum"),
    *("to_array", "to_number", "to_string", "type", "values"),
)
comparators = st.sampled_from(("==", "!=", "<", "<=", ">", ">="))


def _calls(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Every function, with as many arguments as it takes."""
    of_one = st.sampled_from(ONE)
    of_two = st.sampled_from(("contains", "ends_with", "join", "merge", "not_null", "starts_with"))
    by = st.sampled_from(("max_by", "min_by", "sort_by"))
    return st.one_of(
        st.tuples(of_one, inner).map(lambda call: f"{call[0]}({call[1]})"),
        st.tuples(of_two, inner, st.one_of(inner, literals)).map(lambda call: f"{call[0]}({call[1]}, {call[2]})"),
        st.tuples(by, inner, inner).map(lambda call: f"{call[0]}({call[1]}, &{call[2]})"),
        st.tuples(inner, inner).map(lambda call: f"map(&{call[0]}, {call[1]})"),
    )


def _further(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Every kind of expression that contains other expressions."""
    names = st.sampled_from(KEYS).map(_identifier)
    grouped = inner.map(lambda text: f"({text})")
    steps = st.one_of(
        names.map(lambda name: f".{name}"),
        st.sampled_from(("[0]", "[-1]", "[*]", "[]", ".*", "[1:]", "[::-1]", "[:2]")),
        inner.map(lambda text: f"[?{text}]"),
        st.lists(inner, min_size=1, max_size=2).map(lambda parts: f".[{', '.join(parts)}]"),
        st.lists(st.tuples(names, inner), min_size=1, max_size=2).map(
            lambda pairs: ".{" + ", ".join(f"{name}: {text}" for name, text in pairs) + "}"
        ),
        _calls(inner).map(lambda text: f".{text}"),
    )
    return st.one_of(
        st.tuples(grouped, comparators, grouped).map(" ".join),
        st.tuples(inner, comparators, literals).map(lambda parts: f"({parts[0]}) {parts[1]} {parts[2]}"),
        st.tuples(st.one_of(paths, grouped), st.lists(steps, min_size=1, max_size=3).map("".join)).map("".join),
        st.tuples(inner, inner).map(" | ".join),
        st.tuples(inner, st.sampled_from(("&&", "||")), inner).map(lambda parts: f"({' '.join(parts)})"),
        inner.map(lambda text: f"!({text})"),
        _calls(inner),
    )


expressions = st.recursive(operands, _further, max_leaves=6)


def searched(expression: str, document: Any) -> Any:
    """The result of jmespath.py; null if it fails."""
    try:
        return jmespath.search(expression, document)
    except (exceptions.JMESPathError, TypeError, ValueError, ArithmeticError):
        return None


def judged(expression: str, document: Any) -> bool:
    """The truth according to jmespath.py; an expression that fails is false."""
    return is_true(searched(expression, document))


def spellings(document: Any) -> list[bytes]:
    """The same JSON as different writers write it."""
    plain = json.dumps(document, ensure_ascii=False)
    return [
        plain.encode(),
        json.dumps(document).encode(),
        json.dumps(document, ensure_ascii=False, separators=(",", ":")).replace("/", "\\/").encode(),
        json.dumps(document, indent=1).replace("\n", " ").encode(),
        escaped(plain, r"[^\W_]").encode(),
        escaped(plain, "[rü]").encode(),
        *(renumbered(plain, end).encode() for end in (".0", "e0", "00E-2")),
    ]


def renumbered(text: str, end: str) -> str:
    """The same JSON with its integers spelled in another way (`5.0`, `5e0`); 0 stays, as `000E-2` is not JSON."""
    strings_and_integers = r'"(?:[^"\\]|\\.)*"|(?<![\d.eE+-])(-?[1-9]\d*)(?![\d.eE])'
    return re.sub(strings_and_integers, lambda match: match[0] if match[1] is None else match[1] + end, text)


def escaped(text: str, characters: str) -> str:
    """The same JSON with these characters of its strings spelled as \\uXXXX."""

    def spelled(match: re.Match[str]) -> str:
        return match[0] if match[1] is None else f"\\u{ord(match[1]):04X}"

    return re.sub(r'"(?:[^"\\]|\\.)*"', lambda match: re.sub(rf"\\.|({characters})", spelled, match[0]), text)


@given(expressions, documents)
def test_all_layers_agree(expression: str, document: Any) -> None:
    chosen = parse_filter(match=[expression])
    for record in spellings(document):
        assert chosen.matches(record) is judged(expression, json.loads(record)), record


@pytest.mark.parametrize("document", [{"a": {"x": 1}}, {"a": [{"x": 0}], "b": [[]]}, {"a": 0}, {}, {"b": "x"}])
@pytest.mark.parametrize(
    "expression",
    [
        "not_null(a[*].x, `0`)",  # a list that the expression makes, or a number: 0 is true
        "(a[] || `0`) | @",
        "[b[*], `-0.0`][1]",
        "not_null(a.*, length(@))",
        "(@ && b[*]).x",  # the record, or a list that the expression makes
        "(@ && a[0]).x",
        "not_null(a, @).a",
        "(b || @) | [a, b]",
        "to_array(b || @)[0].a",
    ],
)
def test_a_value_may_have_several_origins(expression: str, document: Any) -> None:
    record = json.dumps(document).encode()
    assert parse_filter(match=[expression]).matches(record) is judged(expression, document)
    values = compile_values([jmespath.compile(expression).parsed])
    assert values is not None
    assert values(memoryview(record)) == [[searched(expression, document)]]


@given(st.lists(expressions, min_size=1, max_size=3), st.lists(documents.filter(lambda value: isinstance(value, dict))))
def test_values_of_several_expressions(asked: list[str], some: list[Any]) -> None:
    values = compile_values([jmespath.compile(expression).parsed for expression in asked])
    lines = "".join(json.dumps(document) + "\n" for document in some)
    assert values is not None
    columns = values(memoryview(lines.encode()))
    assert repr(columns) == repr([[searched(one, document) for document in some] for one in asked])


@given(expressions, documents)
def test_a_matching_record_holds_every_needle(expression: str, document: Any) -> None:
    texts = needles(jmespath.compile(expression).parsed)
    for record in spellings(document):
        if judged(expression, json.loads(record)):
            assert all(any(text in record for text in needle.spellings) for needle in texts), record


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("event == 'error'", [{b'"error"'}, {b'"event"'}]),
        ("event == 'error' && error.code == `5003`", [{b'"event"'}, {b'"error"'}, {b'"code"'}]),
        ("event == 'play' || event == 'pause'", [{b'"play"', b'"pause"'}]),
        ("event != 'error'", []),
        ("!event", []),
        ("player.position > `300`", [{b'"position"'}, {b'"player"'}]),
        ("fatal == `true`", [{b'"fatal"'}, {b"true"}]),
        ("x == `5`", [{b'"x"'}]),
        ("a[*].bcd[*].efg", [{b'"a"'}, {b'"bcd"'}]),
        ("contains(video.title, 'Paris')", [{b"Paris"}, {b'"video"'}, {b'"title"'}]),
        ("starts_with(video.title, 'Par')", [{b'"Par'}, {b'"video"'}, {b'"title"'}]),
        ("type(video) == 'object'", []),
        ("a | 'yes'", []),
        ("tags[?name == 'fast/lane'].value", [{b'"value"'}, {b'"tags"'}, {b'"name"'}, {b'"fast'}]),
        ("to_string(@) == 'xyz'", [{b"xyz"}]),
        ("items[?sku == 'S1'] | [0]", [{b'"S1"'}, {b'"items"'}, {b'"sku"'}]),
        ("items[*].sku | contains(@, 'S1')", [{b'"S1"'}, {b'"items"'}, {b'"sku"'}]),
        ("sort_by(items, &price)[-1].sku == 'S1'", [{b'"S1"'}, {b'"items"'}, {b'"price"'}, {b'"sku"'}]),
        ("length(items[?sku == 'S1']) > `0`", [{b'"S1"'}, {b'"items"'}, {b'"sku"'}]),
        ("length(items[?sku == 'S1']) >= `0`", [{b'"items"'}]),
        ("max(items[*].sku) == 'S1'", [{b'"S1"'}, {b'"items"'}, {b'"sku"'}]),
        ("keys(@) | contains(@, 'S1')", [{b'"S1"'}]),
        ("not_null(abc, bcd) == 'S1'", [{b'"S1"'}, {b'"abc"', b'"bcd"'}]),
        ("contains(['play', 'stop'], event)", []),  # the elements of a multi-select are not literals
        ('contains(`["play", "stop"]`, event)', [{b'"play"', b'"stop"'}, {b'"event"'}]),
        ("contains(abc, `true`)", [{b'"abc"'}]),  # in Python, 1 is in [true]
        ("contains(to_string(@), 'trouble')", [{b"rouble"}]),
        ("contains(to_string(@), 'true')", []),
        ("contains(to_string(@), 'cafe 5003')", []),  # of an escape, of a number
        ("join('', abc) == 'play'", [{b'"abc"'}]),
    ],
)
def test_needles_of_common_expressions(expression: str, expected: list[set[bytes]]) -> None:
    alternatives = {needle.texts for needle in needles(jmespath.compile(expression).parsed)}
    assert alternatives == {frozenset(texts) for texts in expected}


@pytest.mark.parametrize(
    ("text", "escapes"),
    [
        ("error", [b"\\u006", b"\\u007"]),  # not \\u00e9: an é is none of its letters
        ("No. 5", [b"\\u002", b"\\u003", b"\\u004", b"\\u006"]),
        ("Zürich", [b"\\u"]),
    ],
)
def test_how_a_text_may_be_spelled(text: str, escapes: list[bytes]) -> None:
    (needle, _) = needles(jmespath.compile(f"title == '{text}'").parsed)
    assert needle.spellings == (f'"{text}"'.encode(), *escapes)


@pytest.mark.parametrize(("expression", "translated"), [("map(&@, a)[0]", True), ("to_string(&a)", False)])
def test_only_an_expression_as_a_value_is_not_translated(expression: str, translated: bool) -> None:
    assert (compile_shape(jmespath.compile(expression).parsed) is not None) is translated


@pytest.mark.parametrize(
    "record",
    [b"", b"  ", b"{", b'{"event": error}', b"NaN", b"\xff", b'{"event":"error"} x', b'{"event":"error",}'],
)
def test_a_record_that_is_not_json_is_counted_and_does_not_match(record: bytes) -> None:
    matcher = parse_filter(match=["event || !event"]).matcher()
    assert not matcher.matches(record)
    assert matcher.not_json == 1


@pytest.mark.parametrize(
    ("record", "expression"),
    [
        (b'{"event":"\\u0065rror"}', "event == 'error'"),
        (b'{"ev\\u0065nt":"error"}', "event == 'error'"),
        (b'{"event":"error","title":"\\ud800"}', "event == 'error'"),
        (b'{"event":"error","title":"\xff"}', "event == 'error'"),
        (b'{"n":123456789012345678901234567890}', "n == `123456789012345678901234567890`"),
        (b'{"n":5e2}', "n == `500`"),
        (b'{"event":"first","event":"error"}', "event == 'error'"),
        (b'{"a":{"b":1}}\r', "a.b == `1`"),
        (b'{"a":"x\\u000aabcxyz"}', "contains(to_string(@), 'nabcxyz')"),  # JSON text of it has \\nabcxyz
        ('{"a":"ê xyzw"}'.encode(), "contains(to_string(@), '00ea xyzw')"),
        (b'{"a":"x","a":{"b":[{"c":"error"}]}}', "a.b[?c == 'error'] | [0]"),
        (b'{"items":[{}, {"x":1}]}', "items[1] && !items[0]"),
        (b'{"items":"none","n":1}', "!(items[?x > `1`]) && n"),
    ],
)
def test_spellings_that_a_fast_way_could_miss(record: bytes, expression: str) -> None:
    assert parse_filter(match=[expression]).matches(record)
