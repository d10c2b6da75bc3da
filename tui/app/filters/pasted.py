"""Lines that are pasted into the filter bar: one expression that was wrapped, or a list of which any is looked for."""

from __future__ import annotations

import re
from contextlib import suppress
from hashlib import sha256

from tui.archive.local import private_folder, private_opener, reason
from tui.config import state_dir
from tui.errors import FilterError, OutputError
from tui.filter import Kind, Term

_OPERATOR = re.compile(r"&&|\|\||[=!<>]=|[<>?|]|\w\(")
"""What stands in an expression of several lines, and hardly in an id."""


def lines_of(text: str) -> list[str]:
    """Those that are not blank, without what is around them."""
    return [line for raw in text.splitlines() if (line := raw.strip())]


def is_list(kind: Kind, lines: list[str], before: str, after: str) -> bool:
    """Are lines that are pasted between two texts a list, and no expression? A regex is never one."""
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
    """Records with any of these texts, as `-f FILE`; they are kept in a file, so that a command line can name it.
    OutputError if they cannot be; FilterError if they are too many."""
    content = "".join(f"{line}\n" for line in dict.fromkeys(lines)).encode("utf-8", "surrogateescape")
    path = state_dir() / "lists" / f"pasted-{sha256(content).hexdigest()[:12]}.txt"
    try:
        private_folder(path.parent)
        with open(path, "wb", opener=private_opener) as file:
            file.write(content)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {reason(error)}") from error
    return Term("file", str(path))
