"""The keys of a screen in words. Keys with the same or the opposite effect are on one line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from textual.binding import Binding

from tui.app.widgets.bars import spell_key

CURSOR_MOVES = frozenset(("move", "page", "first", "last", "sideways", "scroll", "fold", "unfold", "flip"))
"""Actions that move a cursor; nobody looks them up by name."""
_MOVES = CURSOR_MOVES | frozenset(
    ("month", "match", "trouble", "time", "hour", "day", "zoom", "pane", "focus_next", "focus_previous")
)
_ALWAYS = frozenset(
    ("help", "explain", "leave", "step_back", "jobs", "zone", "quit", "redraw", "interrupt", "suspend_process")
) | {"command_palette"}
_FIRST = ("start", "open", "range", "select", "scan", "filter")
FRAMEWORKS = ("Focus Next", "Focus Previous", "Copy selected text", "Minimize")  # Textual's own keys
_PARTNERS = {
    "last": "first", "unfold": "fold", "explain": "help", "zone": "jobs", "step_back": "leave",
    "quit": "interrupt", "suspend_process": "redraw", "unmark": "marks", "terms": "saved", "timeline": "diff",
    "around": "all", "tree": "raw", "notebook": "note", "write": "copy", "send": "scan",
}  # fmt: skip
_BY_PARAMETER = ("pick", "show_screen")  # actions whose meaning depends on their parameter
_WORDS = {"palette": "actions by name", "redraw the screen": "redraw"}


@dataclass
class KeyRow:
    """The meanings of an action, and the keys of each, in order."""

    action: str
    keys: list[list[str]] = field(default_factory=list)
    meanings: list[str] = field(default_factory=list)

    def spelled(self) -> tuple[str, str]:
        """Return keys and meanings: `h/←  l/→` and `previous / next hour`."""
        if self.action == "switch" and len(self.keys) > 1:  # the numbers
            return f"{self.keys[0][0]} … {self.keys[-1][0]}", joined([self.meanings[0], self.meanings[-1]], " to ")
        return "  ".join("/".join(keys) for keys in self.keys), joined(self.meanings)


def key_groups(bindings: Iterable[Binding]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return (title, rows) of the actions, of moving, and of the keys of every screen."""
    rows: dict[str, KeyRow] = {}
    for binding in bindings:
        if binding.description and binding.description not in FRAMEWORKS:
            _add(rows, binding)
    groups: dict[str, list[KeyRow]] = {"Do": [], "Move": [], "Always": []}
    for row in rows.values():
        groups["Move" if row.action in _MOVES else "Always" if row.action in _ALWAYS else "Do"].append(row)
    groups["Do"].sort(key=lambda row: _FIRST.index(row.action) if row.action in _FIRST else len(_FIRST))
    return [(title, [row.spelled() for row in group]) for title, group in groups.items() if group]


def action_name(binding: Binding) -> str:
    """Return the action without its namespace and parameters."""
    return binding.action.partition("(")[0].rpartition(".")[2]


def _add(rows: dict[str, KeyRow], binding: Binding) -> None:
    name = action_name(binding)
    steps = binding.action.partition("(")[2].strip(")-")  # `move(-1)` and `move(1)` belong together
    if name in _BY_PARAMETER:
        name, steps = steps.strip("'"), ""
    name = _PARTNERS.get(name, name)
    apart = steps if name in _MOVES else bool(steps)  # `switch` is not `switch(3)`
    kind = f"{name} {apart}"
    row = rows.setdefault(kind, KeyRow(name))
    meaning = _WORDS.get(binding.description, binding.description)
    if meaning not in row.meanings:
        row.meanings.append(meaning)
        row.keys.append([])
    keys = row.keys[row.meanings.index(meaning)]
    if (key := spell_key(binding.key)) not in keys:
        keys.append(key)


def joined(meanings: Sequence[str], between: str = " / ") -> str:
    """Join meanings by their common words: `first hour`, `last hour` → `first / last hour`."""
    split = [meaning.split() for meaning in meanings]
    if len(split) == 1:
        return meanings[0]
    head = tail = 0
    shortest = min(map(len, split))
    while head < shortest - 1 and len({words[head] for words in split}) == 1:
        head += 1
    while tail < shortest - 1 - head and len({words[-1 - tail] for words in split}) == 1:
        tail += 1
    middle = between.join(" ".join(words[head : len(words) - tail]) for words in split)
    return " ".join([*split[0][:head], middle, *split[0][len(split[0]) - tail :]])
