"""One record as a foldable tree. The first line always shows the path of the line under the cursor."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, tzinfo
from functools import partial
from typing import ClassVar

from rich.cells import cell_len
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.timer import Timer

from tui.app.model.clock import readable
from tui.app.records.outline import (
    MAX_ROWS,
    NotJson,
    OutlineRow,
    beginning,
    brief,
    parent,
    parse,
    rows,
    spelled,
    unpack,
    wrapped,
)
from tui.app.widgets.cursor_list import REST_SECONDS, FoldingList
from tui.app.widgets.lines import Piece, both_ends, shorten, shorten_middle
from tui.app.widgets.workers import stream
from tui.errors import HourscopeError
from tui.filter import Term
from tui.filter.build import term_of
from tui.filter.paths import JsonPath
from tui.printable import printable
from tui.units import count, size

_SHOWN = 400  # characters of a string that are considered for one line


class JsonTree(FoldingList):
    """Shows a record. Large values are parsed in a worker."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("h,left", "fold", "close, or parent", show=False, id="left"),
        Binding("W", "wrap", "wrap long texts", show=False, id="wrap"),
    ]

    @dataclass
    class Parsed(Message):
        """A part of the record with this `ticket` is parsed; `keep` stores it."""

        ticket: object
        keep: Callable[[], None]

    class Arranged(Message):
        """Other rows are shown, or more or fewer of them."""

    def __init__(self, zone: tzinfo = UTC) -> None:
        super().__init__()
        self._zone = zone
        self._wrap = False
        self._moved = 0.0  # when the record last changed
        self._rest: Timer | None = None
        self._reading = 0  # bytes being parsed
        self._ticket: object = None
        self._record: bytes | None = None
        self._value: object = None
        self._rows: tuple[OutlineRow, ...] = ()
        self._folds: dict[JsonPath, bool] = {}
        self._path: JsonPath = ()

    def show_times(self, zone: tzinfo) -> None:
        """Show readable times in this zone from now on."""
        self._zone = zone
        self.repaint()

    def show(self, record: bytes | None) -> None:
        """Show another record. The cursor stays at its path if the record has it."""
        if record == self._record:
            return
        self._record, self._reading, self._ticket = record, 0, None
        self._value = parse(record) if record is not None else None
        self._arrange(soon=True)

    def show_large(self, ticket: object, length: int, fetch: Callable[[], bytes]) -> None:
        """Show a record that takes a while to read and parse; `ticket` identifies it."""
        if ticket == self._ticket:
            return
        self._ticket, self._reading = ticket, length
        self._record, self._value = None, None
        stream(self, self._parse(ticket, fetch), "parse")
        self._arrange()

    def _parse(self, ticket: object, fetch: Callable[[], bytes]) -> Iterator[Parsed]:
        record, value = b"", object()
        try:
            record = fetch()
            value = parse(record)
        except HourscopeError as error:
            value = NotJson(str(error))
        yield self.Parsed(ticket, partial(self._keep, record, value))

    def _unpack(self, ticket: object, value: object, path: JsonPath) -> Iterator[Parsed]:
        unpack(value, path)
        yield self.Parsed(ticket, partial(self._folds.__setitem__, path, True))

    def _keep(self, record: bytes, value: object) -> None:
        self._record, self._value = record, value

    def on_json_tree_parsed(self, message: Parsed) -> None:
        message.stop()
        if message.ticket == self._ticket:
            self._reading = 0
            message.keep()
            self._arrange()

    def _arrange(self, *, soon: bool = False) -> None:
        nothing = isinstance(self._value, NotJson) or self._record is None
        self._rows = () if nothing else rows(self._value, self._folds)
        if self._wrap:
            self._rows = wrapped(self._rows, self.size.width)
        places = (number for number, row in enumerate(self._rows) if row.path == self._path)
        here = self.at < len(self._rows) and self._rows[self.at].path == self._path  # on a line of a wrapped text
        self.at = self.at if here else next(places, min(self.at, max(len(self._rows) - 1, 0)))
        self.keep_in_sight()
        self.post_message(self.Arranged())
        if soon:
            self._repaint_soon()
        else:
            self.repaint()

    def _repaint_soon(self) -> None:
        """Repaint at once; but while the cursor moves quickly over records, only when it rests."""
        now = time.monotonic()
        resting, self._moved = now - self._moved > REST_SECONDS, now
        if self._rest is not None:
            self._rest.stop()
        self._rest = None if resting else self.set_timer(REST_SECONDS, self.repaint)
        if resting:
            self.repaint()

    @property
    def current(self) -> OutlineRow | None:
        return self._rows[self.at] if self.at < len(self._rows) else None

    @property
    def spelled(self) -> str:
        """The path under the cursor as JMESPath, with an arrow where it enters JSON in a string."""
        return spelled(self.current.path) if self.current else ""

    @property
    def value(self) -> tuple[JsonPath, object, bool] | None:
        """(path, value, False: never cut) under the cursor; None if no term can test it, as inside JSON in a string."""
        row = self.current
        return None if row is None or row.embedded or row.large else (row.path, row.value, False)

    def term(self, *, only: bool) -> Term | None:
        """Return a term for records with the value under the cursor, or for all others (not `only`).

        Raises FilterError if no term can express it.
        """
        return term_of(*self.value[:2], only=only) if self.value else None

    def copied(self, *, path: bool, value: bool) -> tuple[str, str]:
        """Return (name, text) of what to copy: the path or value under the cursor, or the whole record."""
        if self._record is None:
            return "", ""
        if path:
            return "path", self.spelled
        if (row := self.current) and value:
            return "value", row.value if isinstance(row.value, str) else json.dumps(row.value, ensure_ascii=False)
        return "record", self._record.decode("utf-8", "replace")

    @property
    def length(self) -> int:
        return len(self._rows)

    @property
    def opened(self) -> bool | None:
        return self.current.open if self.current else None

    def go(self, at: int) -> None:
        if self._rows:
            super().go(at)
            self._path = self._rows[self.at].path

    def action_flip(self) -> None:
        row = self.current
        if row is None or row.open is None or self._reading:
            return
        if row.large:
            self._reading = len(row.raw)
            stream(self, self._unpack(self._ticket, self._value, row.path), "parse")
            self.repaint()
            return
        self._folds[row.path] = not row.open
        self._arrange()

    def go_out(self) -> None:
        if row := self.current:
            self._path = parent(row.path)
            self._arrange()

    def action_wrap(self) -> None:
        self._wrap = not self._wrap
        self._arrange()

    def on_resize(self) -> None:
        if self._wrap:
            self._arrange()

    def keep_in_sight(self) -> None:
        """Keep the cursor visible, scrolling a third of a page at a time: each scroll repaints all of it."""
        room = self.room
        if self.at < self.top:
            self.top = max(0, self.at - room // 3)
        elif self.at >= self.top + room:
            self.top = self.at - room + 1 + room // 3
        self.top = max(0, min(self.top, len(self._rows) - room))

    def title(self, width: int) -> list[Piece]:
        palette, row = self.palette, self.current
        if self._reading:
            return [(f" reading … {size(self._reading)}", palette.dim)]
        if self._record is None:
            return []
        if isinstance(self._value, NotJson):
            return [(f" not JSON: {self._value.reason}", palette.trouble)]
        weight = size(len(self._record))
        if len(self._rows) >= MAX_ROWS:
            weight = f"the first {count(MAX_ROWS)} lines of {weight}"
        path = shorten_middle(printable(self.spelled), width - len(weight) - 4) if row else ""
        return both_ends([(" ", palette.dim), (path, palette.selected)], [(f"{weight} ", palette.dim)], width)

    def row(self, number: int, width: int) -> list[Piece]:
        row, palette = self._rows[number], self.palette
        sign = "  " if row.open is None else "▾ " if row.open else "▸ "
        pieces: list[Piece] = [(" " + "  " * max(row.depth - 1, 0) + sign, palette.faint)]
        if row.label:
            index = bool(row.path) and isinstance(row.path[-1], int)
            pieces += [(printable(row.label, 80), palette.dim if index else palette.name), ("  ", palette.faint)]
        if row.open:
            words = {"array": brief(row.content), "string": "JSON in a string"} if row.kind != "object" else {}
            return [*pieces, (words.get(row.kind, ""), palette.faint)]
        if row.part:
            hang = 0 if row.label else len(str(row.path[-1])) + 2 if row.path else 0
            return [*pieces, (" " * hang, palette.faint), (row.part, palette.string)]
        text, style, note = self._value_of(row, width + 1)
        return [*pieces, (text, style), (note, palette.faint)]

    def _value_of(self, row: OutlineRow, width: int) -> tuple[str, Style, str]:
        palette = self.palette
        if row.kind == "string":
            whole, length = beginning(row, _SHOWN)
            time = readable(whole, self._zone)
            text = printable(whole, _SHOWN)
            room = max(width - 2 * row.depth - len(row.label) - 7, 12)
            if cell_len(text) <= room and not row.large:
                return f'"{text}"', palette.string, f" {time}" if cell_len(text) + len(time) < room else ""
            note = f"  {length}"
            return f'"{shorten(text, max(room - len(note), 8))}', palette.string, note
        styles = {"number": palette.number, "constant": palette.constant}
        time = readable(row.value, self._zone) if row.kind == "number" else ""
        return brief(row.content), styles.get(row.kind, palette.dim), f" {time}" if time else ""

    def void(self, y: int, width: int) -> list[Piece]:
        """Return a line of a record that is not JSON: its raw text, wrapped."""
        if self._record is None or self.length:
            return []
        room = max(width - 2, 1)
        text = printable(self._record, room * max(self.size.height, 1))
        return [(" " + text[y * room : (y + 1) * room], self.palette.text)]
