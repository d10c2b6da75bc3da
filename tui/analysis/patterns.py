"""Patterns: texts with their variable parts blanked, such as `upstream timeout after <n> ms`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import repeat

from tui.filter.build import spell_value

LONGEST = 500  # characters of a message; of longer texts, such as stack traces, only the beginning is used
_BEGINNING = 200  # characters
_VARIABLE = re.compile(
    r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"  # a UUID
    r"|0x[0-9a-fA-F]+"
    r"|(?<![A-Za-z0-9])(?=[0-9a-fA-F]*\d)[0-9a-fA-F]{8,}(?![A-Za-z0-9])"  # a hash
    r"|\d+(?:\.\d+)*"  # a number, a version, an address
)
HOLE = "<n>"
_CUT = re.compile(r"[0-9A-Za-z]*\Z")
_DIGITS = str.maketrans(dict.fromkeys("0123456789abcdefABCDEF", "0"))
_MISSES = 8  # texts of a shape without a useful pattern, after which the shape is ignored
_MAX_SHAPES = 10_000
_MAX_PATTERNS = 32


def pattern(text: str) -> str:
    """Blank every number and id in a text; if it is long, also everything after its beginning."""
    if len(text) <= LONGEST:
        return _VARIABLE.sub(HOLE, text)
    return _VARIABLE.sub(HOLE, _CUT.sub("", text[:_BEGINNING])) + HOLE  # a truncated word may be half an id


def pattern_if_telling(text: str) -> str | None:
    """Return the pattern of a text; None if it has no blanks, or no words besides them."""
    blanked = pattern(text)
    return blanked if HOLE in blanked and has_words(blanked) else None


telling_pattern = lru_cache(maxsize=1 << 16)(pattern_if_telling)  # for texts that repeat


class Patterns:
    """How many texts have each useful pattern, for a limited number of patterns.

    Texts of one shape differ only in their hexadecimal digits. If the first few of a shape have no useful pattern, like
    ids and times, the others are skipped.
    """

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._misses: Counter[str] = Counter()
        self._dull: set[str] = set()

    def add(self, texts: Sequence[str], times: Sequence[int] = ()) -> None:
        """Count texts, each once or as many `times`."""
        shapes = "\n".join(texts).translate(_DIGITS).split("\n")
        if len(shapes) != len(texts):
            shapes = [text.translate(_DIGITS) for text in texts]
        if self._dull.issuperset(shapes):
            return
        for text, shape, number in zip(texts, shapes, times or repeat(1), strict=False):
            if shape not in self._dull:
                self._add(text, shape, number)

    def _add(self, text: str, shape: str, number: int) -> None:
        blanked = telling_pattern(text)
        if blanked is None:
            self._misses[shape] += number
            if self._misses[shape] >= _MISSES:
                self._dull.add(shape)
            if len(self._misses) > _MAX_SHAPES:
                self._misses.clear()
        elif blanked in self.counts or len(self.counts) < _MAX_PATTERNS:
            self.counts[blanked] += number


def has_words(pattern: str) -> bool:
    """True if a pattern has words besides its blanks; `<n>:<n>` says nothing about a text."""
    return re.search(r"[^\W\d_]{2,}", pattern.replace(HOLE, "")) is not None


def pattern_expression(field: str, pattern: str) -> str:
    """Return the JMESPath for texts of a pattern: they contain its literal parts, the outer ones at their ends."""
    first, parts, last = _literals(pattern)
    tests = [f"starts_with({field}, {spell_value(first)})"] if first else []
    tests += [f"contains({field}, {spell_value(part)})" for part in parts]
    tests += [f"ends_with({field}, {spell_value(last)})"] if last else []
    return " && ".join([field, *tests])


def pattern_test(pattern: str) -> Callable[[str], bool]:
    """Return a test for that expression, which may also hold for texts of other patterns."""
    first, parts, last = _literals(pattern)
    return lambda text: text.startswith(first) and text.endswith(last) and all(part in text for part in parts)


def _literals(pattern: str) -> tuple[str, list[str], str]:
    """Return what a pattern's texts begin with, what they contain, and what they end with."""
    first, *middle, last = pattern.split(HOLE)
    return first, _different(middle, first, last), last


def _different(parts: Sequence[str], *others: str) -> list[str]:
    """Return the parts that are not contained in other parts."""
    telling = [part for part in dict.fromkeys(parts) if part.strip() and not any(part in other for other in others)]
    return [part for part in telling if not any(part in longer and part != longer for longer in telling)]
