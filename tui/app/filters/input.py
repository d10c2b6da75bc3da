"""The input of the filter bar: it offers what the data have at the cursor, and what was typed before."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.events import Key
from textual.message import Message
from textual.strip import Strip
from textual.widgets.input import Selection
from textual.worker import get_current_worker

from tui.app.filters.completion import Completion, complete
from tui.app.filters.cursor import Node, tree_of
from tui.app.filters.drop import Drop, Item
from tui.app.filters.sample import sampled
from tui.app.model.remembered import StateError, Typed, keep_typed, read_typed
from tui.app.records.store import Records, RecordsGone
from tui.app.requests import Failed
from tui.app.terminal.guard import Guarded
from tui.app.widgets.lines import LineWidget, strip_of
from tui.app.widgets.prompt import TextInput
from tui.filter import Kind
from tui.filter.fields import Fields
from tui.filter.terms import KIND_WORDS

_SAMPLE = 1_000  # records whose fields are offered
_BYTES = 16 << 20  # of them
_VALUES = 100  # of each


class FilterInput(Guarded, TextInput):
    """`tab` takes what is offered; `up` and `down` go over what is offered, or over what was typed before."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "keep as a term", id="filter-keep"),
        Binding("tab", "complete", "complete", id="filter-complete"),
        Binding("up", "up", "typed before", id="filter-older"),
        Binding("down", "down", "newer, or records", show=False, id="filter-newer"),
    ]

    class Left(Message):
        """The focus should go back to the records."""

    @dataclass
    class Prepared(Message):
        """What there is to complete from, of so many records; and what was typed before, the newest last."""

        tree: Node
        records: int
        typed: list[Typed]

    def __init__(self, kind: KindLabel, offers: Drop) -> None:
        super().__init__("type to filter; enter keeps it")
        self.can_focus = False  # tab goes past it; / opens it
        self._kind = kind
        self._offers = offers
        self._tree = Node()
        self._sampled = 0
        self._completion = Completion(0, 0)
        self._typed: list[Typed] = []
        self._back = 0  # steps into what was typed before
        self._recalled = ""
        self._draft: Typed = ("match", "")

    def open(self, records: Records | None) -> None:
        """Type; `records` are those whose fields are offered."""
        self.can_focus = True
        self.screen.set_focus(self)
        job = partial(self._prepare, records)
        self.run_worker(job, thread=True, exit_on_error=False, group="prepare", exclusive=True)

    async def _on_key(self, event: Key) -> None:
        """Its keys are done here, in the order in which they are typed: as bindings they would come behind the letters
        that are typed after them, where several arrive at once."""
        active = None if event.is_printable else self.screen.active_bindings.get(event.key)
        if active is not None and active.node is self and active.enabled:
            event.stop()
            event.prevent_default()
            await self.run_action(active.binding.action)

    def on_blur(self) -> None:
        self.can_focus = False
        self.close_offers()

    def _prepare(self, records: Records | None) -> None:
        """Measure the first records, unless that was done when there were as many; read what was typed before."""
        worker, fields = get_current_worker(), Fields()
        known = min(len(records), _SAMPLE) if records is not None else 0
        try:
            if records is not None and known > self._sampled:
                fields.feed(sampled(records, range(known), _BYTES))
            typed = read_typed()
        except RecordsGone:
            return
        except StateError as error:
            self.post_message(Failed(str(error)))
            typed = []
        if not worker.is_cancelled:
            self.post_message(self.Prepared(tree_of(fields.found(_VALUES)), fields.records, typed))

    def on_filter_input_prepared(self, message: Prepared) -> None:
        message.stop()
        self._typed, self._back = message.typed, 0
        if message.records:
            self._tree, self._sampled = message.tree, message.records
            self.offer()

    def keep(self) -> None:
        """Remember what is typed now, for another time."""
        typed = (self._kind.kind, self.value)
        if self.value.strip():
            self.run_worker(partial(self._keep, typed), thread=True, exit_on_error=False, group="keep")

    def _keep(self, typed: Typed) -> None:
        try:
            keep_typed(typed)
        except StateError as error:
            self.post_message(Failed(str(error)))

    def put(self, kind_and_text: Typed, selected: tuple[int, int] = (0, 0)) -> None:
        """Another expression; a part of it may be selected, so that typing replaces it."""
        kind, text = kind_and_text
        self._kind.put(kind)
        self.value = text
        start, end = selected if any(selected) else (len(text), len(text))
        self.selection = Selection(start, end)

    def offer(self) -> None:
        """Show what may stand at the cursor; nothing for an empty text, or while one looks at earlier ones."""
        recalled = self._back and self.value == self._recalled
        if not self.has_focus or self._kind.kind != "match" or not self.value.strip() or recalled:
            self.close_offers()
            return
        self._completion = complete(self.value, self.cursor_position, self._tree)
        self._offers.fill([Item(each.text, each.about, "", each.kind) for each in self._completion.candidates])

    def close_offers(self) -> bool:
        """Offer nothing any more; was there something?"""
        shown = self._offers.display
        self._offers.fill(())
        return shown

    def _take(self, at: int) -> None:
        candidate = self._completion.candidates[at]
        self.value, cursor = self._completion.taken(self.value, candidate)
        self.cursor_position = cursor
        self.close_offers()

    def action_complete(self) -> None:
        """Take the first, or the chosen one; with nothing to take, on to the terms."""
        if not self._offers.display:
            self._completion = complete(self.value, self.cursor_position, self._tree)
            candidates = self._completion.candidates if self._kind.kind == "match" and self.value.strip() else ()
            if not candidates:
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
        """So many steps back; none is what was being typed."""
        if not self._back:
            self._draft = (self._kind.kind, self.value)
        self._back = back
        kind, text = self._typed[-back] if back else self._draft
        self._recalled = text
        self.close_offers()
        self.put((kind, text))


KINDS = tuple(KIND_WORDS)
KIND_WIDTH = 20


class KindLabel(LineWidget):
    """What kind of expression is typed, and what it looks at."""

    def __init__(self) -> None:
        super().__init__()
        self.kind: Kind = KINDS[0]

    def put(self, kind: Kind) -> None:
        self.kind = kind
        self.repaint()

    def draw(self, y: int, width: int) -> Strip:
        name, about = KIND_WORDS[self.kind]
        palette = self.palette
        return strip_of([(f" {name}", palette.title), (f" {about}", palette.dim)], width)


class CountLabel(LineWidget):
    """How many of the previewed records match; on the right."""

    def __init__(self) -> None:
        super().__init__()
        self._words = ""

    def show(self, words: str) -> None:
        self._words = words
        self.repaint()

    def draw(self, y: int, width: int) -> Strip:
        words = self._words if len(self._words) < width else self._words.replace(" previewed", "")
        return strip_of([(f"{words} ".rjust(width), self.palette.strong)], width)
