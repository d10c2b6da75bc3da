"""Extracts that were interrupted: never half there, and resumable."""

from __future__ import annotations

import gzip
import os
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.scan.extracts import FIVES, KEY, expected, files, manifest, records, run, text_of
from tui.archive import open_archive
from tui.archive.folder import FolderStore
from tui.errors import ArchiveError, OutputError
from tui.filter import Filter, Term, parse_filter
from tui.scan import (
    ChunkDamaged,
    ChunkDone,
    open_extract,
    plan_scan,
    run_plan,
)


class TestNeverHalf:
    def test_no_half_file_is_ever_visible(self, source: Path, tmp_path: Path) -> None:
        """After every event each file that can be seen is whole."""
        out = tmp_path / "out"
        plan = plan_scan(open_archive(str(source)), None, None, Filter())
        for _ in run_plan(plan, jobs=2, extract=open_extract(str(out), plan)):
            for path in out.glob("*.gz"):
                assert gzip.decompress(path.read_bytes()).endswith(b"\n")
            manifest(out)

    def test_a_killed_scan_leaves_whole_files_and_can_be_resumed(self, source: Path, tmp_path: Path) -> None:
        """Closing the generator is what remains of a process that ends."""
        out = tmp_path / "out"
        plan = plan_scan(open_archive(str(source)), None, None, FIVES)
        events = run_plan(plan, jobs=1, extract=open_extract(str(out), plan))
        next(event for event in events if isinstance(event, ChunkDone))
        events.close()  # type: ignore[attr-defined]
        assert manifest(out)["finished"] is False
        assert not [name for name in files(out) if ".part" in name]
        again = run(source, out, resume=True)
        assert len(again.kept) >= 1
        assert records(out) == expected(source)

    def test_a_file_left_by_a_crash_is_not_a_chunk(self, source: Path, tmp_path: Path) -> None:
        out = tmp_path / "out"
        run(source, out)
        (out / ".events.web01.2015-01-20_00.jsonl.gz.x1.part").write_bytes(b"half")
        assert records(out) == expected(source)


