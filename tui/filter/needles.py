"""Derive bytes that a record must contain for a JMESPath expression to be truthy, to skip records before parsing.

"Filter Before You Parse" (Sparser, VLDB 2018). There are no false negatives: JSON may encode any character as `\\uXXXX`
and `/` as `\\/` (RFC 8259 §7), so a line with such an escape is also a candidate, and needles end at characters that
must or may be escaped differently. Numbers have many spellings (`500`, `5e2`), so they give no needles.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from operator import ge, gt, le, lt
from typing import Any

from tui.filter.functions import is_true
from tui.filter.paths import Node


@dataclass(frozen=True, slots=True)
class Needle:
    """A record must contain at least one of `texts`. `is_key`: they are field names, which most records contain."""

    texts: frozenset[bytes]
    is_key: bool = False

    @property
    def selectivity(self) -> tuple[bool, int]:
        """Sort key: values are more selective than keys, long texts more than short ones; the shortest text counts."""
        return not self.is_key, min(map(len, self.texts))

    @property
    def spellings(self) -> tuple[bytes, ...]:
        """The texts, and the beginnings of escapes for their characters: a record contains one of these.

        The letters of `error` are `\\u006…` and `\\u007…`; `\\u00e9` is not one of them. Quotes around a text are never
        escaped.
        """
        characters = set(b"".join(self.texts)) - {_QUOTE}
        if any(character >= 0x80 for character in characters):
            return (*sorted(self.texts), _ESCAPE)  # hexadecimal digits may be in either case
        return (*sorted(self.texts), *sorted({b"%s00%x" % (_ESCAPE, character >> 4) for character in characters}))


_ESCAPE = b"\\u"
_QUOTE = 0x22
_LONG = 3  # shorter needles hit too often to be worth a search
_PLAIN = re.compile(r'[^"\\/\x00-\x1f\ud800-\udfff]+')


def needles(node: Node) -> tuple[Needle, ...]:
    """Return the needles that a record must contain if the expression is truthy: all of them, most selective first."""
    needed = _result(node, _Result(own=True)).truthy
    return tuple(sorted(needed, key=lambda needle: (needle.selectivity, sorted(needle.texts)), reverse=True))


Needles = frozenset[Needle]
_NONE: Needles = frozenset()


@dataclass(frozen=True, slots=True)
class _Result:
    """The needles of a record if an expression's result is not null (`there`), is `truthy`, or is a list with an item
    that is not null (`filled`).

    `own`: all strings and keys in the result come from the record. `listed`: it is a list or null. `text`: it is JSON
    text made of the record's own values.
    """

    there: Needles = _NONE
    truthy: Needles = _NONE
    filled: Needles = _NONE
    own: bool = False
    listed: bool = False
    text: bool = False


def _result(node: Node, at: _Result) -> _Result:
    """Return the result of an expression if the current value's result is `at`."""
    kind, children = node["type"], node["children"]
    if kind == "field":
        needed = at.truthy | (_holds(node["value"], '"', '"', is_key=True) if at.own else _NONE)
        return _Result(needed, needed, needed, at.own)
    if kind in ("current", "identity"):
        return at
    if kind in ("subexpression", "index_expression", "pipe"):
        for child in children:
            at = _result(child, at)
        return at
    if kind == "index":
        return _item(at)
    if kind == "slice":
        return _Result(at.there, at.truthy, at.filled, at.own, listed=True)
    if kind in ("projection", "value_projection", "filter_projection"):
        return _projected(kind, children, at)
    if kind == "flatten":
        base = _result(children[0], at)
        return _Result(base.there, base.truthy, base.filled, base.own, listed=True)
    if kind in ("and_expression", "or_expression"):
        return _joined(kind, _result(children[0], at), _result(children[1], at))
    if kind == "comparator":
        return _compared(node["value"], children[0], children[1], at)
    if kind == "function_expression":
        return _called(node["value"], children, at)
    if kind == "multi_select_list":
        parts = [_result(child, at) for child in children]
        filled = _any_of([part.there for part in parts])
        return _Result(at.there, at.there, at.there | filled, all(part.own for part in parts), listed=True)
    if kind == "multi_select_dict":
        return _Result(at.there, at.there, at.there)
    return _NOTHING  # a literal, a negation


