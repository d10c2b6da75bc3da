"""`ls`, `cat` and `scan` say what `zcat`, `grep` and `jq` say, torn chunk included."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import SPEC
from tests.support.command import hourscope, shell
from tui.archive.times import HOUR
from tui.demo import gaps_of, restart_hour_of, torn_chunk_of


@pytest.fixture(scope="module")
def zcat(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What zcat makes of the archive, a file per day; it ends at the torn chunk, which therefore comes last."""
    folder, torn = tmp_path_factory.mktemp("zcat"), torn_chunk_of(SPEC)
    by_day = f"""for d in $(ls | grep -o '2015-..-..' | sort -u); do
        zcat $(ls *.$d* | grep -v {torn}) $(ls *.$d* | grep {torn}) > {folder}/$d 2>/dev/null
    done"""
    shell(by_day, cwd=sample)
    return folder


def test_ls_json_is_the_folder(sample: Path) -> None:
    ran = hourscope("ls", sample, "--json")
    listing = json.loads(ran.out)
    assert ran.code == 0
    assert ran.err == ""
    assert listing["archive"] == str(sample)
    assert listing["layout"] == "{topic}.{host}{rev}.%Y-%m-%d_%H.log.gz"
    assert (listing["timezone"], listing["from"], listing["to"]) == ("UTC", "2015-01-12T00", "2015-01-26T00")
    assert listing["gaps"] == [
        {"from": f"{gap:%Y-%m-%dT%H}", "to": f"{gap + HOUR:%Y-%m-%dT%H}"} for gap in gaps_of(SPEC)
    ]
    assert listing["unmatched"] == []
    chunks = [chunk for hour in listing["hours"] for chunk in hour["chunks"]]
    assert {chunk["key"]: chunk["size"] for chunk in chunks} == {p.name: p.stat().st_size for p in sample.iterdir()}
    for hour in listing["hours"]:
        assert all(hour["hour"].replace("T", "_") in chunk["key"] for chunk in hour["chunks"])
    three = next(hour for hour in listing["hours"] if hour["hour"] == f"{restart_hour_of(SPEC):%Y-%m-%dT%H}")
    assert len(three["chunks"]) == 3


def test_ls_json_of_a_range_is_half_open(sample: Path) -> None:
    listing = json.loads(hourscope("ls", sample, "--from", "2015-01-14", "--to", "2015-01-14T06", "--json").out)
    assert [hour["hour"][-2:] for hour in listing["hours"]] == ["00", "01", "02", "03", "05"]
    assert listing["gaps"] == [{"from": "2015-01-14T04", "to": "2015-01-14T05"}]
    assert (listing["from"], listing["to"]) == ("2015-01-14T00", "2015-01-14T06")


def test_cat_is_zcat(sample: Path) -> None:
    ran = hourscope("cat", sample, "--hour", "2015-01-20T13")
    assert ran.code == 0
    assert ran.out == shell("cat *.2015-01-20_13.log.gz | zcat", cwd=sample)


def test_cat_of_the_torn_hour_is_zcat_and_reports_the_damage(sample: Path) -> None:
    torn = torn_chunk_of(SPEC)
    ran = hourscope("cat", sample, "--hour", "2015-01-16_21", "--key", torn)
    assert ran.code == 2
    assert ran.out == shell(f"zcat {torn}", cwd=sample)
    assert torn in ran.sentence
    assert "ends in the middle of a gzip member" in ran.sentence


def test_cat_pretty_is_the_same_json(sample: Path) -> None:
    pretty = hourscope("cat", sample, "--hour", "2015-01-20T13", "--pretty").out
    plain = shell("cat *.2015-01-20_13.log.gz | zcat", cwd=sample)
    decoder, text, values = json.JSONDecoder(), pretty.decode(), []
    while text := text.lstrip("\n"):
        value, end = decoder.raw_decode(text)
        values.append(value)
        text = text[end:]
    assert values == [json.loads(line) for line in plain.splitlines()]
    assert not any((ord(char) < 0x20 and char != "\n") or 0x7F <= ord(char) < 0xA0 for char in pretty.decode())


@pytest.mark.parametrize(
    ("options", "old"),
    [
        ((), "cat"),
        (("-g", "fastlane"), "grep -F fastlane"),
        (("-g", "fastlane", "-v"), "grep -vF fastlane"),
        (("-g", "error", "--not-grep", "fastlane"), "grep -F error | grep -vF fastlane"),
        (("-e", "err.r", "--not-regex", "fast|slow"), "grep -E err.r | grep -vE 'fast|slow'"),
        (("-g", "東京"), "grep -F 東京"),
        (("-g", "fastlane", "-g", "4.13.0"), "grep -F fastlane | grep -F 4.13.0"),
        (("-e", r"4\.13\.0.*fast(lane|er)"), r"grep -E '4\.13\.0.*fast(lane|er)'"),
        (("-e", "^.{380,390}$"), "LC_ALL=C.UTF-8 grep -E '^.{380,390}$'"),
        (("-g", "nowhere"), "grep -F nowhere"),
    ],
)
def test_scan_count_and_lines_are_greps(sample: Path, zcat: Path, options: tuple[str, ...], old: str) -> None:
    expected = shell(f"cat {zcat}/2015-01-1[6-9] {zcat}/2015-01-20 | {old}")
    words = ("scan", sample, "--from", "2015-01-16", "--to", "2015-01-21", *options)
    counted = hourscope(*words, "--count")
    assert int(counted.out) == expected.count(b"\n")
    assert counted.code == 2, "the torn chunk was met"
    assert sorted(hourscope(*words).lines) == sorted(expected.splitlines())


