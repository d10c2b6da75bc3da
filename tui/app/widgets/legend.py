"""Two lines under the calendar: what its signs mean, and what is selected."""

from __future__ import annotations

from textual.strip import Strip

from tui.app.heat import HeatGrid, Mark
from tui.app.selection import Selection
from tui.app.session import Session
from tui.app.widgets.lines import LineWidget, Piece, strip_of
from tui.archive.store import is_s3
from tui.units import plural, size


class Legend(LineWidget):
    """The legend names only the signs that are there; the totals follow the range as it is drawn."""

    def __init__(self, session: Session, grid: HeatGrid) -> None:
        super().__init__()
        self._session = session
        self._grid = grid
        self._marked = Selection()
        self._open = False
        self._of_matches = False

    def show(self, grid: HeatGrid, marked: Selection, *, open_range: bool, of_matches: bool) -> None:
        self._grid, self._marked, self._open, self._of_matches = grid, marked, open_range, of_matches
        self.repaint()

    def draw(self, y: int, width: int) -> Strip:
        return strip_of(self._signs() if y == 0 else self._totals(), width)

    def _signs(self) -> list[Piece]:
        palette, present = self.palette, set(self._grid.marks.values())
        heat = palette.heat
        pieces: list[Piece] = [
            (" ", palette.dim),
            ("░░ ", heat[0]),
            ("▒▒ ", heat[1]),
            ("▓▓ ", heat[2]),
            ("██", heat[3]),
            (f" {'few to many matches' if self._of_matches else 'small to large'}", palette.dim),
        ]
        signs = (
            (Mark.NONE, palette.faint, "none"),
            (Mark.GAP, palette.gap, "gap"),
            (Mark.DAMAGED, palette.trouble, "damaged"),
            (Mark.ODD_LARGE, palette.odd, "unusually large"),
            (Mark.ODD_SMALL, palette.odd, "unusually small"),
            (Mark.FROZEN, palette.frozen, "needs restore"),
        )
        for mark, style, meaning in signs:
            if mark in present:
                pieces += [("   ", palette.dim), (mark.value.strip(), style), (f" {meaning}", palette.dim)]
        return pieces

    def _totals(self) -> list[Piece]:
        palette, marked = self.palette, self._marked
        if not marked:
            hint = "  ·  v begins a range, space takes one hour"
            return [(" nothing selected", palette.dim), (hint, palette.faint)]
        chunks = marked.chunks(self._session.catalog)
        hours = len({chunk.hour for chunk in chunks})
        span, several = marked.span, len(marked.ranges) > 1
        words = f"{span.start:%a %d %b %H:00} – {span.stop:%a %d %b %H:00}"
        if several:
            words = f"{plural(len(marked.ranges), 'range')}, {span.start:%d %b} – {marked.ranges[-1].start:%d %b}"
        remote = is_s3(self._session.archive.store.url)
        pieces: list[Piece] = [
            (" ── ", palette.selected),
            (words, palette.selected),
            (f" · {plural(hours, 'hour')} · " + ("" if remote else f"{plural(len(chunks), 'chunk')} · "), palette.text),
            (size(sum(chunk.size for chunk in chunks)), palette.strong),
            (self._cost(len(chunks)) if remote else "", palette.dim),
        ]
        return [*pieces, ("  ·  v ends the range", palette.dim)] if self._open else pieces

    def _cost(self, chunks: int) -> str:
        """Of reading them from S3: a GET each."""
        dollars = chunks * self._session.config.prices.get_per_1000 / 1000
        price = f"about ${dollars:,.2f}" if dollars >= 0.01 else "under $0.01"
        return f" · {plural(chunks, 'request')}, {price}"
