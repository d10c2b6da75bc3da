"""Pausing and stopping a send: by the operator, from another thread, and by the canary."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable


class Control:
    """Pauses and stops one send; every method may be called from any thread, at any time, repeatedly."""

    def __init__(self) -> None:
        self._paused = threading.Event()
        self._stopped = threading.Event()

    def pause(self) -> None:
        """Send nothing more; in-flight batches still get their answers."""
        self._paused.set()

    def resume(self) -> None:
        """Continue after a pause, or after a canary."""
        self._paused.clear()

    def stop(self) -> None:
        """Send nothing more, wait for in-flight batches, and end with a partial receipt."""
        self._stopped.set()

    @property
    def paused(self) -> bool:
        return self._paused.is_set()

    @property
    def stopped(self) -> bool:
        return self._stopped.is_set()


class Canary:
    """Halts a send after each number of records in `steps`, until they are confirmed and the operator resumes it."""

    def __init__(self, steps: Iterable[int], control: Control) -> None:
        self._steps = deque(steps)
        self._control = control
        self.asking = False

    def halts(self, handed_over: int, *, settled: bool) -> bool:
        """Return whether to send nothing more after `handed_over` records; `settled`: all of them are confirmed."""
        if not self._steps or handed_over < self._steps[0]:
            return False
        if not self.asking:
            if not settled:
                return True
            self._control.pause()
            self.asking = True
        self.asking = self._control.paused
        if not self.asking:
            self._steps.popleft()
        return self.asking
