"""The tour: its steps are data (tour.toml), with conditions on the explorer's state that say when a step is done.
The progress is kept in the state folder.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from tui.archive.local import atomic_file
from tui.config import state_dir
from tui.errors import HourscopeError
from tui.filter.jmespath import parse_expression

TourState = Mapping[str, object]

_VERSION = 1
_WORDS_PER_SECOND = 4.0  # reading speed
_MIN_SECONDS = 4.0


class Obstacle(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A text to show while `when` holds: what blocks the step, and what to do about it."""

    when: str
    text: str


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One step. `when` and `proof` are JMESPath on the state; if `proof` does not hold, `otherwise` replaces `why`.
    `back_to` is the number of the step, from 1, at which the tour continues after it was left in this step, whose
    selection is then gone; 0: at this one.

    `keys` are one way to do it: Textual's names of keys, and texts to type after a `=`.
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
        return _is_true(self.when, state)

    def lesson(self, state: TourState) -> str:
        """Return why the step matters, to show once it is done."""
        return self.otherwise if self.proof and not _is_true(self.proof, state) else self.why

    def help(self, asked: int) -> str:
        """Return the help: two hints, then the answer."""
        return (*self.hints, self.answer)[min(asked, 3) - 1]


class _Script(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    step: tuple[Step, ...]


class _Saved(msgspec.Struct, frozen=True):
    version: int
    step: int


@dataclass(frozen=True, slots=True)
class Tour:
    """The progress in the tour. `at` is the number of the step, from 0; all are done at `len(steps)`.

    `said` is the lesson of the last finished step. It stays until the time `read_at`, in seconds of a clock, and until
    the user continues, which changes the explorer's state from `state`.
    """

    steps: tuple[Step, ...]
    at: int = 0
    asked: int = 0  # number of requests for help in this step
    said: str = ""
    read_at: float = 0.0
    state: TourState = field(default_factory=dict)
    obstacle: str = ""
    proved: bool = True  # the proof of the last step holds

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
        """The text beside the step: the requested help, the last step's lesson, or an obstacle."""
        if self.step is not None and self.asked:
            return self.step.help(self.asked)
        return self.said or self.obstacle

    def helped(self) -> Tour:
        """Return the tour with the next hint, or finally the answer."""
        return replace(self, asked=self.asked + 1) if self.step is not None else self


def looked_at(tour: Tour, state: TourState, now: float) -> Tour:
    """Advance the tour if the current step is done; otherwise drop a lesson that was read, and add an obstacle.

    A step is checked only after the user has continued from the last one, or had time to read its lesson, because the
    same state may fulfill both. If a later step that builds on the current one is done, the tour advances past it.
    """
    if state == tour.state and now < tour.read_at:
        return tour
    step = tour.step
    if step is None:
        last = tour.steps[-1]
        if not tour.proved and _is_true(last.proof, state):
            return replace(_with_lesson(tour, last.why, state, now), proved=True)
        return _user_continued(tour, state, now)
    if step.done(state):
        return _done(tour, tour.at, state, now)
    following = tour.steps[tour.at + 1] if tour.at + 1 < len(tour.steps) else None
    if following is not None and 0 < following.back_to <= tour.at + 1 and following.done(state):
        return _done(tour, tour.at + 1, state, now)
    obstacle_text = next((one.text for one in step.obstacle if _is_true(one.when, state)), "")
    return replace(_user_continued(tour, state, now), obstacle=obstacle_text)


def _done(tour: Tour, at: int, state: TourState, now: float) -> Tour:
    step = tour.steps[at]
    lesson = " ".join(filter(None, (f"✓ {step.lesson(state)}", write_progress(at + 1))))
    proved = not step.proof or _is_true(step.proof, state)
    return replace(_with_lesson(tour, lesson, state, now), at=at + 1, asked=0, obstacle="", proved=proved)


def _with_lesson(tour: Tour, lesson: str, state: TourState, now: float) -> Tour:
    seconds = max(len(lesson.split()) / _WORDS_PER_SECOND, _MIN_SECONDS)
    return replace(tour, said=lesson, read_at=now + seconds, state=state)


def _user_continued(tour: Tour, state: TourState, now: float) -> Tour:
    read = tour.said and now >= tour.read_at and state != tour.state
    return replace(tour, said="") if read else tour


def load_steps() -> tuple[Step, ...]:
    """Load the steps of the tour, in order."""
    return msgspec.toml.decode(Path(__file__).with_name("tour.toml").read_bytes(), type=_Script).step


def take_up() -> Tour:
    """Continue the tour where it was left, or start it; go back if a step needs a selection that is gone."""
    steps = load_steps()
    at = read_progress(len(steps))
    back = steps[at].back_to
    begin = Tour(steps, back - 1 if back else at)
    if not at:
        return begin
    why = f": step {at + 1} needs the selection made there" if begin.at < at else ", where you left it"
    return replace(begin, said=f"Continuing at step {begin.at + 1}{why}.")


def read_progress(steps: int) -> int:
    """Return the step, from 0, at which to continue; 0 if the tour was not begun, has ended, or is unreadable."""
    try:
        saved = msgspec.json.decode(_path().read_bytes(), type=_Saved)
    except (OSError, msgspec.MsgspecError):
        return 0
    return saved.step if saved.version == _VERSION and 0 < saved.step < steps else 0


def write_progress(step: int) -> str:
    """Store the progress; return a sentence if that fails, or ""."""
    try:
        with atomic_file(_path(), overwrite=True, private=True) as stream:
            stream.write(msgspec.json.encode(_Saved(_VERSION, step)))
    except HourscopeError as error:
        return f"(The tour's progress cannot be kept: {error}.)"
    return ""


def _path() -> Path:
    return state_dir() / "tour.json"


def _is_true(expression: str, state: TourState) -> bool:
    return bool(parse_expression(expression).search(dict(state)))
