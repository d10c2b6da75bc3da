"""Records that are there twice: found by their bytes, whatever the memory and the order."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.scan import duplicates
from tui.scan.duplicates import Fingerprints, fingerprint

_CHUNKS = st.lists(st.lists(st.binary(max_size=2), max_size=30), max_size=5)


def copies_of(chunks: list[list[bytes]]) -> Counter[int]:
    with Fingerprints() as fingerprints:
        for number, records in enumerate(chunks):
            fingerprints.add(number, b"".join(map(fingerprint, records)))
        return fingerprints.copies()


def said_plainly(chunks: list[list[bytes]]) -> Counter[int]:
    """Every record but the first of its kind counts for its own chunk."""
    seen: set[bytes] = set()
    copies: Counter[int] = Counter()
    for number, records in enumerate(chunks):
        for record in records:
            copies[number] += record in seen
            seen.add(record)
    return +copies


@given(_CHUNKS)
def test_every_record_after_the_first_of_its_kind_is_a_copy(chunks: list[list[bytes]]) -> None:
    assert copies_of(chunks) == said_plainly(chunks)


@given(_CHUNKS, st.sets(st.integers(0, 4)))
def test_what_is_dropped_was_never_there(chunks: list[list[bytes]], dropped: set[int]) -> None:
    with Fingerprints() as fingerprints:
        for number, records in enumerate(chunks):
            fingerprints.add(number, b"".join(map(fingerprint, records)))
            if number in dropped:
                fingerprints.drop(number)
        kept = [[] if number in dropped else records for number, records in enumerate(chunks)]
        assert fingerprints.copies() == said_plainly(kept)


@settings(max_examples=10)  # each makes hundreds of files
@given(_CHUNKS)
def test_what_is_too_much_to_sort_at_once_is_divided_again(chunks: list[list[bytes]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(duplicates, "SORTED_BYTES", 40)
        assert copies_of(chunks) == said_plainly(chunks)


def test_records_that_are_all_alike_are_counted_without_being_sorted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplicates, "SORTED_BYTES", 100)
    assert copies_of([[b"x"] * 50, [b"x"] * 30]) == {0: 49, 1: 30}
