"""From a value in a record to the JMESPath that finds it: `=`, `-` and the menu of comparisons in the explorer.

An equality is built so that it holds for the record it came from and never raises on another: what is missing is
null, and a place in a list is asked of the whole list (`tags[?@ == 'live']`), since the order seldom means anything.
Orderings and parts of texts hold for their record too; on one that has another type there they fail, so that it does
not match.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tui.errors import FilterError
from tui.filter.fields import ANY, FieldPath
from tui.filter.terms import KINDS, Filter, Term
from tui.printable import printable

ValuePath = Sequence[str | int]

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def spell_path(path: Sequence[str | int]) -> str:
    """A path as JMESPath: `visitor.city`, `tags[0]`, `"odd key".x`; `@` for the record itself."""
    spelled = ""
    for step in path:
        if isinstance(step, int):
            spelled += f"[{step}]"
        else:
            spelled += ("." if spelled else "") + spell_name(step)
    return spelled or "@"


def spell_field(path: FieldPath) -> str:
    """A field of a sample: `player.version`, `tags[*]`."""
    text = ""
    for step in path:
        text += "[*]" if step is ANY else f"{'.' if text else ''}{spell_name(str(step))}"
    return text or "@"


def spell_name(name: str) -> str:
    """A key as a JMESPath identifier, in quotes where it must be."""
    return name if _IDENTIFIER.fullmatch(name) else _json(name)


def spell_value(value: object) -> str:
    """A value as a JMESPath literal: 'raw' where nothing needs escaping, else JSON between backticks."""
    if isinstance(value, str) and "'" not in value and "\\" not in value and printable(value) == value:
        return f"'{value}'"
    return "`" + _json(value).replace("`", "\\`") + "`"


def equal_expression(path: Sequence[str | int], value: object) -> str:
    """An expression that holds where `path` has `value`; a place in a list stands for any place in it."""
    if value is None and path and isinstance(path[-1], int):  # a projection drops what is null
        return _somewhere(path[:-1], lambda items: f"type({items}) == 'array' && contains({items}, `null`)")
    return _somewhere(path, lambda spelled: f"{spelled} == {spell_value(value)}")


def _somewhere(path: ValuePath, condition: Callable[[str], str]) -> str:
    """The condition on a path, or where it leads into lists, on any of their items."""
    for index, step in enumerate(path):
        if isinstance(step, int):
            return f"{spell_path(path[:index])}[?{_somewhere(path[index + 1 :], condition)}]"
    return condition(spell_path(path))


def differ_expression(path: Sequence[str | int], value: object) -> str:
    """An expression that holds where `equal_expression` does not."""
    if any(isinstance(step, int) for step in path):
        return f"!({equal_expression(path, value)})"
    return f"{spell_path(path)} != {spell_value(value)}"


def term_of(path: Sequence[str | int], value: object, *, only: bool = True) -> Term:
    """The term for only these (`=`), or for all but these (`-`)."""
    return Term("match", equal_expression(path, value) if only else differ_expression(path, value))


@dataclass(frozen=True, slots=True)
class ValueComparison:
    """A line of the menu: its sign, what it means, its expression; and the part of it that is likely to be changed,
    as [start, end), empty where it is good as it is."""

    sign: str
    meaning: str
    expression: str
    part: tuple[int, int] = (0, 0)


_ORDERINGS = {
    int: (("<", "below"), ("<=", "at most"), (">", "above"), (">=", "at least")),
    str: (("<", "before"), ("<=", "up to"), (">", "after"), (">=", "from here on")),
}
_PARTS = (("^", "begins with", "starts_with"), ("$", "ends with", "ends_with"), ("~", "contains", "contains"))


def comparisons(path: ValuePath, value: object) -> tuple[ValueComparison, ...]:
    """What can be asked of a value by its type. Every expression holds for the value's own record, but for the
    opposites, and `<` and `>`, which leave out the value itself."""
    offered = [
        ValueComparison("=", "only these", equal_expression(path, value)),
        ValueComparison("-", "not these", differ_expression(path, value)),
    ]
    if (isinstance(value, int | float) and not isinstance(value, bool)) or (isinstance(value, str) and value):
        for sign, meaning in _ORDERINGS[str if isinstance(value, str) else int]:
            offered.append(ValueComparison(sign, meaning, _somewhere(path, _ordering(sign, value))))
    if isinstance(value, str) and value:
        offered += [_of_part(path, value, *part) for part in _PARTS]
    if isinstance(value, list) and value:
        expression = _somewhere(path, lambda spelled: f"{spelled} && length({spelled}) >= `{len(value)}`")
        offered.append(ValueComparison("#", "at least so many", expression))
    there = _somewhere(path, lambda spelled: f"{spelled} != `null`")
    gone = f"!({there})" if any(isinstance(step, int) for step in path) else f"{spell_path(path)} == `null`"
    return (*offered, ValueComparison("*", "is there", there), ValueComparison("0", "is missing or null", gone))


def _ordering(sign: str, value: object) -> Callable[[str], str]:
    return lambda spelled: f"{spelled} {sign} {spell_value(value)}"


def _of_part(path: ValuePath, value: str, sign: str, meaning: str, function: str) -> ValueComparison:
    literal = spell_value(value)
    expression = _somewhere(path, lambda spelled: f"{spelled} && {function}({spelled}, {literal})")
    quote = 1 if literal[0] == "'" else 2  # `"text"`
    start = expression.rindex(literal) + quote
    return ValueComparison(sign, meaning, expression, (start, start + len(literal) - 2 * quote))


def negated(term: Term) -> Term:
    """The opposite of a term; that of the opposite is the term as it was."""
    if term.kind == "file":
        raise FilterError("a file of texts has no opposite; invert the whole filter with -v", term.text)
    if term.kind != "match":
        return replace(term, negated=not term.negated)
    if inner := _inside_not(term.text):
        return Term("match", inner, term.enabled)
    return Term("match", f"!({term.text})", term.enabled)


def _inside_not(expression: str) -> str:
    """What `!( )` is around, if it is around all of the expression."""
    text = expression.strip()
    if not (text.startswith("!(") and text.endswith(")")):
        return ""
    inner = text[2:-1].strip()
    try:
        same = _tree(f"!({inner})") == _tree(text) and _tree(inner) is not None
    except FilterError:
        return ""
    return inner if same else ""


@dataclass(frozen=True, slots=True)
class WholeFilter:
    """A filter as one JMESPath (`expression`, "" if there is none to say), and in words what that leaves out."""

    expression: str
    besides: tuple[str, ...] = ()


def whole_of(filter_: Filter) -> WholeFilter:
    """The terms that are on as one expression.

    JMESPath cannot look at bytes: text and regex terms are named in `besides`. An inverted filter (`-v`) also lets
    through what JMESPath cannot judge.
    """
    texts = [term.text for term in filter_.active if term.kind == "match"]
    others = tuple(
        f"{'no ' if term.negated else ''}{'any of' if term.kind == 'file' else KINDS[term.kind].name} {term.text}"
        for term in filter_.active
        if term.kind != "match"
    )
    joined = texts[0] if len(texts) == 1 else " && ".join(map(_operand, texts))
    if not filter_.invert:
        return WholeFilter(joined, others)
    if not others:
        return WholeFilter(
            f"!({joined})" if joined else "", ("what it cannot judge",) if joined else ("nothing matches",)
        )
    return WholeFilter(joined, (*others, "all of it inverted"))


def _operand(expression: str) -> str:
    """In brackets where `&&` would bind tighter than what it holds."""
    kind = _tree(expression)["type"]
    return f"({expression})" if kind in ("or_expression", "pipe", "expref") else expression


def _tree(expression: str) -> Any:
    from tui.filter.jmespath import parse_expression  # only those who have a JMESPath wait for its library

    return parse_expression(expression).parsed


def _json(value: object) -> str:
    """JSON on one line; characters that must not reach a terminal are escaped, the others stay readable."""
    text = json.dumps(value, ensure_ascii=False)
    return text if printable(text) == text else json.dumps(value).replace("\x7f", "\\u007f")
