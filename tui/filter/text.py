"""Literal bytes: `--grep`."""

from __future__ import annotations

from tui.errors import FilterError
from tui.filter.compiled import Compiled, finder


def compile_term(text: str) -> Compiled:
    """A record matches if it holds the UTF-8 bytes of `text`, as `grep -F` does."""
    needle = text.encode("utf-8", "surrogateescape")
    if b"\n" in needle:
        raise FilterError("a record has no line break; give one -g per line", text, text.index("\n"))
    if not needle:
        return Compiled(lambda record: True)
    return Compiled(lambda record: needle in record, (finder(needle),), exact=True)
