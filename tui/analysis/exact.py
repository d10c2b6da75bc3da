"""What a summary knows exactly: how often a field has each value, and how many records match a filter, if any."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from tui.filter import Filter
from tui.filter.paths import Node, path_of
from tui.filter.terms import Term
from tui.index.summary import FieldSummary, Summary, spell_json

_PLAIN = {"comparator", "and_expression", "or_expression", "not_expression", "literal"}
_FUNCTIONS = {"contains", "starts_with", "ends_with"}


def matches_of(summary: Summary, filter_: Filter) -> int | None:
    """Return how many records match a filter on one field; None if the chunk must be read."""
    values = matching_values(summary, filter_)
    return sum(values.values()) if values is not None else None


def matching_values(summary: Summary, filter_: Filter) -> dict[str | None, int] | None:
    """Return the matching values of the filter's field, with their number of records (key None: the field is missing).

    Return None if the chunk must be read: the filter is not on the values of a single field, or not all of these are
    known. Each value is tested with the filter itself.
    """
    path = field_asked(filter_)
    counts = value_counts(summary, path)
    if counts is None:
        return None

    def record(text: str | None) -> bytes:
        for step in reversed(path):
            text = f"{{{json.dumps(step)}:{text}}}" if text is not None else "{}"
        return (text or "{}").encode()

    return {text: number for text, number in counts.items() if filter_.matches(record(text))}


@lru_cache(maxsize=8)  # called for every chunk
def field_asked(filter_: Filter) -> tuple[str, ...]:
    """Return the plain path if the filter is one JMESPath that only compares it with literals; else ()."""
    if len(filter_.active) != 1 or filter_.active[0].kind != "match" or filter_.within or filter_.invert:
        return ()
    paths: dict[object, Node] = {}
    if not _gather(_parsed(filter_.active[0].text), paths) or len(paths) != 1:
        return ()
    return _names(next(iter(paths.values())))


@lru_cache(maxsize=8)
def plain_path(expression: str) -> tuple[str, ...]:
    """Return the names in an expression that is a plain path; else ()."""
    return _names(_parsed(expression))


@lru_cache(maxsize=8)
def _parsed(expression: str) -> Node:
    from tui.filter.jmespath import parse_expression  # slow to import; only needed for a JMESPath

    parsed: Node = parse_expression(expression).parsed
    return parsed


def _names(node: Node) -> tuple[str, ...]:
    path = path_of(node) or ()
    names = tuple(step for step in path if isinstance(step, str))
    return names if len(names) == len(path) else ()


def _gather(node: Node, paths: dict[object, Node]) -> bool:
    """Add the plain paths of an expression to `paths`; False if it does more than compare them."""
    path = path_of(node)
    if path is not None:
        paths[path] = node
        return True
    if node["type"] not in _PLAIN and not (node["type"] == "function_expression" and node["value"] in _FUNCTIONS):
        return False
    return all(_gather(child, paths) for child in node["children"])


def value_counts(summary: Summary, path: tuple[str, ...]) -> dict[str | None, int] | None:
    """Return the values at a plain path as JSON texts, and how many records have each; key None: records without one.

    Return None if the summary does not know all values, or some are lists or objects.
    """
    field = field_of(summary, path)
    if field is None or not field.exact or field.others or f"{_spelled(path)}[*]" in summary.fields:
        return None
    judged = summary.head.records - summary.head.not_json - summary.head.unparsed
    counts: dict[str | None, int] = {None: judged - field.records}
    return counts | field.values


def field_of(summary: Summary, path: tuple[str, ...]) -> FieldSummary | None:
    """Return the summary of the field at a plain path; None if the chunk's summary is incomplete."""
    return summary.fields.get(_spelled(path), FieldSummary()) if path and summary.head.whole else None


@lru_cache(maxsize=64)
def _spelled(path: tuple[str, ...]) -> str:
    """Return a path as summaries spell it."""
    from tui.filter.build import spell_field  # slow to import; not needed for a literal

    return spell_field(path)


def excludes(summary: Summary, filter_: Filter) -> bool:
    """True if the summary proves that no record matches, as one term that matches none does."""
    return not filter_.invert and any(_excludes(summary, term) for term in filter_.active)


def _excludes(summary: Summary, term: Term) -> bool:
    if term.kind != "match":
        return False
    return _never(summary, _parsed(term.text))


def _never(summary: Summary, node: Node) -> bool:
    """True if an expression is proven to match no record of the chunk."""
    kind, children = node["type"], node["children"]
    if kind == "and_expression":
        return any(_never(summary, child) for child in children)
    if kind == "or_expression":
        return all(_never(summary, child) for child in children)
    if kind == "comparator" and node["value"] == "eq":
        left, right = children
        if left["type"] == "literal":
            left, right = right, left
        return right["type"] == "literal" and _never_equals(summary, left, right["value"])
    return False


def _never_equals(summary: Summary, node: Node, value: Any) -> bool:
    """True if no record has this value at a plain path."""
    field = field_of(summary, _names(node))
    if field is None or value is None or isinstance(value, list | dict):
        return False
    return field.exact and spell_json(value).decode() not in field.values
