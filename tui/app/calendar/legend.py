"""Two lines under the calendar: what its signs mean, and what is selected."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from rich.cells import cell_len
from rich.style import Style
from textual.strip import Strip

from tui.app.calendar.grid import LEVELS, TROUBLE, HeatGrid, Mark, Overlay
from tui.app.calendar.month_grid import cell_styles
from tui.app.model.hours import Selection
from tui.app.model.session import Session
from tui.app.widgets.lines import LineWidget, Piece, both_ends, strip_of
from tui.archive.store import is_s3
from tui.printable import printable
from tui.units import plural, size

_SHORT = {
    Mark.ODD_LARGE: "large",
    Mark.ODD_SMALL: "small",
    Mark.LATE: "late",
    Mark.FROZEN: "restore",
}


class Legend(LineWidget):
    """The legend names only the signs that are there; the totals follow the range as it is drawn."""

    def __init__(self, session: Session, grid: HeatGrid) -> None:
        super().__init__()
        self._session = session
        self._grid = grid
        self._marked = Selection()
        self._open = False
        self._present = grid.present

    def show(self, grid: HeatGrid, marked: Selection, *, open_range: bool) -> None:
        if grid is not self._grid:
            self._present = grid.present
        self._grid, self._marked, self._open = grid, marked, open_range
        self.repaint()

    def draw(self, y: int, width: int) -> Strip:
        return strip_of(self._signs(width) if y == 0 else self._totals(), width)

    def _signs(self, width: int) -> list[Piece]:
        overlay = self._grid.overlay
        shade = self._session.shade
        of = f" of {printable(shade.words, 40)}" if overlay.counted and shade else ""
        name = "" if overlay is Overlay.SIZE else f"o shows: {overlay.value}{of} "
        words = self._spelled(lambda mark: TROUBLE[mark]), self._spelled(lambda mark: _SHORT.get(mark, TROUBLE[mark]))
        for pieces, shown in ((words[0], name), (words[1], name), (words[0], "")):
            if sum(cell_len(text) for text, _ in pieces) + len(shown) < width:
                return both_ends(pieces, [(shown, self.palette.selected)], width)
        return words[1]

    def _spelled(self, word: Callable[[Mark], str]) -> list[Piece]:
        palette, grid = self.palette, self._grid
        words, styles = grid.overlay.shades, cell_styles(self, grid.overlay)
        pieces: list[Piece] = [(" ", palette.dim)]
        if len(words) == 1:
            pieces += [(self._sample(mark, styles[mark]), styles[mark]) for mark in LEVELS]
            pieces.append((f" {words[0]}", palette.dim))
        else:
            used = LEVELS[1:] if grid.overlay is Overlay.LAG else LEVELS[::2]
            for mark, meaning in zip(used, words, strict=True):
                pieces += [(self._sample(mark, styles[mark]), styles[mark]), (f" {meaning}  ", palette.dim)]
        for mark in TROUBLE:
            if mark in self._present:
                meaning = "gap or not scanned" if mark is Mark.GAP and self._session.archive.extract else word(mark)
                pieces += [
                    ("  ", palette.dim),
                    (mark.value.strip(), styles.get(mark, palette.odd)),
                    (f" {meaning}", palette.dim),
                ]
        if Mark.NONE in self._present:
            none = "nothing to compare with" if grid.overlay in (Overlay.USUAL, Overlay.RATE_USUAL) else "no match"
            pieces += [("  · ", palette.faint), (none, palette.dim)]
        return pieces

    def _sample(self, mark: Mark, style: Style) -> str:
        """A shade as it is drawn."""
        return "   " if style.bgcolor else f"{mark.value} "

    def _totals(self) -> list[Piece]:
        palette, marked = self.palette, self._marked
        if not marked:
            hint = " · v starts a range, space selects an hour, D a day, M a month"
            return [(" nothing selected", palette.text), (hint, palette.dim)]
        hours, chunks, weight = self._session.totals(marked)
        span, several = marked.span, len(marked.ranges) > 1
        words = f"{span.start:%a %d %b %H:00} – {span.stop:%a %d %b %H:00}"
        if several:
            words = f"{plural(len(marked.ranges), 'range')}, {_day(span.start)} – {_day(marked.ranges[-1].start)}"
        remote = is_s3(self._session.archive.store.url)
        pieces: list[Piece] = [
            (" ── ", palette.selected),
            (words, palette.selected),
            (f" · {plural(hours, 'hour')} · " + ("" if remote else f"{plural(chunks, 'chunk')} · "), palette.text),
            (size(weight), palette.strong),
            (self._cost(chunks) if remote else "", palette.dim),
        ]
        return [*pieces, ("  ·  v ends the range", palette.dim)] if self._open else pieces

    def _cost(self, chunks: int) -> str:
        """Of reading them from S3: a GET each."""
        dollars = chunks * self._session.config.prices.get_per_1000 / 1000
        price = f"about ${dollars:,.2f}" if dollars >= 0.01 else "under $0.01"
        return f" · {plural(chunks, 'request')}, {price}"


def _day(hour: datetime) -> str:
    return f"{hour:%d %b}"
