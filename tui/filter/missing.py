"""Find fields that no record of a sample has, and similar ones that exist."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from tui.filter.build import spell_field
from tui.filter.field_types import Types
from tui.filter.fields import ANY, FieldPath
from tui.filter.operands import Operand
from tui.filter.slips import Slip
from tui.units import count

CLOSE = 0.75  # difflib's ratio from which names count as similar


@dataclass(frozen=True, slots=True)
class MatchSlip:
    """One sentence, and the edits that correct the expression.

    `certain`: it is a mistake even if something matched. `search_for`: a text that may have been meant.
    """

    sentence: str
    edits: tuple[Slip, ...] = ()
    certain: bool = True
    search_for: str = ""


def missing(operand: Operand, types: Types, *, alone: bool) -> Iterator[MatchSlip]:
    """Report a field that no record of the sample has, and suggest a similar one."""
    path = operand.path
    if path is None or types.of(path) or not types.complete:
        return
    if types.has(path):
        yield MatchSlip(f"{operand.text} is null in every record{sampled(types)}", certain=False)
        return
    if split := list_on_the_way(operand, types):
        before, rest = split
        edit = Slip(operand.start, operand.end, f"{spell_field(before)}[].{spell_field(rest)}", "")
        yield MatchSlip(f"{spell_field(before)} is a list here, and its items have {spell_field(rest)}", (edit,))
        return
    sentence = f"no record has the field {operand.text}{sampled(types)}"
    base = path[: len(path) - len(operand.written)]
    near = _near(operand.written, [known[len(base) :] for known in types.paths if known[: len(base)] == base])
    if near:
        edit = Slip(operand.start, operand.end, spell_field(near), "")
        yield MatchSlip(f"{sentence}; did you mean {spell_field(near)}?", (edit,), certain=False)
    else:
        search_for = str(operand.value) if alone and operand.single else ""
        yield MatchSlip(sentence, certain=False, search_for=search_for)


def list_on_the_way(path: Operand, types: Types) -> tuple[FieldPath, FieldPath] | None:
    """Split a written path at a list that it ignores; None if there is no such list."""
    assert path.path is not None
    base = path.path[: len(path.path) - len(path.written)]
    for depth in range(1, len(path.written)):
        before, rest = path.written[:depth], path.written[depth:]
        if types.has((*base, *before, ANY, *rest)):
            return before, rest
    return None


def _near(path: FieldPath, known: Sequence[FieldPath]) -> FieldPath | None:
    """Return the most similar path: the same letters, the same last name elsewhere, or a close match."""
    names = {spell_field(candidate): candidate for candidate in known if candidate and ANY not in candidate}
    plain = {name: _plain(candidate) for name, candidate in names.items()}
    for same in (
        [name for name, text in plain.items() if text == _plain(path)],
        [name for name, candidate in names.items() if _plain(candidate[-1:]) == _plain(path[-1:])],
        get_close_matches(spell_field(path), names, 1, CLOSE),
    ):
        if same:
            return names[min(same, key=len)]
    return None


def _plain(path: FieldPath) -> str:
    """Normalize a path: `playerVersion`, `player_version` and `player.version` become equal."""
    return "".join(str(step) for step in path if step is not ANY).replace("_", "").replace("-", "").casefold()


def sampled(types: Types) -> str:
    return f" (of {count(types.records)} sampled)"
