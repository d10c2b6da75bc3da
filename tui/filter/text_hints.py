"""Texts and regexes that nearly match: in another case, with other spaces, or a regex or glob given as text."""

from __future__ import annotations

import re
from collections.abc import Callable

from tui.errors import FilterError
from tui.filter.terms import Kind, Term

# What is hardly ever meant as it is written.
_REGEX = re.compile(r"\.[*+]|\\[dwsbDWSB.]|\[(?:\^|[A-Za-z0-9]-[A-Za-z0-9])[^\]]*\]|\(\?|\(\w+(?:\|\w+)+\)")
_SPACED = re.compile(r'(?<=["\d\]}el])\s*([:,])\s+')
_TIGHT = re.compile(r'(?<=")([:,])(?=["\d\[{-])')

Offer = tuple[str, Term]


def text_hint(term: Term, matches: Callable[[Term], int]) -> Offer | None:
    """A sentence, and the term that was probably meant; `matches` says how many records of a sample match a term."""
    text = term.text
    if term.kind == "grep" and (offer := _glob(text) or _regex(text, matches)):
        return offer
    for words, kind, other in (
        ("the records have no space behind ':' and ','", term.kind, _SPACED.sub(r"\1", text)),
        ("the records have a space behind ':' and ','", term.kind, _TIGHT.sub(r"\1 ", text)),
        ("upper and lower case differ; the records have it in another case", "regex", _any_case(term)),
    ):
        offered = _term(kind, other) if other != text else None
        if offered is not None and matches(offered):
            return words, offered
    return None


def _any_case(term: Term) -> str:
    return "(?i)" + (term.text if term.kind == "regex" else _quoted(term.text))


def _glob(text: str) -> Offer | None:
    """`*timeout*` and `time*out`; a text that is `*` alone, or in which `.*` is a regex, is no glob."""
    inner = text.strip("*")
    if "*" not in text or not inner or re.search(r"[.\])\\]\*", text):
        return None
    if "*" not in inner:
        return "-g finds its text anywhere in a record, and * means itself", Term("grep", inner)
    offered = _term("regex", ".*".join(map(_quoted, re.split(r"\*+", inner))))
    return None if offered is None else ("-g is literal text, in which * means itself", offered)


def _regex(text: str, matches: Callable[[Term], int]) -> Offer | None:
    looks = _REGEX.search(text)
    if not looks and not re.search(r"^\^|\$$|\||[\])]?[+?]$", text):
        return None
    offered = _term("regex", text)
    if offered is None or not (looks or matches(offered)):
        return None
    return "-g is literal text, not a regex", offered


def _quoted(text: str) -> str:
    return re.sub(r"([^\w\s\"':,/@=<>;!%&~`#-])", r"\\\1", text)


def _term(kind: Kind, text: str) -> Term | None:
    try:
        return Term(kind, text)
    except FilterError:
        return None
