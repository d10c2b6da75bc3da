"""Plans and receipts as facts: complete, bounded, whatever a server or a record holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tui.facts import Fact
from tui.nsq.destination import ChannelState, Destination
from tui.send import Limits, Receipt
from tui.send.blocks import DamagedChunk, Unfit
from tui.send.facts import destination_facts, left_out, receipt_facts, survey_facts, warning_facts
from tui.send.shapes import RecordShape
from tui.send.survey import Survey

NOW = datetime(2015, 1, 20, 13, tzinfo=UTC)


def receipt(**changes: Any) -> Receipt:
    settled: dict[str, Any] = {
        "what": "out.jsonl", "where": ("h:4150",), "topic": "t", "filter": "every record", "identity": "i",
        "started": NOW, "finished": NOW + timedelta(seconds=3), "who": "me@here", "sent": 5, "confirmed": 5,
        "bytes": 50, "sha256": "abc",
    }  # fmt: skip
    return Receipt(**settled | changes)


def of(facts: list[Fact], label: str) -> list[str]:
    return [f"{fact.text}|{fact.note}" for fact in facts if fact.label == label]


@pytest.mark.parametrize(
    ("before", "after", "resumed", "words"),
    [
        (10, 15, 0, "as many as were confirmed"),
        (10, 13, 2, "as many as were confirmed"),
        (10, 12, 0, "fewer than were confirmed"),
        (10, 18, 0, "more than were confirmed"),
        (None, 18, 0, "its message_count is unknown"),
    ],
)
def test_what_nsqd_counted(before: int | None, after: int, resumed: int, words: str) -> None:
    facts = receipt_facts(receipt(message_count_before=before, message_count_after=after, resumed=resumed))
    assert words in of(facts, "nsqd")[0]


def test_every_kind_of_record_that_was_not_sent_once_has_a_fact() -> None:
    facts = receipt_facts(
        receipt(
            resumed=1,
            repeated=2,
            unknown=3,
            skipped=4,
            unfit=5,
            repeats=6,
            blank=7,
            warnings=("look out",),
            partial=True,
            damaged=tuple(DamagedChunk(f"k{number}", 9, 12, "cut") for number in range(9)),
        )
    )
    text = [f"{fact.label} {fact.text}" for fact in facts]
    for words in (
        "stopped 5 records", "resumed 1 record ", "repeated 2 records ", "unanswered 3 records ", "skipped 4 records ",
        "skipped 5 records ", "skipped 6 records,", "skipped 7 blank lines", "warning look out", "damaged k0, ",
        " and 6 more parts",
    ):  # fmt: skip
        assert any(line.startswith(words) for line in text), words


def test_a_file_has_no_facts_of_a_broker() -> None:
    facts = receipt_facts(receipt(topic=None, where=("a.1", "a.2")))
    assert of(facts, "to") == ["a.1 … a.2 (2 files)|"]
    assert not of(facts, "nsqd") + of(facts, "confirmed")
    assert facts[0] == Fact("written", "5 records", "good", "50 B in 3.0s")


def test_what_is_known_of_an_unfinished_survey() -> None:
    assert survey_facts(Survey(count=7), "out") == [Fact("what", "out", "strong", "counting … 7 records so far")]


def test_a_survey_is_bounded_whatever_its_records_hold() -> None:
    evil = b"\x1b[31m" * 100_000
    shapes = tuple(RecordShape((f"key{number}\x1b", "x" * 10_000), 100 - number) for number in range(50))
    survey = Survey(10, 100, blank=2, first=evil, last=evil, complete=True, shapes=shapes, shapeless=3)
    facts = survey_facts(survey, "out")
    assert all(len(fact.text) <= 200 and "\x1b" not in fact.text for fact in facts)
    assert of(facts, "skipped") == ["2 blank lines|"]
    assert any("45 other shapes" in fact.text for fact in facts)


def test_a_destination_with_many_channels_and_hostile_names() -> None:
    channel = ChannelState("c" * 500 + "\x1b", 7, 1, True, ("nsq_to_file/1.3.0 h" * 50,))
    seen = Destination("h:1", "h:2", "t", Limits(), http=True, version="1.3.0", exists=True, channels=(channel,) * 60)
    facts = destination_facts([seen, replace(seen, http=False, channels=())])
    assert of(facts, "where") == [
        "nsqd 1.3.0 at h:1|topic t, 0 waiting",
        "nsqd 1.3.0 at h:1|topic t, whose depth is not known",
    ]
    assert len(of(facts, "channel")) == 50
    assert of(facts, "") == ["and 10 more channels|"]
    assert all(len(fact.text) <= 100 and len(fact.note) <= 200 for fact in facts)
    assert of(facts, "channel")[0].endswith(", paused")


def test_a_repeat_is_the_first_warning() -> None:
    facts = warning_facts(["look out", "the same 2 records were sent to t on Monday"])
    assert [(fact.text, fact.tone) for fact in facts] == [
        ("the same 2 records were sent to t on Monday", "trouble"),
        ("look out", "trouble"),
    ]


def test_the_first_record_that_options_leave_out_is_named() -> None:
    unfit = [Unfit("k", line, "not JSON") for line in range(1, 10)]
    (words,) = left_out(9, unfit, 0)
    assert words.endswith("line 1 of k (not JSON), line 2 of k (not JSON), line 3 of k (not JSON) …")
    assert left_out(0, (), 2) == ["2 records left out by --unique: copies of earlier ones"]
    assert left_out(0, (), 0) == []
