"""What every screen has: a header, a line of keys, a prompt over it, and requests to the explorer."""

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
    refusal,
)
from tui.app.terminal.clipboard import copy_text
from tui.app.terminal.guard import Guarded
from tui.app.terminal.wire import WiredApp
from tui.app.widgets.bars import HeaderLine, KeyLine, Notice, TourLine, spell_key
from tui.app.widgets.breakpoints import WIDE
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
    """The part of the app that screens know."""

    def __init__(self) -> None:
        super().__init__()
        self.tour: Tour | None = None  # the tour in progress
        self.signed_in: set[S3Options] = set()  # their MFA codes were entered, or none is needed

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
    """A screen of hourscope. Subclasses define `contents`, `explanation` and their keys."""

    AUTO_FOCUS = ""
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE, "-wide")]  # noqa: RUF012
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
    """Actions that open an input. Their keys have priority: characters typed ahead go into that input."""

    leaves_tour: ClassVar[bool] = False
    """Whether opening this screen leaves the tour."""

    session: Session | None = None
    """The session of this screen's archive."""
    job: Job | None = None
    """The job that continues when this screen is left."""

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
        """Return the widgets between the header and the line of keys."""
        raise NotImplementedError

    def situation(self) -> dict[str, object]:
        """Return facts about this screen as JSON values, which the tour's steps check."""
        return {}

    @property
    def subject(self) -> str:
        """The title of the explanation: the thing under the cursor, or the screen."""
        return self.title_of_help

    def explanation(self) -> tuple[str, ...]:
        """Return paragraphs that explain the thing under the cursor, then equivalent shell commands."""
        return ()

    def exhibit(self) -> Iterator[Exhibit]:
        """Yield evidence, such as a torn chunk's last bytes, line by line. This may read the archive."""
        return iter(())

    # Asking the explorer, asking a person, working in a thread.

    def request(self, request: Request) -> None:
        """Ask the explorer for another screen, or for anything else that only it can do."""
        assert isinstance(self.app, Host)
        self.app.answer(request)

    def work(self, job: Callable[[], object], group: str, *, exclusive: bool = False) -> None:
        """Run a job in a thread. `exclusive` cancels the other jobs of its group."""
        self.run_worker(job, thread=True, exit_on_error=False, group=group, exclusive=exclusive)

    def ask(self, question: str, answer: Answering, value: str = "") -> None:
        """Ask on the last line."""
        self.prompt.ask(question, partial(self._answered, answer), value)

    def _answered(self, answer: Answering, text: str) -> None:
        """Handle what was typed. If it is refused, show why and let the user edit the text."""
        try:
            sentence = answer(text)
        except HourscopeError as error:
            self.prompt.again()
            self.report(refusal(error).sentence, bad=True)
        else:
            if sentence:
                self.report(sentence)

    def on_ask(self, message: Ask) -> None:
        message.stop()
        self.ask(message.question, message.answer)

    def sign_in(self, url: str, options: S3Options) -> None:
        """Ask for an MFA code if the profile requires one. Called from a thread, before it reads a bucket.

        The explorer is suspended meanwhile: the question appears in the plain terminal.
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
        """Show a sentence in place of the keys until the next key; a long one also covers the lines above."""
        self.keys.report(sentence, bad=bad)
        self.notice.report(sentence, bad=bad, asking=self.prompt.display)

    def clear_report(self) -> None:
        """Remove the reported sentence."""
        self.keys.clear()
        self.notice.clear()

    def copy(self, text: str, what: str = "") -> None:
        """Copy a text to the terminal's clipboard. `what` is reported in place of the text."""
        copy_text(self.app, text)
        self.report(f"copied, if this terminal allows it: {what or text}")

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
        """Report the error as a failure of this screen."""
        assert isinstance(self.app, Host)
        self.post_message(Failed(self.app.defect(error)))

    # Jobs.

    def on_screen_resume(self) -> None:
        self.request(RefreshJobs())

    def refresh_jobs(self, jobs: Sequence[Job]) -> None:
        """Show other screens' jobs in the header, and mark this screen's job as seen once it has ended."""
        if self.job is not None and not self.job.running:
            self.job.seen = True
        news = [job for job in jobs if job is not self.job and not job.seen]
        running = sum(job.running for job in news)
        ended = f"✓ {len(news)} jobs ended" if news else ""
        words = f"▸ {running} of {len(news)} jobs running" if running else ended
        self.header.show_job(news[0].brief if len(news) == 1 else words)

    def refresh_hours(self) -> None:
        """Redraw the hours: a job has learned something about them."""

    def interrupt(self) -> bool:
        """Stop what is running here; return False if nothing is."""
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
        """Close what was opened on this screen, or leave the screen."""
        self.action_leave()

    def action_help(self) -> None:
        self.request(ShowHelp(self.title_of_help, tuple(key.binding for key in self.active_bindings.values())))

    def action_hint(self) -> None:
        self.request(AskHint())

    def action_jobs(self) -> None:
        self.request(ShowJobs())

    def action_explain(self) -> None:
        self.request(Explain(self.subject, self.explanation(), self.exhibit()))
