"""Damage costs the bytes that it touches: every command reads all else, names the hole, and ends with 2."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import random
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from tests.support.answers import HOUR, Answers, ask, count, lines, put
from tests.support.command import hourscope

RECORDS = [b'{"i":%d,"s":"a}{b","pad":"%s"}' % (i, random.Random(i).randbytes(20).hex().encode()) for i in range(3000)]
GROUPS = [RECORDS[at : at + 100] for at in range(0, 3000, 100)]
CODECS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("log.gz", lambda data: gzip.compress(data, mtime=0)),
    "zstd": ("log.zst", zstandard.ZstdCompressor(write_checksum=True).compress),
    "bzip2": ("log.bz2", bz2.compress),
    "xz": ("log.xz", lzma.compress),
}


def members(codec: str) -> list[bytes]:
    return [CODECS[codec][1](lines(group)) for group in GROUPS]


def flipped(data: bytes, at: int) -> bytes:
    copy = bytearray(data)
    copy[at] ^= 0xFF
    return bytes(copy)


def with_parts(parts: list[bytes], **changed: bytes) -> bytes:
    """The parts with some of them replaced: `m5` is number 5."""
    return b"".join(changed.get(f"m{number}", part) for number, part in enumerate(parts))


def damaged(kind: str, parts: list[bytes]) -> tuple[bytes, int]:
    """A chunk with a fault, and the least number of records that are read in spite of it."""
    whole, tenth = b"".join(parts), sum(map(len, parts[:10]))
    half = [flipped(part, len(part) // 2) for part in parts]
    return {
        "a flipped byte in the first member": (with_parts(parts, m0=half[0]), 2900),
        "a damaged header of the first member": (with_parts(parts, m0=flipped(parts[0], 1)), 2900),
        "a torn first member": (with_parts(parts, m0=parts[0][: len(parts[0]) // 2]), 2900),
        "a first member without its begin": (whole[20:], 2900),
        "a flipped byte in the last member": (with_parts(parts, m29=half[29]), 2900),
        "two damaged members": (with_parts(parts, m5=half[5], m20=half[20]), 2800),
        "two damaged members in a row": (with_parts(parts, m5=half[5], m6=half[6]), 2800),
        "every other member damaged": (b"".join(p if n % 2 else half[n] for n, p in enumerate(parts)), 1500),
        "a zeroed sector of 4 KB": (whole[: tenth + 99] + bytes(4096) + whole[tenth + 99 + 4096 :], 2700),
        "a member's trailer cut": (with_parts(parts, m10=parts[10][:-4]), 2900),
        "a crash in a member, then new ones": (with_parts(parts, m10=parts[10][: len(parts[10]) // 3]), 2900),
        "text between members": (with_parts(parts, m10=b"tail: file truncated\n" + parts[10]), 3000),
        "a JSON line between members": (with_parts(parts, m10=b'{"i":-7}\n' + parts[10]), 3000),
        "zeros between members": (with_parts(parts, m10=bytes(700) + parts[10]), 3000),
        "zeros before the first member": (bytes(4096) + whole, 3000),
        "an HTTP header before the first member": (b"HTTP/1.1 200 OK\r\n\r\n" + whole, 3000),
        "an error page behind the last member": (whole + b"<html>503</html>\n", 3000),
        "cut in the last member": (whole[: -len(parts[29]) // 2], 2900),
        "cut in the last member's trailer": (whole[:-4], 2999),
        "cut in the last member's header": (whole[: -len(parts[29]) + 3], 2900),
    }[kind]


KINDS = (
    "a flipped byte in the first member", "a damaged header of the first member", "a torn first member",
    "a first member without its begin", "a flipped byte in the last member", "two damaged members",
    "two damaged members in a row", "every other member damaged", "a zeroed sector of 4 KB", "a member's trailer cut",
    "a crash in a member, then new ones", "text between members", "a JSON line between members",
    "zeros between members", "zeros before the first member", "an HTTP header before the first member",
    "an error page behind the last member", "cut in the last member", "cut in the last member's trailer",
    "cut in the last member's header",
)  # fmt: skip


def assert_hole(answers: Answers, key: str, size: int, records: list[bytes], least: int) -> None:
    """Assert that every command reads at least so many of the records, in order, nothing else, and names the damage."""
    given = answers.records
    assert len(given) >= least
    positions = {record: number for number, record in enumerate(records)}
    numbers = [positions[record] for record in given]  # KeyError: a record that never was
    assert numbers == sorted(numbers)
    assert answers.codes == (2, 2, 2, 2)
    assert answers.doctor.code == 2
    holes = answers.summary["damaged"]
    assert holes == answers.report["damaged"]
    assert holes
    for hole in holes:
        assert set(hole) == {"key", "from", "to", "reason", "doubtful"}
        assert hole["key"] == key
        assert 0 <= hole["from"] <= hole["to"] <= size
        sentence = f"{key}, bytes {hole['from']:,} to {hole['to']:,}: {hole['reason']}"
        assert any(sentence in line for line in answers.warnings)
        assert sentence in answers.cat.err
        assert sentence in answers.send.err
    assert any(key in says for says in answers.findings)


@pytest.mark.parametrize("kind", KINDS)
def test_damage_in_gzip_costs_only_what_it_touches(kind: str, tmp_path: Path) -> None:
    chunk, least = damaged(kind, members("gzip"))
    path = put(tmp_path / "a", chunk)
    assert_hole(ask(tmp_path / "a"), path.name, len(chunk), RECORDS, least)


@pytest.mark.parametrize("kind", ["a flipped byte in the first member", "two damaged members", "text between members"])
@pytest.mark.parametrize("codec", ["zstd", "bzip2", "xz"])
def test_damage_in_other_compressions_costs_only_what_it_touches(codec: str, kind: str, tmp_path: Path) -> None:
    chunk, least = damaged(kind, members(codec))
    path = put(tmp_path / "a", chunk, CODECS[codec][0])
    assert_hole(ask(tmp_path / "a"), path.name, len(chunk), RECORDS, least)


def test_damage_within_double_compression(tmp_path: Path) -> None:
    chunk, least = damaged("two damaged members", members("gzip"))
    chunk = gzip.compress(chunk)
    path = put(tmp_path / "a", chunk)
    assert_hole(ask(tmp_path / "a"), path.name, len(chunk), RECORDS, least)


def test_the_offsets_are_those_of_the_member(tmp_path: Path) -> None:
    parts = members("gzip")
    chunk, _ = damaged("a member's trailer cut", parts)
    put(tmp_path / "a", chunk)
    (hole,) = ask(tmp_path / "a").summary["damaged"]
    start = sum(map(len, parts[:10]))
    assert (hole["from"], hole["to"]) == (start, start + len(parts[10]) - 4)


def test_records_of_a_member_that_fails_its_checksum_are_left_out_unless_asked_for(tmp_path: Path) -> None:
    parts = members("gzip")
    put(tmp_path / "a", with_parts(parts, m10=flipped(parts[10], len(parts[10]) - 6)))
    answers = ask(tmp_path / "a")
    assert answers.records == [*RECORDS[:1000], *RECORDS[1100:]]
    assert answers.summary["damaged"][0]["doubtful"] == 100
    answers = ask(tmp_path / "a", "--include-damaged")
    assert answers.records == RECORDS
    assert answers.codes == (2, 2, 2, 2)


def test_a_chunk_without_one_sound_member(tmp_path: Path) -> None:
    chunk = b"".join(flipped(part, len(part) // 2) for part in members("gzip"))
    path = put(tmp_path / "a", chunk)
    assert_hole(ask(tmp_path / "a"), path.name, len(chunk), RECORDS, 0)


@pytest.mark.parametrize("codec", CODECS)
def test_a_chunk_of_one_member_that_is_cut_keeps_its_whole_lines(codec: str, tmp_path: Path) -> None:
    suffix, compress = CODECS[codec]
    whole = compress(lines(RECORDS))
    path = put(tmp_path / "a", whole[: len(whole) * 2 // 3], suffix)
    answers = ask(tmp_path / "a")
    assert_hole(answers, path.name, len(whole), RECORDS, 0)
    assert answers.records == RECORDS[: len(answers.records)]
    assert answers.summary["damaged"][0]["reason"] == f"the object ends in the middle of {the(codec)} member"


def the(codec: str) -> str:
    return f"an {codec}" if codec == "xz" else f"a {codec}"


@pytest.mark.parametrize(("form", "least"), [("concatenated", 2880), ("array", 2880), ("document", 2880)])
def test_damage_in_values_and_documents_costs_what_it_touches(form: str, least: int, tmp_path: Path) -> None:
    text = {
        "concatenated": b"".join(RECORDS),
        "array": b"[" + b",".join(RECORDS) + b"]",
        "document": b'{"Records":[' + b",".join(RECORDS) + b"]}",
    }[form]
    step = len(text) // 30
    parts = [gzip.compress(text[at : at + step], mtime=0) for at in range(0, len(text), step)]
    chunk = with_parts(parts, m10=flipped(parts[10], len(parts[10]) // 2))
    path = put(tmp_path / "a", chunk, "json.gz")
    assert_hole(ask(tmp_path / "a"), path.name, len(chunk), RECORDS, least)


@pytest.mark.parametrize("at", [0, 60_000, 120_000])
def test_a_zeroed_sector_in_plain_text(at: int, tmp_path: Path) -> None:
    text = lines(RECORDS)
    chunk = text[:at] + bytes(4096) + text[at + 4096 :]
    path = put(tmp_path / "a", chunk, "log")
    answers = ask(tmp_path / "a")
    assert_hole(answers, path.name, len(chunk), RECORDS, 2930)
    assert "4,096 zero bytes" in answers.summary["damaged"][0]["reason"]


def test_a_zeroed_megabyte_in_plain_text(tmp_path: Path) -> None:
    text = lines(RECORDS)
    chunk = text[:60_000] + bytes(1 << 20) + text[60_000:]
    path = put(tmp_path / "a", chunk, "log")
    assert_hole(ask(tmp_path / "a"), path.name, len(chunk), RECORDS, 2998)


def test_plain_text_cut_in_the_middle_of_a_record(tmp_path: Path) -> None:
    text = lines(RECORDS)[:-9]
    path = put(tmp_path / "a", text, "log")
    answers = ask(tmp_path / "a")
    assert_hole(answers, path.name, len(text), RECORDS, 2999)
    assert "it ends in the middle of a line" in answers.summary["damaged"][0]["reason"]


LONG = b'{"i":1,"x":"%s"}' % (b"y" * 700_000)
PLACES = {
    "at the start": [LONG, *RECORDS],
    "in the middle": [*RECORDS[:1500], LONG, *RECORDS[1500:]],
    "at the end": [*RECORDS, LONG],
    "twice": [LONG, *RECORDS, LONG],
}
RECORD_FORMS: dict[str, Callable[[list[bytes]], bytes]] = {
    "lines": lines,
    "no last newline": lambda records: lines(records)[:-1],
    "concatenated": b"".join,
    "a document": lambda records: b'{"Records":[' + b",".join(records) + b"]}",
}


@pytest.mark.parametrize("form", RECORD_FORMS)
@pytest.mark.parametrize("place", PLACES)
def test_a_record_over_the_limit_is_skipped_and_named(place: str, form: str, tmp_path: Path) -> None:
    chunk = gzip.compress(RECORD_FORMS[form](PLACES[place]), 1)
    path = put(tmp_path / "a", chunk)
    ran = hourscope("scan", tmp_path / "a", "-e", "", "--json", "--max-record", "500kB")
    assert ran.out == lines(RECORDS)
    assert ran.code == 2
    holes = json.loads(ran.err.splitlines()[-1])["damaged"]
    assert [hole["key"] for hole in holes] == [path.name] * (2 if place == "twice" else 1)
    assert "over the limit of 500 kB (--max-record); skipped" in holes[0]["reason"]
    assert count(tmp_path / "a") == (3001 + (place == "twice"), 0, "")


def test_a_record_over_64_mib_is_skipped_and_named(tmp_path: Path) -> None:
    long = b'{"i":1,"x":"%s"}' % (b"y" * (65 << 20))
    path = put(tmp_path / "a", gzip.compress(lines([*RECORDS, long]), 1))
    total, code, err = count(tmp_path / "a")
    assert (total, code) == (3000, 2)
    assert path.name in err
    assert "--max-record" in err
    assert hourscope("send", tmp_path / "a", "-o", tmp_path / "out.jsonl").code == 2
    assert (tmp_path / "out.jsonl").read_bytes() == lines(RECORDS)


def test_a_record_over_8_mib_is_not_parsed_but_found_as_text(tmp_path: Path) -> None:
    long = b'{"i":1,"x":"%s needle"}' % (b"y" * (9 << 20))
    put(tmp_path / "a", gzip.compress(lines([*RECORDS, long]), 1))
    total, code, err = count(tmp_path / "a")
    assert (total, code) == (3000, 2)
    assert "over 8 MiB" in err
    ran = hourscope("scan", tmp_path / "a", "-g", "needle", "--count")
    assert (ran.code, ran.out) == (0, b"1\n")


def test_doctor_finds_damage_in_the_middle_of_a_chunk(tmp_path: Path) -> None:
    """Behind a first member that is larger than a block."""
    first = gzip.compress(lines([b'{"x":"%s"}' % random.Random(n).randbytes(500).hex().encode() for n in range(3000)]))
    parts = [first, *members("gzip")]
    path = put(tmp_path / "a", with_parts(parts, m11=flipped(parts[11], 700)))
    ran = hourscope("doctor", tmp_path / "a")
    assert ran.code == 2
    line = next(line for line in ran.out.decode().splitlines() if path.name in line and "bytes" in line)
    start = sum(map(len, parts[:11]))
    assert f"bytes {start:,} to {start + len(parts[11]):,}" in line


BULKY = [b'{"i":%d,"pad":"%s"}' % (i, b"x" * 200) for i in range(60_000)]  # 13 MB


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A large member that fails its checksum between two sound ones, and a sound chunk an hour later."""
    broken = gzip.compress(lines(BULKY), 1, mtime=0)
    sound = gzip.compress(lines(RECORDS[:100])) + flipped(broken, len(broken) - 6) + gzip.compress(lines(RECORDS[100:]))
    folder = tmp_path / "large"
    put(folder, sound)
    (folder / "e.2015-01-30_01.log.gz").write_bytes(gzip.compress(lines(RECORDS)))
    return folder


