"""What lists have in common: a cursor that stays in sight, and keys that move it; or only lines that scroll."""

from __future__ import annotations

from typing import ClassVar

from rich.style import Style
from textual.binding import Binding, BindingType
from textual.events import MouseScrollDown, MouseScrollUp
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip

from tui.app.widgets.lines import LineWidget, Piece, strip_of
from tui.units import plural

WHEEL = 3  # lines that a step of the mouse's wheel scrolls
REST_SECONDS = 0.15  # that a cursor rests before what is under it is shown


class CursorList(LineWidget, can_focus=True):
    """Rows below `lead` lines that stay. Subclasses give `length`, and draw row `top + y - lead` on line `y`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "move(1)", "down", show=False, id="down"),
        Binding("k,up", "move(-1)", "up", show=False, id="up"),
        Binding("g,home", "move(-1_000_000_000)", "first line", show=False, id="first"),
        Binding("G,end", "move(1_000_000_000)", "last line", show=False, id="last"),
        Binding("pagedown,ctrl+f", "page(1)", "page down", show=False, id="page-down"),
        Binding("pageup,ctrl+b", "page(-1)", "page up", show=False, id="page-up"),
    ]

    at = 0  # the row under the cursor
    top = 0  # the first row in sight

    @property
    def length(self) -> int:
        """How many rows there are."""
        raise NotImplementedError

    @property
    def lead(self) -> int:
        return 0

    @property
    def room(self) -> int:
        """Lines for rows."""
        return max(self.size.height - self.lead, 1)

    def go(self, at: int) -> None:
        """Put the cursor on a row, or on the nearest."""
        self.at = max(0, min(at, self.length - 1))
        self.keep_in_sight()
        self.repaint()

    def keep_in_sight(self) -> None:
        """Scroll as little as is needed."""
        self.top = max(0, min(self.top, self.at, self.length - self.room), self.at - self.room + 1)

    def ground(self, row: int) -> Style | None:
        """What a row is drawn on."""
        if row != self.at:
            return None
        return self.palette.cursor if self.has_focus else self.palette.cursor_idle

    def action_move(self, step: int) -> None:
        self.go(self.at + step)

    def action_page(self, pages: int) -> None:
        self.action_move(pages * max(self.room - 1, 1))

    def point_at(self, x: int, y: int) -> bool:
        row = self.top + y - self.lead
        if y < self.lead or row >= self.length:
            return False
        self.go(row)
        return True

    def on_mouse_scroll_down(self, _: MouseScrollDown) -> None:
        self.action_move(WHEEL)

    def on_mouse_scroll_up(self, _: MouseScrollUp) -> None:
        self.action_move(-WHEEL)

    def on_focus(self) -> None:
        self.repaint()

    def on_blur(self) -> None:
        self.repaint()


class ChoiceList(CursorList):
    """A line for each row, one of which is chosen by enter. Subclasses give instead of `draw` what is behind a row's
    mark (`row`)."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "choose", "open", id="open")]

    class Moved(Message):
        """Another row is under the cursor."""

    class Chosen(Message):
        """The row under the cursor was chosen."""

    def row(self, at: int, width: int) -> list[Piece]:
        raise NotImplementedError

    def go(self, at: int) -> None:
        super().go(at)
        self.post_message(self.Moved())

    def action_choose(self) -> None:
        self.post_message(self.Chosen())

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return self.length

    def draw(self, y: int, width: int) -> Strip:
        self.keep_in_sight()
        at = y + self.top
        if at >= self.length:
            return Strip.blank(width)
        mark: Piece = (" ▸ " if at == self.at else "   ", self.palette.selected)
        return strip_of([mark, *self.row(at, width - 3)], width, self.ground(at))


class FoldingList(CursorList):
    """Rows that open and close below a title, with an edge where another pane is on the left. Subclasses give `opened`,
    `action_flip`, and instead of `draw` the `title`, a `row`, and what stands where there are none (`void`)."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("l,right", "unfold", "open", show=False, id="right"),
        Binding("h,left", "fold", "close", show=False, id="left"),
        Binding("enter", "flip", "open or close", show=False, id="open"),
    ]

    @property
    def opened(self) -> bool | None:
        """Is the row under the cursor open? None if it holds nothing."""
        raise NotImplementedError

    def title(self, width: int) -> list[Piece]:
        raise NotImplementedError

    def row(self, number: int, width: int) -> list[Piece]:
        raise NotImplementedError

    def void(self, y: int, width: int) -> list[Piece]:
        """Line `y` of what is shown instead of rows."""
        raise NotImplementedError

    def action_flip(self) -> None:
        """Open or close the row under the cursor."""
        raise NotImplementedError

    def action_unfold(self) -> None:
        """Open it, or go inside."""
        if self.opened is False:
            self.action_flip()
        elif self.opened:
            self.action_move(1)

    def action_fold(self) -> None:
        """Close it, or go to what it is in."""
        if self.opened:
            self.action_flip()
        else:
            self.go_out()

    def go_out(self) -> None:
        """To the row that this one is in."""

    @property
    def lead(self) -> int:
        return 1

    def draw(self, y: int, width: int) -> Strip:
        edge: Piece = ("│" if self.region.x else " ", self.palette.rule)
        number, ground = self.top + y - 1, None
        if y == 0:
            self.keep_in_sight()
            pieces, ground = self.title(width - 1), None if self.region.x else self.palette.section
        elif number < self.length:
            pieces, ground = self.row(number, width - 1), self.ground(number)
        else:
            pieces = [] if self.length else self.void(y - 1, width - 1)
        return Strip([*strip_of([edge], 1), *strip_of(pieces, width - 1, ground)])


class ScrolledLines(LineWidget):
    """Lines without a cursor. Subclasses give `lines`, whatever of them is in sight."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "scroll(1)", "down", show=False, id="down"),
        Binding("k,up", "scroll(-1)", "up", show=False, id="up"),
        Binding("g,home", "scroll(-1_000_000_000)", "first line", show=False, id="first"),
        Binding("G,end", "scroll(1_000_000_000)", "last line", show=False, id="last"),
        Binding("pagedown,ctrl+f", "scroll(10)", "page down", show=False, id="page-down"),
        Binding("pageup,ctrl+b", "scroll(-10)", "page up", show=False, id="page-up"),
    ]

    top = 0

    def lines(self, width: int) -> list[list[Piece]]:
        """All of them."""
        raise NotImplementedError

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self.lines(width))

    def action_scroll(self, lines: int) -> None:
        last = max(len(self.lines(self.size.width)) - self.size.height, 0)
        self.top = min(max(self.top + lines, 0), last)
        self.repaint()

    def on_mouse_scroll_down(self, _: MouseScrollDown) -> None:
        self.action_scroll(WHEEL)

    def on_mouse_scroll_up(self, _: MouseScrollUp) -> None:
        self.action_scroll(-WHEEL)

    def draw(self, y: int, width: int) -> Strip:
        lines = self.lines(width)
        index = y + self.top
        below = len(lines) - self.top - self.size.height
        if below > 0 and y == self.size.height - 1:
            return strip_of([(f"  … {plural(below + 1, 'more line')}", self.palette.dim)], width)
        return strip_of(lines[index], width) if index < len(lines) else Strip.blank(width)
