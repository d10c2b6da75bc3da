"""Command lines as a person would type them: what every screen shows and every interrupted run prints."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable

_SPECIAL = re.compile(r'(["\\$`])')


def shell_word(word: str) -> str:
    """One word, quoted for a POSIX shell, in double quotes where it holds single ones (POSIX XCU 2.2.3).

    >>> print(shell_word("event == 'error'"))
    "event == 'error'"
    """
    if "'" in word and "!" not in word:  # an interactive shell expands ! even in double quotes
        return '"' + _SPECIAL.sub(r"\\\1", word) + '"'
    return shlex.quote(word)


def shell_join(words: Iterable[str]) -> str:
    """A command line; the shell splits it into `words` again."""
    return " ".join(shell_word(word) for word in words)
