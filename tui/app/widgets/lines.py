"""The base of the widgets: it draws whole lines. Also functions that lay out pieces of text on a line."""

from __future__ import annotations

from collections.abc import Iterable

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.events import Click
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from tui.app.terminal.guard import Guarded
from tui.app.widgets.theme import Palette, palette_of

Piece = tuple[str, Style]
EIGHTHS = " ▁▂▃▄▅▆▇█"


def strip_of(pieces: Iterable[Piece], width: int, ground: Style | None = None) -> Strip:
    """Return pieces of text as one line of exactly `width` cells; `ground` is the default background."""
    segments = [Segment(text, ground + style if ground else style) for text, style in pieces if text]
    return Strip(segments).adjust_cell_length(width, ground)


def both_ends(left: list[Piece], right: list[Piece], width: int) -> list[Piece]:
    """Return left pieces, blanks, right pieces. If they do not fit, the left ones are shortened."""
    room = width - sum(cell_len(text) for text, _ in right)
    kept: list[Piece] = []
    for text, style in left:
        size = cell_len(text)
        if size > room - 1:
            cut = shorten(text, max(room - 1, 0))
            kept.append((cut, style))
            room -= cell_len(cut)
            break
        kept.append((text, style))
        room -= size
    return [*kept, (" " * max(room, 0), Style.null()), *right]


def shorten(text: str, width: int) -> str:
    """Shorten a text to at most `width` cells, with `…` at the end."""
    if cell_len(text) <= width:
        return text
    cut = text[: max(width - 1, 0)]
    while cut and cell_len(cut) > width - 1:
        cut = cut[:-1]
    return cut + "…" if width > 0 else ""


def fit(text: str, width: int) -> str:
    """Return exactly `width` cells: shortened, or padded with blanks."""
    cut = shorten(text, width)
    return cut + " " * max(width - cell_len(cut), 0)


def shorten_middle(text: str, width: int) -> str:
    """Shorten a text to at most `width` cells, with `…` in the middle: a place is recognized by both ends."""
    if len(text) <= width:
        return text
    head = max(width - 1, 0) // 2
    tail = max(width - 1 - head, 0)
    return text[:head] + "…" + text[len(text) - tail :]


class LineWidget(Guarded, Widget):
    """A widget that draws whole lines (`draw`) and calls `repaint` when something may have changed."""

    ALLOW_SELECT = False

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        self._shown: dict[int, Strip] = {}
        self._ground: Style | None = None
        super().__init__(id=id, classes=classes)

    def draw(self, y: int, width: int) -> Strip:
        """Return the line at `y`, from the widget's top."""
        raise NotImplementedError

    def safe_line(self, y: int, width: int) -> Strip:
        """Return the line that `draw` returns, or an error line if it raises."""
        try:
            return self.draw(y, width)
        except Exception as error:  # noqa: BLE001  (the outermost handler of drawing: one bad line must not hide the rest)
            self.app._handle_exception(error)
            return strip_of([(" this line cannot be shown", self.palette.trouble)], width)

    def point_at(self, x: int, y: int) -> bool:
        """Move the cursor to the item at a cell; return False if there is none."""
        return False

    def on_click(self, event: Click) -> None:
        """Move the cursor on a click; a double click presses enter."""
        if self.point_at(event.x, event.y) and event.chain == 2:
            self.app.simulate_key("enter")

    @property
    def palette(self) -> Palette:
        return palette_of(self.app)

    def render_line(self, y: int) -> Strip:
        strip = self.safe_line(y, self.size.width)
        self._shown[y] = strip
        if self._ground is None:
            self._ground = self.rich_style
        return strip.apply_style(self._ground)

    def repaint(self, lines: int | None = None) -> None:
        """Redraw all lines, or the first `lines`. Only cells that differ are sent (terminal/paint.py)."""
        if not self.is_mounted:
            return
        width, height = self.size
        for y in range(height if lines is None else min(lines, height)):
            strip = self.safe_line(y, width)
            if self._shown.get(y) != strip:
                self._shown[y] = strip
                self.refresh(Region(0, y, width, 1))

    def notify_style_update(self) -> None:
        self._shown.clear()
        self._ground = None
        super().notify_style_update()
