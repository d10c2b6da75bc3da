"""A lock that lets only one chunk at a time use much memory, among all that are read in parallel."""

from __future__ import annotations

import os
import select
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from tui.archive.streams import ReadCancelled

_POLL_SECONDS = 0.1  # between checks of `cancelled`


class Turn(Protocol):
    """A lock: a threading.Lock for threads, a PipeTurn for processes."""

    def acquire(self, *, timeout: float = ...) -> bool: ...

    def release(self) -> None: ...


class PipeTurn:
    """A lock for processes that share a pipe, given by its two ends. Reading the one byte in it acquires the lock.

    A process that dies with the lock never releases it, but that ends the scan anyway, see child.py.
    """

    def __init__(self, ends: tuple[int, int]) -> None:
        self.ends = ends
        self._reading, self._writing = ends

    def acquire(self, *, timeout: float = 0) -> bool:
        if not select.select([self._reading], [], [], timeout)[0]:
            return False
        try:
            return bool(os.read(self._reading, 1))
        except BlockingIOError:  # another process read it first
            return False

    def release(self) -> None:
        os.write(self._writing, b"t")


@contextmanager
def pipe_turn() -> Iterator[PipeTurn]:
    """Create a lock to share with child processes."""
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
    """Return a function that acquires the lock once, to be released at the end. ReadCancelled if cancelled."""
    acquired = False

    def take() -> None:
        nonlocal acquired
        while not acquired:
            acquired = turn.acquire(timeout=_POLL_SECONDS)
            if not acquired and cancelled():
                raise ReadCancelled

    try:
        yield take
    finally:
        if acquired:
            turn.release()
