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

from tui.app.messages import Failed
from tui.app.widgets.bars import HeaderLine, KeyLine
from tui.app.widgets.prompt import Prompt

if TYPE_CHECKING:
    from tui.app.app import Explorer


class Page(Screen[None]):
    """A screen of hourscope. Subclasses give `contents`, `explanation` and their keys."""

    AUTO_FOCUS = ""
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (112, "-wide")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark", "help", "help", id="help"),
        Binding("x", "explain", "explain", show=False, id="explain"),
        Binding("q,escape", "leave", "back", id="back"),
    ]
    title_of_help = "hourscope"
    ASKING: ClassVar[frozenset[str]] = frozenset()
    """Actions that open an input. Their keys have priority, so that what is typed ahead goes into that input."""

    def __init__(self) -> None:
        super().__init__()
        self.header = HeaderLine()
        self.keys = KeyLine()
        self.prompt = Prompt()

    @property
    def explorer(self) -> Explorer:
        from tui.app.app import Explorer

        assert isinstance(self.app, Explorer)
        return self.app

    def compose(self) -> ComposeResult:
        yield self.header
        yield from self.contents()
        yield self.keys
        yield self.prompt

    def contents(self) -> list[Widget]:
        """The widgets between the header and the line of keys."""
        raise NotImplementedError

    def explanation(self) -> tuple[str, ...]:
        """What one looks at here, in plain words, a paragraph each; then the shell that does the same."""
        return ()

    def say(self, sentence: str, *, bad: bool = False) -> None:
        """One sentence where the keys are, until the next key."""
        self.keys.say(sentence, bad=bad)

    def on_key(self, _: Key) -> None:
        self.keys.clear()

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
        return not (action in self.ASKING and isinstance(self.focused, Input))

    def interrupt(self) -> bool:
        """Stop what runs here; False if nothing does."""
        return False

    def action_leave(self) -> None:
        self.explorer.leave()

    def action_help(self) -> None:
        from tui.app.screens.help import HelpPage

        self.app.push_screen(HelpPage(self))

    def action_explain(self) -> None:
        from tui.app.screens.help import ExplainPage

        self.app.push_screen(ExplainPage(self))
