"""The jobs: scans and sends, which save their state on disk. Their progress, and stopping all of them at the end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tui.facts import Fact

RUNNING, PAUSED, DONE, STOPPED, FAILED = "▸", "‖", "✓", "✗", "!"


@dataclass(frozen=True, slots=True)
class JobState:
    """`share`: 0 to 1, or None if the total is unknown. `words`: details."""

    sign: str
    share: float | None = None
    words: str = ""


@dataclass(eq=False, slots=True)
class Job:
    """A scan or a send, which continues when its screen is left. That screen writes it; others read it.

    `about`: what it does, and its destination. `stop` asks it to end; it returns False if the job is not running.
    `resume_command`: empty if there is none. `seen`: whether the user has seen its end.
    """

    kind: str
    stop: Callable[[], bool]
    title: str = ""
    about: tuple[Fact, ...] = ()
    state: JobState = JobState(STOPPED)
    resume_command: str = ""
    seen: bool = True

    @property
    def running(self) -> bool:
        return self.state.sign in (RUNNING, PAUSED)

    @property
    def brief(self) -> str:
        """`▸ scan 42 %`."""
        share = self.state.share
        done = f" {int(100 * share)} %" if share is not None and self.state.sign == RUNNING else ""
        return f"{self.state.sign} {self.kind}{done}"


class Jobs:
    """All jobs since hourscope was started, the newest last. Each runs in a worker thread; `running` and `stop` may be
    called from any thread."""

    def __init__(self) -> None:
        self.all: list[Job] = []
        self._changed = threading.Condition()
        self._stops: dict[int, Callable[[], object]] = {}
        self._stopped = False

    @contextmanager
    def running(self, stop: Callable[[], object]) -> Iterator[None]:
        """Surround a job's work. `stop` asks it to save its state and end soon."""
        with self._changed:
            number = threading.get_ident()
            self._stops[number] = stop
            over = self._stopped
        if over:
            stop()
        try:
            yield
        finally:
            with self._changed:
                del self._stops[number]
                self._changed.notify_all()

    def stop(self, seconds: float) -> bool:
        """Ask all jobs to end, wait up to `seconds`, and return whether all have. Later jobs are stopped at once."""
        with self._changed:
            self._stopped = True
            stops = list(self._stops.values())
        for stop in stops:
            stop()
        with self._changed:
            return self._changed.wait_for(lambda: not self._stops, seconds)
