"""ctrl-z during a send: wait for in-flight batches first, so that none has to be sent again."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tui.send import Control, Sending


@contextmanager
def pause_on_suspend() -> Iterator[Callable[[Control, Sending], None]]:
    """Yield a function to call with every event. After SIGTSTP it pauses the send, stops the process when all is
    confirmed, and resumes the send after SIGCONT."""
    requested = threading.Event()
    before = signal.signal(signal.SIGTSTP, lambda number, frame: requested.set())

    def suspend(control: Control, event: Sending) -> None:
        if not requested.is_set() or event.asking:
            return
        control.pause()
        if event.in_flight == event.unknown == 0 and event.note == "paused":
            requested.clear()
            os.kill(os.getpid(), signal.SIGSTOP)
            control.resume()  # after `fg`, or SIGCONT

    try:
        yield suspend
    finally:
        signal.signal(signal.SIGTSTP, before)
