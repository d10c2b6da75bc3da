"""`hourscope count`: count matching records, by value and by time."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from tui.analysis.count import Counted, count, known_counted, parse_every
from tui.analysis.counting import MAX_COMBINATIONS, CountedPart, Counting
from tui.analysis.sketch import ERROR
from tui.archive.clocks import change_notes
from tui.archive.location import command_line, option_words
from tui.archive.moments import touched_hours
from tui.archive.times import next_hour
from tui.cli.command import Command, json_option, option
from tui.cli.console import EXIT_INTERRUPTED, notify
from tui.cli.count_table import print_csv, print_rows, print_table, rows_json, table_lines
from tui.cli.estimate import may_read, print_estimate
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
from tui.cli.troubles import exit_code, report_hints, report_read_only, report_skipped, report_troubles
from tui.errors import FilterError
from tui.filter.paths import split_expressions
from tui.index import open_index
from tui.scan import ScanPlan, Totals
from tui.scan.hints import path_hints
from tui.units import count as figure
from tui.units import plural


@click.command("count", cls=Command)
@archive_argument
@range_options
@time_options
@filter_options
@option(
    "Output",
    "--by",
    multiple=True,
    metavar="PATH[,PATH]",
    help="Count each value of PATH, or each combination of values.",
)
@option("Output", "--every", metavar="TIME", help="Count per interval: 1h, 10m, 1d, …")
@option(
    "Output", "--stats", metavar="PATH", help="Also print minimum, quantiles, maximum, and mean of the numbers at PATH."
)
@option("Output", "--top", metavar="N", type=POSITIVE, help="Print only the N most frequent values.")
@option("Run", "--estimate", "only_estimate", is_flag=True, help="Estimate the matches from a sample; count nothing.")
@jobs_option
@dask_option
@json_option
@option("Output", "--csv", "as_csv", is_flag=True, help="Print CSV with a header.")
@reading_options
@archive_options
def command(archive: str, only_estimate: bool, as_json: bool, as_csv: bool, **given: Any) -> int:
    """Count the matching records of a range, by value and by time.

    PATH is a field such as player.version, or any JMESPath. A record without it counts as missing; a list counts once
    for each different element.

    \b
    Examples:
      hourscope count /var/archive --from -2d --by error.code
      hourscope count /var/archive --by player.version --every 1h -g error
    """
    if as_json and as_csv:
        raise click.UsageError("--json and --csv cannot be combined")
    how = {name: given.pop(name) for name in ("by", "every", "stats", "top", "jobs", "dask")}
    filter_ = filter_of(given)
    how["by"] = ",".join(how["by"]) if how["by"] else None
    fields = tuple(split_expressions(how["by"])) if how["by"] is not None else ()
    if not all(fields):
        raise FilterError("--by needs paths, such as error.code or event,player.version", how["by"], 0)
    opened = open_named(archive, given)
    buckets = parse_every(how["every"]) if how["every"] else None
    if buckets and not buckets.by_hour:
        opened = opened.timed()
    plan = opened.plan(filter_)
    if only_estimate:
        return print_estimate(plan, how["jobs"], as_json=as_json)
    within = plan.filter.within
    counting = Counting(fields, buckets, how["stats"], within.path if within else None, opened.archive.zone)
    options = [*opened.lag_words, *option_words({**how, "json": as_json, "csv": as_csv})]
    again = command_line("count", opened.location, *opened.asked, [*plan.filter.arguments(), *options])
    totals = Totals()
    counted = _count(plan, counting, totals, again, **{name: how[name] for name in ("top", "jobs", "dask")})
    if counted is None:
        return EXIT_INTERRUPTED
    if sys.stderr.isatty():
        _note(opened, plan, counting, counted, again)
    return _report(opened, plan, counting, counted, totals, as_json=as_json, as_csv=as_csv)


def _count(plan: ScanPlan, counting: Counting, totals: Totals, again: str, **how: Any) -> Counted | None:
    """Read the chunks that the index cannot answer for; None if the user refused or interrupted."""
    stopped = f"interrupted; run it again with: {again}"
    with open_index(plan.archive) as index:
        if not may_read(plan, how["jobs"], known=known_counted(index, plan, counting, CountedPart())):
            return None
        with cancel_on_signals(stopped, only_reads=True) as cancel, progress_line() as show:
            events = count(plan, counting, cancel=cancel, index=index, **how)
            counted = next(results(events, plan, totals, show), None)
        if cancel.is_set() or counted is None:
            notify(stopped)
            return None
        report_read_only(index)
    return counted


def _note(opened: Opened, plan: ScanPlan, counting: Counting, counted: Counted, again: str) -> None:
    """Add an entry to the notebook."""
    from tui.cli.notebook import notebook_at
    from tui.history.entries import count_entry

    notebook_at(opened.location).add(
        count_entry(plan, counting, counted, table_lines(counting, counted), again), notify
    )


def _report(
    opened: Opened,
    plan: ScanPlan,
    counting: Counting,
    counted: Counted,
    totals: Totals,
    *,
    as_json: bool,
    as_csv: bool,
) -> int:
    changes = _changes_of_clocks(opened, plan, counting)
    if as_json:
        print(json.dumps(_summary(opened, plan, counting, counted, totals, changes)))
    elif as_csv:
        print_csv(counting, counted)
    elif sys.stdout.isatty():
        print_table(counting, counted)
    else:
        print_rows(counting, counted)
    sys.stdout.flush()
    report_skipped(totals)
    report_troubles(totals)
    for warning in (*changes, *_warnings(counting, counted)):
        notify(warning)
    report_hints(plan, matched=totals.matches > 0)
    for hint in path_hints(plan, nowhere) if (nowhere := _nowhere(counting, counted)) else ():
        notify(hint)
    return exit_code(totals, no_time=counted.no_time, unfinished=opened.unfinished)


def _warnings(counting: Counting, counted: Counted) -> list[str]:
    """Return the warnings about the numbers."""
    warnings: list[str] = []
    if counted.missing:
        one = counting.by[0] if len(counting.by) == 1 else "one of the fields"
        warnings.append(f"{plural(counted.missing, 'record')} of {figure(counted.records)} without {one}")
    if counting.stats and _lacks_numbers(counted):
        warnings.append(f"no record has a number at {counting.stats}")
    if counted.no_time:
        warnings.append(f"{plural(counted.no_time, 'record')} without a time in {counting.time_field}")
    if counted.crowded:
        number, most = plural(counted.crowded, "record"), figure(MAX_COMBINATIONS)
        warnings.append(f"{number} in no row: more than {most} combinations of {' and '.join(counting.by)}")
    if counted.error:
        warnings.append(f"too many different values: each count may be too low by up to {figure(counted.error)}")
    return warnings


def _nowhere(counting: Counting, counted: Counted) -> list[str]:
    """Return the paths at which no record has a value, or a number for statistics."""
    lacking = counting.by if counted.records and counted.missing == counted.records else ()
    return [*lacking, *([counting.stats] if counting.stats and _lacks_numbers(counted) else [])]


def _lacks_numbers(counted: Counted) -> bool:
    return bool(counted.rows) and not any(row.sketch and row.sketch.count for row in counted.rows)


def _changes_of_clocks(opened: Opened, plan: ScanPlan, counting: Counting) -> list[str]:
    """Return notes on clock changes for counts by time: a row may cover two hours, or be missing."""
    if counting.every is None or not plan.chunks:
        return []
    start, stop = touched_hours(*opened.asked)
    first, last = plan.chunks[0].hour, next_hour(plan.chunks[-1].hour)
    notes = change_notes(max(start or first, first), min(stop or last, last))
    return [note for note in notes if note not in opened.notes]


def _summary(
    opened: Opened,
    plan: ScanPlan,
    counting: Counting,
    counted: Counted,
    totals: Totals,
    changes: list[str],
) -> dict[str, object]:
    summary = totals.as_json()
    warnings = opened.warnings(plan.unmatched, plan.chunks)
    summary["warnings"] = [*warnings, *plan.notes, *changes, *totals.warnings(), *_warnings(counting, counted)]
    return {
        "by": list(counting.by),
        "every": counting.every.text if counting.every else None,
        "rows": rows_json(counted),
        "missing": counted.missing,
        "exact": not counted.error,
        "error": counted.error,
        "quantile_error": ERROR if counting.stats else None,
        "time_field": counting.time_field,
        **summary,
        "no_time": totals.counts.no_time + counted.no_time,
        "records": counted.records,
        "read": {"chunks": totals.chunks, "bytes": totals.bytes_compressed},
    }
