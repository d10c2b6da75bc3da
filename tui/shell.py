"""Command lines, quoted as a person would type them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable

# Inside double quotes, a shell expands $ and `, and an interactive one also !. A backslash prevents that in a shell,
# but Python's shlex removes a backslash only before \ and ".
_PARTS = re.compile(r"(?P<single>'+)|(?P<expanded>[$`!]+)|[^'$`!]+")
_ESCAPED = re.compile(r'(["\\])')


def shell_word(word: str) -> str:
    """Quote one word for a POSIX shell (POSIX XCU 2.2.3) and for shlex.

    A word with single quotes is put in double quotes, and its characters that these would expand in single quotes.

    >>> print(shell_word("event == 'error' && code == `5003`"))
    "event == 'error' && code == "'`5003`'
    """
    if "'" not in word:
        return shlex.quote(word)
    pieces, kinds = [""], [""]
    for part in _PARTS.finditer(word):
        kind = part.lastgroup or kinds[-1]
        if kinds[-1] in ("", kind):
            pieces[-1] += part[0]
            kinds[-1] = kind
        else:
            pieces.append(part[0])
            kinds.append(kind)
    return "".join(
        f"'{piece}'" if kind == "expanded" else '"' + _ESCAPED.sub(r"\\\1", piece) + '"'
        for piece, kind in zip(pieces, kinds, strict=True)
    )


def shell_join(words: Iterable[str]) -> str:
    """Return a command line that a shell, or shlex, splits into `words` again."""
    return " ".join(shell_word(word) for word in words)
