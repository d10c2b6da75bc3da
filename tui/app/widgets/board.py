"""Facts as rows: a dim label, then what it is. Long commands wrap under their label."""

from __future__ import annotations

import textwrap

from rich.cells import cell_len
from textual.strip import Strip

from tui.app.facts import Fact
from tui.app.widgets.lines import LineWidget, Piece, shorten, strip_of
from tui.printable import printable

_LABEL = 12


class Board(LineWidget):
    """Shows facts from its top; its height follows from how many lines they take."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._facts: tuple[Fact, ...] = ()

    def show(self, facts: list[Fact]) -> None:
        self._facts = tuple(facts)
        self.repaint()

    def draw(self, y: int, width: int) -> Strip:
        lines = self._lines(width)
        return strip_of(lines[y], width) if y < len(lines) else Strip.blank(width)

    def _lines(self, width: int) -> list[list[Piece]]:
        palette = self.palette
        tones = {"you": palette.selected, "command": palette.string}
        lines: list[list[Piece]] = []
        room = max(width - _LABEL - 2, 20)
        for fact in self._facts:
            style = tones.get(fact.tone) or getattr(palette, fact.tone)
            label: Piece = (f" {fact.label:<{_LABEL}}", palette.dim)
            text = printable(fact.text)
            if fact.tone in ("command", "trouble", "you") and not fact.note:
                wrapped = textwrap.wrap(text, room, break_on_hyphens=False) or [""]
                lines.append([label, (wrapped[0], style)])
                lines += [[(" " * (_LABEL + 1), style), (line, style)] for line in wrapped[1:]]
                continue
            shown = shorten(text, room)
            note = shorten(f"  {printable(fact.note)}", room - cell_len(shown)) if fact.note else ""
            lines.append([label, (shown, style), (note, palette.dim)])
        return lines
