"""Facts as rows: a dim label, then the text. Long commands wrap."""

from __future__ import annotations

import re
import textwrap

from rich.cells import cell_len
from rich.style import Style
from textual.geometry import Size
from textual.strip import Strip

from tui.app.widgets.breakpoints import HIGH
from tui.app.widgets.lines import LineWidget, Piece, shorten, strip_of
from tui.facts import Fact
from tui.printable import printable

_LABEL = 12
_BARS = re.compile("(?P<bar>[━╸▁-█]+)|(?P<rest>─+)|[^━╸▁-█─]+")
_NOTE = 12  # cells: a note in fewer is omitted
_PROGRESS = 40  # cells


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
                lines.append([label, *self._parts(wrapped[0], style)])
                lines += [[(" " * (_LABEL + 1), style), (line, style)] for line in wrapped[1:]]
                continue
            shown = shorten(text, room)
            left = room - cell_len(shown)
            note = shorten(f"  {printable(fact.note)}", left) if fact.note and left >= _NOTE else ""
            lines.append([label, *self._parts(shown, style), (note, palette.dim)])
        return lines

    def _parts(self, text: str, style: Style) -> list[Piece]:
        """Return a text with its bars in the color of amounts, and the rest of a progress bar as a line."""
        colors = {"bar": self.palette.heat[3], "rest": self.palette.rule}
        parts = ((part[0], colors.get(part.lastgroup or "", style)) for part in _BARS.finditer(text))
        return list(parts) or [("", style)]


def progress_fact(share: float | None, words: str, label: str) -> Fact:
    """Return a row with a progress bar, if the share of the work that is done is known."""
    bar = "" if share is None else f"{'━' * round(_PROGRESS * share):─<{_PROGRESS}}  {int(100 * share)} %  "
    return Fact(label, bar + words)
