"""Pausing, resuming and stopping a send from another thread."""

from __future__ import annotations

import threading


class Control:
    """The brakes of one send; every method may be called from any thread, at any time, more than once."""

    def __init__(self) -> None:
        self._paused = threading.Event()
        self._stopped = threading.Event()

    def pause(self) -> None:
        """Hand over nothing more; what is in flight still gets its answer."""
        self._paused.set()

    def resume(self) -> None:
        """Go on after a pause, or after a canary."""
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
