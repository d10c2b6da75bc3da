"""Hints why a scan matched nothing, by the types in a bounded sample of its chunks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from tui.scan.plan import ScanPlan

if TYPE_CHECKING:
    from tui.filter.hints import FieldSample

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
    from tui.filter.hints import hints, may_mislead  # only when a hint is possible

    if matched and not may_mislead(filter_):
        return []
    sample = _sample(plan, cancelled)
    return [] if cancelled() else [f"hint: {hint}" for hint in hints(filter_, sample, matched=matched)]


def path_hints(plan: ScanPlan, paths: Iterable[str]) -> list[str]:
    """Return what may be meant by paths at which no record has a value, by the heads of at most four of the chunks."""
    from tui.filter.match_slips import match_slips

    types = _sample(plan).types
    slips = (
        [slip.sentence for path in paths for slip in match_slips(path, types) if slip.edits] if types.records else []
    )
    return [f"hint: {sentence}" for sentence in dict.fromkeys(slips)]


def _sample(plan: ScanPlan, cancelled: Callable[[], bool] = lambda: False) -> FieldSample:
    from tui.filter.hints import FieldSample
    from tui.scan.heads import heads

    sample = FieldSample()
    for _, records in heads(plan.archive, plan.chunks, limit=_CHUNKS, records=_RECORDS, cancelled=cancelled):
        sample.feed(records)
    return sample
