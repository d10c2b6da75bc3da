"""Paragraphs of plain words, wrapped to the width."""

from __future__ import annotations

import textwrap
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.strip import Strip

from tui.app.widgets.lines import LineWidget, Piece, strip_of
from tui.printable import printable


class Words(LineWidget):
    """The first paragraph is the headline; `$ ` begins a command; `keys⇥meaning` is a row of two columns."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "scroll(1)", "down", show=False),
        Binding("k,up", "scroll(-1)", "up", show=False),
        Binding("pagedown", "scroll(10)", "page down", show=False),
        Binding("pageup", "scroll(-10)", "page up", show=False),
    ]

    def __init__(self, paragraphs: tuple[str, ...] = (), *, scrolls: bool = False) -> None:
        super().__init__()
        self.can_focus = scrolls
        self._paragraphs = paragraphs
        self._top = 0

    def show(self, paragraphs: tuple[str, ...]) -> None:
        self._paragraphs = paragraphs
        self.repaint()

    def action_scroll(self, lines: int) -> None:
        last = max(len(self._lines(self.size.width)) - self.size.height, 0)
        self._top = min(max(self._top + lines, 0), last)
        self.repaint()

    def draw(self, y: int, width: int) -> Strip:
        lines = self._lines(width)
        index = y + self._top
        return strip_of(lines[index], width) if index < len(lines) else Strip.blank(width)

    def _lines(self, width: int) -> list[list[Piece]]:
        palette = self.palette
        room = max(min(width - 4, 96), 20)
        lines: list[list[Piece]] = [[]]
        for number, paragraph in enumerate(self._paragraphs):
            if "\t" in paragraph:
                key, _, meaning = paragraph.partition("\t")
                lines.append([(f"  {printable(key):<14}", palette.key), (printable(meaning), palette.text)])
                continue
            text = printable(paragraph)
            style = palette.strong if number == 0 else palette.string if text.startswith("$ ") else palette.text
            wrapped = textwrap.wrap(text, room, break_long_words=True, break_on_hyphens=False) or [""]
            lines += [[("  ", style), (line, style)] for line in wrapped]
        return lines
