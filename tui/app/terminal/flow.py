"""Flow control: frames wait for a slow line, and then only the newest state is sent. Outdated frames are never queued.

The kernel and ssh buffer more than a slow line carries in seconds, and do not report how much has arrived. Therefore,
each frame ends with a query (DSR 6, the cursor's position), which a terminal answers once it has drawn everything
before it. A terminal that never answers is treated as a line of 10 kB/s. mosh does the same with its own protocol.
"""

from __future__ import annotations

import time
from collections import deque

from rich.console import RenderableType
from textual.app import App
from textual.events import CursorPosition
from textual.geometry import Region
from textual.screen import Screen
from textual.timer import Timer

from tui.app.terminal.paint import Difference

_ASK = "\x1b[6n"
_AHEAD_BYTES = 2_000  # may be in flight when a frame is sent
_UNSURE_BYTES, _MAX_UNSURE_BYTES = (
    1_000,
    4_000,
)  # the same for a terminal that never answers, and the most bytes to wait for
_SLOW_BYTES = 8_000  # per second: a little less than a line of 10 kB/s carries
_PATIENCE_SECONDS = 3.0  # with a terminal that has answered before
_LAST_ANSWER_SECONDS = 0.2


class Flow:
    """Tracks how many of the sent bytes the terminal has not processed yet. Times are from `time.monotonic`."""

    def __init__(self) -> None:
        self._asked: deque[int] = deque(maxlen=1_000)  # bytes before each unanswered query
        self._answers = False
        self._owed = 0.0
        self._owed_at = 0.0

    def sent(self, size: int, now: float) -> None:
        """Record that a frame of `size` bytes, followed by a query, was sent."""
        self._asked.append(size)
        self._owed = min(self._rest(now) + size, _MAX_UNSURE_BYTES)
        self._owed_at = now

    def answered(self) -> None:
        """Record that the terminal has drawn the oldest frame in flight."""
        self._answers = True
        if self._asked:
            self._asked.popleft()

    def forget(self) -> None:
        """Assume that nothing is in flight."""
        self._asked.clear()

    @property
    def pending(self) -> bool:
        """Whether an answer is expected."""
        return self._answers and bool(self._asked)

    def wait(self, now: float) -> float:
        """Return the seconds until the next frame may be sent without an answer; 0 if it may be sent at once."""
        if self._answers:
            return _PATIENCE_SECONDS if sum(self._asked) > _AHEAD_BYTES else 0.0
        return max(self._rest(now) - _UNSURE_BYTES, 0.0) / _SLOW_BYTES

    def _rest(self, now: float) -> float:
        return max(self._owed - (now - self._owed_at) * _SLOW_BYTES, 0.0)


class PacedApp(App[int]):
    """Sends a frame once the terminal has processed the previous ones. Regions that change meanwhile are drawn then."""

    def __init__(self) -> None:
        super().__init__()
        self._flow = Flow()
        self._due: Timer | None = None
        self._stale: list[Region] = []

    def on_mount(self) -> None:
        self.app_resume_signal.subscribe(self, lambda _: self._flow.forget())

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        now = time.monotonic()
        if self._driver is None or not isinstance(renderable, Difference) or self._batch_count:
            super()._display(screen, renderable)
        elif wait := self._flow.wait(now):
            self._stale += renderable.regions
            self._due = self._due or self.set_timer(wait, self._show_newest)
        else:
            super()._display(screen, renderable)
            if renderable.sent:
                self._driver.write(_ASK)
                self._flow.sent(renderable.sent, now)

    def _show_newest(self) -> None:
        self._flow.forget()
        self._catch_up()

    def _catch_up(self) -> None:
        if self._due is not None:
            self._due.stop()
            self._due = None
            self.screen.refresh(*self._stale)
            self._stale = []

    def on_cursor_position(self, _: CursorPosition) -> None:
        self._flow.answered()
        if not self._flow.wait(time.monotonic()):
            self._catch_up()

    def on_unmount(self) -> None:
        """Wait for the last answer; it would be typed into the shell if it came later."""
        if self._flow.pending:
            time.sleep(_LAST_ANSWER_SECONDS)
