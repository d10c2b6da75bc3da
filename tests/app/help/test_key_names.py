"""[keys] is checked by a table without Textual: it says what the explorer's own bindings say."""

from __future__ import annotations

import importlib
import pkgutil
from collections import defaultdict

from textual.binding import Binding

import tui.app
from tui.keys import ACTIONS, SCREENS


def test_the_table_of_keys_is_that_of_the_explorer() -> None:
    bound = defaultdict[str, set[str]](set)
    for module in pkgutil.walk_packages(tui.app.__path__, "tui.app."):
        for kind in vars(importlib.import_module(module.name)).values():
            if isinstance(kind, type) and kind.__module__ == module.name and "BINDINGS" in vars(kind):
                for binding in Binding.make_bindings(vars(kind)["BINDINGS"]):
                    if binding.id:
                        bound[binding.id].add(binding.key)
    assert set(bound) == ACTIONS
    listed = defaultdict[str, set[str]](set)
    for panes in SCREENS.values():
        for pane in panes:
            for name, keys in pane.items():
                listed[name] |= set(keys.split(","))
    assert {name: keys for name, keys in listed.items() if name in ACTIONS} == dict(bound)
