"""Literal bytes: `--grep`."""

from __future__ import annotations

from tui.errors import FilterError
from tui.filter.compiled import Compiled, finder


def compile_term(text: str) -> Compiled:
    """A record matches if it holds the UTF-8 bytes of `text`, as `grep -F` does."""
    needle = text.encode("utf-8", "surrogateescape")
    if b"\n" in needle:
        raise FilterError("a text with a line break fits no record; give one -g for each line", text, text.index("\n"))
    if not needle:
        return Compiled(lambda record: True)
    return Compiled(lambda record: needle in record, (finder(needle),), exact=True)
