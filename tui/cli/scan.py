"""`hourscope scan`: find the matching records of a range and write them."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tui.archive.location import command_words, option_words
from tui.archive.store import is_s3
from tui.archive.writer import file_of_lines, names_folder, partial_path
from tui.cli.command import Command
from tui.cli.console import (
    EXIT_INTERRUPTED,
    narrate,
    say,
    write_lines,
)
from tui.cli.options import (
    Opened,
    archive_argument,
    archive_options,
    filter_of,
    filter_options,
    open_named,
    parsed_size,
    range_options,
    reading_options,
    time_options,
)
from tui.cli.progress import progress_line, scan_text
from tui.cli.signals import cancel_on_signals
from tui.cli.troubles import exit_code, report_troubles
from tui.config import cache_dir
from tui.errors import OutputError
from tui.scan import Excerpt, Matches, ScanEvent, ScanPlan, Totals, run_plan
from tui.scan.hints import hints_for
from tui.scan.order import first_matches, written_to
from tui.shell import shell_join
from tui.units import count, duration, plural, size

if TYPE_CHECKING:
    from tui.scan import Extract

_STDOUT = "-"


@dataclass(frozen=True, slots=True)
class Request:
    """A scan as requested."""

    opened: Opened
    plan: ScanPlan
    out: str
    as_json: bool
    resume: bool
    force: bool
    count: bool = False
    max_count: int | None = None
    jobs: int | None = None
    dask: str | None = None


@click.command("scan", cls=Command)
@archive_argument
@range_options
@time_options
@filter_options
@click.option(
    "-o",
    "out",
    metavar="OUT",
    default=_STDOUT,
    help="'-', a file (.gz and .zst compress), or an extract: FOLDER/ or s3://…/",
)
@click.option(
    "--estimate", "only_estimate", is_flag=True, help="Estimate matches, time, and cost from a sample; do not scan."
)
@click.option(
    "-A", "after", metavar="N", type=click.IntRange(min=0), default=0, help="Also print N lines after each match."
)
@click.option(
    "-B", "before", metavar="N", type=click.IntRange(min=0), default=0, help="Also print N lines before each match."
)
@click.option(
    "-C",
    "around",
    metavar="N",
    type=click.IntRange(min=0),
    default=0,
    help="Also print N lines on both sides of each match.",
)
@click.option("--fields", metavar="EXPR", help="Write these paths ('a.b,c') or the result of a JMESPath expression.")
@click.option("--max-count", metavar="N", type=click.IntRange(min=1), help="Stop after N matches.")
@click.option("-c", "--count", is_flag=True, help="Print only the number of matching records.")
@click.option("--jobs", metavar="N", type=click.IntRange(min=1), help="Number of chunks to read at a time.")
@click.option("--dask", metavar="ADDRESS", help="Run on the Dask cluster of the scheduler tcp://HOST:PORT.")
@click.option(
    "--cache",
    metavar="SIZE",
    callback=parsed_size,
    help="Keep fetched S3 chunks on disk for the next scan, up to SIZE (20GB).",
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON summary last (on stderr with records on stdout).")
@click.option("--resume", is_flag=True, help="Resume an extract; finished chunks are not read again.")
@click.option("--force", is_flag=True, help="Replace an existing output.")
@reading_options
@archive_options
def command(
    archive: str,
    out: str,
    only_estimate: bool,
    after: int,
    before: int,
    around: int,
    fields: str | None,
    max_count: int | None,
    count: bool,
    as_json: bool,
    jobs: int | None,
    dask: str | None,
    cache: int | None,
    resume: bool,
    force: bool,
    **given: Any,
) -> int:
    """Find the matching records of a range.

    They are written in order by hour, key, and line, as exactly the bytes in the archive. With -o FOLDER/ or
    s3://…/ the result is an extract: hourly files that are an archive themselves.

    Exit code 0: something matched. 1: nothing matched, and everything was understood. 2: something could not be read
    or understood; the rest was processed.

    \b
    Examples:
      hourscope scan /var/archive --from -2d -g timeout --count
      hourscope scan /var/archive -m "event == 'error'" --max-count 10
      hourscope scan s3://bucket/events. --from 2015-01-20 --to 2015-01-21 \\
          -m "event == 'error'" -o errors/
    """
    filter_ = filter_of(given)
    if resume and not names_folder(out):
        raise OutputError("--resume needs an extract; name it with -o FOLDER/")
    excerpt = Excerpt(before or around, after or around, fields, separated=out == _STDOUT)
    _check(out, excerpt, max_count, count=count)
    opened = _cached(open_named(archive, given), cache)
    plan = opened.plan(filter_, excerpt)
    if resume:
        from tui.scan.extract import resumed_plan

        plan = resumed_plan(out, plan, opened.s3)
    if only_estimate:
        from tui.cli.estimate import print_estimate

        return print_estimate(plan, jobs, as_json=as_json)
    from tui.cli.estimate import may_read

    if not may_read(plan, jobs, "" if out == _STDOUT or resume else out):
        return EXIT_INTERRUPTED
    request = Request(opened, plan, out, as_json, resume, force, count, max_count, jobs, dask)
    return run(request)


def run(request: Request) -> int:
    """Run a scan, report how it ended, and return the exit code."""
    only_reads = request.count or request.out == _STDOUT
    with cancel_on_signals(_interrupted(request), only_reads=only_reads) as cancel:
        totals = _run(request, cancel)
        return _report(request, totals, interrupted=cancel.is_set())


def _cached(opened: Opened, limit: int | None) -> Opened:
    """Put a cache of at most `limit` bytes in front of a bucket; a folder needs none."""
    if limit is None or not is_s3(opened.archive.store.url):
        return opened
    from tui.archive.cache import CachedStore  # hashing takes a library that few scans need

    store = CachedStore(opened.archive.store, cache_dir() / "chunks", limit)
    return replace(opened, archive=replace(opened.archive, store=store))


def _check(out: str, excerpt: Excerpt, max_count: int | None, *, count: bool) -> None:
    """Refuse options that exclude each other, before anything is read."""
    if excerpt.fields is not None:
        from tui.scan.projection import projection

        projection(excerpt.fields)
    if excerpt.fields is not None and (excerpt.before or excerpt.after):
        raise click.UsageError("--fields cannot be combined with -A, -B and -C")
    if count and out != _STDOUT:
        raise click.UsageError("--count prints only a number; leave out -o or --count")
    if max_count is not None and (excerpt.before or excerpt.after or names_folder(out)):
        raise click.UsageError("--max-count works with stdout or a file only, and without -A, -B and -C")


def _run(request: Request, cancel: threading.Event) -> Totals:
    totals, given = Totals(), 0
    plan = request.plan
    beside = request.out == _STDOUT and not request.count
    with _events(request, cancel) as events, progress_line(beside=beside) as show:
        for event in events:
            totals.add(event)
            if isinstance(event, Matches):
                given += event.lines.count(b"\n") if request.max_count is not None else 0
                if beside:
                    write_lines(event.lines)
            c = totals.counts
            show(
                c.bytes_compressed / max(plan.bytes_compressed, 1),
                scan_text(
                    totals.chunks,
                    len(plan.chunks),
                    c.bytes_compressed,
                    plan.bytes_compressed,
                    c.bytes,
                    c.matches,
                    totals.seconds,
                ),
            )
    if request.max_count is not None:
        totals.limit(given)
    return totals


def _extract(request: Request) -> Extract | None:
    if request.count or not names_folder(request.out):
        return None
    from tui.scan import open_extract  # JSON and files: a scan to stdout starts without them

    return open_extract(request.out, request.plan, s3=request.opened.s3, resume=request.resume, force=request.force)


@contextmanager
def _events(request: Request, cancel: threading.Event) -> Iterator[Iterator[ScanEvent]]:
    """The events of the scan. Matches for an extract or a file are written on the way."""
    from tui.analysis.known import known_from, remembered  # a refused command starts without them
    from tui.index import open_index

    extract = _extract(request)
    to_file = extract is None and not request.count and request.out != _STDOUT
    exact = request.as_json or extract is not None
    only_counts = request.count and request.max_count is None
    with open_index(request.plan.archive) as index:
        events = run_plan(
            request.plan,
            jobs=request.jobs,
            dask=request.dask,
            cancel=cancel,
            extract=extract,
            count_only=only_counts,
            strict=to_file,
            exact=request.as_json,
            known=known_from(index, counts_only=only_counts, exact=exact),
        )
        if request.plan.excerpt.fields is None and request.max_count is None:
            events = remembered(events, index, request.plan.filter, exact=exact)
        if request.max_count is not None:
            events = first_matches(events, request.max_count)
        events = _recorded(request, extract, events)
        if to_file:
            target = Path(request.out)

            def final() -> Path:
                return partial_path(target) if cancel.is_set() else target

            with file_of_lines(target, overwrite=request.force, final=final) as file:
                yield written_to(file, events)
        else:
            yield events


def _recorded(request: Request, extract: Extract | None, events: Iterator[ScanEvent]) -> Iterator[ScanEvent]:
    """The same events: an extract is listed later, and a person at a terminal gets an entry in the notebook."""
    if extract is not None:
        from tui.history.extracts import ScanWork, recorded_scan

        location = request.opened.location
        work = ScanWork(request.plan, extract, location.title, location.url, _again_words(request))
        events = recorded_scan(events, work, say)
    if not sys.stderr.isatty():
        return events
    from tui.cli.notebook import notebook_at
    from tui.history.entries import noted_scan

    out = extract.url if extract else "" if request.out == _STDOUT else request.out
    return noted_scan(events, request.plan, _again(request), out, notebook_at(request.opened.location), say)


def _report(request: Request, totals: Totals, *, interrupted: bool) -> int:
    from tui.analysis.needed import word_hints  # a refused command starts without it

    report_troubles(totals)
    plan = request.plan
    hints = [] if interrupted else hints_for(plan.archive, plan.chunks, plan.filter, matched=totals.matches > 0)
    hints += [] if interrupted else word_hints(plan)
    for hint in hints:
        say(hint)
    if request.count:
        print(totals.matches)
    if request.as_json:
        summary = totals.as_json() | {
            "warnings": [*request.opened.warnings(plan.unmatched, plan.chunks), *totals.warnings(), *hints],
            "layout": request.opened.archive.layout.pattern,
            "time_field": plan.filter.within.path if plan.filter.within else None,
            "output": request.out,
            "finished": not interrupted,
        }
        stream = sys.stderr if request.out == _STDOUT and not request.count else sys.stdout
        print(json.dumps(summary), file=stream)
    sys.stdout.flush()
    for form, chunks in totals.forms.items():
        if form != "lines":
            narrate(f"records: {form} ({plural(chunks, 'chunk')})")
    if totals.skipped:
        narrate(f"from the index: {plural(totals.chunks, 'chunk')} read, {plural(totals.skipped, 'chunk')} not")
    narrate(
        f"{plural(totals.matches, 'match')} in {count(totals.records)} records · {plural(totals.chunks, 'chunk')}"
        f" · {size(totals.bytes_compressed)} of gzip, {size(totals.bytes)} of lines · {duration(totals.seconds)}"
    )
    if interrupted:
        say(_interrupted(request))
        return EXIT_INTERRUPTED
    return exit_code(totals)


def _interrupted(request: Request) -> str:
    if request.count or request.out == _STDOUT:
        return f"interrupted; run it again with: {_again(request)}"
    if names_folder(request.out):
        return f"interrupted; resume with: {_again(request, '--resume')}"
    partial = partial_path(Path(request.out))
    return f"interrupted; the matches so far are in {partial}; run it again with: {_again(request)}"


def _again(request: Request, *more: str) -> str:
    """The command line of this scan, with absolute times."""
    return shell_join(_again_words(request, *more))


def _again_words(request: Request, *more: str) -> list[str]:
    plan, opened = request.plan, request.opened
    how = {"count": request.count, "json": request.as_json, "jobs": request.jobs, "dask": request.dask}
    how |= {"max_count": request.max_count, "force": request.force and not names_folder(request.out)}
    out = ["-o", request.out] if request.out != _STDOUT else []
    terms = [*plan.filter.arguments(), *opened.lag_words]
    options = [*terms, *plan.excerpt.arguments(), *option_words(how), *out, *more]
    return command_words("scan", opened.location, *opened.asked, options)
