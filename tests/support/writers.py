"""The writers that are out there; docs/layouts.md lists them."""

from __future__ import annotations

from tests.support import cloud_writers, dated_writers, queue_writers
from tests.support.writer import FOREIGN, HOURS, MISSING, START, WRITERS

__all__ = ["FOREIGN", "HOURS", "MISSING", "START", "WRITERS", "cloud_writers", "dated_writers", "queue_writers"]
