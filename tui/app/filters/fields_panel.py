"""The fields of the previewed records: which paths there are, how many records have them, and their values.

Or, with `d`, what of it is different from the same hour of another week.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import chain
from textwrap import wrap
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip
from textual.timer import Timer
from textual.worker import get_current_worker

from tui.app.filters.field_line import Line, difference_line, field_line
from tui.app.filters.sample import MOST_MEASURED, Baseline, Compared, Measured, Shown, compare, measure
from tui.app.records.json_tree import JsonTree
from tui.app.requests import Failed
from tui.app.widgets.cursor_list import CursorList
from tui.app.widgets.lines import Piece, both_ends, strip_of
from tui.filter.differences import GROUPS, Difference
from tui.filter.fields import ANY, LONGEST, Field, Path
from tui.printable import printable
from tui.units import count, plural

_DEBOUNCE = 0.2
_NO_FIELDS = "No JSON object is shown, so there are no fields; where a filter is the reason, a shows all records."


class FieldsPanel(CursorList):
    """Looks at what it is given in a worker; `=` and `-` on a value post the tree's `Wanted`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("g,home", "move(-1_000_000_000)", "first field", show=False, id="first"),
        Binding("G,end", "move(1_000_000_000)", "last field", show=False, id="last"),
        Binding("l,right", "unfold", "values", show=False, id="right"),
        Binding("h,left", "fold", "close", show=False, id="left"),
        Binding("enter", "flip", "values, or not", show=False, id="open"),
        Binding("d", "compare", "beside last week", id="differences"),
    ]

    @dataclass
    class Ready(Message):
        """What a shown, or a comparison, has found."""

        result: Measured | Compared

    def __init__(self, baseline: Baseline | None) -> None:
        super().__init__()
        self._baseline = baseline
        self._lines: tuple[Line | Difference, ...] = ()
        self._open: set[Path] = set()
        self._measured = Measured()
        self._subject: Shown | None = None
        self._comparing = False
        self._compared: Compared | None = None
        self._timer: Timer | None = None

    def look_like(self, other: FieldsPanel) -> None:
        """The same fields are open."""
        self._open, self._comparing = set(other._open), other._comparing

    def measure(self, shown: Shown) -> None:
        """Measure these records a moment from now, if the panel is shown."""
        if not self.display:
            return
        if self._timer is not None:
            self._timer.stop()
        self._subject = shown
        self._timer = self.set_timer(_DEBOUNCE, self._begin)

    def _begin(self) -> None:
        if self._subject is not None:
            job = partial(self._compare if self._comparing else self._measure, self._subject)
            self.run_worker(job, thread=True, exit_on_error=False, group="fields", exclusive=True)

    def _measure(self, shown: Shown) -> None:
        worker = get_current_worker()
        for measured in measure(shown):
            if worker.is_cancelled:
                return
            if measured is not None:
                self.post_message(self.Ready(measured))

    def _compare(self, shown: Shown) -> None:
        worker = get_current_worker()
        compared = compare(shown, self._baseline, lambda: worker.is_cancelled)
        if compared is not None:
            self.post_message(self.Ready(compared))

    def on_fields_panel_ready(self, message: Ready) -> None:
        message.stop()
        if isinstance(message.result, Measured):
            self._measured = message.result
        else:
            self._compared = message.result
        self._arrange()

    def action_compare(self) -> None:
        """What differs from the same hour of another week, or again the fields."""
        self._comparing, self._compared = not self._comparing, None
        self.at = self.top = 0
        self._arrange()
        self._begin()

    def _arrange(self) -> None:
        here = self.current
        lines: list[Line | Difference] = []
        if self._comparing:
            lines += self._compared.differences if self._compared else ()
        else:
            lines += chain.from_iterable(map(self._lines_of, self._measured.fields))
        self._lines = tuple(lines)
        if isinstance(here, Line):
            key = (here.field.path, here.value)
            places = (
                at for at, each in enumerate(lines) if isinstance(each, Line) and (each.field.path, each.value) == key
            )
            self.at = next(places, self.at)
        self.at = max(0, min(self.at, len(lines) - 1))
        self.repaint()

    def _lines_of(self, each: Field) -> list[Line]:
        if each.path not in self._open:
            return [Line(each)]
        numbers = [Line(each, -1)] if each.median is not None else []
        return [Line(each), *numbers, *(Line(each, at) for at in range(len(each.top)))]

    @property
    def current(self) -> Line | Difference | None:
        return self._lines[self.at] if self.at < len(self._lines) else None

    @property
    def value(self) -> tuple[tuple[str | int, ...], object, bool] | None:
        """Path and value under the cursor (of a field its most frequent one), and whether the value is cut."""
        line = self.current
        if line is None:
            return None
        if isinstance(line, Difference):
            value = {"value": line.value, "number": line.now}.get(line.what)
        else:
            value = line.field.top[max(line.value or 0, 0)][0]
        path = line.path if isinstance(line, Difference) else line.field.path
        return _places(path), value, isinstance(value, str) and len(value) >= LONGEST

    def want(self, *, only: bool) -> None:
        """Ask for the value under the cursor to become a term."""
        line, chosen = self.current, self.value
        of_value = line.what == "value" if isinstance(line, Difference) else line is not None and line.is_value
        if chosen is None or not of_value:
            if line is not None:
                self.post_message(Failed("this line is not a value; enter opens a field's values, o asks for others"))
            return
        path, value, cut = chosen
        if cut:
            self.post_message(Failed("only the beginning of this text is known here: o asks for texts that begin so"))
        else:
            self.post_message(JsonTree.Wanted(path, value, only))

    @property
    def length(self) -> int:
        return len(self._lines)

    @property
    def lead(self) -> int:
        return 1

    def action_flip(self) -> None:
        line = self.current
        if isinstance(line, Line):
            self._open ^= {line.field.path}
            own = [at for at, each in enumerate(self._lines) if isinstance(each, Line) and each.field is line.field]
            self.at = own[0]
            self._arrange()
            last = self.at + len(self._lines_of(line.field)) - 1
            self.top = max(self.top, min(self.at, last - self.size.height + 2))  # its values come into sight
            self.repaint()

    def action_unfold(self) -> None:
        line = self.current
        if isinstance(line, Line) and line.field.path not in self._open:
            self.action_flip()
        else:
            self.action_move(1)

    def action_fold(self) -> None:
        line = self.current
        if isinstance(line, Line) and line.field.path in self._open:
            self.action_flip()

    def draw(self, y: int, width: int) -> Strip:
        palette = self.palette
        edge: Piece = ("│" if self.region.x else " ", palette.rule)
        if y == 0:
            self.keep_in_sight()
            title = self._title_of_differences(width - 1) if self._comparing else self._title(width - 1)
            return strip_of([edge, *title], width)
        number = self.top + y - 1
        if number >= len(self._lines):
            words = "" if self._lines else self._nothing(y - 1, width - 4)
            return strip_of([edge, (f"  {words}", palette.text)], width)
        ground = self.ground(number)
        line = self._lines[number]
        if isinstance(line, Difference):
            pieces = difference_line(line, palette, width - 1)
        else:
            pieces = field_line(line, palette, width - 1, unfolded=line.field.path in self._open)
        return Strip([*strip_of([edge], 1), *strip_of(pieces, width - 1, ground)])

    def _title(self, width: int) -> list[Piece]:
        palette, shown, measured = self.palette, self._subject, self._measured
        of = plural(measured.records, "match" if shown is not None and shown.of_matches else "record")
        some = f" of {count(len(shown.numbers))}" if shown is not None and len(shown.numbers) > MOST_MEASURED else ""
        fields = plural(len(measured.fields), "field")
        left: list[Piece] = [(f" {fields if measured.complete else f'the first {fields}'} of {of}", palette.selected)]
        left.append((some if measured.whole else " …", palette.dim))
        return both_ends(left, [("has  distinct ", palette.dim)], width)

    def _title_of_differences(self, width: int) -> list[Piece]:
        palette, base, compared = self.palette, self._baseline, self._compared
        if base is None:
            return [(" nothing to compare with", palette.selected)]
        left: list[Piece] = [(f" beside {base.hour:%a %Y-%m-%d %H:%M}", palette.selected)]
        right = "reading …" if compared is None else f"{count(compared.then)} → {count(compared.now)} "
        return both_ends(left, [(right, palette.dim)], width)

    def _nothing(self, y: int, width: int) -> str:
        """Why there is no line."""
        compared = self._compared
        if not self._comparing:
            words = _NO_FIELDS if self._measured.whole else ""
        elif compared is None:
            words = ""
        else:
            few = "There are too few records to say what differs."
            same = "Nothing differs by more than chance would have it."
            words = compared.trouble or (same if min(compared.now, compared.then) >= 2 * GROUPS else few)
        wrapped = wrap(printable(words), max(width, 20))
        return wrapped[y - 1] if 0 < y <= len(wrapped) else ""


def _places(path: Path) -> tuple[str | int, ...]:
    """A field's path with any item of a list as its first."""
    return tuple(0 if step is ANY else str(step) for step in path)
