"""Completion from the data: what is offered is there, goes on from what is typed, and can be taken."""

from __future__ import annotations

import json
from typing import Any

import jmespath
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jmespath.functions import Functions

from tui.app.filters.completion import SIGNATURES, Completion, complete
from tui.app.filters.cursor import SampleNode, tree_of
from tui.filter.build import spell_name, spell_path
from tui.filter.fields import Fields
from tui.printable import printable

RECORDS: list[dict[str, Any]] = [
    {
        "event": event,
        "n": n,
        "live": n == 2,
        "player": {"version": f"4.{n}", "odd key": "it's"},
        "tags": ["hd", "live"],
        "items": [{"name": "a", "kind": "x", "parts": [{"size": n}]}, {"name": "b", "kind": "y", "parts": []}],
    }
    for n, event in enumerate(["play", "play", "error", "stop"])
]


def _tree(records: list[dict[str, Any]]) -> SampleNode:
    fields = Fields()
    fields.feed(json.dumps(record).encode() for record in records)
    return tree_of(fields.summarize(top=100))


TREE = _tree(RECORDS)


def offered(typed: str, kinds: str = "path value function") -> list[str]:
    """Return the completions at the last `|`."""
    cursor = typed.rindex("|")
    completion = complete(typed[:cursor] + typed[cursor + 1 :], cursor, TREE)
    return [suggestion.text for suggestion in completion.suggestions if suggestion.kind in kinds]


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("ev|", ["event"]),
        ("EV|", ["event"]),
        ("player.|", ["version", '"odd key"']),
        ("player.ver|", ["version"]),
        ('player."odd|', ['"odd key"']),
        ("vers|", ["player.version"]),
        ("event == |", ["'play'", "'error'", "'stop'"]),
        ("event == 'e|", ["'error'"]),
        ("event == err|", ["'error'"]),
        ("event == '|rror'", ["'play'", "'error'", "'stop'"]),
        ("n == |", ["`0`", "`1`", "`2`", "`3`"]),
        ("n > 2|", ["`2`"]),
        ("n > 25|", ["`25`"]),
        ('player."odd key" == \'|', ['"it\'s"'.join("``")]),
        ("items[?|", ["name", "kind", "parts"]),
        ("items[?name == |", ["'a'", "'b'"]),
        ("items[?name == 'a' && ki|", ["kind"]),
        ("items[?name == 'a'].|", ["name", "kind", "parts"]),
        ("items[0].|", ["name", "kind", "parts"]),
        ("items[*].parts[].|", ["size"]),
        ("items[?parts[?si|", ["size"]),
        ("tags[?@ == '|", ["'hd'", "'live'"]),
        ("contains(tags, '|", ["'hd'", "'live'"]),
        ("contains(|", ["event", "n", "live", "player", "tags", "items"]),
        ("contains(event, 'er|", ["'error'"]),
        ("starts_with(event, |", ["'play'", "'error'", "'stop'"]),
        ("contains(items[].na|", ["name"]),
        ("sort_by(items, &|", ["name", "kind", "parts"]),
        ("max_by(items, &na|", ["name"]),
        ("items | [?na|", ["name"]),
        ("items | [0].ki|", ["kind"]),
        ("(player).ve|", ["version"]),
        ("length(tags) > `1` && pl|", ["player"]),
        ("[event, pl|", ["player"]),
        ("player.[ve|", ["version"]),
        ("{a: player.ve|", ["version"]),
        ("!(event == 'st|", ["'stop'"]),
        ("player.ver| == 'x'", ["version"]),
        ("ev|ent", []),
        ("event == 'error' |", []),
        ("items[|", []),
        ("nothing.|", []),
    ],
)
def test_what_is_offered(typed: str, first: list[str]) -> None:
    texts = offered(typed, "path value")
    assert texts[: len(first)] == first and (first or not texts)


def test_functions_come_with_their_signatures() -> None:
    (only,) = complete("starts", 6, TREE).suggestions
    assert (only.text, only.about, only.kind) == ("starts_with(", "(string, begin) → boolean", "function")
    assert "contains(" in offered("event == 'x' && con|") and "keys(" in offered("length(ke|")


