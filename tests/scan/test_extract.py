"""Extracts: archives made of archives, resumable, and never half there."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from tui.archive import Archive, Chunk, ChunkReader, Layout, open_archive
from tui.archive.chunk import ListPage, StoredObject
from tui.archive.folder import FolderStore
from tui.errors import ArchiveError, OutputError
from tui.filter import Filter, Term, parse_filter
from tui.scan import (
    ChunkDamaged,
    ChunkDone,
    ChunkKept,
    ChunkStarted,
    Counts,
    ScanEvent,
    ScanPlan,
    Totals,
    open_extract,
    plan_scan,
    run_plan,
    scanned_hours,
)
from tui.scan.manifest import hours_of, new_entry, new_manifest

KEY = "events.{host}.2015-01-20_{hour:02}.log.gz"


def text_of(hour: int, host: str) -> bytes:
    return b"".join(b'{"n": %d, "hour": %d, "host": "%s"}\n' % (n, hour, host.encode()) for n in range(200))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Four hours of two hosts; the last chunk of the first host is torn, the last of the other is without a match."""
    folder = tmp_path / "source"
    folder.mkdir()
    for hour in range(4):
        for host in ("web01", "web02"):
            text = b"nothing\n" if (hour, host) == (3, "web02") else text_of(hour, host)
            data = gzip.compress(text)
            name = KEY.format(host=host, hour=hour)
            (folder / name).write_bytes(data[:-30] if (hour, host) == (3, "web01") else data)
    return folder


@dataclass
class Run:
    """The events of one run of a scan into an extract."""

    events: list[ScanEvent]
    totals: Totals = field(default_factory=Totals)

    def __post_init__(self) -> None:
        for event in self.events:
            self.totals.add(event)

    @property
    def read(self) -> list[str]:
        """The chunks that were read, not kept."""
        return sorted(event.chunk.key for event in self.events if isinstance(event, ChunkStarted))

    @property
    def kept(self) -> list[str]:
        return sorted(event.chunk.key for event in self.events if isinstance(event, ChunkKept))


FIVES = parse_filter(grep=['"n": 5'])


def run(
    source: Path,
    out: Path | str,
    filter_: Filter = FIVES,
    *,
    start: str | None = None,
    until: Callable[[ScanEvent], bool] = lambda event: False,
    jobs: int = 1,
    **options: bool,
) -> Run:
    """Scan into an extract; cancelled once `until` holds of an event."""
    archive = open_archive(str(source))
    plan = plan_scan(archive, datetime.fromisoformat(start).replace(tzinfo=UTC) if start else None, None, filter_)
    cancel = threading.Event()
    events = []
    for event in run_plan(plan, jobs=jobs, cancel=cancel, extract=open_extract(str(out), plan, **options)):
        events.append(event)
        if until(event):
            cancel.set()
    return Run(events)


def records(folder: Path) -> list[bytes]:
    """The records of an archive, by hour, key and line."""
    archive = open_archive(str(folder))
    lines: list[bytes] = []
    for chunk in archive.catalog().chunks:
        with ChunkReader(archive.store, chunk.key) as reader:
            for block in reader.blocks():
                lines += block.records()
    return lines


def expected(source: Path, filter_: Filter = FIVES) -> list[bytes]:
    lines: list[bytes] = []
    for key in sorted(source.iterdir(), key=lambda path: (path.name.partition(".2015")[2], path.name)):
        ran = subprocess.run(["zcat", key], capture_output=True, check=False)
        text = ran.stdout[: ran.stdout.rfind(b"\n") + 1]
        lines += [line for line in text.splitlines() if filter_.matches(line)]
    return lines


def manifest(folder: Path) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
    return data


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())


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


