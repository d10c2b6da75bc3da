"""The two lists that one picks a filter from: what can be asked of a value, and the filters that have names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.events import Key

from tui.app.filters.drop import Item, Picker
from tui.app.model.command import read_filter
from tui.filter import Filter
from tui.filter.build import Comparison, Place, comparisons, spell_field
from tui.filter.fields import ANY
from tui.printable import printable


class Comparisons(Picker):
    """What can be asked of a value, by its type. Its sign picks a line at once."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+e", "pick('edit')", "edit first", id="edit-text")]

    def __init__(self) -> None:
        super().__init__()
        self.offered: tuple[Comparison, ...] = ()

    def ask(self, path: Place, value: object, *, cut: bool) -> None:
        """`cut`: only the beginning of a longer text is known."""
        self.offered = tuple(each for each in comparisons(path, value) if not cut or each.sign in "^~*0")
        items = [Item(each.expression, "", f"{each.sign:<3}{each.meaning}", "text") for each in self.offered]
        anywhere = tuple(ANY if isinstance(step, int) else step for step in path)
        self.offer(items, f"records whose {printable(spell_field(anywhere), 60)} …")

    def on_key(self, event: Key) -> None:
        for number, each in enumerate(self.offered):
            if event.character and event.character == each.sign:
                event.stop()
                event.prevent_default()
                self.at = number
                self.action_pick("take")
                return


class SavedFilters(Picker):
    """The filters of the config file, by name."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("plus", "pick('add')", "add to the terms", id="add"),
        Binding("ctrl+s", "pick('save')", "save the current filter", id="save"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.filters: list[tuple[str, str]] = []

    def show(self, filters: Mapping[str, str], place: str) -> None:
        self.filters = sorted(filters.items())
        items = [Item(printable(words, 400), "", printable(name, 40), "text") for name, words in self.filters]
        none = [Item("no filter is saved yet; ctrl+s saves the current one under a name")]
        self.offer(items or none, f"saved filters, of [filters] in {place}")


def read_saved(words: str) -> Filter:
    """The filter that a name stands for. FilterError if it is malformed."""
    return read_filter(words)


def saved_words(filter_: Filter) -> str:
    """As `read_saved` reads it; what is switched off is left out."""
    active = filter_.active
    if len(active) == 1 and active[0].kind == "match" and not filter_.invert:
        return active[0].text
    return filter_.describe()
