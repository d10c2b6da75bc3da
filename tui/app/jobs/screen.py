"""The jobs: every scan and send since hourscope was started, how far each has got, and the way back to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from tui.app.model.jobs import Job, Jobs
from tui.app.page import Page
from tui.app.requests import ShowJob
from tui.app.widgets.choices import Choice, Choices
from tui.app.widgets.lines import shorten
from tui.app.widgets.words import Words
from tui.units import plural

_EMPTY = (
    "No job yet.",
    "",
    "On the calendar, s plans a scan of the selected hours and p publishes them; in a preview, p publishes what "
    "matches. Scans and sends keep running when you leave their screens, and each keeps a journal on disk: R resumes "
    "what was stopped.",
)
_REST = 66  # cells that are not the title's


class JobsPage(Page):
    """Follows the jobs as they run; it is repainted only where they changed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("S", "stop", "stop", id="job-stop"),
    ]
    title_of_help = "The jobs"

    def __init__(self, jobs: Jobs) -> None:
        super().__init__()
        self.jobs = list(jobs.all)
        self.choices = Choices(self._rows())
        self.words = Words(_EMPTY)

    def contents(self) -> list[Widget]:
        return [self.choices] if self.jobs else [self.words]

    def on_mount(self) -> None:
        if self.jobs:
            self.set_focus(self.choices)
            self.choices.go(len(self.jobs) - 1)
        self.refresh_jobs(self.jobs)

    def refresh_jobs(self, jobs: Sequence[Job]) -> None:
        """One of them got further."""
        running = sum(job.running for job in self.jobs)
        for job in self.jobs:
            job.seen = job.seen or not job.running
        self.header.show("jobs", f"{running} running" if running else "none running", plural(len(self.jobs), "job"))
        self.choices.show(self._rows())
        self.refresh_bindings()

    def _rows(self) -> list[Choice]:
        room = max((self.size.width or 80) - _REST, 24)
        return [
            Choice(
                f"{job.brief:<12}  {shorten(job.title, room)}",
                job.state.words,
                str(at),
            )
            for at, job in enumerate(self.jobs)
        ]

    def on_resize(self) -> None:
        self.choices.show(self._rows())

    def on_choices_chosen(self, event: Choices.Chosen) -> None:
        self.request(ShowJob(self.jobs[int(event.value)]))

    @property
    def _here(self) -> Job | None:
        return self.jobs[self.choices.at] if self.jobs else None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "stop":
            return self._here is not None and self._here.running
        return super().check_action(action, parameters)

    def action_stop(self) -> None:
        if self.interrupt():
            self.report("stopping; what it did is kept")

    def interrupt(self) -> bool:
        return self._here is not None and self._here.stop()

    def on_choices_moved(self) -> None:
        self.refresh_bindings()

    def action_jobs(self) -> None:
        self.action_leave()

    def explanation(self) -> tuple[str, ...]:
        return (
            "Scans and sends go on when their screen is left. ▸ runs, ‖ is paused, ✓ is done, ✗ was stopped and can "
            "be resumed, ! failed. enter goes to one.",
            "A scan's manifest and a send's journal are on disk and are written as it goes: a lost terminal, a signal "
            "or a kill costs at most what was in flight, and the command line can go on where it stopped.",
            *(f"$ {job.resume_command}" for job in self.jobs if job.resume_command),
        )
