"""The list of an hour's records, one line each or wrapped. It may still be growing."""

from __future__ import annotations

import textwrap
from bisect import bisect_left, bisect_right
from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip

from tui.app.records.columns import TonedText
from tui.app.records.lines import RecordLines, toned
from tui.app.records.store import Records
from tui.app.widgets.cursor_list import CursorList
from tui.app.widgets.lines import Piece, both_ends, shorten_middle, strip_of
from tui.filter import Filter
from tui.printable import printable
from tui.units import count

_GUTTER = 2  # cells: a sign, and the cursor
_SHORTEST = 8  # characters to which a chunk's name may be shortened


class RecordList(CursorList):
    """A cursor over records; line 0 shows its place. Posts `Moved`, and `NearEnd` when more should be read."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("g,home", "first", "first record", show=False, id="first"),
        Binding("G,end", "last", "last record", show=False, id="last"),
        Binding("l,right", "sideways(1)", "scroll right", show=False, id="right"),
        Binding("h,left", "sideways(-1)", "scroll left", show=False, id="left"),
        Binding("greater_than_sign", "sideways(1)", "scroll right", show=False, id="sideways-right"),
        Binding("less_than_sign", "sideways(-1)", "scroll left", show=False, id="sideways-left"),
        Binding("W", "wrap", "wrap/cut long records", show=False, id="wrap"),
        Binding("K", "hues", "a color for each field", show=False, id="hues"),
    ]

    class Moved(Message):
        """Another record is under the cursor."""

    @dataclass
    class NearEnd(Message):
        """The cursor is near the last record read so far. `everything`: the user asked for the very last record."""

        everything: bool = False

    def __init__(self, records: Records) -> None:
        super().__init__()
        self._records = records
        self._rows: Sequence[int] = range(0)
        self._hits: Sequence[int] | None = None
        self._marks: Container[int] = ()
        self._follows = False
        self._lines = RecordLines(records)
        self._layout: list[tuple[int, int]] = []  # for each visible line: its row, and the line within it
        self._where: tuple[str, ...] = ()
        self._state = self._empty = ""
        self._notes: tuple[str, ...] = ()

    @property
    def current(self) -> int | None:
        """The number of the record under the cursor."""
        return self._rows[self.at] if self.at < len(self._rows) else None

    def show(
        self,
        rows: Sequence[int] | None = None,
        hits: Sequence[int] | None = None,
        marks: Container[int] = (),
        filter_: Filter | None = None,
    ) -> None:
        """Show these records (None: all). `hits`: those that match the filter, if there is one. Both are ascending.

        The cursor stays on its record, or moves to the nearest one before it.
        """
        before = self.current
        self._rows = range(len(self._records)) if rows is None else rows
        self._lines.ask(filter_ or Filter())
        self._lines.fit(self.size.width - _GUTTER, self._rows)
        self._hits, self._marks = hits, marks
        if before is not None and before != self.current:
            self.at = max(0, bisect_right(self._rows, before) - 1)
        last = max(len(self._rows) - 1, 0)
        self.at = last if self._follows else min(self.at, last)
        self.keep_in_sight()
        self.repaint()
        if self.current != before:
            self.post_message(self.Moved())

    def explain(self, where: tuple[str, ...], empty: str, state: str = "", notes: tuple[str, ...] = ()) -> None:
        """Set line 0 (the place, and `state`: which records are shown), `notes` (the lines below it) and `empty` (why
        there are no records).

        If room is short, the second part of the place is shortened.
        """
        notes = tuple(map(printable, notes))
        same = notes == self._notes and bool(self._rows)
        self._where, self._state, self._empty = tuple(map(printable, where)), printable(state), printable(empty)
        self._notes = notes
        self.repaint(1 if same else None)

    def show_columns(self, columns: tuple[str, ...]) -> None:
        """Show these columns (JMESPath); with none, choose columns for the records."""
        self._lines.show_columns(columns)
        self._again()

    def action_raw(self) -> None:
        """Switch between aligned columns and raw records."""
        self._lines.flip_raw()
        self._again()

    def action_wrap(self) -> None:
        """Switch between wrapping long records and cutting them at the edge."""
        self._lines.flip_wrap()
        self._again()

    def action_hues(self) -> None:
        """Switch between one color per field, always the same, and colors for rare and common values only."""
        self._lines.flip_hues()
        self.repaint()

    def look_like(self, other: RecordList) -> None:
        """Adopt another list's raw, wrap and color settings."""
        self._lines.look_like(other._lines)

    def stop_following(self) -> None:
        """Leave the cursor on its record when more arrive."""
        self._follows = False

    def _again(self) -> None:
        self._lines.fit(self.size.width - _GUTTER, self._rows)
        self.keep_in_sight()
        self.repaint()

    # Scrolling.

    @property
    def length(self) -> int:
        return len(self._rows)

    @property
    def lead(self) -> int:
        """The lines above the records: the place, the notes, the shared values, and the columns' titles."""
        return 1 + len(self._notes) + bool(self._lines.shared) + bool(self._lines.columns)

    def keep_in_sight(self) -> None:
        """Keep the cursor visible. Scroll by one record if the terminal can move whole lines (terminal/paint.py), else
        by a third of the page, because each scroll repaints all of it.
        """
        room = self.room
        jump = 1 if self.size.width == self.app.size.width and not self._lines.wrapped else max(room // 3, 1)
        if self.at < self.top:
            self.top = max(0, min(self.at, self.top - jump))
        elif not self._fits(self.top, self.at, room):
            self.top = self._lowest(self.at, room if self.at - self.top > room else room - jump + 1)
        if not self._lines.wrapped:
            self.top = max(0, min(self.top, len(self._rows) - room))
            self._layout = [(row, 0) for row in range(self.top, min(self.top + room, len(self._rows)))]
            return
        self._layout = []
        for row in range(self.top, len(self._rows)):
            self._layout += ((row, line) for line in range(self._height(row)))
            if len(self._layout) >= room:
                break

    def _fits(self, top: int, at: int, room: int) -> bool:
        """Return whether row `at` is fully visible with `top` as the first row; a row too high must be the first."""
        if at - top >= room:
            return False
        return top == at or not self._lines.wrapped or sum(map(self._height, range(top, at + 1))) <= room

    def _lowest(self, at: int, room: int) -> int:
        """Return the first row such that row `at` ends at most `room` lines below its top."""
        top, used = at, self._height(at)
        while top > 0 and used + self._height(top - 1) <= max(room, 1):
            top -= 1
            used += self._height(top)
        return top

    def _height(self, row: int) -> int:
        return len(self._lines.lines(self._rows[row])) if self._lines.wrapped else 1

    # Moving.

    def go_to(self, number: int) -> None:
        """Move the cursor to a record, or to the nearest shown record before it."""
        self.go(max(0, bisect_right(self._rows, number) - 1))

    def action_first(self) -> None:
        self.go(0)

    def action_last(self) -> None:
        """Go to the last record, read the rest of the hour, and stay on the last record meanwhile."""
        self.go(len(self._rows) - 1)
        self._follows = True
        self.post_message(self.NearEnd(everything=True))

    def action_page(self, pages: int) -> None:
        shown = self._layout[-1][0] - self.top if self._lines.wrapped and self._layout else self.room - 1
        step = pages * max(shown, 1)
        self.top = max(0, min(self.top + step, len(self._rows) - 1))
        self.go(self.at + step)

    def action_sideways(self, step: int) -> None:
        self._lines.sideways(step)
        self.repaint()

    def go_to_match(self, step: int) -> bool:
        """Go to the next or previous record that matches; return False if there is none."""
        hits, here = self._hits, self.current
        if hits is None or here is None:
            at = self.at
            self.go(self.at + step)
            return self.at != at
        place = bisect_right(hits, here) if step > 0 else bisect_left(hits, here) - 1
        while 0 <= place < len(hits):
            row = bisect_left(self._rows, hits[place])
            if row < len(self._rows) and self._rows[row] == hits[place]:
                self.go(row)
                return True
            place += step
        return False

    def go(self, at: int) -> None:
        self._follows = False
        target = max(0, min(at, len(self._rows) - 1))
        if target != self.at:
            self.at = target
            self.keep_in_sight()
            self.repaint()
            self.post_message(self.Moved())
        if target + 2 * self.room >= len(self._rows):
            self.post_message(self.NearEnd())

    # Drawing.

    def draw(self, y: int, width: int) -> Strip:
        palette = self.palette
        if y == 0:
            self._lines.fit(self.size.width - _GUTTER, self._rows)
            self.keep_in_sight()
            return strip_of(self._title(width), width)
        if y <= len(self._notes):
            return strip_of([(shorten_middle(f" {self._notes[y - 1]}", width), palette.trouble)], width)
        if y < self.lead - bool(self._lines.columns):
            return strip_of(self._lines.shared_pieces(len(self._rows), palette, width), width)
        if y < self.lead:
            return strip_of([("  ", palette.dim), (self._lines.titles, palette.dim)], width)
        if y - self.lead >= len(self._layout):
            words = [] if self._rows else textwrap.wrap(self._empty, max(width - 4, 20))
            line = words[y - top] if 0 <= y - (top := self.lead + 1) < len(words) else ""
            return strip_of([("  ", palette.dim), (line, palette.text)], width)
        row, line_of_it = self._layout[y - self.lead]
        number = self._rows[row]
        here = row == self.at
        hit = self._hits is None or _holds(self._hits, number)
        cells = self._lines.lines(number)[line_of_it]
        style = palette.strong if here else palette.dim
        plain: list[Piece] = [(text, style) for text, _ in cells]
        pieces = toned(cells, palette, self._lines.columns, hued=self._lines.hued) if hit and not here else plain
        cursor: Piece = ("▸" if here and not line_of_it else " ", palette.selected)
        sign = (" ", palette.text) if line_of_it else self._sign(row, number, cells)
        return strip_of([sign, cursor, *pieces], width, self.ground(row))

    def _sign(self, row: int, number: int, cells: Sequence[TonedText]) -> Piece:
        """Return the sign before a record: `*` marked, `▎` a match among other records, `E` or `F` an error or fatal
        level, `⋮` after records that are not shown."""
        palette = self.palette
        if number in self._marks:
            return "*", palette.selected
        among = self._hits is not None and len(self._rows) > len(self._hits)
        if among and _holds(self._hits or (), number):
            return "▎", palette.match
        if level := next((tone for _, tone in cells if tone in ("error", "fatal")), ""):
            return level[0].upper(), palette.fatal if level == "fatal" else palette.trouble
        if not among:
            return " ", palette.text
        return "⋮" if row and self._rows[row - 1] != number - 1 else " ", palette.dim

    def _title(self, width: int) -> list[Piece]:
        palette = self.palette
        place = f"{count(self.at + 1)} of {count(len(self._rows))}" if self._rows else ""
        right: list[Piece] = [(f" ◂ {self._lines.left} ", palette.dim)] if self._lines.left else []
        left: list[Piece] = [(f"  {self._state}", palette.selected)] if self._state else []
        parts = list(self._where)
        if len(parts) > 1:
            taken = sum(cell_len(text) for text, _ in (*left, *right)) + len(" · ".join(parts)) - len(parts[1])
            parts[1] = shorten_middle(parts[1], max(width - taken - len(place) - 3, _SHORTEST))
        left.insert(0, (" " + " · ".join(parts), palette.dim))
        return both_ends(left, [*right, (place + " ", palette.dim)], width)


def _holds(numbers: Sequence[int], number: int) -> bool:
    """Return whether ascending numbers contain a number."""
    at = bisect_left(numbers, number)
    return at < len(numbers) and numbers[at] == number
