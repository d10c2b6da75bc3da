"""Literal bytes: `--grep`."""

from __future__ import annotations

import stringzilla as sz

from tui.errors import FilterError
from tui.filter.compiled import Compiled


def compile_text(text: str) -> Compiled:
    """A record matches if it holds the UTF-8 bytes of `text`, as `grep -F` does."""
    needle = text.encode("utf-8", "surrogateescape")
    if b"\n" in needle:
        column = text.index("\n")
        raise FilterError("a text with a line break fits no record; give one -g for each line", text, column)

    def find(block: memoryview, start: int, end: int) -> int:
        return int(sz.find(block, needle, start, end))

    return Compiled(lambda record: needle in record, find, exact=True)
