"""Running a scan for the command line: its events, their output, and the report at the end."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui.archive.location import command_words, option_words
from tui.archive.writer import file_of_lines, names_folder, partial_path
from tui.cli.console import EXIT_INTERRUPTED, narrate, notify, write_lines
from tui.cli.opened import Opened
from tui.cli.progress import progress_line, show_scan
from tui.cli.signals import cancel_on_signals
from tui.cli.troubles import exit_code, report_hints, report_read_only, report_skipped, report_troubles
from tui.scan import Matches, ScanEvent, ScanPlan, Totals, run_plan
from tui.scan.order import first_matches, written_to
from tui.scan.plan import reasons_to_ask
from tui.shell import shell_join
from tui.units import duration, plural, size

if TYPE_CHECKING:
    from tui.archive import Chunk
    from tui.filter import Filter
    from tui.index import Index
    from tui.scan import Extract, Known

STDOUT = "-"


@dataclass(frozen=True, slots=True)
class ScanRequest:
    """A requested scan."""

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

    @property
    def into_extract(self) -> bool:
        return not self.count and names_folder(self.out)

    @property
    def exact(self) -> bool:
        """Whether to count all records, not only matches."""
        return self.as_json or self.into_extract

    @property
    def only_counts(self) -> bool:
        """Whether only the number of matches is needed."""
        return self.count and self.max_count is None


def run(request: ScanRequest) -> int:
    """Run a scan, report how it ended, and return the exit code; ask before reading much."""
    if not _may_run(request):
        return EXIT_INTERRUPTED
    only_reads = request.count or request.out == STDOUT
    with cancel_on_signals(_interrupted(request), only_reads=only_reads) as cancel:
        totals = _run(request, cancel)
        return report(request, totals, interrupted=cancel.is_set())


def _may_run(request: ScanRequest) -> bool:
    out = "" if request.out == STDOUT or request.resume else request.out
    if not reasons_to_ask(request.plan, out):
        return True
    from tui.cli.estimate import may_read  # most scans do not need it
    from tui.index import open_index

    with open_index(request.plan.archive) as index:
        return may_read(request.plan, request.jobs, out, known=_known(request, index))


def _known(request: ScanRequest, index: Index) -> Callable[[Chunk, Filter], Known | None]:
    """Return a function that gives the index's answer for a chunk, which then need not be read."""
    from tui.analysis.known import known_from

    return known_from(index, request.plan.chunks, counts_only=request.only_counts, exact=request.exact)


def _run(request: ScanRequest, cancel: threading.Event) -> Totals:
    totals, given = Totals(), 0
    plan = request.plan
    beside = request.out == STDOUT and not request.count
    with _events(request, cancel) as events, progress_line(beside=beside) as show:
        for event in events:
            totals.add(event)
            if isinstance(event, Matches):
                given += event.lines.count(b"\n") if request.max_count is not None else 0
                if beside:
                    write_lines(event.lines)
            show_scan(show, plan, totals)
    if request.max_count is not None:
        totals.limit(given)
    return totals


def _extract(request: ScanRequest) -> Extract | None:
    if not request.into_extract:
        return None
    from tui.scan import open_extract  # imports JSON and files, which a scan to stdout does not need

    return open_extract(request.out, request.plan, s3=request.opened.s3, resume=request.resume, force=request.force)


def _scan(
    request: ScanRequest, extract: Extract | None, index: Index, cancel: threading.Event, *, strict: bool
) -> Generator[ScanEvent, None, None]:
    return run_plan(
        request.plan,
        jobs=request.jobs,
        dask=request.dask,
        cancel=cancel,
        extract=extract,
        count_only=request.only_counts,
        strict=strict,
        exact=request.as_json,
        known=_known(request, index),
    )


