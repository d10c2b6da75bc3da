"""Matches per hour as bars over a range of hours (those that were not read yet are drawn as such), or their sizes."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from datetime import datetime

from textual.strip import Strip

from tui.app.widgets.lines import EIGHTHS, LineWidget, Piece, both_ends, strip_of
from tui.units import count, plural, size


class Timeline(LineWidget):
    """As high as it is given; the last line is the axis. Several hours share a column where there is no room."""

    def __init__(self) -> None:
        super().__init__()
        self._hours: tuple[datetime, ...] = ()
        self._matches: Mapping[datetime, int] = {}
        self._known: frozenset[datetime] = frozenset()
        self._sizes = False

    def show(self, hours: tuple[datetime, ...], matches: Mapping[datetime, int], known: frozenset[datetime]) -> None:
        """`known` are the hours that were read, or that have no chunk."""
        self._hours = hours
        self._matches, self._known, self._sizes = matches, known, False
        self.repaint()

    def show_sizes(self, hours: tuple[datetime, ...], sizes: Mapping[datetime, int]) -> None:
        """Before anything is read: the bytes of each hour."""
        self._hours, self._matches, self._known, self._sizes = hours, sizes, frozenset(hours), True
        self.repaint()

    def draw(self, y: int, width: int) -> Strip:
        height = self.size.height - 1
        columns = self._columns(width - 2)
        if not columns:
            return Strip.blank(width)
        if y == height:
            return strip_of(self._axis(width), width)
        style = self.palette.heat[2] if self._sizes else self.palette.finds[2]
        ceiling = max((value for value, _ in columns), default=0) or 1
        pieces: list[Piece] = [(" ", self.palette.dim)]
        for value, known in columns:
            eighths = round(value * height * 8 / ceiling) - (height - 1 - y) * 8
            if value and y == height - 1:
                eighths = max(eighths, 1)  # one match is seen beside thousands
            if eighths > 0:
                pieces.append((EIGHTHS[min(eighths, 8)], style))
            elif y == height - 1:
                pieces.append(("·", self.palette.faint) if known else (" ", self.palette.faint))
            else:
                pieces.append((" ", self.palette.faint))
        return strip_of(pieces, width)

    def _columns(self, width: int) -> list[tuple[int, bool]]:
        """(matches, were all its hours read?) of each column; short ranges get several cells an hour."""
        hours = self._hours
        if not hours or width < 1:
            return []
        if len(hours) <= width:
            cells = min(width // len(hours), 4)
            one = [(self._matches.get(hour, 0), hour in self._known) for hour in hours]
            return [column for column in one for _ in range(cells)]
        edges = [number * len(hours) // width for number in range(width + 1)]
        groups = (hours[start:stop] for start, stop in itertools.pairwise(edges))
        return [(sum(self._matches.get(h, 0) for h in group), all(h in self._known for h in group)) for group in groups]

    def _axis(self, width: int) -> list[Piece]:
        palette = self.palette
        first, last = self._hours[0], self._hours[-1]
        words = f" {first:%a %d %b %H:00} to {last:%a %d %b %H:59}"
        peak = max(self._matches, key=lambda hour: self._matches[hour], default=None)
        right = ""
        if peak is not None and self._matches[peak]:
            most = self._matches[peak]
            amount = f"{size(most)} of gzip" if self._sizes else plural(most, "match")
            right = f"most in {peak:%a %d %b %H:00}: {amount} "
        elif self._known:
            right = f"no match in {count(len(self._known))} hours yet "
        return both_ends([(words, palette.dim)], [(right, palette.text)], width)
