"""Extracts: archives made of archives, and their manifests."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec import structs

from tests.scan.extracts import FIVES, KEY, expected, files, manifest, records, run
from tui.archive import Chunk, open_archive
from tui.errors import OutputError
from tui.filter import Filter, parse_filter
from tui.scan import (
    Counts,
    ScanPlan,
    open_extract,
    plan_scan,
    run_plan,
    scanned_hours,
)
from tui.scan.manifest import hours_of, new_entry, new_manifest


class TestMaking:
    @pytest.mark.parametrize("jobs", [1, 4])
    def test_it_is_an_archive_of_exactly_the_matching_lines(self, source: Path, tmp_path: Path, jobs: int) -> None:
        out = tmp_path / "out"
        first = run(source, out, jobs=jobs)
        assert records(out) == expected(source)
        assert first.totals.matches == len(expected(source))
        archive = open_archive(str(out))
        assert archive.layout.pattern == "{topic}.{host}{rev}.%Y-%m-%d_%H.jsonl.gz" or not archive.detected
        assert [chunk.hour.hour for chunk in archive.catalog().chunks] == [0, 0, 1, 1, 2, 2, 3]
        assert archive.catalog().unmatched == ()

    def test_real_zcat_reads_it(self, source: Path, tmp_path: Path) -> None:
        run(source, tmp_path / "out")
        lines = b"".join(
            subprocess.run(["zcat", path], capture_output=True, check=True).stdout
            for path in (tmp_path / "out").glob("*.gz")
        )
        assert sorted(lines.splitlines()) == sorted(expected(source))

    def test_a_chunk_without_a_match_leaves_no_file_and_is_in_the_books(self, source: Path, tmp_path: Path) -> None:
        run(source, tmp_path / "out")
        empty = KEY.format(host="web02", hour=3)
        assert not [name for name in files(tmp_path / "out") if "web02.2015-01-20_03" in name]
        (entry,) = [entry for entry in manifest(tmp_path / "out")["chunks"] if entry["key"] == empty]
        assert (entry["output"], entry["matches"], entry["records"]) == (None, 0, 1)

    def test_the_manifest_records_its_source(self, source: Path, tmp_path: Path) -> None:
        run(source, tmp_path / "out", start="2015-01-20T01:00")
        books = manifest(tmp_path / "out")
        assert books["archive"] == str(source)
        assert books["filter"] == ["-g", '"n": 5']
        assert (books["from"], books["to"], books["timezone"]) == ("2015-01-20T01", None, "UTC")
        assert books["finished"] is True
        assert [entry["key"] for entry in books["chunks"]] == sorted(
            (entry["key"] for entry in books["chunks"]), key=lambda key: (key[-9:], key)
        )
        assert all(entry["etag"] for entry in books["chunks"])

    def test_an_extract_can_be_filtered_again(self, source: Path, tmp_path: Path) -> None:
        run(source, tmp_path / "out")
        run(tmp_path / "out", tmp_path / "again", parse_filter(match=["host == 'web01'", "n > `50`"]))
        assert records(tmp_path / "again") == [
            line for line in expected(source) if b"web01" in line and b'"n": 5,' not in line and b'"n": 50,' not in line
        ]

    @pytest.mark.parametrize(
        "keys",
        [
            ("e.2015-01-20_13.log", "e.2015-01-20_14.log.gz"),  # nsq_to_file before and after -gzip
            ("e.2015-01-20_13.log", "e.2015-01-20_13.log.gz"),  # both of one hour
            ("e.2015-01-20_13.log.gz", "e.2015-01-20_14.log.zst"),
            ("2015/01/20/13/a.gz", "2015/01/20/14/b.json"),
            ("app/2015/01/20/00_00_00.gz-apwgylqg", "app/2015/01/20/01_00_00.gz-k2jd8fhq"),
            ("2015-01-20T13", "2015-01-20T14"),
        ],
    )
    def test_it_opens_again_whatever_the_sources_keys_look_like(self, tmp_path: Path, keys: tuple[str, ...]) -> None:
        for number, key in enumerate(keys):
            path = tmp_path / "source" / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"line %d\n" % number)
        run(tmp_path / "source", tmp_path / "out", Filter())
        assert sorted(records(tmp_path / "out")) == [b"line %d" % number for number in range(len(keys))]
        hours = open_archive(str(tmp_path / "source")).catalog().hours
        assert list(open_archive(str(tmp_path / "out")).catalog().hours) == list(hours)

    @pytest.mark.parametrize("tail", ["log*", "*", "log.*", "*.gz"])
    def test_so_it_does_with_a_layout_that_was_given(self, source: Path, tmp_path: Path, tail: str) -> None:
        run(Path(f"{source}/events.{{host}}.%Y-%m-%d_%H.{tail}"), tmp_path / "out")
        assert records(tmp_path / "out") == expected(source)

    def test_every_record_is_copied_byte_for_byte(self, tmp_path: Path) -> None:
        lines = [b"", b"\r", b"\xff\x00", b"x" * 300_000, b"last, without a newline"]
        (tmp_path / "source").mkdir()
        (tmp_path / "source" / "e.2015-01-20_13.log").write_bytes(b"\n".join(lines))
        run(tmp_path / "source", tmp_path / "out", Filter())
        assert records(tmp_path / "out") == lines[2:]  # blank lines are not records


def test_chunks_know_the_order_that_everything_is_written_in() -> None:
    hour = datetime(2015, 1, 20, tzinfo=UTC)
    chunks = [Chunk(key, hour.replace(hour=n), 1, "e", hour) for key, n in (("b", 1), ("a", 2), ("a", 1))]
    assert [(c.key, c.hour.hour) for c in sorted(chunks, key=lambda c: c.order)] == [("a", 1), ("b", 1), ("a", 2)]


def test_hours_that_were_scanned_without_a_match_are_known(source: Path, tmp_path: Path) -> None:
    """A reader can distinguish "nothing matched" from "nothing was there"."""
    (source / KEY.format(host="web01", hour=1)).unlink()
    (source / KEY.format(host="web02", hour=1)).unlink()
    run(source, tmp_path / "x", parse_filter(grep=['"hour": 2,']))
    extract = open_archive(str(tmp_path / "x"))
    assert [hour.hour for hour in extract.catalog().hours] == [2]
    scanned = scanned_hours(extract)
    assert {hour.hour: number > 0 for hour, number in scanned.items()} == {0: False, 2: True, 3: False}
    assert scanned_hours(open_archive(str(source))) == {}
    elsewhere = open_archive(str(tmp_path / "x"), timezone="Europe/Berlin")
    assert set(elsewhere.catalog().hours) < set(scanned_hours(elsewhere))


def test_an_hour_that_was_cut_short_is_not_called_scanned(source: Path, tmp_path: Path) -> None:
    plan = plan_scan(open_archive(str(source)), None, None, FIVES)
    entries = (new_entry(chunk, None, Counts(), partial=number == 2) for number, chunk in enumerate(plan.chunks[:4]))
    manifest = structs.replace(new_manifest(plan, plan.archive.layout.pattern), chunks=tuple(entries))
    assert [hour.hour for hour in hours_of(manifest, UTC)] == [0]


def test_the_manifest_records_which_ranges_were_scanned(source: Path, tmp_path: Path) -> None:
    archive = open_archive(str(source))
    chunks = archive.catalog().chunks
    hours = sorted({chunk.hour for chunk in chunks})
    two = (hours[0], hours[1]), (hours[3], hours[3].replace(hour=4))
    plan = ScanPlan(archive, two[0][0], two[1][1], FIVES, (*chunks[:2], *chunks[6:]), ranges=two)
    list(run_plan(plan, extract=open_extract(str(tmp_path / "x"), plan)))
    manifest = json.loads((tmp_path / "x" / "manifest.json").read_bytes())
    assert manifest["ranges"] == [
        {"from": "2015-01-20T00", "to": "2015-01-20T01"},
        {"from": "2015-01-20T03", "to": "2015-01-20T04"},
    ]
    whole = replace(plan, ranges=())
    with pytest.raises(OutputError, match="other ranges"):
        open_extract(str(tmp_path / "x"), whole, resume=True)
