"""The line over the footer that shows the step of the tour."""

from __future__ import annotations

from textual.strip import Strip

from tui.app.widgets.lines import LineWidget, Piece, both_ends, shorten, strip_of

_HINT = "H hint "


class TourLine(LineWidget):
    """`3 of 10  Go to an hour without a chunk`; nothing as long as there is no tour."""

    def __init__(self) -> None:
        super().__init__()
        self._words = ""

    def show(self, words: str) -> None:
        if words != self._words:
            self._words = words
            self.display = bool(words)
            self.repaint()

    def draw(self, y: int, width: int) -> Strip:
        palette = self.palette
        number, _, text = self._words.partition("  ")
        room = max(width - len(number) - len(_HINT) - 5, 10)
        left: list[Piece] = [(f" {number}  ", palette.selected), (shorten(text, room), palette.strong)]
        return strip_of(both_ends(left, [(_HINT, palette.bar_dim)], width), width)
