"""How a send ends on the command line: the receipt, the exit code, the command that resumes it."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import click

from tui.cli.console import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_MATCHED, EXIT_NOTHING, narrate, say
from tui.cli.fact_lines import fact_lines
from tui.cli.send_plan import How
from tui.send import InterruptedSend, Receipt, Source, Survey
from tui.send.facts import left_out, receipt_facts
from tui.send.receipt import NAME_LENGTH, VERSION
from tui.send.survey import not_json_warning, oversize_warning
from tui.shell import shell_join
from tui.units import plural


@dataclass(frozen=True, slots=True)
class SendRequest:
    """A send as it was asked for. `words` are the command line's, to resume it with."""

    source: Source
    yes: bool
    dry_run: bool
    resume: bool
    again: bool
    as_json: bool
    words: tuple[str, ...]
    how: How

    def line(self, words: tuple[str, ...]) -> str:
        """The command line that sends the same; `words` are those of where and how."""
        return shell_join(["hourscope", "send", *self.words, *words])


def send_name(_: click.Context, __: click.Parameter, name: str | None) -> str:
    """The name of a send: one line of text, short enough for a list. UsageError for any other."""
    if name is None:
        return ""
    if not name.strip() or len(name) > NAME_LENGTH or not name.isprintable():
        raise click.UsageError(f"--name takes 1 to {NAME_LENGTH} printable characters")
    return name.strip()


def print_summary(request: SendRequest, survey: Survey, topic: str | None, warnings: Sequence[str]) -> None:
    """With --json: the summary of a send of nothing."""
    if not request.as_json:
        return
    nothing = {"sent": 0, "confirmed": 0, "bytes": 0, "sha256": hashlib.sha256().hexdigest(), "topic": topic}
    skipped = {
        "blank": survey.blank,
        "warnings": list(warnings),
        "damaged": [part.as_json() for part in survey.damaged],
    }
    summary = {"version": VERSION, "what": request.source.description, **nothing, "journal": None, **skipped}
    print(json.dumps(summary), flush=True)


def end_with_nothing(request: SendRequest, survey: Survey, topic: str | None) -> int:
    """No record is sent: the summary of a send of nothing, and what may be why."""
    warnings = list(map(str, survey.damaged))
    if survey.skipped_count:
        warnings.append(oversize_warning(survey))
    if survey.not_json:
        warnings.append(not_json_warning(survey.not_json))
    for words in warnings:
        say(words)
    print_summary(request, survey, topic, warnings)
    return EXIT_FAILED if survey.damaged or survey.not_json or survey.skipped_count else EXIT_NOTHING


def report(
    request: SendRequest,
    receipt: Receipt,
    words: tuple[str, ...],
    *,
    to_stdout: bool = False,
    printed: Sequence[str] = (),
    incomplete: bool = False,
) -> int:
    """The receipt, and the command that resumes; `words` are those of where and how.

    `printed` are the warnings that were printed before the send. `incomplete`: records that should have been sent were
    left out.
    """
    skipped = [] if receipt.topic else left_out(receipt.unfit, receipt.unfit_named, receipt.repeats)
    warnings = list(dict.fromkeys([*printed, *map(str, receipt.damaged), *skipped, *receipt.warnings]))
    for warning in warnings:
        if warning not in printed:
            say(warning)
    if request.as_json:
        summary = receipt.as_json() | {"warnings": warnings}
        print(json.dumps(summary), file=sys.stderr if to_stdout else sys.stdout, flush=True)
    for line in fact_lines(receipt_facts(receipt)):
        narrate(line)
    if not receipt.partial:
        return EXIT_FAILED if receipt.damaged or incomplete else EXIT_MATCHED
    if receipt.topic:
        say(f"interrupted after {plural(receipt.confirmed, 'record')}; resume with: {request.line(words)}")
    else:
        wrote = "the rest was not written" if to_stdout else "no file was written"
        say(f"interrupted, {wrote}; run it again with: {request.line(words)}")
    return EXIT_INTERRUPTED


def report_failure(request: SendRequest, error: InterruptedSend, words: tuple[str, ...]) -> int:
    """What went wrong, how far the send came, and the command that resumes."""
    receipt = error.receipt
    if request.as_json:
        print(json.dumps(receipt.as_json()), flush=True)
    confirmed = plural(receipt.confirmed, "record")
    if receipt.sent or receipt.confirmed:
        how_far = f"{confirmed} confirmed, {receipt.sent:,} sent by this run"
        say(f"{error}; {how_far}; resume with: {request.line(words)}")
    else:
        say(str(error))
    return EXIT_FAILED
