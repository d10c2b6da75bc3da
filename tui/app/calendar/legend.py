"""The lines around the calendar's grid: facts and the year above it; its signs and the selection below it."""

from __future__ import annotations

from calendar import month_abbr
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from rich.cells import cell_len
from rich.style import Style
from textual.message import Message
from textual.strip import Strip

from tui.app.calendar.month_grid import cell_styles
from tui.app.model.freshness import freshness
from tui.app.model.heat import LEVELS, TROUBLE, HeatGrid, Mark, Overlay, next_overlay
from tui.app.model.hours import Selection
from tui.app.model.month_cache import Month
from tui.app.model.months import month_of
from tui.app.model.session import Session
from tui.app.widgets.lines import LineWidget, Piece, both_ends, strip_of
from tui.archive.store import is_s3
from tui.printable import printable
from tui.units import count, dollars, plural, size, sparkline

_SHORT = {
    Mark.ODD_LARGE: "large",
    Mark.ODD_SMALL: "small",
    Mark.LATE: "late",
    Mark.FROZEN: "restore",
}


def header_facts(session: Session, hour: datetime, zones: str) -> tuple[str, ...]:
    """Return the archive's facts for the header, the most important first."""
    catalog, gaps, fresh = session.catalog, session.gaps, freshness(session)
    long = f", {count(session.gap_hours)} h" if session.gap_hours > len(gaps) else ""
    return (
        f"{hour:%B %Y}",
        zones,
        f"{count(len(catalog.hours))}/{count(len(catalog.hours) + session.gap_hours)} h",
        f"{size(catalog.size)}{' so far' if catalog.unlisted else ''}",
        f"·· {plural(len(gaps), 'gap')}{long}" if gaps else "",
        session.damage_words(),
        session.left_out_words,
        fresh.brief if fresh else "",
    )


_YEAR, _MONTH = 7, 6  # cells of the year, and of each month after it


class YearStrip(LineWidget):
    """One line with the year's months; hidden if the archive is within one month. A click posts `Picked`."""

    @dataclass
    class Picked(Message):
        month: int

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._hour = session.last
        self.renew()

    def renew(self) -> None:
        """Redraw: the session knows more hours."""
        session = self._session
        self._first, self._last = session.first, session.catalog_last
        self._sizes: dict[Month, int] = {}
        for hour, weight in session.hour_size.items():
            month = (hour.year, hour.month)
            self._sizes[month] = self._sizes.get(month, 0) + weight
        self._largest = max(self._sizes.values(), default=0)
        self.display = month_of(self._first) != month_of(self._last)

    def show(self, hour: datetime) -> None:
        self._hour = hour
        self.repaint()

    def draw(self, y: int, width: int) -> Strip:
        palette, year = self.palette, self._hour.year
        before, after = self._first.year < year, year < self._last.year
        pieces: list[Piece] = [
            ("‹" if before else " ", palette.dim),
            (str(year), palette.strong),
            ("› " if after else "  ", palette.dim),
        ]
        for number in range(1, 13):
            pieces += self._cell((year, number))
        hint = "   { } year   [ ] month" if width >= 104 else ""
        return strip_of([*pieces, (hint, palette.dim)], width)

    def point_at(self, x: int, y: int) -> bool:
        month = (x - _YEAR) // _MONTH + 1
        if 1 <= month <= 12 and month_of(self._first) <= (self._hour.year, month) <= month_of(self._last):
            self.post_message(self.Picked(month))
        return False

    def _cell(self, month: Month) -> list[Piece]:
        """Return a month's name and bar in `_MONTH` cells."""
        palette, weight = self.palette, self._sizes.get(month, 0)
        here = month == month_of(self._hour)
        known = month_of(self._first) <= month <= month_of(self._last)
        bar = sparkline([weight], self._largest) if weight else "·" if known else " "
        name = palette.cursor if here else palette.dim if known else palette.faint
        shade = palette.heat[2 if here else 1] if weight else palette.gap
        return [(month_abbr[month[1]], name), (f" {bar} ", shade)]


