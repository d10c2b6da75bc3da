"""Find mistakes in a valid JMESPath expression, by the types of its paths in a sample of the records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from tui.filter.build import spell_field
from tui.filter.field_types import Types
from tui.filter.fields import ANY, FieldPath
from tui.filter.literals import as_literal, is_number, type_of, type_of_text
from tui.filter.missing import MatchSlip, list_on_the_way, missing, sampled
from tui.filter.operands import Operand, constants, operands
from tui.filter.slips import Slip
from tui.filter.text_values import other_value, with_wildcard

_NAMES_OF_CONSTANTS = ("true", "false", "null")
_KINDS = {"string": "text", "array": "a list", "number": "a number", "boolean": "true or false", "object": "an object"}
_TEXT_FUNCTIONS = ("contains", "starts_with", "ends_with")
_LITERALS = ("raw", "literal")


def match_slips(expression: str, types: Types) -> list[MatchSlip]:
    """Return all mistakes found in an expression."""
    parts = operands(expression)
    slips: list[MatchSlip] = []
    done: set[int] = set()  # operands that need no further check
    for at, operand in enumerate(parts):
        if operand.type == "compare" and 0 < at < len(parts) - 1:
            slips += _compared(parts, at, types, done)
        elif operand.type == "call" and operand.text in _TEXT_FUNCTIONS:
            slips += _called(parts, at, types, done)
    slips += [*_pipes(parts), *_negations(parts), *_constants(parts)]
    for at, operand in enumerate(parts):
        if at not in done and operand.written and (at == 0 or parts[at - 1].text != "."):
            slips += missing(operand, types, alone=len(parts) == 1)
    return _merged(slips)


def _merged(slips: Sequence[MatchSlip]) -> list[MatchSlip]:
    """Merge equal mistakes at several places."""
    merged: dict[str, MatchSlip] = {}
    for slip in slips:
        before = merged.get(slip.sentence)
        merged[slip.sentence] = replace(slip, edits=(*before.edits, *slip.edits)) if before else slip
    return list(merged.values())


def _compared(parts: Sequence[Operand], at: int, types: Types, done: set[int]) -> Iterator[MatchSlip]:
    left, right = parts[at - 1], parts[at + 1]
    if at > 1 and parts[at - 2].text == ".":  # part of an unknown path
        left = Operand("mark", "", left.start, left.end)
    if left.type not in _LITERALS and right.type not in _LITERALS:
        pairs = [(at + 1, right, left), (at - 1, left, right)]
        pairs.sort(key=lambda pair: pair[1].single != "quoted")
        for index, value, other in pairs:
            if slip := _name_for_text(value, other, types):
                done.add(index)
                yield with_wildcard(parts[at], other, str(value.value), (left, right), types) or slip
                return
        return
    if left.type in _LITERALS and right.type in _LITERALS:
        yield _two_constants(parts, at, types)
        return
    literal, path = (left, right) if left.type in _LITERALS else (right, left)
    if path.path is None or path.type != "path" or literal.type not in _LITERALS:
        return
    slip = _against_literal(parts[at], left, right, types)
    if slip or literal.value is None:  # a comparison with null may be meant to find missing fields
        done.add(at - 1 if path is left else at + 1)
    if slip:
        yield slip


def _name_for_text(value: Operand, other: Operand, types: Types) -> MatchSlip | None:
    """Find a name where a text was meant: `event == "error"`, `event == error`."""
    if not value.single or value.path is None:
        return None
    name = str(value.value)
    beside = types.of(other.path) if other.path else frozenset()
    here = types.of(value.path)
    if types.has(value.path) and not (here and beside and not here & beside):
        return None
    if (
        value.single == "name"
        and not types.has(value.path)
        and other.single == "name"
        and not beside
        and other.start > value.start
    ):
        return None  # of two unknown names, the second is the text
    meant = as_literal(name, beside) if name not in _NAMES_OF_CONSTANTS else f"`{name}`"
    kind = "in double quotes names" if value.single == "quoted" else "without quotes names"
    field = (
        f"the field {name}, which is {_kinds(here)}"
        if here
        else f"a field, and no record has a field of that name{sampled(types)}"
    )
    how = "text is written in single quotes" if meant[0] == "'" else f"write {meant}"
    return MatchSlip(f"{value.text} {kind} {field}; {how}", (Slip(value.start, value.end, meant, ""),))


def _against_literal(sign: Operand, left: Operand, right: Operand, types: Types) -> MatchSlip | None:
    """Compare a path with a literal: find another type, a list and one of its items, or another spelling of a text."""
    path, literal = (left, right) if left.type == "path" else (right, left)
    assert path.path is not None
    kind = type_of(literal.value)
    here = types.of(path.path)
    whole = (left.start, right.end)
    if slip := with_wildcard(sign, path, literal.value, (left, right), types):
        return slip
    if path.projected or (here == {"array"} and kind not in ("array", "null")):
        return _against_list(path, literal, sign, whole, types)
    if not here:
        return _through_list(path, literal, sign, left, right, types) if not types.has(path.path) else None
    if kind in here or kind == "null":
        return other_value(path, literal, types) if sign.text == "==" and kind == "string" else None
    meant = as_literal(literal.value, here)
    orders = sign.text not in ("==", "!=")
    if orders and kind == "number" and here == {"string"}:
        edit = Slip(path.start, path.end, f"to_number({path.text})", "")
        sentence = f"{path.text} is text here, and {sign.text} between text and a number gives null"
        return MatchSlip(sentence, (edit,) if _numeric(path.path, types) else ())
    if not orders or type_of_text(meant) in here:
        fits = type_of_text(meant) in here
        sentence = f"{path.text} is {_kinds(here)} here, and {literal.text} is {_KINDS[kind]}"
        how = (
            "; a number is written in backticks, without quotes"
            if fits and meant[0] == "`" and "number" in here
            else ""
        )
        return MatchSlip(sentence + how, (Slip(literal.start, literal.end, meant, ""),) if fits else ())
    return MatchSlip(f"{path.text} is {_kinds(here)} here, and {sign.text} with {_KINDS[kind]} gives null")


def _two_constants(parts: Sequence[Operand], at: int, types: Types) -> MatchSlip:
    """Find which of two constants was meant as a field: `'event' == 'error'`."""
    left, right = parts[at - 1], parts[at + 1]
    comparison = f"{left.text} {parts[at].text} {right.text}"
    sentence = f"{comparison} compares two constants, not a field; field names have no quotes"
    base = _base(parts, at)
    for name, other in ((left, right), (right, left)):
        if base is None or not isinstance(name.value, str):
            continue
        for path in ((name.value,), tuple(name.value.split("."))):
            here = types.of((*base, *path))
            meant = as_literal(other.value, here)
            if type_of_text(meant) in here:
                edits = [Slip(name.start, name.end, spell_field(path), "")]
                edits += [Slip(other.start, other.end, meant, "")] if meant != other.text else []
                return MatchSlip(sentence, tuple(edits))
    return MatchSlip(sentence)


def _base(parts: Sequence[Operand], at: int) -> FieldPath | None:
    """Return the base of the paths at an operand: the record, or an item of the list that a condition filters."""
    closed = 0
    for index in range(at - 1, -1, -1):
        text = parts[index].text
        if text in (")", "]", "}"):
            closed += 1
        elif text in ("(", "[", "{", "[?") and closed:
            closed -= 1
        elif text == "[?":
            path = parts[index - 1].path
            return None if path is None else (*path, ANY)
        elif text in ("|", "&") and not closed:
            return None
    return ()


def _against_list(
    path: Operand, literal: Operand, sign: Operand, whole: tuple[int, int], types: Types
) -> MatchSlip | None:
    """Find a list that is compared with one of its items: `tags == 'live'`."""
    assert path.path is not None
    if sign.text not in ("==", "!="):
        return None
    items = types.of(path.path) if path.projected else types.of((*path.path, ANY))
    kind = type_of(literal.value)
    if kind == "array" or (
        items and kind not in items and not items & {type_of_text(as_literal(literal.value, items))}
    ):
        return None
    meant = literal.text if kind in items else as_literal(literal.value, items)
    negation = "!" if sign.text == "!=" else ""
    edit = Slip(*whole, f"{negation}contains({path.text}, {meant})", "")
    return MatchSlip(f"{path.text} is a list here, and a list never equals one of its items", (edit,))


def _through_list(
    path: Operand, literal: Operand, sign: Operand, left: Operand, right: Operand, types: Types
) -> MatchSlip | None:
    """Find a path that ignores a list: `items.sku == 'S1'`, where items is a list of objects."""
    split = list_on_the_way(path, types)
    if split is None:
        return None
    before, rest = split
    condition = (
        f"{spell_field(rest)} {sign.text} {literal.text}"
        if path is left
        else f"{literal.text} {sign.text} {spell_field(rest)}"
    )
    edit = Slip(left.start, right.end, f"{spell_field(before)}[?{condition}]", "")
    return MatchSlip(f"{spell_field(before)} is a list here, and its items have {spell_field(rest)}", (edit,))


def _called(parts: Sequence[Operand], at: int, types: Types, done: set[int]) -> Iterator[MatchSlip]:
    """Check the arguments of a text function: `contains(tags, "x")`, `contains(code, '50')`."""
    if [part.text for part in parts[at + 1 : at + 6 : 2]] != ["(", ",", ")"]:
        return
    call, subject, what = parts[at], parts[at + 2], parts[at + 4]
    here = types.of(subject.path) if subject.path is not None else frozenset()
    items = here if subject.projected else types.of((*subject.path, ANY)) if subject.path is not None else frozenset()
    if subject.projected:
        here = frozenset({"array"})
    beside = items if here == {"array"} else here
    if what.type == "path" and (slip := _name_for_text(what, replace(subject, path=None), types)):
        done.add(at + 4)
        meant = slip.edits[0]
        if beside == {"number"}:
            meant = replace(meant, replacement=as_literal(what.value, beside))
        yield replace(slip, edits=(meant,))
    if not here:
        return
    whole = (call.start, parts[at + 5].end)
    if "string" not in here and "array" not in here:
        needs = "text or a list" if call.text == "contains" else "text"
        sentence = f"{call.text}() needs {needs}, and {subject.text} is {_kinds(here)} here"
        yield MatchSlip(sentence, (Slip(subject.start, subject.end, f"to_string({subject.text})", ""),))
    elif call.text != "contains" and here == {"array"} and "string" in items and what.type in _LITERALS:
        edit = Slip(*whole, f"{subject.text}[?{call.text}(@, {what.text})]", "")
        yield MatchSlip(f"{call.text}() needs text, and {subject.text} is a list here", (edit,))
    elif what.type in _LITERALS and beside and (kind := type_of(what.value)) not in beside:
        meant_text = as_literal(what.value, beside)
        if type_of_text(meant_text) in beside:
            sentence = f"{subject.text} holds {_kinds(beside)} here, and {what.text} is {_KINDS[kind]}"
            yield MatchSlip(sentence, (Slip(what.start, what.end, meant_text, ""),))


def _pipes(parts: Sequence[Operand]) -> Iterator[MatchSlip]:
    """Find a pipe that was meant as 'or': in `a == 'x' | b == 'y'`, the right side gets the comparison's result."""
    depth, compares = 0, False
    for at, operand in enumerate(parts):
        depth += (operand.text in ("(", "[", "[?", "{")) - (operand.text in (")", "]", "}"))
        compares = compares or (depth == 0 and operand.type == "compare")
        if operand.text == "|" and depth == 0 and compares and parts[at + 1 : at + 2] and parts[at + 1].text != "[":
            edit = Slip(operand.start, operand.end, "||", "")
            yield MatchSlip("| passes the comparison's result to what follows; 'or' is written ||", (edit,))


