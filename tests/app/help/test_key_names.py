"""The table of keys (tui/keys.py, without Textual), the explorer's own bindings, its help and its footer agree."""

from __future__ import annotations

import importlib
import pkgutil
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.binding import Binding
from textual.dom import DOMNode
from textual.pilot import Pilot
from textual.widgets import Input

import tui.app
from tests.app.conftest import Opened, add_term, assert_shown, preview_of, shown, until
from tui.app.app import Explorer
from tui.app.help.screen import HelpPage
from tui.app.page import Page
from tui.app.widgets.bars import spell_key
from tui.app.widgets.lines import LineWidget
from tui.keys import ACTIONS, KEYS, SCREENS, conflicts

_UNNAMED = ("switch",)  # the numbers, which no config binds

PLACES = {
    "calendar": ("calendar", ()),
    "chunks": ("calendar", ("tab",)),
    "preview": ("preview", ("enter",)),
    "tree": ("preview", ("enter", "tab")),
    "fields": ("preview", ("enter", "f")),
    "terms": ("preview", ("enter", "tab", "j", "equals_sign", "T")),
    "saved filters": ("preview", ("enter", "L")),
    "more of a value": ("preview", ("enter", "tab", "j", "o")),
    "what changed": ("what changed", ("d",)),
    "scan": ("scan", ("s",)),
    "scan over": ("scan", ("s", "enter", "y", "enter")),
    "send": ("send", ("p",)),
    "notebook": ("notebook", ("apostrophe",)),
    "jobs": ("jobs", ("J",)),
    "jobs with a job": ("jobs", ("s", "enter", "y", "enter", "J")),
    "help": ("help", ("question_mark",)),
    "explain": ("help", ("x",)),
}


def bound_in_classes() -> Iterator[Binding]:
    for module in pkgutil.walk_packages(tui.app.__path__, "tui.app."):
        for kind in vars(importlib.import_module(module.name)).values():
            if isinstance(kind, type) and kind.__module__ == module.name and "BINDINGS" in vars(kind):
                yield from Binding.make_bindings(vars(kind)["BINDINGS"])


def test_an_action_has_the_same_keys_wherever_it_is_bound() -> None:
    bound = defaultdict[str, set[str]](set)
    for binding in bound_in_classes():
        if not binding.action.startswith(_UNNAMED):
            assert binding.id, f"{binding} has no name for [keys]"
            bound[binding.id].add(binding.key)
    assert {name: keys for name, keys in bound.items() if len(keys) > 1 and keys != set(KEYS[name].split(","))} == {}
    assert {name: ",".join(keys) for name, keys in bound.items() if len(keys) == 1} | {} == {
        name: KEYS[name] for name in bound if len(bound[name]) == 1
    }
    assert set(bound) == ACTIONS


def test_no_key_has_two_meanings_on_one_screen() -> None:
    assert list(conflicts({})) == []


def test_every_action_is_on_some_screen() -> None:
    assert set().union(*SCREENS.values()) == set(KEYS)


async def reach(pilot: Pilot[int], keys: tuple[str, ...]) -> Page:
    for key in keys:
        await pilot.press(key)
        if key in ("enter", "equals_sign"):
            await pilot.pause(0.1)
        screen = pilot.app.screen
        if key == "enter" and hasattr(screen, "view"):
            opened = preview_of(pilot)
            await until(pilot, lambda: opened.ended)  # noqa: B023
    assert isinstance(pilot.app.screen, Page)
    return pilot.app.screen


@pytest.mark.parametrize("place", PLACES)
async def test_live_keys_are_those_of_the_table_and_the_help_and_the_footer_name_them(
    opened: Opened, place: str
) -> None:
    screen, keys = PLACES[place]
    async with opened(size=(320, 24)) as pilot:
        page = await reach(pilot, keys)
        _assert_of_the_table(pilot, page, screen)
        if screen != "help":
            await _assert_named(pilot, page, place)


def _assert_of_the_table(pilot: Pilot[int], page: Page, screen: str) -> None:
    """Assert that the keys of all panes are in the table, whatever has the focus and whatever the screen's state."""
    meanings = defaultdict[str, set[str]](set)
    for node in [pilot.app, page, *page.query("*")]:
        if isinstance(node, DOMNode) and not isinstance(node, Input) and not _has_other_keys(node):
            for key, binding in node._bindings:
                if binding.id and not binding.id.startswith("app--"):
                    meanings[key].add(binding.id)
    assert {key: names for key, names in meanings.items() if len(names) > 1} == {}
    assert set().union(*meanings.values()) <= SCREENS[screen]


def _has_other_keys(node: DOMNode) -> bool:
    """Other keys work while text is typed, so the prompt and the filter bar have their own entries in the table.
    What only shows has no live keys."""
    return (isinstance(node, LineWidget) and not node.can_focus) or any(
        kind.__name__ in ("Prompt", "FilterBar") for kind in type(node).__mro__
    )


async def _assert_named(pilot: Pilot[int], page: Page, place: str) -> None:
    live = [active.binding for active in page.active_bindings.values() if active.enabled and active.binding.id]
    footer = shown(pilot).splitlines()[-1]
    for action in {binding.action for binding in live if binding.show and binding.id in KEYS}:
        keys = [spell_key(binding.key) for binding in live if binding.action == action]
        assert any(f" {key} " in footer for key in keys), f"the footer of {place} lacks {action}: {footer}"
    await pilot.press("question_mark")
    assert isinstance(pilot.app.screen, HelpPage)
    words = "\n".join("".join(text for text, _ in line) for line in pilot.app.screen.table.lines(200))
    for binding in live:
        if binding.id in ACTIONS:
            assert spell_key(binding.key) in words, f"the help of {place} lacks {binding}"


def test_the_docs_name_every_key_of_the_table() -> None:
    section = (Path(__file__).parents[3] / "docs" / "explorer.md").read_text()
    missing = [
        name
        for name in KEYS
        if name not in ("quit", "redraw", "down", "up", "left", "right", "page-down", "page-up", "term on/off")
        and not any(f"{spell_key(key)}" in section for key in KEYS[name].split(","))
    ]
    assert missing == []


async def test_a_key_of_the_config_moves_its_action_everywhere(small_archive: Path) -> None:
    from tui.config import Config, S3Options

    config = Config(Path("/config.toml"), keys={"open": "f5", "copy": "Y"})
    app = Explorer(str(small_archive), timezone=None, s3=S3Options(), config=config)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "29/30 h" in shown(pilot))
        await pilot.press("enter")
        await assert_shown(pilot, "enter does nothing here")
        await pilot.pause(0.35)
        await pilot.press("f5")
        opened = preview_of(pilot)
        await until(pilot, lambda: opened.ended)
        await add_term(pilot, "n < `3`")
        await pilot.press("Y", "r")
        await assert_shown(pilot, "copied record")
