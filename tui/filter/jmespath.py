"""JMESPath on parsed records: `--match`. A record matches if the result is truthy as JMESPath defines it.

jmespath.py defines what an expression means: it parses all expressions, and evaluates the few that cannot be translated
into Python. A record is decoded only if it contains the expression's needles. All ways give the same result. If an
expression fails on a record (a function gets the wrong type), the record does not match.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import jmespath
import msgspec
from jmespath import exceptions
from jmespath.functions import Functions
from jmespath.parser import ParsedResult

from tui.errors import FilterError
from tui.filter.compiled import MAX_PARSED, Compiled, NotJsonError, Test, TooLargeError, Verdicts, finder
from tui.filter.functions import is_true
from tui.filter.needles import needles
from tui.filter.shapes import FAILURES, MISFITS, Shape, compile_shape
from tui.filter.slips import repaired

_NOT_JMESPATH = {  # SQL keywords
    "in": "JMESPath has no 'in'; use contains(LIST, VALUE)",
    "like": "JMESPath has no 'like'; use contains(), starts_with() or ends_with(), or -e",
    "is": "JMESPath has no 'is'; compare with ==",
}
_MAX_DIGITS = 4300
_LONGEST = 1 << 16  # characters of an expression: parsing one of megabytes takes minutes


def compile_term(expression: str) -> Compiled:
    """Compile an expression. A record matches if the result is not false, null, "", [] or {}."""
    parsed = parse_expression(expression)
    try:
        shape = compile_shape(parsed.parsed)
        needed = needles(parsed.parsed)
    except RecursionError as error:
        raise _too_deep(expression) from error
    holds = shape.holds if shape else _interpreted(parsed)
    full_test = _full_test(holds, [needle.spellings for needle in needed])
    return Compiled(
        _quick(shape, full_test) if shape else full_test,
        tuple(map(finder, needed[0].spellings)) if needed else (),
        holds_lock=True,
        texts=tuple(needed[0].texts) if needed else (),
        verdicts=_all_at_once(shape, full_test) if shape else None,
    )


def _interpreted(parsed: ParsedResult) -> Callable[[Any], bool]:
    """Return a test that evaluates the expression with jmespath.py."""

    def holds(value: Any) -> bool:
        try:
            return is_true(parsed.search(value))
        except FAILURES:
            return False

    return holds


def _full_test(holds: Callable[[Any], bool], spellings: list[tuple[bytes, ...]]) -> Test:
    """Return the test for records of any shape."""

    def test(record: bytes) -> bool:
        if len(record) > MAX_PARSED:
            raise TooLargeError
        if not _may_match(record, spellings) and record[:1] == b"{" and record[-1:] == b"}":
            return False  # other records are parsed all the same, to count those that are not JSON
        return holds(load(record))

    return test


def _quick(shape: Shape, full_test: Test) -> Test:
    """Return a test that decodes only the needed parts, and falls back to `full_test` if they do not decide."""

    def test(record: bytes) -> bool:
        if len(record) > MAX_PARSED:
            raise TooLargeError
        try:
            held = shape.test(record)
        except MISFITS:
            held = None
        return full_test(record) if held is None else held

    return test


def _all_at_once(shape: Shape, full_test: Test) -> Verdicts:
    def verdicts(lines: memoryview) -> list[bool] | None:
        try:
            held = shape.test_all(lines)
            if None not in held:
                return held  # type: ignore[return-value]
            records = bytes(lines).split(b"\n")
            return [
                full_test(record) if verdict is None else verdict
                for verdict, record in zip(held, records, strict=False)
            ]
        except (*MISFITS, NotJsonError):
            return None

    return verdicts


def _may_match(record: bytes, needed: Iterable[Iterable[bytes]]) -> bool:
    """True if the record contains every needle, or an escape that may encode it."""
    return all(any(text in record for text in spellings) for spellings in needed)


def parse_expression(expression: str) -> ParsedResult:
    """Parse an expression. FilterError, with the column, if it is invalid."""
    if len(expression) > _LONGEST:
        reason = f"it has {len(expression):,} characters; at most {_LONGEST:,} are read"
        raise FilterError(reason, expression, _LONGEST, what="JMESPath")
    try:
        return _parsed(expression)
    except exceptions.JMESPathError as error:
        column, words = repaired(expression, _parses) or _where(error, expression)
        raise FilterError(words, expression, column, what="JMESPath") from error
    except FilterError as error:  # an unknown function, or wrong arguments
        if repair := repaired(expression, _parses):
            raise FilterError(repair[1], expression, repair[0], what="JMESPath") from error
        raise
    except RecursionError as error:
        raise _too_deep(expression) from error


def _parsed(expression: str) -> ParsedResult:
    parsed = jmespath.compile(expression)
    for name, given in _calls(parsed.parsed):
        _check_call(expression, name, given)
    return parsed


def _parses(expression: str) -> bool:
    try:
        _parsed(expression)
    except (exceptions.JMESPathError, FilterError, RecursionError):
        return False
    return True


def _too_deep(expression: str) -> FilterError:
    return FilterError("it is nested too deeply", expression, 0, what="JMESPath")


def load(record: bytes) -> Any:
    """Return the record's JSON value. NotJsonError if it is not JSON.

    msgspec is strict and fast. What it refuses is parsed again, to accept lone surrogates and bytes that are not UTF-8.
    """
    try:
        return msgspec.json.decode(record)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        text = record.decode("utf-8", "surrogateescape")
        return json.loads(text, parse_int=_integer, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise NotJsonError(str(error)) from error


def _integer(text: str) -> int | float:
    """Parse an integer. Python refuses more than 4,300 digits, so a longer one becomes a float, infinite like 1e400."""
    return int(text) if len(text) <= _MAX_DIGITS else float(text)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON (RFC 8259)")


def _where(error: exceptions.JMESPathError, expression: str) -> tuple[int, str]:
    """Return the column and the cause of an error."""
    if isinstance(error, exceptions.EmptyExpressionError):
        return 0, "it is empty"
    if isinstance(error, exceptions.LexerError):
        return error.lexer_position, _lexer_words(str(error.message), expression)
    if isinstance(error, exceptions.IncompleteExpressionError):
        return len(expression), "it ends too early"
    if isinstance(error, exceptions.ParseError):
        token = f"'{error.token_value}'"
        if str(error.token_value).lower() in _NOT_JMESPATH:
            return error.lex_position, _NOT_JMESPATH[error.token_value.lower()]
        if error.token_type == "eof" or not error.token_value:
            return error.lex_position, "it ends too early"
        if re.fullmatch(r"\s*-?\d+\s*", expression):
            return error.lex_position, "a number alone is not a condition"
        return error.lex_position, f"unexpected {token}"
    return 0, str(error)


def _lexer_words(message: str, expression: str) -> str:
    if "=~" in expression or "!~" in expression:
        return "JMESPath has no regular expressions; use -e"
    if match := re.fullmatch(r"Unclosed (.) delimiter", message):
        return f"missing closing {match[1]}"
    return message[:1].lower() + message[1:]


def _calls(node: Any) -> Iterator[tuple[str, int]]:
    """Yield every function call in a syntax tree: its name and number of arguments."""
    if node["type"] == "function_expression":
        yield node["value"], len(node["children"])
    for child in node.get("children", ()):
        if isinstance(child, dict):
            yield from _calls(child)


def _check_call(expression: str, name: str, given: int) -> None:
    """Check a function's name and number of arguments now; jmespath.py only does so at the first record."""
    known = Functions.FUNCTION_TABLE
    match = re.search(rf"\b{re.escape(name)}\s*\(", expression)
    column = match.start() if match else 0
    if name not in known:
        reason = f"unknown function {name}(); known functions: {', '.join(sorted(known))}"
        raise FilterError(reason, expression, column, what="JMESPath")
    signature = known[name]["signature"]
    variadic = any(argument.get("variadic") for argument in signature)
    if given < len(signature) or (given > len(signature) and not variadic):
        expected = f"{'at least ' if variadic else ''}{len(signature)}"
        reason = f"{name}() takes {expected} argument{'' if expected == '1' else 's'}, not {given}"
        raise FilterError(reason, expression, column, what="JMESPath")
