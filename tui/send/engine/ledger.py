"""From answered to confirmed: through the journal, in order, with the digest of all confirmed records."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from tui.send.engine.batches import Batch
from tui.send.journal import Journal

_SYNC_BATCHES = 16  # half of the limit: one half is sent while the other is written
_SYNC_SECONDS = 0.05

InThread = Callable[[Callable[[], Any]], "asyncio.Future[Any]"]


class Ledger:
    """Batches that the broker has, until the journal has them. One fsync in a thread covers many.

    `records` and `bytes` count confirmed records, which are on disk if there is a journal. `digest` covers the records
    before the first unconfirmed one.
    """

    def __init__(self, journal: Journal | None) -> None:
        self._journal = journal
        self._arrived: list[Batch] = []
        self._since = 0.0
        self._writing: asyncio.Future[list[Batch]] | None = None
        self.records = 0
        self.bytes = 0
        self.digest: Any = None
        self._until: int | None = None  # number of the first record that is not confirmed
        self._ahead: dict[int, tuple[int, Any]] = {}  # confirmed after that: first → stop, digest

    def __len__(self) -> int:
        """The number of batches that have arrived and are not confirmed yet."""
        return len(self._arrived)

    def begin_at(self, first: int) -> None:
        """Set the number of the first record to send."""
        if self._until is None:
            self._until = first

    def add(self, batch: Batch) -> None:
        if not self._arrived:
            self._since = time.monotonic()
        self._arrived.append(batch)

    def work(self, in_thread: InThread, *, hurry: bool) -> None:
        """Confirm written batches; start writing if there are many batches or old ones, or any if `hurry`."""
        if self._writing is not None:
            if not self._writing.done():
                return
            self._confirm(self._writing.result())
            self._writing = None
        if not self._arrived:
            return
        if self._journal is None:
            self._confirm(list(self._arrived))
        elif hurry or len(self._arrived) >= _SYNC_BATCHES or time.monotonic() - self._since >= _SYNC_SECONDS:
            self._begin(in_thread)

    async def settle(self, in_thread: InThread) -> None:
        """Confirm all that has arrived."""
        while self._arrived:
            self.work(in_thread, hurry=True)
            if self._writing is not None:
                await self._writing

    def _begin(self, in_thread: InThread) -> None:
        journal, batches = self._journal, list(self._arrived)

        def write() -> list[Batch]:
            if journal is not None:
                journal.confirm((batch.first, batch.stop) for batch in batches)
            return batches

        self._writing = in_thread(write)

    def _confirm(self, batches: list[Batch]) -> None:
        del self._arrived[: len(batches)]
        for batch in batches:
            self.records += len(batch.records)
            self.bytes += batch.size
            self._ahead[batch.first] = batch.stop, batch.digest
        while self._until in self._ahead:
            self._until, self.digest = self._ahead.pop(self._until)