class TestRefusing:
    def test_an_extract_is_not_overwritten_unasked(self, source: Path, tmp_path: Path) -> None:
        run(source, tmp_path / "out")
        before = files(tmp_path / "out")
        with pytest.raises(OutputError, match="--resume to resume it, or --force"):
            run(source, tmp_path / "out")
        assert files(tmp_path / "out") == before

    def test_force_replaces_it_whole(self, source: Path, tmp_path: Path) -> None:
        run(source, tmp_path / "out")
        only = parse_filter(match=["hour == `2` && n == `7`"])
        run(source, tmp_path / "out", only, force=True)
        assert records(tmp_path / "out") == expected(source, only)
        assert len(files(tmp_path / "out")) == 3
        assert manifest(tmp_path / "out")["filter"] == only.arguments()

    def test_a_folder_with_something_else_is_left_alone(self, source: Path, tmp_path: Path) -> None:
        (tmp_path / "mine").mkdir()
        (tmp_path / "mine" / "thesis.tex").write_text("years of work")
        with pytest.raises(OutputError, match="is not empty"):
            run(source, tmp_path / "mine")
        with pytest.raises(OutputError, match="is not empty"):
            run(source, tmp_path / "mine", resume=True)
        assert files(tmp_path / "mine") == ["thesis.tex"]

    @pytest.mark.parametrize("text", ["", "{}", "[]", '{"chunks": []}', "\x00"])
    def test_a_manifest_of_something_else_is_left_alone(self, source: Path, tmp_path: Path, text: str) -> None:
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "manifest.json").write_text(text)
        for options in ({}, {"resume": True}, {"force": True}):
            with pytest.raises(OutputError, match="manifest"):
                run(source, tmp_path / "out", **options)

    def test_a_place_that_is_a_file(self, source: Path, tmp_path: Path) -> None:
        (tmp_path / "out").write_text("a file")
        with pytest.raises(OutputError, match="cannot be created"):
            run(source, str(tmp_path / "out") + "/")

    @pytest.mark.parametrize("name", ["../precious", "precious.txt", "/precious", "sub/precious.jsonl.gz"])
    def test_a_manifest_cannot_have_foreign_files_deleted(self, source: Path, tmp_path: Path, name: str) -> None:
        """`--force` deletes what hourscope wrote; but a manifest can be edited, or come from somebody else."""
        run(source, tmp_path / "out")
        victim = (tmp_path / "out" / name.lstrip("/")).resolve()
        victim.parent.mkdir(exist_ok=True)
        victim.write_text("mine")
        books = manifest(tmp_path / "out")
        books["chunks"][0]["output"] = name
        (tmp_path / "out" / "manifest.json").write_text(json.dumps(books))
        run(source, tmp_path / "out", parse_filter(grep=['"hour": 2,']), force=True)
        assert victim.read_text() == "mine"
        assert records(tmp_path / "out") == expected(source, parse_filter(grep=['"hour": 2,']))

    def test_a_key_in_an_edited_manifest_deletes_nothing_that_is_not_its_extract(
        self, source: Path, tmp_path: Path
    ) -> None:
        run(source, tmp_path / "out")
        victim = tmp_path / "out" / "thesis.jsonl.gz"
        victim.write_text("mine")
        books = manifest(tmp_path / "out")
        books["chunks"][0] |= {"key": "thesis", "output": "thesis.jsonl.gz"}
        books["chunks"][1] |= {"key": "../out/thesis", "output": "../out/thesis.jsonl.gz"}
        (tmp_path / "out" / "manifest.json").write_text(json.dumps(books))
        with pytest.raises(OutputError, match="would be read as part of the extract"):  # whose books lost them
            run(source, tmp_path / "out", start="2015-01-20T01:00", force=True)
        assert victim.read_text() == "mine"

    def test_force_does_not_mix_two_scans(self, source: Path, tmp_path: Path) -> None:
        """What was written just before a kill is not in the manifest: a file of the old scan must not stay unseen."""
        out = tmp_path / "out"
        run(source, out)
        books = manifest(out)
        books["chunks"] = books["chunks"][:4]
        (out / "manifest.json").write_text(json.dumps(books))
        before = files(out)
        with pytest.raises(OutputError, match="move it away, or choose another place"):
            run(source, out, start="2015-01-20T03:00", force=True)
        assert files(out) == before
        run(source, out, force=True)
        assert records(out) == expected(source)

    @pytest.mark.parametrize("option", ["resume", "force"])
    def test_hidden_files_of_dead_scans_are_removed(self, source: Path, tmp_path: Path, option: str) -> None:
        out = tmp_path / "out"
        run(source, out)
        (out / "sub").mkdir()
        dead = [out / ".events.web01.2015-01-20_00.jsonl.gz.0123456789ab.part", out / "sub" / ".x.fedcba987654.part"]
        mine = [out / ".hidden", out / ".notes.part"]
        for path in (*dead, *mine):
            path.write_text("x")
        run(source, out, **{option: True})
        assert not any(path.exists() for path in dead) and all(path.exists() for path in mine)


