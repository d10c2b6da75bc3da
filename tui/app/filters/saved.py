"""The saved filters in the config file: pick one from a list, or save the current filter under a name."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from tui.app.filters.drop import DropItem, Picker
from tui.app.requests import Ask, Failed
from tui.config import load_config
from tui.config_file import save_filter
from tui.errors import FilterError, HourscopeError
from tui.filter import Filter
from tui.filter.filter_line import read_filter, spell_filter
from tui.printable import printable


class SavedFilters(Picker):
    """The config's filters, read each time the list is shown."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("plus", "pick('add')", "add to the terms", id="add"),
        Binding("ctrl+s", "pick('save')", "save the current filter", id="save"),
    ]

    @dataclass
    class Used(Message):
        """Use a saved filter: `alone`, or in addition to the current terms."""

        filter: Filter
        alone: bool

    def __init__(self, config: Path) -> None:
        super().__init__()
        self._config = config
        self._filters: list[tuple[str, str]] = []
        self._current: Filter | None = None

    def show(self, current: Filter | None) -> None:
        """Let the user choose a filter. `current`: the filter that can be saved."""
        try:
            self._filters = sorted(load_config(self._config).filters.items())
        except HourscopeError as error:
            self.post_message(Failed(str(error)))
            return
        self._current = current
        items = [DropItem(printable(words, 400), "", printable(name, 40), "text") for name, words in self._filters]
        none = [DropItem("no saved filters yet; ctrl+s saves the current one under a name")]
        self.offer(items or none, f"saved filters, from [filters] in {self._config}")

    def pick(self, number: int, how: str) -> None:
        if how == "save":
            self._save()
        elif number < len(self._filters):
            words = self._filters[number][1]
            try:
                self.post_message(self.Used(read_filter(words), how == "take"))
            except FilterError as error:
                self.post_message(Failed(f"{words}: {error}"))

    def _save(self) -> None:
        if self._current is None or not self._current.active:
            self.post_message(Failed("there is no filter to save: type one, or press = on a value"))
        else:
            save = partial(self._save_as, spell_filter(self._current))
            self.post_message(Ask("save the filter as:", save))

    def _save_as(self, words: str, name: str) -> str | None:
        if not name.strip():
            return None
        save_filter(self._config, name.strip(), words)
        return f"saved as {name.strip()} in {self._config}"
