"""The journal: wherever it is cut off, what it says is true, and it goes on."""

import contextlib
import json
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tui.errors import SendError
from tui.send import Journal, NsqTarget, Receipt, Source, earlier_sends
from tui.send.earlier import joined

TO = NsqTarget("events", ("127.0.0.1:4150",))
QUICK = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def source(identity: str = "a" * 32, description: str = "out.jsonl.gz") -> Source:
    return Source(description, identity, "every record", lambda: iter(()))


def receipt(*, partial: bool) -> Receipt:
    now = datetime(2026, 11, 23, tzinfo=UTC)
    return Receipt("out", ("x",), "events", "", "a" * 32, now, now, "me", 1, 1, 1, "00", partial=partial)


def runs_of(sizes: list[int]) -> list[tuple[int, int]]:
    stops = [sum(sizes[: index + 1]) for index in range(len(sizes))]
    return [(stop - size, stop) for stop, size in zip(stops, sizes, strict=True)]


@QUICK
@given(sizes=st.lists(st.integers(1, 300), min_size=1, max_size=12), data=st.data())
def test_cut_off_anywhere_it_never_claims_too_much_and_resumes(
    sizes: list[int], data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("journals")
    runs = runs_of(sizes)
    marks: list[tuple[int, int]] = []
    with Journal.start(folder, source(), TO) as journal:
        path = journal.path
        head = path.stat().st_size
        for run in runs:
            journal.confirm([run])
            marks.append((path.stat().st_size, run[1]))
    cut = data.draw(st.integers(head, path.stat().st_size))
    garbage = data.draw(st.sampled_from([b"", b"\0" * 40, b'{"first": 0, "cou', b"\xff\xfe"]))
    path.write_bytes(path.read_bytes()[:cut] + garbage)
    true = max((stop for size, stop in marks if size <= cut), default=0)
    with Journal.resume(folder, source(), TO) as journal:
        assert journal.confirmed_until == true
        journal.confirm([(true, true + 5)])
    with Journal.resume(path, source(), TO) as journal:
        assert journal.confirmed_until == true + 5
    assert all(json.loads(line) for line in path.read_text().splitlines())


@QUICK
@given(sizes=st.lists(st.integers(1, 300), min_size=1, max_size=12), data=st.data())
def test_only_what_is_before_the_first_hole_is_skipped_in_whatever_order_runs_are_confirmed(
    sizes: list[int], data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("journals")
    runs = data.draw(st.permutations(runs_of(sizes)))
    kept = runs[: data.draw(st.integers(0, len(runs)))]
    with Journal.start(folder, source(), TO) as journal:
        journal.confirm(kept)
    until = 0
    for first, stop in sorted(kept):
        until = stop if first == until else until
    with Journal.resume(folder, source(), TO) as journal:
        assert journal.confirmed_until == until


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 10))))
def test_joined_covers_the_same(pairs: list[tuple[int, int]]) -> None:
    runs = [(first, first + size) for first, size in pairs]
    whole = joined(runs)
    assert {n for a, b in runs for n in range(a, b)} == {n for a, b in whole for n in range(a, b)}
    assert all(left[1] < right[0] for left, right in pairwise(whole))


def test_it_is_for_people(tmp_path: Path) -> None:
    with Journal.start(tmp_path, source(), TO) as journal:
        journal.confirm([(100, 200), (0, 100), (300, 350)])
    header, *entries = [json.loads(line) for line in journal.path.read_text().splitlines()]
    assert (header["what"], header["topic"], header["where"]) == ("out.jsonl.gz", "events", ["127.0.0.1:4150"])
    assert [(entry["first"], entry["count"]) for entry in entries] == [(0, 200), (300, 50)]
    assert journal.path.name.startswith("events.aaaaaaaaaaaa.2")


def test_another_source_or_topic_is_refused(tmp_path: Path) -> None:
    with Journal.start(tmp_path, source(), TO) as journal:
        pass
    with pytest.raises(SendError, match="which is not what would be sent now"):
        Journal.resume(journal.path, source("b" * 32), TO)
    with pytest.raises(SendError, match="of a send to topic events, not other"):
        Journal.resume(journal.path, source(), NsqTarget("other", ("h:1",)))
    with pytest.raises(
        SendError, match=r"holds no journal of new to topic events: there is nothing to resume; the last .* out\.jsonl"
    ):
        Journal.resume(tmp_path, source("b" * 32, "new"), TO)


