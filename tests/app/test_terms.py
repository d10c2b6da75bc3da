"""Terms built from values: each finds the record it came from, as jmespath.py judges it."""

from __future__ import annotations

import json
from typing import Any

import jmespath
from hypothesis import given
from hypothesis import strategies as st

from tui.filter.build import differ_expression, equal_expression, spell_path, spell_value, term_of
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
    return [(path, value)] * bool(path) + [found for step, each in inner for found in _places(each, (*path, step))]


def _true(found: Any) -> bool:
    return not (found is None or found is False or found == "" or found == [] or found == {})


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
