"""`diff` from the index: the same findings, and no chunk is read."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.analysis.incidents import FIRST, KINDS, incident
from tests.analysis.test_diff import answer, hour, write
from tui.analysis.indexed_table import indexed_table, path_of_field
from tui.archive import ChunkReader, open_archive
from tui.cli import run
from tui.filter import Filter
from tui.filter.build import spell_field
from tui.filter.fields import ANY
from tui.index import open_index
from tui.scan import plan_scan


def no_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> NoReturn:
        raise AssertionError("a chunk is read")

    monkeypatch.setattr(ChunkReader, "__init__", refused)


def shares(finding: dict[str, Any]) -> tuple[object, ...]:
    return tuple(finding[key] for key in ("kind", "where", "target", "baseline", "records", "since", "until", "filter"))


@pytest.mark.parametrize("kind", KINDS)
def test_the_index_names_what_reading_names(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made = incident(kind, 11, days=4, rate=150)
    write(made, tmp_path)
    words = [str(tmp_path), "--from", hour(made.first), "--to", hour(made.stop)]
    _, read = answer(capsys, *words)
    run(["index", str(tmp_path), "--jobs", "1"])
    capsys.readouterr()
    no_reading(monkeypatch)
    _, said = answer(capsys, *words)
    assert (said["indexed"], said["read"]) == (96, {"chunks": 0, "bytes": 0})
    assert any(made.fields <= set(finding["where"]) for finding in said["findings"][:3])
    assert (said["target"], said["baseline"]) == (read["target"], read["baseline"])
    first = read["findings"][0]
    if len(first["where"]) == 1 and first["kind"] != "number":  # numbers are cut at other bounds
        assert shares(said["findings"][0]) == shares(first)


def test_without_hours_the_index_finds_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made = incident("status", 3, days=5, rate=200)
    write(made, tmp_path)
    run(["index", str(tmp_path), "--jobs", "1"])
    capsys.readouterr()
    no_reading(monkeypatch)
    _, said = answer(capsys, str(tmp_path))
    assert any((row["since"], row["until"]) == (hour(made.first), hour(made.stop)) for row in said["findings"])


@pytest.mark.parametrize("words", [["--full"], ["-m", "status == `500`"]])
def test_chunks_are_read_for_what_the_index_does_not_know(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = incident("new value", 2, days=2, rate=60)
    write(made, tmp_path)
    run(["index", str(tmp_path), "--jobs", "1"])
    capsys.readouterr()
    _, said = answer(capsys, str(tmp_path), "--from", hour(made.first), "--to", hour(made.stop), *words)
    assert (said["indexed"], said["read"]["chunks"]) == (0, 48)


def test_a_chunk_that_is_not_indexed_makes_all_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = incident("missing", 2, days=2, rate=60)
    write(made, tmp_path)
    run(["index", str(tmp_path), "--jobs", "1"])
    (tmp_path / f"events.{FIRST:%Y-%m-%d_%H}.log.gz").write_bytes(gzip.compress(b'{"new": 1}\n'))
    capsys.readouterr()
    _, said = answer(capsys, str(tmp_path), "--from", hour(made.first), "--to", hour(made.stop))
    assert (said["indexed"], said["read"]["chunks"]) == (0, 48)


def test_damage_that_the_index_knows_is_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = incident("status", 2, days=2, rate=60)
    write(made, tmp_path)
    torn = tmp_path / f"events.{FIRST:%Y-%m-%d_%H}.log.gz"
    torn.write_bytes(torn.read_bytes()[:-20])
    run(["index", str(tmp_path), "--jobs", "1"])
    capsys.readouterr()
    code, said = answer(capsys, str(tmp_path), "--from", hour(made.first), "--to", hour(made.stop))
    assert (code, said["indexed"], [part["key"] for part in said["damaged"]]) == (2, 48, [torn.name])


def test_the_numbers_of_the_index_are_counted_within_its_bounds(tmp_path: Path) -> None:
    for at in range(6):
        records = [json.dumps({"n": n * (1 + at), "tags": ["x"] * (n % 2)}).encode() for n in range(1, 600)]
        path = tmp_path / f"events.{FIRST + timedelta(hours=at):%Y-%m-%d_%H}.log.gz"
        path.write_bytes(gzip.compress(b"\n".join(records), mtime=0))
    run(["index", str(tmp_path), "--jobs", "1"])
    archive = open_archive(str(tmp_path))
    plan = plan_scan(archive, None, None, Filter())
    with open_index(archive) as index:
        known = [(chunk, summary) for chunk, summary in index.summaries(plan.chunks) if summary is not None]
    table = indexed_table(known, UTC)
    assert table is not None and table.hours[0].time == datetime(2024, 3, 1, tzinfo=UTC)
    cuts = [(fact, hits) for fact, hits in table.hits.items() if fact.kind == "above"]
    assert cuts
    for fact, hits in cuts:
        assert isinstance(fact.value, float)
        assert hits == [sum(n * (1 + at) > fact.value for n in range(1, 600)) for at in range(6)]


@given(st.lists(st.one_of(st.text(min_size=1), st.just(ANY)), min_size=1, max_size=4))
def test_a_field_is_parsed_as_it_is_spelled(steps: list[Any]) -> None:
    path = ("a", *steps)
    assert path_of_field(spell_field(path)) == path


def test_a_chunk_of_many_records_with_lists_is_indexed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of so many, more than 256 are kept, and the items of their lists with the numbers of these."""
    lines = b"".join(b'{"n":%d,"tags":["t%d","u"]}\n' % (number, number % 3) for number in range(40_000))
    (tmp_path / "events.2015-01-20_12.log.gz").write_bytes(gzip.compress(lines, 1))
    assert run(["index", str(tmp_path), "--jobs", "1"]) == 0
    archive = open_archive(str(tmp_path))
    with open_index(archive) as index:
        (chunk,) = plan_scan(archive, None, None, Filter()).chunks
        summary = index.summary(chunk)
    assert summary is not None
    assert summary.sample.records > 256
    records, codes = summary.sample.items["tags[*]"]
    assert len(records) == 2 * len(codes) == 4 * summary.sample.records