def test_every_function_is_known_with_its_arguments() -> None:
    assert set(SIGNATURES) == set(Functions.FUNCTION_TABLE)
    for name, signature in SIGNATURES.items():
        taken = signature.partition(")")[0].strip("(").split(", ")
        known = Functions.FUNCTION_TABLE[name]["signature"]
        assert len(taken) - ("…" in taken) == len(known), name


def test_taking_one_replaces_the_word_under_the_cursor() -> None:
    text = "player.ver == 'x'"
    completion = complete(text, 9, TREE)
    assert completion.taken(text, completion.suggestions[0]) == ("player.version == 'x'", 14)
    text = "event == 'er' && n > `1`"
    completion = complete(text, 11, TREE)
    assert completion.taken(text, completion.suggestions[0])[0] == "event == 'error' && n > `1`"


names = st.sampled_from(["a", "b", "odd key", "ü", 'q"', "back\\slash"])
scalars = st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(["x", "it's", "`", "\\", "ünï"])
values: st.SearchStrategy[Any] = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(names, inner, max_size=3), max_leaves=6
)


@given(st.text(alphabet="ab.[]?*&|()'\"`\\,!=<>@{}: 01ü", max_size=24), st.data())
def test_no_text_is_too_broken(text: str, data: st.DataObject) -> None:
    cursor = data.draw(st.integers(0, len(text)))
    completion = complete(text, cursor, TREE)
    assert 0 <= completion.start <= cursor <= completion.end <= len(text)


@pytest.mark.parametrize(
    ("typed", "partial"),
    [
        ("ev|", True),
        ("event|", False),
        ("player.ver|", True),
        ("items[?na|", True),
        ("event == 'x' && pl|", True),
        ("zz|", False),
        ("len|", False),  # of a function, and no name of the data
        ("event == 'e|", False),
        ("n == 2|", False),
        ("|", False),
    ],
)
def test_the_beginning_of_a_name_is_known_as_one(typed: str, partial: bool) -> None:
    assert complete(typed[:-1], len(typed) - 1, TREE).partial == partial


def _paths(value: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    if not isinstance(value, dict):
        return []
    return [
        path_inside for name, inner in value.items() for path_inside in ((*path, name), *_paths(inner, (*path, name)))
    ]


def _all_taken(completion: Completion, text: str) -> list[str]:
    return [completion.taken(text, suggestion)[0] for suggestion in completion.suggestions]


@given(st.dictionaries(names, values, min_size=1, max_size=3), st.data())
def test_every_path_of_the_sample_is_offered_from_its_beginning(record: dict[str, Any], data: st.DataObject) -> None:
    record = json.loads(json.dumps(record))
    path = data.draw(st.sampled_from(_paths(record)))
    whole = spell_path(path)
    before = whole[: len(whole) - len(spell_name(path[-1]))]
    typed = before + spell_name(path[-1])[: data.draw(st.integers(0, 1))]
    assert typed == whole or whole in _all_taken(complete(typed, len(typed), _tree([record])), typed)


@given(st.dictionaries(st.text(max_size=3), st.text(max_size=3), min_size=1, max_size=3))
def test_what_is_offered_is_fit_for_a_terminal(record: dict[str, str]) -> None:
    tree = _tree([json.loads(json.dumps(record))])
    for text in ("", *(f"{spell_name(name)} == " for name in record)):
        for suggestion in complete(text, len(text), tree).suggestions:
            assert printable(suggestion.text) == suggestion.text and printable(suggestion.about) == suggestion.about


@given(st.dictionaries(names, values, min_size=1, max_size=3), st.data())
def test_every_value_that_is_offered_finds_a_record(record: dict[str, Any], data: st.DataObject) -> None:
    record = json.loads(json.dumps(record))
    path = data.draw(st.sampled_from(_paths(record)))
    text = f"{spell_path(path)} == "
    completion = complete(text, len(text), _tree([record]))
    for suggestion in completion.suggestions:
        if suggestion.kind == "value":
            assert jmespath.search(completion.taken(text, suggestion)[0], record) is True
