"""Reconnecting a lost link: when to try, the number of attempts, and the note for the operator."""

from __future__ import annotations

import time

_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS = 0.1, 2.0
_LINGER_SECONDS = 3.0  # to keep showing an error that is over: most are too short to be seen


class Reconnects:
    """The links of one send, one after the other."""

    def __init__(self) -> None:
        self.count = 0
        self.reason = "connecting"  # why there is no link
        self.ever_connected = False
        self._retry_at, self._retries = 0.0, 0
        self._healed, self._healed_at = "", 0.0

    @property
    def due(self) -> bool:
        """Whether it is time to try again."""
        return time.monotonic() >= self._retry_at

    @property
    def healed(self) -> str:
        """The error that has just ended, or ""."""
        return self._healed if time.monotonic() - self._healed_at < _LINGER_SECONDS else ""

    def lost(self, why: str) -> None:
        """Schedule the next attempt: after 0.1 seconds, doubling each time up to 2."""
        self.reason = f"{why}; connecting again"
        self._retry_at = time.monotonic() + min(_FIRST_WAIT_SECONDS * 2**self._retries, _LONGEST_WAIT_SECONDS)
        self._retries += 1

    def connected(self) -> None:
        if self.ever_connected:
            self.count += 1
            self._healed = f"{self.reason.replace('connecting', 'connected')} ({self.count}×)"
            self._healed_at = time.monotonic()
        self.ever_connected = True

    def progressed(self) -> None:
        """Note that the link works, because an answer came."""
        self._retries = 0
