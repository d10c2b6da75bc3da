"""Garbage collection, put off while it can only waste time."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Put off garbage collection while a hundred thousand objects are made that all stay.

    To look through them again and again is a quarter of the time that boto3 and a client of it take, and a fifth of
    that of a table of facts.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
