"""The script of the tour: its steps are data (tour.toml), and each knows from the explorer's state when it is done.
How far somebody is in it is kept in the state folder.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from tui.archive.local import private_folder
from tui.config import state_dir
from tui.errors import HourscopeError
from tui.filter.jmespath import parse_expression

TourState = Mapping[str, object]

_VERSION = 1
_WORDS_PER_SECOND = 4.0  # that people read
_LEAST_SECONDS = 4.0


class Obstacle(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What hinders a step as long as `when` holds, and what to do about it."""

    when: str
    text: str


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One step. `when` and `proof` are JMESPath on the state; without `proof` holding, `otherwise` is said at the end.
    `back_to` is the number of the step, from 1, at which somebody who left in this one takes the tour up: its selection
    is gone; 0: at this one.

    `keys` are one way to do it: keys by Textual's names, and texts to be typed behind a `=`.
    """

    text: str
    when: str
    hints: tuple[str, str]
    answer: str
    keys: tuple[str, ...]
    why: str
    proof: str = ""
    otherwise: str = ""
    back_to: int = 0
    obstacle: tuple[Obstacle, ...] = ()

    def done(self, state: TourState) -> bool:
        return _holds(self.when, state)

    def lesson(self, state: TourState) -> str:
        """Why it matters, once it is done."""
        return self.otherwise if self.proof and not _holds(self.proof, state) else self.why

    def help(self, asked: int) -> str:
        """What is shown when help was asked for: two hints, then the answer."""
        return (*self.hints, self.answer)[min(asked, 3) - 1]


class _Script(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    step: tuple[Step, ...]


class _Saved(msgspec.Struct, frozen=True):
    version: int
    step: int


@dataclass(frozen=True, slots=True)
class Tour:
    """Where somebody is in the tour. `at` is the number of the step, from 0; all are done at `len(steps)`.

    `said` is the lesson of the step that was done last. It stays until `read_at`, by a clock in seconds, and until
    whoever read it goes on: until the state is another than `state`.
    """

    steps: tuple[Step, ...]
    at: int = 0
    asked: int = 0  # how often help was asked for in this step
    said: str = ""
    read_at: float = 0.0
    state: TourState = field(default_factory=dict)
    obstacle: str = ""
    proved: bool = True  # whatever the last step wants to have proved

    @property
    def step(self) -> Step | None:
        return self.steps[self.at] if self.at < len(self.steps) else None

    @property
    def words(self) -> str:
        """`3 of 10  Go to an hour without a chunk`."""
        number = len(self.steps)
        if self.step is None:
            return f"{number} of {number}  The tour is done; try anything on this archive"
        return f"{self.at + 1} of {number}  {self.step.text}"

    @property
    def aside(self) -> str:
        """What stands beside the step: the help that was asked for, the last step's lesson, or what hinders."""
        if self.step is not None and self.asked:
            return self.step.help(self.asked)
        return self.said or self.obstacle

    def helped(self) -> Tour:
        """With the next hint, the answer at the end."""
        return replace(self, asked=self.asked + 1) if self.step is not None else self


def looked_at(tour: Tour, state: TourState, now: float) -> Tour:
    """The tour, one step further if the present one is done; else without what was read, and with what hinders.

    A step is not looked at before whoever takes the tour has gone on from the last one, or had the time to read what it
    taught: the next one may be done by the same. One that builds on the present step, and is done, is further, too.
    """
    if state == tour.state and now < tour.read_at:
        return tour
    step = tour.step
    if step is None:
        last = tour.steps[-1]
        if not tour.proved and _holds(last.proof, state):
            return replace(_taught(tour, last.why, state, now), proved=True)
        return _gone_on(tour, state, now)
    if step.done(state):
        return _done(tour, tour.at, state, now)
    following = tour.steps[tour.at + 1] if tour.at + 1 < len(tour.steps) else None
    if following is not None and 0 < following.back_to <= tour.at + 1 and following.done(state):
        return _done(tour, tour.at + 1, state, now)
    hinders = next((one.text for one in step.obstacle if _holds(one.when, state)), "")
    return replace(_gone_on(tour, state, now), obstacle=hinders)


def _done(tour: Tour, at: int, state: TourState, now: float) -> Tour:
    step = tour.steps[at]
    lesson = " ".join(filter(None, (f"✓ {step.lesson(state)}", write_progress(at + 1))))
    proved = not step.proof or _holds(step.proof, state)
    return replace(_taught(tour, lesson, state, now), at=at + 1, asked=0, obstacle="", proved=proved)


def _taught(tour: Tour, lesson: str, state: TourState, now: float) -> Tour:
    seconds = max(len(lesson.split()) / _WORDS_PER_SECOND, _LEAST_SECONDS)
    return replace(tour, said=lesson, read_at=now + seconds, state=state)


def _gone_on(tour: Tour, state: TourState, now: float) -> Tour:
    read = tour.said and now >= tour.read_at and state != tour.state
    return replace(tour, said="") if read else tour


def load_steps() -> tuple[Step, ...]:
    """The steps of the tour, in order."""
    return msgspec.toml.decode(Path(__file__).with_name("tour.toml").read_bytes(), type=_Script).step


def take_up() -> Tour:
    """The tour where it was left, else from its beginning; a step that needs what is gone leads back."""
    steps = load_steps()
    at = read_progress(len(steps))
    back = steps[at].back_to
    begin = Tour(steps, back - 1 if back else at)
    if not at:
        return begin
    why = f": step {at + 1} needs what is selected in it" if begin.at < at else ", where you left it"
    return replace(begin, said=f"Taken up at step {begin.at + 1}{why}.")


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
        return f"(The tour's progress cannot be kept: {error}.)"
    return ""


def _path() -> Path:
    return state_dir() / "tour.json"


def _holds(expression: str, state: TourState) -> bool:
    return bool(parse_expression(expression).search(dict(state)))
