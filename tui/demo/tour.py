"""The script of the tour: its steps are data (tour.toml), and each knows from the explorer's state when it is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tui.filter.jmespath import parse_expression

State = Mapping[str, object]


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

    def done(self, state: State) -> bool:
        return _holds(self.when, state)

    def lesson(self, state: State) -> str:
        """Why it matters, once it is done."""
        return self.otherwise if self.proof and not _holds(self.proof, state) else self.why

    def help(self, asked: int) -> str:
        """What is shown when help is asked for, the first time with 0: two hints, then the answer."""
        return (*self.hints, self.answer)[min(asked, 2)]


class _Script(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    step: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Tour:
    """Where somebody is in the tour. `at` is the number of the step, from 0; all are done at `len(steps)`."""

    steps: tuple[Step, ...]
    at: int = 0
    asked: int = 0  # how often help was asked for in this step

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


def begin(steps: tuple[Step, ...], at: int) -> Tour:
    """The tour of somebody who was at a step before."""
    return Tour(steps, steps[at].back_to - 1 if steps[at].back_to else at)


def load_steps() -> tuple[Step, ...]:
    """The steps of the tour, in order."""
    return msgspec.toml.decode(Path(__file__).with_name("tour.toml").read_bytes(), type=_Script).step


def _holds(expression: str, state: State) -> bool:
    return bool(parse_expression(expression).search(dict(state)))
