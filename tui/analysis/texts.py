"""Objects and lists that are kept as they are spelled: what is in them, decoded once for all records that have them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from tui.analysis.gathered_field import TYPES, GatheredField, unlike_numbers
from tui.analysis.places import Place, Text
from tui.filter.fields import ANY, FieldPath
from tui.filter.jmespath import load

_Fact: TypeAlias = tuple[int, str, Any]  # the number of a place, and what is there
_VALUE, _OTHER, _THERE = "value", "other", "there"


def each_text(texts: Iterable[Text]) -> set[bytes]:
    """Every text, also those that are in one list."""
    found: set[bytes] = set()
    for text in texts:
        found |= {text} if isinstance(text, bytes) else text
    return found


def fields_of_texts(path: FieldPath, texts: Mapping[Text, int]) -> tuple[dict[FieldPath, GatheredField], bool]:
    """The fields at a place and below, and whether they are all.

    What is true of a text is true of the records that have it, once for each.
    """
    root = Place(path, numbered=True)
    numbers = {text: number for number, text in enumerate(sorted(each_text(texts)))}
    for one, number in numbers.items():
        root.add_value(load(one), number)
    places = list(root.all())
    facts: dict[_Fact, int] = {}
    of_text: list[set[int]] = [set() for _ in numbers]
    for text_number, fact in _facts(places):
        of_text[text_number].add(facts.setdefault(fact, len(facts)))
    totals = [0] * len(facts)
    for text, times in texts.items():
        held = [of_text[numbers[inner]] for inner in ((text,) if isinstance(text, bytes) else text)]
        for fact_number in held[0] if len(held) == 1 else set().union(*held):
            totals[fact_number] += times
    return _fields(places, dict(zip(facts, totals, strict=True))), not any(place.full for place in places)


def _facts(places: Sequence[Place]) -> Iterator[tuple[int, _Fact]]:
    """What is true of each text: which values it has where, which objects and lists, and that it has some value."""
    for number, place in enumerate(places):
        for text, value in zip(place.records or (), map(unlike_numbers, place.values), strict=True):
            yield text, (number, _VALUE, value)
            if value is not None:
                yield text, (number, _THERE, None)
        for kind, texts in place.others.items():
            for text in texts:
                yield text, (number, _OTHER, kind)


def _fields(places: Sequence[Place], totals: Mapping[_Fact, int]) -> dict[FieldPath, GatheredField]:
    fields = [GatheredField() for _ in places]
    for (number, what, value), total in totals.items():
        seen = fields[number]
        if what == _THERE:
            seen.records = total
            continue
        seen.types[TYPES[value if what == _OTHER else type(value)]] += total
        if what == _OTHER:
            seen.others += total
        elif value is not None:
            seen.values[value] += total
    return {
        place.path: seen
        for place, seen in zip(places, fields, strict=True)
        if seen.types or place.path[-1:] == (ANY,)  # an empty list is a value, too
    }
