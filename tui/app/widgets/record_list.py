"""The records of an hour, one line each: a window over a list that may still be growing."""

from __future__ import annotations

import textwrap
from bisect import bisect_right
from collections.abc import Sequence
from typing import ClassVar

from rich.style import Style
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip

from tui.app.columns import SAMPLE, Column, cells, choose
from tui.app.widgets.lines import LineWidget, Piece, both_ends, fit, strip_of
from tui.printable import printable
from tui.units import count

_SIDEWAYS = 20
_EMPTY_TOP = 2  # the line on which an empty list says why


class RecordList(LineWidget, can_focus=True):
    """A cursor over records. Line 0 says where it stands. Posts `Moved`, and `NearEnd` when more should be read."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "move(1)", "down", show=False, id="down"),
        Binding("k,up", "move(-1)", "up", show=False, id="up"),
        Binding("g,home", "move(-1_000_000_000)", "first record", show=False, id="first"),
        Binding("G,end", "move(1_000_000_000)", "last record", show=False, id="last"),
        Binding("pagedown,ctrl+f", "page(1)", "page down", show=False, id="page-down"),
        Binding("pageup,ctrl+b", "page(-1)", "page up", show=False, id="page-up"),
        Binding("greater_than_sign", "sideways(1)", "scroll right", show=False, id="sideways-right"),
        Binding("less_than_sign", "sideways(-1)", "scroll left", show=False, id="sideways-left"),
        Binding("c", "columns", "columns/raw", show=False, id="columns"),
        Binding("n", "match(1)", "next match", show=False, id="next-match"),
        Binding("N", "match(-1)", "previous match", show=False, id="previous-match"),
    ]

    class Moved(Message):
        """Another record is under the cursor."""

    class NearEnd(Message):
        """The cursor is near the last record that was read."""

    def __init__(self, records: Sequence[bytes]) -> None:
        super().__init__()
        self._records = records
        self._rows: Sequence[int] = range(0)
        self._hits: frozenset[int] | None = None
        self._only = True
        self._at = 0
        self._top = 0
        self._left = 0
        self._columns: tuple[Column, ...] = ()
        self._raw = False
        self._chosen_for = (0, 0)
        self._where = ""
        self._empty = ""
        self._trouble = self._stopped = ""

    @property
    def current(self) -> int | None:
        """The number of the record under the cursor."""
        return self._rows[self._at] if self._at < len(self._rows) else None

    @property
    def only(self) -> bool:
        return self._only

    def show(self, hits: Sequence[int] | None, *, only: bool) -> None:
        """Show all records (`hits` None), only the matching ones, or all with the matching ones marked.

        The cursor stays on its record, or goes to the nearest one before it.
        """
        before = self.current
        self._choose()
        everything: Sequence[int] = range(len(self._records))
        self._only = only
        self._hits = None if hits is None else frozenset(hits)
        self._rows = hits if hits is not None and only else everything
        if before is not None and before != self.current:
            self._at = _place(self._rows, before)
        self._at = min(self._at, max(len(self._rows) - 1, 0))
        self._scroll()
        self.repaint()
        if self.current != before:
            self.post_message(self.Moved())

    def explain(self, where: str, empty: str, trouble: str = "", stopped: str = "") -> None:
        """What line 0 says, what is said where there is no record, and what behind the last one."""
        self._where, self._empty, self._trouble, self._stopped = where, empty, trouble, stopped
        self.repaint()

    @property
    def _room(self) -> int:
        return max(self.size.height - self._lead, 1)

    @property
    def _lead(self) -> int:
        """Lines above the records: where one stands, and the columns' titles if there are columns."""
        return 2 if self._columns else 1

    def _scroll(self) -> None:
        """Keep the cursor in sight; move a third of the page at once, for each scroll sends all of it again."""
        jump = max(self._room // 3, 1)
        if self._at < self._top:
            self._top = max(0, min(self._at, self._top - jump))
        elif self._at >= self._top + self._room:
            self._top = max(self._at - self._room + 1, self._top + jump)
        self._top = max(0, min(self._top, max(len(self._rows) - self._room, 0)))

    def action_move(self, step: int) -> None:
        self._go(self._at + step)

    def action_page(self, pages: int) -> None:
        step = pages * max(self._room - 1, 1)
        self._top = max(0, min(self._top + step, len(self._rows) - self._room))
        self._go(self._at + step)

    def action_columns(self) -> None:
        """Aligned columns, or the records as they are."""
        self._raw = not self._raw
        self._left = 0
        self._chosen_for = (0, 0)
        self._choose()
        self._scroll()
        self.repaint()

    def _choose(self) -> None:
        """The columns for this width and for the first records, as soon as either is another."""
        now = (self.size.width, min(len(self._records), SAMPLE))
        if now != self._chosen_for:
            self._chosen_for = now
            self._columns = () if self._raw else choose(self._records, self.size.width - 1)

    def action_sideways(self, step: int) -> None:
        self._left = max(0, self._left + step * _SIDEWAYS)
        self.repaint()

    def action_match(self, step: int) -> None:
        """The next (or the one before) record that matches."""
        if self._hits is None or self._only:
            self._go(self._at + step)
            return
        ahead = range(self._at + step, len(self._rows) if step > 0 else -1, step)
        self._go(next((at for at in ahead if self._rows[at] in self._hits), self._at))

    def _go(self, at: int) -> None:
        target = max(0, min(at, len(self._rows) - 1))
        if target != self._at:
            self._at = target
            self._scroll()
            self.repaint()
            self.post_message(self.Moved())
        if target + 2 * self._room >= len(self._rows):
            self.post_message(self.NearEnd())

    def on_focus(self) -> None:
        self.repaint()

    def on_blur(self) -> None:
        self.repaint()

    def draw(self, y: int, width: int) -> Strip:
        if y == 0:
            self._choose()
            self._scroll()
            return strip_of(self._title(width), width)
        palette = self.palette
        if y < self._lead:
            titles = "".join(f"{column.title:<{column.width + 2}}" for column in self._columns)
            return strip_of([(" ", palette.dim), (titles, palette.dim)], width)
        row = self._top + y - self._lead
        if row >= len(self._rows):
            words = [] if self._rows else textwrap.wrap(self._empty, max(width - 4, 20))
            line = words[y - _EMPTY_TOP] if 0 <= y - _EMPTY_TOP < len(words) else ""
            return strip_of([("  ", palette.dim), (line, palette.text)], width)
        number = self._rows[row]
        hit = self._hits is not None and number in self._hits
        here = row == self._at
        style = palette.text if hit or self._hits is None else palette.dim
        mark = "▸" if here else "▎" if hit and not self._only else " "
        ground = None if not here else palette.cursor if self.has_focus else palette.cursor_idle
        style = palette.strong if here else style
        return strip_of([(mark, palette.match), *self._record(number, width - 1, style)], width, ground)

    def _record(self, number: int, width: int, style: Style) -> list[Piece]:
        record = self._records[number]
        texts = cells(record, self._columns) if self._columns and not self._left else None
        if texts is None:
            return [(printable(record, self._left + width)[self._left :], style)]
        return [(fit(text, column.width) + "  ", style) for text, column in zip(texts, self._columns, strict=True)]

    def _title(self, width: int) -> list[Piece]:
        palette = self.palette
        place = f"{count(self._at + 1)} of {count(len(self._rows))}" if self._rows else ""
        left: list[Piece] = [(f" !! {self._trouble}", palette.trouble)] if self._trouble else []
        left += [(f" {self._stopped}  ", palette.selected)] if self._stopped else []
        left.append((f" {self._where}", palette.dim))
        return both_ends(left, [(place + " ", palette.dim)], width)


def _place(rows: Sequence[int], number: int) -> int:
    """Where `number` is in ascending rows, or the last smaller one."""
    return max(0, bisect_right(rows, number) - 1)
