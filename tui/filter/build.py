"""Build JMESPath expressions from a value in a record: for `=`, `-` and the menu of comparisons in the explorer.

An equality is true for its own record and never raises an error on another: a missing field is null, and an index into
a list becomes a condition on all items (`tags[?@ == 'live']`), since the order rarely matters. Orderings and parts of
texts are also true for their record; they fail on a record with another type, which then does not match.
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
    """Return a path as JMESPath: `visitor.city`, `tags[0]`, `"odd key".x`; `@` for the record itself."""
    spelled = ""
    for step in path:
        if isinstance(step, int):
            spelled += f"[{step}]"
        else:
            spelled += ("." if spelled else "") + spell_name(step)
    return spelled or "@"


def spell_field(path: FieldPath) -> str:
    """Return a field's path in a sample as JMESPath: `player.version`, `tags[*]`."""
    text = ""
    for step in path:
        text += "[*]" if step is ANY else f"{'.' if text else ''}{spell_name(str(step))}"
    return text or "@"


def spell_name(name: str) -> str:
    """Return a key as a JMESPath identifier, quoted if necessary."""
    return name if _IDENTIFIER.fullmatch(name) else _json(name)


def spell_value(value: object) -> str:
    """Return a value as a JMESPath literal: 'raw' if nothing needs escaping, else JSON in backticks."""
    if isinstance(value, str) and "'" not in value and "\\" not in value and printable(value) == value:
        return f"'{value}'"
    return "`" + _json(value).replace("`", "\\`") + "`"


def equal_expression(path: Sequence[str | int], value: object) -> str:
    """Return an expression that is true where `path` has `value`. An index into a list stands for any index."""
    if value is None and path and isinstance(path[-1], int):  # a projection drops nulls
        return _somewhere(path[:-1], lambda items: f"type({items}) == 'array' && contains({items}, `null`)")
    return _somewhere(path, lambda spelled: f"{spelled} == {spell_value(value)}")


def _somewhere(path: ValuePath, condition: Callable[[str], str]) -> str:
    """Apply a condition to a path or, if it leads into lists, to any of their items."""
    for index, step in enumerate(path):
        if isinstance(step, int):
            return f"{spell_path(path[:index])}[?{_somewhere(path[index + 1 :], condition)}]"
    return condition(spell_path(path))


def differ_expression(path: Sequence[str | int], value: object) -> str:
    """Return an expression that is true where `equal_expression` is not."""
    if any(isinstance(step, int) for step in path):
        return f"!({equal_expression(path, value)})"
    return f"{spell_path(path)} != {spell_value(value)}"


def term_of(path: Sequence[str | int], value: object, *, only: bool = True) -> Term:
    """Return the term that keeps only records with this value (`=`), or all others (`-`)."""
    return Term("match", equal_expression(path, value) if only else differ_expression(path, value))


@dataclass(frozen=True, slots=True)
class ValueComparison:
    """A line of the menu: its sign, its meaning and its expression. `part` is the range [start, end) of the expression
    that the user is likely to edit; empty if none."""

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
    """Return the comparisons for a value of its type. Each is true for the value's own record, except the negations,
    and `<` and `>`, which exclude the value itself."""
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
        offered.append(ValueComparison("#", "as many or more", expression))
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
    """Negate a term. Negating it twice returns the original term."""
    if term.kind == "file":
        raise FilterError("a file of texts cannot be negated; invert the whole filter with -v", term.text)
    if term.kind != "match":
        return replace(term, negated=not term.negated)
    if inner := _inside_not(term.text):
        return Term("match", inner, term.enabled)
    return Term("match", f"!({term.text})", term.enabled)


def _inside_not(expression: str) -> str:
    """Return the expression inside `!( )`, if that encloses all of it, else ""."""
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
    """A filter as one JMESPath `expression` ("" if it has none), and a description of what that does not cover."""

    expression: str
    besides: tuple[str, ...] = ()


def whole_of(filter_: Filter) -> WholeFilter:
    """Combine the enabled terms into one expression.

    JMESPath cannot match bytes, so text and regex terms are listed in `besides`. An inverted filter (`-v`) also keeps
    records that JMESPath cannot read.
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
            f"!({joined})" if joined else "", ("records it cannot read",) if joined else ("nothing matches",)
        )
    return WholeFilter(joined, (*others, "the whole filter inverted"))


def _operand(expression: str) -> str:
    """Put an expression in parentheses if `&&` binds tighter than its operator."""
    kind = _tree(expression)["type"]
    return f"({expression})" if kind in ("or_expression", "pipe", "expref") else expression


def _tree(expression: str) -> Any:
    from tui.filter.jmespath import parse_expression  # its library is slow to import

    return parse_expression(expression).parsed


def _json(value: object) -> str:
    """Return JSON on one line. Only characters that are unsafe in a terminal are escaped."""
    text = json.dumps(value, ensure_ascii=False)
    return text if printable(text) == text else json.dumps(value).replace("\x7f", "\\u007f")