SOUND = RECORDS + RECORDS


@pytest.mark.parametrize("jobs", [1, 4])
def test_a_large_damaged_member_is_left_out_of_counts_files_and_extracts(jobs: int, large: Path) -> None:
    total, code, err = count(large, "--jobs", str(jobs))
    assert (total, code) == (len(SOUND), 2)
    assert "fails its checksum" in err
    file = large.with_name("out.jsonl")
    ran = hourscope("scan", large, "-e", "", "-o", file, "--json", "--jobs", jobs)
    assert ran.code == 2
    assert file.read_bytes() == lines(SOUND)
    (hole,) = json.loads(ran.out)["damaged"]
    assert hole["doubtful"] == len(BULKY)
    extract = large.with_name("extract")
    ran = hourscope("scan", large, "-e", "", "-o", f"{extract}/", "--json", "--jobs", jobs)
    assert (ran.code, json.loads(ran.out)["matches"]) == (2, len(SOUND))
    assert hourscope("scan", extract, "-e", "").out == lines(SOUND)


@pytest.mark.parametrize("jobs", [1, 4])
def test_a_pipe_gets_a_large_member_at_once_and_the_end_counts_the_doubtful(jobs: int, large: Path) -> None:
    ran = hourscope("scan", large, "-e", "", "--json", "--jobs", jobs)
    assert ran.code == 2
    summary = json.loads(ran.err.splitlines()[-1])
    (hole,) = summary["damaged"]
    assert hole["key"] == f"e.{HOUR.replace('T', '_')}.log.gz"
    assert 0 < hole["doubtful"] <= len(BULKY)
    given = ran.out.split(b"\n")[:-1]
    doubtful = BULKY[: hole["doubtful"]]
    assert given == [*RECORDS[:100], *doubtful, *RECORDS[100:], *RECORDS]


