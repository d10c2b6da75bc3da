"""What uses the index beside scans: estimates, sends, counts of a filter; each says what reading would."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.index.indexed import EXPRESSIONS, RECORDS, build, counted, planned, scanned, write
from tui.analysis.count import parse_every
from tui.analysis.counting import Counting
from tui.analysis.known import known_chunks, known_from
from tui.cli import run
from tui.filter import Filter, parse_filter
from tui.index import Index
from tui.scan.estimate import estimate
from tui.send import archive_source, survey

MORE = st.sampled_from(
    ["a", "!a", "a < `2`", "`1` <= a", "starts_with(a, 'a')", "contains(a, '1')", "a == 'a' || a == `1`", "b.c != 'ä'",
     "ends_with(b.c, 'a') && b.c != 'a'", "@", "a == b.c", "length(a) == `1`", "a == `true`", "to_string(a) == '1'"]
)  # fmt: skip


@given(
    st.lists(st.lists(RECORDS, max_size=6), min_size=1, max_size=3),
    st.one_of(MORE, EXPRESSIONS),
    st.sampled_from([(), ("a",), ("b.c",)]),
)
def test_a_count_with_a_filter_is_the_same_with_the_index(
    tmp_path_factory: pytest.TempPathFactory, hours: list[list[object]], expression: str, by: tuple[str, ...]
) -> None:
    folder = tmp_path_factory.mktemp("a")
    write(folder / "archive", hours)
    filter_ = parse_filter(match=[expression])
    plan, counting = planned(folder / "archive", filter_), Counting(by, parse_every("1h"))
    with Index(folder / "index.sqlite", "here") as index:
        build(index, planned(folder / "archive"), words=True)
        plain, read = counted(plan, counting, None)
        indexed, totals = counted(plan, counting, index)
        assert indexed == plain
        assert (totals.matches, totals.counts.not_json) == (read.matches, read.counts.not_json)
        assert scanned(plan, index).matches == read.matches


def test_a_filter_of_one_field_is_counted_without_reading(tmp_path: Path) -> None:
    write(tmp_path / "a", [[{"k": "x", "n": 1}, {"k": "yy"}, {"n": 3}]] * 2)
    plan = planned(tmp_path / "a", parse_filter(match=["k == 'x' || starts_with(k, 'y')"]))
    with Index(tmp_path / "index.sqlite", "here") as index:
        build(index, planned(tmp_path / "a"))
        result, totals = counted(plan, Counting(("k",)), index)
    assert [(row.plain, row.count) for row in result.rows] == [(["x"], 2), (["yy"], 2)]
    assert (totals.chunks, totals.skipped) == (0, 2)


def test_an_estimate_is_exact_where_chunks_are_indexed(tmp_path: Path) -> None:
    write(tmp_path / "a", [[{"k": "x"}] * 3, [{"k": "y"}]])
    whole = planned(tmp_path / "a", parse_filter(match=["k == 'x'"]))
    with Index(tmp_path / "index.sqlite", "here") as index:
        build(index, planned(tmp_path / "a"))
        expected = estimate(whole, known=known_from(index, counts_only=True))
    assert (expected.matches, expected.low, expected.high, expected.exact) == (3, 3, 3, True)
    assert (expected.records, expected.indexed, expected.bytes_compressed) == (4, 2, 0)


def test_an_estimate_names_what_could_not_be_read_for_the_index_either(tmp_path: Path) -> None:
    write(tmp_path / "a", [[{"k": "x"}, b"text"], [{"k": "x"}]])
    torn = tmp_path / "a" / "events.2015-01-20_02.log.gz"
    torn.write_bytes(gzip.compress(b'{"k":"x"}\n' * 1000)[:-20])
    whole = planned(tmp_path / "a", parse_filter(match=["k == 'y'"]))
    with Index(tmp_path / "index.sqlite", "here") as index:
        build(index, planned(tmp_path / "a"))
        expected = estimate(whole, known=known_from(index, counts_only=True))
    assert (expected.matches, expected.indexed, expected.damaged, expected.not_json) == (0, 3, 1, 1)
    assert not expected.understood


def test_an_estimate_samples_only_what_is_not_indexed(tmp_path: Path) -> None:
    write(tmp_path / "a", [[{"k": "x"}] * 3, [{"k": "x"}] * 2])
    plan = planned(tmp_path / "a", parse_filter(match=["k == 'x'"]))
    with Index(tmp_path / "index.sqlite", "here") as index:
        one = planned(tmp_path / "a")
        build(index, type(one)(one.archive, None, None, Filter(), one.chunks[:1]))
        expected = estimate(plan, known=known_from(index, counts_only=True))
    assert (expected.matches, expected.indexed, expected.sampled_chunks) == (5, 1, 1)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


def test_a_send_does_not_read_chunks_without_a_match_and_sends_the_same(
    cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hours = [[{"id": f"v-{hour}{n:07x}"} for n in range(300)] for hour in range(3)]
    write(cache / "a", hours)
    torn = sorted((cache / "a").iterdir())[0]
    torn.write_bytes(torn.read_bytes()[:-9])
    with gzip.open(sorted((cache / "a").iterdir())[1], "ab") as chunk:
        chunk.write(b"\n\nno json\n")
    plan = planned(cache / "a", parse_filter(match=["id == 'v-20000007'"]))
    plain = archive_source(plan.archive, plan.chunks, plan.filter)
    assert run(["index", str(cache / "a"), "--ids", "--jobs", "1"]) == 2  # one is damaged
    known = known_chunks(plan.archive, plan.chunks, plan.filter)
    assert len(known) == 2
    indexed = archive_source(plan.archive, plan.chunks, plan.filter, known)
    assert indexed.identity == plain.identity
    assert survey(indexed) == survey(plain)
    assert survey(indexed).count == 1


def test_a_text_that_may_be_a_word_is_hinted_at_where_the_index_knows(
    cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(cache / "a", [[{"id": "v-0123abcd"}], [{"id": "v-99999999"}]])
    assert run(["index", str(cache / "a"), "--ids", "--jobs", "1"]) == 0
    for command in ("count", "scan"):
        assert run([command, str(cache / "a"), "-g", "v-0123abcd"]) == 0
        assert "-w -g v-0123abcd skips 1 of 2 chunks" in capsys.readouterr().err
        assert run([command, str(cache / "a"), "-w", "-g", "v-0123abcd"]) == 0
        assert "hint: " not in capsys.readouterr().err


def test_the_commands_estimate_from_the_index(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(cache / "a", [[{"k": "x"}] * 3, [{"k": "y"}]])
    assert run(["index", str(cache / "a"), "--jobs", "1"]) == 0
    capsys.readouterr()
    for command in ("count", "scan"):
        assert run([command, str(cache / "a"), "-m", "k == 'x'", "--estimate", "--json"]) == 0
        summary: Any = json.loads(capsys.readouterr().out)
        assert (summary["matches"], summary["exact"], summary["indexed"]) == (3, True, 2)
