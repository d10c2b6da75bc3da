"""Resuming a stopped job with its recorded command line. Progress is read from the job's manifest or journal.

The command runs in its own process: the same code resumes a job whichever front end started it, with whatever options.
Stopping sends SIGINT, and the process saves its state as it would in a terminal.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widget import Widget

from tui.app.job_page import JobPage
from tui.app.model.jobs import DONE, FAILED, RUNNING, STOPPED, Jobs, JobState
from tui.app.requests import Failed
from tui.app.widgets.board import Board
from tui.config import Config
from tui.errors import SendError, reason
from tui.facts import Fact, Tone
from tui.history.entries import resumed_entry
from tui.history.extracts import ExtractLine
from tui.history.notebook import notebook_of
from tui.history.stopped import Unfinished, as_it_is_now, is_finished
from tui.shell import shell_join
from tui.units import count, plural

_POLL_SECONDS = 0.5
_FAILED, _INTERRUPTED = 2, 130


@dataclass
class Moved(Message):
    """The job made progress."""

    job: Unfinished

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, Moved)


@dataclass
class Ended(Message):
    """The process ended: its exit code and last messages. `finished`: the job is complete, maybe with damage."""

    job: Unfinished
    code: int
    words: tuple[str, ...]
    finished: bool = False


class ResumePage(JobPage):
    """Resumes a job immediately. S stops it, and R resumes it again."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "copy", "copy the command", show=False, id="copy"),
    ]
    title_of_help = "Resuming a job"
    stopping = "stopping; what was done is kept"

    def __init__(self, what: Unfinished, config: Config, jobs: Jobs) -> None:
        super().__init__(what.kind, jobs, f"{what.title}, resumed")
        self.what = what
        self.config = config
        self.board = Board()
        self.ended: Ended | None = None

    def contents(self) -> list[Widget]:
        return [self.board]

    def on_mount(self) -> None:
        self.action_again()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "again":
            return not self.running and self.ended is not None and not self.ended.finished
        return super().check_action(action, parameters)

    # Running.

    def action_again(self) -> None:
        self.ended, cancel = None, threading.Event()
        self.job.resume_command = self.what.command or ""
        self.run(lambda: self._resume(cancel), cancel.set)

    def _resume(self, cancel: threading.Event) -> None:
        for message in run(self.what, cancel):
            if isinstance(message, Ended):
                self._note(message)
            self.post_message(message)

    def _note(self, ended: Ended) -> None:
        """Add an entry to the archive's notebook, if the archive is known."""
        of, kept = self.what.of, self.config.notebook
        if of.url:
            notebook = notebook_of(of.url, of.url, enabled=kept.write, records=kept.records)
            entry = resumed_entry(ended.job, shell_join(self.what.words), ended.words, finished=ended.finished)
            notebook.add(entry, lambda sentence: self.post_message(Failed(sentence)))

    def on_moved(self, message: Moved) -> None:
        self.what = message.job
        self.moved()

    def on_ended(self, message: Ended) -> None:
        self.what, self.ended = message.job, message
        self.end()
        self.moved()

    def on_failed(self, message: Failed) -> None:
        self.ended = Ended(self.what, 2, (message.sentence,))
        super().on_failed(message)

    # What is shown.

    def refresh_facts(self) -> None:
        what, ended = self.what, self.ended
        self.header.show(what.title, f"{what.kind}, resumed", what.progress)
        facts = [Fact(), self._headline(), Fact(), Fact("what", what.what), Fact("so far", what.progress)]
        facts += [Fact("command", shell_join(what.words), "command"), Fact()]
        tone: Tone = "trouble" if ended and ended.code == _FAILED else "text"
        facts += [Fact("" if at else "ended", words, tone) for at, words in enumerate(ended.words if ended else ())]
        self.board.show([*facts, *self._next()])
        self.refresh_bindings()

    def _headline(self) -> Fact:
        done, ended = self.what.done, self.ended
        noun = "record" if self.what.kind == "send" else "chunk"
        verb = "confirmed" if self.what.kind == "send" else "read"
        if ended is None:
            return Fact("", f"Resuming: {self.what.progress} {verb}.", "headline")
        if ended.finished:
            if self.what.kind == "scan":
                of = self.what.of
                matches = of.matches if isinstance(of, ExtractLine) else 0
                return Fact("", f"{plural(matches, 'record')} {'matches' if matches == 1 else 'match'}.", "headline")
            return Fact("", f"✓ {plural(done, noun)} {verb}.", "headline")
        return Fact("", f"‖ Stopped after {self.what.progress}.", "headline")

    def _next(self) -> list[Fact]:
        if self.ended is None:
            return [Fact("", "S stops it; q leaves and keeps it running", "you")]
        if self.ended.finished:
            return [Fact("", "done: q goes back", "good")]
        return [Fact("", "R resumes it again; q goes back, and home lists it", "you")]

    def job_state(self) -> JobState:
        what, ended = self.what, self.ended
        if ended is None:
            return JobState(RUNNING, what.share, what.progress)
        if ended.finished:
            return JobState(DONE, words=what.progress)
        failed = ended.code != _INTERRUPTED
        return JobState(FAILED if failed else STOPPED, words=ended.words[-1] if ended.words else what.progress)

    def action_copy(self) -> None:
        self.copy(shell_join(self.what.words))

    def explanation(self) -> tuple[str, ...]:
        return (
            "The job is resumed in its own process, with the command line that was recorded when it started. A "
            f"{self.what.kind} saves its progress on disk and continues from there: {count(self.what.done)} so far.",
            f"$ {self.what.command or shell_join(self.what.words)}",
        )


def run(what: Unfinished, cancel: threading.Event) -> Iterator[Moved | Ended]:
    """Run the job's command to its end, or until `cancel` is set. Raises SendError if it cannot be started."""
    folder = what.folder if what.folder and Path(what.folder).is_dir() else None
    with tempfile.TemporaryFile() as narration:
        try:  # -P: do not import modules from that folder
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "tui", *what.words[1:]],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=narration,
            )
        except OSError as error:
            raise SendError(f"hourscope cannot be started again: {reason(error)}") from error
        with process:
            code = yield from _followed(what, process, cancel)
        now = as_it_is_now(what)
        yield Ended(now, code, _lines(narration), code in (0, 1) or is_finished(now))


def _followed(
    what: Unfinished, process: subprocess.Popen[bytes], cancel: threading.Event
) -> Generator[Moved, None, int]:
    asked = False
    while (code := process.poll()) is None:
        if cancel.is_set() and not asked:
            process.send_signal(signal.SIGINT)
            asked = True
        yield Moved(as_it_is_now(what))
        try:
            process.wait(_POLL_SECONDS if not cancel.is_set() else _POLL_SECONDS / 10)
        except subprocess.TimeoutExpired:
            continue
    return code


def _lines(stream: IO[bytes]) -> tuple[str, ...]:
    """Return the last lines on standard error."""
    stream.seek(0)
    text = stream.read(1 << 16).decode("utf-8", "replace")
    return tuple(line.removeprefix("hourscope: ") for line in text.splitlines()[-6:])
