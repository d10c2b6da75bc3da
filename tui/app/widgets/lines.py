"""The base of every widget here: whole lines drawn by hand, of which only the changed cells are sent again."""

from __future__ import annotations

from collections.abc import Iterable

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.events import Resize
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from tui.app.theme import Palette, palette_of

Piece = tuple[str, Style]


def strip_of(pieces: Iterable[Piece], width: int, ground: Style | None = None) -> Strip:
    """Pieces of text as one line of exactly `width` cells, on `ground` where they have no ground of their own."""
    segments = [Segment(text, ground + style if ground else style) for text, style in pieces if text]
    return Strip(segments).adjust_cell_length(width, ground)


def both_ends(left: list[Piece], right: list[Piece], width: int) -> list[Piece]:
    """Left pieces, blanks, right pieces; the left gives way where both do not fit."""
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
    """At most `width` cells, the end cut with `…`."""
    if cell_len(text) <= width:
        return text
    cut = text[: max(width - 1, 0)]
    while cut and cell_len(cut) > width - 1:
        cut = cut[:-1]
    return cut + "…" if width > 0 else ""


def fit(text: str, width: int) -> str:
    """Exactly `width` cells: cut, or filled with blanks."""
    cut = shorten(text, width)
    return cut + " " * max(width - cell_len(cut), 0)


def shorten_middle(text: str, width: int) -> str:
    """At most `width` cells, the middle cut with `…`: places are known by both ends."""
    if len(text) <= width:
        return text
    head = max(width - 1, 0) // 2
    tail = max(width - 1 - head, 0)
    return text[:head] + "…" + text[len(text) - tail :]


def changed_span(old: Strip, new: Strip) -> tuple[int, int] | None:
    """[start, end) of the cells in which two lines differ; never half of a wide character."""
    before, after = _cells(old), _cells(new)
    size = max(len(before), len(after))
    before += [("", Style.null())] * (size - len(before))
    after += [("", Style.null())] * (size - len(after))
    start = next((x for x in range(size) if before[x] != after[x]), None)
    if start is None:
        return None
    end = next(x for x in range(size, 0, -1) if before[x - 1] != after[x - 1])
    while start > 0 and not (before[start][0] and after[start][0]):
        start -= 1
    while end < size and not (before[end][0] and after[end][0]):
        end += 1
    return start, end


def _cells(strip: Strip) -> list[tuple[str, Style | None]]:
    """One (character, style) a cell; the second half of a wide character is empty, marks join what they stand on."""
    cells: list[tuple[str, Style | None]] = []
    for text, style, _ in strip:
        if text.isascii():
            cells.extend((char, style) for char in text)
            continue
        for char in text:
            size = cell_len(char)
            if size == 0 and cells:
                cells[-1] = (cells[-1][0] + char, cells[-1][1])
            elif size:
                cells.append((char, style))
                cells.extend([("", style)] * (size - 1))
    return cells


class LineWidget(Widget):
    """A widget that says what each line holds (`draw`) and calls `repaint` when something may have changed."""

    ALLOW_SELECT = False

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        self._shown: dict[int, Strip] = {}
        super().__init__(id=id, classes=classes)

    def draw(self, y: int, width: int) -> Strip:
        """The line at `y`, from the widget's top."""
        raise NotImplementedError

    @property
    def palette(self) -> Palette:
        return palette_of(self.app)

    def render_line(self, y: int) -> Strip:
        strip = self.draw(y, self.size.width).apply_style(self.rich_style)
        self._shown[y] = strip
        return strip

    def repaint(self) -> None:
        """Draw every line that is on the screen again; send the cells that differ."""
        if not self.is_mounted or not self.size:
            return
        width, base = self.size.width, self.rich_style
        for y in range(self.size.height):
            old = self._shown.get(y)
            new = self.draw(y, width).apply_style(base)
            if new == old:
                continue
            self._shown[y] = new
            if span := (0, width) if old is None else changed_span(old, new):
                self.refresh(Region(span[0], y, span[1] - span[0], 1))

    def notify_style_update(self) -> None:
        self._shown.clear()
        super().notify_style_update()

    def on_resize(self, _: Resize) -> None:
        self._shown.clear()
