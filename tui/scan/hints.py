"""Hints why a scan matched nothing, by the types in a bounded sample of its chunks."""

from __future__ import annotations

from collections.abc import Callable

from tui.scan.plan import ScanPlan

_CHUNKS = 4
_RECORDS = 200  # of each


def hints_for(plan: ScanPlan, *, matched: bool, cancelled: Callable[[], bool] = lambda: False) -> list[str]:
    """Return hints on likely mistakes in a scan's filter, by the heads of at most four of its chunks.

    If a range of times has no match, some later chunks are also checked, unless the plan has notes on late records.

    `matched`: the scan had a match. Then nothing is read, unless the filter can match by mistake, as `event == "error"`
    does if both fields are missing.
    """
    archive, chunks, filter_ = plan.archive, plan.chunks, plan.filter
    if not matched and filter_.within is not None and not plan.notes:
        from tui.scan.lateness import late_hint  # only needed for ranges of times

        late = late_hint(archive, chunks, filter_.within, cancelled)
        if late:
            return [f"hint: {late}"]
    if (
        not chunks
        or not filter_.active
        or (matched and all(term.kind not in ("match", "file") for term in filter_.active))
    ):
        return []
    from tui.filter.hints import FieldSample, hints, may_mislead  # only when a hint is possible

    if matched and not may_mislead(filter_):
        return []
    from tui.scan.heads import heads

    sample = FieldSample()
    for _, records in heads(archive, chunks, limit=_CHUNKS, records=_RECORDS, cancelled=cancelled):
        sample.feed(records)
    return [] if cancelled() else [f"hint: {hint}" for hint in hints(filter_, sample, matched=matched)]
