"""The prompt: a question on the last line with one input, answered with enter, canceled with escape."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.events import Paste
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input
from textual.widgets.input import Selection

from tui.app.terminal.guard import Guarded
from tui.app.widgets.lines import LineWidget, strip_of

_EXPLANATION = re.compile(r" \(([^()]*)\)")
_LEAST_ROOM = 30  # cells of the input


class Label(LineWidget):
    """A one-line label."""

    def __init__(self, words: str = "") -> None:
        super().__init__()
        self._words = words
        self.styles.width = len(words)

    def show(self, words: str) -> None:
        if words != self._words:
            self._words = words
            self.styles.width = len(words)
            self.repaint()

    def draw(self, y: int, width: int) -> Strip:
        return strip_of([(self._words, self.palette.dim)], width)


class TextInput(Input):
    """An input that repaints little (no border, no blinking cursor) and accepts all lines of pasted text."""

    def __init__(self, placeholder: str = "") -> None:
        super().__init__(placeholder=placeholder, compact=True, select_on_focus=False)
        self.cursor_blink = False

    def on_paste(self, event: Paste) -> None:
        """Insert the pasted lines joined by blanks: a filter may be copied from wrapped text."""
        event.prevent_default()
        event.stop()
        text = " ".join(line.strip() for line in event.text.splitlines() if line.strip())
        self.replace(text, *self.selection)


class Prompt(Guarded, Horizontal):
    """The prompt. Hidden until `ask`; it covers the line of keys, so nothing else moves."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "drop", "cancel", id="step-back")]

    @dataclass
    class Typed(Message):
        """The text typed so far."""

        question: str
        text: str

    def __init__(self, typing: Callable[[], None]) -> None:
        """`typing` is called when a question is asked, and whenever the text changes."""
        super().__init__()
        self._typing = typing
        self._label = Label()
        self._input = TextInput()
        self._asked: tuple[str, Callable[[str], None]] | None = None
        self._value = ""  # the text before the last change
        self._whole = True  # whether the question is shown with its explanation
        self._before: Widget | None = None

    def compose(self) -> ComposeResult:
        yield self._label
        yield self._input

    def ask(self, question: str, answer: Callable[[str], None], value: str = "") -> None:
        """Ask a question; `answer` is called with the typed text. The value is selected: typing replaces it."""
        self._typing()
        self._before = self.screen.focused
        self._asked, self._value = (question, answer), value
        self._whole = True
        self._show_question(value)
        self._input.value = value
        self._input.selection = Selection(0, len(value))
        self.display = True
        self.screen.set_focus(self._input)

    def _show_question(self, text: str) -> None:
        """Show the question; if `text` has too little room beside it, without the explanation in parentheses.

        An explanation that was left out stays so, and is in the empty input.
        """
        question = self._asked[0] if self._asked else ""
        self._whole = self._whole and self.screen.size.width - len(question) - 3 >= max(len(text), _LEAST_ROOM)
        explanation = _EXPLANATION.search(question)
        left_out = not self._whole and explanation is not None
        self._label.show(f" {_EXPLANATION.sub('', question) if left_out else question} ")
        self._input.placeholder = explanation[1] if left_out and explanation else ""

    def on_resize(self) -> None:
        self._show_question(self._input.value)

    def again(self) -> None:
        """Ask the same question again with the typed text, which was refused."""
        if self._asked is not None:
            self.ask(*self._asked, self._input.value)
            self._input.cursor_position = len(self._input.value)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if event.value != self._value:
            self._value = event.value
            self._show_question(event.value)
            self._typing()
            if self.display and self._asked is not None:
                self.post_message(self.Typed(self._asked[0], event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if self.display and self._asked is not None:
            self.action_drop()
            self._asked[1](event.value)

    def action_drop(self) -> None:
        self.display = False
        self.screen.set_focus(self._before)