_NOTHING = _Result()


def _item(listed: _Result) -> _Result:
    """Return the result of a list's item that is not null."""
    return _Result(listed.filled, listed.filled, listed.filled, listed.own)


def _projected(kind: str, children: Sequence[Node], at: _Result) -> _Result:
    """Return the result of a projection: not empty if the right side of an item that passes is not null."""
    base = _result(children[0], at)
    item = _item(base)
    if kind == "value_projection":
        item = _Result(base.truthy, base.truthy, base.truthy, base.own)
    right = _result(children[1], item)
    condition = _result(children[2], item).truthy if kind == "filter_projection" else _NONE
    filled = base.truthy | right.there | condition
    return _Result(base.there, filled, filled, right.own, listed=True)


def _joined(kind: str, left: _Result, right: _Result) -> _Result:
    own, listed = left.own and right.own, left.listed and right.listed
    if kind == "and_expression":
        return _Result(left.there, left.truthy | right.truthy, left.truthy | right.filled, own, listed)
    return _any_result([left, right])


def _any_result(results: Sequence[_Result]) -> _Result:
    """Return the result if it is that of any one of several expressions."""
    return _Result(
        _any_of([result.there for result in results]),
        _any_of([result.truthy for result in results]),
        _any_of([result.filled for result in results]),
        all(result.own for result in results),
        all(result.listed for result in results),
    )


def _any_of(choices: Sequence[Needles]) -> Needles:
    """Combine the most selective needle of each choice into one needle; none if a choice has no needles."""
    if not all(choices):
        return _NONE
    best = [max(choice, key=lambda needle: (needle.selectivity, sorted(needle.texts))) for choice in choices]
    texts = frozenset().union(*(needle.texts for needle in best))
    return frozenset([Needle(texts, any(needle.is_key for needle in best))])


def _compared(operator: str, left: Node, right: Node, at: _Result) -> _Result:
    if left["type"] == "literal":
        left, right, operator = right, left, _TURNED.get(operator, operator)
    one, other = _result(left, at), _result(right, at)
    if operator not in ("eq", "ne"):  # an ordering is null unless both sides are there
        there = one.there | other.there
        return _Result(there, there | (one.filled if _excludes_zero(operator, left, right) else _NONE))
    if operator == "ne" or right["type"] != "literal" or right["value"] is None:
        return _NOTHING
    value = right["value"]
    held = one.truthy if is_true(value) else one.there
    if isinstance(value, bool) and one.own:
        held |= {Needle(frozenset([b"true" if value else b"false"]))}
    return _Result(truthy=held | _strings_of(value, one))


_TURNED = {"lt": "gt", "lte": "gte", "gt": "lt", "gte": "lte"}
_COMPARED = {"lt": lt, "lte": le, "gt": gt, "gte": ge}


def _excludes_zero(operator: str, left: Node, right: Node) -> bool:
    """True for a comparison that is false for an empty value: `length(…) > `0``."""
    if (left["type"], left.get("value"), right["type"]) != ("function_expression", "length", "literal"):
        return False
    number = right["value"]
    return type(number) in (int, float) and not _COMPARED[operator](0, number)


def _strings_of(value: Any, one: _Result) -> Needles:
    """Return needles for the strings of an equal value. (In Python, and so in jmespath.py, [true] equals [1].)"""
    if one.text and isinstance(value, str):
        return _dumped(value)
    if not one.own:
        return _NONE
    if isinstance(value, str):
        return _holds(value, '"', '"')
    strings = _NONE
    if isinstance(value, dict):
        strings = strings.union(*(_holds(key, '"', '"', is_key=True) for key in value))
        value = list(value.values())
    return strings.union(*(_strings_of(item, one) for item in value)) if isinstance(value, list) else strings


