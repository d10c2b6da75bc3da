"""`hourscope send` to a file, and what it leaves out."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

from tests.send.helpers import write_lines
from tests.support.command import hourscope


def test_files_from_the_command_line(archive: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    assert f"into       {out}\n" in hourscope("send", archive, "-o", out, "--dry-run").out.decode()
    assert not out.exists()
    assert hourscope("send", archive, "-o", out).code == 0
    for more in ((), ("--dry-run",)):
        assert f"{out} exists" in hourscope("send", archive, "-o", out, *more).sentence
    assert hourscope("send", archive, "-o", out, "--append", "--project", "{n: h}", "-m", "error").code == 0
    text = b"".join(gzip.decompress(path.read_bytes()) for path in sorted(archive.iterdir())).replace(b"\n\n", b"\n")
    assert out.read_bytes() == text + b'{"n":12}\n{"n":13}\n'
    assert hourscope("send", archive, "-o", "-").out == text
    ran = hourscope("send", archive, "-o", tmp_path / "parts.jsonl", "--split", "hour", "--json")
    assert [Path(place).name for place in json.loads(ran.out)["where"]] == [
        "parts.2015-01-20_12.jsonl",
        "parts.2015-01-20_13.jsonl",
    ]


def test_copies_are_left_out_of_a_file(tmp_path: Path) -> None:
    write_lines(tmp_path / "in", [b"a", b"b", b"a", b"c", b"b"])
    ran = hourscope("send", tmp_path / "in", "-o", tmp_path / "out", "--unique", "--json")
    assert (ran.code, (tmp_path / "out").read_bytes()) == (0, b"a\nb\nc\n")
    assert json.loads(ran.out)["repeats"] == 2
    assert ran.sentence == "hourscope: 2 records left out by --unique: copies of earlier ones"
    assert hourscope("send", tmp_path / "in", "-o", f"{tmp_path}/x/", "--unique").code == 2


def test_what_a_projection_leaves_out_is_reported_even_in_a_pipe(archive: Path) -> None:
    ran = hourscope("send", archive, "-o", "-", "--project", "error.code")
    assert (ran.code, ran.out) == (0, b"7\n7\n")
    assert (
        "2 records left out by --project: line 1 of e.2015-01-20_12.log.gz (the projection gives null)" in ran.sentence
    )
    ran = hourscope("send", archive, "-o", "-", "--project", "nowhere")
    assert (ran.code, ran.out) == (1, b"")
    assert "no record is left to send" in ran.sentence


def test_a_filter_that_cannot_look_at_records_is_not_nothing(tmp_path: Path) -> None:
    """No match among records that are not JSON is not an answer: exit code 2, with the reason."""
    lines = tmp_path / "lines"
    lines.write_bytes(b'{"event":"play"}\na text\n{"event":')
    ran = hourscope("send", lines, "-m", "event == 'error'", "-o", tmp_path / "out", "--json")
    assert ran.code == 2
    assert "1 record is not JSON or over 8 MiB" in ran.err
    assert json.loads(ran.lines[-1])["warnings"]
