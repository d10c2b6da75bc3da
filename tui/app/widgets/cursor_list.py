"""Base classes of lists: a cursor that stays visible, and keys that move it; or only lines that scroll."""

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

WHEEL = 3  # lines per step of the mouse wheel
REST_SECONDS = 0.15  # for which the cursor rests before details are shown


class CursorList(LineWidget, can_focus=True):
    """Rows below `lead` fixed lines. Subclasses define `length`, and draw row `top + y - lead` on line `y`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "move(1)", "down", show=False, id="down"),
        Binding("k,up", "move(-1)", "up", show=False, id="up"),
        Binding("g,home", "move(-1_000_000_000)", "first line", show=False, id="first"),
        Binding("G,end", "move(1_000_000_000)", "last line", show=False, id="last"),
        Binding("pagedown,ctrl+f", "page(1)", "page down", show=False, id="page-down"),
        Binding("pageup,ctrl+b", "page(-1)", "page up", show=False, id="page-up"),
    ]

    at = 0  # the row under the cursor
    top = 0  # the first visible row

    @property
    def length(self) -> int:
        """The number of rows."""
        raise NotImplementedError

    @property
    def lead(self) -> int:
        return 0

    @property
    def room(self) -> int:
        """The lines for rows."""
        return max(self.size.height - self.lead, 1)

    def go(self, at: int) -> None:
        """Move the cursor to a row, or the nearest one."""
        self.at = max(0, min(at, self.length - 1))
        self.keep_in_sight()
        self.repaint()

    def keep_in_sight(self) -> None:
        """Scroll as little as needed."""
        self.top = max(0, min(self.top, self.at, self.length - self.room), self.at - self.room + 1)

    def ground(self, row: int) -> Style | None:
        """Return the background of a row."""
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
    """One line per row; enter chooses one. Subclasses define `row`, the part after the mark, instead of `draw`."""

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
    """Rows that open and close below a title, with an edge if another pane is on the left. Subclasses define `opened`,
    `action_flip`, and instead of `draw`: `title`, `row` and `void`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("l,right", "unfold", "open", show=False, id="right"),
        Binding("h,left", "fold", "close", show=False, id="left"),
        Binding("enter", "flip", "open or close", show=False, id="open"),
    ]

    @property
    def opened(self) -> bool | None:
        """Whether the row under the cursor is open; None if there is nothing inside."""
        raise NotImplementedError

    def title(self, width: int) -> list[Piece]:
        raise NotImplementedError

    def row(self, number: int, width: int) -> list[Piece]:
        raise NotImplementedError

    def void(self, y: int, width: int) -> list[Piece]:
        """Return line `y` below the rows."""
        raise NotImplementedError

    def action_flip(self) -> None:
        """Open or close the row under the cursor."""
        raise NotImplementedError

    def action_unfold(self) -> None:
        """Open the row, or go inside."""
        if self.opened is False:
            self.action_flip()
        elif self.opened:
            self.action_move(1)

    def action_fold(self) -> None:
        """Close the row, or go to its parent."""
        if self.opened:
            self.action_flip()
        else:
            self.go_out()

    def go_out(self) -> None:
        """Go to the parent of the row under the cursor."""

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
            pieces = self.void(number - self.length, width - 1)
        return Strip([*strip_of([edge], 1), *strip_of(pieces, width - 1, ground)])


class ScrolledLines(LineWidget):
    """Scrollable lines without a cursor. Subclasses define `lines`."""

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
        """Return all lines."""
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
