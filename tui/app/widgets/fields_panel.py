"""The fields of the previewed records: which paths there are, how many records have them, and their values."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip
from textual.timer import Timer
from textual.worker import get_current_worker

from tui.app.widgets.json_tree import JsonTree
from tui.app.widgets.lines import LineWidget, Piece, both_ends, fit, shorten, shorten_middle, strip_of
from tui.filter.build import spell_path
from tui.filter.fields import ANY, LONGEST, Field, Fields, Path
from tui.printable import printable
from tui.units import count, plural

_DEBOUNCE = 0.2
_SLICE = 2_000
_TOP = 8
_BARS = "▏▎▍▌▋▊▉█"
_BAR = 12


@dataclass(frozen=True, slots=True)
class Line:
    """A field, or one of its values (by its place), or (-1) the ends and the middle of its numbers."""

    field: Field
    value: int | None = None


class FieldsPanel(LineWidget, can_focus=True):
    """Looks at what it is given in a worker; `=` and `-` on a value post the tree's `Wanted`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "move(1)", "down", show=False, id="down"),
        Binding("k,up", "move(-1)", "up", show=False, id="up"),
        Binding("g,home", "move(-1_000_000_000)", "first field", show=False, id="first"),
        Binding("G,end", "move(1_000_000_000)", "last field", show=False, id="last"),
        Binding("pagedown", "page(1)", "page down", show=False, id="page-down"),
        Binding("pageup", "page(-1)", "page up", show=False, id="page-up"),
        Binding("l,right", "unfold", "values", show=False, id="right"),
        Binding("h,left", "fold", "close", show=False, id="left"),
        Binding("enter,space", "flip", "values, or not", show=False, id="toggle"),
    ]

    @dataclass
    class Measured(Message):
        fields: tuple[Field, ...]
        records: int
        whole: bool

    def __init__(self) -> None:
        super().__init__()
        self._lines: tuple[Line, ...] = ()
        self._fields: tuple[Field, ...] = ()
        self._open: set[Path] = set()
        self._at = self._top = self._records = 0
        self._of_matches = self._whole = False
        self._timer: Timer | None = None

    def look(self, records: Sequence[bytes], hits: Sequence[int] | None) -> None:
        """Measure these records (of them only the hits) a moment from now, if the panel is shown."""
        if not self.display:
            return
        if self._timer is not None:
            self._timer.stop()
        self._of_matches = hits is not None
        numbers: Sequence[int] = range(len(records)) if hits is None else tuple(hits)
        self._timer = self.set_timer(_DEBOUNCE, lambda: self._begin(records, numbers))

    def _begin(self, records: Sequence[bytes], numbers: Sequence[int]) -> None:
        job = lambda: self._work(records, numbers)  # noqa: E731
        self.run_worker(job, thread=True, exit_on_error=False, group="fields", exclusive=True)

    def _work(self, records: Sequence[bytes], numbers: Sequence[int]) -> None:
        worker, found = get_current_worker(), Fields()
        for start in range(0, max(len(numbers), 1), _SLICE):
            found.feed(records[number] for number in numbers[start : start + _SLICE])
            if worker.is_cancelled:
                return
            whole = start + _SLICE >= len(numbers)
            if whole or not start:
                self.post_message(self.Measured(found.found(_TOP), found.records, whole))

    def on_fields_panel_measured(self, message: Measured) -> None:
        message.stop()
        self._fields, self._records, self._whole = message.fields, message.records, message.whole
        self._arrange()

    def _arrange(self) -> None:
        here = self.current
        lines: list[Line] = []
        for each in self._fields:
            lines.append(Line(each))
            if each.path in self._open:
                lines += [Line(each, -1)] if each.median is not None else []
                lines += [Line(each, at) for at in range(len(each.top))]
        self._lines = tuple(lines)
        if here is not None:
            place = (
                at for at, line in enumerate(lines) if (line.field.path, line.value) == (here.field.path, here.value)
            )
            self._at = next(place, self._at)
        self._at = max(0, min(self._at, len(lines) - 1))
        self.repaint()

    @property
    def current(self) -> Line | None:
        return self._lines[self._at] if self._at < len(self._lines) else None

    def want(self, *, only: bool) -> None:
        """Ask for the value under the cursor to become a term, unless only its beginning is known."""
        line = self.current
        if line is None or line.value is None or line.value < 0:
            return
        value = line.field.top[line.value][0]
        if not (isinstance(value, str) and len(value) >= LONGEST):
            path = tuple(0 if step is ANY else step for step in line.field.path)
            self.post_message(JsonTree.Wanted(path, value, only))

    def action_move(self, step: int) -> None:
        self._at = max(0, min(self._at + step, len(self._lines) - 1))
        self.repaint()

    def action_page(self, pages: int) -> None:
        self.action_move(pages * max(self.size.height - 2, 1))

    def action_flip(self) -> None:
        if line := self.current:
            self._open ^= {line.field.path}
            self._at = next(at for at, each in enumerate(self._lines) if each.field is line.field)
            self._arrange()
            last = self._at + sum(each.field is line.field for each in self._lines)
            self._top = max(self._top, min(self._at, last - self.size.height + 1))  # its values come into sight
            self.repaint()

    def action_unfold(self) -> None:
        line = self.current
        if line and line.field.path not in self._open:
            self.action_flip()
        else:
            self.action_move(1)

    def action_fold(self) -> None:
        if (line := self.current) and line.field.path in self._open:
            self.action_flip()

    def on_focus(self) -> None:
        self.repaint()

    def on_blur(self) -> None:
        self.repaint()

    def draw(self, y: int, width: int) -> Strip:
        palette = self.palette
        edge: Piece = ("│" if self.region.x else " ", palette.faint)
        if y == 0:
            room = max(self.size.height - 1, 1)
            self._top = max(0, min(self._top, self._at), self._at - room + 1)
            of = plural(self._records, "match" if self._of_matches else "record")
            left: list[Piece] = [(f" {plural(len(self._fields), 'field')} of {of}", palette.selected)]
            state = "" if self._whole else " …"
            return strip_of(
                [edge, *both_ends([*left, (state, palette.dim)], [("has  distinct ", palette.dim)], width - 1)], width
            )
        number = self._top + y - 1
        if number >= len(self._lines):
            return strip_of([edge], width)
        ground = None if number != self._at else palette.cursor if self.has_focus else palette.cursor_idle
        line = self._lines[number]
        pieces = self._head(line.field, width - 1) if line.value is None else self._value(line, width - 1)
        return Strip([*strip_of([edge], 1), *strip_of(pieces, width - 1, ground)])

    def _head(self, each: Field, width: int) -> list[Piece]:
        palette = self.palette
        sign = " ▾ " if each.path in self._open else " ▸ "
        share = f"{each.coverage:.0%}" if each.coverage >= 0.01 or not each.records else "<1%"
        distinct = f"{count(each.distinct)}{'' if each.exact else '+'}"
        types = "/".join(each.types)
        path = shorten_middle(printable(spelled(each.path), 200), max(width - 22 - len(types), 12))
        right: list[Piece] = [(f"{share:>5}", palette.text), (f"{distinct:>9} ", palette.dim)]
        return both_ends([(sign, palette.faint), (path, palette.name), (f"  {types}", palette.dim)], right, width)

    def _value(self, line: Line, width: int) -> list[Piece]:
        palette, each = self.palette, line.field
        if line.value == -1:
            ends = [f"{value:,.6g}" for value in (each.low, each.median, each.high) if value is not None]
            return [
                ("     ", palette.faint),
                (" … ".join(ends), palette.number),
                ("  least, median, most", palette.dim),
            ]
        value, found = each.top[line.value or 0]
        text = value if isinstance(value, str) else json.dumps(value)
        room = max(width - _BAR - 17, 8)
        shown = fit(shorten(printable(text, room + 1), room), room)
        style = palette.string if isinstance(value, str) else palette.number
        eighths = max(round(found / max(each.top[0][1], 1) * _BAR * 8), 1)
        bar = "█" * (eighths // 8) + (_BARS[eighths % 8 - 1] if eighths % 8 else "")
        return [
            ("     ", palette.faint),
            (shown, style),
            (f" {bar:<{_BAR}} ", palette.heat[2]),
            (f"{count(found):>9} ", palette.text),
        ]


def spelled(path: Path) -> str:
    """`player.version`, `tags[*]`."""
    text = ""
    for step in path:
        text = f"{text}[*]" if step is ANY else f"{text}{'.' if text else ''}{spell_path((step,))}"
    return text or "@"
