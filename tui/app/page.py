"""What every screen has: a header, a line of keys, a prompt over it, and what it may ask the explorer for."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.events import Event, Key, Paste
from textual.message import Message
from textual.screen import Screen
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input

from tui.app.model.clock import choices_of_zone
from tui.app.model.command import read_filter
from tui.app.model.jobs import Job
from tui.app.model.session import Session
from tui.app.requests import (
    Answer,
    Ask,
    AskHint,
    Explain,
    Failed,
    Leave,
    OpenHour,
    RefreshJobs,
    Report,
    Request,
    ShowHelp,
    ShowJobs,
    ShowNotebook,
)
from tui.app.terminal.clipboard import copy_text
from tui.app.terminal.flow import PacedApp
from tui.app.terminal.guard import Guarded
from tui.app.widgets.bars import HeaderLine, KeyLine, Notice, TourLine, spell_key
from tui.app.widgets.prompt import Prompt
from tui.archive.times import floor_hour, has_minutes, parse_time, spell_hour, zone_name
from tui.demo.tour import Tour
from tui.errors import HourscopeError
from tui.filter import Filter
from tui.history.entries import note_entry
from tui.history.notebook import Spot

_DROP_SECONDS = 0.3
_PATIENCE_SECONDS = 1.0  # with a key that does not come back: what had the focus is gone


class KeyHandled(Message):
    """A key has been dealt with, or is back at the app."""


class Host(Guarded, PacedApp):
    """What a screen knows of the app."""

    def __init__(self) -> None:
        super().__init__()
        self.tour: Tour | None = None  # that somebody is on
        self._keys: deque[Key] = deque()  # that have arrived and wait for their turn
        self._handling: Key | None = None  # the one that is on its way
        self._patience: Timer | None = None
        self._dropped_until = 0.0  # keys that arrived before that are dropped
        self._last_key = ""

    def answer(self, request: Request) -> None:
        """Do what a screen asks for."""
        raise NotImplementedError

    def defect(self, error: Exception) -> str:
        """Keep an error that nobody foresaw for `--debug`; the sentence about it."""
        raise NotImplementedError

    async def on_event(self, event: Event) -> None:
        """One key after the other: of several that arrive at once, each finds what the one before has opened."""
        if not isinstance(event, Key) or event.is_forwarded:
            await super().on_event(event)
        elif self._handling is None or (not self._keys and self._alike(self._handling, event)):
            await self._forward(event)
        else:
            self._keys.append(event)
            self._patience = self._patience or self.set_timer(_PATIENCE_SECONDS, self.on_key_handled)

    def _alike(self, before: Key, event: Key) -> bool:
        """Need a key not wait for the one before it? An arrow that is held down, or a text that is typed."""
        typed = isinstance(self.focused, Input) and before.is_printable and event.is_printable
        return typed or event.key == before.key

    async def _forward(self, event: Key) -> None:
        if self._dropped(event):
            return
        below, first = self.focused or self.screen, self._handling is None
        self._handling = event
        await super().on_event(event)
        if first:
            below.post_message(KeyHandled())  # it comes back on the way of the key, behind it

    async def on_key_handled(self) -> None:
        if self._patience is not None:
            self._patience.stop()
        self._handling = self._patience = None
        while self._keys and self._handling is None:
            await self._forward(self._keys.popleft())

    def _dropped(self, event: Key) -> bool:
        """Is it right behind a key without effect? Then it belongs to something that did not open."""
        if event.key.startswith("ctrl+"):
            return False
        repeated, self._last_key = event.key == self._last_key, event.key
        if event.time >= self._dropped_until:
            return False
        if not repeated:  # a text is being typed, and not a key held down
            self._dropped_until = event.time + _DROP_SECONDS
        return True

    async def on_key(self, event: Key) -> None:
        """Nothing below has used the key: run its binding, or report that it has no effect here."""
        event.prevent_default()  # Textual's own handler does the first half of this
        if await self._check_bindings(event.key, priority=True) or await self._check_bindings(event.key):
            return
        screen = self.screen
        if isinstance(screen, Page):
            if not isinstance(screen.focused, Input):
                self._dropped_until = event.time + _DROP_SECONDS
            key = event.character if event.is_printable and event.character != " " else spell_key(event.key)
            screen.report(f"{key} does nothing here; ? shows the keys")


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
        Binding("z", "zone", "time zone", show=False, id="time-zone"),
        Binding("q", "leave", "back", id="back"),
        Binding("escape", "step_back", "one step back", show=False, id="step-back"),
    ]
    title_of_help = "hourscope"
    ASKING: ClassVar[frozenset[str]] = frozenset()
    """Actions that open an input. Their keys have priority, so that what is typed ahead goes into that input."""

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

    def explanation(self) -> tuple[str, ...]:
        """What one looks at here, in plain words, a paragraph each; then the shell that does the same."""
        return ()

    # Asking the explorer, asking a person, working in a thread.

    def request(self, request: Request) -> None:
        """Ask the explorer for another screen, or whatever it alone can do."""
        assert isinstance(self.app, Host)
        self.app.answer(request)

    def work(self, job: Callable[[], object], group: str, *, exclusive: bool = False) -> None:
        """Run a job in a thread; an `exclusive` one cancels those of its group."""
        self.run_worker(job, thread=True, exit_on_error=False, group=group, exclusive=exclusive)

    def ask(self, question: str, answer: Answer, value: str = "") -> None:
        """Ask on the last line."""
        self.prompt.ask(question, partial(self._answered, answer), value)

    def _answered(self, answer: Answer, text: str) -> None:
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

    # Reports.

    def report(self, sentence: str, *, bad: bool = False) -> None:
        """One sentence where the keys are (a long one over the lines above, too), until the next key."""
        self.keys.report(sentence, bad=bad)
        self.notice.report(sentence, bad=bad, asking=self.prompt.display)

    def clear_report(self) -> None:
        """The sentence was read."""
        self.keys.clear()
        self.notice.clear()

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
        """A job has found something out about the hours: show it."""

    def interrupt(self) -> bool:
        """Stop what runs here; False if nothing does."""
        return False

    def action_stop(self) -> None:
        self.interrupt()

    # Time zones.

    def zones(self) -> str:
        """For the header: the archive's time zone, and the one that moments are shown in where it is another."""
        if self.session is None:
            return ""
        own, shown = zone_name(self.session.archive.zone), zone_name(self.session.zone)
        return own if own == shown else f"{own}, times in {shown}"

    def show_times(self) -> None:
        """Draw again what shows moments; `session.zone` has changed."""

    def action_zone(self) -> None:
        """Moments in the archive's zone, in UTC, in this machine's. Hours stay the archive's: they name chunks."""
        session = self.session
        if session is None:
            return
        zones = choices_of_zone(session.archive.zone)
        names = [zone_name(zone) for zone in zones]
        if len(zones) == 1:
            self.report(f"times are in {names[0]}: the archive's zone, UTC and this machine's are one")
            return
        session.times = zones[(names.index(zone_name(session.zone)) + 1) % len(zones)]
        self.show_times()
        own = f"hours stay the archive's ({names[0]}): its keys name them"
        self.report(f"times are in {zone_name(session.zone)}; {own}")

    # Keys.

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "hint":
            return isinstance(self.app, Host) and self.app.tour is not None
        if action == "zone":
            return self.session is not None
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
        self.request(Explain(self.title_of_help, self.explanation()))


