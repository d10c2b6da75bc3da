"""Which words a record must hold to match a filter: a chunk that lacks them holds no match."""

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

_MOST_TEXTS = 1_000  # of a file: with 0.05 % of errors, one of many more mostly seems to be there
_WHOLE = re.compile(r"\w(.*\w)?")  # it may be a word, or several

Alternatives: TypeAlias = "tuple[tuple[int, ...], ...]"  # all the words of one of these, by their hashes
Holds: TypeAlias = Callable[[int], bool]  # may a chunk hold a word?


def lacks(filter_: Filter) -> Callable[[Holds], bool] | None:
    """Do the words of a chunk prove that no record matches? None if no words can, of this filter."""
    needed = needed_words(filter_)
    if not needed:
        return None

    def lacking(holds: Holds) -> bool:
        return any(not any(all(map(holds, words)) for words in alternatives) for alternatives in needed)

    return lacking


@lru_cache(maxsize=8)
def needed_words(filter_: Filter) -> tuple[Alternatives, ...]:
    """What a matching record holds: of each of these, all the words of one alternative."""
    if filter_.invert:
        return ()
    return tuple(texts for term in filter_.active for texts in _needed(term) if texts and all(texts))


def _needed(term: Term) -> list[Alternatives]:
    if term.negated or term.ignore_case or term.kind == "regex":
        return []
    from tui.index.words import hashes_of, words_in  # hashing takes a library

    if term.kind == "grep":
        text = term.text.encode("utf-8", "surrogateescape")
        return [(hashes_of(words_in(text, whole=term.words)),)]
    if term.kind == "file":
        from tui.filter.texts import split_texts

        texts = split_texts(term.text, term.content or b"")
        if len(texts) > _MOST_TEXTS:
            return []
        return [tuple(hashes_of(words_in(text, whole=term.words)) for text in texts)]
    from tui.filter.jmespath import parse_expression  # only those who have a JMESPath wait for its library
    from tui.filter.needles import needles

    required = needles(parse_expression(term.text).parsed)
    # a needle has the quotes of a string that it begins or ends; a word at its very end may go on
    return [tuple(hashes_of(words_in(text, whole=False)) for text in sorted(needle.texts)) for needle in required]


def word_hints(plan: ScanPlan) -> list[str]:
    """A sentence where looking for a text as a whole word would have passed over chunks, by their words."""
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
    return [f"hint: {option} need not read {count(without)} of {plural(len(plan.chunks), 'chunk')}"] if without else []
