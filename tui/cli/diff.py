"""`hourscope diff`: what changed."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from typing import Any

import click

from tui.analysis.answers import (
    companions,
    filter_of_finding,
    headline,
    kind_of,
    line_of,
    not_compared,
    source_of,
    volume_sentence,
    where_of,
)
from tui.analysis.diff import diff
from tui.analysis.question import Answer, LocatedFinding, Question, TimeRange, fields_of, plan_diff, read_range
from tui.archive import empty_range
from tui.archive.location import command_line, option_words
from tui.archive.moments import Moments
from tui.archive.times import begins_hour, spell_time
from tui.cli.command import Command, json_option, option
from tui.cli.console import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_MATCHED, EXIT_NOTHING, narrate, notify, print_line
from tui.cli.estimate import may_read
from tui.cli.opened import Opened, open_named
from tui.cli.options import (
    POSITIVE,
    archive_argument,
    archive_options,
    dask_option,
    filter_of,
    filter_options,
    jobs_option,
    range_options,
    reading_options,
    time_options,
)
from tui.cli.progress import progress_line, results
from tui.cli.signals import cancel_on_signals
from tui.cli.troubles import report_read_only, report_troubles
from tui.filter import Filter
from tui.index import open_index
from tui.scan import ScanPlan, Totals
from tui.shell import shell_join
from tui.units import plural

_TOP = 10


@click.command("diff", cls=Command)
@archive_argument
@range_options
@time_options
@option("Range", "--against", metavar="T..T", multiple=True, help="Compare with these hours.  [default: similar hours]")
@filter_options
@option("Output", "--top", metavar="N", type=POSITIVE, default=_TOP, help="Findings to print.  [default: 10]")
@option("Run", "--full", is_flag=True, help="Read every record, not a sample.")
@jobs_option
@dask_option
@json_option
@reading_options
@archive_options
def command(
    archive: str,
    against: tuple[str, ...],
    top: int,
    full: bool,
    jobs: int | None,
    dask: str | None,
    as_json: bool,
    **given: Any,
) -> int:
    """Show what changed in some hours, or in which hours something changed.

    Compares values, text patterns, numbers, missing fields, and combinations of them with the same hours of other
    weeks, or with all other hours. Without --from and --to, it also searches for the hours.

    \b
    Examples:
      hourscope diff /var/archive --from 2015-01-20T13 --to 2015-01-20T19
      hourscope diff /var/archive --json
    """
    filter_ = filter_of(given)
    opened = open_named(archive, given)
    opened, plan, question = _planned(opened, filter_, against, full=full)
    how = {"against": against, "top": top if top != _TOP else None, "full": full, "jobs": jobs, "dask": dask}
    options = [*filter_.arguments(), *opened.lag_words, *option_words({**how, "json": as_json})]
    again = command_line("diff", opened.location, *opened.asked, options)
    stopped = f"interrupted; run it again with: {again}"
    if full and not may_read(plan, jobs):
        return EXIT_INTERRUPTED
    totals = Totals()
    answer = _answered(plan, question, totals, stopped, jobs=jobs, dask=dask)
    if answer is None:
        return EXIT_INTERRUPTED
    if sys.stderr.isatty():
        from tui.cli.notebook import notebook_at
        from tui.history.entries import diff_entry

        notebook_at(opened.location).add(diff_entry(answer, filter_, again), notify)
    return _report(opened, answer, totals, top, as_json=as_json)


def _answered(
    plan: ScanPlan, question: Question, totals: Totals, stopped: str, *, jobs: int | None, dask: str | None
) -> Answer | None:
    """Compare; narrate the answers so far. Print `stopped` and return None if interrupted."""
    answer: Answer | None = None
    with (
        cancel_on_signals(stopped, only_reads=True) as cancel,
        progress_line() as show,
        open_index(plan.archive) as index,
    ):
        early = sys.stderr.isatty()
        events = diff(plan, question, jobs=jobs, dask=dask, cancel=cancel, early=early, index=index)
        for answer in results(events, plan, totals, show, matches=False):
            if not answer.final:
                narrate(f"so far: {headline(answer)}")
        if cancel.is_set() or answer is None:
            notify(stopped)
            return None
        report_read_only(index)
    return answer


def _planned(
    opened: Opened, filter_: Filter, against: tuple[str, ...], *, full: bool
) -> tuple[Opened, ScanPlan, Question]:
    """Return the chunks of both sides and the comparison to make; print warnings.

    If the baseline has minutes, the target is also selected by record times.
    """
    ranges = tuple(read_range(text, opened.archive.zone) for text in against)
    if not all(begins_hour(end) for range_ in ranges for end in range_) and opened.asked != (None, None):
        opened = opened.timed()
    question = Question(_target(opened), ranges, full, fields_of(filter_))
    if opened.moments:
        question = replace(question, chunks=_ends(opened, (opened.start, opened.stop)))
    plan = plan_diff(opened.archive, question, filter_)
    opened.print_warnings(plan.unmatched, plan.chunks)
    if opened.moments:
        times, notes = opened.within(plan.chunks)
        for note in notes:
            notify(note)
        opened = replace(opened, notes=(*opened.notes, *notes))
        question = replace(question, times=replace(times, start=question.target and question.target[0]))
    return opened, plan, question


def _target(opened: Opened) -> TimeRange | None:
    """Return the range of hours or minutes to explain; None for the whole archive."""
    return None if opened.asked == (None, None) else _ends(opened, opened.asked)


def _ends(opened: Opened, asked: Moments) -> TimeRange:
    """Return the range with open ends replaced by the archive's."""
    start, stop = asked
    if start is not None and stop is not None:
        return start, stop
    catalog = opened.archive.catalog(opened.start, opened.stop)
    if catalog.first is None or catalog.stop is None:
        raise empty_range(opened.archive, opened.start, opened.stop)
    return start or catalog.first, stop or catalog.stop


