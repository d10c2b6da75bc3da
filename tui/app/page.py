"""What every screen has: a header, a line of keys, a prompt over it, and what it may ask the explorer for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult, SuspendNotSupported
from textual.binding import Binding, BindingType
from textual.events import Key, Paste
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input

from tui.app.model.exhibit import Exhibit
from tui.app.model.jobs import Job
from tui.app.model.session import Session
from tui.app.requests import (
    Answering,
    Ask,
    AskHint,
    Explain,
    Failed,
    Leave,
    RefreshJobs,
    Report,
    Request,
    ShowHelp,
    ShowJobs,
)
from tui.app.terminal.clipboard import copy_text
from tui.app.terminal.guard import Guarded
from tui.app.terminal.wire import WiredApp
from tui.app.widgets.bars import HeaderLine, KeyLine, Notice, TourLine, spell_key
from tui.app.widgets.prompt import Prompt
from tui.archive.store import is_s3
from tui.config import S3Options
from tui.demo.tour import Tour
from tui.errors import HourscopeError

_NO_MFA = (
    "this AWS profile asks for an MFA code, which cannot be typed in a browser; "
    "run 'hourscope ls ARCHIVE' in a terminal, then open it here again"
)


class Host(WiredApp):
    """What a screen knows of the app."""

    def __init__(self) -> None:
        super().__init__()
        self.tour: Tour | None = None  # that somebody is on
        self.signed_in: set[S3Options] = set()  # whose MFA code was typed

    def answer(self, request: Request) -> None:
        """Do what a screen asks for."""
        raise NotImplementedError

    @property
    def reports(self) -> bool:
        return isinstance(self.screen, Page)

    def report(self, sentence: str, *, bad: bool = False) -> None:
        if isinstance(self.screen, Page):
            self.screen.report(sentence, bad=bad)

    def on_report(self, message: Report) -> None:
        self.report(message.sentence)

    def on_failed(self, message: Failed) -> None:
        if isinstance(self.screen, Page):
            self.screen.on_failed(message)

    def worker_failed(self, error: Exception) -> None:
        self.post_message(Failed(self.defect(error)))

    def spell(self, event: Key) -> str:
        return event.character if event.is_printable and event.character not in (None, " ") else spell_key(event.key)


class Page(Guarded, Screen[None]):
    """A screen of hourscope. Subclasses give `contents`, `explanation` and their keys."""

    AUTO_FOCUS = ""
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (112, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-low"), (16, "-high")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark", "help", "help", id="help"),
        Binding("x", "explain", "explain", show=False, id="explain"),
        Binding("J", "jobs", "jobs", show=False, id="jobs"),
        Binding("H", "hint", "hint of the tour", show=False, id="hint"),
        Binding("q", "leave", "back", id="back"),
        Binding("escape", "step_back", "one step back", show=False, id="step-back"),
    ]
    title_of_help = "hourscope"
    ASKING: ClassVar[frozenset[str]] = frozenset()
    """Actions that open an input. Their keys have priority, so that what is typed ahead goes into that input."""

    leaves_tour: ClassVar[bool] = False
    """Is somebody on the tour who comes here no longer on it?"""

    session: Session | None = None
    """Of the archive that this screen belongs to."""
    job: Job | None = None
    """What goes on when this screen is left."""

    def __init__(self) -> None:
        super().__init__()
        self.header = HeaderLine()
        self.keys = KeyLine()
        self.notice = Notice()
        self.tour_line = TourLine()
        self.prompt = Prompt(self.clear_report)

    def compose(self) -> ComposeResult:
        yield self.header
        yield from self.contents()
        yield self.tour_line
        yield self.keys
        yield self.notice
        yield self.prompt

    def contents(self) -> list[Widget]:
        """The widgets between the header and the line of keys."""
        raise NotImplementedError

    def situation(self) -> dict[str, object]:
        """What the tour may ask about this screen, as JSON has it."""
        return {}

    @property
    def subject(self) -> str:
        """What is explained: the thing under the cursor, or the screen."""
        return self.title_of_help

    def explanation(self) -> tuple[str, ...]:
        """What is under the cursor, in plain words, a paragraph each; then the shell that does the same."""
        return ()

    def exhibit(self) -> Iterator[Exhibit]:
        """What there is to look at of it, a line after the other; it may be read from the archive."""
        return iter(())

    # Asking the explorer, asking a person, working in a thread.

    def request(self, request: Request) -> None:
        """Ask the explorer for another screen, or whatever it alone can do."""
        assert isinstance(self.app, Host)
        self.app.answer(request)

    def work(self, job: Callable[[], object], group: str, *, exclusive: bool = False) -> None:
        """Run a job in a thread; an `exclusive` one cancels those of its group."""
        self.run_worker(job, thread=True, exit_on_error=False, group=group, exclusive=exclusive)

    def ask(self, question: str, answer: Answering, value: str = "") -> None:
        """Ask on the last line."""
        self.prompt.ask(question, partial(self._answered, answer), value)

    def _answered(self, answer: Answering, text: str) -> None:
        """What was typed: a refusal is shown, and the text can be typed on."""
        try:
            sentence = answer(text)
        except HourscopeError as error:
            self.prompt.again()
            self.report(str(error), bad=True)
        else:
            if sentence:
                self.report(sentence)

    def on_ask(self, message: Ask) -> None:
        message.stop()
        self.ask(message.question, message.answer, message.value)

    def sign_in(self, url: str, options: S3Options) -> None:
        """Before a thread asks a bucket: have the code of an MFA device typed, in the plain terminal, if one is needed.

        Behind the screen nobody could answer.
        """
        assert isinstance(self.app, Host)
        if not is_s3(url) or options in self.app.signed_in:
            return
        from tui.archive.s3 import mfa_device, sign_in

        if mfa_device(options):
            self.app.call_from_thread(self._suspended, partial(sign_in, options))
        self.app.signed_in.add(options)

    def _suspended(self, job: Callable[[], object]) -> None:
        try:
            with self.app.suspend():
                job()
        except SuspendNotSupported as error:
            raise HourscopeError(_NO_MFA) from error

    # Reports.

    def report(self, sentence: str, *, bad: bool = False) -> None:
        """One sentence where the keys are (a long one over the lines above, too), until the next key."""
        self.keys.report(sentence, bad=bad)
        self.notice.report(sentence, bad=bad, asking=self.prompt.display)

    def clear_report(self) -> None:
        """The sentence was read."""
        self.keys.clear()
        self.notice.clear()

    def copy(self, text: str, what: str = "") -> None:
        """Put a text into the terminal's clipboard; `what` it is, if it is not shown itself."""
        copy_text(self.app, text)
        self.report(f"copied, if this terminal lets us: {what or text}")

    def on_key(self, _: Key) -> None:
        self.clear_report()

    def on_paste(self, _: Paste) -> None:
        self.report("there is nothing to paste into here; ? shows the keys")

    def on_report(self, message: Report) -> None:
        message.stop()
        self.report(message.sentence)

    def on_failed(self, message: Failed) -> None:
        message.stop()
        self.report(message.sentence, bad=True)

    def worker_failed(self, error: Exception) -> None:
        """It is reported as what the worker could not do."""
        assert isinstance(self.app, Host)
        self.post_message(Failed(self.app.defect(error)))

    # Jobs.

    def on_screen_resume(self) -> None:
        self.request(RefreshJobs())

    def refresh_jobs(self, jobs: Sequence[Job]) -> None:
        """Jobs that run elsewhere, in the header. This screen is in front: the end of its own has been seen."""
        if self.job is not None and not self.job.running:
            self.job.seen = True
        news = [job for job in jobs if job is not self.job and not job.seen]
        running = sum(job.running for job in news)
        words = f"▸ {running} of {len(news)} jobs run" if running else f"✓ {len(news)} jobs ended" if news else ""
        self.header.show_job(news[0].brief if len(news) == 1 else words)

    def refresh_hours(self) -> None:
        """A job has learned something about the hours: show it."""

    def interrupt(self) -> bool:
        """Stop what runs here; False if nothing does."""
        return False

    def action_stop(self) -> None:
        self.interrupt()

    # Keys.

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "hint":
            return isinstance(self.app, Host) and self.app.tour is not None and self.app.tour.step is not None
        return not (action in self.ASKING and isinstance(self.focused, Input))

    def action_leave(self) -> None:
        self.request(Leave())

    def action_step_back(self) -> None:
        """Out of what was opened on this screen, or out of the screen."""
        self.action_leave()

    def action_help(self) -> None:
        self.request(ShowHelp(self.title_of_help, tuple(key.binding for key in self.active_bindings.values())))

    def action_hint(self) -> None:
        self.request(AskHint())

    def action_jobs(self) -> None:
        self.request(ShowJobs())

    def action_explain(self) -> None:
        self.request(Explain(self.subject, self.explanation(), self.exhibit()))
