"""Match a layout's regex with RE2, in linear time in the key's length for any pattern and key."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

_AGAIN = re.compile(r"\(\?P=(\w+)\)")
_GROUP = re.compile(r"\(\?P<(\w+)>")
_SURROGATES = re.compile("[\ud800-\udfff]")  # bytes of a key that are not UTF-8; RE2 reads Unicode


class LinearRegex:
    """A regex of consecutive `parts`, with named groups and `(?P=name)` for repeated ones.

    RE2 has no backreferences, so repeated groups are numbered and their values are compared. If they differ, another
    split of the key may make them equal: the match is repeated with the first value fixed, then with the last.
    """

    def __init__(self, parts: Sequence[str]) -> None:
        self._parts = [_SURROGATES.sub("\ufffd", part) for part in parts]
        self._groups = {name: part for part in self._parts for name in _GROUP.findall(part)}

    def fullmatch(self, key: str) -> dict[str, str] | None:
        """Return the values of the named groups if the whole key matches, else None."""
        text = _SURROGATES.sub("\ufffd", key)
        values = self._values(self._regex, key, text)
        if values is None:
            return None
        if all(len(set(choices)) == 1 for choices in values.values()):
            return {name: choices[0] for name, choices in values.items()}
        for choice in (0, -1):
            pinned = {name: choices[choice] for name, choices in values.items() if len(choices) > 1}
            values_ = self._values(self._compile(pinned), key, text)
            if values_ is not None:
                return {name: choices[0] for name, choices in values_.items()}
        return None

    @cached_property
    def _regex(self) -> Any:
        return self._compile({})

    def _compile(self, pinned: Mapping[str, str]) -> Any:
        import re2  # importing it takes longer than most listings

        options = re2.Options()
        options.log_errors = False
        numbers: dict[str, int] = {}
        parts = []
        for part in self._parts:
            for name in _AGAIN.findall(part):
                part = self._groups[name]
            for name in _GROUP.findall(part):
                numbers[name] = numbers.get(name, 0) + 1
                group = f"(?P<{name}__{numbers[name]}>"
                if name in pinned:
                    part = f"{group}{re2.escape(_SURROGATES.sub(chr(0xFFFD), pinned[name]))})"
                else:
                    part = part.replace(f"(?P<{name}>", group)
            parts.append(part)
        return re2.compile("(?s)" + "".join(parts), options)

    def _values(self, regex: Any, key: str, text: str) -> dict[str, list[str]] | None:
        """Match `text`; return the values of each name, in the order of its groups, as slices of `key`."""
        match = regex.fullmatch(text)
        if match is None:
            return None
        values: dict[str, list[str]] = {}
        for name, group in sorted(regex.groupindex.items(), key=lambda item: item[1]):
            start, end = match.span(group)
            values.setdefault(name.rpartition("__")[0], []).append(key[start:end])
        return values
