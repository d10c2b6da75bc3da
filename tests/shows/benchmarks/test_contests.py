"""The benchmark can be built and judged; how fast anything is, it is not asked here."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import jmespath
import pytest
from isal import igzip
from jmespath.exceptions import JMESPathTypeError
from jmespath.parser import ParsedResult

from tests.shows.benchmarks import __main__ as program
from tests.shows.benchmarks import canonical, data, report, scans, schemas
from tests.shows.benchmarks.contest import OURS, Contest, Need
from tests.shows.benchmarks.data import Data
from tests.shows.benchmarks.measure import Bench, Contestant
from tests.shows.benchmarks.schemas import Schema
from tui.filter import parse_filter

RECORDS_PER_HOUR = 40
SUMMARY = {
    "every": "1h",
    "rows": [
        {"time": "2020-01-01T00", "values": ["Oslo"], "count": 2},
        {"time": "2020-01-01T01", "values": [None], "count": 1},
    ],
    "read": {"chunks": 3},
}
DATABASE = [["2020-01-01T01", None, 1], ["2020-01-01T00", "Oslo", 2]]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Schema, Schema]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(data, "CACHE", tmp_path_factory.mktemp("bench"))
        yield schemas.demo(RECORDS_PER_HOUR), schemas.orders(RECORDS_PER_HOUR)


def test_the_same_rows_in_another_order_are_equal_whoever_counted_them() -> None:
    assert canonical.rows(json.dumps(SUMMARY)) == canonical.rows(json.dumps(DATABASE))


@pytest.mark.parametrize(
    "other",
    [
        [["2020-01-01T01", None, 1], ["2020-01-01T00", "Oslo", 3]],
        [["2020-01-01T01", "Oslo", 2], ["2020-01-01T00", None, 1]],
        [["2020-01-01T00", "Oslo", 2]],
        [["Oslo", 2], [None, 1]],
        [],
    ],
    ids=["a count", "an hour", "a row less", "no hours", "none"],
)
def test_other_rows_are_not_equal(other: list[list[object]]) -> None:
    assert canonical.rows(json.dumps(SUMMARY)) != canonical.rows(json.dumps(other))


def test_what_was_read_is_part_of_the_answer() -> None:
    with pytest.raises(ValueError, match="3 chunks were read"):
        canonical.unread_rows(json.dumps(SUMMARY))
    scanned = '7\n{"matches": 7, "bytes_compressed": 31}\n'
    assert canonical.matches_within(31, scanned) == 7
    with pytest.raises(ValueError, match="31 bytes of chunks were read, more than 30"):
        canonical.matches_within(30, scanned)


def test_our_quantiles_are_within_one_percent(tmp_path: Path) -> None:
    exact = tmp_path / "exact"
    exact.write_text("[[100, 1.0, 9.5, [5.0, 8.0, 9.0, 9.4]]]")
    row = {"count": 100, "min": 1, "p50": 5.04, "p90": 8, "p95": 9, "p99": 9.4, "max": 9.5}

    def ours(**other: float) -> str:
        return json.dumps({"rows": [{"stats": row | other}]})

    assert canonical.stats(exact, ours()) == canonical.stats(exact, "[[100, 1.0, 9.5, [6, 8, 9, 9]]]") == 100
    with pytest.raises(ValueError, match="quantiles"):
        canonical.stats(exact, ours(p50=5.06))
    with pytest.raises(ValueError, match="maximum"):
        canonical.stats(exact, ours(max=9.4))


def test_every_contest_of_folders_is_built_for_both_kinds_of_records(
    both: tuple[Schema, Schema], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program, "earlier_tree", lambda folder: folder)
    kinds: dict[str, set[str]] = {}
    for built in program.local(both, tmp_path):
        kinds.setdefault(built.title, set()).add(built.schema)
        for need in built.needs:
            assert {need.ours, *need.theirs} <= set(built.contestants), (built.title, need.work)
    alone = {title: forms for title, forms in kinds.items() if forms != {"demo", "orders"}}
    assert alone == {"Start-up": {"demo"}, scans.EARLIER: {"both"}, scans.CORES: {"both"}}
    assert len(kinds) == 10


def test_the_month_holds_each_identity_in_two_of_its_chunks(both: tuple[Schema, Schema]) -> None:
    month = data.month(both[0].data, both[1].data, [schema.pattern for schema in both])
    chunks = [igzip.open(path).read() for path in month.data.folder.iterdir()]
    assert [sum(identity.encode() in chunk for chunk in chunks) for identity in month.identities] == [2, 2]
    assert (month.data.chunks, month.half.chunks) == (720, 360)


def test_cutting_an_archive_into_more_chunks_loses_nothing(both: tuple[Schema, Schema]) -> None:
    whole, pieces = both[0].data, data.cut(both[0].data)
    assert pieces.chunks > whole.chunks
    assert (pieces.records, pieces.bytes, pieces.bytes_compressed) == (
        whole.records,
        whole.bytes,
        whole.bytes_compressed,
    )


@pytest.mark.parametrize("kind", [0, 1], ids=["demo", "orders"])
def test_the_expressions_keep_the_records_that_jmespath_keeps(both: tuple[Schema, Schema], kind: int) -> None:
    schema = both[kind]
    lines = [line for path in sorted(schema.data.folder.iterdir()) for line in igzip.open(path).read().splitlines()]
    for expression in (schema.selective.expression, schema.half.expression, *schema.expressions):
        compiled, ours = jmespath.compile(expression), parse_filter(match=[expression])
        assert [ours.matches(line) for line in lines] == [_keeps(compiled, line) for line in lines], expression


def _keeps(compiled: ParsedResult, line: bytes) -> bool:
    try:
        return bool(compiled.search(json.loads(line)))
    except JMESPathTypeError:  # contains(null, …): such a record does not match
        return False


def contest(*contestants: Contestant, **more: object) -> Contest:
    return Contest("A title", "demo", Data(Path(), 2, 10, 100, 10), contestants, **more)  # type: ignore[arg-type]


def measured(name: str, command: str, **more: object) -> Contestant:
    contestant = Contestant(name, command, **more)  # type: ignore[arg-type]
    Bench(patience=0, timeout=30).take_turns([contestant], rounds=2)
    return contestant


def test_answers_must_agree_and_a_failure_of_hourscope_is_wrong() -> None:
    ours, two, one = measured(OURS, "echo 7"), measured("b", "echo 7"), measured("c", "echo 8")
    failed = measured(f"{OURS}, indexed", "echo nothing")
    assert contest(ours, two).wrong() == []
    assert contest(ours, two, one).wrong() == [one]
    assert contest(ours, one).wrong() == [ours, one]
    assert contest(ours, two, failed).wrong() == [failed]
    assert "nothing" in failed.failure


def test_a_run_gets_its_own_copy_of_an_index(tmp_path: Path) -> None:
    (tmp_path / "known").write_text("1\n")
    command = "cat $XDG_CACHE_HOME/known; echo 2 > $XDG_CACHE_HOME/known"
    assert measured(OURS, command, index=tmp_path).answer == "1"
    assert "No such file" in measured(OURS, command).failure


def test_the_page_shows_what_is_reached_and_what_is_not(tmp_path: Path) -> None:
    ours, theirs = measured(OURS, "sleep 0.1; echo 7"), measured("a | b", "echo 7")
    other, absent = measured("other", "echo 8"), Contestant("absent", "", missing="no absent here")
    needs = [
        Need("twice as fast", "", ours, [theirs], 2),
        Need("not too slow", "a | b", ours, [theirs], at_most=1e9),
        Need("beside nothing", "", ours, [absent], 1),
        Need("beside a wrong answer", "", ours, [other], 1),
    ]
    page = report.Page([contest(ours, theirs, other, absent, needs=needs)], {}, 0, 2, 60)
    report.write(tmp_path, page)
    text = (tmp_path / "benchmarks.md").read_text()
    rows = dict(re.findall(r"^\| (.+? \| .+? \| [≥≤] \S+) \| (.*) \|  \|$", text, re.MULTILINE))
    assert {row: "**no**" not in verdict for row, verdict in rows.items()} == {
        r"twice as fast | a \| b | ≥ 2": False,
        r"not too slow | a \| b | ≤ 1000000000": True,
        "beside nothing | absent | ≥ 1": False,
        "beside a wrong answer | other | ≥ 1": False,
    }
    assert "| absent | left out: no absent here |" in text
