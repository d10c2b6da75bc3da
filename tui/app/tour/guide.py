"""The guide of the tour: it polls the explorer's state and shows the current step."""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic

from textual.screen import Screen

from tui.app.page import Host, Page
from tui.archive.times import spell_hour
from tui.demo.tour import looked_at, take_up

_SECONDS = 0.2  # between two polls


class Guide(Host):
    """The part of the explorer that runs the tour."""

    def __init__(self) -> None:
        super().__init__()
        self._looks = False

    def begin_tour(self) -> None:
        """Start the tour, or resume it where it was left."""
        self.tour = take_up()
        if not self._looks:
            self.set_interval(_SECONDS, self._look)
        self._looks = True

    def _look(self) -> None:
        """Update the tour's progress. Opening home leaves the tour; t resumes it there."""
        screen = self.screen
        if not isinstance(screen, Page):
            return
        if screen.leaves_tour:
            self.tour = None
        if self.tour is not None:
            self.tour = looked_at(self.tour, state_of(self.screen_stack), monotonic())
        screen.tour_line.show(self.tour)

    def hint(self) -> None:
        """Show the next hint."""
        if self.tour is not None:
            self.tour = self.tour.helped()
            self._look()


def state_of(stack: Sequence[Screen[object]]) -> dict[str, object]:
    """Return the explorer's state in plain values: the screens, the session, and the screen's own (`Page.situation`).

    `screen`, `over`: the current screen and the one below it: calendar, preview, diff, scan, send, explain …; `filter`:
    in the command line's syntax; `selected`: hours; `extract`: whether the archive is one; `hour`: 2015-01-20T17.
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
