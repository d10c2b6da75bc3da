"""What `diff` says is so: the filter of a finding has its shares, and where nothing could be compared it says so."""

from __future__ import annotations

import json
import random
import shlex
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.analysis.incidents import Incident
from tests.analysis.test_diff import answer, hour, write
from tui.analysis.findings import findings
from tui.analysis.spans import suspicious, suspicious_in_week
from tui.cli import run
from tui.filter import parse_filter

FIRST, STOP, HOURS = 20, 23, 40
TRACE = "Traceback (most recent call last):\n" + "".join(
    f'  File "/srv/{name}.py", line {{n}}, in {name}\n' for name in ("web", "core", "db", "pool", "socket", "retry") * 3
)


def made_of(record: Callable[[random.Random, bool], object], hours: int = HOURS, rate: int = 50) -> Incident:
    """The records of hours; those of FIRST to STOP are of an incident."""
    chance = random.Random(1)
    made = [tuple(json.dumps(record(chance, FIRST <= at < STOP)).encode() for _ in range(rate)) for at in range(hours)]
    return Incident(tuple(made), FIRST, STOP, frozenset())


def mixed(chance: random.Random, bad: bool) -> object:
    return {
        "a": chance.choice([True, 1, "1"] if bad else [1, "1", None, [1], {"b": 1}, []]),
        "c": {"d": 1} if bad else 7,
    }


def overlapping(chance: random.Random, bad: bool) -> object:
    texts = ["disk {n} full on h{n}", "disk {n} full on h{n} ", "disk of nobody full on h"] if bad else ["job {n} done"]
    return {"m": chance.choice([*texts, "job none done"]).format(n=chance.randint(1, 999))}


def floats(chance: random.Random, bad: bool) -> object:
    return {"x": chance.random() * (3 if bad else 1), "y": -chance.expovariate(1) * (4 if bad else 1)}


def counters(chance: random.Random, bad: bool) -> object:
    return {"n": chance.choice([0, 0, 0, *range(-30, 30)]) * (9 if bad else 1)}


def traces(chance: random.Random, bad: bool) -> object:
    return {"error": TRACE.format(n=chance.randint(1, 900)) if bad and chance.random() < 0.3 else "none"}


def nested(chance: random.Random, bad: bool) -> object:
    odd = [{}, None, {"b": None}, {"b": "s"}, 5]
    return {"a": chance.choice(odd) if bad and chance.random() < 0.5 else {"b": {"c": chance.choice("xy")}}}


def found_in(said: Iterable[dict[str, Any]], made: Incident) -> Iterable[tuple[float, float, float, float]]:
    """The shares of each finding, and those of the records that its filter selects."""
    hours = list(enumerate(made.hours))
    here = [record for at, records in hours if FIRST <= at < STOP for record in records]
    there = [record for at, records in hours if not FIRST <= at < STOP for record in records]
    for finding in said:
        matches = parse_filter(match=[finding["filter"]]).matches
        counted = [sum(map(matches, side)) / len(side) for side in (here, there)]
        yield finding["target"], finding["baseline"], counted[0], counted[1]


