"""Watching a topic's depth during a send, so that its consumers are not overloaded."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from tui.errors import SendError

_POLL_SECONDS = 0.5
_MIN_POLL_SECONDS = 0.02  # while the sender waits for room


class DepthWatch:
    """Polls the depth in a thread; between two polls, only as many records are sent as the last one left room for.

    The depth therefore exceeds `limit` by at most a window, at any speed. Without `limit` it is only observed.
    """

    def __init__(self, ask: Callable[[], int], limit: int | None = None) -> None:
        self._ask = ask
        self._limit = limit
        self._room_until: int | None = None  # total of handed-over records that the last answer leaves room for
        self._handed_over = 0
        self._in_flight = 0
        self._hungry = asyncio.Event()
        self.depth: int | None = None
        self.note = ""

    def has_room(self, handed_over: int, in_flight: int) -> bool:
        """Return whether to send more after `handed_over` records, of which `in_flight` are unanswered."""
        self._handed_over, self._in_flight = handed_over, in_flight
        if self._limit is None:
            return True
        if self._room_until is not None and handed_over < self._room_until:
            return True
        self._hungry.set()
        return False

    async def watch(self, changed: Callable[[], None]) -> None:
        """Poll until cancelled."""
        while True:
            began = time.monotonic()
            before = self._handed_over - self._in_flight
            try:
                self.depth = await asyncio.to_thread(self._ask)
            except SendError as error:
                self.depth, self.note = None, f"paused: {error}" if self._limit is not None else ""
            else:
                self._answered(self.depth, before)
            changed()
            self._hungry.clear()
            await self._rest(began)

    def _answered(self, depth: int, before: int) -> None:
        self.note = ""
        if self._limit is None:
            return
        self._room_until = before + self._limit - depth
        if depth >= self._limit:
            self.note = f"paused: the topic is {depth:,} deep, {self._limit:,} are allowed"

    async def _rest(self, began: float) -> None:
        full = self.depth is None or (self._limit is not None and self.depth >= self._limit)
        if full or self._limit is None:
            await asyncio.sleep(_POLL_SECONDS)
            return
        try:
            await asyncio.wait_for(self._hungry.wait(), _POLL_SECONDS)
        except TimeoutError:
            return
        await asyncio.sleep(max(0.0, began + _MIN_POLL_SECONDS - time.monotonic()))
