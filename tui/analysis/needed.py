"""The words that a record must contain to match a filter: a chunk without them has no match."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache, partial
from typing import TypeAlias

from tui.filter import Filter
from tui.filter.terms import Term
from tui.index import open_index
from tui.scan import ScanPlan
from tui.shell import shell_join
from tui.units import count, plural

_MAX_TEXTS = 1_000  # in a file; with 0.05 % false positives, one of many more usually seems present
_WHOLE = re.compile(r"\w(.*\w)?")  # one or more whole words

Alternatives: TypeAlias = "tuple[tuple[int, ...], ...]"  # hashes of words: all of one tuple must be there
Holds: TypeAlias = Callable[[int], bool]  # True if a chunk may hold the word with this hash


def lacks(filter_: Filter) -> Callable[[Holds], bool] | None:
    """Return a test whether a chunk's words prove that no record matches; None if words cannot, for this filter."""
    needed = needed_words(filter_)
    if not needed:
        return None

    def lacking(holds: Holds) -> bool:
        return any(not any(all(map(holds, words)) for words in alternatives) for alternatives in needed)

    return lacking


@lru_cache(maxsize=8)
def needed_words(filter_: Filter) -> tuple[Alternatives, ...]:
    """Return what a matching record contains: for each item, all words of one of its alternatives."""
    if filter_.invert:
        return ()
    return tuple(texts for term in filter_.active for texts in _needed(term) if texts and all(texts))


def _needed(term: Term) -> list[Alternatives]:
    if term.negated or term.ignore_case or term.kind == "regex":
        return []
    from tui.index.words import hashes_of, words_in  # slow to import

    if term.kind == "grep":
        text = term.text.encode("utf-8", "surrogateescape")
        return [(hashes_of(words_in(text, whole=term.words)),)]
    if term.kind == "file":
        from tui.filter.texts import split_texts

        texts = split_texts(term.text, term.content or b"")
        if len(texts) > _MAX_TEXTS:
            return []
        return [tuple(hashes_of(words_in(text, whole=term.words)) for text in texts)]
    from tui.filter.jmespath import parse_expression  # slow to import; only needed for a JMESPath
    from tui.filter.needles import needles

    required = needles(parse_expression(term.text).parsed)
    # a needle includes a string's quotes if it is at the string's start or end; otherwise its last word may continue
    return [tuple(hashes_of(words_in(text, whole=False)) for text in sorted(needle.texts)) for needle in required]


def word_hints(plan: ScanPlan) -> list[str]:
    """Return a hint if searching for the text as a whole word would let the index skip chunks."""
    filter_ = plan.filter
    parts = [term for term in filter_.active if term.kind == "grep" and not (term.words or term.negated)]
    if filter_.invert or len(parts) != 1 or parts[0].ignore_case or not _WHOLE.fullmatch(parts[0].text):
        return []
    whole = replace(parts[0], words=True)
    with open_index(plan.archive) as index:
        if index.is_empty("chunk_words"):
            return []
        lacking = lacks(Filter(tuple(whole if term is parts[0] else term for term in filter_.terms)))
        if lacking is None or lacks(filter_) is not None:
            return []
        index.expect(plan.chunks)
        without = sum(lacking(partial(index.may_hold, chunk)) for chunk in plan.chunks)
    option = shell_join(["-w", "-g", whole.text])
    return [f"hint: {option} skips {count(without)} of {plural(len(plan.chunks), 'chunk')}"] if without else []
