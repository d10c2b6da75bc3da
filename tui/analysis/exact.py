"""What a summary knows exactly: how often a field has each value, how many records match a filter, that none does."""

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
    """How many records match a filter of one field; None where only reading tells."""
    values = matching_values(summary, filter_)
    return sum(values.values()) if values is not None else None


def matching_values(summary: Summary, filter_: Filter) -> dict[str | None, int] | None:
    """The values of the field that a filter is about, with their records that match (None: those that lack it).

    None where only reading tells: the filter is about another thing than the values of one field, or not all of those
    are known. Each value is judged by the filter itself.
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


@lru_cache(maxsize=8)  # it is asked of every chunk
def field_asked(filter_: Filter) -> tuple[str, ...]:
    """The plain path that a filter's one JMESPath compares with literals, and nothing else; () for other filters."""
    if len(filter_.active) != 1 or filter_.active[0].kind != "match" or filter_.within or filter_.invert:
        return ()
    paths: dict[object, Node] = {}
    if not _gather(_parsed(filter_.active[0].text), paths) or len(paths) != 1:
        return ()
    return _names(next(iter(paths.values())))


@lru_cache(maxsize=8)
def plain_path(expression: str) -> tuple[str, ...]:
    """The names of an expression that is a plain path; () for others."""
    return _names(_parsed(expression))


@lru_cache(maxsize=8)
def _parsed(expression: str) -> Node:
    from tui.filter.jmespath import parse_expression  # only those who have a JMESPath wait for its library

    parsed: Node = parse_expression(expression).parsed
    return parsed


def _names(node: Node) -> tuple[str, ...]:
    path = path_of(node) or ()
    names = tuple(step for step in path if isinstance(step, str))
    return names if len(names) == len(path) else ()


def _gather(node: Node, paths: dict[object, Node]) -> bool:
    """Is all of an expression comparisons of plain paths? They are put into `paths`."""
    path = path_of(node)
    if path is not None:
        paths[path] = node
        return True
    if node["type"] not in _PLAIN and not (node["type"] == "function_expression" and node["value"] in _FUNCTIONS):
        return False
    return all(_gather(child, paths) for child in node["children"])


def value_counts(summary: Summary, path: tuple[str, ...]) -> dict[str | None, int] | None:
    """The values at a plain path as JSON texts, and how many records have each, or none of them (None); None where the
    summary does not know them all, or some are lists or objects."""
    field = field_of(summary, path)
    if field is None or not field.exact or field.others or f"{_spelled(path)}[*]" in summary.fields:
        return None
    judged = summary.head.records - summary.head.not_json - summary.head.unparsed
    counts: dict[str | None, int] = {None: judged - field.records}
    return counts | field.values


def field_of(summary: Summary, path: tuple[str, ...]) -> FieldSummary | None:
    """The summary of the field at a plain path; None where it cannot answer."""
    return summary.fields.get(_spelled(path), FieldSummary()) if path and summary.head.whole else None


@lru_cache(maxsize=64)
def _spelled(path: tuple[str, ...]) -> str:
    """As the summary spells it."""
    from tui.filter.build import spell_field  # parsing takes libraries that a literal does without

    return spell_field(path)


def excludes(summary: Summary, filter_: Filter) -> bool:
    """Is it proved that no record matches? One term that no record fulfills is enough."""
    return not filter_.invert and any(_excludes(summary, term) for term in filter_.active)


def _excludes(summary: Summary, term: Term) -> bool:
    if term.kind != "match":
        return False
    return _never(summary, _parsed(term.text))


def _never(summary: Summary, node: Node) -> bool:
    """Is an expression true for no record of the chunk?"""
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
    """Has the field at a plain path another value in every record?"""
    field = field_of(summary, _names(node))
    if field is None or value is None or isinstance(value, list | dict):
        return False
    return field.exact and spell_json(value).decode() not in field.values
