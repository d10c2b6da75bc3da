"""A filter that matches nothing, or matches by mistake, gets a hint on stderr; exit codes and stdout do not change."""

from __future__ import annotations

import gzip
import json
import shlex
from pathlib import Path

import pytest

from tests.support.command import hourscope

HOUR = "2024-05-01T00"


def archive_of(folder: Path, *records: object) -> Path:
    lines = b"".join(json.dumps(record, separators=(",", ":")).encode() + b"\n" for record in records)
    (folder / "ev.2024-05-01_00.log.gz").write_bytes(gzip.compress(lines))
    return folder


@pytest.fixture
def types(tmp_path: Path) -> Path:
    return archive_of(
        tmp_path, *({"id": n, "event": "ok", "error": {"code": 5003}, "tags": ["live"]} for n in range(10))
    )


def test_a_name_in_double_quotes_is_hinted_though_records_without_the_field_match(tmp_path: Path) -> None:
    archive = archive_of(tmp_path, {"event": "error"}, {"level": "info"}, {"event": "ok"}, {"status": 500})
    ran = hourscope("scan", archive, "-m", 'event == "error"')
    assert (ran.code, len(ran.lines)) == (0, 2)
    assert "no record has a field of that name" in ran.sentence and "single quotes" in ran.sentence
    ran = hourscope("scan", archive, "-m", 'level != "debug"', "-c")
    assert (ran.code, ran.out) == (0, b"1\n") and "no record has a field of that name" in ran.sentence


@pytest.mark.parametrize(
    "filter_",
    [
        ("-m", "error.code == '5003'"),
        ("-m", "id < '5'"),
        ("-m", 'contains(tags, "live")'),
        ("-m", "evnt == 'ok'"),
        ("-g", "ev.*ok"),
        ("-g", "*live*"),
        ("-g", '"event": "ok"'),
    ],
)
@pytest.mark.parametrize("command", [("scan", "--count"), ("cat", "--hour", HOUR)])
def test_the_hint_of_a_filter_without_a_match_can_be_run(
    types: Path, filter_: tuple[str, ...], command: tuple[str, ...]
) -> None:
    ran = hourscope(command[0], types, *command[1:], *filter_)
    assert ran.code == 1 and ran.sentence.startswith("hourscope: hint: ")
    offered = shlex.split(ran.sentence.rpartition("ry ")[2].rpartition(", which matches")[0])
    again = hourscope(command[0], types, *command[1:], *offered)
    assert (again.code, again.err) == (0, "")


def test_a_filter_that_is_right_gets_no_hint(types: Path) -> None:
    for words in (
        ("-m", "error.code == `4001`"),
        ("-g", "nowhere"),
        ("-m", "event != 'gone'"),
        ("-v",),
        ("-m", "event == 'ok'"),
    ):
        ran = hourscope("scan", types, "-c", *words)
        assert ran.code in (0, 1) and ran.err == ""


def test_hostile_names_in_a_hint_are_escaped(tmp_path: Path) -> None:
    archive = archive_of(tmp_path, {"eve\x1b[2Jnt": "\x1b]0;x\x07"})
    ran = hourscope("scan", archive, "-m", "\"eve[2Jnt\" == 'x'", "-c")
    assert ran.code == 1 and "did you mean" in ran.sentence and "\x1b" not in ran.err


def test_grep_habits_are_explained(types: Path) -> None:
    for words, sentence in (
        (("scan", types, "-m", "5", "-g", "ok"), "-m is JMESPath; to stop after the first 5 matches use --max-count 5"),
        (("scan", types, "-m", "1"), "-m is JMESPath; to stop after the first match use --max-count 1"),
        (("cat", types, "--hour", HOUR, "-m", "20"), "to stop after the first 20 matches use --lines 20"),
        (("send", types, "-m", "5", "-o", "-"), "a number alone is not a condition"),
    ):
        ran = hourscope(*words)
        assert ran.code == 2 and sentence in ran.sentence
    assert hourscope("scan", types, "-g", "ok", "-c").out == b"10\n"
