"""Paragraphs of plain text, wrapped to the width, and lines with colored parts."""

from __future__ import annotations

import textwrap

from rich.cells import cell_len

from tui.app.model.exhibit import Exhibit
from tui.app.widgets.cursor_list import ScrolledLines
from tui.app.widgets.lines import Piece
from tui.printable import printable


class Paragraphs(ScrolledLines):
    """Paragraphs: the first one is bold; `$ ` starts a command; the last one, how the answer was obtained, is dim."""

    def __init__(self, paragraphs: tuple[str | Exhibit, ...] = (), *, scrolls: bool = False) -> None:
        super().__init__()
        self.can_focus = scrolls
        self._paragraphs = paragraphs
        self._how = ""

    def show(self, paragraphs: tuple[str | Exhibit, ...], how: str = "") -> None:
        self._paragraphs, self._how = paragraphs, how
        self.refresh(layout=len(self.lines(self.size.width)) > self.size.height)
        self.repaint()

    def lines(self, width: int) -> list[list[Piece]]:
        palette = self.palette
        room = max(min(width - 4, 96), 20)
        lines: list[list[Piece]] = [[]]
        for number, paragraph in enumerate((*self._paragraphs, *([self._how] if self._how else []))):
            if not isinstance(paragraph, str):
                lines += self._parted(paragraph, room)
                continue
            text, how = printable(paragraph), number == len(self._paragraphs)
            style = palette.string if text.startswith("$ ") else palette.dim if how else palette.text
            style = style if number else palette.headline
            wrapped = textwrap.wrap(text, room, break_long_words=True, break_on_hyphens=False) or [""]
            lines += [[("  ", style), (line, style)] for line in wrapped]
        return lines

    def _parted(self, exhibit: Exhibit, room: int) -> list[list[Piece]]:
        """Return the parts of an exhibit, each in its color, wrapped over as many lines as needed."""
        palette = self.palette
        colors = {
            "topic": palette.name,
            "host": palette.string,
            "rev": palette.constant,
            "time": palette.match,
            "dim": palette.dim,
            "trouble": palette.trouble,
            "": palette.text,
        }
        lines: list[list[Piece]] = [[("  ", palette.text)]]
        used = 0
        for text, what in exhibit:
            left = printable(text)
            while left:
                cut = room - used
                if len(left) > cut:
                    cut = left.rfind(" ", 0, cut + 1) + 1 or cut  # after a word, if there is one
                part, left = left[:cut], left[cut:]
                lines[-1].append((part, colors.get(what, palette.number)))
                used += cell_len(part)
                if left:
                    lines.append([("    ", palette.text)])
                    used = 2
        return lines
