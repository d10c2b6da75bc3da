"""One chunk at a time, of all that are read side by side: for chunks whose decoder takes much memory."""

from __future__ import annotations

import os
import select
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from tui.archive.streams import ReadCancelled

_POLL = 0.1  # seconds between two looks at `cancelled`


class Turn(Protocol):
    """A lock: a threading.Lock among threads, a PipeTurn among processes."""

    def acquire(self, *, timeout: float = ...) -> bool: ...

    def release(self) -> None: ...


class PipeTurn:
    """A lock among processes that share a pipe, given by its two ends: the byte in it is the turn.

    One that dies with the turn keeps it; its scan ends then, see child.py.
    """

    def __init__(self, ends: tuple[int, int]) -> None:
        self.ends = ends
        self._reading, self._writing = ends

    def acquire(self, *, timeout: float = 0) -> bool:
        if not select.select([self._reading], [], [], timeout)[0]:
            return False
        try:
            return bool(os.read(self._reading, 1))
        except BlockingIOError:  # another process was quicker
            return False

    def release(self) -> None:
        os.write(self._writing, b"t")


@contextmanager
def pipe_turn() -> Iterator[PipeTurn]:
    """A turn to be shared with processes that are started now."""
    reading, writing = os.pipe()
    try:
        os.set_blocking(reading, False)
        turn = PipeTurn((reading, writing))
        turn.release()
        yield turn
    finally:
        os.close(reading)
        os.close(writing)


@contextmanager
def taken_once(turn: Turn, cancelled: Callable[[], bool]) -> Iterator[Callable[[], None]]:
    """A function that waits for the turn, once; it is given back at the end. ReadCancelled while it waits."""
    held = False

    def take() -> None:
        nonlocal held
        while not held:
            held = turn.acquire(timeout=_POLL)
            if not held and cancelled():
                raise ReadCancelled

    try:
        yield take
    finally:
        if held:
            turn.release()
