"""Names of extracts and sends, from archive, filter and time: `demo.errors-5003.2015-01-20`."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from tui.archive.times import spell_hour
from tui.filter import Filter, Term

_NAME = 40  # characters of an archive's name
_FILTER = 40  # characters of a filter's words
_LITERAL = re.compile(r"'((?:[^'\\]|\\.)*)'|`((?:[^`\\]|\\.)*)`")


def extract_name(
    title: str,
    filter_: Filter,
    start: datetime | None,
    stop: datetime | None,
    saved: Mapping[str, str],
    words: str = "",
) -> str:
    """Return `ARCHIVE.FILTER.DAY`; `saved` are the config's filters, whose names are preferred to their texts.

    `words` replace the filter.
    """
    parts = [name_part(title.rstrip("/").rpartition("/")[2])[:_NAME] or "archive"]
    if words := words or filter_words(filter_, saved):
        parts.append(words)
    if start is not None and stop is not None:
        parts.append(span_words(start, stop))
    return ".".join(parts)


def free_name(name: str, taken: Collection[str]) -> str:
    """Return the name, with a number if it is taken: `errors`, `errors-2`."""
    return next(one for one in (name, *(f"{name}-{number}" for number in range(2, len(taken) + 3))) if one not in taken)


def filter_words(filter_: Filter, saved: Mapping[str, str] | None = None) -> str:
    """Return a filter's values: `error-5003` for `event == 'error' && error.code == `5003``; empty for no filter."""
    names = {text: name for name, text in (saved or {}).items()}
    words = "-".join(filter(None, (_term_words(term, names) for term in filter_.active)))
    if len(words) > _FILTER:
        words = words[:_FILTER].rstrip("-")
    return f"not-{words}" if filter_.invert and words else words


def _term_words(term: Term, names: Mapping[str, str]) -> str:
    if term.text in names:
        words = name_part(names[term.text])
    elif term.kind == "match":
        values = [one or other for one, other in _LITERAL.findall(term.text)]
        words = "-".join(filter(None, map(name_part, values))) or name_part(term.text)
    else:
        words = name_part(term.text)
    return f"not-{words}" if term.negated and words else words


def span_words(start: datetime, stop: datetime) -> str:
    """Return the hour if the span is one, the day if it is one, or the first and last day."""
    last = stop - timedelta(hours=1)
    if last.date() != start.date():
        return f"{start:%Y-%m-%d}_{last:%Y-%m-%d}"
    return spell_hour(start) if last <= start else f"{start:%Y-%m-%d}"


def name_part(text: str) -> str:
    """Convert a text to a part of a file name."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", text).strip("-")
