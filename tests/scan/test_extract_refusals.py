"""What an extract refuses to overwrite or delete, and names that no file system takes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.scan.extracts import expected, files, manifest, records, run
from tui.archive import Archive, Layout, open_archive
from tui.archive.chunk import ListPage, StoredObject
from tui.archive.folder import FolderStore
from tui.errors import ArchiveError, OutputError
from tui.filter import Filter, parse_filter
from tui.scan import (
    ChunkDamaged,
    ChunkKept,
    open_extract,
    plan_scan,
    run_plan,
)


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


def test_nothing_is_deleted_that_was_never_written(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a bucket a DELETE costs a request and a permission that whoever may write often has not."""
    deleted: list[str] = []
    monkeypatch.setattr(FolderStore, "delete", lambda self, key: deleted.append(key))
    run(source, tmp_path / "out")
    assert deleted == []
