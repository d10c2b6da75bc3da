"""Evaluate expressions on every record of a block: one column of values per expression."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from jmespath.parser import ParsedResult

from tui.archive.block import Block
from tui.filter.compiled import MAX_PARSED, NotJsonError
from tui.filter.jmespath import load, parse_expression
from tui.filter.shapes import FAILURES, MISFITS, compile_values


@dataclass(slots=True)
class RecordTable:
    """One column per expression, with the value of each JSON record, in order. `records`: the number of values.

    `not_json`: the records that are not JSON. `unparsed`: the number of records that are too large to be parsed.
    """

    columns: list[list[Any]]
    records: int = 0
    not_json: list[bytes] = field(default_factory=list)
    unparsed: int = 0


def columns(expressions: Sequence[str]) -> Callable[[Block], RecordTable]:
    """Return a function from a block to its values. A value is None if the expression fails or finds nothing.

    FilterError for an expression that cannot be parsed.
    """
    parsed = [parse_expression(expression) for expression in expressions]
    at_once = compile_values([expression.parsed for expression in parsed])

    def table(block: Block) -> RecordTable:
        if at_once and block.end <= MAX_PARSED and block.all_objects():
            with suppress(*MISFITS), block.view() as view:  # if a record has another shape, evaluate one by one
                values = at_once(view)
                if len(values[0]) == block.count():
                    return RecordTable(values, block.count())
        return _one_by_one(block, parsed)

    return table


def _one_by_one(block: Block, expressions: Sequence[ParsedResult]) -> RecordTable:
    table = RecordTable([[] for _ in expressions])
    for record in block.records():
        if len(record) > MAX_PARSED:
            table.unparsed += 1
            continue
        try:
            value = load(record)
        except NotJsonError:
            table.not_json.append(record)
            continue
        table.records += 1
        for column, expression in zip(table.columns, expressions, strict=True):
            column.append(_searched(expression, value))
    return table


def _searched(expression: ParsedResult, value: Any) -> Any:
    try:
        return expression.search(value)
    except FAILURES:
        return None