class TestResuming:
    def test_a_finished_extract_is_not_read_again(self, source: Path, tmp_path: Path) -> None:
        first = run(source, tmp_path / "out")
        before = {name: (tmp_path / "out" / name).read_bytes() for name in files(tmp_path / "out")}
        again = run(source, tmp_path / "out", resume=True)
        assert again.read == []
        assert again.kept == first.read
        assert again.totals.counts == first.totals.counts
        assert [e.damage for e in again.totals.damaged] == [e.damage for e in first.totals.damaged]
        after = {name: (tmp_path / "out" / name).read_bytes() for name in files(tmp_path / "out")}
        assert after == before

    def test_after_a_cancel_only_the_rest_is_read(self, source: Path, tmp_path: Path) -> None:
        out = tmp_path / "out"
        first = run(source, out, until=lambda event: isinstance(event, ChunkDone))
        assert manifest(out)["finished"] is False
        assert 0 < len(first.read) < 8
        again = run(source, out, resume=True)
        finished = sorted(e.chunk.key for e in first.events if isinstance(e, ChunkDone) and not e.partial)
        assert again.kept == finished
        assert sorted([*again.kept, *again.read]) == sorted(path.name for path in source.iterdir())
        assert records(out) == expected(source)
        assert manifest(out)["finished"] is True

    def test_a_chunk_that_changed_is_scanned_again(self, source: Path, tmp_path: Path) -> None:
        out = tmp_path / "out"
        run(source, out)
        changed, emptied = (KEY.format(host="web01", hour=hour) for hour in (0, 1))
        (source / changed).write_bytes(gzip.compress(b'{"n": 5, "new": true}\n'))
        (source / emptied).write_bytes(gzip.compress(b"no match any more\n"))
        again = run(source, out, resume=True)
        assert again.read == [changed, emptied]
        assert records(out) == expected(source)
        assert b'{"n": 5, "new": true}' in records(out)

    def test_a_chunk_that_came_meanwhile_is_scanned_too(self, source: Path, tmp_path: Path) -> None:
        out = tmp_path / "out"
        run(source, out)
        (source / KEY.format(host="web03", hour=2)).write_bytes(gzip.compress(text_of(2, "web03")))
        assert run(source, out, resume=True).read == [KEY.format(host="web03", hour=2)]
        assert records(out) == expected(source)

    def test_names_do_not_change_when_what_comes_would_clash(self, source: Path, tmp_path: Path) -> None:
        """`x.log` next to `x.log.gz`: refused or done, but never an extract with hidden records."""
        out = tmp_path / "out"
        run(source, out)
        (source / KEY.format(host="web01", hour=0).removesuffix(".gz")).write_bytes(b'{"n": 5, "plain": true}\n')
        source_url = f"{source}/events.{{host}}.%Y-%m-%d_%H.*"
        run(Path(source_url), tmp_path / "other")
        (source / KEY.format(host="web01", hour=1).removesuffix(".gz")).write_bytes(b'{"n": 5, "plain": true}\n')
        try:
            run(Path(source_url), tmp_path / "other", resume=True)
        except OutputError:
            return
        assert records(tmp_path / "other").count(b'{"n": 5, "plain": true}') == 2

    def test_chunks_that_could_not_be_read_are_read_again(self, source: Path, tmp_path: Path) -> None:
        """A network that was down is not damage in the archive: resuming must not treat the chunk as finished."""

        class Down(FolderStore):
            __slots__ = ()

            def open(self, key: str, **_: Any) -> Any:
                raise ArchiveError(f"{key} cannot be read: the network is down")

        archive = open_archive(str(source))
        plan = plan_scan(replace(archive, store=Down(source)), None, None, FIVES)
        out = str(tmp_path / "out")
        events = list(run_plan(plan, extract=open_extract(out, plan)))
        assert len([event for event in events if isinstance(event, ChunkDamaged)]) == 8
        assert manifest(tmp_path / "out")["finished"] is False
        again = run(source, out, resume=True)
        assert again.kept == []
        assert records(tmp_path / "out") == expected(source)

    def test_the_order_of_terms_does_not_change_the_filter(self, source: Path, tmp_path: Path) -> None:
        run(source, tmp_path / "out", Filter((Term("match", "n"), Term("grep", "5"))))
        assert run(source, tmp_path / "out", parse_filter(grep=["5"], match=["n"]), resume=True).read == []

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"filter_": parse_filter(grep=["other"])}, "another filter"),
            ({"filter_": parse_filter(grep=['"n": 5'], invert=True)}, "another filter"),
            ({"start": "2015-01-20T01:00"}, "another range"),
        ],
    )
    def test_what_is_not_the_same_scan_is_not_resumed(
        self, source: Path, tmp_path: Path, change: dict[str, Any], words: str
    ) -> None:
        run(source, tmp_path / "out")
        with pytest.raises(OutputError, match=words):
            run(source, tmp_path / "out", resume=True, **change)

    def test_nor_one_of_another_archive_or_zone(self, source: Path, tmp_path: Path) -> None:
        run(source, tmp_path / "out")
        other = tmp_path / "other"
        source.rename(other)
        with pytest.raises(OutputError, match="another archive"):
            run(other, tmp_path / "out", resume=True)
        other.rename(source)
        plan = plan_scan(open_archive(str(source), timezone="Europe/Berlin"), None, None, FIVES)
        with pytest.raises(OutputError, match="another time zone"):
            open_extract(str(tmp_path / "out"), plan, resume=True)

    def test_resuming_nothing_begins(self, source: Path, tmp_path: Path) -> None:
        run(source, tmp_path / "out", resume=True)
        assert records(tmp_path / "out") == expected(source)


def test_an_output_that_fails_ends_the_scan_with_its_sentence(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    plan = plan_scan(open_archive(str(source)), None, None, FIVES)
    extract = open_extract(str(out), plan)
    (out / "events.web01.2015-01-20_02.jsonl.gz").mkdir()  # where a file is to be
    (out / "events.web01.2015-01-20_02.jsonl.gz" / "x").write_text("x")
    with pytest.raises(OutputError, match="cannot be written"):
        list(run_plan(plan, jobs=1, extract=extract))
    (out / "events.web01.2015-01-20_02.jsonl.gz" / "x").unlink()
    (out / "events.web01.2015-01-20_02.jsonl.gz").rmdir()
    again = run(source, out, resume=True)
    assert again.kept  # what was done before it failed
    assert records(out) == expected(source)


def test_a_full_disk_ends_the_scan_and_leaves_a_resumable_extract(source: Path, tmp_path: Path) -> None:
    """On a real small disk where one can be mounted (as root on Linux)."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mounted, capture_output=True, check=False).returncode != 0:
        pytest.skip("a small disk can only be mounted by root")
    try:
        for hour in range(4, 20):
            noise = "".join(os.urandom(6000).hex())
            (source / KEY.format(host="web01", hour=hour)).write_bytes(
                gzip.compress(b'{"n": 5, "x": "%s"}\n' % noise.encode())
            )
        with pytest.raises(OutputError, match="No space left on device"):
            run(source, disk / "out")
        assert not [name for name in files(disk) if ".part" in name]
        subprocess.run(["mount", "-o", "remount,size=4m", str(disk)], check=True)
        run(source, disk / "out", resume=True)
        assert records(disk / "out") == expected(source)
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)
