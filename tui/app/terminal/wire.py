"""An app for a slow line. Keys are handled one at a time: keys typed ahead go to whatever the previous key opens. Only
changed cells are sent. A defect is reported, if possible, and does not end the app."""

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
_PATIENCE_SECONDS = 1.0  # for a key that does not come back because the focused widget is gone


class KeyHandled(Message):
    """A key has been handled, or is back at the app."""


class WiredApp(Guarded, PacedApp):
    """Drops keys that arrive right after a key without effect. Subclasses report on the current screen."""

    def __init__(self) -> None:
        super().__init__()
        self._keys: deque[Key] = deque()  # keys that wait for their turn
        self._handling: Key | None = None  # the key being handled
        self._patience: Timer | None = None
        self._dropped_until = 0.0  # earlier keys are dropped
        self._last_key = ""
        self.defects = Defects()
        self._reporting = False  # a defect is being reported; another one meanwhile ends the app
        self._glass = Glass(colors=not self.no_color)

    @property
    def reports(self) -> bool:
        """Whether the current screen can show a sentence."""
        raise NotImplementedError

    def report(self, sentence: str, *, bad: bool = False) -> None:
        """Show a sentence on the current screen, if it can."""
        raise NotImplementedError

    def spell(self, event: Key) -> str:
        """Return a key's readable name."""
        raise NotImplementedError

    # Keys.

    async def on_event(self, event: Event) -> None:
        """Handle keys one at a time: of several that arrive at once, each goes to whatever the previous one opened."""
        if not isinstance(event, Key) or event.is_forwarded:
            await super().on_event(event)
        elif self._handling is None or (not self._keys and self._alike(self._handling, event)):
            await self._forward(event)
        else:
            self._keys.append(event)
            self._patience = self._patience or self.set_timer(_PATIENCE_SECONDS, self.on_key_handled)

    def _alike(self, before: Key, event: Key) -> bool:
        """Return whether a key need not wait for the previous one: a key held down, or typing in an input."""
        typed = isinstance(self.focused, Input) and before.is_printable and event.is_printable
        return typed or event.key == before.key

    async def _forward(self, event: Key) -> None:
        if self._dropped(event):
            return
        below, first = self.focused or self.screen, self._handling is None
        self._handling = event
        await super().on_event(event)
        if first:
            below.post_message(KeyHandled())  # follows the key on its way back to the app

    async def on_key_handled(self) -> None:
        if self._patience is not None:
            self._patience.stop()
        self._handling = self._patience = None
        while self._keys and self._handling is None:
            await self._forward(self._keys.popleft())

    def _dropped(self, event: Key) -> bool:
        """Return whether to drop a key right after one without effect: it was meant for something that did not open."""
        if event.key.startswith("ctrl+"):
            return False
        repeated, self._last_key = event.key == self._last_key, event.key
        if event.time >= self._dropped_until:
            return False
        if not repeated:  # typing, not a key held down
            self._dropped_until = event.time + _DROP_SECONDS
        return True

    async def on_key(self, event: Key) -> None:
        """Run the binding of a key that no widget has used, or report that it has no effect here."""
        event.prevent_default()  # Textual's handler would run the binding again
        if await self._check_bindings(event.key, priority=True) or await self._check_bindings(event.key):
            return
        if not isinstance(self.screen.focused, Input):
            self._dropped_until = event.time + _DROP_SECONDS
        self.report(f"{self.spell(event)} does nothing here; ? shows the keys")

    # Output to the terminal.

    def watch_resume(self) -> None:
        """Forget the terminal's cells after a suspension."""
        self.app_resume_signal.subscribe(self, lambda _: self._glass.forget())

    def on_resize(self, event: Resize) -> None:
        self.console.size = event.size  # in a browser, Rich would keep the first size

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        """Send only the cells of an update that have changed."""
        super()._display(screen, cast("RenderableType | None", self._glass.lean(renderable)))

    def action_redraw(self) -> None:
        """Send the whole screen again, in case something else wrote on the terminal."""
        self._glass.forget()
        self.screen.refresh()

    # Unexpected errors.

    def defect(self, error: Exception) -> str:
        """Store an unexpected error for `--debug`; return a sentence about it."""
        return self.defects.add(error)

    def _handle_exception(self, error: Exception) -> None:
        """Report an exception as a sentence if a screen can show it; else end the app, as Textual does."""
        if self._reporting or not self.is_running or not self.reports:
            super()._handle_exception(error)
            return
        self._reporting = True
        try:
            self.report(self.defect(error), bad=True)
        finally:
            self._reporting = False