class TestLongNames:
    """A bucket takes names that no file system does."""

    @pytest.fixture
    def bucket(self, tmp_path: Path) -> Archive:
        hosts = ("w" * 250, "ü" * 200, "short", "w" * 249 + "x")
        keys = tuple(f"logs/events.2015-01-20_{hour:02}.{host}.log.gz" for hour in (13, 14) for host in hosts)
        return Archive("s3://b", KeyStore(keys), Layout("logs/events.%Y-%m-%d_%H.{host}.log.gz"), UTC)  # type: ignore[arg-type]

    def test_they_get_a_hash_and_are_found_again(self, bucket: Archive, tmp_path: Path) -> None:
        out = str(tmp_path / "out")
        plan = plan_scan(bucket, None, None, Filter())
        events = list(run_plan(plan, extract=open_extract(out, plan)))
        assert [event for event in events if isinstance(event, ChunkDamaged)] == []
        extract = open_archive(out)
        catalog = extract.catalog()
        assert (len(catalog.chunks), catalog.unmatched) == (8, ())
        assert {chunk.hour.hour for chunk in catalog.chunks} == {13, 14}
        outputs = {chunk["key"]: chunk["output"] for chunk in manifest(tmp_path / "out")["chunks"]}
        assert set(outputs.values()) == {chunk.key for chunk in catalog.chunks}
        assert outputs["logs/events.2015-01-20_13.short.log.gz"] == "logs/events.2015-01-20_13.short.jsonl.gz"
        again = list(run_plan(plan, extract=open_extract(out, plan, resume=True)))
        assert len([event for event in again if isinstance(event, ChunkKept)]) == 8
        replaced = plan_scan(bucket, None, datetime(2015, 1, 20, 14, tzinfo=UTC), Filter())
        list(run_plan(replaced, extract=open_extract(out, replaced, force=True)))
        assert len(open_archive(out).catalog().chunks) == 4

    def test_a_name_without_a_place_to_cut_is_refused_in_a_sentence(self, tmp_path: Path) -> None:
        store = KeyStore(("e" * 300 + ".2015-01-20_13.log",))
        archive = Archive("s3://b", store, Layout("e" * 300 + ".%Y-%m-%d_%H.log"), UTC)  # type: ignore[arg-type]
        plan = plan_scan(archive, None, None, Filter())
        with pytest.raises(OutputError, match="is too long for"):
            list(run_plan(plan, extract=open_extract(str(tmp_path / "out"), plan)))


@dataclass(frozen=True)
class KeyStore:
    """A bucket with keys that no folder could hold, or that lead out of any folder that they are copied to."""

    keys: tuple[str, ...]
    url: str = "s3://hostile"

    def pages(self, prefix: str = "", delimiter: str = "") -> Iterator[ListPage]:
        yield ListPage(tuple(self.objects(prefix)), last=True)

    def objects(self, prefix: str = "") -> Iterator[StoredObject]:
        for key in self.keys:
            if key.startswith(prefix):
                yield StoredObject(key, 5, "etag", datetime(2015, 2, 1, tzinfo=UTC))

    def open(self, key: str, **_: Any) -> Any:
        import io

        return io.BytesIO(b"evil\n")


@pytest.mark.parametrize("head", ["../", "../../", "a/../../"])
def test_keys_that_lead_out_of_the_extract_are_refused(tmp_path: Path, head: str) -> None:
    store = KeyStore((f"{head}escaped.2015-01-20_13.log",))
    archive = Archive("s3://hostile", store, Layout(f"{head}escaped.%Y-%m-%d_%H.log"), UTC)  # type: ignore[arg-type]
    plan = plan_scan(archive, None, None, Filter())
    out = tmp_path / "deep" / "out"
    with pytest.raises((OutputError, ArchiveError)):
        list(run_plan(plan, extract=open_extract(str(out), plan)))
    assert not [path for path in tmp_path.rglob("*escaped*") if not path.is_relative_to(out)]


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


def test_nothing_is_deleted_that_was_never_written(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a bucket a DELETE costs a request and a permission that whoever may write often has not."""
    deleted: list[str] = []
    monkeypatch.setattr(FolderStore, "delete", lambda self, key: deleted.append(key))
    run(source, tmp_path / "out")
    assert deleted == []


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