def _called(name: str, arguments: Sequence[Node], at: _Result) -> _Result:
    """Return the result of a function. Functions fail on values of the wrong type, and few accept null."""
    if name in ("map", "sort_by", "max_by", "min_by"):
        return _with_expression(name, arguments, at)
    if name in _ENDS:
        return _searched(name, arguments, at)
    results = [_result(argument, at) for argument in arguments]
    first = results[0] if results else _NOTHING
    if name == "not_null":
        return _any_result(results)
    if name == "to_array":
        return _Result(filled=first.there, own=first.own, listed=True)
    if name == "to_string":
        return _Result(text=first.own)
    if name in ("sort", "reverse"):
        return replace(first, own=first.own and (first.listed or name == "sort"), text=False)
    if name in ("keys", "values"):
        return _Result(first.there, first.truthy, first.truthy, first.own, listed=True)
    if name in ("max", "min", "avg"):  # null for an empty list
        return _Result(first.filled, first.filled, own=first.own)
    if name == "length":  # (`filled`: its argument is not empty)
        return _Result(first.there, first.there, first.truthy)
    if name in ("abs", "ceil", "floor", "sum", "to_number"):
        return _Result(first.there, first.there)
    if name == "join":
        there = first.there.union(*(result.there for result in results))
        return _Result(there, there)
    return _Result(first.there) if name == "merge" else _NOTHING


def _with_expression(name: str, arguments: Sequence[Node], at: _Result) -> _Result:
    expression, listed = arguments if name == "map" else reversed(arguments)
    if expression["type"] != "expref":
        return _NOTHING
    base = _result(listed, at)
    mapped = _result(expression["children"][0], _item(base))
    if name == "map":
        return _Result(base.there, base.truthy, base.truthy | mapped.there, mapped.own, listed=True)
    filled = base.filled | mapped.there  # each key is a number or a string
    if name == "sort_by":
        return _Result(base.there, base.truthy, filled, base.own, listed=True)
    return _Result(filled, filled, filled, base.own)


_ENDS = {"contains": ("", ""), "starts_with": ('"', ""), "ends_with": ("", '"')}


def _searched(name: str, arguments: Sequence[Node], at: _Result) -> _Result:
    """Return the result of `contains(path, 'text')` and the like: the path exists, and the text occurs."""
    subject, sought = arguments
    where, what = _result(subject, at), _result(sought, at)
    there = where.there if name == "contains" else where.there | what.there
    if subject["type"] == "literal" and name == "contains":
        return _Result(there, _one_of(subject["value"], what))
    if sought["type"] != "literal":
        return _Result(there, there)
    value = sought["value"]
    held = where.truthy if value != "" else there
    if where.listed or not isinstance(value, str):
        return _Result(there, held | (_strings_of(value, where) if where.listed else _NONE))
    if where.text:
        return _Result(there, held | _dumped(value))
    return _Result(there, held | (_holds(value, *_ENDS[name]) if where.own else _NONE))


def _one_of(values: Any, what: _Result) -> Needles:
    """Return the needles of `contains(['a', 'b'], path)`: the value at the path is one of these."""
    if not isinstance(values, list) or not values or any(value is None for value in values):
        return _NONE
    return what.there | _any_of([_strings_of(value, what) for value in values])


_CONSTANTS = ("true", "false", "null", "NaN", "Infinity")


def _dumped(text: str) -> Needles:
    """Return needles for a text in JSON text made of a record's values: its letters come from a string of the record,
    unless they are part of `true` and the like, of a number, or of an escape."""
    best = ""
    for piece in re.findall("[A-Za-z_ ]+", text):
        escaped = re.match("[bfnrtu]?[a-f]{0,4}", piece)
        plain = piece[escaped.end() if escaped else 0 :]
        if not any(plain in constant for constant in _CONSTANTS):
            best = max(best, plain, key=len)
    return _holds(best, "", "")


def _holds(text: str, opening: str, closing: str, *, is_key: bool = False) -> Needles:
    """Return the longest piece of a string that has only one spelling without `\\u`, with adjacent quotes."""
    best = ""
    for match in _PLAIN.finditer(text):
        piece = match.group()
        piece = opening * (match.start() == 0) + piece + closing * (match.end() == len(text))
        best = max(best, piece, key=len)
    data = best.encode()
    return frozenset([Needle(frozenset([data]), is_key)]) if len(data) >= _LONG else _NONE
