"""`hourscope send` into an NSQ topic: the plan, the warnings, the question, the send, the receipt."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack

import click

from tui.cli.console import EXIT_FAILED, narrate, notify
from tui.cli.progress import notes, progress_line, send_text
from tui.cli.send_end import SendRequest, end_with_nothing, print_summary, report, report_failure, survey_code
from tui.cli.send_plan import How, plan_lines, print_plan
from tui.cli.signals import cancel_on_signals
from tui.cli.suspend import pause_on_suspend
from tui.config import journals_dir
from tui.errors import SendError
from tui.send import (
    Control,
    InterruptedSend,
    Journal,
    NsqTarget,
    Receipt,
    RepeatError,
    SendEvent,
    SendOptions,
    Sent,
    Survey,
    check_destinations,
    nothing_to_send,
    refuse_what_cannot_go,
    send_to_nsq,
    surveying,
)
from tui.send.preparation import Preparation, prepare
from tui.units import plural


def to_nsq(
    request: SendRequest, target: NsqTarget, options: SendOptions, words: tuple[str, ...], unanswered: tuple[str, ...]
) -> int:
    """Send, or show what would be sent. `unanswered` has a sentence for each nsqlookupd that did not answer."""
    if options.canary and not _terminal() and not request.dry_run:
        raise SendError("--canary asks before the rest and needs a terminal; without one use --rate")
    destinations = check_destinations(target)
    prepared = prepare(journals_dir(), request.source, target, destinations, options, resume=request.resume)
    survey = _surveyed(request, prepared)
    prepared = prepared.checked(survey)
    if not survey.count and not request.dry_run:
        notify(str(nothing_to_send(prepared.source, (*survey.skipped, *survey.unfit))))
        return end_with_nothing(request, survey, target.topic)
    warnings = (*unanswered, *prepared.warnings(survey))
    if request.dry_run:
        return _dry_run(request, prepared, survey, warnings)
    refuse_what_cannot_go(survey, prepared.limits, prepared.source)
    again = _confirm(request, prepared, survey, warnings)
    with prepared.journal(survey, again=again) as journal, cancel_on_signals() as cancel:
        resuming = (*words, "--resume", "--yes")
        try:
            receipt = _send(request, words, prepared, options, journal, survey, warnings, cancel)
        except InterruptedSend as error:
            return report_failure(request, error, resuming)
    return report(request, receipt, resuming, printed=warnings, incomplete=prepared.never_sent(survey))


def _surveyed(request: SendRequest, prepared: Preparation) -> Survey:
    survey = Survey()
    shapes = request.dry_run or sys.stderr.isatty()  # they take time, and are shown only here
    limit = prepared.limits.largest
    with progress_line() as show:
        for survey in surveying(prepared.source, max_message=limit, start=prepared.start, shapes=shapes):
            show(0.0, f"reading what will be sent: {plural(survey.count, 'record')}")
    return survey


def _dry_run(request: SendRequest, prepared: Preparation, survey: Survey, warnings: tuple[str, ...]) -> int:
    """Do everything but send; fail where the send would fail."""
    warnings = (*warnings, *request.hints(survey))
    noted = (*request.notes, *warnings)
    print_plan(prepared.source, survey, prepared.destinations, noted, as_json=request.as_json, how=_how(prepared))
    if not survey.count:
        for words in warnings:
            notify(words)
        return survey_code(survey, 0)
    refuse_what_cannot_go(survey, prepared.limits, prepared.source)
    if (repeats := prepared.repeats(survey)) and not request.again and not _asks(request):
        raise RepeatError(repeats)
    if not request.again and not _asks(request):
        prepared.refuse_unknown()
    for words in warnings:
        notify(words)
    if (earlier := prepared.resumed) is not None:
        notify(f"would resume after {plural(earlier.confirmed, 'record')}, from {earlier.path}")
    return EXIT_FAILED if prepared.never_sent(survey) else survey_code(survey, survey.count)


def _how(prepared: Preparation) -> How:
    return How(prepared.options.name, prepared.order, prepared.options.pace)


def _terminal() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def _asks(request: SendRequest) -> bool:
    """Whether questions can be asked on a terminal."""
    return _terminal() and not request.yes


def _confirm(request: SendRequest, prepared: Preparation, survey: Survey, warnings: tuple[str, ...]) -> bool:
    """Ask for the topic's name, unless --yes was given. Return whether the user agreed to a repeat."""
    topic, records = prepared.target.topic, plural(survey.count, "record")
    repeats = prepared.repeats(survey)
    if not _asks(request):
        if repeats and not request.again:
            error = RepeatError(repeats)
            others = [words for words in warnings if words not in map(str, repeats)]
            print_summary(request, survey, topic, (str(error), *others))
            raise error
        if not request.again:
            prepared.refuse_unknown()
        if not request.yes:
            raise SendError(f"{records} would go to {topic}; look with --dry-run, then add --yes")
    for line in plan_lines(prepared.source, survey, prepared.destinations, _how(prepared)):
        narrate(line)
    for words in warnings:
        notify(words)
    if request.yes:
        return request.again
    if repeats and not request.again and not click.confirm("send the same records again?", err=True):
        raise SendError("nothing was sent: the same records were sent before")
    if click.prompt(f"type the topic's name to send {records}", err=True) != topic:
        raise SendError(f"that is not {topic}: nothing was sent")
    return request.again or bool(repeats)


def _send(
    request: SendRequest,
    words: tuple[str, ...],
    prepared: Preparation,
    options: SendOptions,
    journal: Journal,
    survey: Survey,
    warnings: tuple[str, ...],
    cancel: threading.Event,
) -> Receipt:
    control, asked_at, note = Control(), -1, notes()
    events: Iterator[SendEvent] = send_to_nsq(
        prepared.source,
        prepared.target,
        journal=journal,
        options=options,
        control=control,
        surveyed=survey,
        warnings=warnings,
    )
    events = request.recorded(events, words, journal=journal.path)
    with ExitStack() as bar, pause_on_suspend() as suspend:
        show = bar.enter_context(progress_line())
        for event in events:
            if cancel.is_set():
                control.stop()
            if isinstance(event, Sent):
                return event.receipt
            suspend(control, event)
            note(event.note)
            if event.asking and event.confirmed != asked_at:
                bar.close()  # a redrawn bar would overwrite the question
                if click.confirm(f"{plural(event.confirmed, 'record')} arrived; continue?", err=True):
                    control.resume()
                else:
                    control.stop()
                show, asked_at = bar.enter_context(progress_line()), event.confirmed
            show(event.confirmed / max(survey.count, 1), send_text(event))
    raise AssertionError("a send ends with Sent")
