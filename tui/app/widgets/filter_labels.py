"""What stands beside the filter's input: the kind of expression and what it looks at, and how many records match."""

from __future__ import annotations

from textual.strip import Strip

from tui.app.widgets.lines import LineWidget, strip_of
from tui.filter import Kind

KINDS: tuple[Kind, ...] = ("match", "grep", "regex")
KIND_WIDTH = 20
_WORDS = {
    "match": ("JMESPath", "of values"),
    "grep": ("text", "in raw bytes"),
    "regex": ("regex", "in raw bytes"),
}


class KindLabel(LineWidget):
    """What kind of expression is typed, and what it looks at."""

    def __init__(self) -> None:
        super().__init__()
        self.kind: Kind = KINDS[0]

    def put(self, kind: Kind) -> None:
        self.kind = kind
        self.repaint()

    def draw(self, y: int, width: int) -> Strip:
        name, about = _WORDS[self.kind]
        palette = self.palette
        return strip_of([(f" {name}", palette.title), (f" {about}", palette.dim)], width)


class CountLabel(LineWidget):
    """How many of the previewed records match; on the right."""

    def __init__(self) -> None:
        super().__init__()
        self._words = ""

    def say(self, words: str) -> None:
        self._words = words
        self.repaint()

    def draw(self, y: int, width: int) -> Strip:
        words = self._words if len(self._words) < width else self._words.replace(" previewed", "")
        return strip_of([(f"{words} ".rjust(width), self.palette.strong)], width)
