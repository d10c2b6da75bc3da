"""The operands of a JMESPath expression: its literals, and its paths with the fields they refer to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from tui.filter.fields import ANY, FieldPath, ItemStep
from tui.filter.tokens import Token, Type, tokens

_INDEX = {":", "*"}


@dataclass(frozen=True, slots=True)
class Operand:
    """A token, or a path of several tokens. [start, end) is its position in the expression.

    `path`: its steps from the record; None if it is not a path, or if its base is unknown, as after a pipe. `written`:
    the steps that are written here (inside a condition, the list's path is not). `single`: the type of a path's only
    name. `projected`: the result is a list of the values.
    """

    type: Type | Literal["path", "call"]
    text: str
    start: int
    end: int
    value: object = None
    path: FieldPath | None = None
    written: FieldPath = ()
    single: Literal["", "name", "quoted"] = ""
    projected: bool = False


def operands(expression: str) -> list[Operand]:
    """Return the tokens, with those of a path joined: `a.b[0]`, `@.x`. Function names have the type "call"."""
    return list(_TokenReader(tokens(expression), expression).read())


def constants(parts: Sequence[Operand]) -> list[int]:
    """Return the indices of literals that are a condition by themselves: 'b' in `a == 'x' || 'b'`."""
    joints = ("", "||", "&&")
    found, depth = [], 0
    for at, operand in enumerate(parts):
        depth += (operand.text in ("(", "[", "[?", "{")) - (operand.text in (")", "]", "}"))
        before = parts[at - 1].text if at else ""
        after = parts[at + 1].text if at + 1 < len(parts) else ""
        if depth == 0 and operand.type in ("raw", "literal") and before in joints and after in joints:
            found.append(at)
    return found


class _TokenReader:
    """Joins tokens into operands, and keeps track of open brackets: of the base of the paths inside each."""

    def __init__(self, tokens_: Sequence[Token], expression: str) -> None:
        self._tokens = tokens_
        self._expression = expression
        self._bases: list[FieldPath | None] = [()]

    def read(self) -> Iterator[Operand]:
        at = 0
        last = Operand("mark", "", 0, 0)
        while at < len(self._tokens):
            end = self._path_end(at)
            if end > at and self._text(end) != ":" and last.text != ".":
                operand, at = self._path(at, end), end
            else:
                operand, at = self._token(at), at + 1
            yield operand
            self._open_or_close(operand, last)
            last = operand

    def _text(self, at: int) -> str:
        return self._tokens[at].text if at < len(self._tokens) else ""

    def _path_end(self, at: int) -> int:
        """Return the index after the last token of a path that begins at `at`, or `at` if none does."""
        if not self._is_step(at) and self._text(at) != "@":
            return at
        end = at + 1
        while True:
            if self._text(end) == "." and self._is_step(end + 1):
                end += 2
            elif self._text(end) == "[]":
                end += 1
            elif self._text(end) == "[" and (closed := self._index_end(end)):
                end = closed
            else:
                return end

    def _is_step(self, at: int) -> bool:
        return at < len(self._tokens) and self._tokens[at].type in ("name", "quoted") and self._text(at + 1) != "("

    def _index_end(self, at: int) -> int:
        """Return the index after `[0]`, `[*]` or `[1:2]`; 0 for anything else."""
        end = at + 1
        while end < len(self._tokens) and (self._tokens[end].type == "number" or self._tokens[end].text in _INDEX):
            end += 1
        return end + 1 if end > at + 1 and self._text(end) == "]" else 0

    def _token(self, at: int) -> Operand:
        token = self._tokens[at]
        kind = "call" if token.type == "name" and self._text(at + 1) == "(" else token.type
        return Operand(kind, token.text, token.start, token.end, token.value)

    def _path(self, at: int, end: int) -> Operand:
        first, last = self._tokens[at], self._tokens[end - 1]
        base = self._bases[-1]
        steps: list[str | ItemStep] = []
        for token in self._tokens[at:end]:
            if token.text in ("[", "[]"):
                steps.append(ANY)
            elif token.type in ("name", "quoted"):
                steps.append(str(token.value))
        path = None if base is None else (*base, *steps)
        single: Literal["", "name", "quoted"] = ""
        if end == at + 1 and first.text != "@":
            single = "quoted" if first.type == "quoted" else "name"
        text = self._expression[first.start : last.end]
        projected = any(token.text in ("[]", "*", ":") for token in self._tokens[at:end])
        return Operand("path", text, first.start, last.end, first.value, path, tuple(steps), single, projected)

    def _open_or_close(self, operand: Operand, before: Operand) -> None:
        if operand.text == "[?":
            self._bases.append(None if before.path is None else (*before.path, ANY))
        elif operand.text in ("[", "{", "("):
            self._bases.append(self._bases[-1])
        elif operand.text in (")", "]", "}") and len(self._bases) > 1:
            self._bases.pop()
        elif operand.text in ("|", "&"):  # what follows has another base
            self._bases[-1] = None
