"""Find texts that no record of a sample contains: another spelling of an existing one, or one with a wildcard."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches

from tui.filter.build import spell_value
from tui.filter.field_types import Types
from tui.filter.fields import ANY
from tui.filter.missing import CLOSE, MatchSlip
from tui.filter.operands import Operand
from tui.filter.slips import Slip

_WILDCARDS = (".*", "*", "%")  # of a regex, a shell, and SQL's LIKE
_MAX_PIECES = 3  # between wildcards; a regex of many could backtrack for long


def other_value(path: Operand, literal: Operand, types: Types) -> MatchSlip | None:
    """Suggest an existing spelling: `level == 'ERROR'` where every record has `error`."""
    assert path.path is not None
    field = types.leaves.get(path.path)
    text = str(literal.value)
    if field is None or not field.exact or len(field.top) < field.distinct:
        return None
    values = [value for value, _ in field.top if isinstance(value, str)]
    if text in values or not values:
        return None
    same = [value for value in values if value.casefold().strip() == text.casefold().strip()]
    near = same or get_close_matches(text, values, 1, CLOSE)
    if not near:
        return None
    sentence = f"{path.text} is never {literal.text} in the records sampled; did you mean {spell_value(near[0])}?"
    return MatchSlip(sentence, (Slip(literal.start, literal.end, spell_value(near[0]), ""),), certain=False)


def with_wildcard(
    sign: Operand, path: Operand, text: object, sides: tuple[Operand, Operand], types: Types
) -> MatchSlip | None:
    """Suggest a function for a wildcard where whole texts are compared: `event == 'err*'`."""
    if sign.text not in ("==", "!=") or not isinstance(text, str) or path.path is None or path.projected:
        return None
    here = types.of(path.path)
    is_list = here == {"array"}
    field = types.leaves.get((*path.path, ANY) if is_list else path.path)
    wildcard = next((mark for mark in _WILDCARDS if mark in text), "")
    pieces = text.split(wildcard) if wildcard else []
    values = [value for value, _ in field.top if isinstance(value, str)] if field else []
    if (
        field is None
        or len(pieces) > _MAX_PIECES
        or text in values
        or not any(_fits(value, pieces) for value in values)
    ):
        return None
    subject = "@" if is_list else path.text
    calls = zip(("starts_with", *["contains"] * (len(pieces) - 2), "ends_with"), pieces, strict=True)
    tests = [f"{call}({subject}, {spell_value(piece)})" for call, piece in calls if piece]
    meant = " && ".join(tests)
    meant = f"{path.text}[?{meant}]" if is_list else f"({meant})" if len(tests) > 1 else meant
    edit = Slip(sides[0].start, sides[1].end, f"{'!' if sign.text == '!=' else ''}{meant}", "")
    return MatchSlip(
        f"{sign.text} compares whole texts, where {wildcard} is not a wildcard", (edit,), certain=sign.text == "!="
    )


def _fits(value: str, pieces: Sequence[str]) -> bool:
    """True if a text matches the pieces between wildcards."""
    return any(pieces) and re.fullmatch(".*".join(map(re.escape, pieces)), value, re.DOTALL) is not None
