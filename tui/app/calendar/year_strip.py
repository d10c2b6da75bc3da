"""The year under the cursor: its months in a row, each with its volume."""

from __future__ import annotations

from calendar import month_abbr
from datetime import datetime

from textual.strip import Strip

from tui.app.model.session import Session
from tui.app.widgets.lines import LineWidget, Piece, sparkline, strip_of

Month = tuple[int, int]


class YearStrip(LineWidget):
    """One line; not there for an archive that lies within one month."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._hour = session.last
        self.renew()

    def renew(self) -> None:
        """The session knows more hours."""
        session = self._session
        self._first, self._last = session.first, session.catalog_last
        self._sizes: dict[Month, int] = {}
        for hour, size in session.hour_size.items():
            month = (hour.year, hour.month)
            self._sizes[month] = self._sizes.get(month, 0) + size
        self._largest = max(self._sizes.values(), default=0)
        self.display = _month(self._first) != _month(self._last)

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

    def _cell(self, month: Month) -> list[Piece]:
        """Six cells."""
        palette, size = self.palette, self._sizes.get(month, 0)
        here = month == _month(self._hour)
        known = _month(self._first) <= month <= _month(self._last)
        bar = sparkline([size], self._largest) if size else "·" if known else " "
        name = palette.cursor if here else palette.dim if known else palette.faint
        shade = palette.heat[2 if here else 1] if size else palette.gap
        return [(month_abbr[month[1]], name), (f" {bar} ", shade)]


def _month(hour: datetime) -> Month:
    return hour.year, hour.month
