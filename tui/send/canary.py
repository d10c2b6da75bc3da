"""The canary: a few records first, then a question."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from tui.send.control import Control


class Canary:
    """Halts a send after so many records, until all of them are confirmed and the operator says go on."""

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
