"""What changed is named first, and nothing is where nothing changed; `make shows` does it with a hundred seeds."""

from __future__ import annotations

import json
import random
from datetime import timedelta

import pytest

from tests.analysis import payments
from tests.analysis.incidents import FIRST, KINDS, Incident, incident
from tui.analysis.findings import findings
from tui.analysis.spans import suspicious


@pytest.mark.parametrize("seed", range(1, 1 + len(KINDS)))
def test_the_incident_is_among_the_first_three_findings(seed: int) -> None:
    made = incident(KINDS[seed % len(KINDS)], seed, days=4, rate=200)
    ranked = findings(made.comparison(made.table()))
    assert any(made.fields <= {fact.field for fact in finding.facts} for finding in ranked[:3])


@pytest.mark.parametrize("kind", payments.KINDS)
def test_so_it_is_of_records_of_another_schema(kind: str) -> None:
    made = payments.payments(kind, 1)
    ranked = [{fact.field for fact in finding.facts} for finding in findings(made.comparison(made.table()))[:3]]
    assert any(made.fields <= fields or (kind == "no amount" and made.fields & fields) for fields in ranked)


def test_without_an_incident_nothing_is_found_among_payments() -> None:
    made = payments.payments("", 1)
    assert findings(made.comparison(made.table())) == []


@pytest.mark.parametrize("seed", [1, 2])
def test_without_an_incident_nothing_is_found(seed: int) -> None:
    made = incident("", seed, days=4, rate=200)
    table = made.table()
    assert findings(made.comparison(table)) == []
    assert all(first == made.burst and stop == first + 1 for first, stop in suspicious(table, 3))


@pytest.mark.parametrize("kind", ["status", "new value"])
def test_the_hours_are_found_and_are_right_to_the_hour(kind: str) -> None:
    made = incident(kind, 3, days=5, rate=200)
    table = made.table()
    assert any(first < made.stop and made.first < stop for first, stop in suspicious(table, 3))
    best = findings(made.comparison(table))[0]
    assert (best.since, best.until) == (made.first, made.stop)
    assert table.hours[best.since].time == FIRST + timedelta(hours=made.first)


def test_ids_times_and_counters_are_not_facts() -> None:
    table = incident("", 1, days=2, rate=60).table()
    assert not {"ts", "id", "seq"} & {fact.field for fact in table.hits if fact.kind not in ("missing", "field")}


def test_an_answer_does_not_depend_on_the_names_of_fields() -> None:
    made = incident("status", 5, days=4, rate=150)
    renamed = tuple(tuple(r.replace(b'"status"', b'"x y"') for r in hour) for hour in made.hours)
    ranked = findings(made.comparison(type(made)(renamed, made.first, made.stop, made.fields).table()))
    assert ranked[0].facts[0].expression == '"x y" == `500`'


@pytest.mark.parametrize(("of_one", "expected"), [(6, []), (1, ["film"])])
def test_records_of_one_session_weigh_less_than_as_many_others(of_one: int, expected: list[str]) -> None:
    """Of 20 sessions here 3 play a short film, of 60 elsewhere 24: by chance; of six times as many it is not."""
    chance = random.Random(3)
    hours = []
    for at in range(16):
        target = at >= 12
        sessions = [
            (f"{at}-{number:x}f", number < (1 if at > 12 else 0) or (not target and number % 2)) for number in range(5)
        ]
        records = [
            {
                "session": name if of_one > 1 else f"{name}{part}",
                "film": "short" if short else "long",
                "n": chance.random(),
            }
            for name, short in sessions
            for part in range(6)
        ]
        hours.append(tuple(json.dumps(record).encode() for record in records))
    made = Incident(tuple(hours), 12, 16, frozenset())
    assert [fact.field for finding in findings(made.comparison(made.table())) for fact in finding.facts] == expected


def test_a_few_hours_are_not_compared_with_each_other() -> None:
    """A filter may leave records in six hours of a week; half of those are not an incident, whatever differs."""
    few, many = [b'{"size":"large"}'] * 39 + [b'{"size":"small"}'], [b'{"size":"large"}', b'{"size":"small"}'] * 20
    hours = tuple(tuple(few if at > 52 else many) if 50 <= at < 56 else () for at in range(168))
    assert suspicious(Incident(hours, 0, 0, frozenset()).table(), 3) == []
