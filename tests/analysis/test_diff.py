"""`diff` over an archive: the command, its JSON, and the filter that each finding gives."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.analysis.incidents import FIRST, Incident, incident
from tui.analysis.comparison import compare_hours
from tui.analysis.diff import diff
from tui.analysis.facts import RecordFact
from tui.analysis.patterns import pattern, pattern_expression
from tui.analysis.question import Answer, Question, plan_diff
from tui.archive import Archive, Chunk, open_archive
from tui.cli import run
from tui.filter import parse_filter
from tui.filter.fields import ANY
from tui.scan.heads import heads


def write(made: Incident, folder: Path) -> None:
    for at, records in enumerate(made.hours):
        time = FIRST + timedelta(hours=at)
        data = b"".join(record + b"\n" for record in records)
        (folder / f"events.{time:%Y-%m-%d_%H}.log.gz").write_bytes(gzip.compress(data, 1, mtime=0))


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Incident, Path]:
    made = incident("pair", 4, days=4, rate=200)
    folder = tmp_path_factory.mktemp("pair")
    write(made, folder)
    return made, folder


def hour(at: int) -> str:
    return f"{FIRST + timedelta(hours=at):%Y-%m-%dT%H}"


def answer(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any]]:
    code = run(["diff", *words, "--json", "--jobs", "1"])
    return code, json.loads(capsys.readouterr().out)


def test_a_pair_is_found_with_its_hours_and_a_filter(
    pair: tuple[Incident, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    made, folder = pair
    code, said = answer(capsys, str(folder), "--from", hour(made.first), "--to", hour(made.stop))
    assert code == 0
    best = said["findings"][0]
    assert made.fields <= set(best["where"])
    assert best["since"] < hour(made.stop) and hour(made.first) < best["until"]
    assert said["exact"] is True
    selected = parse_filter(match=[best["filter"]]).matcher()
    inside = [record for hour_ in made.hours[made.first : made.stop] for record in hour_]
    assert best["target"] == pytest.approx(sum(map(selected.matches, inside)) / len(inside), abs=1e-6)
    assert best["records"] == sum(map(selected.matches, inside))


def test_without_hours_it_finds_the_hours(pair: tuple[Incident, Path], capsys: pytest.CaptureFixture[str]) -> None:
    made, folder = pair
    _, said = answer(capsys, str(folder))
    assert any(
        finding["since"] < hour(made.stop) and hour(made.first) < finding["until"] for finding in said["findings"]
    )


def test_hours_like_all_others_have_no_finding_and_exit_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = incident("", 2, days=3, rate=60)
    write(made, tmp_path)
    code, said = answer(capsys, str(tmp_path), "--from", hour(30), "--to", hour(33))
    assert (code, said["findings"]) == (1, [])


def test_the_baseline_can_be_chosen(pair: tuple[Incident, Path], capsys: pytest.CaptureFixture[str]) -> None:
    made, folder = pair
    against = f"{hour(made.first - 12)}..{hour(made.first - 2)}"
    _, said = answer(capsys, str(folder), "--from", hour(made.first), "--to", hour(made.stop), "--against", against)
    assert said["baseline"]["ranges"] == [{"from": hour(made.first - 12), "to": hour(made.first - 2)}]
    assert said["findings"]


def test_what_the_filter_asks_about_is_not_a_finding(
    pair: tuple[Incident, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    made, folder = pair
    _, said = answer(capsys, str(folder), "--from", hour(made.first), "--to", hour(made.stop), "-m", "status == `500`")
    assert all("status" not in finding["where"] for finding in said["findings"])
    assert made.fields <= {field for finding in said["findings"][:3] for field in finding["where"]}


@pytest.mark.parametrize(("kind", "expected"), [("volume", "volume"), ("missing", "gone"), ("new value", "new")])
def test_the_kind_shows_what_happened(
    kind: str, expected: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = incident(kind, 7, days=3, rate=120)
    write(made, tmp_path)
    _, said = answer(capsys, str(tmp_path), "--from", hour(made.first), "--to", hour(made.stop))
    assert said["findings"][0]["kind"] == expected


@pytest.mark.parametrize(
    ("fact", "record", "other"),
    [
        (RecordFact(("a", "b"), "value", "it's"), {"a": {"b": "it's"}}, {"a": {"b": "its"}}),
        (RecordFact(("a",), "value", True), {"a": True}, {"a": 1}),
        (RecordFact(("tags", ANY), "value", "x"), {"tags": ["y", "x"]}, {"tags": ["y"]}),
        (RecordFact(("items", ANY, "sku"), "value", "S1"), {"items": [{"sku": "S1"}]}, {"items": [{"sku": "S2"}]}),
        (RecordFact(("items", ANY, "price"), "above", 5.5), {"items": [{"price": 6}]}, {"items": [{"price": 5}]}),
        (RecordFact(("odd key",), "missing"), {"a": 1}, {"odd key": 1}),
        (RecordFact(("items", ANY, "sku"), "missing"), {"items": [{}]}, {"items": [{"sku": 1}]}),
        (RecordFact(("m",), "pattern", "took <n> ms at <n>"), {"m": "took 12 ms at 3"}, {"m": "took it"}),
        (RecordFact(("n",), "below", 3), {"n": 2}, {"n": 3}),
    ],
)
def test_the_filter_of_a_fact_selects_its_records(fact: RecordFact, record: object, other: object) -> None:
    selected = parse_filter(match=[fact.expression])
    assert selected.matches(json.dumps(record).encode())
    assert not selected.matches(json.dumps(other).encode())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("upstream timeout after 5023 ms", "upstream timeout after <n> ms"),
        ("user 7f9c24e8-3b1a-4c8e-9d2f-0123456789ab left", "user <n> left"),
        ("block deadbeef01 of 10.2.3.4", "block <n> of <n>"),
        ("no numbers here", "no numbers here"),
        ("v4.12.0", "v<n>"),
    ],
)
def test_a_pattern_blanks_what_varies(text: str, expected: str) -> None:
    assert pattern(text) == expected
    if expected != text:
        assert parse_filter(match=[pattern_expression("m", expected)]).matches(json.dumps({"m": text}).encode())


def test_a_sample_begins_with_the_target_and_a_few_kilobytes_of_each_chunk(
    pair: tuple[Incident, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    made, folder = pair
    asked: list[tuple[int, int | None]] = []

    def heads_asked(archive: Archive, chunks: list[Chunk], **given: Any) -> Any:
        asked.append((round((chunks[0].hour - FIRST) / timedelta(hours=1)), given["only"]))
        return heads(archive, chunks, **given)

    monkeypatch.setattr("tui.analysis.diff.heads", heads_asked)
    monkeypatch.setattr("tui.analysis.diff.AT_ONCE", 1)
    monkeypatch.setattr("tui.analysis.diff.LOCAL_CEILING", 0)
    target = FIRST + timedelta(hours=made.first), FIRST + timedelta(hours=made.stop)
    question = Question(target)
    plan = plan_diff(open_archive(str(folder)), question)
    answers = [event for event in diff(plan, question) if isinstance(event, Answer)]
    length = made.stop - made.first
    assert [hour for hour, _ in asked[:length]] == list(range(made.first, made.stop))
    assert {size for _, size in asked[: length + 40]} == {16 << 10}
    assert [one.final for one in answers] == [False] * (len(answers) - 1) + [True]
    assert not any(one.exact for one in answers)
    assert made.fields <= {fact.field for finding in answers[-1].findings[:3] for fact in finding.finding.facts}


def test_a_short_baseline_varies_as_all_other_hours_do() -> None:
    """In few hours what comes in bursts looks even."""
    table = incident("", 1, days=2, rate=20).table()
    hits = [8 if at % 5 == 2 else 1 for at in range(48)]
    sizes = [20] * 48
    short = compare_hours(table, [22], [13, 14, 15])
    assert short.moved(hits, sizes).score < replace(short, spread=()).moved(hits, sizes).score / 2