def _report(opened: Opened, answer: Answer, totals: Totals, top: int, *, as_json: bool) -> int:
    if as_json:
        print(json.dumps(_summary(opened, answer, totals, top)))
    else:
        print_line(headline(answer))
        for sentence in filter(None, (companions(answer), volume_sentence(answer))):
            print_line(sentence)
        narrate(source_of(answer))
        for located in answer.findings[:top]:
            print_line(line_of(located))
            print_line(f"    {shell_join(['-m', filter_of_finding(located)])}")
    sys.stdout.flush()
    for warning in _warnings(answer):
        notify(warning)
    report_troubles(totals)
    if totals.damaged or totals.counts.unparsed or totals.counts.no_time:
        return EXIT_FAILED
    if answer.findings:
        return EXIT_MATCHED
    return EXIT_FAILED if not_compared(answer) or answer.not_objects or not totals.understood else EXIT_NOTHING


def _warnings(answer: Answer) -> list[str]:
    """Return a warning about records without fields."""
    number = plural(answer.not_objects, "record")
    return (
        [f"{number} left out: they are not JSON objects, and have no fields to compare"] if answer.not_objects else []
    )


def _summary(opened: Opened, answer: Answer, totals: Totals, top: int) -> dict[str, object]:
    target = answer.target.ranges
    summary = totals.as_json()
    unable = [reason] if (reason := not_compared(answer)) else []
    return {
        "version": 2,
        "target": {
            "from": spell_time(target[0][0]) if target else None,
            "to": spell_time(target[-1][1]) if target else None,
            "records": answer.target.records,
        },
        "baseline": {
            "ranges": [{"from": spell_time(start), "to": spell_time(stop)} for start, stop in answer.baseline.ranges],
            "records": answer.baseline.records,
        },
        "exact": answer.exact,
        "records": answer.records,
        "findings": [_finding_json(located, answer) for located in answer.findings[:top]],
        "not_objects": answer.not_objects,
        "indexed": answer.indexed,
        "read": {"chunks": totals.chunks, "bytes": totals.counts.bytes_compressed},
        "damaged": summary["damaged"],
        "warnings": [*opened.warnings((), ()), *unable, *_warnings(answer), *totals.warnings()],
        "seconds": summary["seconds"],
    }


def _finding_json(located: LocatedFinding, answer: Answer) -> dict[str, object]:
    moved = located.finding.shift
    return {
        "kind": kind_of(located, answer),
        "where": where_of(located.finding.facts),
        "target": round(moved.here, 6),
        "baseline": round(moved.there, 6),
        "records": moved.records,
        "since": spell_time(located.since),
        "until": spell_time(located.until),
        "score": round(located.finding.rank, 1),
        "also": [{fact.field: fact.condition} for fact in located.finding.also],
        "filter": filter_of_finding(located),
    }