@pytest.mark.parametrize("indexed", [False, True])
@pytest.mark.parametrize("record", [mixed, overlapping, floats, counters, traces, nested])
def test_a_filter_selects_the_shares_that_are_stated(
    record: Callable[[random.Random, bool], object],
    indexed: bool,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    made = made_of(record)
    write(made, tmp_path)
    if indexed:
        run(["index", str(tmp_path), "--jobs", "1"])
        capsys.readouterr()
    code, said = answer(capsys, str(tmp_path), "--from", hour(FIRST), "--to", hour(STOP))
    assert code == 0
    for here, there, filter_here, filter_there in found_in(said["findings"], made):
        assert (here, there) == (pytest.approx(filter_here, abs=1e-6), pytest.approx(filter_there, abs=1e-6))


def test_a_new_stack_trace_is_named_by_its_beginning() -> None:
    made = made_of(traces)
    best = findings(made.comparison(made.table()))[0].facts[0]
    assert best.kind == "pattern" and str(best.value).startswith("Traceback (most recent call last):")


@pytest.mark.parametrize(
    "value", ["$(touch pwned)", "it's `here`", 'a"b', "new\nline", "\\", "!x", "\u202eabc", "$HOME"]
)
def test_the_printed_filter_can_be_pasted_into_a_shell(
    value: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(made_of(lambda chance, bad: {"a b": value if bad and chance.random() < 0.5 else "ok"}), tmp_path)
    words = [str(tmp_path), "--from", hour(FIRST), "--to", hour(STOP)]
    expression = answer(capsys, *words)[1]["findings"][0]["filter"]
    run(["diff", *words, "--jobs", "1"])
    printed = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("    -m "))
    assert shlex.split(printed) == ["-m", expression]
    echoed = subprocess.run(
        ["sh", "-c", f"printf %s {printed.strip()[3:]}"], capture_output=True, cwd=tmp_path, check=True
    )
    assert echoed.stdout.decode() == expression
    assert not (tmp_path / "pwned").exists()


def test_numbers_that_became_larger_are_one_finding(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(made_of(floats), tmp_path)
    run(["index", str(tmp_path), "--jobs", "1"])
    capsys.readouterr()
    _, said = answer(capsys, str(tmp_path), "--from", hour(FIRST), "--to", hour(STOP))
    assert sorted(",".join(finding["where"]) for finding in said["findings"] if len(finding["where"]) == 1) == [
        "x",
        "y",
    ]


def test_a_value_of_most_records_with_a_rare_field_is_not_a_date() -> None:
    """Errors are rare but in an incident; days of a calendar take turns."""

    def record(chance: random.Random, bad: bool) -> object:
        code = (
            5003 if bad and chance.random() < 0.5 else chance.choice((1, 2, 3, 4)) if chance.random() < 0.02 else None
        )
        return {"code": code}

    made = made_of(record)
    ranked = findings(made.comparison(made.table()))
    assert [fact.expression for fact in ranked[0].facts] == ["code == `5003`"]
    days = [tuple(b'{"day":"d%d"}' % (at // 4) for _ in range(50)) for at in range(HOURS)]
    assert not any(fact.kind == "value" for fact in Incident(tuple(days), 0, 0, frozenset()).table().hits)


def shares_by_hour(shares: Iterable[float], rate: int = 60) -> Incident:
    """A city in so great a part of each hour's records, drawn by chance."""
    chance = random.Random(2)
    hours = [
        tuple(b'{"city":"%s"}' % (b"lima" if chance.random() < part else b"oslo") for _ in range(rate))
        for part in shares
    ]
    return Incident(tuple(hours), 0, 0, frozenset())


def test_what_comes_every_weekend_is_not_a_finding() -> None:
    weekly = [0.4 if at // 24 % 7 > 4 else 0.1 for at in range(24 * 21)]
    assert suspicious(shares_by_hour(weekly).table(), 3) == []


def weekly(first: int, stop: int, share: float, weeks: int = 4) -> Incident:
    usual = [0.4 if at // 24 % 7 > 4 else 0.05 for at in range(168 * weeks)]
    return shares_by_hour([share if first <= at < stop else part for at, part in enumerate(usual)], 150)


@pytest.mark.parametrize(
    ("weeks", "first", "stop", "share"), [(4, 394, 399, 0.25), (4, 290, 297, 0.1), (3, 60, 64, 0.3)]
)
def test_a_weekly_rhythm_does_not_hide_an_incident(weeks: int, first: int, stop: int, share: float) -> None:
    """A workday like a weekend, or a weekend like a workday, is as unusual as what no other day has."""
    table = weekly(first, stop, share, weeks).table()
    assert suspicious(table, 3) == []  # the weekends differ more
    assert suspicious_in_week(table, 3) == [(first, stop)]


@pytest.mark.parametrize("weeks", [2, 4])
def test_a_weekly_rhythm_alone_is_not_a_finding(weeks: int) -> None:
    assert suspicious_in_week(weekly(0, 0, 0.0, weeks).table(), 3) == []


def test_an_incident_in_a_weekly_rhythm_is_compared_with_the_same_hours(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(weekly(394, 399, 0.25), tmp_path)
    for words in ([], ["--from", hour(394), "--to", hour(399)]):
        code, said = answer(capsys, str(tmp_path), *words)
        (finding,) = said["findings"]
        assert (code, finding["filter"]) == (0, "city == 'lima'")
        assert (finding["since"], finding["until"]) == (hour(394), hour(399))
        assert finding["target"] > 0.2 and finding["baseline"] < 0.1


def test_a_slow_drift_is_not_a_finding() -> None:
    assert suspicious(shares_by_hour([0.1 + 0.4 * at / 240 for at in range(240)], 150).table(), 3) == []


def test_what_varies_from_hour_to_hour_is_not_a_finding() -> None:
    chance = random.Random(5)
    loud = [min(0.06 * chance.lognormvariate(0, 0.7), 0.9) for _ in range(240)]
    assert suspicious(shares_by_hour(loud, 150).table(), 3) == []


def test_hours_that_differ_at_once_are_found_among_those() -> None:
    shares = [0.6 if 100 <= at < 104 else 0.2 if at // 24 % 7 > 4 else 0.15 for at in range(24 * 21)]
    assert suspicious(shares_by_hour(shares).table(), 3) == [(100, 104)]


@pytest.mark.parametrize(
    ("hours", "words", "reason"),
    [
        ((0, 1), [], "at least 9 hours with records are needed; found 1"),
        ((0, 3), [], "at least 9 hours with records are needed; found 3"),
        ((19, 23), ["--from", hour(20), "--to", hour(21)], "these hours have no records"),
        ((0, 19), ["--from", hour(18), "--to", hour(19), "-m", "at == `18`"], "no such records in 18 other hours"),
    ],
)
def test_where_nothing_can_be_compared_it_reports_that_and_fails(
    hours: tuple[int, int], words: list[str], reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = tuple(
        (b'{"at":%d}' % at,) * 9 if hours[0] <= at < hours[1] and at != FIRST else () for at in range(hours[1])
    )
    write(Incident(made, 0, 0, frozenset()), tmp_path)
    code, said = answer(capsys, str(tmp_path), *words)
    assert (code, said["findings"]) == (2, [])
    assert any(reason in warning for warning in said["warnings"])


def test_records_without_fields_are_counted_beside_a_finding(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(made_of(lambda chance, bad: chance.choice([[1, 2], {"a": "new" if bad else "old"}])), tmp_path)
    code, said = answer(capsys, str(tmp_path), "--from", hour(FIRST), "--to", hour(STOP))
    assert code == 0 and said["not_objects"] > 0
    assert any("not JSON objects" in warning for warning in said["warnings"])


@pytest.mark.parametrize(("rate", "sentence"), [(500, "500 records, 10.0x as many as usual"), (5, "10 % of the usual")])
def test_hours_with_far_more_or_fewer_records_are_named(
    rate: int, sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hours = tuple((b'{"a":1}',) * (rate if at == FIRST else 50 + at % 3) for at in range(HOURS))
    write(Incident(hours, 0, 0, frozenset()), tmp_path)
    run(["diff", str(tmp_path), "--from", hour(FIRST), "--to", hour(FIRST + 1), "--jobs", "1"])
    first, second = capsys.readouterr().out.splitlines()
    assert first == "Nothing stands out." and sentence.replace("10.0x", "9.8x") in second


def test_what_is_new_in_two_hours_is_measured_by_all_others() -> None:
    """The same hours of two other weeks are too few to decide what is new in 180 records."""
    chance = random.Random(4)
    hours = [
        tuple(
            b'{"a":%d}' % (2 if FIRST <= at < FIRST + 2 and at + chance.random() * 90 < at + 3 else 1)
            for _ in range(90)
        )
        for at in range(24 * 21)
    ]
    table = Incident(tuple(hours), FIRST, FIRST + 2, frozenset()).table()
    from tui.analysis.comparison import compare_hours

    same = [at for at in range(24 * 21) if at % 168 in (FIRST, FIRST + 1) and at > STOP]
    assert [finding.facts[0].value for finding in findings(compare_hours(table, (FIRST, FIRST + 1), same))] == [2]
