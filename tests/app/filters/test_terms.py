"""Terms built from values: each finds the record it came from, as jmespath.py judges it."""

from __future__ import annotations

import json
from typing import Any

import jmespath
from hypothesis import given
from hypothesis import strategies as st

from tui.filter import Filter, Term
from tui.filter.build import (
    ValueComparison,
    comparisons,
    differ_expression,
    equal_expression,
    negated,
    spell_path,
    spell_value,
    term_of,
    whole_of,
)
from tui.printable import printable

texts = st.text(st.characters(codec="utf-8"), max_size=8) | st.sampled_from(["'", "`", "\\", '"', "\\`", "a.b", "\x7f"])
scalars = st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.floats(-1e9, 1e9) | texts
values: st.SearchStrategy[Any] = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3), max_leaves=8
)
records = st.dictionaries(texts, values, min_size=1, max_size=4)


def _places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[tuple[str | int, ...], Any]]:
    inner = (
        list(value.items()) if isinstance(value, dict) else list(enumerate(value)) if isinstance(value, list) else []
    )
    return [(path, value)] * bool(path) + [place for step, item in inner for place in _places(item, (*path, step))]


def _true(truth: Any) -> bool:
    return not (truth is None or truth is False or truth == "" or truth == [] or truth == {})


@given(records, st.data())
def test_a_term_holds_for_its_record_and_its_opposite_does_not(record: dict[str, Any], data: st.DataObject) -> None:
    record = json.loads(json.dumps(record))
    path, value = data.draw(st.sampled_from(_places(record)))
    assert _true(jmespath.search(equal_expression(path, value), record))
    assert not _true(jmespath.search(differ_expression(path, value), record))
    line = json.dumps(record, ensure_ascii=False).encode()
    assert term_of(path, value).compiled.test(line)
    assert not term_of(path, value, only=False).compiled.test(line)


@given(st.lists(texts, min_size=1, max_size=3), values)
def test_a_path_gets_the_value_back(path: list[str], value: Any) -> None:
    record = value
    for step in reversed(path):
        record = {step: record}
    assert jmespath.search(spell_path(path), record) == value


@given(values)
def test_a_spelled_value_is_the_value_and_fit_for_a_terminal(value: Any) -> None:
    spelled = spell_value(value)
    assert jmespath.search(spelled, None) == value
    assert printable(spelled) == spelled


@given(records, values)
def test_a_term_never_raises_on_another_record(record: dict[str, Any], other: Any) -> None:
    for path, value in _places(record):
        jmespath.search(equal_expression(path, value), other)


def test_what_a_person_reads() -> None:
    assert equal_expression(("player", "cdn"), "fastlane") == "player.cdn == 'fastlane'"
    assert equal_expression(("odd key",), "it's") == '"odd key" == `"it\'s"`'
    assert equal_expression(("tags", 0), "live") == "tags[?@ == 'live']"
    assert equal_expression(("items", 2, "name"), None) == "items[?name == `null`]"
    assert differ_expression(("n",), 1) == "n != `1`"
    assert differ_expression(("tags", 0), "live") == "!(tags[?@ == 'live'])"


def _line(record: object) -> bytes:
    return json.dumps(record, ensure_ascii=False).encode("utf-8", "surrogatepass")


@given(records, st.data())
def test_every_line_of_the_menu_uses_the_values_of_its_record(record: dict[str, Any], data: st.DataObject) -> None:
    record = json.loads(json.dumps(record))
    path, value = data.draw(st.sampled_from(_places(record)))
    in_list = any(isinstance(step, int) for step in path)
    for comparison in comparisons(path, value):
        assert printable(comparison.expression) == comparison.expression
        holds = _true(jmespath.search(comparison.expression, record)) if _comparable(comparison, in_list) else None
        if comparison.sign in ("=", "<=", ">=", "^", "$", "~", "#"):
            assert holds is not False, comparison
        elif comparison.sign == "-" or (comparison.sign in "<>" and not in_list):
            assert not holds, comparison
        elif value is not None or not in_list:
            assert holds in (None, (comparison.sign == "*") == (value is not None)), comparison
        if holds is not None:
            assert Term("match", comparison.expression).compiled.test(_line(record)) == holds
        start, stop = comparison.part
        assert not stop or comparison.expression[start:stop] in (spell_value(value)[1:-1], spell_value(value)[2:-2])


def _comparable(comparison: ValueComparison, in_list: bool) -> bool:
    """In a list with values of other types, a comparison or a substring test fails and does not match."""
    return not (in_list and (comparison.sign in ("<", "<=", ">", ">=", "^", "$", "~", "#")))


def test_the_menu_goes_by_type() -> None:
    signs = {kind: [comparison.sign for comparison in comparisons(("a",), kind)] for kind in ("x", 5, True, None)}
    assert signs["x"] == ["=", "-", "<", "<=", ">", ">=", "^", "$", "~", "*", "0"]
    assert signs[5] == ["=", "-", "<", "<=", ">", ">=", "*", "0"] and signs[None] == ["=", "-", "*", "0"]
    said = {comparison.meaning: comparison.expression for comparison in comparisons(("tags", 0), "hd")}
    assert said["begins with"] == "tags[?@ && starts_with(@, 'hd')]"
    assert said["is missing or null"] == "!(tags[?@ != `null`])"
    assert comparisons(("a",), [1, 2])[2].expression == "a && length(a) >= `2`"


kinds = st.sampled_from(
    ["a", "b.c == `1`", "a || b", "a | b", "!(a)", "!(a) && !(b)", "contains(a || '', 'x')", "tags[]"]
)
terms = st.builds(Term, st.just("match"), kinds, st.booleans()) | st.builds(
    Term, st.sampled_from(["grep", "regex"]), st.sampled_from(["a", "b"]), st.booleans(), st.booleans()
)
plain = st.dictionaries(st.sampled_from(["a", "b", "tags"]), st.sampled_from([None, 1, "x", [], {"c": 1}]))


@given(st.lists(terms, max_size=4), plain)
def test_the_whole_is_what_its_terms_are(stack: list[Term], record: dict[str, Any]) -> None:
    filter_ = Filter(tuple(stack))
    whole = whole_of(filter_)
    jmes = [term for term in filter_.active if term.kind == "match"]
    assert len(whole.besides) == len(filter_.active) - len(jmes) and bool(whole.expression) == bool(jmes)
    if whole.expression:
        one = Filter((Term("match", whole.expression),))
        assert one.matches(_line(record)) == Filter(tuple(jmes)).matches(_line(record))


@given(terms, plain)
def test_a_term_inverted_twice_is_itself(term: Term, record: dict[str, Any]) -> None:
    other = negated(term)
    assert negated(other).text == term.text or term.text.startswith("!(")
    assert Filter((negated(other),)).matches(_line(record)) == Filter((term,)).matches(_line(record))
    if term.enabled and not term.text.startswith("contains"):
        assert Filter((other,)).matches(_line(record)) != Filter((term,)).matches(_line(record))


def test_the_whole_lists_the_terms_it_cannot_express() -> None:
    stack = (Term("match", "a || b"), Term("grep", "foo", negated=True), Term("match", "n > `1`"))
    assert whole_of(Filter(stack)).expression == "(a || b) && n > `1`"
    assert whole_of(Filter(stack)).besides == ("no text foo",)
    assert whole_of(Filter(stack[:1], invert=True)).expression == "!(a || b)"
    assert whole_of(Filter()).expression == ""
