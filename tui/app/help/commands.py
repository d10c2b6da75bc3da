"""The palette: every action of the screen by its name, one line each, with its key."""

from __future__ import annotations

from collections.abc import Callable
from operator import itemgetter

from rich.cells import cell_len
from textual.app import SystemCommand
from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

_WIDTH = 56  # cells of a line
_PLACEHOLDER = "find an action by its name"


class Commands(Provider):
    """The actions that the app yields for the screen below."""

    async def discover(self) -> Hits:
        for words, key, run in self._commands():
            yield DiscoveryHit(_line(Content(words), key), run, words)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for words, key, run in self._commands():
            if (score := matcher.match(words)) > 0:
                yield Hit(score, _line(matcher.highlight(words), key), run, words)

    def _commands(self) -> list[tuple[str, str, Callable[[], object]]]:
        commands: list[SystemCommand] = sorted(self.app.get_system_commands(self.screen), key=itemgetter(0))
        return [(words, key, run) for words, key, run, _ in commands]


def _line(words: Content, key: str) -> Content:
    room = _WIDTH - len(words) - cell_len(key)
    return Content.assemble(words, " " * max(room, 2), (key, "$quiet"))


def palette() -> CommandPalette:
    """Return the palette's screen."""
    return CommandPalette(placeholder=_PLACEHOLDER, id="--command-palette")
