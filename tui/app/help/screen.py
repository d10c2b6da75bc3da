"""Two screens of words: the keys (`?`), and what one is looking at (`x`)."""

from __future__ import annotations

from collections.abc import Sequence

from textual.binding import Binding
from textual.widget import Widget

from tui.app.help.key_table import KeyTable
from tui.app.help.keys import key_groups
from tui.app.page import Page
from tui.app.widgets.words import Words


class HelpPage(Page):
    """The keys of the screen that asked, by what has the focus there."""

    title_of_help = "Help"

    def __init__(self, title: str, bindings: Sequence[Binding]) -> None:
        super().__init__()
        self._title = title
        self.table = KeyTable(key_groups(bindings))

    def contents(self) -> list[Widget]:
        return [self.table]

    def on_mount(self) -> None:
        self.header.show(self._title, "help")
        self.set_focus(self.table)

    def action_help(self) -> None:
        self.action_leave()


class ExplainPage(Page):
    """What the screen shows, in plain words, and the shell that does the same by hand."""

    title_of_help = "Explain"

    def __init__(self, title: str, paragraphs: Sequence[str]) -> None:
        super().__init__()
        self._title = title
        words = [line for text in paragraphs if not _is_command(text) for line in (text, "")]
        commands = [text for text in paragraphs if _is_command(text)]
        self._words = Words((title, "", *words, *commands), scrolls=True)

    def contents(self) -> list[Widget]:
        return [self._words]

    def on_mount(self) -> None:
        self.header.show(self._title, "explain")
        self.set_focus(self._words)

    def action_explain(self) -> None:
        self.action_leave()


def _is_command(text: str) -> bool:
    return text.startswith("$ ")
