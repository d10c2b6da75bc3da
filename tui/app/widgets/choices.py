"""A short list to choose from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip

from tui.app.widgets.cursor_list import CursorList
from tui.app.widgets.lines import Piece, shorten, strip_of
from tui.printable import printable


@dataclass(frozen=True, slots=True)
class Choice:
    """What is shown, a word about it, and what choosing it gives."""

    name: str
    about: str
    value: str


class Choices(CursorList):
    """One line per choice; posts `Chosen`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "open", id="open"),
    ]

    @dataclass
    class Chosen(Message):
        value: str

    class Moved(Message):
        """Another choice is under the cursor."""

    def __init__(self, choices: list[Choice]) -> None:
        super().__init__()
        self._choices = choices

    def show(self, choices: list[Choice]) -> None:
        """Other choices, or the same with other words about them."""
        longer, self._choices = len(choices) != len(self._choices), choices
        self.repaint()
        if longer:
            self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._choices)

    @property
    def length(self) -> int:
        return len(self._choices)

    def go(self, at: int) -> None:
        super().go(at)
        self.post_message(self.Moved())

    def action_choose(self) -> None:
        self.post_message(self.Chosen(self._choices[self.at].value))

    def draw(self, y: int, width: int) -> Strip:
        self.keep_in_sight()
        if y + self.top >= len(self._choices):
            return Strip.blank(width)
        choice, palette = self._choices[y + self.top], self.palette
        here = y + self.top == self.at
        column = max(len(choice.name) for choice in self._choices) + 3
        pieces: list[Piece] = [
            (" ▸ " if here else "   ", palette.selected),
            (f"{printable(choice.name):<{column}}", palette.strong if here else palette.name),
            (shorten(printable(choice.about), max(width - column - 4, 8)), palette.dim),
        ]
        return strip_of(pieces, width, palette.cursor if here else None)
