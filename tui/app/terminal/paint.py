"""Painting: of each update, only the cells that differ from those on the terminal are sent.

Textual sends whole runs of a line, and whole screens when the focus or the layout changes. Over SSH, that is most of
the time that a user waits. A Glass remembers the cells on the terminal: drawing the same again sends nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from rich.cells import cell_len
from rich.color import Color, ColorSystem
from rich.console import Console, ConsoleOptions, RenderResult
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from tui.app.terminal.colors import downgrade
from tui.app.terminal.pen import UNKNOWN, Cell, Pen, Run, StyleCodes

_ATTRIBUTES = (("bold", "1"), ("dim", "2"), ("italic", "3"), ("underline", "4"), ("reverse", "7"), ("strike", "9"))


@lru_cache(maxsize=4096)
def _codes(style: Style, system: ColorSystem | None) -> StyleCodes:
    """Return a style as three independent codes: attributes, foreground, background."""
    attributes = ";".join(code for name, code in _ATTRIBUTES if getattr(style, name))
    if system is None:
        return attributes, "39", "49"
    return attributes, _color(style.color, system, True), _color(style.bgcolor, system, False)


def _color(color: Color | None, system: ColorSystem, foreground: bool) -> str:
    if color is None or color.is_default:
        return "39" if foreground else "49"
    return ";".join(downgrade(color, system).get_ansi_codes(foreground))


def cells_of(strip: Strip, system: ColorSystem | None) -> list[Cell]:
    """Return one (character, codes) per cell. The second half of a wide character is empty; combining marks are part of
    their base character's cell."""
    return list(_cells(tuple(strip), system))


@lru_cache(maxsize=512)  # lines that have only moved are drawn again
def _cells(segments: tuple[Segment, ...], system: ColorSystem | None) -> list[Cell]:
    cells: list[Cell] = []
    for text, style, control in segments:
        if control:
            continue
        codes = _codes(style or Style.null(), system)
        blank = codes if codes[0] else ("", "39", codes[2])  # the color of a blank is invisible
        if text.isascii():
            cells.extend((char, blank if char == " " else codes) for char in text)
            continue
        for char in text:
            size = cell_len(char)
            if size:
                cells.append((char, codes))
                cells.extend([("", codes)] * (size - 1))
            elif cells:
                cells[-1] = (cells[-1][0] + char, cells[-1][1])
    return cells


def changes(old: list[Cell], new: list[Cell]) -> Iterator[tuple[int, int]]:
    """Yield [start, end) of the runs of `new` that must be sent; never half of a wide character."""
    start = end = -1
    for x, (before, after) in enumerate(zip(old, new, strict=True)):
        if before == after:
            continue
        if start >= 0 and x > end:
            yield start, end
            start = -1
        if start < 0:
            start = x
            while start and not new[start][0]:
                start -= 1
        end = x + 1
        while end < len(new) and not new[end][0]:
            end += 1
    if start >= 0:
        yield start, end


class Glass:
    """The terminal's cells as last sent. Call `forget` when something else may have written to the terminal."""

    def __init__(self, *, colors: bool = True) -> None:
        self._colors = colors
        self._lines: dict[int, list[Cell]] = {}
        self._size = (0, 0)

    def forget(self) -> None:
        self._lines.clear()

    def lean(self, update: object) -> object:
        """Return the update as a Difference. Other output is returned as it is, and the cells are forgotten."""
        if isinstance(update, LayoutUpdate | ChopsUpdate):
            return Difference(self, update)
        if update is not None:
            self.forget()
        return update

    def write(self, pieces: Iterable[tuple[int, int, Strip]], console: Console) -> str:
        """Return the output that shows strips at (x, y) on the terminal."""
        known = console._color_system if self._colors else None
        system = ColorSystem(known) if known is not None else None
        if self._size != (console.width, console.height):
            self.forget()
            self._size = (console.width, console.height)
        pen = Pen()
        runs: list[Run] = []
        for x, y, cells in self._scroll([(x, y, cells_of(strip, system)) for x, y, strip in pieces], pen):
            line = self._lines.setdefault(y, [])
            if len(line) < x + len(cells):
                line.extend([UNKNOWN] * (x + len(cells) - len(line)))
            if line[x : x + len(cells)] == cells:
                continue
            for start, end in changes(_certain_cells(line)[x : x + len(cells)], cells):
                runs.append((x + start, y, cells[start:end]))
            line[x : x + len(cells)] = cells
        pen.write(runs, self._lines)
        return pen.finish()

    def _scroll(self, pieces: list[Run], pen: Pen) -> list[Run]:
        """Let the terminal scroll whole lines that have only moved; return the runs that remain to be written."""
        wide = self._size[0]
        whole = {y: cells for x, y, cells in pieces if x == 0 and len(cells) == wide}
        lines = {y: line for y, line in self._lines.items() if len(line) == wide}
        scroll = scrolled(lines, whole) if len(whole) > 1 else None
        if scroll is None:
            return pieces
        pen.control(scroll.sequence)
        moved = range(scroll.top, scroll.bottom + 1)
        target = {y: list(lines[y]) for y in moved}
        for x, y, cells in pieces:
            if y in target:
                target[y][x : x + len(cells)] = cells
        for y in moved:
            self._lines[y] = list(lines[y + scroll.by]) if y + scroll.by in moved else [UNKNOWN] * wide
        return [*((0, y, cells) for y, cells in target.items()), *(piece for piece in pieces if piece[1] not in target)]


