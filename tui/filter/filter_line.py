"""A filter on one line, as a person types it and as the config stores it."""

from __future__ import annotations

import shlex
from typing import Any

from tui.errors import FilterError
from tui.filter.terms import OPTIONS, Filter, parse_filter


def read_filter(words: str) -> Filter:
    """Parse a JMESPath, or a filter in the command line's syntax: `-g TEXT -e RE -m EXPR -v …`.

    A JMESPath never starts with `-`. Raises FilterError if it is neither.
    """
    if words.strip() and not words.lstrip().startswith("-"):
        return parse_filter(match=[words.strip()])
    names = {option: f"{'not_' * negated}{kind}" for (kind, negated), option in OPTIONS.items()}
    flags = {"-i": "ignore_case", "-w": "words", "-v": "invert"}
    texts: dict[str, list[str]] = {name: [] for name in names.values()}
    given: set[str] = set()
    try:
        rest = shlex.split(words)
    except ValueError as error:
        raise FilterError(f"missing closing quote in: {words}", words) from error
    while rest:
        word = rest.pop(0)
        if word in flags:
            given.add(flags[word])
        elif word in names and rest:
            texts[names[word]].append(rest.pop(0))
        else:
            known = ", ".join((*names, *flags))
            what = f"{word} needs a value" if word in names else f"'{word}' is not one of {known}"
            raise FilterError(what, words, words.find(word))
    arguments: dict[str, Any] = {**texts, **dict.fromkeys(given, True)}
    return parse_filter(**arguments)


def spell_filter(filter_: Filter) -> str:
    """Return a filter as `read_filter` parses it, without the terms that are off."""
    active = filter_.active
    if len(active) == 1 and active[0].kind == "match" and not filter_.invert:
        return active[0].text
    return filter_.describe()
