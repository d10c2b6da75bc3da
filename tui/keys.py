"""The keys of the explorer: on each screen a key has one meaning, and each meaning has one name.

This is data only: `doctor` and every command check [keys] of the config without importing the explorer. A test compares
it with the explorer's bindings.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from itertools import combinations

from tui.nearest import nearest

KEYS: Mapping[str, str] = {  # name of an action → its keys, separated by commas, on every screen that binds it
    "down": "j,down", "up": "k,up", "left": "h,left", "right": "l,right", "first": "g,home", "last": "G,end",
    "page-down": "pagedown,ctrl+f", "page-up": "pageup,ctrl+b",
    "sideways-right": "greater_than_sign", "sideways-left": "less_than_sign",
    "month-before": "left_square_bracket,pageup", "month-after": "right_square_bracket,pagedown",
    "year-before": "left_curly_bracket", "year-after": "right_curly_bracket",
    "hour-before": "left_square_bracket", "hour-after": "right_square_bracket",
    "day-before": "left_curly_bracket", "day-after": "right_curly_bracket",
    "filter": "slash", "go-to-time": "colon", "next-match": "n", "previous-match": "N",
    "next-trouble": "e", "previous-trouble": "E",
    "timeline": "i", "what-changed": "d", "baseline": "b", "scan": "s", "send": "p", "write": "w", "copy": "y",
    "select": "space", "select-day": "D", "select-month": "M", "range": "v", "open": "enter", "pane": "tab",
    "step-back": "escape", "back": "q",
    "only-these": "equals_sign", "not-these": "minus", "more-of-value": "o", "fields": "f", "column": "c",
    "columns": "C", "tree": "t", "raw": "r", "terms": "T", "saved-filters": "L", "shades": "o",
    "all-or-matches": "a", "lines-around": "A", "mark-like": "comma", "marks": "m", "unmark": "U", "wrap": "W",
    "hues": "K", "invert": "exclamation_mark", "term-later": "shift+down", "term-earlier": "shift+up",
    "delete": "delete,backspace", "edit-text": "ctrl+e", "add": "plus",
    "follow": "F", "split": "f",
    "index": "I", "index-ids": "o", "scan-range": "r,v", "workers": "P", "resume": "R", "job-stop": "S",
    "destination": "a,d", "topic": "t", "rate": "r", "pace": "o", "depth": "m", "canary": "c", "skip-oversize": "O",
    "pause": "space", "open-place": "o", "rename": "r", "name": "L", "tour": "t", "refresh": "u",
    "note": "semicolon", "notebook": "apostrophe",
    "help": "question_mark", "explain": "x", "hint": "H", "jobs": "J", "time-zone": "z",
    "quit": "ctrl+q", "redraw": "ctrl+l", "stop": "ctrl+c", "suspend": "ctrl+z",
    "save": "ctrl+s",
    "filter-keep": "enter", "filter-kind": "ctrl+t", "filter-saved": "ctrl+s", "filter-complete": "tab",
    "filter-older": "up", "filter-newer": "down",
    "term on/off": "1,2,3,4,5,6,7,8,9",  # a name with a space cannot be bound
}  # fmt: skip
ACTIONS = frozenset(name for name in KEYS if " " not in name)

OPENED = ("timeline", "notebook")
"""Screens that every screen of an archive opens with a key. The name is the action's, its label and the folder's."""

_PROGRAM = frozenset(("quit", "redraw", "stop", "suspend"))
_PAGE = _PROGRAM | {"help", "explain", "hint", "jobs", "time-zone", "back", "step-back"}
_ARCHIVE = _PAGE | {"filter", "go-to-time", "next-trouble", "previous-trouble", "copy", "note", *OPENED}
_LIST = frozenset(("down", "up", "first", "last", "page-down", "page-up"))
_FEW_RECORDS = _LIST | {"left", "right", "sideways-left", "sideways-right", "wrap", "hues"}
_RECORDS = _FEW_RECORDS | {"next-match", "previous-match"}

SCREENS: Mapping[str, frozenset[str]] = {  # the actions of all panes of a screen
    "calendar": _ARCHIVE
    | {"down", "up", "left", "right", "first", "last", "month-before", "month-after", "year-before", "year-after"}
    | {"open", "range", "select", "select-day", "select-month", "pane", "shades", "next-match", "previous-match"}
    | {"next-trouble", "previous-trouble", "scan", "send", "write", "what-changed", "topic", "index"},
    "what changed": _ARCHIVE
    | _LIST
    | {"open", "scan", "send", "write", "baseline", "not-these", "pane", "next-match", "previous-match"},
    "timeline": _ARCHIVE
    | {"down", "up", "left", "right", "first", "last", "day-before", "day-after", "range", "open", "split"}
    | {"scan", "send", "write", "what-changed", "index", "next-match", "previous-match", "next-trouble"}
    | {"previous-trouble"},
    "preview": _ARCHIVE
    | _RECORDS
    | {"hour-before", "hour-after", "day-before", "day-after", "open", "pane", "select", "scan", "send", "write"}
    | {"what-changed", "follow"}
    | {"only-these", "not-these", "more-of-value", "fields", "column", "columns", "tree", "raw", "terms", "invert"}
    | {"saved-filters", "all-or-matches", "lines-around", "mark-like", "marks", "unmark"}
    | {"term-later", "term-earlier", "delete", "edit-text", "add", "save", "term on/off"},
    "filter bar": _PROGRAM
    | {"filter-kind", "filter-saved", "filter-complete", "filter-older", "filter-newer", "filter-keep", "step-back"},
    "scan": _ARCHIVE | _RECORDS | {"open", "scan-range", "workers", "write", "send", "resume", "job-stop", "name"},
    "send": _ARCHIVE
    | _FEW_RECORDS
    | {"open", "pause", "destination", "topic", "write", "send", "rate", "pace", "resume", "depth", "canary"}
    | {"skip-oversize", "job-stop", "name"},
    "index": _ARCHIVE | {"open", "index-ids", "job-stop", "resume"},
    "jobs": _PAGE | _LIST | {"open", "job-stop", "resume"},
    "home": _PAGE
    | _LIST
    | {"open", "open-place", "add", "tour", "refresh", "pane", "filter"}
    | {"resume", "send", "rename", "delete", "copy"},
    "add an archive": _PROGRAM | {"step-back", "pane", "open"},
    "resume": _PAGE | {"job-stop", "resume", "copy"},
    "notebook": _PAGE | _FEW_RECORDS | {"open", "copy", "write", "delete"},
    "help": _PAGE | _LIST,
    "prompt": _PROGRAM | {"step-back"},
}


def key_problems(chosen: Mapping[str, str]) -> list[str]:
    """Return a sentence for each error in [keys]: unknown actions, invalid keys, and keys with a second meaning."""
    unknown = [name for name in chosen if name not in ACTIONS]
    problems = [f"keys.{name} is not an action{_nearest(name)}" for name in unknown]
    for name, keys in chosen.items():
        problems += [
            f"keys.{name}: '{key}' is not a key, write it as x, ctrl+x or f5"
            for key in _split(keys)
            if not _is_key(key)
        ]
    return problems + list(conflicts({name: keys for name, keys in chosen.items() if name in ACTIONS}))


def _nearest(name: str) -> str:
    near = nearest(name, ACTIONS)
    return f" (did you mean {near}?)" if near else " (examples of actions: scan, open, next-match)"


def conflicts(chosen: Mapping[str, str]) -> Iterator[str]:
    """Yield a sentence for each two actions of one screen that share a key."""
    for screen, actions in SCREENS.items():
        keys = {name: set(_split(chosen.get(name, KEYS[name]))) for name in KEYS if name in actions}
        for one, other in combinations(keys, 2):
            if keys[one] & keys[other]:
                name, meaning = (one, other) if one in chosen else (other, one)
                yield f"keys.{name} = '{chosen.get(name, KEYS[name])}' is also {meaning} on the {screen} screen"


def _split(keys: str) -> list[str]:
    return [_full_name(key.strip()) for key in keys.split(",")]


def _full_name(key: str) -> str:
    """Return Textual's name of a key, `question_mark` for `?` (textual.keys, `_character_to_key`)."""
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
