"""Measure matching records instead of returning them: one small result per chunk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from tui.archive import Block, Chunk
from tui.filter import Filter, Matcher


class Measurement(Protocol):
    """The measurement of some records."""

    def merge(self, other: Any, /) -> None: ...


class Measure(Protocol):
    """Created when the scan is planned, pickled, and begun for each chunk where its task runs."""

    def begin(
        self,
        chunk: Chunk,
        filter: Filter,  # noqa: A002
        matcher: Matcher,
        /,
    ) -> Callable[[Block], tuple[Measurement, int]]:
        """Return the work on a block: it returns a measurement and the number of matches. `matcher` is the filter's."""
        ...
