"""A scan as facts: the estimate with its doubt, the result in a sentence, what went wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tui.archive import Chunk, Damage
from tui.config import Prices
from tui.scan import ChunkDamaged
from tui.scan.estimate import Estimate
from tui.scan.facts import estimate_facts, estimate_sentence, result_sentence, trouble_facts

HOUR = datetime(2015, 1, 20, 17, tzinfo=UTC)
ESTIMATE = Estimate(10, 5, 20, 1_000, 10**9, 3.0, 400, 64, False, 701, 0.0003, 0.09)


def test_an_estimate_states_its_certainty_and_its_cost() -> None:
    facts = {fact.label: (fact.text, fact.note) for fact in estimate_facts(ESTIMATE, 700, Prices(), remote=True)}
    assert facts["matches"] == ("about 10", "95 % between 5 and 20; of about 1,000 records")
    assert facts["to fetch"] == ("1.0 GB in 700 chunks", "")
    assert facts["time"] == ("about 3.0s", "at the sample's speed, on this machine")
    assert facts["cost"] == ("under $0.01 for 701 requests", "$0.09 to leave AWS, free within the region")
    assert facts["prices"][0] == f"{Prices().source}, as of {Prices().date}"
    assert facts["sample"] == ("400 records of 64 chunks", "")
    assert estimate_sentence(ESTIMATE) == "About 10 of 1,000 records match (95 %: 5 to 20)."


def test_a_folder_costs_nothing_and_a_count_has_no_doubt() -> None:
    counted = replace(ESTIMATE, requests=0, exact=True, unread=2)
    facts = estimate_facts(counted, 1, Prices())
    assert [fact.label for fact in facts] == ["matches", "to fetch", "time", "sample"]
    assert facts[0].note == "counted; of 1,000 records" and facts[-1].note == "2 chunks could not be read"
    assert estimate_sentence(counted) == "10 of 1,000 records match."


@pytest.mark.parametrize(
    ("by_hour", "words"),
    [
        ([], "No record matches."),
        ([1], "1 record matches, in Tue 20 Jan 2015 17:00."),
        ([3, 0, 9], "12 records match, in 2 of 9 hours; Tue 20 Jan 19:00 has the most, 9."),
    ],
)
def test_the_result_is_a_sentence_with_its_number(by_hour: list[int], words: str) -> None:
    hours = {HOUR + timedelta(hours=at): number for at, number in enumerate(by_hour)}
    assert result_sentence(sum(by_hour), hours, 9) == words


def test_damage_is_named_with_its_place_and_unread_chunks_separately() -> None:
    chunks = [Chunk(f"k{at}", HOUR + timedelta(hours=at), 9, "e", HOUR) for at in range(6)]
    damaged = [ChunkDamaged(chunk, Damage(3, 9, "cut"), unread=at == 0) for at, chunk in enumerate(chunks)]
    facts = trouble_facts(damaged[::-1], ["3 records are not JSON"])
    assert [(fact.label, fact.text) for fact in facts] == [
        ("! unread", "cut"),
        ("! damaged", "k1, bytes 3 to 9: cut"),
        ("! damaged", "k2, bytes 3 to 9: cut"),
        ("", "and 3 more damaged parts"),
        ("! note", "3 records are not JSON"),
    ]
