"""Facts as rows: a dim label, then the text. Long commands wrap."""

from __future__ import annotations

import textwrap

from rich.cells import cell_len
from textual.geometry import Size
from textual.strip import Strip

from tui.app.widgets.breakpoints import HIGH
from tui.app.widgets.lines import LineWidget, Piece, shorten, strip_of
from tui.facts import Fact
from tui.printable import printable

_LABEL = 12
_NOTE = 12  # cells: a note in fewer is omitted


class Board(LineWidget):
    """Shows facts, and is as high as they are. A low screen gets no empty lines."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._facts: tuple[Fact, ...] = ()

    def show(self, facts: list[Fact]) -> None:
        self._facts = tuple(facts)
        self.refresh(layout=len(self._lines(self.size.width)) != self.size.height)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._lines(width))

    def draw(self, y: int, width: int) -> Strip:
        lines = self._lines(width)
        return strip_of(lines[y], width) if y < len(lines) else Strip.blank(width)

    def _lines(self, width: int) -> list[list[Piece]]:
        palette = self.palette
        tones = {"you": palette.selected, "command": palette.string}
        lines: list[list[Piece]] = []
        room = max(width - _LABEL - 2, 20)
        low = self.app.size.height < HIGH
        for fact in self._facts:
            if low and fact == Fact():
                continue
            if fact.tone == "headline":
                sentence = textwrap.wrap(printable(fact.text), max(width - 4, 20), break_on_hyphens=False)
                style = palette.headline + palette.good if fact.text.startswith("✓") else palette.headline
                lines += [[("  ", style), (line, style)] for line in sentence]
                continue
            style = tones[fact.tone] if fact.tone in tones else getattr(palette, fact.tone)
            label: Piece = (f" {fact.label:<{_LABEL}}", palette.dim)
            text = printable(fact.text)
            if not fact.note:
                wrapped = textwrap.wrap(text, room, break_on_hyphens=False) or [""]
                lines.append([label, (wrapped[0], style)])
                lines += [[(" " * (_LABEL + 1), style), (line, style)] for line in wrapped[1:]]
                continue
            shown = shorten(text, room)
            left = room - cell_len(shown)
            note = shorten(f"  {printable(fact.note)}", left) if fact.note and left >= _NOTE else ""
            lines.append([label, (shown, style), (note, palette.dim)])
        return lines
