"""Bytes that a record must hold for a JMESPath expression to be truthy, found before anything is parsed.

"Filter Before You Parse" (Sparser, VLDB 2018). Never a false negative: JSON may spell any character as `\\uXXXX` and
`/` as `\\/` (RFC 8259 §7), so a line with such an escape is a candidate too, and needles stop at characters that must
or may be escaped in another way. Numbers have many spellings (`500`, `5e2`): no needles from them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Node = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Needle:
    """A record must hold at least one of `texts`. `is_key`: they are names of fields, which most records have."""

    texts: frozenset[bytes]
    is_key: bool = False

    @property
    def telling(self) -> tuple[bool, int]:
        """Values tell more than keys, long texts more than short ones; a choice is as telling as its shortest."""
        return not self.is_key, min(map(len, self.texts))

    @property
    def spellings(self) -> tuple[bytes, ...]:
        """A record that means one of `texts` holds one of these: it, or the begin of an escape for a character of it.

        Letters of `error` are `\\u006…` and `\\u007…`; `\\u00e9` is none of them. The quotes around it do not count.
        """
        characters = set(b"".join(self.texts)) - {_QUOTE}
        if any(character >= 0x80 for character in characters):
            return (*sorted(self.texts), _ESCAPE)  # its hexadecimal digits are in either case
        return (*sorted(self.texts), *sorted({b"%s00%x" % (_ESCAPE, character >> 4) for character in characters}))


_ESCAPE = b"\\u"
_QUOTE = 0x22
_LONG = 3  # shorter needles hit too often to be worth a search
_PLAIN = re.compile(r'[^"\\/\x00-\x1f\ud800-\udfff]+')
_STRUCTURAL = {"field", "index", "slice", "current", "identity", "subexpression", "index_expression"}
_PROJECTIONS = {"projection", "value_projection", "filter_projection", "flatten"}


def needles(node: Node) -> tuple[Needle, ...]:
    """What a record must hold if the expression is truthy on it: all of them, the most telling first."""
    return tuple(sorted(set(_truthy(node)), key=lambda needle: (needle.telling, sorted(needle.texts)), reverse=True))


def _truthy(node: Node) -> list[Needle]:
    kind, children = node["type"], node["children"]
    if kind == "and_expression":
        return _truthy(children[0]) + _truthy(children[1])
    if kind == "or_expression":
        return _either(_truthy(children[0]), _truthy(children[1]))
    if kind == "comparator":
        return _compared(node["value"], children[0], children[1])
    if kind == "function_expression":
        return _called(node["value"], children)
    if kind in ("projection", "value_projection", "filter_projection") and _from_record(children[0]):
        # not empty: some element is not null on the right, and passes the condition
        condition = _truthy(children[2]) if kind == "filter_projection" else []
        return _not_null(children[0]) + _not_null(children[1]) + condition
    return _not_null(node)


def _either(one: list[Needle], other: list[Needle]) -> list[Needle]:
    if not one or not other:
        return []
    left, right = max(one, key=lambda n: n.telling), max(other, key=lambda n: n.telling)
    return [Needle(left.texts | right.texts, left.is_key or right.is_key)]


def _from_record(node: Node) -> bool:
    """Is every value that the node gives one of the record's own, not one that the expression made?"""
    if node["type"] in ("index", "slice", "field"):
        return True
    return node["type"] in _STRUCTURAL | _PROJECTIONS and all(map(_from_record, node["children"][:2]))


def _not_null(node: Node) -> list[Needle]:
    """The keys on the way to a value that is not null (a projection's may be an empty list)."""
    kind, children = node["type"], node["children"]
    if not _from_record(node):
        return []
    if kind == "field":
        return _holds(node["value"], '"', '"', is_key=True)
    if kind in _PROJECTIONS:
        return _not_null(children[0])
    if kind == "slice":
        return []
    return [needle for child in children for needle in _not_null(child)]


def _compared(operator: str, left: Node, right: Node) -> list[Needle]:
    if operator == "ne":
        return []
    if left["type"] == "literal":
        left, right = right, left
    if operator != "eq":  # an ordering is null unless both sides are there
        return _not_null(left) + _not_null(right)
    if right["type"] != "literal" or right["value"] is None or not _from_record(left):
        return []
    value = right["value"]
    if isinstance(value, str):
        return _not_null(left) + _holds(value, '"', '"')
    if isinstance(value, bool):
        return [*_not_null(left), Needle(frozenset([b"true" if value else b"false"]))]
    return _not_null(left)


_ENDS = {"contains": ("", ""), "starts_with": ('"', ""), "ends_with": ("", '"')}


def _called(name: str, arguments: list[Node]) -> list[Needle]:
    """`contains(path, 'text')` and the like: the path is there, and somewhere the text."""
    if name not in _ENDS or len(arguments) != 2:
        return []
    subject, sought = arguments
    if not _from_record(subject) or sought["type"] != "literal":
        return []
    if not isinstance(sought["value"], str):
        return _not_null(subject)
    return _not_null(subject) + _holds(sought["value"], *_ENDS[name])


def _holds(text: str, opening: str, closing: str, *, is_key: bool = False) -> list[Needle]:
    """The longest piece of a string that has one spelling without `\\u`, with the quotes that it reaches."""
    best = ""
    for match in _PLAIN.finditer(text):
        piece = match.group()
        piece = opening * (match.start() == 0) + piece + closing * (match.end() == len(text))
        best = max(best, piece, key=len)
    data = best.encode()
    return [Needle(frozenset([data]), is_key)] if len(data) >= _LONG else []