def test_verify_counts_the_records_that_others_do(large: Path) -> None:
    """And as copies only those: the doubtful ones are in no hour."""
    (large / "e.2015-01-30_02.log.gz").write_bytes((large / "e.2015-01-30_00.log.gz").read_bytes())
    ran = hourscope("verify", large, "--json")
    verified = json.loads(ran.out)
    total, code, _ = count(large)
    assert (ran.code, code) == (2, 2)
    assert verified["records"] == total == 3 * len(RECORDS)
    assert verified["duplicates"] == 2 * len(RECORDS)


def test_a_large_damaged_member_is_never_sent(large: Path) -> None:
    out = large.with_name("out.jsonl")
    ran = hourscope("send", large, "-o", out, "--json")
    assert ran.code == 2
    assert out.read_bytes() == lines(SOUND)
    receipt = json.loads(ran.out)
    assert receipt["sent"] == len(SOUND)
    (hole,) = receipt["damaged"]
    assert set(hole) == {"key", "from", "to", "reason", "doubtful"}


def test_a_large_damaged_member_does_not_match_twice(large: Path) -> None:
    file = large.with_name("out.jsonl")
    ran = hourscope("scan", large, "-m", "i < `5`", "-o", file, "--json")
    assert file.read_bytes() == lines([*RECORDS[:5], *RECORDS[:5]])
    assert json.loads(ran.out)["matches"] == 10