def test_scan_order_is_by_hour_then_key_then_line(sample: Path) -> None:
    script = (
        "for h in $(ls | sed 's/.*\\.\\(2015[^.]*\\).*/\\1/' | sort -u); do cat *.$h.log.gz | zcat 2>/dev/null; done"
    )
    range_ = ("--from", "2015-01-18", "--to", "2015-01-21")
    old = shell(script.replace("$(ls", "$(ls *2015-01-18* *2015-01-19* *2015-01-20*"), cwd=sample)
    for jobs in (1, 4):
        assert hourscope("scan", sample, *range_, "--jobs", jobs).out == old


def test_scan_match_is_jq(sample: Path) -> None:
    """jq is not on every machine: Python reads the same JSON."""
    range_ = ("--from", "2015-01-20", "--to", "2015-01-21")
    lines = shell("for f in *2015-01-20_*.gz; do zcat $f; done", cwd=sample).splitlines()
    records = [(json.loads(line), line) for line in lines]
    expected = [line for record, line in records if record["event"] == "error" and record["error"]["code"] == 5003]
    ran = hourscope("scan", sample, *range_, "-m", "event == 'error' && error.code == `5003`")
    assert ran.code == 0
    assert sorted(ran.lines) == sorted(expected)
    negated = hourscope("scan", sample, *range_, "-v", "-m", "event == 'error' && error.code == `5003`", "--count")
    assert int(negated.out) == len(lines) - len(expected)


def test_scan_json_names_the_damage(sample: Path, zcat: Path, tmp_path: Path) -> None:
    torn = torn_chunk_of(SPEC)
    ran = hourscope("scan", sample, "-g", "fastlane", "-o", tmp_path / "out.jsonl", "--json")
    summary = json.loads(ran.lines[-1])
    everything = b"".join(file.read_bytes() for file in zcat.iterdir())
    assert ran.code == 2
    assert summary["chunks"] == len(list(sample.iterdir()))
    assert summary["hours"] == 334
    assert summary["bytes_compressed"] == sum(path.stat().st_size for path in sample.iterdir())
    assert summary["bytes"] == len(everything)
    assert summary["records"] == everything.count(b"\n")
    assert summary["matches"] == (tmp_path / "out.jsonl").read_bytes().count(b"\n")
    (damaged,) = summary["damaged"]
    assert damaged["key"] == torn
    assert damaged["from"] == damaged["to"] == (sample / torn).stat().st_size
    assert damaged["doubtful"] == 0  # whole lines before a cut count
    assert "gzip member" in damaged["reason"]
    assert torn in ran.sentence


@pytest.mark.parametrize("suffix", ["", ".gz", ".zst"])
def test_scan_to_a_file_compresses_by_suffix(sample: Path, tmp_path: Path, suffix: str) -> None:
    out = tmp_path / f"out.jsonl{suffix}"
    ran = hourscope("scan", sample, "--from", "2015-01-20", "--to", "2015-01-21", "-g", "5003", "-o", out)
    assert (ran.code, ran.out, ran.err) == (0, b"", "")
    reader = {"": "cat", ".gz": "zcat", ".zst": "python3 -c pass; cat"}[suffix]
    if suffix == ".zst":
        import zstandard

        lines = zstandard.ZstdDecompressor().stream_reader(out.read_bytes()).read()
    else:
        lines = shell(f"{reader} {out}")
    assert sorted(lines.splitlines()) == sorted(
        shell("for f in *2015-01-20_*.gz; do zcat $f; done | grep -F 5003", cwd=sample).splitlines()
    )


def test_an_extract_is_an_archive(sample: Path, tmp_path: Path) -> None:
    out = f"{tmp_path}/errors/"
    range_ = ("--from", "2015-01-20", "--to", "2015-01-22")
    first = hourscope("scan", sample, *range_, "-g", '"event":"error"', "-o", out, "--json")
    matches = json.loads(first.lines[-1])["matches"]
    assert first.code == 0
    assert int(hourscope("scan", out, "--count").out) == matches
    assert hourscope("scan", out).out == hourscope("scan", sample, *range_, "-g", '"event":"error"').out
    narrowed = hourscope("scan", out, "-m", "error.code == `5003`", "-o", f"{tmp_path}/narrow/", "--json")
    assert 0 < json.loads(narrowed.lines[-1])["matches"] < matches
    listing = json.loads(hourscope("ls", f"{tmp_path}/narrow", "--json").out)
    assert listing["hours"][0]["hour"] == "2015-01-20T13"
    manifest = json.loads((tmp_path / "errors" / "manifest.json").read_text())
    assert manifest["finished"] is True
    assert sum(chunk["matches"] for chunk in manifest["chunks"]) == matches


def test_resuming_a_finished_extract_reads_nothing(sample: Path, tmp_path: Path) -> None:
    words = (
        "scan",
        sample,
        "--from",
        "2015-01-20",
        "--to",
        "2015-01-22",
        "-g",
        "5003",
        "-o",
        f"{tmp_path}/x/",
        "--json",
    )
    first = json.loads(hourscope(*words).lines[-1])
    stamps = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "x").glob("*.gz")}
    again = json.loads(hourscope(*words, "--resume").lines[-1])
    assert again["kept"] == again["chunks"] == first["chunks"]
    assert again["matches"] == first["matches"]
    assert {path.name: path.stat().st_mtime_ns for path in (tmp_path / "x").glob("*.gz")} == stamps
