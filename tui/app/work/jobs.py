"""What runs and keeps books on disk (scans, sends): it is stopped, and waited for, before the program ends."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Jobs:
    """A job lives in a worker's thread; every method may be called from any thread."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._stops: dict[int, Callable[[], object]] = {}
        self._stopped = False

    @contextmanager
    def running(self, stop: Callable[[], object]) -> Iterator[None]:
        """Around the work; `stop` asks it to end soon, its books kept."""
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
        """Ask all to end, and wait so long; True if none runs any more. What begins later is stopped at once."""
        with self._changed:
            self._stopped = True
            stops = list(self._stops.values())
        for stop in stops:
            stop()
        with self._changed:
            return self._changed.wait_for(lambda: not self._stops, seconds)
