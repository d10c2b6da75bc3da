"""A finding as pieces of a line: its sign, and its conditions with field names in color."""

from __future__ import annotations

from rich.style import Style

from tui.analysis.answers import words_of
from tui.analysis.question import LocatedFinding
from tui.app.widgets.lines import Piece, both_ends
from tui.app.widgets.theme import Palette
from tui.printable import printable


def sign_of(located: LocatedFinding, palette: Palette) -> Piece:
    """Return `new`, `▲` or `▼`, in four cells."""
    shift = located.finding.shift
    sign = "new" if shift.there == 0 else "▲" if shift.score > 0 else "▼"
    return f"{sign:<4}", palette.match if shift.score > 0 else palette.heat[3]


def conditions(located: LocatedFinding, room: int, palette: Palette, style: Style) -> list[Piece]:
    """Return the conditions in exactly `room` cells; values have this style."""
    pieces: list[Piece] = []
    for at, fact in enumerate(located.finding.facts):
        before, field, after = printable(words_of(fact)).partition(printable(fact.field))
        pieces += [(" · " * (at > 0) + before, style), (field, palette.name), (after, style)]
    return both_ends(pieces, [], room)
