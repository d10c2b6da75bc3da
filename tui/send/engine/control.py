"""What halts a send: the operator's brakes, from another thread, and the canary."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable


class Control:
    """The brakes of one send; every method may be called from any thread, at any time, more than once."""

    def __init__(self) -> None:
        self._paused = threading.Event()
        self._stopped = threading.Event()

    def pause(self) -> None:
        """Hand over nothing more; what is in flight still gets its answer."""
        self._paused.set()

    def resume(self) -> None:
        """Continue after a pause, or after a canary."""
        self._paused.clear()

    def stop(self) -> None:
        """Hand over nothing more, wait for what is in flight, and end with a partial receipt."""
        self._stopped.set()

    @property
    def paused(self) -> bool:
        return self._paused.is_set()

    @property
    def stopped(self) -> bool:
        return self._stopped.is_set()


class Canary:
    """Halts a send after so many records, until all of them are confirmed and the operator resumes it."""

    def __init__(self, steps: Iterable[int], control: Control) -> None:
        self._steps = deque(steps)
        self._control = control
        self.asking = False

    def halts(self, handed_over: int, *, settled: bool) -> bool:
        """May nothing more go out, when so many records did, and all of those are `settled` or not?"""
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
