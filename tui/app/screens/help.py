"""Two screens of words: the keys (`?`), and what one is looking at (`x`)."""

from __future__ import annotations

from textual.binding import Binding
from textual.widget import Widget

from tui.app.screens.page import Page
from tui.app.widgets.bars import spell_key
from tui.app.widgets.words import Words


class HelpPage(Page):
    """The keys of the screen that asked, by what has the focus there."""

    title_of_help = "Help"

    def __init__(self, of: Page) -> None:
        super().__init__()
        self._of = of
        self._words = Words((f"{of.title_of_help}: keys", "", *_keys(of)), scrolls=True)

    def contents(self) -> list[Widget]:
        return [self._words]

    def on_mount(self) -> None:
        self.header.show(self._of.title_of_help, "help")
        self.set_focus(self._words)

    def action_help(self) -> None:
        self.action_leave()


class ExplainPage(Page):
    """What the screen shows, in plain words, and the shell that does the same by hand."""

    title_of_help = "Explain"

    def __init__(self, of: Page) -> None:
        super().__init__()
        self._of = of
        paragraphs = [line for paragraph in of.explanation() for line in (paragraph, "")]
        self._words = Words((of.title_of_help, "", *paragraphs), scrolls=True)

    def contents(self) -> list[Widget]:
        return [self._words]

    def on_mount(self) -> None:
        self.header.show(self._of.title_of_help, "explain")
        self.set_focus(self._words)

    def action_explain(self) -> None:
        self.action_leave()


_FRAMEWORKS = ("Focus Next", "Focus Previous", "Copy selected text", "Minimize")  # Textual's own keys


def _keys(page: Page) -> list[str]:
    """A row `keys⇥meaning` for each action that the page and its focus have."""
    rows: dict[str, tuple[list[str], str]] = {}
    for _, binding, _, _ in page.active_bindings.values():
        if _told(binding):
            keys, _ = rows.setdefault(binding.action, ([], binding.description))
            if (key := spell_key(binding.key)) not in keys:
                keys.append(key)
    return [f"{' '.join(keys)}\t{meaning}" for keys, meaning in rows.values()]


def _told(binding: Binding) -> bool:
    return bool(binding.description) and binding.description not in _FRAMEWORKS
