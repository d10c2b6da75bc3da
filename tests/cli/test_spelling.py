"""`scan --fields` and `cat --pretty` write what the record says, and leave out or escape what is not JSON."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from tests.support.command import hourscope

HOUR = "2024-05-01T00"
LINES = (
    b'{"x":1.50}',
    b"a \x1b[2J text",
    b'{"x":1e400,"x":-0}',
    b'{"y":12345678901234567890123}',
    b'{"x":"\\ud800"}',
)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    (tmp_path / "ev.2024-05-01_00.log.gz").write_bytes(gzip.compress(b"\n".join(LINES) + b"\n"))
    return tmp_path


def summary(err: str) -> dict[str, object]:
    parsed: dict[str, object] = json.loads(err.splitlines()[-1])
    return parsed


def test_fields_skips_records_that_are_not_json_and_counts_them(archive: Path) -> None:
    ran = hourscope("scan", archive, "--fields", "x", "--json")
    assert ran.code == 0
    assert ran.lines == [b'{"x":1.50}', b'{"x":-0}', b'{"x":null}', b'{"x":"\\ud800"}']
    assert (summary(ran.err)["matches"], summary(ran.err)["not_json"]) == (4, 1)
    ran = hourscope("scan", archive, "--fields", "{v: y}", "-g", "text", "--json")
    assert (ran.lines, summary(ran.err)["matches"], summary(ran.err)["not_json"]) == ([], 0, 1)


def test_a_record_that_is_not_json_is_counted_once(archive: Path) -> None:
    """An inverted JMESPath term lets it through, and has counted it."""
    ran = hourscope("scan", archive, "--fields", "y", "-v", "-m", "x", "--json")
    assert ran.lines == [b'{"y":12345678901234567890123}']
    assert summary(ran.err)["not_json"] == 1


def test_pretty_moves_tokens_without_changing_them(archive: Path) -> None:
    ran = hourscope("cat", archive, "--hour", HOUR, "--pretty")
    assert ran.code == 0
    assert ran.out.decode() == (
        '{\n  "x": 1.50\n}\na \\x1b[2J text\n{\n  "x": 1e400,\n  "x": -0\n}\n'
        '{\n  "y": 12345678901234567890123\n}\n{\n  "x": "\\ud800"\n}\n'
    )
