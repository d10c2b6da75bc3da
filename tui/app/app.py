"""The explorer: it opens archives in workers, and puts the screens on the stack that screens ask for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, cast

from rich.console import RenderableType
from textual.app import SuspendNotSupported, SystemCommand
from textual.binding import Binding, BindingType
from textual.events import Resize
from textual.message import Message
from textual.screen import Screen
from textual.worker import get_current_worker

from tui.app.calendar.screen import CalendarPage
from tui.app.choice.screen import ChoicePage
from tui.app.help.keys import CURSOR_MOVES, FRAMEWORKS, action_name
from tui.app.help.screen import ExplainPage, HelpPage
from tui.app.home.screen import HomePage, OpeningPage
from tui.app.jobs.screen import JobsPage
from tui.app.model.cargo import cargo_of_extract
from tui.app.model.jobs import Job, Jobs
from tui.app.model.opening import make_demo, open_session
from tui.app.model.session import Session
from tui.app.page import Host, Page
from tui.app.requests import (
    AskHint,
    ChooseTopic,
    Explain,
    Failed,
    JobMoved,
    KeepJob,
    Leave,
    OpenArchive,
    OpenDemo,
    OpenHour,
    PlanScan,
    PlanSend,
    RefreshJobs,
    Report,
    Request,
    ResumeJob,
    ShowDiff,
    ShowHelp,
    ShowJob,
    ShowJobs,
    ShowNotebook,
    ShowTimeline,
)
from tui.app.terminal.guard import Defects
from tui.app.terminal.paint import Glass
from tui.app.terminal.preferences import use_dark_theme
from tui.app.tour.progress import read_progress, write_progress
from tui.app.tour.state import state_of
from tui.app.widgets.bars import spell_key
from tui.app.widgets.choices import Choice
from tui.app.widgets.theme import DARK, LIGHT, PLAIN, THEMES
from tui.archive.detect import SeveralLayoutsError
from tui.archive.location import Location, locate
from tui.archive.reading import Reading
from tui.archive.store import is_s3
from tui.archive.topics import topics_of
from tui.archive.waits import report_waits
from tui.config import Config, S3Options, cache_dir
from tui.demo.tour import Tour, begin, load_steps
from tui.errors import HourscopeError

_TOUR_SECONDS = 0.2  # between two looks at whether its step is done
_NO_MFA = (
    "this AWS profile asks for an MFA code, which cannot be typed in a browser; "
    "run 'hourscope ls ARCHIVE' in a terminal, then open it here again"
)
_TWICE_SECONDS = 8.0  # in which the same key, pressed again, quits though jobs run


@dataclass
class Opened(Message):
    """The archive that was asked for as `url` is listed; `remembered` is a sentence about where it was left."""

    url: str
    session: Session
    remembered: str = ""
    send: bool = False


@dataclass
class SeveralLayouts(Message):
    """The archive that was asked for as `url` holds keys of several layouts."""

    url: str
    location: Location
    layouts: tuple[str, ...]


class Explorer(Host):
    """Screens lie on a stack; the first calendar (or the choice of an archive) is the bottom."""

    CSS_PATH = "app.tcss"
    TITLE = "hourscope"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "quit", "quit", show=False, priority=True, id="quit"),
        Binding("ctrl+l", "redraw", "draw the screen again", show=False, id="redraw"),
        Binding("ctrl+c", "interrupt", "stop", show=False, priority=True, id="stop"),
        Binding("ctrl+z", "suspend_process", "suspend", show=False, priority=True, id="suspend"),
    ]

    def __init__(
        self,
        url: str | None,
        *,
        timezone: str | None,
        s3: S3Options,
        config: Config,
        layout: str | None = None,
        reading: Reading | None = None,
        tour: bool = False,
    ) -> None:
        super().__init__()
        self._tour_given = tour
        self.url = url
        self.timezone = timezone
        self.layout_given = layout  # of the archive of the command line
        self.reading_given = reading  # and how its records are read
        self.s3 = s3
        self.config = config
        # Whoever named an archive on the command line has been asked by cli/open.py.
        self._signed_in = {locate(url, config, s3=s3).s3} if url else set()
        self.animation_level = "none"
        self.jobs = Jobs()
        self._job_pages: dict[Job, Screen[None]] = {}
        self._asked = 0.0  # when a key was refused because jobs run that quitting would stop
        self._topics: dict[str, tuple[str, ...]] = {}  # of archives, by their titles
        self.refused = ""  # why the archive of the command line could not be opened
        self.defects = Defects()
        self._reporting = False  # a defect; one in doing so ends the explorer
        self._glass = Glass(colors=not self.no_color)
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = DARK if use_dark_theme(config.explorer) else LIGHT
        if self.no_color:
            self._filters.clear()  # they make greys of colours, and of dim: here are none to begin with
            self.theme = PLAIN

    def on_mount(self) -> None:
        self.app_resume_signal.subscribe(self, lambda _: self._glass.forget())
        report_waits(lambda line: self.post_message(Report(line)))
        if self._tour_given:
            self._take_tour()
        if self.config.keys:
            self.set_keymap(dict(self.config.keys))
        if self.url is None:
            self.push_screen(HomePage(self.config))
        else:
            self.answer(OpenArchive(self.url))

    def on_resize(self, event: Resize) -> None:
        self.console.size = event.size  # in a browser, Rich would keep the first size

    def answer(self, request: Request) -> None:
        """Put a screen on the stack, or take one off. What the first calendar can do without is imported late."""
        match request:
            case OpenArchive(url, location, send):
                self._open(url, partial(self._list, url, location, send=send))
            case ResumeJob(job):
                from tui.app.jobs.resume import ResumePage

                self.push_screen(ResumePage(job, self.config, self.jobs))
            case ShowNotebook(session):
                from tui.app.notebook.screen import NotebookPage

                self.push_screen(NotebookPage(session))
            case ChooseTopic(session):
                self._ask_topic(session)
            case OpenDemo(tour):
                if tour:
                    self._take_tour()
                folder = str(cache_dir() / "demo")
                self._open(folder, partial(self._list, folder, None, demo=True))
            case OpenHour(session, hour, chunks):
                from tui.app.preview.screen import PreviewPage

                self.push_screen(PreviewPage(session, hour, chunks))
            case PlanScan(session, hours, out):
                from tui.app.scan.screen import ScanPage

                self.push_screen(ScanPage(session, hours, self.jobs, out))
            case PlanSend(session, cargo, instead):
                from tui.app.send.screen import SendPage

                (self.switch_screen if instead else self.push_screen)(SendPage(session, cargo, self.jobs))
            case ShowDiff(session, hours):
                from tui.app.diff.screen import DiffPage

                self.push_screen(DiffPage(session, hours))
            case ShowTimeline(session):
                from tui.app.timeline.screen import TimelinePage

                self.push_screen(TimelinePage(session))
            case ShowHelp(title, bindings):
                self.push_screen(HelpPage(title, bindings))
            case Explain(title, paragraphs):
                self.push_screen(ExplainPage(title, paragraphs))
            case AskHint():
                self._hint()
            case ShowJobs():
                self.push_screen(JobsPage(self.jobs))
            case ShowJob(job):
                self._show_job(job)
            case KeepJob(job, screen):
                self._keep_job(job, screen)
            case JobMoved(job):
                self._job_moved(job)
            case RefreshJobs():
                self._refresh_jobs()
            case Leave() if len(self.screen_stack) > 2:
                self.pop_screen()
            case Leave():
                self._quit("q")

    # Opening an archive.

    def _open(self, url: str, job: partial[None]) -> None:
        """Show that an archive is being listed, and list it."""
        self.push_screen(OpeningPage(url))
        self.run_worker(job, thread=True, exit_on_error=False, group="open", exclusive=True)

    def _list(self, url: str, location: Location | None, *, demo: bool = False, send: bool = False) -> None:
        worker = get_current_worker()
        try:
            if demo and not make_demo(Path(url), lambda: worker.is_cancelled):
                return
            if location is None:
                layout, reading = (self.layout_given, self.reading_given) if url == self.url else (None, None)
                location = locate(url, self.config, timezone=self.timezone, layout=layout, s3=self.s3, reading=reading)
            if is_s3(location.url):
                self._sign_in(location.s3)
            self.post_message(Opened(url, *open_session(location, self.config), send=send))
        except SeveralLayoutsError as error:
            assert location is not None
            self.post_message(SeveralLayouts(url, location, tuple(each.pattern for each in error.layouts)))
        except HourscopeError as error:
            self.post_message(Failed(str(error)))

    def _sign_in(self, options: S3Options) -> None:
        """Have the code of an MFA device typed in the plain terminal: behind the screen nobody could answer."""
        from tui.archive.s3 import mfa_device, sign_in

        if options not in self._signed_in and mfa_device(options):
            self.call_from_thread(self._suspended, partial(sign_in, options))
        self._signed_in.add(options)

    def _suspended(self, job: Callable[[], object]) -> None:
        try:
            with self.suspend():
                job()
        except SuspendNotSupported as error:
            raise HourscopeError(_NO_MFA) from error

    def on_opened(self, message: Opened) -> None:
        """Show its calendar, unless somebody went elsewhere meanwhile."""
        if isinstance(self.screen, OpeningPage) and self.screen.url == message.url:
            session = message.session
            self.switch_screen(CalendarPage(session, message.remembered))
            if message.send:
                self.answer(PlanSend(session, cargo_of_extract(session, message.url)))

    def on_several_layouts(self, message: SeveralLayouts) -> None:
        """Ask which of them is meant."""
        if not (isinstance(self.screen, OpeningPage) and self.screen.url == message.url):
            return
        choices = [Choice(each, "the most keys" if at == 0 else "", each) for at, each in enumerate(message.layouts)]
        about = "This place holds keys of several layouts. One is an archive; the keys of the others are left out."
        reopen = partial(self._reopen, message.url, message.location)
        self.switch_screen(ChoicePage(message.url, "Which layout?", choices, reopen, about))

    def _ask_topic(self, session: Session) -> None:
        """The topics that are known, those of an archive that showed all of them included."""
        known = topics_of(session.catalog.chunks)
        topics = self._topics[session.title] = tuple(sorted({*self._topics.get(session.title, ()), *known}))
        layout = session.archive.layout.without_field("topic")
        archive = replace(session.archive, layout=layout)
        choices = [Choice(topic, "", archive.layout_option(topic=topic)) for topic in topics]
        choices.append(Choice("all topics", "together", archive.layout_option()))
        so_far = " They are those of the hours that were listed so far." if session.catalog.unlisted else ""
        about = f"The calendar shows the hours, sizes and gaps of the one that is chosen.{so_far}"

        def reopen(layout: str) -> None:
            self.pop_screen()
            self._reopen(session.title, session.location, layout)

        self.push_screen(ChoicePage(session.title, "Which topic?", choices, reopen, about))

    def _reopen(self, url: str, location: Location, layout: str) -> None:
        """Open it by a layout, in the place of the screen in front."""
        self.switch_screen(OpeningPage(url))
        job = partial(self._list, url, location.with_layout(layout))
        self.run_worker(job, thread=True, exit_on_error=False, group="open", exclusive=True)

    # What is reported on the screen in front.

    def on_report(self, message: Report) -> None:
        if isinstance(self.screen, Page):
            self.screen.report(message.sentence)

    def on_failed(self, message: Failed) -> None:
        """On the screen; but whoever named an archive on the command line gets the sentence, and the shell."""
        if isinstance(self.screen, OpeningPage) and self.screen.url == self.url and len(self.screen_stack) == 2:
            self.refused = message.sentence
            self.exit(2)
        elif isinstance(self.screen, Page):
            self.screen.on_failed(message)

    # What nobody foresaw.

    def defect(self, error: Exception) -> str:
        return self.defects.add(error)

    def worker_failed(self, error: Exception) -> None:
        self.post_message(Failed(self.defect(error)))

    def _handle_exception(self, error: Exception) -> None:
        """Textual's way out for every exception: here it is a sentence, as long as a screen can show one."""
        if self._reporting or not self.is_running or not isinstance(self.screen, Page):
            super()._handle_exception(error)
            return
        self._reporting = True
        try:
            self.screen.report(self.defect(error), bad=True)
        finally:
            self._reporting = False

    # Jobs.

    def _show_job(self, job: Job) -> None:
        page = self._job_pages[job]
        if page in self.screen_stack:
            while self.screen is not page:
                self.pop_screen()
        else:
            self.switch_screen(page)

    def _keep_job(self, job: Job, page: Screen[None]) -> None:
        if job not in self._job_pages:
            self._job_pages[job] = page
            self.jobs.all.append(job)
            self.install_screen(page, f"job-{len(self._job_pages)}")
        self._refresh_jobs()

    def _job_moved(self, job: Job) -> None:
        """The screen in front shows it; the end of one that nobody looks at is reported there."""
        screen = self.screen
        self._refresh_jobs()
        if not job.running and isinstance(screen, Page) and screen.job is not job:
            screen.report(f"{job.brief}: {job.state.words}; J leads there")
            screen.refresh_hours()

    def _refresh_jobs(self) -> None:
        if isinstance(self.screen, Page):
            self.screen.refresh_jobs(self.jobs.all)

    # The tour.

    def _take_tour(self) -> None:
        """Begin it, or take it up where it was left."""
        steps = load_steps()
        if self.tour is None:
            self.set_interval(_TOUR_SECONDS, self._look_at_tour)
        self.tour = begin(steps, read_progress(len(steps)))

    def _look_at_tour(self) -> None:
        """Is the step done? Then its lesson, and the next one."""
        tour, screen = self.tour, self.screen
        if tour is None or not isinstance(screen, Page):
            return
        if tour.step is not None and tour.step.done(state := state_of(self.screen_stack)):
            self.tour = Tour(tour.steps, tour.at + 1)
            following = f"Next: {self.tour.words}" if self.tour.step else self.tour.words
            screen.report(write_progress(self.tour.at) or f"✓ {tour.step.lesson(state)} {following}")
        screen.tour_line.show(self.tour.words if self.tour else "")

    def _hint(self) -> None:
        tour = self.tour
        if tour is not None and tour.step is not None and isinstance(self.screen, Page):
            self.tour = Tour(tour.steps, tour.at, tour.asked + 1)
            self.screen.report(tour.step.help(tour.asked))

    # Leaving.

    def _quit(self, key: str) -> None:
        """Leave; if that stops jobs, only when the key is pressed twice."""
        running = [job for job in self.jobs.all if job.running]
        now = time.monotonic()
        if running and now - self._asked > _TWICE_SECONDS and isinstance(self.screen, Page):
            self._asked = now
            one = len(running) == 1
            what = f"a {running[0].kind} is" if one else f"{len(running)} jobs are"
            again = f"{key} again stops {'it' if one else 'them'} and quits; home and 'hourscope jobs' resume"
            self.screen.report(f"{what} still running: {again} {'it' if one else 'them'}; any other key stays")
        else:
            self.exit(0)

    def exit(self, *given: Any, **options: Any) -> None:
        """End; what still runs is asked to stop, or the program would wait for it."""
        self.jobs.stop(0.0)
        super().exit(*given, **options)

    def end(self, code: int) -> None:
        """End with an exit code; from any thread."""
        self.call_from_thread(self.exit, code)

    async def action_quit(self) -> None:
        self._quit("ctrl+q")

    def action_interrupt(self) -> None:
        """ctrl+c stops what the screen is doing; where nothing runs it shows how to quit."""
        if isinstance(self.screen, Page) and not self.screen.interrupt():
            self.screen.report("nothing is running here; q goes back, ctrl+q quits")

    # What goes to the terminal, and the palette.

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        """Every update on its way to the terminal: only what differs is sent."""
        super()._display(screen, cast("RenderableType | None", self._glass.lean(renderable)))

    def action_redraw(self) -> None:
        """Send the whole screen again, in case something else wrote on the terminal."""
        self._glass.forget()
        self.screen.refresh()

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The palette: every key of the screen by its words, and light or dark."""
        listed = set(FRAMEWORKS)
        for _, binding, enabled, _ in screen.active_bindings.values():
            words = binding.description
            if enabled and words and action_name(binding) not in CURSOR_MOVES and words not in listed:
                listed.add(words)
                press = partial(self.simulate_key, binding.key.split(",")[0])
                yield SystemCommand(words, f"key {spell_key(binding.key)}", press)
        if not self.no_color:
            name, other = ("light", LIGHT) if self.theme == DARK else ("dark", DARK)
            yield SystemCommand(f"{name} colours", "switch the theme", lambda: setattr(self, "theme", other))
