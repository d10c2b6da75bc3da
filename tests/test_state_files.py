"""Files that outlive a version: those of 0.1.0 are read, and no edit of a manifest ends in anything but a sentence.

tests/data/0.1.0 was written by version 0.1.0: an archive (its last chunk but one is torn), an extract of it, the last
session of it, what was typed in the filter bar, and a config with every section and key that there was.
"""

from __future__ import annotations

import copy
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import fields
from datetime import datetime
from itertools import product
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.support.command import hourscope
from tui.app.model.remembered import read_left, read_typed, session_file
from tui.archive import Chunk, Damage, open_archive
from tui.archive.location import locate
from tui.config import ArchiveSpec, ExplorerSpec, NsqSpec, S3Options, load_config, state_dir
from tui.errors import HourscopeError
from tui.filter import Filter, Term, parse_filter
from tui.scan import Counts, ScanPlan, open_extract, plan_scan, scanned_hours
from tui.scan.manifest import counts_of, damage_of, damaged_part, new_entry

OLD = Path(__file__).parent / "data" / "0.1.0"
BERLIN = ZoneInfo("Europe/Berlin")
ERRORS = parse_filter(match=["event == 'error'"])
WRITTEN = 1_795_000_000  # when the archive's files were written: a part of their ETags


@pytest.fixture
def old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the files, as the working directory."""
    shutil.copytree(OLD, tmp_path / "old")
    for path in (tmp_path / "old" / "archive").iterdir():
        os.utime(path, (WRITTEN, WRITTEN))
    monkeypatch.chdir(tmp_path / "old")
    return tmp_path / "old"


@pytest.fixture
def plan(old: Path) -> ScanPlan:
    return plan_scan(open_archive("archive", timezone="Europe/Berlin"), None, None, ERRORS)


def counted(folder: str | Path) -> int:
    return int(hourscope("scan", folder, "--count").out)


def test_an_extract_of_0_1_0_opens(old: Path) -> None:
    extract = open_archive("extract")
    assert (extract.layout.pattern, extract.zone) == ("events.%Y-%m-%d_%H.jsonl.gz", BERLIN)
    assert [hour.hour for hour in extract.catalog().hours] == [5, 6, 8, 9]
    assert list(scanned_hours(extract).values()) == [10, 10, 0, 8, 1]
    assert counted("extract") == 29


def test_an_extract_of_0_1_0_is_resumed(old: Path) -> None:
    words = ("scan", "archive", "--timezone", "Europe/Berlin", "--from", "2026-11-20T05", "--to", "2026-11-20T10")
    ran = hourscope(*words, "-m", "event == 'error'", "-o", "extract/", "--resume", "--json")
    assert ran.code == 2 and "events.2026-11-20_08.log.gz" in ran.err  # torn, as it was
    # Read again: without a match, torn, with a record that is not JSON. Version 0.1.0 may have misread those.
    assert json.loads(ran.lines[-1])["kept"] == 2
    after = json.loads((old / "extract" / "manifest.json").read_text())
    assert after["version"] == 2 and after["chunks"][3]["damaged"][0].keys() == {"from", "to", "reason"}
    assert counted("extract") == 29
    again = hourscope(*words, "-m", "event == 'error'", "-o", "extract/", "--resume", "--json")
    assert json.loads(again.lines[-1])["kept"] == 5  # what was written is read


def test_an_extract_of_0_1_0_is_replaced_by_force(old: Path) -> None:
    (old / "extract" / "precious.txt").write_text("mine")
    ran = hourscope("scan", "archive", "--to", "2026-11-20T06", "-g", "start", "-o", "extract/", "--force")
    assert (ran.code, ran.err) == (0, "")
    assert sorted(path.name for path in (old / "extract").iterdir()) == [
        "events.2026-11-20_05.jsonl.gz",
        "manifest.json",
        "precious.txt",
    ]


def test_a_session_of_0_1_0_is_read(old: Path) -> None:
    shutil.copytree(old / "state" / "hourscope", state_dir(), dirs_exist_ok=True)
    assert session_file("archive").exists()
    left = read_left("archive", BERLIN)
    terms = Term("match", "event == 'error'"), Term("grep", "5003", enabled=False, negated=True), Term("regex", "a+")
    assert (left.hour, left.filter) == (datetime(2026, 11, 20, 6, tzinfo=BERLIN), Filter(terms, invert=True))
    assert (left.columns, left.line) == (("hour", "n"), (datetime(2026, 11, 20, 5, tzinfo=BERLIN), 7))
    assert read_typed() == [("match", "event == 'error'"), ("grep", "5003")]


def test_a_config_of_0_1_0_is_read(old: Path) -> None:
    config = load_config(old / "config.toml")
    assert config.archives["media"] == ArchiveSpec("archive", "Europe/Berlin")
    s3 = S3Options("prod", "eu-central-1", "http://127.0.0.1:8333", request_payer=True)
    assert config.archives["bucket"] == ArchiveSpec("s3://media-archive/events.%Y-%m-%d_%H.log.gz", "UTC", s3)
    assert config.nsq["found"] == NsqSpec(lookupd_http_addresses=("lookupd.example.com:4161",), tls=True)
    assert config.nsq["prod"].tls and config.nsq["prod"].nsqd_http_addresses == ("nsqd-1.example.com:4151",)
    assert config.filters == {"fastlane": "-g fastlane --not-grep heartbeat", "errors": "event == 'error'"}
    assert (config.keys["scan"], config.explorer) == ("S", ExplorerSpec(mouse=True, theme="light"))
    assert (config.prices.transfer_per_gb, config.prices.list_per_1000) == (0.0, 0.005)
    archive, _ = locate("media", config).open()
    assert archive.zone == BERLIN


def test_the_manifest_has_a_place_for_everything_that_a_scan_counts() -> None:
    chunk = Chunk(
        "a.2026-11-20_05", datetime(2026, 11, 20, 5, tzinfo=BERLIN), 5, "e", datetime(2026, 11, 20, tzinfo=BERLIN)
    )
    counts = Counts(*range(1, len(fields(Counts)) + 1))
    damage = Damage(3, 4, "torn", 7)
    entry = new_entry(chunk, None, counts, [damaged_part(damage)])
    assert counts_of(entry) == counts
    assert [damage_of(part, chunk) for part in entry.parts] == [damage]


VALUES: tuple[Any, ...] = (
    *(None, True, -1, 0, 3, 10**30, 1e400, float("nan"), "", "x", "\x1b]0;x\x07", "\ud800", "\u202e", "../x", "/etc/x"),
    *("2026-13-99T05", "9999-12-31T23", "0001-01-01T00", "2026-11-20T05:30", "(a+)+$", "%Y" * 3000, "x" * 100_000),
    *("*%Y-%m-%d_%H*", "%Y%m%d%H/{topic}{host}*", "Europe/Berlin", "America", "../../etc/passwd", "A" * 300),
    *(
        [],
        {},
        [1],
        {"a": 1},
        [[]],
        [{}],
        [{"from": 1}],
        {"offset": -1, "reason": "x"},
        {"reason": "x"},
        [{"reason": 5}],
    ),
)


def paths(value: Any, *path: Any) -> Iterator[tuple[Any, ...]]:
    """Every place in a JSON value; of a list, the first."""
    yield path
    inner = value.items() if isinstance(value, dict) else list(enumerate(value))[:1] if isinstance(value, list) else ()
    for key, item in inner:
        yield from paths(item, *path, key)


def edited(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    changed = copy.copy(value)
    changed[path[0]] = edited(value[path[0]], path[1:], new)
    return changed


def used(old: Path, plan: ScanPlan) -> None:
    """Do everything that hourscope does with a manifest; only HourscopeError may be raised."""
    try:
        archive = open_archive(str(old / "extract"))
        archive.catalog()
        scanned_hours(archive)
    except HourscopeError as error:
        _one_line(error)
    for options in ({}, {"resume": True}, {"force": True}):
        try:
            extract = open_extract(str(old / "extract"), plan, **options)
            list(extract.kept())
        except HourscopeError as error:
            _one_line(error)


def _one_line(error: HourscopeError) -> None:
    assert "\n" not in str(error) and len(str(error)) < 2000


def test_an_edited_manifest_is_a_sentence_wherever_it_was_edited(old: Path, plan: ScanPlan) -> None:
    path = old / "extract" / "manifest.json"
    good = json.loads(path.read_text())
    assert len(list(paths(good))) > 25
    for number, (place, value) in enumerate(product(paths(good), VALUES)):
        changed = edited(good, place, value)
        if (number + number // len(VALUES)) % 2 and isinstance(changed, dict):
            changed = {**changed, "version": 2}
        path.write_text(json.dumps(changed))
        used(old, plan)


def test_a_manifest_without_one_of_its_names_is_reported_in_one_sentence(old: Path, plan: ScanPlan) -> None:
    path = old / "extract" / "manifest.json"
    good = json.loads(path.read_text())
    for place in list(paths(good))[1:]:
        changed = copy.deepcopy(good)
        outer = changed
        for key in place[:-1]:
            outer = outer[key]
        del outer[place[-1]]
        path.write_text(json.dumps(changed))
        used(old, plan)


def test_a_torn_or_garbled_manifest_is_a_sentence(old: Path, plan: ScanPlan) -> None:
    path = old / "extract" / "manifest.json"
    good = path.read_bytes()
    for cut in range(0, len(good), 37):
        path.write_bytes(good[:cut])
        used(old, plan)
        path.write_bytes(good[:cut] + b"\0" * 20 + good[cut + 20 :])
        used(old, plan)
        path.write_bytes(good[:cut] + b"[" * 100_000)
        used(old, plan)
    path.write_bytes(good.replace(b'"UTC"', b'"x"') + b'{"hourscope": "0.1.0"}')
    used(old, plan)


EDITS = {
    ("layout",): ("", "is damaged: the layout '' does not include an hour; it needs"),
    ("timezone",): ("Mars/X", "is damaged: no time zone is named 'Mars/X'; use"),
    ("chunks", 0, "hour"): (
        "2015-13-01T00",
        "chunks[0]: '2015-13-01T00' is not an hour; write it as 2015-01-20T13",
    ),
    ("from",): ("yesterday", "'yesterday' is not an hour; write it as 2015-01-20T13"),
    ("chunks", 0, "records"): (1.5, "chunks[0].records must be a whole number"),
}


@pytest.mark.parametrize("place", EDITS, ids=lambda place: place[-1])
def test_what_is_wrong_with_a_manifest_is_in_plain_words(old: Path, place: tuple[Any, ...]) -> None:
    path = old / "extract" / "manifest.json"
    value, words = EDITS[place]
    path.write_text(json.dumps(edited(json.loads(path.read_text()), place, value)))
    ran = hourscope("scan", old / "extract", "--count")
    assert ran.code == 2
    assert words in ran.sentence


@pytest.mark.parametrize("data", [b"", bytes(50), b'{"hourscope": "0.1.0", "layout": "x'], ids=["empty", "NULs", "cut"])
def test_a_manifest_that_is_not_json_says_where(old: Path, data: bytes) -> None:
    (old / "extract" / "manifest.json").write_bytes(data)
    sentence = hourscope("ls", old / "extract").sentence
    assert "manifest.json is damaged: invalid JSON at line 1, column " in sentence


def test_a_manifest_of_a_gigabyte_is_refused(old: Path) -> None:
    path = old / "extract" / "manifest.json"
    with path.open("r+b") as stream:
        stream.truncate(1 << 30)
    with pytest.raises(HourscopeError, match="larger than 256 MiB"):
        open_archive(str(old / "extract"))