def test_a_finished_send_is_not_resumed_a_stopped_one_is(tmp_path: Path) -> None:
    with Journal.start(tmp_path, source(), TO) as journal:
        journal.confirm([(0, 7)])
        journal.finish(receipt(partial=True))
    with Journal.resume(tmp_path, source(), TO) as journal:
        assert journal.confirmed_until == 7
        journal.finish(receipt(partial=False))
    with pytest.raises(SendError, match=r"is of a finished send \(7 records to events on"):
        Journal.resume(tmp_path, source(), TO)
    assert [(e.confirmed, e.finished) for e in earlier_sends(tmp_path, source(), "events")] == [(7, True)]
    assert earlier_sends(tmp_path, source("b" * 32)) == ()
    assert earlier_sends(tmp_path / "nowhere") == ()


def test_two_senders_cannot_have_one_journal(tmp_path: Path) -> None:
    with Journal.start(tmp_path, source(), TO), pytest.raises(SendError, match="another hourscope is sending this now"):
        Journal.resume(tmp_path, source(), TO)


@pytest.mark.parametrize(
    "text", [b"", b"hello\n", b"[]\n", b'{"journal": 0}\n', b'{"journal": 1}\n', b"[" * 9999 + b"\n"]
)
def test_what_is_not_a_journal(text: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(text)
    with pytest.raises(SendError, match="is not a journal of a send"):
        Journal.resume(path, source(), TO)
    with pytest.raises(SendError, match="holds no journal"):
        Journal.resume(tmp_path / "none", source(), TO)


@QUICK
@given(sizes=st.lists(st.integers(1, 300), min_size=1, max_size=6), data=st.data())
def test_whatever_byte_is_changed_it_is_refused_or_claims_no_more(
    sizes: list[int], data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("journals")
    with Journal.start(folder, source(), TO) as journal:
        for run in runs_of(sizes):
            journal.confirm([run])
    whole = bytearray(journal.path.read_bytes())
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] ^= data.draw(st.integers(1, 255))
    journal.path.write_bytes(whole)
    try:
        with Journal.resume(journal.path, source(), TO) as again:
            assert again.confirmed_until < sum(sizes)  # only its last newline, as a crash would
    except SendError as error:
        assert str(journal.path) in str(error)


@QUICK
@given(
    line=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["version", "journal", "what", "topic", "first", "count", "receipt", "where", "resumed"]
                ),
                inner,
            )
        ),
        max_leaves=20,
    ),
    behind=st.binary(max_size=30),
)
def test_whatever_is_in_a_file_it_is_read_or_refused(
    line: object, behind: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("journals")
    path = folder / "events.aaaaaaaaaaaa.x.journal.jsonl"
    header = b'{"journal":1,"what":"a","filter":"","identity":"a","topic":"events","where":[],"who":"","started":""}\n'
    for data in (json.dumps(line).encode() + b"\n" + behind, header + json.dumps(line).encode() + b"\n" + behind):
        path.write_bytes(data)
        earlier_sends(folder)
        with contextlib.suppress(SendError):
            Journal.resume(path, source(), TO).close()


def test_a_receipt_is_read_back(tmp_path: Path) -> None:
    with Journal.start(tmp_path, source(), TO) as journal:
        journal.confirm([(0, 7)])
        journal.finish(receipt(partial=False))
    (earlier,) = earlier_sends(tmp_path)
    assert (earlier.finished, earlier.digests) == (True, {"00"})
    written = json.loads(journal.path.read_text().splitlines()[-1])["receipt"]
    assert (written["version"], written["warnings"], written["blank"]) == (2, [], 0)


def test_a_name_that_is_not_utf_8(tmp_path: Path) -> None:
    odd = replace(source(description="caf\udce9"), place="/caf\udce9")
    with Journal.start(tmp_path, odd, TO) as journal:
        journal.confirm([(0, 7)])
    (earlier,) = earlier_sends(tmp_path, odd)
    assert (earlier.what, earlier.confirmed) == ("caf\\udce9", 7)


def test_folders_and_files_are_for_their_user_only(tmp_path: Path) -> None:
    """Includes sends that 0.1.0 left unfinished."""
    folder = tmp_path / "state" / "journals"
    with Journal.start(folder, source(), TO) as journal:
        path = journal.path
    assert [path_.stat().st_mode & 0o777 for path_ in (folder.parent, folder, path)] == [0o700, 0o700, 0o600]
    path.chmod(0o644)
    Journal.resume(folder, source(), TO).close()
    assert path.stat().st_mode & 0o777 == 0o600
