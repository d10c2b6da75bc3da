"""What `ls` says of hours without chunks, and what every command says of keys that a detected layout leaves out."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command import hourscope
from tui.archive.chunk import ListPage
from tui.archive.folder import FolderStore
from tui.archive.open import open_listed
from tui.filter import Filter
from tui.scan import plan_scan


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Hours 0, 1 and 5."""
    folder = tmp_path / "archive"
    folder.mkdir()
    for hour in (0, 1, 5):
        (folder / f"events.2015-01-20_{hour:02}.log.gz").write_bytes(gzip.compress(b'{"hour":%d}\n' % hour))
    return folder


def test_a_range_of_gaps_only_matches_nothing(archive: Path) -> None:
    """As with grep: no match is an answer, not an error."""
    words = ("ls", archive, "--from", "2015-01-20T02", "--to", "2015-01-20T04")
    ran = hourscope(*words)
    assert (ran.code, ran.err) == (1, "")
    assert ran.lines == [b"2015-01-20T02         \xe2\x80\x94  gap, 2 hours, to 2015-01-20T04"]
    listing = json.loads(hourscope(*words, "--json").out)
    assert (listing["hours"], listing["gaps"]) == ([], [{"from": "2015-01-20T02", "to": "2015-01-20T04"}])
    assert "Exit code 1" in hourscope("ls", "--help").out.decode()


def test_a_range_outside_the_archive_has_no_chunk(archive: Path) -> None:
    words = ("ls", archive, "--from", "2015-01-21")
    ran = hourscope(*words)
    assert (ran.code, ran.out) == (1, b"")
    assert "no chunk from 2015-01-21T00; its hours go from 2015-01-20T00 to 2015-01-20T06" in ran.sentence
    ran = hourscope(*words, "--json")
    assert ran.code == 1
    listing = json.loads(ran.out)
    assert (listing["hours"], listing["gaps"], listing["far"]) == ([], [], [])


def far_archive(folder: Path, *hours: str) -> Path:
    folder.mkdir()
    for hour in hours:
        (folder / f"events.{hour}.log.gz").write_bytes(gzip.compress(b'{"event":"error"}\n'))
    return folder


@pytest.mark.parametrize("astray", ["1970-01-01_00", "2999-12-31_23", "2001-09-09_01"])
def test_a_key_far_from_the_rest_costs_a_line(tmp_path: Path, astray: str) -> None:
    """A host that boots without a clock names its first file 1970."""
    folder = far_archive(tmp_path / "a", "2026-11-20_05", astray, "2026-11-20_08")
    key = f"events.{astray}.log.gz"
    ran = hourscope("ls", folder)
    assert ran.code == 0 and len(ran.lines) == 4
    assert f"{key} of {astray.replace('_', 'T')} is more than 366 days from every other hour" in ran.sentence
    for command in ("ls", "verify"):
        listing = json.loads(hourscope(command, folder, "--json").out)
        assert listing["version"] == 2
        assert listing["far"] == [key]
        assert listing["gaps"] == [{"from": "2026-11-20T06", "to": "2026-11-20T08"}]
        assert (listing["from"], listing["to"]) == ("2026-11-20T05", "2026-11-20T09")
    assert hourscope("scan", folder, "-g", "error", "--count").out == b"3\n"
    assert hourscope("cat", folder, "--hour", astray).out == b'{"event":"error"}\n'
    asked = json.loads(hourscope("ls", folder, "--from", astray, "--to", "3000-01-01", "--json").out)
    assert key in [chunk["key"] for hour in asked["hours"] for chunk in hour["chunks"]]


