"""Why a scan may have matched nothing: hints from the types in a bounded sample of what it read."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tui.archive import Archive, Chunk
from tui.filter import Filter
from tui.scan.heads import heads
from tui.scan.lateness import late_hint

_CHUNKS = 4
_RECORDS = 200  # of each


def hints_for(
    archive: Archive,
    chunks: Sequence[Chunk],
    filter: Filter,  # noqa: A002
    *,
    matched: bool,
    cancelled: Callable[[], bool] = lambda: False,
) -> list[str]:
    """Sentences about likely slips of a filter that `chunks` were scanned with; the heads of at most four are read.

    `matched`: the scan had a match. Then nothing is read, unless the filter has a form that matches by mistake, as
    `event == "error"` does where both are missing.
    """
    if not matched and filter.within is not None and (late := late_hint(archive, chunks, filter.within, cancelled)):
        return [f"hint: {hint}" for hint in late]
    if (
        not chunks
        or not filter.active
        or (matched and all(term.kind not in ("match", "file") for term in filter.active))
    ):
        return []
    from tui.filter.hints import FieldSample, hints, may_mislead  # only where there may be something to say

    if matched and not may_mislead(filter):
        return []
    sample = FieldSample()
    for _, records in heads(archive, chunks, most=_CHUNKS, records=_RECORDS, cancelled=cancelled):
        sample.feed(records)
    return [] if cancelled() else [f"hint: {hint}" for hint in hints(filter, sample, matched=matched)]
