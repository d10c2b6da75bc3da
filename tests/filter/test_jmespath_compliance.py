"""The official compliance suite, read as filters: needles, shapes and jmespath.py agree on every case."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jmespath
import pytest
from jmespath import exceptions

from tui.archive.reader import Block
from tui.errors import FilterError
from tui.filter import parse_filter
from tui.filter.functions import is_true

SUITE = Path(__file__).parent / "jmespath_compliance"


def cases() -> Iterator[tuple[str, Any, str]]:
    """Yield every (file, document, expression)."""
    for path in sorted(SUITE.glob("*.json")):
        for group in json.loads(path.read_text(encoding="utf-8")):
            for case in group["cases"]:
                yield path.stem, group["given"], case["expression"]


def judged(expression: str, document: Any) -> bool | None:
    """The result of jmespath.py; None if it refuses the expression before it sees a record."""
    try:
        return is_true(jmespath.search(expression, document))
    except (exceptions.ParseError, exceptions.LexerError, exceptions.EmptyExpressionError):
        return None
    except (exceptions.UnknownFunctionError, exceptions.ArityError):
        return None
    except (exceptions.JMESPathError, TypeError, ValueError):
        return False


def test_the_suite_is_there() -> None:
    assert len(list(cases())) > 800


@pytest.mark.parametrize("name", sorted({name for name, _, _ in cases()}))
def test_every_case_as_a_filter(name: str) -> None:
    for _, document, expression in (case for case in cases() if case[0] == name):
        expected = judged(expression, document)
        try:
            chosen = parse_filter(match=[expression])
        except FilterError:
            assert expected is None, expression
            continue
        assert expected is not None, expression
        for record in (json.dumps(document).encode(), json.dumps(document, ensure_ascii=False).encode()):
            assert chosen.matches(record) is expected, expression
            # among other lines, searched as a block: the needles lead
            lines = bytearray(b'{"other":1}\n' * 20 + record + b"\n" + b'{"other":1}\n' * 20)
            alone = chosen.matches(b'{"other":1}')
            spans = list(chosen.spans(Block(lines, len(lines), 0)))
            assert len(spans) == 40 * alone + expected, expression
