"""Paragraphs of plain words, wrapped to the width."""

from __future__ import annotations

import textwrap

from tui.app.widgets.cursor_list import ScrolledLines
from tui.app.widgets.lines import Piece
from tui.printable import printable


class Words(ScrolledLines):
    """The first paragraph is the headline; `$ ` begins a command."""

    def __init__(self, paragraphs: tuple[str, ...] = (), *, scrolls: bool = False) -> None:
        super().__init__()
        self.can_focus = scrolls
        self._paragraphs = paragraphs

    def show(self, paragraphs: tuple[str, ...]) -> None:
        self._paragraphs = paragraphs
        self.repaint()

    def lines(self, width: int) -> list[list[Piece]]:
        palette = self.palette
        room = max(min(width - 4, 96), 20)
        lines: list[list[Piece]] = [[]]
        for number, paragraph in enumerate(self._paragraphs):
            text = printable(paragraph)
            style = palette.strong if number == 0 else palette.string if text.startswith("$ ") else palette.text
            wrapped = textwrap.wrap(text, room, break_long_words=True, break_on_hyphens=False) or [""]
            lines += [[("  ", style), (line, style)] for line in wrapped]
        return lines