def _certain_cells(line: list[Cell]) -> list[Cell]:
    """Return the cells that are certainly on the terminal: it may use another width for a character with marks."""
    marked = next((at for at, cell in enumerate(line) if len(cell[0]) > 1), len(line))
    return line[:marked] + [UNKNOWN] * (len(line) - marked)


class Difference(CompositorUpdate):
    """An update of the compositor, written through the glass. `sent`: its bytes, once written."""

    def __init__(self, glass: Glass, update: LayoutUpdate | ChopsUpdate) -> None:
        self._glass = glass
        self._update = update
        self.sent = 0

    @property
    def regions(self) -> list[Region]:
        """The regions of the screen that it covers."""
        if isinstance(self._update, LayoutUpdate):
            return [self._update.region]
        return [Region(x1, y, x2 - x1, 1) for y, x1, x2 in self._update.spans]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield self._update

    def render_segments(self, console: Console) -> str:
        pieces = _whole(self._update) if isinstance(self._update, LayoutUpdate) else _parts(self._update)
        text = self._glass.write(pieces, console)
        self.sent = len(text.encode())
        return text


def _whole(update: LayoutUpdate) -> Iterator[tuple[int, int, Strip]]:
    for y, strips in enumerate(update.strips, update.region.y):
        yield update.region.x, y, Strip.join(list(strips))


def _parts(update: ChopsUpdate) -> Iterator[tuple[int, int, Strip]]:
    for y, x1, x2 in update.spans:
        for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if strip is not None and x < x2 and end > x1:
                yield x, y, strip


_MIN_MOVED = 5  # lines that must have moved to be worth scrolling
_OTHERS = 3  # other lines that may be new: the cursor's, before and after the move
_PROBES = 3  # new lines that are searched for among the old ones

PaintedLine = TypeVar("PaintedLine", bound=Sequence[object])


@dataclass(frozen=True, slots=True)
class Scroll:
    """The lines from `top` to `bottom`, inclusive, move up by `by` lines, or down if it is negative."""

    top: int
    bottom: int
    by: int

    @property
    def sequence(self) -> str:
        """DECSTBM around IND or RI, which every terminal supports; the cursor is then at the top left."""
        edge, move = (self.bottom, "D") if self.by > 0 else (self.top, "M")
        moves = f"\x1b{move}" * abs(self.by)
        return f"\x1b[{self.top + 1};{self.bottom + 1}r\x1b[{edge + 1};1H{moves}\x1b[r"


def scrolled(old: Mapping[int, PaintedLine], new: Mapping[int, PaintedLine]) -> Scroll | None:
    """Return how whole lines (by y) scrolled, if most of a block moved together; else None."""
    changed = sorted(y for y, line in new.items() if line != old.get(y))
    for probe in changed[:: len(changed) // _PROBES + 1]:
        for place, line in old.items():
            if line == new[probe] and (scroll := _moved(old, new, changed, place - probe)):
                return scroll
    return None


def _moved(
    old: Mapping[int, PaintedLine], new: Mapping[int, PaintedLine], changed: list[int], by: int
) -> Scroll | None:
    moved = [y for y in changed if new[y] == old.get(y + by)]
    if len(moved) < max(_MIN_MOVED, abs(by)):
        return None
    top, bottom = min(moved[0], moved[0] + by), max(moved[-1], moved[-1] + by)
    most = len(moved) + abs(by) + _OTHERS  # lines of the block, including lines that scroll into view
    return Scroll(top, bottom, by) if bottom - top < most and all(y in old for y in range(top, bottom + 1)) else None
