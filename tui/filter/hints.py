"""Explain why a filter may match nothing, by a sample of the records: `code == '5003'` where code is a number.

Hints are based on types, not guesses: the sample must show that a term cannot mean what it says. A suggested expression
is always valid; if it matches records of the sample, the hint says how many.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from tui.filter.compiled import NotJsonError
from tui.filter.slips import edited
from tui.filter.terms import Filter, Term
from tui.filter.text_hints import term_if_valid, text_hint
from tui.filter.texts import shown_name, split_texts
from tui.shell import shell_join
from tui.units import count

if TYPE_CHECKING:
    from tui.filter.field_types import Types

_MAX_RECORDS = 1000
_LONGEST_RECORD = 1 << 20  # bytes; parsing a longer one takes more time than a hint is worth
_LONGEST_TERM = 4096  # characters


@dataclass(frozen=True, slots=True)
class Hint:
    """One sentence, and the term that was probably meant, if any. It matches `matches` of `records` sampled.

    `slip` is false for a hint that is only useful if nothing matched.
    """

    sentence: str
    term: Term | None = None
    matches: int = 0
    records: int = 0
    slip: bool = True

    def __str__(self) -> str:
        if self.term is None:
            return self.sentence
        joint = " Try" if self.sentence.endswith("?") else "; try"
        words = f"{self.sentence}{joint} {shell_join([*self.term.flags, self.term.option, self.term.text])}"
        if not self.matches:
            return words
        return f"{words}, which matches {count(self.matches)} of the {count(self.records)} records sampled"


class FieldSample:
    """A bounded sample of records to check a filter: their bytes, and the types of their fields."""

    def __init__(self) -> None:
        self.records: list[bytes] = []

    def feed(self, records: Iterable[bytes]) -> None:
        for record in records:
            if len(self.records) >= _MAX_RECORDS:
                return
            if len(record) <= _LONGEST_RECORD:
                self.records.append(record)

    @cached_property
    def types(self) -> Types:
        """The types in all records fed. Use it only after the last `feed`."""
        from tui.filter.field_types import Types  # text filters do not need the parsing libraries
        from tui.filter.fields import Fields

        fields = Fields()
        fields.feed(self.records)
        return Types(fields)

    @property
    def full(self) -> bool:
        return len(self.records) >= _MAX_RECORDS

    def matches(self, term: Term) -> int:
        """Return how many of the records match a term."""
        if term.kind == "grep" and term.ignore_case and term.text.isascii():  # usually 0, without loading a library
            text = term.text.lower().encode()
            if not any(text in record.lower() for record in self.records):
                return 0
        return sum(_holds(term, record) for record in self.records)


def may_mislead(filter_: Filter) -> bool:
    """True if a mistake in the filter may match records: `event == "error"` is true where both fields are missing."""
    for term in filter_.active:
        if term.kind == "file" and _has_blank_line(term):
            return True
        if term.kind != "match" or len(term.text) > _LONGEST_TERM:
            continue
        from tui.filter.operands import constants, operands

        parts = operands(term.text)
        if constants(parts):
            return True
        compares = [at for at, operand in enumerate(parts) if operand.type == "compare"]
        if compares and (filter_.invert or any(parts[at].text == "!=" for at in compares)):
            return True
        if any(operand.text == "!" for operand in parts):
            return True
        for at in compares:
            left, right = parts[at - 1 : at], parts[at + 1 : at + 2]
            sides = (*left, *right)
            if any(side.single == "quoted" for side in sides) or any(side.type == "path" for side in right):
                return True
            if all(side.type in ("raw", "literal") for side in sides):
                return True
    return False


def _has_blank_line(term: Term) -> bool:
    return b"" in split_texts(term.text, term.content or b"")


def hints(filter_: Filter, sample: FieldSample, *, matched: bool = False) -> tuple[Hint, ...]:
    """Return hints on the enabled terms, based on the sample.

    `matched`: something did match, so give only hints on terms that cannot mean what they say.
    """
    all_hints: list[Hint] = []
    for term in filter_.active:
        if len(term.text) > _LONGEST_TERM:
            continue
        if term.kind == "match":
            all_hints += _of_match(term, sample)
        elif term.kind == "file" and _has_blank_line(term):
            all_hints.append(Hint(f"{shown_name(term.text)} has an empty line, which matches every record; remove it"))
        elif not term.negated and not matched:
            all_hints += _of_text(term, sample)
    return tuple(hint for hint in all_hints if hint.slip or not matched)


def _of_match(term: Term, sample: FieldSample) -> list[Hint]:
    from tui.filter.match_slips import match_slips

    types = sample.types
    if not types.records:
        return []
    slips = match_slips(term.text, types)
    if not slips:
        return []
    edits = [edit for slip in slips for edit in slip.edits]
    offered = term_if_valid("match", edited(term.text, edits)) if edits else None
    text = next((slip.search_for for slip in slips if slip.search_for), "")
    if offered is None and text and sample.matches(search := Term("grep", text)):
        offered = search
    matches = sample.matches(offered) if offered else 0
    last = len(slips) - 1
    return [
        Hint(slip.sentence, offered if at == last else None, matches, len(sample.records), slip.certain)
        for at, slip in enumerate(slips)
    ]


def _of_text(term: Term, sample: FieldSample) -> Sequence[Hint]:
    if not sample.records or sample.matches(term):
        return ()
    hint = text_hint(term, sample.matches)
    if hint is None:
        return ()
    sentence, offered = hint
    matches = sample.matches(offered) if offered else 0
    if offered and offered.content != term.content:
        return (Hint(f"{sentence}; without those they match {count(matches)} of the records sampled", slip=False),)
    return (Hint(sentence, offered, matches, len(sample.records), slip=False),)


def _holds(term: Term, record: bytes) -> bool:
    try:
        return term.compiled.test(record)
    except NotJsonError:
        return False