@contextmanager
def _events(request: ScanRequest, cancel: threading.Event) -> Iterator[Iterator[ScanEvent]]:
    """Yield the events of the scan; write the matches to an extract or a file on the way."""
    from tui.analysis.known import remembered  # not needed if the command is refused
    from tui.index import open_index

    extract = _extract(request)
    to_file = extract is None and not request.count and request.out != STDOUT
    with (
        open_index(request.plan.archive) as index,
        closing(_scan(request, extract, index, cancel, strict=to_file)) as scanned,  # if its matches cannot be written
    ):
        events: Iterator[ScanEvent] = scanned
        if request.plan.excerpt.fields is None and request.max_count is None:
            events = remembered(events, index, request.plan.filter, exact=request.exact)
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
        report_read_only(index)


def _recorded(request: ScanRequest, extract: Extract | None, events: Iterator[ScanEvent]) -> Iterator[ScanEvent]:
    """Pass the events on; add an extract to the list of extracts, and on a terminal, an entry to the notebook."""
    if extract is not None:
        from tui.history.extracts import ScanWork, recorded_scan

        location = request.opened.location
        work = ScanWork(request.plan, extract, location.title, location.url, _again_words(request))
        events = recorded_scan(events, work, notify)
    if not sys.stderr.isatty():
        return events
    from tui.cli.notebook import notebook_at
    from tui.history.entries import noted_scan

    out = extract.url if extract else "" if request.out == STDOUT else request.out
    notebook = notebook_at(request.opened.location)
    return noted_scan(events, request.plan, _again(request), out, notebook, notify, exact=request.exact)


def report(request: ScanRequest, totals: Totals, *, interrupted: bool) -> int:
    report_troubles(totals)
    plan = request.plan
    hints = [] if interrupted else report_hints(plan, matched=totals.matches > 0)
    if request.count:
        print(totals.matches)
    if request.as_json:
        stream = sys.stderr if request.out == STDOUT and not request.count else sys.stdout
        print(json.dumps(_summary(request, totals, hints, interrupted=interrupted)), file=stream)
    sys.stdout.flush()
    _narrate(totals)
    if interrupted:
        notify(_interrupted(request))
        return EXIT_INTERRUPTED
    return exit_code(totals, unfinished=request.opened.unfinished)


def _summary(request: ScanRequest, totals: Totals, hints: list[str], *, interrupted: bool) -> dict[str, Any]:
    plan, opened = request.plan, request.opened
    return totals.as_json() | {
        "warnings": [*opened.warnings(plan.unmatched, plan.chunks), *plan.notes, *totals.warnings(), *hints],
        "layout": opened.archive.layout.pattern,
        "time_field": plan.filter.within.path if plan.filter.within else None,
        "output": request.out,
        "finished": not interrupted,
    }


def _narrate(totals: Totals) -> None:
    """Report on a terminal what was read."""
    for form, chunks in totals.forms.items():
        if form != "lines":
            narrate(f"records: {form} ({plural(chunks, 'chunk')})")
    report_skipped(totals)
    narrate(
        f"{plural(totals.matches, 'match')} in {plural(totals.chunks, 'chunk')}"
        f" · {size(totals.bytes_compressed)} of gzip, {size(totals.bytes)} of lines · {duration(totals.seconds)}"
    )


def _interrupted(request: ScanRequest) -> str:
    if request.count or request.out == STDOUT:
        return f"interrupted; run it again with: {_again(request)}"
    if names_folder(request.out):
        return f"interrupted; resume with: {_again(request, '--resume')}"
    partial = partial_path(Path(request.out))
    return f"interrupted; the matches so far are in {partial}; run it again with: {_again(request)}"


def _again(request: ScanRequest, *more: str) -> str:
    """Return the command line of this scan, with absolute times."""
    return shell_join(_again_words(request, *more))


def _again_words(request: ScanRequest, *more: str) -> list[str]:
    plan, opened = request.plan, request.opened
    how = {"count": request.count, "json": request.as_json, "jobs": request.jobs, "dask": request.dask}
    how |= {"max_count": request.max_count, "force": request.force and not names_folder(request.out)}
    out = ["-o", request.out] if request.out != STDOUT else []
    terms = [*plan.filter.arguments(), *opened.lag_words]
    options = [*terms, *plan.excerpt.arguments(), *option_words(how), *out, *more]
    return command_words("scan", opened.location, *opened.asked, options)
