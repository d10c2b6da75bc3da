"""The explorer: it answers the requests of screens, keeps the stack of screens and the jobs, and quits."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from importlib import import_module
from typing import Any, ClassVar

from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.command import CommandPalette
from textual.screen import Screen

from tui.app import requests
from tui.app.calendar.screen import CalendarPage
from tui.app.help.commands import Commands, palette
from tui.app.help.keys import FRAMEWORKS
from tui.app.help.screen import ExplainPage, HelpPage
from tui.app.home.opening import ChoicePage, OpeningPage, choose_layout, choose_quit, choose_topic
from tui.app.home.screen import HomePage
from tui.app.jobs.screen import JobsPage
from tui.app.model.cargo import cargo_of_extract
from tui.app.model.jobs import Job, Jobs
from tui.app.model.session import Session
from tui.app.page import Page
from tui.app.tour.guide import Guide
from tui.app.widgets.bars import spell_key
from tui.app.widgets.theme import DARK, LIGHT, PLAIN, THEMES
from tui.archive.location import Location, locate
from tui.archive.reading import Reading
from tui.archive.topics import topics_of
from tui.archive.waits import report_waits
from tui.config import Config, S3Options, demo_dir


class Explorer(Guide):
    """A stack of screens; the first calendar, or home, is at the bottom."""

    CSS_PATH = "app.tcss"
    TITLE = "hourscope"
    COMMANDS: ClassVar = {Commands}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "quit", "quit", show=False, priority=True, id="quit"),
        Binding("ctrl+l", "redraw", "redraw the screen", show=False, id="redraw"),
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
        self.url = url
        self.config = config
        self._locate = partial(locate, timezone=timezone, s3=s3)
        self._given = {"layout": layout, "reading": reading}  # for the archive on the command line
        if url:  # cli/open.py has already asked for the MFA code
            self.signed_in.add(locate(url, config, s3=s3).s3)
        self.animation_level = "none"
        self.jobs = Jobs()
        self._job_pages: dict[Job, Screen[None]] = {}
        self._topics: dict[str, tuple[str, ...]] = {}  # by the archive's title
        self._tour = tour
        self.refused = ""  # why the archive on the command line could not be opened
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = DARK if config.explorer.is_dark else LIGHT
        if self.no_color:
            self._filters.clear()  # they turn colors, and dim, into greys; PLAIN has neither
            self.theme = PLAIN

    def on_mount(self) -> None:
        self.watch_resume()
        report_waits(lambda line: self.post_message(requests.Report(line)))
        if self._tour:
            self.begin_tour()
        if self.config.keys:
            self.set_keymap(dict(self.config.keys))
        if self.url is None:
            self.push_screen(HomePage(self.config))
        else:
            self.push_screen(self._opening(requests.OpenArchive(self.url), only=True))

    def answer(self, request: requests.Request) -> None:
        """Do what a screen asks for."""
        match request:
            case requests.KeepJob(job, screen):
                self._keep_job(job, screen)
            case requests.ShowJob(job):
                self._show_job(job)
            case requests.JobMoved(job):
                self._job_moved(job)
            case requests.RefreshJobs():
                self._refresh_jobs()
            case requests.AskHint():
                self.hint()
            case requests.Leave() if len(self.screen_stack) > 2:
                self.pop_screen()
            case requests.Leave():
                self._quit()
            case requests.PlanSend(instead=True):
                self.switch_screen(self._page(request))
            case requests.OpeningRequest():
                self._answer_opening(request)
            case _:
                self.push_screen(self._page(request))

    def _page(self, request: requests.Request) -> Screen[None]:
        """Return the screen for a request. Modules that the first calendar does not need are imported late."""
        match request:
            case requests.OpenHour(session, hour, chunks):
                from tui.app.preview.screen import PreviewPage

                return PreviewPage(session, hour, chunks)
            case requests.PlanScan(session, hours, out):
                from tui.app.scan.screen import ScanPage

                return ScanPage(session, hours, self.jobs, out)
            case requests.PlanSend(session, cargo):
                from tui.app.send.screen import SendPage

                return SendPage(session, cargo, self.jobs)
            case requests.PlanIndex(session, hours):
                from tui.app.index.screen import IndexPage

                return IndexPage(session, hours, self.jobs)
            case requests.ShowScreen(name, session, hours):
                shown: Page = import_module(f"tui.app.{name}.screen").page(session, hours)
                return shown
            case requests.ResumeJob(job):
                from tui.app.jobs.resume import ResumePage

                return ResumePage(job, self.config, self.jobs)
            case requests.AddArchive():
                from tui.app.home.add import AddPage

                return AddPage(self.config)
            case requests.ShowHelp(title, bindings):
                return HelpPage(title, bindings)
            case requests.Explain(title, paragraphs, exhibit):
                return ExplainPage(title, paragraphs, exhibit)
        return JobsPage(self.jobs)

    # Opening an archive.

    def _answer_opening(self, request: requests.OpeningRequest) -> None:
        match request:
            case requests.OpenArchive():
                self.push_screen(self._opening(request))
            case requests.OpenDemo(tour):
                if tour:
                    self.begin_tour()
                self.push_screen(self._opening(requests.OpenArchive(str(demo_dir())), demo=True))
            case requests.ShowArchive(session, remembered, url, send):
                self.switch_screen(CalendarPage(session, remembered))
                if send:
                    self.answer(requests.PlanSend(session, cargo_of_extract(session, url)))
            case requests.ChooseLayout(url, location):
                self.switch_screen(choose_layout(request, partial(self._reopen, url, location)))
            case requests.ChooseTopic(session):
                self._choose_topic(session)
            case requests.ArchiveAdded(name, config):
                self._use_config(name, config)
            case requests.Refuse(sentence):
                self.refused = sentence
                self.exit(2)

    def _opening(self, request: requests.OpenArchive, *, demo: bool = False, only: bool = False) -> OpeningPage:
        """Return the screen that lists an archive, with the command line's options if it was named there."""
        url, location = request.url, request.location
        given = self._given if url == self.url else {}
        find = (lambda: location) if location else partial(self._locate, url, self.config, **given)
        return OpeningPage(url, find, self.config, demo=demo, send=request.send, only=only)

    def _use_config(self, name: str, config: Config) -> None:
        self.config = config
        self.pop_screen()
        if isinstance(home := self.screen, HomePage):
            home.use_config(name, config)

    def _choose_topic(self, session: Session) -> None:
        """Let the user choose among the known topics, including those known from before one was chosen."""
        known = topics_of(session.catalog.chunks)
        topics = self._topics[session.title] = tuple(sorted({*self._topics.get(session.title, ()), *known}))

        def reopen(layout: str) -> None:
            self.pop_screen()
            self._reopen(session.title, session.location, layout)

        self.push_screen(choose_topic(session, topics, reopen))

    def _reopen(self, url: str, location: Location, layout: str) -> None:
        """Open an archive with this layout, in place of the current screen."""
        self.switch_screen(self._opening(requests.OpenArchive(url, location.with_layout(layout))))

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
        """Update the current screen; report there if a job of another screen has ended."""
        screen = self.screen
        self._refresh_jobs()
        if not job.running and isinstance(screen, Page) and screen.job is not job:
            screen.report(f"{job.brief}: {job.state.words}; J shows it")
            screen.refresh_hours()

    def _refresh_jobs(self) -> None:
        if isinstance(self.screen, Page):
            self.screen.refresh_jobs(self.jobs.all)

    # Leaving.

    def _quit(self) -> None:
        """Quit. If that stops jobs, ask first; quitting again in that question quits."""
        running = [job for job in self.jobs.all if job.running]
        if not running or (isinstance(self.screen, ChoicePage) and self.screen.chosen == self._quit_or_stay):
            self.exit(0)
        else:
            self.push_screen(choose_quit(running, self._quit_or_stay))

    def _quit_or_stay(self, value: str) -> None:
        if value == "quit":
            self.exit(0)
        else:
            self.pop_screen()

    def exit(self, *given: Any, **options: Any) -> None:
        """End. Running jobs are stopped; the program would wait for them otherwise."""
        self.jobs.stop(0.0)
        super().exit(*given, **options)

    def end(self, code: int) -> None:
        """End with an exit code. Called from any thread."""
        self.call_from_thread(self.exit, code)

    async def action_quit(self) -> None:
        self._quit()

    def action_interrupt(self) -> None:
        """Stop what the screen is doing, or, if nothing runs, show how to quit."""
        if isinstance(self.screen, Page) and not self.screen.interrupt():
            self.screen.report("nothing is running here; q goes back, ctrl+q quits")

    def action_command_palette(self) -> None:
        if not isinstance(self.screen, CommandPalette):
            self.push_screen(palette())

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Yield the palette's commands: every key of the screen by its label, and light or dark."""
        listed = set(FRAMEWORKS)
        for _, binding, enabled, _ in screen.active_bindings.values():
            words = binding.description
            if enabled and words and words not in listed:
                listed.add(words)
                press = partial(self.simulate_key, binding.key.split(",")[0])
                yield SystemCommand(words, spell_key(binding.key), press)
        if not self.no_color:
            name, other = ("light", LIGHT) if self.theme == DARK else ("dark", DARK)
            yield SystemCommand(f"{name} colors", "", lambda: setattr(self, "theme", other))
