"""What differs between two hours: the answer first, and nothing that chance does."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tui.archive import ChunkReader, open_archive
from tui.demo import SampleSpec, incident_of, write_sample
from tui.filter.build import spell_field
from tui.filter.differences import Sample, differences, repeated
from tui.filter.fields import MOST_VALUES, Fields


def sample(records: Iterable[dict[str, Any]], by: tuple[str, ...] | None = None) -> Sample:
    found = Sample(by)
    found.feed(json.dumps(record).encode() for record in records)
    return found


def usual(number: int, seed: str = "", **more: Any) -> dict[str, Any]:
    chance = Random(f"{number}{seed}").random()
    return {"id": f"{seed}{number}", "kind": "a" if chance < 0.7 else "b", "ms": 100 + 50 * chance, **more}


def said(now: Sample, then: Sample) -> list[tuple[str, str, object]]:
    return [(each.what, spell_field(each.path), each.value) for each in differences(now, then)]


def test_the_same_kind_of_hour_differs_in_nothing() -> None:
    assert said(sample(usual(n, "x") for n in range(2_000)), sample(usual(n, "y") for n in range(3_000))) == []


def test_what_came_and_went_and_changed_is_told_by_its_weight() -> None:
    then = sample(usual(n, old=1, mode="x") for n in range(1_000))
    now = sample(
        usual(n, mode="y" if n % 5 == 0 else "x", **({"error": {"code": 5003}} if n % 3 == 0 else {}))
        for n in range(1_000)
    )
    found = said(now, then)
    assert found.index(("field", "old", None)) < found.index(("value", "mode", "y"))
    assert found[0][:2] == ("field", "old") or found[0][:2] == ("field", "error.code")
    assert ("value", "mode", "x") in found and ("value", "kind", "a") not in found


def test_a_field_with_another_type_or_size_is_told() -> None:
    then = sample(usual(n, a=n % 7) for n in range(500))
    now = sample({**usual(n, a=str(n % 7)), "ms": 300 + n % 5} for n in range(500))
    what = {(each[0], each[1]) for each in said(now, then)}
    assert ("type", "a") in what and ("number", "ms") in what


def test_a_few_records_are_no_evidence() -> None:
    assert said(sample(usual(n, a=1) for n in range(3)), sample(usual(n) for n in range(3))) == []
    assert said(sample([]), sample(usual(n) for n in range(9))) == []


def test_a_true_is_not_a_one() -> None:
    then, now = sample({"a": 1} for _ in range(100)), sample({"a": True} for _ in range(100))
    assert len([each for each in differences(now, then) if each.what == "value"]) == 2


def sessions(seed: str, many: int, *, errors: float = 0.0) -> list[dict[str, Any]]:
    """Each of a city, so that few sessions make a city's share."""
    random = Random(seed)
    found = []
    for number in range(many):
        city = random.choice(["Bern", "Oslo", "Rome", "Lima"])
        for _ in range(30):
            event = "error" if random.random() < errors else "play"
            found.append({"session": f"{seed}{number}", "city": city, "event": event})
    random.shuffle(found)
    return found


def test_who_happened_to_come_is_no_difference_but_what_happened_to_them_is() -> None:
    wrong = 0
    for number in range(12):
        one, other = (sessions(f"{side}{number}", 40) for side in "ab")
        found = Fields()
        found.feed(json.dumps(record).encode() for record in one)
        by = repeated(found.found(MOST_VALUES))
        assert by == ("session",)
        wrong += bool(said(sample(one, by), sample(other, by)))
        bad = sample(sessions(f"c{number}", 40, errors=0.05), by)
        assert ("value", "event", "error") in said(bad, sample(other, by))[:2]
    assert wrong <= 3


@pytest.fixture(scope="module")
def incident_hours(tmp_path_factory: pytest.TempPathFactory) -> tuple[Sample, Sample]:
    """The sample archive's incident, and the same hour a week away."""
    spec = SampleSpec()
    folder: Path = tmp_path_factory.mktemp("weeks")
    hour = incident_of(spec).first + timedelta(hours=2)
    other = hour - timedelta(days=7)
    other = other if other >= spec.start else hour + timedelta(days=7)
    for _ in write_sample(folder, spec):
        pass
    archive = open_archive(str(folder))
    catalog = archive.catalog()
    samples: list[Sample] = []
    by = ("session",)
    for each in (hour, other):
        found = Sample(by)
        for chunk in catalog.hours[each]:
            with ChunkReader(archive.store, chunk.key) as reader:
                for block in reader.blocks():
                    found.feed(block.records())
        samples.append(found)
    return samples[0], samples[1]


def test_the_incident_of_the_sample_archive_comes_first(incident_hours: tuple[Sample, Sample]) -> None:
    first, *_ = differences(*incident_hours)
    assert (first.what, first.path, first.value) == ("value", ("error", "code"), 5003)
    assert first.then == 0 < first.now


def test_the_other_way_round_it_is_gone(incident_hours: tuple[Sample, Sample]) -> None:
    found = differences(incident_hours[1], incident_hours[0])
    assert any(each.value == 5003 and each.now == 0 for each in found)