class ArchivePage(Page):
    """A screen of an archive: it has a filter, hours to go to, and a command line that does the same."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "filter", id="filter", priority=True),
        Binding("colon", "time", "go to time", show=False, id="go-to-time", priority=True),
        Binding("y", "copy", "copy the command", show=False, id="copy"),
        Binding("semicolon", "note", "add a note", show=False, id="note", priority=True),
        Binding("apostrophe", "notebook", "notebook", show=False, id="notebook"),
    ]
    ASKING = frozenset({"filter", "time", "note"})
    session: Session

    def action_filter(self) -> None:
        self.ask(
            "filter, JMESPath or -g TEXT -e RE -m EXPR -v (empty: every record):",
            self._put_filter,
            self.session.filter.describe() if self.session.filter.arguments() else "",
        )

    def _put_filter(self, text: str) -> str | None:
        return self.put_filter(read_filter(text))

    def put_filter(self, filter_: Filter) -> str | None:
        """Use another filter; returns a sentence about it. HourscopeError if it cannot be used here."""
        raise NotImplementedError

    def action_time(self) -> None:
        self.ask("go to (2015-01-20T13, yesterday, -6h):", self._go_to)

    def _go_to(self, text: str) -> str | None:
        hour = floor_hour(parse_time(text, self.session.archive.zone))
        sentence = self.go_to(hour)
        return sentence or (f"{text.strip()} is in this hour; its records are not cut" if has_minutes(text) else None)

    def go_to(self, hour: datetime) -> str | None:
        """Preview an hour, or the nearest that has a chunk; returns a sentence if it is another."""
        nearest = self.session.nearest(hour)
        if nearest is None:
            return "this archive has no chunk"
        if trouble := self.session.out_of_reach(nearest):
            return trouble
        self.open_hour(nearest)
        return None if nearest == hour else f"{hour:%a %Y-%m-%d %H:00} has no chunk; this is the nearest hour that has"

    def open_hour(self, hour: datetime) -> None:
        self.session.place = hour
        self.request(OpenHour(self.session, hour, self.session.chunks(hour)))

    def note_subject(self) -> tuple[str, Spot, bytes | None]:
        """What a note is about: in words, where that is, and the record if it is one."""
        hour = self.session.place or self.session.last
        spot = Spot(hour=spell_hour(hour), filter=tuple(self.session.filter.arguments()))
        return f"{hour:%a} {hour.day} {hour:%b %Y %H:00}", spot, None

    def action_note(self) -> None:
        subject = self.note_subject()
        self.ask(f"note on {subject[0]}:", partial(self._note, *subject))

    def _note(self, subject: str, spot: Spot, record: bytes | None, text: str) -> str:
        if not text.strip():
            return "nothing was noted"
        reports: list[str] = []
        self.session.notebook.add(note_entry(text.strip(), subject, spot, record), reports.append)
        kept = "noted; ' opens the notebook" if self.session.notebook.enabled else "the config turns notebooks off"
        return reports[0] if reports else kept

    def action_notebook(self) -> None:
        self.request(ShowNotebook(self.session))

    def command(self) -> str:
        """The command line that does what this screen shows, or several on a line each."""
        raise NotImplementedError

    def action_copy(self) -> None:
        copy_text(self.app, command := self.command())
        first, *more = command.splitlines()
        self.report(f"copied, if this terminal lets us: {first}{f' and {len(more)} more' if more else ''}")
