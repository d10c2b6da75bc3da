"""What [keys] of the config can bind: the names of the explorer's actions, and their keys where they are not changed.

Data, so that `doctor` and every command can check the config without the explorer. A test compares it with the
explorer's own bindings.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from itertools import combinations

Bindings = Mapping[str, str]  # name of an action → its keys, between commas; a name with a space cannot be bound

_EVERYWHERE: Bindings = {
    "quit": "ctrl+q", "redraw": "ctrl+l", "stop": "ctrl+c",
    "help": "question_mark", "explain": "x", "jobs": "J", "time-zone": "z", "back": "q,escape",
}  # fmt: skip
_MOVING: Bindings = {
    "down": "j,down", "up": "k,up", "first": "g,home", "last": "G,end", "page-down": "pagedown", "page-up": "pageup",
    "right": "l,right", "left": "h,left", "toggle": "enter",
}  # fmt: skip
_CHOICES: Bindings = {"choose": "enter", "down": "j,down", "up": "k,up"}
_PICKER: Bindings = {"pick": "enter", "down": "j,down", "up": "k,up", "pick-leave": "escape,q"}

# A screen's panes; the keys of all of them are live on it, the focused pane's first.
SCREENS: Mapping[str, tuple[Bindings, ...]] = {
    "calendar": (
        _EVERYWHERE,
        {
            "preview": "enter", "range": "v", "select": "space", "select-day": "D", "select-month": "M", "scan": "s",
            "next-trouble": "e", "previous-trouble": "E", "overlay": "i", "pane": "tab", "go-to-time": "colon",
            "drop": "escape", "leave-archive": "q", "close-archive": "q",
        },
        {
            "left": "h,left", "right": "l,right", "up": "k,up", "down": "j,down", "first": "g,home", "last": "G,end",
            "month-before": "left_square_bracket,pageup", "month-after": "right_square_bracket,pagedown",
            "year-before": "left_curly_bracket", "year-after": "right_curly_bracket",
        },
        {"chunk-after": "j,down", "chunk-before": "k,up", "back-to-hours": "escape,h,left"},
    ),
    "preview": (
        _EVERYWHERE,
        {
            "filter": "slash", "only-these": "equals_sign", "not-these": "minus", "ask-of-value": "o",
            "saved-filters": "F", "terms": "T", "all-or-matches": "a", "lines-around": "A", "mark": "space",
            "mark-like": "comma", "marks": "m", "unmark": "U", "next pane": "tab", "scan": "s", "write": "w",
            "send": "p", "fields": "f", "column": "c", "columns": "C", "raw": "r", "tree": "t", "copy": "y",
            "step-back": "escape", "invert": "exclamation_mark", "term on/off": "1,2,3,4,5,6,7,8,9",
        },
        {
            "down": "j,down", "up": "k,up", "first": "g,home", "last": "G,end",
            "page-down": "pagedown,ctrl+f", "page-up": "pageup,ctrl+b",
            "sideways-right": "l,right,greater_than_sign", "sideways-left": "h,left,less_than_sign",
            "wrap-records": "W", "next-match": "n", "previous-match": "N",
        },
        {**_MOVING, "wrap": "W"},
        {**_MOVING, "compare-hours": "d"},
        {
            "down": "j,down,l,right", "up": "k,up,h,left", "term-toggle": "space", "term-edit": "enter",
            "term-opposite": "exclamation_mark", "term-later": "J,shift+down", "term-earlier": "K,shift+up",
            "term-delete": "d,delete,backspace", "term-invert": "v", "term-copy": "y", "term-edit-whole": "e",
        },
    ),
    "filter bar": (
        {"quit": "ctrl+q", "redraw": "ctrl+l", "stop": "ctrl+c"},
        {"filter-kind": "ctrl+t", "filter-saved": "ctrl+s", "filter-close": "escape"},
        {"filter-keep": "enter", "filter-complete": "tab", "filter-older": "up", "filter-newer": "down"},
    ),
    "saved filters": (_PICKER, {"saved-add": "a", "saved-save": "s"}),
    "more of a value": (_PICKER, {"pick-edit": "e"}),
    "scan": (
        _EVERYWHERE,
        {
            "scan-start": "enter", "scan-open": "enter", "send": "p", "job-stop": "S", "scan-range": "r",
            "scan-resume": "r", "scan-filter": "slash", "scan-out": "o", "scan-jobs": "W",
        },
    ),
    "send": (
        _EVERYWHERE,
        {
            "send-start": "enter", "send-pause": "space", "job-stop": "S", "send-nsqd": "d", "send-topic": "t",
            "send-file": "o", "send-rate": "r", "send-resume": "r", "send-depth": "m", "send-canary": "c",
            "send-skip": "l",
        },
    ),
    "jobs": (_EVERYWHERE, {"job-stop": "S"}, _CHOICES),
    "open": (_EVERYWHERE, {"open-place": "o"}, _CHOICES),
    "prompt": ({"quit": "ctrl+q", "redraw": "ctrl+l", "stop": "ctrl+c"}, {"prompt-drop": "escape"}),
}  # fmt: skip

ACTIONS = frozenset(name for panes in SCREENS.values() for pane in panes for name in pane if " " not in name)


def key_problems(chosen: Mapping[str, str]) -> list[str]:
    """What is wrong with [keys]: unknown actions, keys that no terminal sends, and keys that get a second meaning."""
    unknown = [name for name in chosen if name not in ACTIONS]
    found = [f"keys.{name} is not an action{_nearest(name)}" for name in unknown]
    for name, keys in chosen.items():
        found += [
            f"keys.{name}: '{key}' is not a key, write it as x, ctrl+x or f5"
            for key in _split(keys)
            if not _is_key(key)
        ]
    return found + list(_conflicts({name: keys for name, keys in chosen.items() if name in ACTIONS}))


def _nearest(name: str) -> str:
    near = get_close_matches(name.lower().replace("_", "-"), ACTIONS, n=1)
    return f" (did you mean {near[0]}?)" if near else " (actions are named as scan, preview or next-match)"


def _conflicts(chosen: Mapping[str, str]) -> Iterator[str]:
    """Two actions of one screen with one key, where that is not so without [keys]."""
    for screen, panes in SCREENS.items():
        before = _keys_by_action(panes, {})
        after = _keys_by_action(panes, chosen)
        for one, other in combinations(after, 2):
            shared = (after[one] & after[other]) - (before[one] & before[other])
            if shared and (one in chosen or other in chosen):
                name, meaning = (one, other) if one in chosen else (other, one)
                yield f"keys.{name} = '{chosen[name]}' is also {meaning} on the {screen} screen"


def _keys_by_action(panes: tuple[Bindings, ...], chosen: Mapping[str, str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for pane in panes:
        for name, keys in pane.items():
            found.setdefault(name, set()).update(_split(chosen.get(name, keys)))
    return found


def _split(keys: str) -> list[str]:
    return [_long(key.strip()) for key in keys.split(",")]


def _long(key: str) -> str:
    """`?` as `question_mark`, as a terminal's keys are called (textual.keys, `_character_to_key`)."""
    modifiers, plus, last = key.rpartition("+") if len(key) > 1 else ("", "", key)
    if len(last) == 1 and not last.isalnum():
        name = unicodedata.name(last, last).lower().replace("-", "_").replace(" ", "_")
        last = _SHORTER.get(name, name)
    return modifiers + plus + last


_SHORTER = {
    "solidus": "slash", "reverse_solidus": "backslash", "commercial_at": "at", "hyphen_minus": "minus",
    "plus_sign": "plus", "low_line": "underscore",
}  # fmt: skip
_NAMED = frozenset(
    (
        *("enter", "escape", "tab", "space", "backspace", "delete", "insert", "home", "end", "pageup", "pagedown"),
        *("up", "down", "left", "right"),
        *(f"f{number}" for number in range(1, 25)),
    )
)
_DASHED = {"less_than_sign": "LESS-THAN SIGN", "greater_than_sign": "GREATER-THAN SIGN"}


def _is_key(key: str) -> bool:
    *modifiers, last = key.split("+")
    if not set(modifiers) <= {"ctrl", "shift", "alt", "super", "hyper", "meta"}:
        return False
    if last in _NAMED or last in _SHORTER.values() or re.fullmatch(r"[^\W_]", last):
        return True
    try:
        return len(last) > 1 and bool(unicodedata.lookup(_DASHED.get(last, last.replace("_", " "))))
    except KeyError:
        return False
