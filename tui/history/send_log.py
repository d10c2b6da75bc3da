"""The log of sends: the start of each, with the command line that resumes it, and the receipts of files."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from tui.history.log import (
    LogLine,
    Reporter,
    append_or,
    history_dir,
    now_text,
    running_mark,
    unreported,
    working_folder,
)
from tui.send import Receipt, SendEvent, Sent, Source
from tui.send.receipt import whoami


class SendLine(LogLine, frozen=True, kw_only=True):
    """A send at its start or end; the last line of each journal, or of each `run` of a file, counts.

    `words` are the command line; with `resume` they resume it. `receipt` is that of a file; a topic's is in its
    journal. `removed`: no longer offered for resuming.
    """

    run: str
    at: str
    who: str
    pid: int = 0
    name: str
    words: tuple[str, ...] = ()
    resume: tuple[str, ...] = ()
    folder: str = ""
    journal: str | None = None
    what: str = ""
    out: str = ""
    url: str = ""
    receipt: dict[str, Any] | None = None
    removed: bool = False


@dataclass(frozen=True, slots=True)
class SendWork:
    """A send, described by its front end. `words` are its command line, `resume` the options that resume it; `out` is a
    file instead of a topic with a journal."""

    source: Source
    words: Sequence[str]
    resume: Sequence[str] = ()
    journal: Path | None = None
    out: str = ""
    name: str = ""
    url: str = ""  # of the archive, if the source is not a file


def recorded_send(events: Iterator[SendEvent], work: SendWork, report: Reporter) -> Iterator[SendEvent]:
    """Pass the events on; record the start of the send, and the receipt of a file. Report errors of the recording."""
    line = SendLine(
        run=os.urandom(6).hex(),
        at=now_text(),
        who=whoami(),
        pid=os.getpid(),
        name=work.name,
        words=tuple(work.words),
        resume=tuple(work.resume),
        folder=working_folder(),
        journal=str(work.journal) if work.journal else None,
        what=work.source.description,
        out=work.out,
        url=work.url,
    )
    begun = append_or(report, send_log(), line)
    with running_mark(line.run):
        for event in events:
            if isinstance(event, Sent) and work.journal is None:
                receipt = _small(event.receipt)
                ended = msgspec.structs.replace(line, at=now_text(), receipt=receipt)
                append_or(report if begun else unreported, send_log(), ended)
            yield event


def _small(receipt: Receipt) -> dict[str, Any]:
    data = receipt.as_json()
    return {name: value for name, value in data.items() if name not in ("left_out", "unfit_named", "ok_means")}


def send_log() -> Path:
    return history_dir() / "sends.jsonl"
