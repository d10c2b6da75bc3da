"""The explorer: opens an archive in a worker and puts its calendar on the screen."""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import ClassVar, cast

from rich.console import RenderableType
from textual import on
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.worker import Worker, get_current_worker

from tui.app.jobs import Jobs
from tui.app.keys import MOVES, action_name
from tui.app.messages import Failed, Opened
from tui.app.paint import Glass
from tui.app.screens.calendar import CalendarPage
from tui.app.screens.choose import ChoosePage, OpeningPage
from tui.app.screens.page import Page
from tui.app.session import Session
from tui.app.theme import THEMES
from tui.app.widgets.bars import spell_key
from tui.archive import open_archive
from tui.config import Config, S3Options
from tui.errors import HourscopeError


class Explorer(App[int]):
    """Screens lie on a stack; the first calendar (or the choice of an archive) is the bottom."""

    CSS_PATH = "app.tcss"
    TITLE = "hourscope"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "quit", "quit", show=False, priority=True, id="quit"),
        Binding("ctrl+l", "redraw", "draw the screen again", show=False, id="redraw"),
        Binding("ctrl+c", "interrupt", "stop", show=False, priority=True, id="stop"),
    ]

    def __init__(self, url: str | None, *, timezone: str | None, s3: S3Options, config: Config) -> None:
        super().__init__()
        self.url = url
        self.timezone = timezone
        self.s3 = s3
        self.config = config
        self.animation_level = "none"
        self.jobs = Jobs()
        self._glass = Glass()
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = THEMES[0].name

    def on_mount(self) -> None:
        self.app_resume_signal.subscribe(self, lambda _: self._glass.forget())
        if self.config.keys:
            self.set_keymap(dict(self.config.keys))
        if self.url is None:
            self.push_screen(ChoosePage(self.config))
        else:
            self.open(self.url)

    def open(self, url: str, s3: S3Options | None = None) -> None:
        """Show that `url` (or the archive named so) is being listed, and list it."""
        self.push_screen(OpeningPage(url))
        self.run_worker(lambda: self._list(url, s3), thread=True, exit_on_error=False, group="open", exclusive=True)

    @on(Worker.StateChanged)
    def _tell_defect(self, event: Worker.StateChanged) -> None:
        if isinstance(self.screen, Page):
            self.screen.tell_defect(event)

    def _list(self, url: str, given: S3Options | None = None) -> None:
        spec = self.config.archives.get(url)
        timezone = self.timezone or (spec.timezone if spec else None)
        s3 = spec.s3.overlaid(self.s3) if spec else given or self.s3
        try:
            archive = open_archive(spec.url if spec else url, timezone=timezone, s3=s3)
            session = Session(archive, archive.catalog(), self.config, s3, url if spec else "")
        except HourscopeError as error:
            self.post_message(Failed(str(error)))
        else:
            self.post_message(Opened(url, session))

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
            self.switch_screen(CalendarPage(message.session))

    def on_failed(self, message: Failed) -> None:
        if isinstance(self.screen, Page):
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
            self.exit(0)

    def end(self, code: int) -> None:
        """End with an exit code; from any thread."""
        self.call_from_thread(self.exit, code)

    async def action_quit(self) -> None:
        self.exit(0)

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
            ):
                told.add(binding.description)
                press = partial(self.simulate_key, binding.key.split(",")[0])
                yield SystemCommand(binding.description, f"key {spell_key(binding.key)}", press)
        other = THEMES[1] if self.theme == THEMES[0].name else THEMES[0]
        yield SystemCommand(
            f"{'light' if not other.dark else 'dark'} colours", "switch the theme", lambda: self._dress(other.name)
        )
        yield SystemCommand("quit", "leave hourscope", lambda: self.exit(0))

    def _dress(self, theme: str) -> None:
        self.theme = theme


def mouse_wanted() -> bool:
    """Over SSH the mouse stays the terminal's, so that text can be marked; HOURSCOPE_MOUSE=1 takes it."""
    setting = os.environ.get("HOURSCOPE_MOUSE")
    return setting == "1" if setting else "SSH_CONNECTION" not in os.environ
