"""The guide on the tour: it looks at the explorer's state now and then, and shows how far the tour is."""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic

from textual.screen import Screen

from tui.app.page import Host, Page
from tui.archive.times import spell_hour
from tui.demo.tour import looked_at, take_up

_SECONDS = 0.2  # between two looks


class Guide(Host):
    """What the explorer does while somebody is on the tour."""

    def __init__(self) -> None:
        super().__init__()
        self._looks = False

    def begin_tour(self) -> None:
        """From its beginning, or where it was left."""
        self.tour = take_up()
        if not self._looks:
            self.set_interval(_SECONDS, self._look)
        self._looks = True

    def _look(self) -> None:
        """How far is it? It is left where home is; t takes it up there."""
        screen = self.screen
        if not isinstance(screen, Page):
            return
        if screen.leaves_tour:
            self.tour = None
        if self.tour is not None:
            self.tour = looked_at(self.tour, state_of(self.screen_stack), monotonic())
        screen.tour_line.show(self.tour)

    def hint(self) -> None:
        """Show the next one."""
        if self.tour is not None:
            self.tour = self.tour.helped()
            self._look()


def state_of(stack: Sequence[Screen[object]]) -> dict[str, object]:
    """In plain values: the names of the screen in front and of the one below, what the archive's session holds, and
    what the screen itself adds (`Page.situation`).

    `screen`, `over`: calendar, preview, diff, scan, send, explain …; `filter`, in the words of the command line;
    `selected`: hours; `extract`: is the archive one; `hour`: 2015-01-20T17.
    """
    front, below = stack[-1], stack[-2] if len(stack) > 1 else None
    state: dict[str, object] = {"screen": _name(front), "over": _name(below)}
    if not isinstance(front, Page):
        return state
    session = front.session
    if session is not None:
        state |= {
            "filter": session.filter.describe() if session.filter.arguments() else "",
            "selected": session.totals(session.selection)[0] if session.selection else 0,
            "extract": bool(session.archive.extract),
            "hour": spell_hour(session.place) if session.place else "",
        }
    return state | front.situation()


def _name(screen: Screen[object] | None) -> str:
    return type(screen).__name__.removesuffix("Page").lower()
