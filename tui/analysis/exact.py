"""What a summary knows exactly: how often a field has each value, how many records match a filter, that none does."""

from __future__ import annotations

import json
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
    node = field_asked(filter_)
    counts = value_counts(summary, node) if node is not None else None
    if node is None or counts is None:
        return None
    steps = path_of(node) or ()

    def record(text: str | None) -> bytes:
        for step in reversed(steps):
            text = f"{{{json.dumps(step)}:{text}}}" if text is not None else "{}"
        return (text or "{}").encode()

    return {text: number for text, number in counts.items() if filter_.matches(record(text))}


def field_asked(filter_: Filter) -> Node | None:
    """The plain path that a filter's one JMESPath compares with literals, and nothing else; None for other filters."""
    if len(filter_.active) != 1 or filter_.active[0].kind != "match" or filter_.within or filter_.invert:
        return None
    from tui.filter.jmespath import parse_expression  # only those who have a JMESPath wait for its library

    paths: dict[object, Node] = {}
    if not _gather(parse_expression(filter_.active[0].text).parsed, paths) or len(paths) != 1:
        return None
    return next(iter(paths.values()))


def _gather(node: Node, paths: dict[object, Node]) -> bool:
    """Is all of an expression comparisons of plain paths? They are put into `paths`."""
    path = path_of(node)
    if path is not None:
        paths[path] = node
        return True
    if node["type"] not in _PLAIN and not (node["type"] == "function_expression" and node["value"] in _FUNCTIONS):
        return False
    return all(_gather(child, paths) for child in node["children"])


def value_counts(summary: Summary, node: Node) -> dict[str | None, int] | None:
    """The values at a plain path as JSON texts, and how many records have each, or none of them (None); None where the
    summary does not know them all, or some are lists or objects."""
    field = field_of(summary, node)
    if field is None or not field.exact or field.others or f"{path_name(node)}[*]" in summary.fields:
        return None
    judged = summary.records - summary.not_json - summary.unparsed
    counts: dict[str | None, int] = {None: judged - field.records}
    return counts | field.values


def field_of(summary: Summary, node: Node) -> FieldSummary | None:
    """The summary of the field that a plain path names; None where it cannot answer."""
    name = path_name(node)
    return summary.fields.get(name, FieldSummary()) if name and summary.whole else None


def path_name(node: Node) -> str:
    """The path as the summary spells it; "" for anything but a plain path."""
    from tui.filter.build import spell_field  # parsing takes libraries that a literal does without

    path = path_of(node) or ()
    names = tuple(step for step in path if isinstance(step, str))
    return spell_field(names) if names and len(names) == len(path) else ""


def excludes(summary: Summary, filter_: Filter) -> bool:
    """Is it proved that no record matches? One term that no record fulfills is enough."""
    return not filter_.invert and any(_excludes(summary, term) for term in filter_.active)


def _excludes(summary: Summary, term: Term) -> bool:
    if term.kind != "match":
        return False
    from tui.filter.jmespath import parse_expression  # only those who have a JMESPath wait for its library

    return _never(summary, parse_expression(term.text).parsed)


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
    field = field_of(summary, node)
    if field is None or value is None or isinstance(value, list | dict):
        return False
    return field.exact and spell_json(value).decode() not in field.values
