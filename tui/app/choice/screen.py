"""One question with a few answers: which layout of several, which topic."""

from __future__ import annotations

from collections.abc import Callable

from textual.widget import Widget

from tui.app.page import Page
from tui.app.widgets.choices import Choice, Choices
from tui.app.widgets.words import Words


class ChoicePage(Page):
    """A question over its answers; `chosen` gets the value of the one that was taken."""

    def __init__(
        self, title: str, question: str, choices: list[Choice], chosen: Callable[[str], object], about: str
    ) -> None:
        super().__init__()
        self._title, self._question, self._about = title, question, about
        self._chosen = chosen
        self.title_of_help = question
        self.choices = Choices(choices)

    def contents(self) -> list[Widget]:
        return [Words((self._question, "", self._about)), self.choices]

    def on_mount(self) -> None:
        self.header.show(self._title)
        self.set_focus(self.choices)

    def on_choices_chosen(self, event: Choices.Chosen) -> None:
        event.stop()
        self._chosen(event.value)

    def explanation(self) -> tuple[str, ...]:
        return (self._about,)
