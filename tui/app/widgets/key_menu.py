"""A question on the last line that is answered with one key; any other key drops it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from textual.events import Key
from textual.strip import Strip
from textual.widget import Widget

from tui.app.widgets.lines import LineWidget, Piece, strip_of


@dataclass(frozen=True, slots=True)
class Answer:
    """Keys that do the same, of which the first is shown; what they mean, and what they do."""

    keys: str
    words: str
    act: Callable[[], None]


class KeyMenu(LineWidget, can_focus=True):
    """Hidden until `ask`; lies over the line of keys, as a prompt does."""

    def __init__(self) -> None:
        super().__init__()
        self._question = ""
        self._answers: Sequence[Answer] = ()
        self._before: Widget | None = None

    def ask(self, question: str, answers: Sequence[Answer]) -> None:
        self._question, self._answers = question, answers
        self._before = self.screen.focused
        self.display = True
        self.screen.set_focus(self)

    def on_key(self, event: Key) -> None:
        event.stop()
        event.prevent_default()
        self.close()
        pressed = event.character or event.key
        for answer in self._answers:
            if pressed in answer.keys:
                answer.act()
                return

    def close(self) -> None:
        if self.display:
            self.display = False
            self.screen.set_focus(self._before)

    def on_blur(self) -> None:
        self.display = False

    def draw(self, y: int, width: int) -> Strip:
        palette = self.palette
        pieces: list[Piece] = [(f" {self._question}  ", palette.selected)]
        for answer in self._answers:
            pieces += [(f"{answer.keys[0]} ", palette.key), (f"{answer.words}  ", palette.bar_dim)]
        if sum(cell_len(text) for text, _ in pieces) + 8 <= width:
            pieces += [("esc ", palette.key), ("nothing", palette.bar_dim)]
        return strip_of(pieces, width)
