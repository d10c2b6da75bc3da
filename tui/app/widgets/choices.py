"""A short list to choose from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip

from tui.app.widgets.lines import LineWidget, Piece, shorten, strip_of
from tui.printable import printable


@dataclass(frozen=True, slots=True)
class Choice:
    """What is shown, a word about it, and what choosing it gives."""

    name: str
    about: str
    value: str


class Choices(LineWidget, can_focus=True):
    """One line a choice; posts `Chosen`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "open", id="choose"),
        Binding("j,down", "move(1)", "down", show=False, id="down"),
        Binding("k,up", "move(-1)", "up", show=False, id="up"),
    ]

    @dataclass
    class Chosen(Message):
        value: str

    def __init__(self, choices: list[Choice]) -> None:
        super().__init__()
        self._choices = choices
        self._at = 0

    def action_move(self, step: int) -> None:
        self._at = min(max(self._at + step, 0), len(self._choices) - 1)
        self.repaint()

    def action_choose(self) -> None:
        self.post_message(self.Chosen(self._choices[self._at].value))

    def draw(self, y: int, width: int) -> Strip:
        top = max(0, self._at - self.size.height + 1)
        if y + top >= len(self._choices):
            return Strip.blank(width)
        choice, palette = self._choices[y + top], self.palette
        here = y + top == self._at
        column = max(len(choice.name) for choice in self._choices) + 3
        pieces: list[Piece] = [
            (" ▸ " if here else "   ", palette.selected),
            (f"{printable(choice.name):<{column}}", palette.strong if here else palette.name),
            (shorten(printable(choice.about), max(width - column - 4, 8)), palette.dim),
        ]
        return strip_of(pieces, width, palette.cursor if here else None)
