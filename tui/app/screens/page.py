"""What every screen has: a header, a line of keys, a prompt over it, and lean updates."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.events import Key
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input
from textual.worker import Worker, WorkerState

from tui.app.clock import choices_of_zone
from tui.app.messages import Failed
from tui.app.widgets.bars import HeaderLine, KeyLine, Notice
from tui.app.widgets.prompt import Prompt
from tui.archive.times import zone_name

if TYPE_CHECKING:
    from tui.app.app import Explorer
    from tui.app.session import Session


class Page(Screen[None]):
    """A screen of hourscope. Subclasses give `contents`, `explanation` and their keys."""

    AUTO_FOCUS = ""
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (112, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-low"), (16, "-high")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark", "help", "help", id="help"),
        Binding("x", "explain", "explain", show=False, id="explain"),
        Binding("J", "jobs", "jobs", show=False, id="jobs"),
        Binding("z", "zone", "time zone", show=False, id="time-zone"),
        Binding("q,escape", "leave", "back", id="back"),
    ]
    title_of_help = "hourscope"
    ASKING: ClassVar[frozenset[str]] = frozenset()
    """Actions that open an input. Their keys have priority, so that what is typed ahead goes into that input."""

    def __init__(self) -> None:
        super().__init__()
        self.header = HeaderLine()
        self.keys = KeyLine()
        self.notice = Notice()
        self.prompt = Prompt(self.hush)

    @property
    def explorer(self) -> Explorer:
        from tui.app.app import Explorer

        assert isinstance(self.app, Explorer)
        return self.app

    def compose(self) -> ComposeResult:
        yield self.header
        yield from self.contents()
        yield self.keys
        yield self.notice
        yield self.prompt

    def contents(self) -> list[Widget]:
        """The widgets between the header and the line of keys."""
        raise NotImplementedError

    def explanation(self) -> tuple[str, ...]:
        """What one looks at here, in plain words, a paragraph each; then the shell that does the same."""
        return ()

    def say(self, sentence: str, *, bad: bool = False) -> None:
        """One sentence where the keys are (a long one over the lines above, too), until the next key."""
        self.keys.say(sentence, bad=bad)
        self.notice.say(sentence, bad=bad, asking=self.prompt.display)

    def refuse(self, sentence: str) -> None:
        """What was typed into the prompt cannot be: say why, and let it be typed on."""
        self.prompt.again()
        self.say(sentence, bad=True)

    def hush(self) -> None:
        """What was said was read."""
        self.keys.clear()
        self.notice.clear()

    def learned(self) -> None:
        """A job has found something out about the hours: show it."""

    def on_screen_resume(self) -> None:
        self.explorer.tell_jobs()

    def on_key(self, _: Key) -> None:
        self.hush()

    def on_failed(self, message: Failed) -> None:
        message.stop()
        self.say(message.sentence, bad=True)

    @on(Worker.StateChanged)
    def tell_defect(self, event: Worker.StateChanged) -> None:
        """A worker that broke is told in a sentence; the screen stays."""
        if event.state is WorkerState.ERROR and event.worker.error is not None:
            error = event.worker.error
            self.post_message(Failed(f"something broke, please report it: {type(error).__name__}: {error}"))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "zone":
            return self._archive_session is not None
        return not (action in self.ASKING and isinstance(self.focused, Input))

    @property
    def _archive_session(self) -> Session | None:
        """Of the screens that belong to an archive."""
        found: Session | None = getattr(self, "session", None)
        return found

    def zones(self) -> str:
        """For the header: the archive's time zone, and the one that moments are shown in where it is another."""
        session = self._archive_session
        if session is None:
            return ""
        own, shown = zone_name(session.archive.zone), zone_name(session.zone)
        return own if own == shown else f"{own}, times in {shown}"

    def show_times(self) -> None:
        """Draw again what shows moments; `session.zone` has changed."""

    def action_zone(self) -> None:
        """Moments in the archive's zone, in UTC, in this machine's. Hours stay the archive's: they name chunks."""
        session = self._archive_session
        if session is None:
            return
        zones = choices_of_zone(session.archive.zone)
        names = [zone_name(zone) for zone in zones]
        if len(zones) == 1:
            self.say(f"times are in {names[0]}: the archive's zone, UTC and this machine's are one")
            return
        session.times = zones[(names.index(zone_name(session.zone)) + 1) % len(zones)]
        self.show_times()
        self.say(f"times are in {zone_name(session.zone)}; hours stay the archive's ({names[0]}): its keys name them")

    def interrupt(self) -> bool:
        """Stop what runs here; False if nothing does."""
        return False

    def action_leave(self) -> None:
        self.explorer.leave()

    def action_help(self) -> None:
        from tui.app.screens.help import HelpPage

        self.app.push_screen(HelpPage(self))

    def action_jobs(self) -> None:
        from tui.app.screens.jobs import JobsPage

        self.app.push_screen(JobsPage(self.explorer.job_pages))

    def action_explain(self) -> None:
        from tui.app.screens.help import ExplainPage

        self.app.push_screen(ExplainPage(self))
