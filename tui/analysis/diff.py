"""`diff`: find what differs between some hours of an archive and the others, or in which hours something differs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

from tui.analysis.columns import Learner
from tui.analysis.comparison import Comparison, compare_hours
from tui.analysis.findings import Finding, findings
from tui.analysis.indexed_table import indexed_table
from tui.analysis.known import known_counts
from tui.analysis.minutes import ByMinutes, Stretches, same_minutes, stretch_length
from tui.analysis.observed import Observed, Observing, observe_lines
from tui.analysis.question import Answer, LocatedFinding, Question, Side, TimeRange, within
from tui.analysis.spans import hours_like, suspicious, suspicious_in_week
from tui.analysis.table import Table, table_of
from tui.archive import Chunk
from tui.archive.store import is_s3
from tui.archive.times import as_instant
from tui.errors import TimeError
from tui.filter import Filter
from tui.filter.within import Within
from tui.index import Index
from tui.index.summary import Summary
from tui.scan import ChunkMeasured, Progress, ScanEvent, ScanPlan, run_plan
from tui.scan.heads import heads, stratified

MAX_RECORDS = 400_000  # compared; of more records, this many are sampled at equal intervals
_CEILING = 64 << 20  # stored bytes up to which an archive in S3 is read whole, even without `full`
LOCAL_CEILING = 512 << 20  # the same for a folder
_MAX_CHUNKS = 1_500  # sampled in addition to the target's
_ROUNDS = ((100, 80), (200, _MAX_CHUNKS), (1_000, _MAX_CHUNKS))  # records per chunk, chunks besides the target's
_FIRST_OF_ALL = 60, 400  # the first round if the target is all hours
_FIRST_BYTES = 16 << 10  # of each chunk in the first round: at least about a hundred records
AT_ONCE = 16  # requests
_AT_ONCE_READ = 2 << 20  # stored bytes; reading all of so few is as fast as reading a sample
_WEEKS = 2  # other weeks needed for a baseline of the same hours (or days, for the same minutes)
_STRETCHES = 3  # stretches of hours to examine if no hours are selected; only one for an answer that is not final


def diff(
    plan: ScanPlan,
    question: Question,
    *,
    jobs: int | None = None,
    dask: str | None = None,
    cancel: threading.Event | None = None,
    early: bool = False,
    index: Index | None = None,
) -> Iterator[ScanEvent | Answer]:
    """Read the plan's chunks or a sample of them. Yield the events of a scan and some Answers; the last one is final.

    The plan covers the hours of target and baseline; its filter selects the records to compare. `early`: yield an
    answer from the first records of each chunk before all are read. `index`: if it knows every chunk and the question
    is not `full`, it alone answers and no chunk is read.
    """
    cancel = cancel or threading.Event()
    known = _known(plan, question, index) if index is not None else None
    table = indexed_table(known, plan.archive.zone) if known is not None else None
    if known is not None and table is not None:
        counts = {chunk.key: known_counts(summary.head, parses=True) for chunk, summary in known}
        yield from run_plan(plan, jobs=1, cancel=cancel, count_only=True, known=lambda chunk, _: counts[chunk.key])
        yield _answer(question, table, final=True, cancel=cancel, indexed=len(known))
        return
    ceiling = _CEILING if is_s3(plan.archive.store.url) else LOCAL_CEILING
    if question.times is not None:
        yield from _by_minutes(plan, question, question.times, jobs, dask, cancel)
    elif question.full or plan.bytes_compressed <= ceiling:
        if early and plan.bytes_compressed > _AT_ONCE_READ:
            yield from _sampled(plan, question, cancel, first=True)
        yield from _all_records(plan, question, jobs, dask, cancel)
    else:
        yield from _sampled(plan, question, cancel)


def _known(plan: ScanPlan, question: Question, index: Index) -> list[tuple[Chunk, Summary]] | None:
    """Return the index's summaries of all chunks; None if it lacks one, or if they cannot answer this question."""
    if question.full or question.times or plan.filter.active or plan.filter.within or plan.filter.invert:
        return None
    known = []
    for chunk, summary in index.summaries(plan.chunks):
        if summary is None:
            return None
        known.append((chunk, summary))
    return known


def _all_records(
    plan: ScanPlan, question: Question, jobs: int | None, dask: str | None, cancel: threading.Event
) -> Iterator[ScanEvent | Answer]:
    """Compare all records, or every n-th if there are too many."""
    stride = _stride(plan)
    measured = replace(plan, excerpt=replace(plan.excerpt, measure=Observing(stride)))
    parts: dict[str, Observed] = {}
    for event in run_plan(measured, jobs=jobs, dask=dask, cancel=cancel, strict=True, exact=True):
        if isinstance(event, ChunkMeasured):
            assert isinstance(event.part, Observed)
            parts[event.chunk.key] = event.part
        else:
            yield event
    if not cancel.is_set():
        yield _answer(question, *_observed(plan, parts), exact=stride == 1, final=True, cancel=cancel)


