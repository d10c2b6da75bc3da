"""Regular expressions in RE2's syntax: `--regex`. Time is linear in the record, whatever the pattern."""

from __future__ import annotations

import re
from typing import Any

import re2

from tui.errors import FilterError
from tui.filter.compiled import Compiled

# These anchor to the text's ends, which a block of lines does not share with its lines.
_TEXT_ANCHORS = re.compile(r"(?<!\\)(?:\\\\)*\\[Az]")


def compile_regex(pattern: str) -> Compiled:
    """A record matches if the pattern is found in it. UTF-8; `^` and `$` are the record's ends."""
    line = _compile(pattern, pattern)

    def test(record: bytes) -> bool:
        return line.search(record) is not None

    if _TEXT_ANCHORS.search(pattern):
        return Compiled(test)
    lines = _compile(f"(?m:{pattern})", pattern)

    def find(block: memoryview, start: int, end: int) -> int:
        match = lines.search(block, start, end)
        return -1 if match is None else int(match.start())

    return Compiled(test, (find,), exact=True)


def _compile(pattern: str, shown: str) -> Any:
    options = re2.Options()
    options.log_errors = False
    options.never_nl = True  # [^a] and \s stop at a record's end
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        words = error.args[0].decode("utf-8", "replace") if error.args else "it cannot be parsed"
        column = _column(words, shown)
        raise FilterError(
            f"the regex '{shown}' is wrong at column {column + 1}: {words} (RE2 syntax)", shown, column
        ) from error


def _column(words: str, pattern: str) -> int:
    """RE2 names the fragment, not its place."""
    fragment = words.rpartition(": ")[2]
    at = pattern.find(fragment)
    return len(pattern) if at < 0 or words.startswith("missing") else at
