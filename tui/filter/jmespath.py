"""JMESPath on parsed records: `--match`. A record matches if the result is truthy in JMESPath's sense.

jmespath.py is the judge of what an expression means. Before it is asked, a record must hold the expression's needles,
and the shapes that people write are evaluated on the few fields that they name; all three give the same answer. An
expression that fails on a record (a function given the wrong type) does not match it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import jmespath
import msgspec
from jmespath import exceptions
from jmespath.functions import Functions
from jmespath.parser import ParsedResult

from tui.errors import FilterError
from tui.filter.compiled import Compiled, NotJsonError, Test, finder
from tui.filter.needles import ESCAPE, Needle, needles
from tui.filter.shapes import MISFITS, compile_shape, is_true

# An expression that does not go with a record: ceil() of infinity, a slice of step 0, …
_FAILURES = (exceptions.JMESPathError, TypeError, ValueError, ArithmeticError, RecursionError)


def compile_term(expression: str) -> Compiled:
    """A record matches if `expression` gives something other than false, null, "", [] or {}."""
    parsed = parse_expression(expression)
    shape = compile_shape(parsed.parsed)
    wanted = needles(parsed.parsed)

    def judge(record: bytes) -> bool:
        if not _may_match(record, wanted) and record[:1] == b"{" and record[-1:] == b"}":
            return False  # what is no object at all is looked at: it may be no JSON, and is to be counted
        value = load(record)
        try:
            return is_true(parsed.search(value))
        except _FAILURES:
            return False

    leads = (*sorted(wanted[0].texts), ESCAPE) if wanted else ()
    test = judge if shape is None else _quick(*shape, judge)
    return Compiled(test, tuple(finder(lead) for lead in leads), holds_lock=True)


def _quick(decode: Callable[[bytes], Any], evaluate: Callable[[Any], Any], judge: Test) -> Test:
    """The fast evaluator where a record has the expected shape, the judge where it has not."""

    def test(record: bytes) -> bool:
        try:
            value = evaluate(decode(record))
            return value is True or (value is not False and is_true(value))
        except MISFITS:
            return judge(record)
        except _FAILURES:
            return False

    return test


def _may_match(record: bytes, wanted: tuple[Needle, ...]) -> bool:
    """Does the record hold every needle, or an escape that may spell one?"""
    return all(needle.fits(record) for needle in wanted) or ESCAPE in record


def parse_expression(expression: str) -> ParsedResult:
    """The parsed expression; FilterError, with the column, for one that cannot be."""
    try:
        parsed = jmespath.compile(expression)
    except exceptions.JMESPathError as error:
        column, words = _where(error, expression)
        raise FilterError(words, expression, column, what="JMESPath") from error
    except RecursionError as error:
        raise FilterError("the JMESPath is nested too deeply", expression, 0) from error
    for name, given in _calls(parsed.parsed):
        _check_call(expression, name, given)
    return parsed


def load(record: bytes) -> Any:
    """The record's JSON value; NotJsonError if it is none.

    msgspec is strict and fast; what it refuses gets a second chance, for lone surrogates and bytes that are not UTF-8.
    """
    try:
        return msgspec.json.decode(record)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        return json.loads(record.decode("utf-8", "surrogateescape"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise NotJsonError(str(error)) from error


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON (RFC 8259)")


def _where(error: exceptions.JMESPathError, expression: str) -> tuple[int, str]:
    """The column and the cause, in words."""
    if isinstance(error, exceptions.EmptyExpressionError):
        return 0, "it is empty"
    if isinstance(error, exceptions.LexerError):
        return error.lexer_position, str(error.message)
    if isinstance(error, exceptions.IncompleteExpressionError):
        return len(expression), "it ends too early"
    if isinstance(error, exceptions.ParseError):
        token = f"'{error.token_value}'"
        return error.lex_position, f"{token} is not expected here" if error.token_type != "eof" else "it ends too early"
    return 0, str(error)


def _calls(node: Any) -> Iterator[tuple[str, int]]:
    """Every function call of a syntax tree: its name and how many arguments it is given."""
    if node["type"] == "function_expression":
        yield node["value"], len(node["children"])
    for child in node.get("children", ()):
        if isinstance(child, dict):
            yield from _calls(child)


def _check_call(expression: str, name: str, given: int) -> None:
    """jmespath.py finds these out at the first record; a person wants to know before."""
    known = Functions.FUNCTION_TABLE
    match = re.search(rf"\b{re.escape(name)}\s*\(", expression)
    column = match.start() if match else 0
    if name not in known:
        reason = f"there is no function {name}(); known are {', '.join(sorted(known))}"
        raise FilterError(reason, expression, column, what="JMESPath")
    signature = known[name]["signature"]
    variadic = any(argument.get("variadic") for argument in signature)
    if given < len(signature) or (given > len(signature) and not variadic):
        wanted = f"{'at least ' if variadic else ''}{len(signature)}"
        reason = f"{name}() takes {wanted} argument(s), not {given}"
        raise FilterError(reason, expression, column, what="JMESPath")
