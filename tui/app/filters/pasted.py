"""Pasted lines: one wrapped expression, or a list of alternatives."""

from __future__ import annotations

import re
from contextlib import suppress
from hashlib import sha256

from tui.archive.local import atomic_file
from tui.config import state_dir
from tui.errors import FilterError
from tui.filter import Term, TermKind

_OPERATOR = re.compile(r"&&|\|\||[=!<>]=|[<>?|]|\w\(")
"""Occurs in an expression of several lines, and hardly ever in an id."""


def lines_of(text: str) -> list[str]:
    """Return the lines that are not blank, stripped."""
    return [line for raw in text.splitlines() if (line := raw.strip())]


def is_list(kind: TermKind, lines: list[str], before: str, after: str) -> bool:
    """Return whether lines pasted between two texts are a list, not an expression. Under a regex they never are."""
    if len(lines) < 2 or kind == "regex":
        return False
    if kind != "match":
        return True
    whole = f"{before}{' '.join(lines)}{after}"
    with suppress(FilterError):
        Term("match", whole)
        return False
    return not _OPERATOR.search(whole)


def list_term(lines: list[str]) -> Term:
    """Return a term for records with any of these texts, like `-f FILE`.

    The texts are stored in a file, which the command line can name. Raises OutputError if that fails, FilterError if
    there are too many.
    """
    content = "".join(f"{line}\n" for line in dict.fromkeys(lines)).encode("utf-8", "surrogateescape")
    path = state_dir() / "lists" / f"pasted-{sha256(content).hexdigest()[:12]}.txt"
    with atomic_file(path, overwrite=True, private=True) as file:
        file.write(content)
    return Term("file", str(path))
