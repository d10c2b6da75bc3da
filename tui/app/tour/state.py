"""The state of the explorer as the steps of the tour see it: plain values, as JSON has them."""

from __future__ import annotations

from collections.abc import Sequence

from textual.screen import Screen

from tui.app.page import Page
from tui.archive.times import spell_hour


def state_of(stack: Sequence[Screen[object]]) -> dict[str, object]:
    """The names of the screen in front and of the one below, what the archive's session holds, and what the screen
    itself adds (`Page.situation`).

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
