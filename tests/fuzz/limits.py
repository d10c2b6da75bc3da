"""What one input may cost."""

from __future__ import annotations

import time
import tracemalloc
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

_MEASURED_OF = 8  # inputs, one is measured: tracemalloc makes the others three times as slow
_LONGEST_SENTENCE = 6000  # characters; a layout of 4,096 may be quoted


@contextmanager
def memory_of(data: bytes, limit: int) -> Iterator[None]:
    """Raise AssertionError if more than `limit` bytes are allocated; the same inputs are measured every time."""
    if zlib.crc32(data) % _MEASURED_OF:
        yield
        return
    tracemalloc.start()
    try:
        yield
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak <= limit, f"{peak:,} bytes of memory are more than {limit:,}"


@contextmanager
def cpu_seconds(limit: float) -> Iterator[None]:
    """Raise AssertionError if more CPU time is used. The limit catches runaway inputs, not slow ones."""
    began = time.process_time()
    yield
    used = time.process_time() - began
    assert used <= limit, f"{used:.1f} s of CPU time are more than {limit}"


def check_sentence(error: Exception) -> None:
    """Raise AssertionError if an error is not a sentence of reasonable length. Front ends escape its content."""
    text = str(error)
    assert text, "an error without words"
    assert len(text) < _LONGEST_SENTENCE, f"a sentence of {len(text):,} characters: {text[:200]!r}"
