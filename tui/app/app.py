"""The explorer: opens an archive in a worker and puts its calendar on the screen."""

from __future__ import annotations

import time
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, cast

from rich.console import RenderableType
from textual import on
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.worker import Worker, get_current_worker

from tui.app.keys import FRAMEWORKS, MOVES, action_name
from tui.app.messages import Failed, Opened
from tui.app.paint import Glass
from tui.app.remembered import recall
from tui.app.screens.calendar import CalendarPage
from tui.app.screens.choose import ChoosePage, OpeningPage
from tui.app.screens.job import JobPage
from tui.app.screens.jobs import JobsPage
from tui.app.screens.page import Page
from tui.app.session import Session
from tui.app.terminal import dark_wanted
from tui.app.theme import DARK, LIGHT, PLAIN, THEMES
from tui.app.widgets.bars import spell_key
from tui.app.work.jobs import Jobs
from tui.archive.location import Location, locate
from tui.config import Config, S3Options
from tui.errors import HourscopeError
from tui.scan import scanned_hours

_TWICE = 8.0  # seconds in which the same key, pressed again, quits though jobs run


class Explorer(App[int]):
    """Screens lie on a stack; the first calendar (or the choice of an archive) is the bottom."""

    CSS_PATH = "app.tcss"
    TITLE = "hourscope"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "quit", "quit", show=False, priority=True, id="quit"),
        Binding("ctrl+l", "redraw", "draw the screen again", show=False, id="redraw"),
        Binding("ctrl+c", "interrupt", "stop", show=False, priority=True, id="stop"),
    ]

    def __init__(
        self, url: str | None, *, timezone: str | None, s3: S3Options, config: Config, layout: str | None = None
    ) -> None:
        super().__init__()
        self.url = url
        self.timezone = timezone
        self.layout_given = layout  # of the archive of the command line
        self.s3 = s3
        self.config = config
        self.animation_level = "none"
        self.jobs = Jobs()
        self.job_pages: list[JobPage] = []
        self._asked = 0.0  # when it was last said that jobs run which would be stopped
        self.refused = ""  # why the archive of the command line could not be opened
        self._glass = Glass(colors=not self.no_color)
        for theme in THEMES:
            self.register_theme(theme)
        self._dress(DARK if dark_wanted(config.explorer) else LIGHT)
        if self.no_color:
            self._filters.clear()  # they make greys of colours, and of dim: here are none to begin with
            self._dress(PLAIN)

    def on_mount(self) -> None:
        self.app_resume_signal.subscribe(self, lambda _: self._glass.forget())
        if self.config.keys:
            self.set_keymap(dict(self.config.keys))
        if self.url is None:
            self.push_screen(ChoosePage(self.config))
        else:
            self.open(self.url)

    def open(self, url: str, location: Location | None = None) -> None:
        """Show that `url` (or the archive named so) is being listed, and list it."""
        self.push_screen(OpeningPage(url))
        work = partial(self._list, url, location)
        self.run_worker(work, thread=True, exit_on_error=False, group="open", exclusive=True)

    @on(Worker.StateChanged)
    def _tell_defect(self, event: Worker.StateChanged) -> None:
        if isinstance(self.screen, Page):
            self.screen.tell_defect(event)

    def _list(self, url: str, location: Location | None = None) -> None:
        if location is None:
            layout = self.layout_given if url == self.url else None
            location = locate(url, self.config, timezone=self.timezone, layout=layout, s3=self.s3)
        try:
            archive, listing = location.open()
            session = Session(archive, archive.catalog(listing=listing), self.config, location)
            session.matches = scanned_hours(archive)
            session.scanned = frozenset(session.matches)
            told = recall(session)
            _ = session.usual  # here, where nobody waits for it
        except HourscopeError as error:
            self.post_message(Failed(str(error)))
        else:
            self.post_message(Opened(url, session, told))

    def open_demo(self, folder: Path) -> None:
        """Write the sample archive where it is not there yet, and open it."""
        self.push_screen(OpeningPage(str(folder)))
        self.run_worker(
            lambda: self._write_demo(folder), thread=True, exit_on_error=False, group="open", exclusive=True
        )

    def _write_demo(self, folder: Path) -> None:
        from tui.demo import SampleSpec, write_sample

        try:
            if not folder.is_dir() or len(list(folder.iterdir())) < SampleSpec().hours:
                for _ in write_sample(folder, SampleSpec()):
                    if get_current_worker().is_cancelled:
                        return
        except HourscopeError as error:
            self.post_message(Failed(str(error)))
            return
        self._list(str(folder))

    def on_opened(self, message: Opened) -> None:
        """Show its calendar, unless somebody went elsewhere meanwhile."""
        if isinstance(self.screen, OpeningPage) and self.screen.url == message.url:
            self.switch_screen(CalendarPage(message.session, message.told))

    def on_failed(self, message: Failed) -> None:
        """Told on the screen; but who named an archive on the command line is given the sentence, and the shell."""
        if isinstance(self.screen, OpeningPage) and self.screen.url == self.url and len(self.screen_stack) == 2:
            self.refused = message.sentence
            self.exit(2)
        elif isinstance(self.screen, Page):
            self.screen.on_failed(message)

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        """Every update on its way to the terminal: only what differs is sent."""
        super()._display(screen, cast("RenderableType | None", self._glass.lean(renderable)))

    def action_redraw(self) -> None:
        """Send the whole screen again, in case something else wrote on the terminal."""
        self._glass.forget()
        self.screen.refresh()

    def leave(self) -> None:
        """One screen back; from the last one, out."""
        if len(self.screen_stack) > 2:
            self.pop_screen()
        else:
            self._quit("q")

    def _quit(self, key: str) -> None:
        """Out; if that stops jobs, only when it is said twice."""
        running = [page for page in self.job_pages if page.running]
        now = time.monotonic()
        if running and now - self._asked > _TWICE and isinstance(self.screen, Page):
            self._asked = now
            what = f"a {running[0].kind} is" if len(running) == 1 else f"{len(running)} jobs are"
            again = "resumed later; J shows it" if len(running) == 1 else "resumed later; J shows them"
            self.screen.say(f"{what} still running: {key} again quits and stops it, to be {again}")
        else:
            self.exit(0)

    def exit(self, *given: Any, **options: Any) -> None:
        """End; what still runs is asked to stop, or the program would wait for it."""
        self.jobs.stop(0.0)
        super().exit(*given, **options)

    def keep(self, page: JobPage) -> None:
        """A job begins (or goes on): its page outlives its place on the stack."""
        if page not in self.job_pages:
            self.job_pages.append(page)
            self.install_screen(page, f"job-{len(self.job_pages)}")
        self.tell_jobs()

    def tell_jobs(self) -> None:
        """What runs elsewhere, in the header of the screen that is shown."""
        if not isinstance(self.screen, Page):
            return
        if isinstance(self.screen, JobsPage):
            self.screen.show_jobs()
            return
        news = [page for page in self.job_pages if page is not self.screen and not page.seen]
        running = sum(page.running for page in news)
        words = f"▸ {running} of {len(news)} jobs run" if running else f"✓ {len(news)} jobs ended" if news else ""
        self.screen.header.tell(news[0].job_state.brief(news[0].kind) if len(news) == 1 else words)

    def tell_end(self, page: JobPage) -> None:
        """A job that nobody looked at ended."""
        if isinstance(self.screen, Page):
            self.screen.say(f"{page.job_state.brief(page.kind)}: {page.job_state.words}; J leads there")
            self.screen.learned()

    def show_job(self, page: JobPage) -> None:
        """Go to a job's page, wherever it is."""
        if page in self.screen_stack:
            while self.screen is not page:
                self.pop_screen()
        else:
            self.switch_screen(page)

    def end(self, code: int) -> None:
        """End with an exit code; from any thread."""
        self.call_from_thread(self.exit, code)

    async def action_quit(self) -> None:
        self._quit("ctrl+q")

    def action_interrupt(self) -> None:
        """ctrl+c stops what the screen is doing; where nothing runs it says how to quit."""
        if isinstance(self.screen, Page) and not self.screen.interrupt():
            self.screen.say("nothing is running here; q goes back, ctrl+q quits")

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The palette: every key of the screen by its words, and light or dark."""
        told = set()
        for _, binding, enabled, _ in screen.active_bindings.values():
            if (
                enabled
                and binding.description
                and action_name(binding) not in MOVES
                and binding.description not in told
                and binding.description not in FRAMEWORKS
            ):
                told.add(binding.description)
                press = partial(self.simulate_key, binding.key.split(",")[0])
                yield SystemCommand(binding.description, f"key {spell_key(binding.key)}", press)
        if not self.no_color:
            name, other = ("light", LIGHT) if self.theme == DARK else ("dark", DARK)
            yield SystemCommand(f"{name} colours", "switch the theme", lambda: self._dress(other))

    def _dress(self, theme: str) -> None:
        self.theme = theme