def _by_minutes(
    plan: ScanPlan, question: Question, times: Within, jobs: int | None, dask: str | None, cancel: threading.Event
) -> Iterator[ScanEvent | Answer]:
    """Compare all records by their own times."""
    assert question.target is not None
    start, stop = (end.astimezone(UTC) for end in question.target)
    measure = ByMinutes(times, stretch_length(start, stop))
    stretches = Stretches()
    measured = replace(plan, excerpt=replace(plan.excerpt, measure=measure))
    for event in run_plan(measured, jobs=jobs, dask=dask, cancel=cancel, strict=True, exact=True):
        if isinstance(event, ChunkMeasured):
            assert isinstance(event.part, Stretches)
            stretches.merge(event.part)
        else:
            yield event
    if cancel.is_set():
        return
    zone = plan.archive.zone
    ordered = [
        (as_instant((start + number * measure.length).astimezone(zone)), stretches.observed[number])
        for number in sorted(stretches.observed)
    ]
    not_objects = sum(seen.not_objects for _, seen in ordered)
    yield _answer(question, table_of(ordered, zone, measure.length), not_objects, exact=True, final=True, cancel=cancel)


def _stride(plan: ScanPlan) -> int:
    """Return n if only every n-th record can be compared, estimated from the size of the first records."""
    sizes = records = 0
    for _, head in heads(plan.archive, plan.chunks, limit=4, records=200):
        sizes, records = sizes + sum(map(len, head)), records + len(head)
    if not records:
        return 1
    inflated = 8 * plan.bytes_compressed  # JSON lines compress to about an eighth
    return max(1, -(-inflated * records // (sizes * MAX_RECORDS) // 2))


def _sampled(
    plan: ScanPlan, question: Question, cancel: threading.Event, *, first: bool = False
) -> Iterator[ScanEvent | Answer]:
    """Compare the first records of chunks, the target's first, more in each round. `first`: only the first round."""
    mine = [chunk for chunk in plan.chunks if within(chunk.hour, question.target)]
    others = [chunk for chunk in plan.chunks if not within(chunk.hour, question.target)]
    fetched, read, learner = 0, 0, Learner()
    rounds = _ROUNDS if mine else (_FIRST_OF_ALL, *_ROUNDS[1:])
    for number, (most, chunks) in enumerate(rounds[: 1 if first else None], 1):
        order = [*mine, *_spread(mine, others, chunks)]
        only = _FIRST_BYTES if number == 1 else None
        parts: dict[str, Observed] = {}
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="sample") as pool:

            def sample(chunk: Chunk, most: int = most, only: int | None = only) -> tuple[Chunk, list[bytes]]:
                if cancel.is_set():
                    return chunk, []
                heads_of_chunk = heads(plan.archive, [chunk], limit=1, records=most, only=only, cancelled=cancel.is_set)
                return next(heads_of_chunk)

            for chunk, records in pool.map(sample, order):
                parts[chunk.key] = observe_lines(b"\n".join(_matching(records, plan.filter)), learner)
                read += len(records)
                fetched += sum(map(len, records)) // 8
                yield Progress(chunk, 0, sum(map(len, records)), len(records), 0)
        if cancel.is_set():
            return
        final = not first and (number == len(_ROUNDS) or fetched > _CEILING or read * 4 > MAX_RECORDS)
        yield _answer(question, *_observed(plan, parts), final=final, cancel=cancel)
        if final:
            return


def _spread(mine: Sequence[Chunk], others: Sequence[Chunk], most: int) -> list[Chunk]:
    """Choose the baseline's chunks for a sample: some from the same hours of other weeks, and some from all hours."""
    of_week = {(chunk.hour.weekday(), chunk.hour.hour) for chunk in mine}
    same = [chunk for chunk in others if (chunk.hour.weekday(), chunk.hour.hour) in of_week]
    chosen = {chunk.key for chunk in (*stratified(same, most // 2, 0), *stratified(others, most, 0))}
    return [chunk for chunk in others if chunk.key in chosen]


def _matching(records: list[bytes], filter_: Filter) -> list[bytes]:
    matcher = filter_.matcher()
    return records if matcher.selects_all else [record for record in records if matcher.matches(record)]


def _answer(
    question: Question,
    table: Table,
    not_objects: int = 0,
    *,
    final: bool,
    cancel: threading.Event,
    exact: bool = False,
    indexed: int = 0,
) -> Answer:
    selected = _compare_target(table, question) if question.target is not None else None
    if selected is not None and selected.baseline:
        compared = [selected]
    else:
        compared = _compare_stretches(table, _STRETCHES if final else 1, cancel.is_set)
    ranked: list[tuple[Comparison, Finding]] = []
    for comparison in compared:
        mine, base = _findings(comparison, question, cancel.is_set)
        ranked += [(base, finding) for finding in mine]
    ranked.sort(key=lambda pair: -pair[1].rank)
    sides = selected if selected is not None else compare_hours(table, range(len(table.hours)), ())
    return Answer(
        _side(table, sides.target),
        _side(table, sides.baseline),
        tuple(_located(comparison, finding) for comparison, finding in ranked),
        table.records,
        exact or (indexed > 0 and all(len(finding.facts) == 1 for _, finding in ranked)),
        final,
        tuple(hour.time for hour in table.hours),
        tuple(hour.records for hour in table.hours),
        not_objects,
        indexed,
    )


def _observed(plan: ScanPlan, parts: dict[str, Observed]) -> tuple[Table, int]:
    """Return the facts about the observed records, and how many records were not objects."""
    ordered = [(chunk.hour, parts[chunk.key]) for chunk in plan.chunks if chunk.key in parts]
    return table_of(ordered, plan.archive.zone), sum(part.not_objects for _, part in ordered)


def _findings(
    comparison: Comparison, question: Question, cancelled: Callable[[], bool]
) -> tuple[list[Finding], Comparison]:
    """Return what stands out. Baseline hours that look like the target are removed, then it is compared again."""
    first = findings(comparison, leave_out=question.fields, cancelled=cancelled)
    if not first or question.against:
        return first, comparison
    alike = set(hours_like(comparison, first[0].hits, first[0].shift))
    kept = [at for at in comparison.baseline if at not in alike]
    if not alike or len(kept) < len(comparison.baseline) // 2:
        return first, comparison
    cleaner = compare_hours(comparison.table, comparison.target, kept)
    return findings(cleaner, leave_out=question.fields, cancelled=cancelled), cleaner


def _compare_stretches(table: Table, most: int, cancelled: Callable[[], bool]) -> list[Comparison]:
    """Compare suspicious stretches with all other hours, and those out of their weekly rhythm with other weeks."""
    times = [hour.time for hour in table.hours]
    stretches = suspicious(table, most, cancelled)
    in_week = [
        (first, stop)
        for first, stop in suspicious_in_week(table, most, cancelled)
        if all(stop <= other_first or other_stop <= first for other_first, other_stop in stretches)
    ]
    compared = []
    for first, stop in (*stretches, *in_week):
        others = [at for at in range(len(times)) if not first <= at < stop]
        same = _same_hours(times, range(first, stop), others) if (first, stop) in in_week else []
        compared.append(compare_hours(table, range(first, stop), same or others))
    return compared


def _compare_target(table: Table, question: Question) -> Comparison:
    """Compare the question's target with its baseline."""
    times = [hour.time for hour in table.hours]
    target = [at for at, time in enumerate(times) if within(time, question.target)]
    others = [at for at in range(len(times)) if at not in set(target)]
    if question.against:
        baseline = [at for at in others if any(within(times[at], range_) for range_ in question.against)]
        if not baseline:
            raise TimeError("the hours of --against have no records; choose other hours of the archive")
        return compare_hours(table, target, baseline)
    if table.step is not None:
        return compare_hours(table, target, same_minutes(times, target, others, _WEEKS) or others)
    return compare_hours(table, target, _same_hours(times, target, others) or others)


def _same_hours(times: Sequence[datetime], target: Iterable[int], others: Iterable[int]) -> list[int]:
    """Return the same hours of other weeks, if there are at least two such weeks."""
    of_week = {(times[at].weekday(), times[at].hour) for at in target}
    same = [at for at in others if (times[at].weekday(), times[at].hour) in of_week]
    weeks = {times[at].isocalendar()[:2] for at in same}
    return same if len(weeks) >= _WEEKS else []


def _side(table: Table, hours: Sequence[int]) -> Side:
    """Return some ordered hours as ranges, with the number of their records."""
    ranges: list[TimeRange] = []
    for hour in hours:
        time = table.hours[hour].time
        if ranges and ranges[-1][1] == time:
            ranges[-1] = ranges[-1][0], table.end(hour)
        else:
            ranges.append((time, table.end(hour)))
    return Side(tuple(ranges), sum(table.hours[hour].records for hour in hours))


def _located(comparison: Comparison, finding: Finding) -> LocatedFinding:
    table = comparison.table
    since, until = table.hours[finding.since].time, table.end(finding.until - 1)
    return LocatedFinding(finding, since, until, _side(table, comparison.target), tuple(finding.hits))
