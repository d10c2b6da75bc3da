"""`hourscope send -o`: write files or stdout."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from tui.archive.location import option_words
from tui.cli.console import ReaderGoneError, notify
from tui.cli.progress import progress_line, send_text
from tui.cli.send_end import SendRequest, end_with_nothing, report, survey_code
from tui.cli.send_plan import print_plan
from tui.cli.signals import cancel_on_signals
from tui.errors import NothingToSendError, OutputError
from tui.send import Control, Receipt, SendEvent, Sent, Split, parse_split, send_to_file
from tui.send import survey as survey_of
from tui.send.facts import left_out
from tui.send.survey import not_json_warning


@dataclass(frozen=True, slots=True)
class FileRequest:
    """The options for writing a file."""

    out: str
    append: bool
    force: bool
    split: Split | None
    words: tuple[str, ...]


def file_request(out: str, how: dict[str, Any], resume: bool) -> FileRequest:
    append, force, split = how["append"], how["force"], how["split"]
    if resume:
        raise click.UsageError("a file is written whole or not at all: there is nothing to --resume")
    if append and (force or split):
        raise click.UsageError("--append adds to one existing file: leave out --force and --split")
    if out == "-" and (append or force or split):
        raise click.UsageError("--append, --split and --force need a file, not stdout")
    words = ("-o", out, *option_words({"append": append, "force": force, "split": split}))
    return FileRequest(out, append, force, parse_split(split) if split else None, words)


def to_file(request: SendRequest, file: FileRequest) -> int:
    if request.dry_run:
        survey = survey_of(request.source)
        warnings = [*left_out(survey.unfit_count, survey.unfit, survey.repeats), *map(str, survey.damaged)]
        warnings += [not_json_warning(survey.not_json)] if survey.not_json else []
        warnings += [*survey.misread, *request.hints(survey)]
        noted = (*request.notes, *warnings)
        print_plan(request.source, survey, (), noted, as_json=request.as_json, how=request.how, out=file.out)
        stays = file.force or file.append or file.split or file.out == "-"
        if Path(file.out).exists() and not stays:
            raise OutputError(f"{file.out} exists; choose another name or add --force")
        for words in warnings:
            notify(words)
        return survey_code(survey, survey.count)
    try:
        receipt = _write(request, file)
    except NothingToSendError as error:
        survey = survey_of(request.source, shapes=False)
        if survey.unfit:
            notify(str(error))
        return end_with_nothing(request, survey, None)
    return report(request, receipt, file.words, to_stdout=file.out == "-")


def _write(request: SendRequest, file: FileRequest) -> Receipt:
    control, to_stdout = Control(), file.out == "-"
    events: Iterator[SendEvent] = send_to_file(
        request.source, file.out, overwrite=file.force, append=file.append, split=file.split, control=control
    )
    events = events if to_stdout else request.recorded(events, file.words, out=file.out)
    with cancel_on_signals() as cancel, progress_line(beside=to_stdout) as show:
        for event in events:
            if cancel.is_set():
                control.stop()
            if not isinstance(event, Sent):
                show(0.0, send_text(event))
            elif event.receipt.partial and to_stdout and not cancel.is_set():
                raise ReaderGoneError
            else:
                return event.receipt
    raise AssertionError("a send ends with Sent")
