"""Drop-downs of the filter bar: a few lines over the records, which do not move when a drop-down opens or closes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from textual.binding import Binding, BindingType
from textual.events import Key
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tui.app.widgets.cursor_list import CursorList
from tui.app.widgets.lines import Piece, both_ends, fit, shorten, strip_of
from tui.filter.build import ValueComparison, ValuePath, comparisons, spell_field
from tui.filter.fields import ANY
from tui.printable import printable

MAX_LINES = 13
_BESIDE = 9  # cells of a line in addition to its text and the words about it


@dataclass(frozen=True, slots=True)
class DropItem:
    """A line: a sign or name, the text, and on the right a few words about it. All of it is printable."""

    text: str
    about: str = ""
    lead: str = ""
    kind: str = ""


class Drop(CursorList, can_focus=False):
    """Lines with a cursor (-1: none), at most `limit` of them visible. Hidden while there are none.

    It is as wide as the screen. With `widest`, it is as wide as its lines, up to `widest`, and does not become narrower
    while it is shown, because whatever it uncovers must be repainted.
    """

    def __init__(self, limit: int = MAX_LINES, widest: int = 0, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._limit = limit
        self._widest = widest
        self._width = 0
        self.items: tuple[DropItem, ...] = ()
        self.title = ""
        self.at = -1
        self.display = False

    def fill(self, items: Sequence[DropItem], *, at: int = -1, title: str = "") -> None:
        """Show these lines; without lines, hide."""
        self.items, self.at, self.title, self.top = tuple(items), at, title, 0
        if not items:
            self.display = False
            return
        if self._widest:
            needed = max(cell_len(item.text) + cell_len(item.about) for item in items) + _BESIDE
            self._width = min(max(needed, self._width * self.display), self._widest)
            self.styles.width = self._width
        height = min(len(items), self._limit) + bool(title)
        if not self.display or self.size.height != height:
            self.styles.height = height
            self.display = True
        self.repaint()

    def move(self, step: int) -> None:
        self.at = max(-1, min(self.at + step, len(self.items) - 1))
        self.repaint()

    @property
    def length(self) -> int:
        return len(self.items)

    @property
    def lead(self) -> int:
        return int(bool(self.title))

    def draw(self, y: int, width: int) -> Strip:
        palette = self.palette
        if self.title:
            if y == 0:
                return strip_of([(f" {shorten(self.title, width - 2)}", palette.title)], width)
            y -= 1
        self.keep_in_sight()
        number = self.top + y
        if number >= len(self.items):
            return Strip.blank(width)
        here = number == self.at
        below = len(self.items) - number - 1 if y == self.room - 1 else 0
        more = f"▾ {below} more" if below and not here else ""
        return strip_of(self._line(self.items[number], width, here, more), width, palette.cursor if here else None)

    def _line(self, item: DropItem, width: int, here: bool, more: str) -> list[Piece]:
        palette = self.palette
        styles = {"value": palette.string, "function": palette.constant, "path": palette.name, "off": palette.faint}
        lead = max((cell_len(other.lead) for other in self.items), default=0)
        pieces: list[Piece] = [(" ▸" if here else "  ", palette.selected)]
        pieces += [(fit(item.lead, lead) + "  ", palette.dim)] if lead else []
        room = max(width - lead - 6, 8)
        about = more or shorten(item.about, max(room // 2, room - cell_len(item.text) - 2))
        text = shorten(item.text, room - cell_len(about) - 1)
        return both_ends([*pieces, (text, styles.get(item.kind, palette.text))], [(f"{about} ", palette.dim)], width)


class Picker(Drop, can_focus=True):
    """A drop-down that has the focus until a line is picked (`pick`) or it is left."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "pick('take')", "use", id="open"),
        Binding("escape", "leave", "back", id="step-back"),
        Binding("q", "leave", "back", id="back"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._before: Widget | None = None

    def offer(self, items: Sequence[DropItem], title: str) -> None:
        """Show the lines and take the focus."""
        self._before = self.screen.focused
        self.fill(items, at=0, title=title)
        self.screen.set_focus(self)

    def action_pick(self, how: str) -> None:
        self.action_leave()
        self.pick(self.at, how)

    def pick(self, number: int, how: str) -> None:
        """Handle the picked line. `how`: `take`, or another way of a subclass."""
        raise NotImplementedError

    def action_leave(self) -> None:
        self.screen.set_focus(self._before)
        self.display = False

    def on_blur(self) -> None:
        self.display = False


class Comparisons(Picker):
    """The comparisons for a value of its type. Typing a comparison's sign picks it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+e", "pick('edit')", "edit first", id="edit-text")]

    @dataclass
    class Picked(Message):
        """`edit`: let the user edit the comparison first."""

        comparison: ValueComparison
        edit: bool

    def __init__(self) -> None:
        super().__init__()
        self.offered: tuple[ValueComparison, ...] = ()

    def ask(self, path: ValuePath, value: object, *, cut: bool) -> None:
        """Offer comparisons for a value. `cut`: only the start of a longer text is known."""
        self.offered = tuple(one for one in comparisons(path, value) if not cut or one.sign in "^~*0")
        items = [DropItem(one.expression, "", f"{one.sign:<3}{one.meaning}", "text") for one in self.offered]
        anywhere = tuple(ANY if isinstance(step, int) else step for step in path)
        self.offer(items, f"records whose {printable(spell_field(anywhere), 60)} …")

    def pick(self, number: int, how: str) -> None:
        comparison = self.offered[number]
        self.post_message(self.Picked(comparison, how == "edit" or comparison.part != (0, 0)))

    def on_key(self, event: Key) -> None:
        for number, comparison in enumerate(self.offered):
            if event.character and event.character == comparison.sign:
                event.stop()
                event.prevent_default()
                self.at = number
                self.action_pick("take")
                return
