"""Opening an archive: where it is, how its keys are read, and the sentence when it is not what it should be."""

from __future__ import annotations

import json
import pickle
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tui.archive import empty_range, open_archive
from tui.archive.times import hours_between, spell_hour
from tui.errors import ArchiveError, LayoutError, TimeError

KEYS = ("events.2015-01-20_13.log.gz", "events.2015-01-20_15.log.gz", "events.2015-01-21_00.log.gz")


def folder_of(folder: Path, keys: Iterable[str]) -> str:
    for key in keys:
        path = folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"{}\n")
    return str(folder)


def keys_of(url: str) -> list[str]:
    return [chunk.key for chunk in open_archive(url).catalog().chunks]


def test_a_folder_is_opened_by_the_layout_that_its_keys_have(tmp_path: Path) -> None:
    archive = open_archive(folder_of(tmp_path, KEYS))
    assert archive.detected
    assert archive.layout.pattern == "events.%Y-%m-%d_%H.log.gz"
    catalog = archive.catalog()
    assert [chunk.key for chunk in catalog.chunks] == list(KEYS)
    assert catalog.gap_hours == 9


def test_a_layout_in_the_location_is_used_unchanged(tmp_path: Path) -> None:
    url = folder_of(tmp_path, [*KEYS, "other.2015-01-20_13.log.gz", "readme.txt"]) + "/events.%Y-%m-%d_%H.log.gz"
    archive = open_archive(url)
    assert not archive.detected
    assert [chunk.key for chunk in archive.catalog().chunks] == list(KEYS)


def test_the_layout_begins_at_the_first_part_of_the_path_that_has_a_hole(tmp_path: Path) -> None:
    folder_of(tmp_path, ["a/2015/01/20/13.gz", "a/2015/01/20/14.gz", "b/2015/01/20/13.gz"])
    assert keys_of(f"{tmp_path}/a/%Y/%m/%d/%H.gz") == ["2015/01/20/13.gz", "2015/01/20/14.gz"]
    assert keys_of(f"{tmp_path}/{{topic}}/%Y/%m/%d/%H.gz")[1] == "b/2015/01/20/13.gz"


def test_a_relative_location_and_one_of_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder_of(tmp_path, KEYS)
    monkeypatch.chdir(tmp_path)
    assert keys_of(".") == keys_of("events.%Y-%m-%d_%H.log.gz") == keys_of("./events.*%Y-%m-%d_%H.log.gz") == list(KEYS)
    monkeypatch.setenv("HOME", str(tmp_path.parent))
    assert keys_of(f"~/{tmp_path.name}") == list(KEYS)


def test_a_folder_whose_name_looks_like_a_layout_is_a_folder(tmp_path: Path) -> None:
    assert keys_of(folder_of(tmp_path / "logs-*", KEYS)) == list(KEYS)


@pytest.mark.parametrize("tail", ["", "/%Y/%m/%d/%H.gz"])
def test_a_folder_that_is_not_there(tmp_path: Path, tail: str) -> None:
    with pytest.raises(ArchiveError) as caught:
        open_archive(f"{tmp_path}/nowhere{tail}").catalog()
    assert f"{tmp_path}/nowhere" in str(caught.value)


def test_a_file_is_not_an_archive(tmp_path: Path) -> None:
    folder_of(tmp_path, KEYS)
    with pytest.raises(ArchiveError, match="is not a folder"):
        open_archive(str(tmp_path / KEYS[0]))


def test_an_empty_folder_is_reported_as_empty(tmp_path: Path) -> None:
    for url in (str(tmp_path), f"{tmp_path}/%Y-%m-%d_%H.gz"):
        with pytest.raises(ArchiveError, match="is empty"):
            open_archive(url).catalog()
    (tmp_path / ".hidden").write_bytes(b"")
    with pytest.raises(LayoutError, match=r"does not fit any key of .*, such as \.hidden;"):
        open_archive(f"{tmp_path}/%Y-%m-%d_%H.gz").catalog()


def test_a_layout_that_fits_nothing_shows_the_keys_that_exist(tmp_path: Path) -> None:
    folder_of(tmp_path, [*(f"a{n}.txt" for n in range(5)), "manifest.json", "_SUCCESS", ".x", ".y", ".z"])
    with pytest.raises(LayoutError) as caught:
        open_archive(f"{tmp_path}/%Y-%m-%d_%H.gz").catalog()
    assert "a0.txt, a1.txt, a2.txt" in str(caught.value)


def test_what_is_shown_does_not_depend_on_other_keys(tmp_path: Path) -> None:
    """Folder markers and manifests may come first in a listing, but they are not what a person looks for."""
    folder_of(tmp_path, ["a/_SUCCESS", "b/_SUCCESS", "c/_SUCCESS", "d/notes.txt"])
    with pytest.raises(LayoutError, match=r"d/notes\.txt"):
        open_archive(f"{tmp_path}/%Y-%m-%d_%H.gz").catalog()


