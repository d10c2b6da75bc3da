"""Read and decompress the next blocks while the last one is filtered, to use several cores for one chunk."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from tui.archive.block import Block
from tui.archive.chunk import Damage

_DEPTH = 4  # blocks that are read ahead, to limit memory
_POLL_SECONDS = 0.1


@contextmanager
def ahead(blocks: Iterable[Block | Damage]) -> Iterator[Iterator[Block | Damage]]:
    """Read the items in a thread; its errors are raised in the consumer.

    Each block is copied, because its reader reuses one buffer; the copies' buffers are reused in turn. A long block is
    passed on without a copy, and reading waits until it was used.
    """
    belt = _Belt()
    thread = threading.Thread(target=belt.fill, args=(blocks,), name="read-ahead", daemon=True)
    thread.start()
    try:
        yield belt.items()
    finally:
        belt.done.set()
        thread.join()


class _Belt:
    """The queue of items that were read but not used. `fill` runs in the reading thread, `items` in the consumer."""

    def __init__(self) -> None:
        self.done = threading.Event()  # the consumer has stopped
        self._used_long = threading.Event()
        self._ready: queue.Queue[Block | Damage | Exception | None] = queue.Queue(_DEPTH)
        self._spare: queue.SimpleQueue[bytearray] = queue.SimpleQueue()

    def fill(self, blocks: Iterable[Block | Damage]) -> None:
        try:
            if all(map(self._pass_on, blocks)):
                self._put(None)
        except Exception as error:  # noqa: BLE001  (raised again by `items`)
            self._put(error)

    def items(self) -> Iterator[Block | Damage]:
        while (item := self._ready.get()) is not None:
            if isinstance(item, Exception):
                raise item
            yield item
            if isinstance(item, Block) and item.is_long:
                item = None
                self._used_long.set()
            elif isinstance(item, Block):
                self._spare.put(item.buffer)

    def _pass_on(self, item: Block | Damage) -> bool:
        """Put an item into the queue; False if the consumer has stopped."""
        if not isinstance(item, Block) or not item.is_long:
            return self._put(_copy(item, self._spare) if isinstance(item, Block) else item)
        self._used_long.clear()
        if not self._put(item):
            return False
        del item
        while not self._used_long.wait(_POLL_SECONDS):
            if self.done.is_set():
                return False
        return True

    def _put(self, item: Block | Damage | Exception | None) -> bool:
        while not self.done.is_set():
            try:
                self._ready.put(item, timeout=_POLL_SECONDS)
                return True
            except queue.Full:
                continue
        return False


def _copy(block: Block, spare: queue.SimpleQueue[bytearray]) -> Block:
    """Copy a block, into a used buffer if there is one."""
    block.settle()
    try:
        buffer = spare.get_nowait()
    except queue.Empty:
        buffer = bytearray()
    if len(buffer) < block.end:
        buffer = bytearray(block.view())
    else:
        buffer[: block.end] = block.view()
    return replace(block, buffer=buffer)
