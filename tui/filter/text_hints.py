"""Suggest texts and regexes that match: in another case, with other spaces, or as a regex instead of a text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from tui.errors import FilterError
from tui.filter.terms import Term, TermKind, quoted_regex
from tui.filter.texts import shown_name
from tui.printable import printable

# Texts that are rarely meant literally.
_REGEX = re.compile(r"\.[*+]|\\[dwsbDWSB.]|\[(?:\^|[A-Za-z0-9]-[A-Za-z0-9])[^\]]*\]|\(\?|\(\w+(?:\|\w+)+\)")
_SPACED = re.compile(r'(?<=["\d\]}el])\s*([:,])\s+')
_TIGHT = re.compile(r'(?<=")([:,])(?=["\d\[{-])')

Offer = tuple[str, Term]


def text_hint(term: Term, matches: Callable[[Term], int]) -> tuple[str, Term | None] | None:
    """Return a sentence, and the term that was probably meant, if there is one.

    `matches` returns the number of records in a sample that match a term.
    """
    text = term.text
    if term.kind == "file" and not term.content:
        return f"{shown_name(text)} is empty; an empty list matches nothing", None
    if term.kind == "grep" and (offer := _glob(text) or _regex(text, matches)):
        return offer
    for words, other in _others(term):
        if other != term and matches(other):
            return words, other
    if term.kind == "grep" and _is_file(text):
        return (
            f"-g searches for the text '{printable(text)}', but it is also a file; -f searches for its lines",
            None,
        )
    return None


def _is_file(text: str) -> bool:
    try:
        return Path(text).is_file()
    except OSError:  # too long for a name
        return False


def _others(term: Term) -> Iterator[Offer]:
    """Yield similar terms, each with a sentence."""
    if term.kind != "file":
        for words, text in (
            ("the records have no space after ':' and ','", _SPACED.sub(r"\1", term.text)),
            ("the records have a space after ':' and ','", _TIGHT.sub(r"\1 ", term.text)),
        ):
            if other := term_if_valid(term.kind, text):
                yield words, replace(other, ignore_case=term.ignore_case, words=term.words)
    elif term.content is not None:
        bare = b"\n".join(line.strip(b" \t\"',") for line in term.content.split(b"\n"))
        yield "the lines of the file have spaces or quotes around them", replace(term, content=bare)
    if term.words:
        yield "the records have it only as part of a word", replace(term, words=False)
    yield "the records have it in another case", replace(term, ignore_case=True)


def _glob(text: str) -> Offer | None:
    """Suggest a term for a glob: `*timeout*`, `time*out`. A single `*`, and a `.*` of a regex, are not globs."""
    inner = text.strip("*")
    if "*" not in text or not inner or re.search(r"[.\])\\]\*", text):
        return None
    if "*" not in inner:
        return "-g finds its text anywhere in a record, and * is not a wildcard", Term("grep", inner)
    offered = term_if_valid("regex", ".*".join(map(quoted_regex, re.split(r"\*+", inner))))
    return None if offered is None else ("-g is literal text, and * is not a wildcard", offered)


def _regex(text: str, matches: Callable[[Term], int]) -> Offer | None:
    looks = _REGEX.search(text)
    if not looks and not re.search(r"^\^|\$$|\||[\])]?[+?]$", text):
        return None
    offered = term_if_valid("regex", text)
    if offered is None or not (looks or matches(offered)):
        return None
    return "-g is literal text, not a regex", offered


def term_if_valid(kind: TermKind, text: str) -> Term | None:
    """Return a term; None if it is invalid."""
    try:
        return Term(kind, text)
    except FilterError:
        return None
