"""How far somebody is in the tour: which step the explorer's state fulfills, and what the state folder keeps."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
from textual.screen import Screen

from tui.app.page import Page
from tui.archive.local import private_folder
from tui.archive.times import spell_hour
from tui.config import state_dir
from tui.demo.tour import Tour, begin, load_steps
from tui.errors import HourscopeError

_VERSION = 1


class _Saved(msgspec.Struct, frozen=True):
    version: int
    step: int


def _path() -> Path:
    return state_dir() / "tour.json"


def take_up() -> Tour:
    """The tour where it was left, else from its beginning."""
    steps = load_steps()
    return begin(steps, read_progress(len(steps)))


def read_progress(steps: int) -> int:
    """The number of the step, from 0, to take the tour up at; 0 if it was never begun, was ended, or is unreadable."""
    try:
        saved = msgspec.json.decode(_path().read_bytes(), type=_Saved)
    except (OSError, msgspec.MsgspecError):
        return 0
    return saved.step if saved.version == _VERSION and 0 < saved.step < steps else 0


def write_progress(step: int) -> str:
    """Keep it; a sentence if it cannot be kept."""
    try:
        private_folder(_path().parent)
        part = _path().with_suffix(".part")
        part.write_bytes(msgspec.json.encode(_Saved(_VERSION, step)))
        part.replace(_path())
    except (OSError, HourscopeError) as error:
        return f"the tour's progress cannot be kept: {error}"
    return ""


def advanced(tour: Tour, stack: Sequence[Screen[object]]) -> tuple[Tour, str]:
    """The tour, one step further if the present one is done; then also its lesson."""
    if tour.step is None or not tour.step.done(state := state_of(stack)):
        return tour, ""
    further = Tour(tour.steps, tour.at + 1)
    following = f"Next: {further.words}" if further.step else further.words
    return further, write_progress(further.at) or f"✓ {tour.step.lesson(state)} {following}"


def state_of(stack: Sequence[Screen[object]]) -> dict[str, object]:
    """The state of the explorer as the steps see it, in plain values: the names of the screen in front and of the one
    below, what the archive's session holds, and what the screen itself adds (`Page.situation`).

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