class Legend(LineWidget):
    """The signs in use and the selection's totals. On a single line, the totals replace the signs."""

    def __init__(self, session: Session, grid: HeatGrid) -> None:
        super().__init__()
        self._session = session
        self._grid = grid
        self._marked = Selection()
        self._open = False

    def show(self, grid: HeatGrid, marked: Selection, *, open_range: bool) -> None:
        self._grid, self._marked, self._open = grid, marked, open_range
        self.repaint()

    def draw(self, y: int, width: int) -> Strip:
        totals = y > 0 or (self.size.height == 1 and bool(self._marked))
        return strip_of(self._totals() if totals else self._signs(width), width)

    def _signs(self, width: int) -> list[Piece]:
        """Return the signs with as many words as fit."""
        following = next_overlay(self._session, self._grid.overlay).value
        key: list[Piece] = [("o", self.palette.key), (f" shows {following} ", self.palette.dim)]
        signs = {**TROUBLE, **_SHORT}
        long, short, brief = self._pieces(TROUBLE), self._pieces(signs), self._pieces(signs, brief=True)
        for pieces, right in ((long, key), (short, key), (brief, key), (short, []), (brief, [])):
            if sum(cell_len(text) for text, _ in [*pieces, *right]) < width:
                break
        return both_ends(pieces, right, width)

    def _pieces(self, words_of: Mapping[Mark, str], *, brief: bool = False) -> list[Piece]:
        """Return the signs with these words. `brief`: of the shades, name only their steps."""
        palette, grid, overlay = self.palette, self._grid, self._grid.overlay
        words, styles = overlay.shades, cell_styles(self, overlay)
        of = f" of {printable(self._session.shade.words, 40)}" if overlay.counted and self._session.shade else ""
        pieces: list[Piece] = [(f" {overlay.value}{of} ", palette.text)]
        if len(words) == 1:
            pieces += [(self._sample(mark, styles[mark]), styles[mark]) for mark in LEVELS]
            pieces.append((f" {words[0].rpartition(', ')[2] if brief else words[0]}", palette.dim))
        else:
            used = LEVELS[1:] if overlay is Overlay.LAG else LEVELS[::2]
            for mark, meaning in zip(used, words, strict=True):
                pieces += [(self._sample(mark, styles[mark]), styles[mark]), (f" {meaning}  ", palette.dim)]
        for mark in TROUBLE:
            if mark in grid.present:
                meaning = "gap or not scanned" if mark is Mark.GAP and self._session.archive.extract else words_of[mark]
                sign = (mark.value.strip(), styles.get(mark, palette.odd))
                pieces += [("  ", palette.dim), sign, (f" {meaning}", palette.dim)]
        if Mark.NONE in grid.present:
            none = "nothing to compare with" if overlay in (Overlay.USUAL, Overlay.RATE_USUAL) else "no match"
            pieces += [("  · ", palette.faint), (none, palette.dim)]
        return pieces

    def _sample(self, mark: Mark, style: Style) -> str:
        """Return a shade as the grid draws it."""
        return "   " if style.bgcolor else f"{mark.value} "

    def _totals(self) -> list[Piece]:
        palette, marked = self.palette, self._marked
        if not marked:
            hint = " · v starts a range, space selects an hour, D a day, M the month"
            return [(" nothing selected", palette.text), (hint, palette.dim)]
        hours, chunks, weight = self._session.totals(marked)
        span, several = marked.span, len(marked.ranges) > 1
        words = span.words()
        if several:
            words = f"{plural(len(marked.ranges), 'range')}, {span.start:%d %b} – {marked.ranges[-1].start:%d %b}"
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
        """Return the cost of reading the chunks from S3, one GET each."""
        price = dollars(chunks * self._session.config.prices.get_per_1000 / 1000)
        return f" · {plural(chunks, 'request')}, {price if price.startswith('under') else f'about {price}'}"
