"""Reading and inflating the next blocks while the last one is being filtered: for one chunk on several cores."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from tui.archive.block import Block
from tui.archive.chunk import Damage

_DEPTH = 4  # blocks: a reader that is ahead must not fill the memory
_POLL = 0.1  # seconds


@contextmanager
def ahead(blocks: Iterable[Block | Damage]) -> Iterator[Iterator[Block | Damage]]:
    """The same items, read by a thread; what that raises is raised where they are used.

    Each block is copied, as its reader uses one buffer; the copies are reused in turn. But a long one is handed on as
    it is, and nothing more is read before it was used.
    """
    done, used_long = threading.Event(), threading.Event()
    ready: queue.Queue[Block | Damage | BaseException | None] = queue.Queue(_DEPTH)
    spare: queue.SimpleQueue[bytearray] = queue.SimpleQueue()

    def put(item: Block | Damage | BaseException | None) -> bool:
        while not done.is_set():
            try:
                ready.put(item, timeout=_POLL)
                return True
            except queue.Full:
                continue
        return False

    def passed_on(item: Block | Damage) -> bool:
        if not isinstance(item, Block) or not item.is_long:
            return put(_copy(item, spare) if isinstance(item, Block) else item)
        used_long.clear()
        if not put(item):
            return False
        del item
        while not used_long.wait(_POLL):
            if done.is_set():
                return False
        return True

    def read() -> None:
        try:
            if all(map(passed_on, blocks)):
                put(None)
        except Exception as error:  # noqa: BLE001  (raised again by `used`)
            put(error)

    def used() -> Iterator[Block | Damage]:
        while (item := ready.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
            if isinstance(item, Block) and item.is_long:
                item = None
                used_long.set()
            elif isinstance(item, Block):
                spare.put(item.buffer)

    thread = threading.Thread(target=read, name="read-ahead", daemon=True)
    thread.start()
    try:
        yield used()
    finally:
        done.set()
        thread.join()


def _copy(block: Block, spare: queue.SimpleQueue[bytearray]) -> Block:
    """A block of its own, in a buffer that was used before if there is one."""
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
