"""The input of the filter bar, with completion from the data and a history."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.events import Key, Paste
from textual.message import Message
from textual.widgets.input import Selection

from tui.app.filters.completion import Completion, complete
from tui.app.filters.cursor import SampleNode, tree_of
from tui.app.filters.drop import Drop, DropItem
from tui.app.filters.labels import KindLabel
from tui.app.filters.pasted import is_list, lines_of
from tui.app.filters.sample import sampled
from tui.app.model.remembered import StateError, TypedText, keep_typed, read_typed
from tui.app.records.store import Records
from tui.app.requests import Failed
from tui.app.terminal.guard import Guarded
from tui.app.widgets.prompt import TextInput
from tui.app.widgets.workers import stream
from tui.filter.fields import Fields

_SAMPLE = 1_000  # records whose fields are offered
_BYTES = 16 << 20  # of these records
_VALUES = 100  # of each field


class FilterInput(Guarded, TextInput):
    """The input. `tab` inserts a suggestion; `up` and `down` move over the suggestions or through the history."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "keep as a term", id="filter-keep"),
        Binding("tab", "complete", "complete", id="filter-complete"),
        Binding("up", "up", "older filters", id="filter-older"),
        Binding("down", "down", "newer, or records", show=False, id="filter-newer"),
    ]

    class Left(Message):
        """The focus should go back to the records."""

    @dataclass
    class ListPasted(Message):
        """Pasted lines; a record matches if it has any of them."""

        lines: list[str]

    @dataclass
    class Prepared(Message):
        """The tree for completion, from so many records; and the history, the newest last."""

        tree: SampleNode
        records: int
        typed: list[TypedText]

    def __init__(self, kind: KindLabel, offers: Drop) -> None:
        super().__init__("type to filter; enter keeps it")
        self.can_focus = False  # tab goes past it; / opens it
        self._kind = kind
        self._offers = offers
        self._tree = SampleNode()
        self._sampled = 0
        self._completion = Completion(0, 0)
        self._typed: list[TypedText] = []
        self._back = 0  # steps back into the history
        self._recalled = ""
        self._draft: TypedText = ("match", "")

    def open(self, records: Records | None) -> None:
        """Take the focus. Completion offers the fields of `records`."""
        self.can_focus = True
        self.screen.set_focus(self)
        stream(self, self._prepare(records), "prepare")

    async def _on_key(self, event: Key) -> None:
        """Run the input's keys here, to keep the order of typing: if several keys arrive at once, a binding would run
        after the letters that follow it."""
        active = None if event.is_printable else self.screen.active_bindings.get(event.key)
        if active is not None and active.node is self and active.enabled:
            event.stop()
            event.prevent_default()
            await self.run_action(active.binding.action)

    def on_paste(self, event: Paste) -> None:
        """Make a term of a pasted list; insert anything else."""
        start, end = sorted(self.selection)
        lines = lines_of(event.text)
        if is_list(self._kind.kind, lines, self.value[:start], self.value[end:]):
            event.prevent_default()
            event.stop()
            self.post_message(self.ListPasted(lines))

    def on_blur(self) -> None:
        self.can_focus = False
        self.close_offers()

    def _prepare(self, records: Records | None) -> Iterator[Message]:
        """Measure the first records unless as many were measured before, and read the history."""
        fields, typed = Fields(), list[TypedText]()
        if records is not None and (known := min(len(records), _SAMPLE)) > self._sampled:
            fields.feed(sampled(records, range(known), _BYTES))
        try:
            typed = read_typed()
        except StateError as error:
            yield Failed(str(error))
        yield self.Prepared(tree_of(fields.summarize(_VALUES)), fields.records, typed)

    def on_filter_input_prepared(self, message: Prepared) -> None:
        message.stop()
        self._typed, self._back = message.typed, 0
        if message.records:
            self._tree, self._sampled = message.tree, message.records
            self.offer()

    def keep(self) -> None:
        """Add the current text to the history."""
        typed = (self._kind.kind, self.value)
        if self.value.strip():
            self.run_worker(partial(self._keep, typed), thread=True, exit_on_error=False, group="keep")

    def _keep(self, typed: TypedText) -> None:
        try:
            keep_typed(typed)
        except StateError as error:
            self.post_message(Failed(str(error)))

    def put(self, kind_and_text: TypedText, selected: tuple[int, int] = (0, 0)) -> None:
        """Replace the expression. Typing replaces the `selected` part."""
        kind, text = kind_and_text
        self._kind.put(kind)
        self.value = text
        start, end = selected if any(selected) else (len(text), len(text))
        self.selection = Selection(start, end)

    def offer(self) -> None:
        """Show the suggestions at the cursor; none for an empty text or one from the history."""
        recalled = self._back and self.value == self._recalled
        if not self.has_focus or self._kind.kind != "match" or not self.value.strip() or recalled:
            self.close_offers()
            return
        self._completion = complete(self.value, self.cursor_position, self._tree)
        self._offers.fill([DropItem(one.text, one.about, "", one.kind) for one in self._completion.suggestions])

    @property
    def partial(self) -> bool:
        """Whether the text before the cursor is the start of an offered name."""
        return self._offers.display and self._completion.partial

    def close_offers(self) -> bool:
        """Hide the suggestions; return whether there were any."""
        shown = self._offers.display
        self._offers.fill(())
        return shown

    def _take(self, at: int) -> None:
        suggestion = self._completion.suggestions[at]
        self.value, cursor = self._completion.taken(self.value, suggestion)
        self.cursor_position = cursor
        self.close_offers()

    def action_complete(self) -> None:
        """Insert the chosen suggestion, or the first; without suggestions, move the focus to the terms."""
        if not self._offers.display:
            self._completion = complete(self.value, self.cursor_position, self._tree)
            suggestions = self._completion.suggestions if self._kind.kind == "match" and self.value.strip() else ()
            if not suggestions:
                self.screen.focus_next()
                return
        self._take(max(self._offers.at, 0))

    async def action_submit(self) -> None:
        if self._offers.display and self._offers.at >= 0:
            self._take(self._offers.at)
        else:
            self.close_offers()
            await super().action_submit()

    def action_up(self) -> None:
        if self._offers.display and self._offers.at >= 0:
            self._offers.move(-1)
        elif self._back < len(self._typed):
            self._recall(self._back + 1)

    def action_down(self) -> None:
        if self._offers.display:
            self._offers.move(1)
        elif self._back:
            self._recall(self._back - 1)
        else:
            self.post_message(self.Left())

    def _recall(self, back: int) -> None:
        """Show the text `back` steps back in the history; 0 is the text being typed."""
        if not self._back:
            self._draft = (self._kind.kind, self.value)
        self._back = back
        kind, text = self._typed[-back] if back else self._draft
        self._recalled = text
        self.close_offers()
        self.put((kind, text))
