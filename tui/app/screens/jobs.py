"""The jobs: every scan and send since hourscope was started, how far each is, and the way back to it."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from tui.app.screens.job import JobPage
from tui.app.screens.page import Page
from tui.app.widgets.choices import Choice, Choices
from tui.app.widgets.lines import shorten
from tui.app.widgets.words import Words
from tui.units import plural

_EMPTY = (
    "No job yet.",
    "",
    "On the calendar, s plans a scan of the selected hours; in a preview, p publishes what matches. Both go on here "
    "when you leave them, and each keeps its books on disk: what was stopped can be resumed.",
)
_REST = 66  # cells that are not the title's


class JobsPage(Page):
    """Follows the jobs as they go; it sends nothing when they stand still."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("S", "stop", "stop", id="job-stop"),
    ]
    title_of_help = "The jobs"

    def __init__(self, pages: list[JobPage]) -> None:
        super().__init__()
        self.pages = list(pages)
        self.choices = Choices(self._rows())
        self.words = Words(_EMPTY)

    def contents(self) -> list[Widget]:
        return [self.choices] if self.pages else [self.words]

    def on_mount(self) -> None:
        if self.pages:
            self.set_focus(self.choices)
            self.choices.go(len(self.pages) - 1)
        self.show_jobs()

    def show_jobs(self) -> None:
        """One of them got further."""
        running = sum(page.running for page in self.pages)
        for page in self.pages:
            page.seen = page.seen or not page.running
        self.header.show("jobs", f"{running} running" if running else "none running", plural(len(self.pages), "job"))
        self.choices.show(self._rows())
        self.refresh_bindings()

    def _rows(self) -> list[Choice]:
        room = max((self.size.width or 80) - _REST, 24)
        return [
            Choice(
                f"{page.job_state.brief(page.kind):<12}  {shorten(page.job_title, room)}",
                page.job_state.words,
                str(at),
            )
            for at, page in enumerate(self.pages)
        ]

    def on_resize(self) -> None:
        self.choices.show(self._rows())

    def on_choices_chosen(self, event: Choices.Chosen) -> None:
        self.explorer.show_job(self.pages[int(event.value)])

    @property
    def _here(self) -> JobPage | None:
        return self.pages[self.choices.at] if self.pages else None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "stop":
            return self._here is not None and self._here.running
        return super().check_action(action, parameters)

    def action_stop(self) -> None:
        if self._here is not None and self._here.interrupt():
            self.say("stopping; what it did is kept")

    def interrupt(self) -> bool:
        return self._here is not None and self._here.interrupt()

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
            *(f"$ {page.resume_command}" for page in self.pages if page.resume_command),
        )
