"""A short list to choose from."""

from __future__ import annotations

from dataclasses import dataclass

from tui.app.widgets.cursor_list import ChoiceList
from tui.app.widgets.lines import Piece, shorten
from tui.printable import printable


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice: its name, a few words about it, and its value."""

    name: str
    about: str
    value: str = ""


class Choices(ChoiceList):
    """One line per choice."""

    def __init__(self, choices: list[Choice]) -> None:
        super().__init__()
        self._choices = choices

    def show(self, choices: list[Choice]) -> None:
        """Show other choices, or the same with other words."""
        longer, self._choices = len(choices) != len(self._choices), choices
        self.repaint()
        if longer:
            self.refresh(layout=True)

    @property
    def length(self) -> int:
        return len(self._choices)

    @property
    def value(self) -> str:
        """The value of the choice under the cursor."""
        return self._choices[self.at].value

    def row(self, at: int, width: int) -> list[Piece]:
        choice, palette = self._choices[at], self.palette
        column = max(len(choice.name) for choice in self._choices) + 3
        return [
            (f"{printable(choice.name):<{column}}", palette.strong if at == self.at else palette.name),
            (shorten(printable(choice.about), max(width - column - 1, 8)), palette.dim),
        ]
