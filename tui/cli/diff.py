"""`hourscope diff`: what changed."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from tui.analysis.answers import companions, filter_of_finding, headline, kind_of, line_of, source_of, where_of
from tui.analysis.diff import Answer, Found, Question, Range, diff, fields_of, plan_diff, read_range
from tui.archive import empty_range
from tui.archive.location import command_line, option_words
from tui.archive.times import spell_hour
from tui.cli.command import Command
from tui.cli.console import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_MATCHED, EXIT_NOTHING, narrate, print_line, say
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
)
from tui.cli.progress import progress_line, show_scan
from tui.cli.signals import cancel_on_signals
from tui.cli.troubles import report_troubles
from tui.scan import Totals

_TOP = 10


@click.command("diff", cls=Command)
@archive_argument
@range_options
@click.option("--against", metavar="T..T", multiple=True, help="Compare with these hours.  [default: the usual ones]")
@filter_options
@click.option("--top", metavar="N", type=POSITIVE, default=_TOP, help="Findings to print.  [default: 10]")
@click.option("--full", is_flag=True, help="Read every record, not a sample.")
@jobs_option
@dask_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
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
    """Show what changed in some hours, or in which hours something did.

    Values, patterns of texts, numbers, missing fields, and combinations of them are compared with the same hours of
    other weeks, or with all other hours. Without --from and --to, the hours are searched for, too.

    \b
    Examples:
      hourscope diff /var/archive --from 2015-01-20T13 --to 2015-01-20T19
      hourscope diff /var/archive --json
    """
    filter_ = filter_of(given)
    opened = open_named(archive, given)
    ranges = [read_range(text, opened.archive.zone) for text in against]
    question = Question(_target(opened), tuple(ranges), full, fields_of(filter_))
    plan = plan_diff(opened.archive, question, filter_)
    opened.say_warnings(plan.unmatched, plan.chunks)
    how = [word for text in against for word in ("--against", text)]
    how += option_words(
        {"top": top if top != _TOP else None, "full": full, "jobs": jobs, "dask": dask, "json": as_json}
    )
    again = command_line("diff", opened.location, opened.start, opened.stop, [*filter_.arguments(), *how])
    stopped = f"interrupted; run it again with: {again}"
    if full and not may_read(plan, jobs):
        return EXIT_INTERRUPTED
    totals, answer = Totals(), None
    with cancel_on_signals(stopped, only_reads=True) as cancel, progress_line() as show:
        for event in diff(plan, question, jobs=jobs, dask=dask, cancel=cancel):
            if isinstance(event, Answer):
                answer = event
                continue
            totals.add(event)
            show_scan(show, plan, totals, matches=False)
        if cancel.is_set() or answer is None:
            say(stopped)
            return EXIT_INTERRUPTED
    if sys.stderr.isatty():
        from tui.cli.notebook import notebook_at
        from tui.history.entries import diff_entry

        notebook_at(opened.location).add(diff_entry(answer, filter_, again), say)
    return _report(opened, answer, totals, top, as_json=as_json)


def _target(opened: Opened) -> Range | None:
    """The hours that were asked about; an open end is the archive's."""
    if opened.start is None and opened.stop is None:
        return None
    if opened.start is not None and opened.stop is not None:
        return opened.start, opened.stop
    catalog = opened.archive.catalog(opened.start, opened.stop)
    if catalog.first is None or catalog.stop is None:
        raise empty_range(opened.archive, opened.start, opened.stop)
    return opened.start or catalog.first, opened.stop or catalog.stop


def _report(opened: Opened, answer: Answer, totals: Totals, top: int, *, as_json: bool) -> int:
    if as_json:
        print(json.dumps(_summary(opened, answer, totals, top)))
    else:
        print_line(headline(answer))
        if together := companions(answer):
            print_line(together)
        narrate(source_of(answer))
        for found in answer.found[:top]:
            print_line(line_of(found))
            print_line(f"    -m {json.dumps(filter_of_finding(found), ensure_ascii=False)}")
    sys.stdout.flush()
    report_troubles(totals)
    if totals.damaged or totals.counts.unparsed:
        return EXIT_FAILED
    if answer.found:
        return EXIT_MATCHED
    return EXIT_FAILED if answer.not_objects else EXIT_NOTHING


def _summary(opened: Opened, answer: Answer, totals: Totals, top: int) -> dict[str, object]:
    target = answer.target.ranges
    summary = totals.as_json()
    return {
        "version": 2,
        "target": {
            "from": spell_hour(target[0][0]) if target else None,
            "to": spell_hour(target[-1][1]) if target else None,
            "records": answer.target.records,
        },
        "baseline": {
            "ranges": [{"from": spell_hour(start), "to": spell_hour(stop)} for start, stop in answer.baseline.ranges],
            "records": answer.baseline.records,
        },
        "exact": answer.exact,
        "records": answer.records,
        "findings": [_finding_json(found, answer) for found in answer.found[:top]],
        "not_objects": answer.not_objects,
        "damaged": summary["damaged"],
        "warnings": [*opened.warnings((), ()), *totals.warnings()],
        "seconds": summary["seconds"],
    }


def _finding_json(found: Found, answer: Answer) -> dict[str, object]:
    moved = found.finding.shift
    return {
        "kind": kind_of(found, answer),
        "where": where_of(found.finding.facts),
        "target": round(moved.here, 6),
        "baseline": round(moved.there, 6),
        "records": moved.records,
        "since": spell_hour(found.since),
        "until": spell_hour(found.until),
        "score": round(abs(moved.score), 1),
        "also": [{fact.field: fact.condition} for fact in found.finding.also],
        "filter": filter_of_finding(found),
    }
