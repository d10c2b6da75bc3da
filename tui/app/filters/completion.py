"""Completion of a JMESPath at the cursor, from the fields of a sample.

It suggests names, also inside lists, projections, conditions and function arguments; the values of the compared path;
and functions with their signatures.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from tui.app.filters.cursor import NUMBER, CursorContext, CursorToken, SampleNode, read, tokens
from tui.filter.build import spell_name, spell_value
from tui.filter.fields import LONGEST
from tui.units import count

SuggestionKind = Literal["path", "value", "function"]
_MAX_SUGGESTIONS = 50


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A replacement for [start, end) of the text, and a few words about it."""

    text: str
    about: str
    kind: SuggestionKind


@dataclass(frozen=True, slots=True)
class Completion:
    """Suggestions, the likeliest first, and the part of the text, [start, end), that each would replace.

    `partial`: that part is the start of a name in the data, but is not itself one.
    """

    start: int
    end: int
    suggestions: tuple[Suggestion, ...] = ()
    partial: bool = False

    def taken(self, text: str, suggestion: Suggestion) -> tuple[str, int]:
        """Return the text with a suggestion inserted, and the new position of the cursor."""
        return text[: self.start] + suggestion.text + text[self.end :], self.start + len(suggestion.text)


def complete(text: str, cursor: int, root: SampleNode) -> Completion:
    """Return the suggestions at `cursor`; none if nothing is known there."""
    before = list(tokens(text[:cursor]))
    typed = before.pop() if before and before[-1].is_word(cursor) else None
    context = read(before, root)
    start, end = (cursor, cursor) if typed is None else (typed.start, _end(text, cursor, typed))
    suggestions, word = _at(context, text[start:cursor]), text[start:end]
    others = [suggestion for suggestion in suggestions if suggestion.text != word]
    begun = any(suggestion.kind == "path" and suggestion.text.startswith(word) for suggestion in others)
    partial = begun and typed is not None and typed.kind == "name" and len(others) == len(suggestions)
    return Completion(start, end, tuple(others[:_MAX_SUGGESTIONS]), partial)


def _at(context: CursorContext, word: str) -> list[Suggestion]:
    """Return the suggestions for a partial word in a context."""
    if context.after_dot:
        return [] if context.node is None else _names(context.node, word)
    if not context.start:
        return []
    values = _values(context.compared, word)
    if word.startswith(("'", "`")):
        return values
    if NUMBER.fullmatch(word):
        return [Suggestion(f"`{word}`", "a number", "value"), *(value for value in values if value.text != f"`{word}`")]
    return [*values, *_operands(context.base, word)]


def _end(text: str, cursor: int, typed: CursorToken) -> int:
    """Return the end of the word under the cursor: of a name, or of a text if it is closed."""
    if typed.kind == "open":
        rest = re.compile(rf"(?:\\.|[^{typed.text[0]}\\])*{typed.text[0]}").match(text, cursor)
        return rest.end() if rest else cursor
    rest = re.compile(r"\w*", re.ASCII).match(text, cursor)
    return rest.end() if rest and typed.kind == "name" else cursor


def _names(node: SampleNode, word: str) -> list[Suggestion]:
    """Return the names below a node that contain the word, those that start with it first."""
    return _sorted(
        [(name, Suggestion(spell_name(name), _about(inner), "path")) for name, inner in node.names.items()], word
    )


def _operands(node: SampleNode | None, word: str) -> list[Suggestion]:
    """Return the names below `@`, deeper names, then functions."""
    typed = word.strip('"').lower()
    if node is None:
        return _functions(typed)
    near = _names(node, word)
    seen = {suggestion.text for suggestion in near}
    far = [
        Suggestion(spelled, _about(inner), "path")
        for path, inner in node.below()
        if len(path) > 1 and typed and path[-1].lower().startswith(typed)
        for spelled in (".".join(map(spell_name, path)),)
        if spelled not in seen
    ]
    return [*near, *far, *(_functions(typed) if not word.startswith('"') else [])]


def _functions(typed: str) -> list[Suggestion]:
    return [
        Suggestion(f"{name}(", signature, "function")
        for name, signature in SIGNATURES.items()
        if name.startswith(typed) and name != typed
    ]


def _values(node: SampleNode | None, word: str) -> list[Suggestion]:
    """Return the values of a path as literals, the most frequent first."""
    if node is None or node.facts is None:
        return []
    typed = word.lstrip("'`").lower().removeprefix('"')
    literals = []
    for value, times in node.facts.top:
        if isinstance(value, str) and len(value) >= LONGEST:
            continue  # only its start is known
        shown = value if isinstance(value, str) else spell_value(value).strip("`")
        if typed in shown.lower():
            literals.append((shown, Suggestion(spell_value(value), f"{count(times)}×", "value")))
    return [suggestion for _, suggestion in sorted(literals, key=lambda pair: not pair[0].lower().startswith(typed))]


def _sorted(suggestions: list[tuple[str, Suggestion]], word: str) -> list[Suggestion]:
    typed = word.strip('"').lower()
    fitting = [(name.lower(), suggestion) for name, suggestion in suggestions if typed in name.lower()]
    return [suggestion for _, suggestion in sorted(fitting, key=lambda pair: not pair[0].startswith(typed))]


def _about(node: SampleNode) -> str:
    """Return the types and coverage of a field, or the number of names below it."""
    if node.names:
        return f"object, {len(node.names)} below"
    if node.items is not None:
        return "array: [?…] filters its items" if node.items.names else "array"
    if node.facts is None:
        return ""
    share = f"{node.facts.coverage:.0%}" if node.facts.coverage >= 0.01 else "<1%"
    return f"{'/'.join(node.facts.types)}, in {share}"


SIGNATURES: Mapping[str, str] = {
    "abs": "(number) → number",
    "avg": "(numbers) → number",
    "ceil": "(number) → number",
    "contains": "(array | string, sought) → boolean",
    "ends_with": "(string, end) → boolean",
    "floor": "(number) → number",
    "join": "(glue, strings) → string",
    "keys": "(object) → strings",
    "length": "(string | array | object) → number",
    "map": "(&expression, array) → array",
    "max": "(numbers or strings) → greatest",
    "max_by": "(array, &expression) → item",
    "merge": "(object, …) → object",
    "min": "(numbers or strings) → least",
    "min_by": "(array, &expression) → item",
    "not_null": "(value, …) → first that is not null",
    "reverse": "(array | string) → same",
    "sort": "(numbers or strings) → array",
    "sort_by": "(array, &expression) → array",
    "starts_with": "(string, begin) → boolean",
    "sum": "(numbers) → number",
    "to_array": "(value) → array",
    "to_number": "(string | number) → number",
    "to_string": "(value) → string",
    "type": "(value) → name of its type",
    "values": "(object) → array",
}
