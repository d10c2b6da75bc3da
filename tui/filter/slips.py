"""Repair expressions that are almost JMESPath: `status == 500`, `a = 'x' and not b`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from tui.filter.tokens import Token, tokens

_LONGEST = 4096  # characters; longer expressions were not typed and are not repaired
_WORDS = {"and": "&&", "or": "||", "not": "!"}
_QUOTES = str.maketrans("‘’‚“”„", "''''''")  # word processors and chats turn ' into these
_OPENING, _CLOSING = ("(", "[", "[?", "{"), (")", "]", "}")
_NOTHING = Token("mark", "", -1, -1)
_OPERANDS = ("raw", "literal", "quoted", "name", "number")


@dataclass(frozen=True, slots=True)
class Slip:
    """A mistake at [start, end), and its replacement."""

    start: int
    end: int
    replacement: str
    reason: str


def repaired(expression: str, parses: Callable[[str], bool]) -> tuple[int, str] | None:
    """Return the column (from 0) of the first mistake and a sentence with the repaired expression; None if none.

    `parses` decides whether an expression is valid. A repair that is not valid is discarded.
    """
    if len(expression) > _LONGEST:
        return None
    straight = expression.translate(_QUOTES)
    slips = list(_slips(tokens(straight)))
    changed = next((at for at, (old, new) in enumerate(zip(expression, straight, strict=True)) if old != new), None)
    meant = edited(straight, slips)
    if (not slips and changed is None) or not parses(meant):
        return None
    if changed is not None:
        return changed, f"text is written in straight single quotes; write {meant}"
    return slips[0].start, f"{slips[0].reason}; write {meant}"


def edited(expression: str, slips: Sequence[Slip]) -> str:
    """Return the expression with all replacements made."""
    for slip in sorted(slips, key=lambda slip: slip.start, reverse=True):
        expression = expression[: slip.start] + slip.replacement + expression[slip.end :]
    return expression


def _slips(tokens_: Sequence[Token]) -> Iterator[Slip]:
    at, before = 0, _NOTHING
    while at < len(tokens_):
        slips, used = _slips_at(tokens_, at, before)
        yield from slips
        before = tokens_[at + used - 1]
        if slips and slips[0].replacement.strip("(") in ("&&", "||", "!"):
            before = _NOTHING  # the parser will see an operator
        at += used


def _slips_at(tokens_: Sequence[Token], at: int, before: Token) -> tuple[list[Slip], int]:
    """Return the mistakes in the tokens that begin at `at`, and the number of tokens used."""
    token, after = tokens_[at], tokens_[at + 1] if at + 1 < len(tokens_) else _NOTHING
    word, touching = token.text.lower(), after.start == token.end
    if token.type == "number" and (_compares(before) or _compares(after)):
        return [Slip(token.start, token.end, f"`{token.text}`", "a number is written in backticks")], 1
    if token.type == "name" and (end := _dashed(tokens_, at)) > at + 1:
        name = '"' + "".join(part.text for part in tokens_[at:end]) + '"'
        reason = "a name with a dash is written in double quotes"
        return [Slip(token.start, tokens_[end - 1].end, name, reason)], end - at
    if token.type == "name" and word in ("and", "or") and _ends_operand(before) and after is not _NOTHING:
        return [Slip(token.start, token.end, _WORDS[word], f"'{token.text}' is written {_WORDS[word]}")], 1
    if token.type == "name" and word == "not" and not _ends_operand(before) and _begins_operand(after):
        return _negation(tokens_, at), 1
    if token.text == "$" and after.text == "." and not _ends_operand(before):
        return [Slip(token.start, after.end, "", "a path begins with a name, without $")], 2
    if token.text == "." and not _ends_operand(before) and touching and after.type in ("name", "quoted"):
        return [Slip(token.start, token.end, "", "a path begins with a name, without a dot")], 1
    if token.text == "&" and _ends_operand(before):
        return [Slip(token.start, token.end, "&&", "'and' is written &&")], 1
    if token.text == "<" and after.text == ">" and touching:
        return [Slip(token.start, after.end, "!=", "'not equal' is written !=")], 2
    if token.text in ("=", "==") and after.text == "=" and touching:
        return [Slip(token.start, after.end, "==", "'equal' is written ==")], 2
    if token.text == "=" and _ends_operand(before):
        return [Slip(token.start, token.end, "==", "'equal' is written ==")], 1
    return [], 1


def _negation(tokens_: Sequence[Token], at: int) -> list[Slip]:
    """Replace 'not' by `!`. It binds tighter, so `not a == b` needs parentheses."""
    token, after = tokens_[at], tokens_[at + 1]
    reason = f"'{token.text}' is written !"
    if after.text == "(":
        return [Slip(token.start, after.start, "!", reason)]
    depth, end, compares = 0, after.end, False
    for later in tokens_[at + 1 :]:
        depth += (later.text in _OPENING) - (later.text in _CLOSING)
        if depth < 0 or (depth == 0 and (later.text in ("&&", "||", ",", "|") or later.text.lower() in ("and", "or"))):
            break
        end, compares = later.end, compares or (depth == 0 and _compares(later))
    if not compares:
        return [Slip(token.start, after.start, "!", reason)]
    return [Slip(token.start, after.start, "!(", reason), Slip(end, end, ")", "")]


def _dashed(tokens_: Sequence[Token], at: int) -> int:
    """Return the index after a name such as `user-agent`, which is several adjacent tokens."""
    end = at + 1
    while end < len(tokens_) and tokens_[end].start == tokens_[end - 1].end:
        part = tokens_[end]
        if not (part.text == "-" or part.type == "name" or (part.type == "number" and part.text.startswith("-"))):
            break
        end += 1
    return end if "-" in "".join(part.text for part in tokens_[at:end]) else at + 1


def _compares(token: Token) -> bool:
    return token.type == "compare" or token.text == "="


def _ends_operand(token: Token) -> bool:
    return token.type in _OPERANDS or token.text in (")", "]", "}", "[]", "@")


def _begins_operand(token: Token) -> bool:
    return token.type in _OPERANDS or token.text in ("(", "@", "!")
