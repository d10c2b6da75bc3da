"""The end of a send on the command line: the receipt, the exit code, the command that resumes it."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from tui.archive.location import Location
from tui.cli.console import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_MATCHED, EXIT_NOTHING, narrate, notify
from tui.cli.send_plan import How
from tui.scan import ScanPlan
from tui.send import InterruptedSend, Receipt, SendEvent, Source, Survey
from tui.send.facts import left_out, receipt_facts
from tui.send.receipt import VERSION, checked_name
from tui.send.survey import not_json_warning, oversize_warning
from tui.shell import shell_join
from tui.units import plural


@dataclass(frozen=True, slots=True)
class SendRequest:
    """A requested send. `words` are those of the command line, to resume it with."""

    source: Source
    yes: bool
    dry_run: bool
    resume: bool
    again: bool
    as_json: bool
    words: tuple[str, ...]
    how: How
    location: Location | None = None  # of the archive, if it is not a file
    notes: tuple[str, ...] = ()  # printed sentences about its range
    plan: ScanPlan | None = None  # the scan that reads the archive

    def hints(self, survey: Survey) -> list[str]:
        """Return hints about the filter or the range, if nothing would be sent."""
        if survey.count or self.plan is None:
            return []
        from tui.scan.hints import hints_for

        return hints_for(self.plan, matched=False)

    def command(self, words: tuple[str, ...]) -> tuple[str, ...]:
        """Return the command line that sends the same; `words` are the options of the destination and the send."""
        return ("hourscope", "send", *self.words, *words)

    def line(self, words: tuple[str, ...]) -> str:
        """Return the command line as one quoted line."""
        return shell_join(self.command(words))

    def recorded(
        self, events: Iterator[SendEvent], words: tuple[str, ...], *, journal: Path | None = None, out: str = ""
    ) -> Iterator[SendEvent]:
        """Pass the events on; record the send for `hourscope sends`, from which it can be resumed."""
        from tui.history.send_log import SendWork, recorded_send

        resume = self.command((*words, "--resume", "--yes")) if journal else ()
        url = self.location.url if self.location else ""
        work = SendWork(self.source, self.command(words), resume, journal, out, self.how.name, url)
        return recorded_send(events, work, notify)

    def note(self, receipt: Receipt, words: tuple[str, ...]) -> None:
        """Add the receipt to the archive's notebook, on a terminal."""
        if self.location is None or not sys.stderr.isatty():
            return
        from tui.cli.notebook import notebook_at
        from tui.history.entries import send_entry

        again = words if receipt.partial else tuple(word for word in words if word not in ("--resume", "--yes"))
        notebook_at(self.location).add(send_entry(receipt, self.line(again)), notify)


def send_name(_: click.Context, __: click.Parameter, name: str | None) -> str:
    """Check the name of a send; empty without --name."""
    return "" if name is None else checked_name(name)


def print_summary(request: SendRequest, survey: Survey, topic: str | None, warnings: Sequence[str]) -> None:
    """With --json, print the summary of a send without records."""
    if not request.as_json:
        return
    nothing = {"sent": 0, "confirmed": 0, "bytes": 0, "sha256": hashlib.sha256().hexdigest(), "topic": topic}
    skipped = {
        "blank": survey.blank,
        "warnings": [*request.notes, *warnings],
        "damaged": [part.as_json() for part in survey.damaged],
    }
    summary = {"version": VERSION, "what": request.source.description, **nothing, "journal": None, **skipped}
    print(json.dumps(summary), flush=True)


def end_with_nothing(request: SendRequest, survey: Survey, topic: str | None) -> int:
    """End a send without records: print the summary and hints; return the exit code."""
    warnings = [*map(str, survey.damaged), *request.hints(survey)]
    if survey.skipped_count:
        warnings.append(oversize_warning(survey))
    if survey.not_json:
        warnings.append(not_json_warning(survey.not_json))
    warnings += survey.misread
    for words in warnings:
        notify(words)
    print_summary(request, survey, topic, warnings)
    return survey_code(survey, 0)


def survey_code(survey: Survey, records: int) -> int:
    """Return the exit code of a send or dry run of `records` surveyed records."""
    if survey.damaged or (not records and (survey.not_json or survey.skipped_count or survey.misread)):
        return EXIT_FAILED
    return EXIT_MATCHED if records else EXIT_NOTHING


def report(
    request: SendRequest,
    receipt: Receipt,
    words: tuple[str, ...],
    *,
    to_stdout: bool = False,
    printed: Sequence[str] = (),
    incomplete: bool = False,
) -> int:
    """Print the receipt, and the command that resumes; `words` are the options of the destination and the send.

    `printed`: warnings that were printed before the send. `incomplete`: records that should have been sent were left
    out.
    """
    request.note(receipt, words)
    skipped = [] if receipt.topic else left_out(receipt.unfit, receipt.unfit_named, receipt.repeats)
    warnings = list(dict.fromkeys([*printed, *map(str, receipt.damaged), *skipped, *receipt.warnings]))
    for warning in warnings:
        if warning not in printed:
            notify(warning)
    if request.as_json:
        summary = receipt.as_json() | {"warnings": [*request.notes, *warnings]}
        print(json.dumps(summary), file=sys.stderr if to_stdout else sys.stdout, flush=True)
    for fact in receipt_facts(receipt):
        narrate(fact.line)
    if not receipt.partial:
        return EXIT_FAILED if receipt.damaged or incomplete else EXIT_MATCHED
    if receipt.topic:
        notify(f"interrupted after {plural(receipt.confirmed, 'record')}; resume with: {request.line(words)}")
    else:
        wrote = "the rest was not written" if to_stdout else "no file was written"
        notify(f"interrupted, {wrote}; run it again with: {request.line(words)}")
    return EXIT_INTERRUPTED


def report_failure(request: SendRequest, error: InterruptedSend, words: tuple[str, ...]) -> int:
    """Print the error, the progress of the send, and the command that resumes it."""
    receipt = error.receipt
    request.note(receipt, words)
    if request.as_json:
        print(json.dumps(receipt.as_json()), flush=True)
    confirmed = plural(receipt.confirmed, "record")
    if receipt.sent or receipt.confirmed:
        how_far = f"{confirmed} confirmed, {receipt.sent:,} sent by this run"
        notify(f"{error}; {how_far}; resume with: {request.line(words)}")
    else:
        notify(str(error))
    return EXIT_FAILED
