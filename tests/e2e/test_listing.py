"""What `ls` says of hours without chunks, and what every command says of keys that a detected layout leaves out."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.command import hourscope
from tui.archive.chunk import StoredObject
from tui.archive.local import FolderStore
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
    """As grep: the question was answered, and the answer is that there is nothing."""
    words = ("ls", archive, "--from", "2015-01-20T02", "--to", "2015-01-20T04")
    ran = hourscope(*words)
    assert (ran.code, ran.err) == (1, "")
    assert [line.split()[0::2] for line in ran.lines] == [[b"2015-01-20T02", b"gap"], [b"2015-01-20T03", b"gap"]]
    found = json.loads(hourscope(*words, "--json").out)
    assert (found["hours"], found["gaps"]) == ([], ["2015-01-20T02", "2015-01-20T03"])
    assert "Exit code 1" in hourscope("ls", "--help").out.decode()


def test_a_range_outside_the_archive_is_an_error(archive: Path) -> None:
    assert hourscope("ls", archive, "--from", "2015-01-21").code == 2


def test_hours_of_an_extract_without_a_match_are_no_gaps(archive: Path, tmp_path: Path) -> None:
    out = f"{tmp_path}/x/"
    assert hourscope("scan", archive, "-g", '"hour":1', "-o", out).code == 0
    ran = hourscope("ls", out)
    assert [line.split()[0::2] for line in ran.lines] == [
        [b"2015-01-20T00", b"no"],
        [b"2015-01-20T01", b"B"],
        [b"2015-01-20T05", b"no"],
    ]
    found = json.loads(hourscope("ls", out, "--json").out)
    assert (found["gaps"], found["without_matches"]) == ([], ["2015-01-20T00", "2015-01-20T05"])
    assert hourscope("ls", out, "--from", "2015-01-20T05").code == 1


@pytest.mark.parametrize(
    "words", [("ls", "{}"), ("scan", "{}", "--count"), ("send", "{}", "-o", "-"), ("scan", "{}", "--estimate")]
)
def test_keys_that_a_detected_layout_leaves_out_are_said(archive: Path, words: tuple[str, ...]) -> None:
    (archive / "notes.txt").write_bytes(b"x")
    ran = hourscope(*(word.format(archive) for word in words))
    assert ran.code == 0
    assert "left out: 1 key not of the detected layout 'events.%Y-%m-%d_%H.log.gz', such as notes.txt" in ran.sentence
    assert f"hourscope ls {archive} --json" in ran.sentence
    given = hourscope(*(word.format(f"{archive}/events.%Y-%m-%d_%H.log.gz") for word in words))
    assert (given.code, given.err) == (0, "")


def test_one_listing_is_enough(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To find the layout and to plan: a listing of a large bucket takes its time."""
    asked: list[str] = []
    listed = FolderStore.objects

    def objects(store: FolderStore, prefix: str = "") -> Iterator[StoredObject]:
        asked.append(prefix)
        return listed(store, prefix)

    monkeypatch.setattr(FolderStore, "objects", objects)
    found, listing = open_listed(str(archive))
    assert len(plan_scan(found, None, None, Filter(), listing=listing).chunks) == 3
    assert asked == [""]
    (archive / "events.2015-01-20_06.log.gz").write_bytes(gzip.compress(b"{}\n"))
    assert len(found.catalog().chunks) == 4, "whoever asks later sees what has come"