@pytest.mark.parametrize("astray", ["3000-01-01_00", "9998-12-31_23"])
def test_a_key_of_the_year_3000_costs_one_line_in_every_output(tmp_path: Path, astray: str) -> None:
    folder, extract = far_archive(tmp_path / "a", "2026-11-20_05", "2026-11-20_06", astray), tmp_path / "x"
    key, hour = f"events.{astray}.log.gz", astray.replace("_", "T")
    assert hourscope("scan", folder, "-g", "error", "-o", f"{extract}/").code == 0
    for place in (folder, extract):
        ran = hourscope("ls", place)
        assert (ran.code, len(ran.lines)) == (0, 3)
        assert f"of {hour} is more than 366 days from every other hour" in ran.sentence
        for command in ("ls", "verify"):
            listing = json.loads(hourscope(command, place, "--json").out)
            assert (len(listing["far"]), listing["gaps"], listing["to"]) == (1, [], "2026-11-20T07")
        assert hourscope("scan", place, "-g", "error", "--count").out == b"3\n"
        assert hourscope("doctor", place).code == 0
    assert json.loads(hourscope("ls", folder, "--json").out)["far"] == [key]


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Pacific/Apia", "Asia/Kolkata"])
def test_a_range_of_all_times_is_answered_at_once(tmp_path: Path, zone: str) -> None:
    folder = far_archive(tmp_path / "a", "1970-01-01_00", "1970-01-01_01", "2026-11-20_05", "2026-11-20_06")
    for words in (
        ("--from", "0001-01-01"),
        ("--to", "9999-12-31T23"),
        ("--from", "0001-01-01T00", "--to", "9999-12-31T22"),
    ):
        ran = hourscope("ls", folder, "--timezone", zone, *words)
        assert (ran.code, ran.err, len(ran.lines)) == (0, "", 5)
        listing = json.loads(hourscope("ls", folder, "--timezone", zone, *words, "--json").out)
        assert listing["gaps"] == [{"from": "1970-01-01T02", "to": "2026-11-20T05"}]
        assert hourscope("verify", folder, "--timezone", zone, *words).code == 1
    ran = hourscope("cat", folder, "--hour", "9999-12-31T23", "--timezone", zone)
    assert ran.code == 2 and "is in the last hour of the calendar" in ran.sentence
    for words in (("ls", folder, "--to", "0001-01-02"), ("ls", folder, "--from", "9999-12-30", "--to", "9999-12-31")):
        ran = hourscope(*words, "--timezone", zone)
        assert ran.code == 1 and "has no chunk" in ran.sentence


def test_ls_json_names_topic_and_host(tmp_path: Path) -> None:
    folder = tmp_path / "a"
    folder.mkdir()
    for hour in (0, 1):
        (folder / f"events.web02-000000.2015-01-20_{hour:02}.log.gz").write_bytes(gzip.compress(b"{}\n"))
        (folder / f"events.web01-000000.2015-01-20_{hour:02}.log.gz").write_bytes(gzip.compress(b"{}\n"))
    listing = json.loads(hourscope("ls", folder, "--json").out)
    named = {(chunk["topic"], chunk["host"]) for hour in listing["hours"] for chunk in hour["chunks"]}
    assert named == {("events", "web01"), ("events", "web02")}


def test_hours_of_an_extract_without_a_match_are_not_gaps(archive: Path, tmp_path: Path) -> None:
    out = f"{tmp_path}/x/"
    assert hourscope("scan", archive, "-g", '"hour":1', "-o", out).code == 0
    ran = hourscope("ls", out)
    assert [line.split()[0::2] for line in ran.lines] == [
        [b"2015-01-20T00", b"no"],
        [b"2015-01-20T01", b"B"],
        [b"2015-01-20T05", b"no"],
    ]
    listing = json.loads(hourscope("ls", out, "--json").out)
    assert (listing["gaps"], listing["without_matches"]) == ([], ["2015-01-20T00", "2015-01-20T05"])
    assert hourscope("ls", out, "--from", "2015-01-20T05").code == 1


@pytest.mark.parametrize(
    "words", [("ls", "{}"), ("scan", "{}", "--count"), ("send", "{}", "-o", "-"), ("scan", "{}", "--estimate")]
)
def test_keys_that_a_detected_layout_leaves_out_are_reported(archive: Path, words: tuple[str, ...]) -> None:
    (archive / "notes.txt").write_bytes(b"x")
    ran = hourscope(*(word.format(archive) for word in words))
    assert ran.code == 0
    assert (
        "left out 1 key that does not fit the detected layout 'events.%Y-%m-%d_%H.log.gz', such as notes.txt"
        in ran.sentence
    )
    assert f"hourscope ls {archive} --json" in ran.sentence
    given = hourscope(*(word.format(f"{archive}/events.%Y-%m-%d_%H.log.gz") for word in words))
    assert (given.code, given.err) == (0, "")


def test_one_listing_is_enough(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To find the layout and to plan: a listing of a large bucket takes its time."""
    asked: list[str] = []
    listed = FolderStore.pages

    def pages(store: FolderStore, prefix: str = "", delimiter: str = "") -> Iterator[ListPage]:
        asked.append(prefix)
        return listed(store, prefix, delimiter)

    monkeypatch.setattr(FolderStore, "pages", pages)
    opened, listing = open_listed(str(archive))
    assert len(plan_scan(opened, None, None, Filter(), listing=listing).chunks) == 3
    assert asked == [""]
    (archive / "events.2015-01-20_06.log.gz").write_bytes(gzip.compress(b"{}\n"))
    assert len(opened.catalog().chunks) == 4, "whoever asks later sees what has come"
