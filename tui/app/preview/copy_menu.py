"""The copy menu: a question on the last line, answered with one key. Any other key cancels it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from rich.cells import cell_len
from textual.events import Key
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tui.app.preview.rows import VisibleRows
from tui.app.records.tree import JsonTree
from tui.app.requests import Failed, Report
from tui.app.terminal.clipboard import LARGEST_BYTES, copy_text, gathered
from tui.app.widgets.lines import LineWidget, Piece, strip_of
from tui.printable import spelled
from tui.units import size


@dataclass(frozen=True, slots=True)
class CopyKeys:
    """An answer: its keys, of which the first is shown, its label, and its action."""

    keys: str
    words: str
    act: Callable[[], object]


class CopyMenu(LineWidget, can_focus=True):
    """Copies the record, the value or path under the tree's cursor, or all picked records.

    Hidden until `offer`; it covers the line of keys, as a prompt does.
    """

    class Write(Message):
        """Write the records to a file instead."""

    def __init__(self, tree: JsonTree, rows: VisibleRows) -> None:
        super().__init__()
        self._tree = tree
        self._rows = rows
        self._answers: Sequence[CopyKeys] = ()
        self._before: Widget | None = None

    def offer(self) -> None:
        """Ask what to copy. `y` copies the record or value that has the focus."""
        value = CopyKeys("v", "value", partial(self._copy_node, path=False, value=True))
        record = CopyKeys("r", "record", partial(self._copy_node, path=False))
        here, other = (value, record) if self._tree.has_focus else (record, value)
        self._answers = [
            replace(here, keys="y" + here.keys),
            other,
            CopyKeys("p", "path", partial(self._copy_node, path=True)),
            CopyKeys("a", self._rows.title, self._copy_all),
            CopyKeys("w", "to a file", lambda: self.post_message(self.Write())),
        ]
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
        pieces: list[Piece] = [(" copy  ", palette.title)]
        for answer in self._answers:
            pieces += [(f"{answer.keys[0]} ", palette.key), (f"{answer.words}  ", palette.bar_dim)]
        if sum(cell_len(text) for text, _ in pieces) + 8 <= width:
            pieces += [("esc ", palette.key), ("cancel", palette.bar_dim)]
        return strip_of(pieces, width)

    def _copy_node(self, *, path: bool, value: bool = False) -> None:
        what, text = self._tree.copied(path=path, value=value)
        if what:
            self._copy(what, text)

    def _copy_all(self) -> None:
        title, records = self._rows.title, self._rows.records
        text = gathered(records[number] for number in self._rows.picked)
        if text is None:
            self._refuse(title)
        else:
            self._copy(title, text)

    def _copy(self, what: str, text: str) -> None:
        """Copy a text to the clipboard unless it is too large."""
        text = spelled(text)
        length = len(text.encode())
        if length > LARGEST_BYTES:
            self._refuse(size(length))
            return
        copy_text(self.app, text)
        self.post_message(Report(f"copied {what}, {size(length)}, if this terminal allows it; w writes to a file"))

    def _refuse(self, what: str) -> None:
        limit = size(LARGEST_BYTES)
        self.post_message(Failed(f"{what} exceed the limit of a clipboard ({limit}); w writes to a file"))
