"""A screen of a scan, a send or a build of the index: it continues when left, and can be stopped and resumed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from tui.app.model.jobs import Job, Jobs, JobState
from tui.app.page import Page
from tui.app.requests import Failed, JobMoved, KeepJob, Report, refusal
from tui.errors import HourscopeError


class JobPage(Page):
    """The screen of one job. Subclasses start it with `run`, call `moved` on progress, and `end`, then `moved`, at
    the end."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("R", "again", "resume", id="resume"),
        Binding("S", "stop", "stop", id="job-stop"),
    ]
    stopping = ""
    """Reported when the job is asked to stop."""
    job: Job

    def __init__(self, kind: str, jobs: Jobs, title: str = "") -> None:
        super().__init__()
        self.job = Job(kind, self.interrupt, title)
        self.failure = ""  # why the job could not start, or failed
        self._jobs = jobs
        self._stop: Callable[[], object] | None = None  # while it runs

    def refresh_facts(self) -> None:
        """Redraw what has changed."""
        raise NotImplementedError

    def job_state(self) -> JobState:
        """Return the job's progress."""
        raise NotImplementedError

    def refresh_job(self) -> None:
        """Update the job's title and state, for lists of jobs."""
        self.job.state = self.job_state()

    @property
    def running(self) -> bool:
        return self._stop is not None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self.running if action == "stop" else super().check_action(action, parameters)

    def begin(self, reasons: Sequence[str], start: Callable[[], object]) -> None:
        """Start; if there are reasons to ask first, only after a yes."""

        def answered(text: str) -> str | None:
            if text.strip().lower() not in ("y", "yes"):
                return "nothing was read"
            start()
            return None

        if why := "; ".join(reasons):
            self.ask(f"{why[:1].upper()}{why[1:]}. Type yes to start:", answered)
        else:
            start()

    def run(self, work: Callable[[], object], stop: Callable[[], object]) -> None:
        """Run `work` in a thread. `stop` asks it to end soon."""
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
        """Report on the current screen. Called from the thread."""
        self.app.post_message(Report(sentence))

    def end(self) -> None:
        """Record that the job has ended."""
        self._stop = None
        self.clear_report()  # "stopping" is outdated

    def moved(self) -> None:
        """Show the job's progress, here and in lists."""
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
