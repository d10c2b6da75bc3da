"""What a scan can do with the matching records instead of giving them: it is told per chunk, and small."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from tui.archive import Block, Chunk
from tui.filter import Filter, Matcher


class Measurement(Protocol):
    """What was measured of some records."""

    def merge(self, other: Any, /) -> None: ...


class Measure(Protocol):
    """Made where the scan is planned, pickled, and begun for each chunk where its task runs."""

    def begin(
        self,
        chunk: Chunk,
        filter: Filter,  # noqa: A002
        matcher: Matcher,
        /,
    ) -> Callable[[Block], tuple[Measurement, int]]:
        """The work on each block: what is measured, and how many records match. `matcher` is the filter's."""
        ...
