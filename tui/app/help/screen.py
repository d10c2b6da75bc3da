"""Two screens about the screen that opened them: its keys (`?`), and an explanation of what it shows (`x`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from textwrap import wrap

from rich.cells import cell_len
from textual.binding import Binding
from textual.message import Message
from textual.widget import Widget

from tui.app.help.keys import key_groups
from tui.app.model.exhibit import Exhibit
from tui.app.page import Page
from tui.app.widgets.cursor_list import ScrolledLines
from tui.app.widgets.lines import Piece, fit
from tui.app.widgets.paragraphs import Paragraphs
from tui.app.widgets.workers import stream

KeyGroup = tuple[str, Sequence[tuple[str, str]]]
_TWO = 76  # cells: from this width, there are two columns
_WIDEST = 60
_LONG = 16  # cells of keys


class HelpPage(Page):
    """The keys of the screen that asked, including those of its focused widget."""

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


@dataclass
class ExhibitRead(Message):
    """The exhibit, as far as it has been read."""

    exhibit: tuple[Exhibit, ...]


class ExplainPage(Page):
    """Explains the thing under the cursor and the screen, and shows the commands that do the same by hand."""

    title_of_help = "Explain"

    def __init__(self, title: str, paragraphs: Sequence[str], exhibit: Iterator[Exhibit]) -> None:
        super().__init__()
        self._title = title
        self._paragraphs, self._exhibit = paragraphs, exhibit
        self._words = Paragraphs((title,), scrolls=True)

    def contents(self) -> list[Widget]:
        return [self._words]

    def on_mount(self) -> None:
        self.header.show(self._title, "explain")
        self.set_focus(self._words)
        self._show(())
        stream(self, self._look(), "look")

    def _look(self) -> Iterator[ExhibitRead]:
        read: list[Exhibit] = []
        for line in self._exhibit:
            read.append(line)
            if not line:  # the end of a chunk
                yield ExhibitRead(tuple(read))

    def on_exhibit_read(self, message: ExhibitRead) -> None:
        self._show(message.exhibit)

    def _show(self, exhibit: tuple[Exhibit, ...]) -> None:
        """Show the paragraphs, the exhibit and the commands, separated by empty lines."""
        commands = [number for number, text in enumerate(self._paragraphs) if text.startswith("$ ")]
        first = commands[0] if commands else len(self._paragraphs)
        shown: list[str | Exhibit] = [self._title, ""]
        for text in self._paragraphs[:first]:
            shown += [text, ""]
        shown += exhibit
        for text, following in pairwise((*self._paragraphs[first:], "")):
            shown += [text] if text.startswith("$ ") and following.startswith("$ ") else [text, ""]
        self._words.show(tuple(shown))

    def action_explain(self) -> None:
        self.action_leave()


class KeyTable(ScrolledLines, can_focus=True):
    """Actions on the left, moving on the right; on a narrow screen, one below the other."""

    def __init__(self, groups: Sequence[KeyGroup]) -> None:
        super().__init__()
        self._groups = groups

    def lines(self, width: int) -> list[list[Piece]]:
        if width < _TWO:
            return self._column(self._groups, width)
        first, others = self._split()
        room = min(max(width * 39 // 80, _need(first)), _WIDEST, max(width - _need(others), width // 2))
        left, right = self._column(first, room), self._column(others, min(width - room, _WIDEST))
        blank: list[Piece] = [(" " * room, self.palette.text)]
        left += [blank] * (len(right) - len(left))
        return [one + (right[y] if y < len(right) else []) for y, one in enumerate(left)]

    def _split(self) -> tuple[list[KeyGroup], list[KeyGroup]]:
        """Return the groups of the left and of the right column. Rows that do not fit on the left go to the right."""
        (title, rows), *others = self._groups
        room = self.size.height - 1  # below the title
        if len(rows) <= room or room < 1:
            return [(title, rows)], others
        return [(title, rows[:room])], [*others, (f"{title} (more)", rows[room:])]

    def _column(self, groups: Sequence[KeyGroup], room: int) -> list[list[Piece]]:
        """Return lines of exactly `room` cells."""
        palette = self.palette
        wide = _wide(groups) + 2
        lines: list[list[Piece]] = []
        for title, rows in groups:
            lines += [[(" " * room, palette.text)]] if lines else []
            lines.append([(fit(f" {title}", room), palette.title)])
            for keys, meaning in rows:
                taken = max(wide, cell_len(keys) + 2) + 2
                words = wrap(meaning, max(room - taken, 10))
                lines.append([(f"  {fit(keys, taken - 2)}", palette.key), (fit(words[0], room - taken), palette.text)])
                lines += [[(fit(" " * taken + more, room), palette.text)] for more in words[1:]]
        return lines


def _wide(groups: Sequence[KeyGroup]) -> int:
    """Return the cells of the keys' column. Unusually long keys shift only their own meanings."""
    sizes = [cell_len(keys) for _, rows in groups for keys, _ in rows]
    return max((size for size in sizes if size <= _LONG), default=0)


def _need(groups: Sequence[KeyGroup]) -> int:
    """Return the cells of the longest row."""
    wide = _wide(groups)
    rows = [row for _, rows in groups for row in rows]
    return max((max(wide, cell_len(keys)) + cell_len(words) for keys, words in rows), default=0) + 4
