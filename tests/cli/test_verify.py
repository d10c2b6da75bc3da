"""`hourscope verify`: a whole range is read, and what is wrong with it has a name."""

import gzip
import json
from pathlib import Path

from tests.support.command import hourscope

LINES = [b'{"n":%d}' % n for n in range(1000)]


def write(folder: Path, hour: int, lines: list[bytes]) -> Path:
    path = folder / f"events.2015-01-20_{hour:02}.log.gz"
    path.write_bytes(gzip.compress(b"".join(line + b"\n" for line in lines)))
    return path


def test_a_sound_archive(tmp_path: Path) -> None:
    write(tmp_path, 10, LINES)
    write(tmp_path, 11, [b'{"x":1}'])
    ran = hourscope("verify", tmp_path)
    assert ran.code == 0
    assert b"2 hours" in ran.lines[1]
    assert b"1,001 records" in ran.lines[1]


def test_gaps_and_duplicates_are_named(tmp_path: Path) -> None:
    write(tmp_path, 10, LINES)
    write(tmp_path, 13, [*LINES[:3], b"", b'"new"', b'"new"', b""])
    ran = hourscope("verify", tmp_path, "--json")
    assert ran.code == 1
    report = json.loads(ran.out)
    assert report["version"] == 2
    assert report["records"] == 1005
    assert report["gaps"] == [{"from": "2015-01-20T11", "to": "2015-01-20T13"}]
    assert report["duplicates"] == 4
    assert report["duplicates_by_hour"] == {"2015-01-20T13": 4}
    assert report["blank"] == 2
    assert report["damaged"] == []
    assert b"2015-01-20T11  2 hours, to 2015-01-20T13" in hourscope("verify", tmp_path).out


def test_a_record_that_is_not_json_is_not_called_sound(tmp_path: Path) -> None:
    write(tmp_path, 10, [*LINES, b"a text", b'{"n": '])
    ran = hourscope("verify", tmp_path)
    assert ran.code == 2
    assert "2 records are not JSON (text, 1 broken JSON)" in ran.err


def test_plain_text_under_a_compressed_name_is_reported(tmp_path: Path) -> None:
    write(tmp_path, 10, LINES).write_bytes(b'{"n":1}\n')
    ran = hourscope("verify", tmp_path, "--json")
    assert ran.code == 1
    assert json.loads(ran.out)["mislabeled"] == ["events.2015-01-20_10.log.gz"]


def test_damage_is_named_and_what_is_before_it_is_counted(tmp_path: Path) -> None:
    torn = write(tmp_path, 10, LINES)
    torn.write_bytes(torn.read_bytes()[:-9])
    write(tmp_path, 11, LINES)
    ran = hourscope("verify", tmp_path, "--json")
    assert ran.code == 2
    report = json.loads(ran.out)
    assert [damage["key"] for damage in report["damaged"]] == [torn.name]
    assert report["duplicates"] == report["records"] - 1000  # every whole line of the torn chunk is in the other


def test_a_range_without_a_chunk_is_reported_in_one_sentence(tmp_path: Path) -> None:
    write(tmp_path, 10, LINES)
    ran = hourscope("verify", tmp_path, "--from", "2016-01-01")
    assert ran.code == 2
    assert "has no chunk from 2016-01-01T00" in ran.sentence
