"""Context lines around matches, like `grep -A -B -C`: within a chunk, across blocks, each line once."""

from __future__ import annotations

from collections import deque

from tui.archive import Block
from tui.filter import Matcher

SEPARATOR = b"--\n"  # between groups that are not adjacent, as in grep


class Context:
    """Extracts matches with `before` and `after` lines around them. Use one per chunk."""

    def __init__(self, before: int, after: int, *, separated: bool) -> None:
        self._before = before
        self._after = after
        self._separated = separated
        self._earlier: deque[bytes] = deque(maxlen=before)  # the last lines that were not written
        self._owed = 0  # lines still to be written after the last match
        self._begun = False
        self._gap = False  # a line was left out since the last one that was written

    def lines(self, block: Block, matcher: Matcher) -> tuple[bytes, int]:
        """Return the matching lines of a block with their context, and the number of matches."""
        matching = {start for start, _ in matcher.spans(block)}
        if not matching and not self._owed:
            self._skip_block(block)
            return b"", 0
        pieces: list[bytes] = []
        start = 0
        for record in block.records():
            line = record + b"\n"
            if start in matching:
                self._write_earlier(pieces)
                pieces.append(line)
                self._begun, self._owed = True, self._after
            elif self._owed:
                pieces.append(line)
                self._owed -= 1
            else:
                self._leave_out(line)
            start += len(line)
        return b"".join(pieces), len(matching)

    def _write_earlier(self, pieces: list[bytes]) -> None:
        if self._gap and self._begun and self._separated:
            pieces.append(SEPARATOR)
        pieces += self._earlier
        self._earlier.clear()
        self._gap = False

    def _leave_out(self, line: bytes) -> None:
        """Keep a line only in case a match follows soon."""
        if len(self._earlier) == self._before:
            self._gap = True
        self._earlier.append(line)

    def _skip_block(self, block: Block) -> None:
        """Skip a block without a match; only its last lines may still be needed."""
        with block.view() as view:
            lines = bytes(view).removesuffix(b"\n").rsplit(b"\n", self._before)
        if len(lines) > self._before:
            self._gap, lines = True, lines[1:]
        for line in lines:
            self._leave_out(line + b"\n")
