"""An app at the end of a slow wire: keys are dealt with one after the other, so that what is typed ahead goes to what a
key opens; of the screen only what differs is sent; and no defect ends it, as long as it can be reported."""

from __future__ import annotations

from collections import deque
from typing import cast

from rich.console import RenderableType
from textual.events import Event, Key, Resize
from textual.message import Message
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import Input

from tui.app.terminal.flow import PacedApp
from tui.app.terminal.guard import Defects, Guarded
from tui.app.terminal.paint import Glass

_DROP_SECONDS = 0.3
_PATIENCE_SECONDS = 1.0  # with a key that does not come back: what had the focus is gone


class KeyHandled(Message):
    """A key has been dealt with, or is back at the app."""


class WiredApp(Guarded, PacedApp):
    """Keys right behind one without effect are dropped. Subclasses report on the screen in front."""

    def __init__(self) -> None:
        super().__init__()
        self._keys: deque[Key] = deque()  # that have arrived and wait for their turn
        self._handling: Key | None = None  # the one that is on its way
        self._patience: Timer | None = None
        self._dropped_until = 0.0  # keys that arrived before that are dropped
        self._last_key = ""
        self.defects = Defects()
        self._reporting = False  # a defect; one in doing so ends the app
        self._glass = Glass(colors=not self.no_color)

    @property
    def reports(self) -> bool:
        """Can the screen in front show a sentence?"""
        raise NotImplementedError

    def report(self, sentence: str, *, bad: bool = False) -> None:
        """Show a sentence on the screen in front, if it can."""
        raise NotImplementedError

    def spell(self, event: Key) -> str:
        """A key as a person would say it."""
        raise NotImplementedError

    # Keys.

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
        if not isinstance(self.screen.focused, Input):
            self._dropped_until = event.time + _DROP_SECONDS
        self.report(f"{self.spell(event)} does nothing here; ? shows the keys")

    # What goes to the terminal.

    def watch_resume(self) -> None:
        """After a suspension nothing is known of what the terminal shows."""
        self.app_resume_signal.subscribe(self, lambda _: self._glass.forget())

    def on_resize(self, event: Resize) -> None:
        self.console.size = event.size  # in a browser, Rich would keep the first size

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        """Every update on its way to the terminal: only what differs is sent."""
        super()._display(screen, cast("RenderableType | None", self._glass.lean(renderable)))

    def action_redraw(self) -> None:
        """Send the whole screen again, in case something else wrote on the terminal."""
        self._glass.forget()
        self.screen.refresh()

    # What nobody foresaw.

    def defect(self, error: Exception) -> str:
        """Keep an error that nobody foresaw for `--debug`; the sentence about it."""
        return self.defects.add(error)

    def _handle_exception(self, error: Exception) -> None:
        """Textual's way out for every exception: here it is a sentence, as long as a screen can show one."""
        if self._reporting or not self.is_running or not self.reports:
            super()._handle_exception(error)
            return
        self._reporting = True
        try:
            self.report(self.defect(error), bad=True)
        finally:
            self._reporting = False