def test_a_range_without_chunks_says_which_hours_there_are(tmp_path: Path) -> None:
    archive = open_archive(folder_of(tmp_path, [*KEYS, "events.2015-02-01_notes.txt"]))
    start, stop = datetime(2015, 2, 1, tzinfo=UTC), datetime(2015, 2, 2, tzinfo=UTC)
    assert archive.catalog(start, stop).chunks == ()  # no error: the layout does fit keys, of other hours
    sentence = str(empty_range(archive, start, stop))
    assert "no chunk from 2015-02-01T00 to 2015-02-02T00" in sentence
    assert "from 2015-01-20T13 to 2015-01-21T01" in sentence


def test_a_range_narrows_the_listing_but_not_the_gaps_at_its_edges(tmp_path: Path) -> None:
    """A gap that crosses the edge of the range counts if the archive continues within a day after it."""
    archive = open_archive(folder_of(tmp_path, ["e.2015-01-10_20.log", "e.2015-01-12_00.log", "e.2015-01-13_20.log"]))
    whole = archive.catalog()
    for start, stop in ((datetime(2015, 1, 11), datetime(2015, 1, 13)), (datetime(2015, 1, 11), datetime(2015, 1, 12))):
        start, stop = start.replace(tzinfo=UTC), stop.replace(tzinfo=UTC)
        part = archive.catalog(start, stop)
        assert part.chunks == whole.between(start, stop)
        walked = list(hours_between(start, stop))
        assert [h for h in walked if part.is_gap(h)] == [h for h in walked if whole.is_gap(h)]
        assert part.gap_hours == sum(map(whole.is_gap, walked))


def test_times_of_another_zone_mean_the_same_hours(tmp_path: Path) -> None:
    keys = [f"e.2015-10-{day}_{hour:02}.log" for day in (24, 25, 26) for hour in range(24)]
    archive = open_archive(folder_of(tmp_path, keys), timezone="Europe/Berlin")
    start, stop = datetime(2015, 10, 24, 10, tzinfo=UTC), datetime(2015, 10, 26, 2, tzinfo=UTC)
    catalog = archive.catalog(start, stop)
    assert next(spell_hour(hour) for hour in catalog.hours) == "2015-10-24T12"
    assert catalog.chunks == archive.catalog(start.astimezone(archive.zone), stop.astimezone(archive.zone)).chunks
    assert catalog.gaps == ()


def test_the_zone_of_the_keys_may_be_given(tmp_path: Path) -> None:
    archive = open_archive(folder_of(tmp_path, KEYS), timezone="Europe/Berlin")
    assert archive.catalog().chunks[0].hour == datetime(2015, 1, 20, 12, tzinfo=UTC)
    with pytest.raises(TimeError):
        open_archive(str(tmp_path), timezone="Europe/Atlantis")


def test_keys_with_years_that_no_clock_shows_are_not_chunks(tmp_path: Path) -> None:
    """One typo in one key must cause neither a calendar of eight thousand years nor a traceback."""
    archive = open_archive(folder_of(tmp_path, [*KEYS, "events.9999-12-31_23.log.gz", "events.0001-01-01_00.log.gz"]))
    catalog = archive.catalog()
    assert [chunk.key for chunk in catalog.chunks] == list(KEYS)
    assert len(catalog.unmatched) == 2
    assert archive.catalog(None, datetime(2015, 2, 1, tzinfo=ZoneInfo("UTC"))).chunks == catalog.chunks


def test_an_extract_records_how_its_keys_are_read(tmp_path: Path) -> None:
    folder_of(tmp_path, ["x.2015-01-20_13.jsonl.gz"])
    manifest = {"layout": "{topic}.%Y-%m-%d_%H.jsonl.gz", "timezone": "Europe/Berlin"}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    archive = open_archive(str(tmp_path))
    assert (archive.layout.pattern, archive.zone) == (manifest["layout"], ZoneInfo("Europe/Berlin"))
    assert archive.catalog().unmatched == ()
    assert open_archive(str(tmp_path), timezone="UTC").zone == UTC


MANIFEST = {"hourscope": "0.1.0", "layout": "{topic}.%Y-%m-%d_%H.jsonl.gz", "timezone": "Europe/Berlin"}


@pytest.mark.parametrize(
    "text",
    [
        *("", "\n", "\0" * 300, "{", json.dumps(MANIFEST)[:40], json.dumps(MANIFEST) + "}", '{"a":' + "[" * 200_000),
        *(json.dumps(MANIFEST | {"layout": 7}), json.dumps(MANIFEST | {"layout": "no-hour"})),
        *(json.dumps(MANIFEST | {"timezone": "Mars/Base"}), json.dumps(MANIFEST | {"timezone": "x" * 50_000_000})),
        *(json.dumps(MANIFEST | {"version": "2"}), json.dumps(MANIFEST | {"version": 0})),
        '{"hourscope": "0.1.0", "layout": "a.%Y-%m-%d_%H", "layout": "b.%Y-%m-%d_%H", "timezone": "UTC"}',
        '{"hourscope": "0.1.0", "layout": "a.%Y-%m-%d_%H", "timezone": "UTC", "version": ' + "9" * 5000 + "}",
    ],
)
def test_a_manifest_that_is_damaged_is_not_ignored(tmp_path: Path, text: str) -> None:
    """Its time zone would be lost with it, and every hour would be wrong."""
    folder_of(tmp_path, KEYS)
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(ArchiveError, match=r"manifest\.json is damaged: .*move it away") as caught:
        open_archive(str(tmp_path))
    assert len(str(caught.value)) < 1000 and "\n" not in str(caught.value)


