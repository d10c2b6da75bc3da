"""A chunk whose records may be further in: every command names them, and none takes that for no match."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from tests.support.answers import HOUR, RECORDS, lines, put
from tests.support.command import Ran, hourscope

_ITEMS = b",".join(RECORDS)
DOCUMENTS = {
    "hits of a search": (b'{"took":3,"hits":{"total":300,"hits":[%s]}}' % _ITEMS, "hits.hits"),
    "the same on a line": (b'{"took":3,"hits":{"total":300,"hits":[%s]}}\n' % _ITEMS, "hits.hits"),
    "a page of results on a line": (b'{"count":3,"next":null,"results":[%s]}\n' % _ITEMS, "results"),
    "the same over many lines": (b'{\n"count":3,\n"next":null,\n"results":[\n%s\n]}\n' % _ITEMS, "results"),
    "a list behind 1.5 MB": (b'{"s":"%s","Records":[%s]}' % (b"y" * 1_500_000, _ITEMS), "Records"),
    "a key with a space": (b'{"v":1,"the list":[%s]}' % _ITEMS, "'the list'"),
    "a list on each line": (lines([b"[%s]" % _ITEMS] * 3), "'[*]'"),
    "a document on each line": (lines([b'{"Records":[%s]}' % _ITEMS] * 3), "Records"),
    "a document on each line, of any list": (lines([b'{"events": [%s]}' % _ITEMS] * 3), "events"),
}


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_every_command_names_the_list(kind: str, tmp_path: Path) -> None:
    data, path = DOCUMENTS[kind]
    put(tmp_path / "a", gzip.compress(data))
    for command in (
        ("scan", tmp_path / "a", "-m", "i >= `0`"),
        ("scan", tmp_path / "a", "-m", "i >= `0`", "--count"),
        ("count", tmp_path / "a", "-m", "i >= `0`"),
        ("cat", tmp_path / "a", "--hour", HOUR, "-m", "i >= `0`"),
        ("verify", tmp_path / "a"),
        ("diff", tmp_path / "a", "--from", HOUR, "--to", "2015-01-30T01"),
        ("doctor", tmp_path / "a"),
        ("send", tmp_path / "a", "-m", "i >= `0`", "-o", tmp_path / "out"),
        ("send", tmp_path / "a", "-m", "i >= `0`", "-o", tmp_path / "out", "--dry-run"),
    ):
        ran = hourscope(*command)
        assert ran.code == 2, command
        assert f"--records {path}" in _all_of(ran), command


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_a_send_of_the_whole_warns_that_it_may_be_one_record_for_many(kind: str, tmp_path: Path) -> None:
    data, path = DOCUMENTS[kind]
    put(tmp_path / "a", gzip.compress(data))
    ran = hourscope("send", tmp_path / "a", "-o", tmp_path / "out", "--json")
    assert ran.code == 0
    (warning,) = json.loads(ran.out)["warnings"]
    assert f"--records {path}" in warning
    assert warning in ran.err


def _all_of(ran: Ran) -> str:
    return ran.err + ran.out.decode()


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_the_option_that_is_named_reads_the_records(kind: str, tmp_path: Path) -> None:
    data, path = DOCUMENTS[kind]
    put(tmp_path / "a", gzip.compress(data))
    times = data.count(b'"i":299,')
    ran = hourscope("scan", tmp_path / "a", "-m", "i >= `0`", "--count", "--records", path.strip("'"))
    assert (ran.code, ran.out) == (0, b"%d\n" % (300 * times))


def test_what_is_one_record_reads_in_silence_with_records_dot(tmp_path: Path) -> None:
    put(tmp_path / "a", gzip.compress(DOCUMENTS["hits of a search"][0]))
    ran = hourscope("scan", tmp_path / "a", "-m", "took == `4`", "--count", "--records", ".")
    assert (ran.code, ran.out) == (1, b"0\n")
    assert "document" not in ran.err


def test_an_index_and_what_scans_have_counted_hide_no_list(tmp_path: Path) -> None:
    put(tmp_path / "a", gzip.compress(DOCUMENTS["hits of a search"][0]))
    assert hourscope("index", tmp_path / "a", "--yes").code != 1
    for command in ("scan", "count", "scan"):
        ran = hourscope(command, tmp_path / "a", "-m", "took == `4`", *["--count"] * (command == "scan"))
        assert ran.code == 2
        assert "--records hits.hits" in ran.err


def test_a_quiet_hour_of_one_record_among_lines_is_not_a_document(tmp_path: Path) -> None:
    put(tmp_path / "a", gzip.compress(lines(RECORDS)))
    quiet = b'{"order":1,"items":[{"sku":1},{"sku":2}]}\n'
    (tmp_path / "a" / "e.2015-01-30_01.log.gz").write_bytes(gzip.compress(quiet))
    ran = hourscope("scan", tmp_path / "a", "-m", "order == `9`", "--count")
    assert (ran.code, ran.out) == (1, b"0\n")
    assert "document" not in ran.err
    assert hourscope("verify", tmp_path / "a").code == 0
    assert hourscope("doctor", tmp_path / "a").code == 0


@pytest.mark.parametrize("form", [b'{"Records":[%s]}', b"[%s]"])
def test_strings_that_hold_json_are_named(form: bytes, tmp_path: Path) -> None:
    strings = b",".join(b'"%s"' % record.replace(b"\\", b"\\\\").replace(b'"', b'\\"') for record in RECORDS)
    put(tmp_path / "a", gzip.compress(form % strings))
    ran = hourscope("scan", tmp_path / "a", "-m", "i >= `0`", "--count")
    assert (ran.code, ran.out) == (2, b"0\n")
    assert "1 chunk of strings that contain JSON" in ran.err


def test_lines_and_then_values_over_lines_are_a_change_of_form(tmp_path: Path) -> None:
    pretty = b"\n".join(record.replace(b',"', b',\n  "').replace(b"{", b"{\n  ", 1) for record in RECORDS)
    put(tmp_path / "a", gzip.compress(lines(RECORDS) + pretty + b"\n"))
    ran = hourscope("scan", tmp_path / "a", "-m", "i >= `0`", "--count")
    assert (ran.code, ran.out) == (2, b"300\n")
    assert "the form changes: 300 values over several lines, read line by line" in ran.err
    whole = hourscope("scan", tmp_path / "a", "-m", "i >= `0`", "--count", "--records", ".")
    assert (whole.code, whole.out) == (0, b"600\n")
