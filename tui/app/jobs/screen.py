"""The jobs: scans and sends of this run, and those of other runs that are running or can be resumed."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widget import Widget

from tui.app.model.jobs import DONE, PAUSED, RUNNING, Job, Jobs
from tui.app.page import Page
from tui.app.requests import ResumeJob, ShowJob
from tui.app.widgets.bars import TitleBar
from tui.app.widgets.board import Board, progress_fact
from tui.app.widgets.choices import Choice, Choices
from tui.app.widgets.lines import shorten
from tui.app.widgets.paragraphs import Paragraphs
from tui.app.widgets.workers import stream
from tui.facts import Fact, Tone
from tui.history.stopped import Unfinished, unfinished
from tui.history.words import age, ago
from tui.units import plural

_EMPTY = (
    "No jobs are running or stopped.",
    "",
    "On the calendar, s plans a scan of the selected hours and p publishes them; in a preview, p publishes the "
    "matches. Scans and sends keep running when you leave their screens, and each keeps a journal on disk: R resumes "
    "a stopped one.",
)
_REST = 60  # cells of a line without the title
_TONES: dict[str, Tone] = {"resume": "command", "reason": "trouble", "by": "dim"}


@dataclass
class UnfinishedListed(Message):
    """Jobs that were stopped, or run in another process."""

    jobs: list[Unfinished]


class JobsPage(Page):
    """Follows the jobs as they run. Only what has changed is repainted."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("S", "stop", "stop", id="job-stop"),
        Binding("R", "resume", "resume", id="resume"),
    ]
    title_of_help = "The jobs"

    def __init__(self, jobs: Jobs) -> None:
        super().__init__()
        self.jobs = list(jobs.all)
        self.left: list[Unfinished] = []  # from earlier runs or other processes
        self.choices = Choices(self._rows())
        self.bar = TitleBar()
        self.board = Board()
        self.words = Paragraphs(_EMPTY)

    @property
    def number(self) -> int:
        return len(self.jobs) + len(self.left)

    def contents(self) -> list[Widget]:
        return [self.choices, self.bar, self.board, self.words]

    def on_mount(self) -> None:
        self.choices.go(max(len(self.jobs) - 1, 0))
        self._show()
        stream(self, self._look(), "jobs")

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        stream(self, self._look(), "jobs")

    def _look(self) -> Iterator[UnfinishedListed]:
        """Read the unfinished jobs; the journals of many sends take a moment."""
        yield UnfinishedListed(unfinished())

    def on_unfinished_listed(self, message: UnfinishedListed) -> None:
        self.left = others(message.jobs, self.jobs)
        self._show()

    def _show(self) -> None:
        """Show the list, or a hint if it is empty."""
        self.words.display = not self.number
        for widget in (self.choices, self.bar, self.board):
            widget.display = bool(self.number)
        if self.number:
            self.set_focus(self.choices)
        self.refresh_jobs(self.jobs)

    def refresh_jobs(self, jobs: Sequence[Job]) -> None:
        """Show the jobs' progress."""
        running = sum(job.running for job in self.jobs) + sum(job.running for job in self.left)
        for job in self.jobs:
            job.seen = job.seen or not job.running
        stopped = sum(not job.running for job in self.left)
        state = f"{running} running" if running else "none running"
        self.header.show("jobs", state, f"{stopped} to resume" if stopped else "", plural(self.number, "job"))
        self.choices.show(self._rows())
        self._open_here()

    def _open_here(self) -> None:
        """Show the job under the cursor below the list."""
        if (job := self._here) is not None:
            self.bar.show(f"{job.kind}  {job.title}", "enter goes there")
            share = job.state.share if job.running else None
            stopped = not job.running and job.state.sign != DONE and job.resume_command
            resume = [Fact("resume", job.resume_command, "command")] if stopped else []
            done = "so far" if job.running else "result"
            self.board.show([Fact(), progress_fact(share, job.state.words, done), Fact(), *job.about, *resume])
        elif (left := self._stopped) is not None:
            self.bar.show(f"{left.kind}  {left.title}", "" if left.running else "R resumes it")
            rows = [Fact(label, text, _TONES.get(label, "text")) for label, text in left.rows if label != "so far"]
            self.board.show(
                [Fact(), progress_fact(left.share, f"{left.progress}, {_state(left)}", "so far"), Fact(), *rows]
            )
        self.refresh_bindings()

    def _rows(self) -> list[Choice]:
        room = max((self.size.width or 80) - _REST, 24)
        own = ((job.brief, job.title, job.state.words) for job in self.jobs)
        left = ((_brief(job), job.title, f"{job.progress}, {_state(job)}") for job in self.left)
        return [Choice(f"{brief:<12}  {shorten(title, room)}", words) for brief, title, words in (*own, *left)]

    def on_resize(self) -> None:
        self.choices.show(self._rows())

    def on_choice_list_chosen(self) -> None:
        if (own := self._here) is not None:
            self.request(ShowJob(own))
        else:
            self.action_resume()

    @property
    def _here(self) -> Job | None:
        return self.jobs[self.choices.at] if self.choices.at < len(self.jobs) else None

    @property
    def _stopped(self) -> Unfinished | None:
        """The unfinished job under the cursor."""
        at = self.choices.at - len(self.jobs)
        return self.left[at] if 0 <= at < len(self.left) else None

    def action_resume(self) -> None:
        if (left := self._stopped) is None:
            return
        if left.obstacle:
            self.report(left.obstacle, bad=not left.running)
        else:
            self.request(ResumeJob(left))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "stop":
            return self._here is not None and self._here.running
        if action == "resume":
            return self._stopped is not None and not self._stopped.running
        return super().check_action(action, parameters)

    def action_stop(self) -> None:
        if self.interrupt():
            self.report("stopping; its progress is kept")

    def interrupt(self) -> bool:
        return self._here is not None and self._here.stop()

    def on_choice_list_moved(self) -> None:
        self._open_here()

    def action_jobs(self) -> None:
        self.action_leave()

    @property
    def subject(self) -> str:
        here = self._here or self._stopped
        return f"A {here.kind}" if here is not None else self.title_of_help

    def explanation(self) -> tuple[str, ...]:
        """Explain the job under the cursor, then jobs in general."""
        return (
            *self._about(),
            *(f"$ {job.resume_command}" for job in self.jobs if job.resume_command),
            *(f"$ {job.command}" for job in self.left if job.command and not job.running),
            "Scans, sends and builds of the index keep running when you leave their screens. ▸ running, ‖ paused, "
            "✓ done, ✗ stopped (can be resumed), ! failed. enter opens one.",
            "A scan's manifest and a send's journal are written to disk as it runs: a lost terminal, a signal or a "
            "kill costs at most what was in flight, and the command line can resume from there.",
        )

    def _about(self) -> tuple[str, ...]:
        if (own := self._here) is not None:
            return (f"{own.title}: {own.state.words or own.brief}.",)
        if (left := self._stopped) is not None:
            why = f" {left.reason}." if left.reason else ""
            return (f"{left.title}: {left.what}. {left.progress}, {_state(left)}.{why}",)
        return ()


def _brief(job: Unfinished) -> str:
    return f"{RUNNING if job.running else PAUSED} {job.kind}"


def _state(job: Unfinished) -> str:
    if job.running:
        return f"running in another process, by {job.who}"
    return f"stopped {ago(age(job.since))}"


def others(jobs: Sequence[Unfinished], own: Sequence[Job]) -> list[Unfinished]:
    """Return the jobs that are not of this run. A job of this run has the same resume command."""
    commands = tuple(job.resume_command for job in own if job.resume_command)
    return [
        job
        for job in jobs
        if not (job.running and job.pid == os.getpid()) and not (commands and (job.command or "").startswith(commands))
    ]
