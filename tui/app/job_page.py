"""A screen of a scan or a send: the work runs on when the screen is left, and can be stopped and resumed."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.binding import Binding, BindingType

from tui.app.model.jobs import Job, Jobs, JobState
from tui.app.page import Page
from tui.app.requests import Failed, JobMoved, KeepJob, Report, refusal
from tui.errors import HourscopeError


class JobPage(Page):
    """Subclasses begin the work by `run`, call `moved` as it goes on, and `end` before that at its end."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("R", "again", "resume", id="resume"),
        Binding("S", "stop", "stop", id="job-stop"),
    ]
    stopping = ""
    """What is reported once it is asked to stop."""
    job: Job

    def __init__(self, kind: str, jobs: Jobs, title: str = "") -> None:
        super().__init__()
        self.job = Job(kind, self.interrupt, title)
        self.failure = ""  # why it could not begin, or broke off
        self._jobs = jobs
        self._stop: Callable[[], object] | None = None  # while it runs

    def refresh_facts(self) -> None:
        """Draw what has changed."""
        raise NotImplementedError

    def job_state(self) -> JobState:
        """How far it is."""
        raise NotImplementedError

    def refresh_job(self) -> None:
        """Its title and state, for lists of jobs."""
        self.job.state = self.job_state()

    @property
    def running(self) -> bool:
        return self._stop is not None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self.running if action == "stop" else super().check_action(action, parameters)

    def run(self, work: Callable[[], object], stop: Callable[[], object]) -> None:
        """Work in a thread until it ends, or `stop` asks it to end soon."""
        self._stop, self.failure = stop, ""
        self.work(lambda: self._work(work, stop), self.job.kind)
        self.job.seen = False
        self.refresh_job()
        self.request(KeepJob(self.job, self))
        self.refresh_facts()

    def _work(self, work: Callable[[], object], stop: Callable[[], object]) -> None:
        try:
            with self._jobs.running(stop):
                work()
        except HourscopeError as error:
            self.post_message(refusal(error))

    def report_later(self, sentence: str) -> None:
        """From the work: on the screen in front."""
        self.app.post_message(Report(sentence))

    def end(self) -> None:
        """It runs no more."""
        self._stop = None
        self.clear_report()  # it is no longer stopping

    def moved(self) -> None:
        """It got further: show it, here and in lists."""
        self.refresh_facts()
        self.refresh_job()
        self.request(JobMoved(self.job))

    def on_failed(self, message: Failed) -> None:
        message.prevent_default().stop()
        self._stop = None
        self.failure = message.sentence
        self.moved()

    def on_unmount(self) -> None:
        if self._stop is not None:
            self._stop()

    def interrupt(self) -> bool:
        if self._stop is None:
            return False
        self._stop()
        self.report(self.stopping)
        return True
