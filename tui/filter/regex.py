"""Regular expressions in RE2's syntax: `--regex`. Matching takes linear time for any pattern."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import re2
import stringzilla as sz

from tui.errors import FilterError
from tui.filter.compiled import Compiled, Find

# These anchor to the ends of the text, which in a block are not the ends of its lines.
_TEXT_ANCHORS = re.compile(r"(?<!\\)(?:\\\\)*\\[AzQE]|\(\?[a-zA-Z]*-[a-zA-Z]*m")
_NEAR = 1 << 12  # bytes; a literal that occurs this close is in every tenth line or more
_LONG = 3  # bytes; a shorter literal hits too often to be worth a search


def compile_term(shown: str, *, ignore_case: bool = False) -> Compiled:
    """Compile a pattern. A record matches if the pattern is found in it. UTF-8; `^` and `$` are the record's ends.

    `ignore_case`: letters match in either case, by Unicode's simple folding.
    """
    pattern = f"(?i){shown}" if ignore_case else shown
    line = _compile(pattern, shown)

    def test(record: bytes) -> bool:
        return line.search(record) is not None

    if _TEXT_ANCHORS.search(pattern):
        return Compiled(test, holds_lock=True)
    lines = _compile(f"(?m){pattern}", shown)  # not as a group, whose end \\Q without \\E would quote
    literal = required_literal(pattern).encode()
    find = _find_after(literal, lines) if len(literal) >= _LONG else _find(lines)
    return Compiled(test, (find,), exact=True, holds_lock=True)


def _find(lines: Any) -> Find:
    def find(block: memoryview, start: int, end: int) -> int:
        match = lines.search(block, start, end)
        return -1 if match is None else int(match.start())

    return find


def _find_after(literal: bytes, lines: Any) -> Find:
    """Search for the literal first, and match only lines that contain it; if it is frequent, match at once."""
    everywhere = _find(lines)

    def find(block: memoryview, start: int, end: int) -> int:
        while (hit := sz.find(block, literal, start, end)) >= 0:
            if hit - start < _NEAR:
                return everywhere(block, start, end)
            first = sz.rfind(block, b"\n", start, hit) + 1 or start
            last = sz.find(block, b"\n", hit, end)
            last = end if last < 0 else last
            match = lines.search(block, first, last)
            if match is not None:
                return int(match.start())
            start = last
        return -1

    return find


def required_literal(pattern: str) -> str:
    """Return the longest text outside groups that every match must contain, or "".

    Alternatives, flags (such as `(?i)`) and escapes other than punctuation may only make the text shorter.
    """
    if re.search(r"\(\?[a-zA-Z-]*[):]", pattern.replace("(?:", "(")) or "\\Q" in pattern:
        return ""
    best = run = ""
    for token in _tokens(pattern):
        if token == "|":
            return ""
        if (len(token) == 1 and token not in ".^$*+?") or re.fullmatch(r"\\[^\w\s]", token):
            run += token[-1]
        elif token == "+":
            best, run = max(best, run, key=len), ""
        else:  # a quantifier removes the character before it; anything else just ends the run
            whole = run[:-1] if token[0] in "*?{" else run
            best, run = max(best, whole, key=len), ""
    return max(best, run, key=len)


_TOKEN = re.compile(r"\\.|\[\^?\]?(?:\[:\w+:\]|\\.|[^\]])*\]|[*+?]\??|\{\d+(?:,\d*)?\}\??|[()]|.", re.DOTALL)


def _tokens(pattern: str) -> Iterator[str]:
    """Yield the pattern's tokens; a whole group is one token, `()`."""
    depth = 0
    for token in _TOKEN.findall(pattern):
        if token == ")":
            depth -= 1
            if depth == 0:
                yield "()"
        elif token == "(":
            depth += 1
        elif depth == 0:
            yield "+" if token == "+?" else token


def _compile(pattern: str, shown: str) -> Any:
    options = re2.Options()
    options.log_errors = False
    options.never_nl = True  # [^a] and \s stop at a record's end
    try:
        return re2.compile(pattern, options)
    except UnicodeEncodeError as error:  # bytes of a command line that are not UTF-8
        raise FilterError("it holds bytes that are not UTF-8", shown, _column("", shown), what="regex") from error
    except re2.error as error:
        words = error.args[0].decode("utf-8", "replace") if error.args else "it cannot be parsed"
        raise FilterError(_reason(words), shown, _column(words, shown), what="regex") from error


def _reason(words: str) -> str:
    """Return RE2's message with its fragment in quotes, and advice for unsupported syntax or a glob."""
    what, _, fragment = words.partition(": ")
    if what.startswith(("missing ", "unexpected ")):
        verb, _, sign = what.partition(" ")
        return f"{verb} '{sign}'" if len(sign) == 1 else what
    if what == "no argument for repetition operator" and fragment[:1] == "*":
        return "nothing before '*' to repeat; any text is '.*'"
    reason = f"{what} '{fragment}'" if fragment else what
    if re.match(r"\(\?(?:<?[=!]|>)|\\[1-9]", fragment):
        return f"{reason}; RE2 has no lookaround and no backreferences"
    return reason


def _column(words: str, pattern: str) -> int:
    """Return the column of an error. RE2 reports only the fragment, not its position."""
    fragment = words.rpartition(": ")[2]
    at = pattern.find(fragment)
    return len(pattern) if at < 0 or words.startswith("missing") else at