def _negations(parts: Sequence[Operand]) -> Iterator[MatchSlip]:
    """Find a `!` that applies to the field and not to the comparison: `!event == 'error'`."""
    for sign, left, compare, right in zip(parts, parts[1:], parts[2:], parts[3:], strict=False):
        if sign.text != "!" or compare.text not in ("==", "!=") or right.type not in _LITERALS:
            continue
        if left.type == "path" and type_of(right.value) not in ("boolean", "null"):
            whole = f"({left.text} {compare.text} {right.text})"
            sentence = f"! applies only to {left.text}, and true or false never equals {right.text}; write !{whole}"
            yield MatchSlip(sentence, (Slip(left.start, right.end, whole, ""),))


def _constants(parts: Sequence[Operand]) -> Iterator[MatchSlip]:
    """Find a literal that is a condition by itself, true for every record: `event == 'error' || 'play'`."""
    for at in constants(parts):
        literal, before = parts[at], parts[max(0, at - 4) : at]
        if not literal.value and type_of(literal.value) != "number":
            continue  # false or empty
        edits: tuple[Slip, ...] = ()
        compared = [part.type for part in before[:2]] == ["path", "compare"]
        if compared and [part.text for part in before[3:]] == ["||"]:
            edits = (Slip(literal.start, literal.end, f"{before[0].text} {before[1].text} {literal.text}", ""),)
        yield MatchSlip(f"{literal.text} alone is true for every record; compare it with a field", edits)


def _numeric(path: FieldPath, types: Types) -> bool:
    field = types.leaves.get(path)
    return field is not None and all(is_number(str(value)) for value, _ in field.top)


def _kinds(types: frozenset[str]) -> str:
    return " or ".join(_KINDS[kind] for kind in sorted(types))