def test_a_manifest_in_utf_16_is_damaged_too(tmp_path: Path) -> None:
    folder_of(tmp_path, KEYS)
    (tmp_path / "manifest.json").write_text(json.dumps(MANIFEST), encoding="utf-16")
    with pytest.raises(ArchiveError, match="damaged"):
        open_archive(str(tmp_path))


def test_a_manifest_of_a_newer_version_is_refused_by_name(tmp_path: Path) -> None:
    folder_of(tmp_path, KEYS)
    (tmp_path / "manifest.json").write_text(json.dumps(MANIFEST | {"version": 3, "timezone": {"new": "kind"}}))
    with pytest.raises(ArchiveError, match=r"written by a newer hourscope \(manifest version 3\); upgrade"):
        open_archive(str(tmp_path))


@pytest.mark.parametrize(
    "data",
    [
        b'{"files":[]}',
        b"{}",
        b"[]",
        b"null",
        b'{"layout": "grid"}',
        b'{"n":1}\n{"n":2}\n',
        b"\x1f\x8b\x08\0\0",
        b"key,size\n",
    ],
)
def test_another_programs_manifest_is_a_key_like_others(tmp_path: Path, data: bytes) -> None:
    folder_of(tmp_path, KEYS)
    (tmp_path / "manifest.json").write_bytes(data)
    archive = open_archive(str(tmp_path))
    assert [chunk.key for chunk in archive.catalog().chunks] == list(KEYS)
    assert not archive.extract


def test_a_layout_does_not_lead_out_of_the_folder(tmp_path: Path) -> None:
    """A manifest comes with the archive and is trusted no more than its records."""
    folder_of(tmp_path, ["secret.2015-01-20_13.log", "archive/x.2015-01-20_13.log"])
    manifest = {"layout": "../secret.%Y-%m-%d_%H.log", "timezone": "UTC"}
    (tmp_path / "archive" / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ArchiveError):
        open_archive(str(tmp_path / "archive")).catalog()


def test_an_archive_goes_to_other_processes(tmp_path: Path) -> None:
    archive = open_archive(folder_of(tmp_path, KEYS), timezone="Europe/Berlin")
    assert pickle.loads(pickle.dumps(archive)).catalog() == archive.catalog()


@pytest.mark.parametrize(
    ("url", "advice"),
    [
        ("S3://b/x", "write s3://b/x"),
        ("s3a://b/%Y-%m-%d_%H.gz", "write s3://b/%Y-%m-%d_%H.gz"),
        ("gs://b/x", "write s3://b/x --endpoint-url https://storage.googleapis.com"),
        ("https://b.s3.amazonaws.com/x", "write s3://BUCKET/PREFIX, and --endpoint-url"),
        ("abfs://x@y/z", "write a folder or s3://BUCKET/PREFIX"),
        ("file:///var/log", "write the path of the folder: /var/log"),
    ],
)
def test_a_place_with_another_scheme_is_advised(url: str, advice: str) -> None:
    with pytest.raises(ArchiveError, match=re.escape(advice)):
        open_archive(url)


def test_a_layout_beside_an_extract_keeps_its_time_zone(tmp_path: Path) -> None:
    manifest = {"layout": "{topic}.%Y-%m-%d_%H.jsonl.gz", "timezone": "Europe/Berlin"}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    folder_of(tmp_path, ["events.2015-01-20_13.jsonl.gz"])
    archive = open_archive(str(tmp_path), layout="events.%Y-%m-%d_%H.jsonl.gz")
    assert (archive.zone, archive.extract) == (ZoneInfo("Europe/Berlin"), True)
    assert len(archive.catalog().chunks) == 1
    with pytest.raises(LayoutError, match="does not fit any key"):
        open_archive(str(tmp_path), layout="x.%Y-%m-%d_%H.jsonl.gz").catalog()


def test_a_place_with_only_what_tools_leave_is_not_called_empty(tmp_path: Path) -> None:
    place = folder_of(tmp_path, ["a/_SUCCESS", "b/ev.2015-01-20_13.log.partial"])
    with pytest.raises(ArchiveError, match="holds only hidden files and leftovers of tools, such as a/_SUCCESS, b/ev"):
        open_archive(place)
    assert keys_of(f"{place}/b/ev.%Y-%m-%d_%H.log.partial") == ["ev.2015-01-20_13.log.partial"]
