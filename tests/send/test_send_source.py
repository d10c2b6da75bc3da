"""What is sent: order, bytes, line numbers, and how it is cut into batches."""

import gzip
import hashlib
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.archive import open_archive
from tui.archive.envelope import wrap
from tui.errors import SendError
from tui.filter import parse_filter
from tui.send import Limits, Plan, Source, SourceBlock, archive_source, file_source, lines_source, outgoing, survey
from tui.send.engine.batches import Batch, Batches, BatchSize
from tui.send.messages import SeenRecords
from tui.send.projection import projected_source

records_of = st.lists(st.binary(min_size=1, max_size=40).map(lambda b: b.replace(b"\n", b"x")), max_size=400)


def blocks_source(records: list[bytes], block: int = 7) -> Source:
    def blocks():  # type: ignore[no-untyped-def]
        for at in range(0, len(records), block):
            part = records[at : at + block]
            yield SourceBlock("k", None, list(part), range(at + 1, at + 1 + len(part)))

    return Source("made", "0" * 32, "every record", blocks)


def all_batches(batches: Batches) -> list[Batch]:
    cut: list[Batch] = []
    while not batches.done:
        cut += batches.take(5, 1.0)
    return cut


@given(
    records=records_of,
    block=st.integers(1, 50),
    most=st.integers(1, 60),
    size=st.integers(30, 500),
    start=st.integers(0, 450),
    cuts=st.lists(st.integers(1, 300), max_size=3).map(lambda c: tuple(sorted(set(c)))),
    limit=st.integers(5, 60),
)
def test_batches_hold_every_record_once_in_order_within_the_limits(
    records: list[bytes], block: int, most: int, size: int, start: int, cuts: tuple[int, ...], limit: int
) -> None:
    source = outgoing(blocks_source(records, block), Plan(max_message=limit))
    batches = Batches(source, Limits(limit, 10_000), BatchSize(most, size, cuts), start=start)
    drawn = all_batches(batches)
    fit = [record for record in records if len(record) <= limit]
    passed = fit[:start]
    sent = [record for batch in drawn for record in batch.records]
    assert passed + sent == fit
    assert (batches.passed, batches.unsent.oversize_count) == (len(passed), len(records) - len(fit))
    assert survey(source).sha256 == hashlib.sha256(b"".join(record + b"\n" for record in fit)).hexdigest()
    assert batches.passed_bytes == sum(map(len, passed))
    for batch in drawn:
        assert 1 <= len(batch.records) <= most
        assert batch.size == sum(map(len, batch.records))
        assert len(batch.records) == 1 or batch.size + 4 * len(batch.records) <= size
        assert batch.stop - batch.first == len(batch.records)  # what is left out has no number
        assert not any(batch.first < cut < batch.stop for cut in cuts)
    for left, right in pairwise(drawn):
        assert left.stop == right.first
    if drawn:
        digest = drawn[-1].digest.hexdigest()
        assert digest == hashlib.sha256(b"".join(record + b"\n" for record in fit)).hexdigest()


def test_what_comes_before_an_error_is_given_out(tmp_path: Path) -> None:
    batches = Batches(blocks_source([b"a"] * 20 + [b"b" * 99] + [b"c"] * 5), Limits(50, 999), BatchSize(8))
    cut = all_batches(batches)
    assert [record for batch in cut for record in batch.records] == [b"a"] * 20
    assert isinstance(batches.failed, SendError)
    assert "line 21 of k (99 bytes)" in str(batches.failed)


@given(
    lines=st.lists(st.sampled_from([b"", b"a", b"foo", b"x foo y", b"\r", b"foo\r"]), max_size=60), end=st.booleans()
)
@pytest.mark.parametrize("words", [(), ("foo",)])
def test_lines_have_their_numbers(
    words: tuple[str, ...], lines: list[bytes], end: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("s") / "lines"
    data = b"\n".join(lines) + (b"\n" if end and lines else b"")
    path.write_bytes(data)
    source = file_source(path, parse_filter(grep=words))
    records = [line.removesuffix(b"\r") for line in data.split(b"\n")]
    numbered = enumerate(filter(None, records), 1)  # blank lines are not records
    expected = [(n, record) for n, record in numbered if all(w.encode() in record for w in words)]
    rows = [(n, r) for block in source.open() for n, r in zip(block.lines, block.records, strict=True)]
    assert rows == expected


def test_a_survey(tmp_path: Path) -> None:
    (tmp_path / "e.2015-01-20_12.log.gz").write_bytes(gzip.compress(b"one\n\nthree3\n"))
    (tmp_path / "e.2015-01-20_13.log.gz").write_bytes(gzip.compress(b"four\nfive\n" * 1000)[:-12])
    archive = open_archive(f"{tmp_path}/e.%Y-%m-%d_%H.log.gz")
    surveyed = survey(archive_source(archive, archive.catalog().chunks), max_message=5)
    assert (surveyed.blank, surveyed.first, surveyed.complete) == (1, b"one", True)
    assert surveyed.count > 2  # what could be decoded of the torn chunk counts
    assert (surveyed.first_hour.hour, surveyed.last_hour.hour) == (12, 13)
    assert str(surveyed.largest) == "line 2 of e.2015-01-20_12.log.gz (6 bytes)"
    assert (surveyed.oversize_count, [place.line for place in surveyed.oversize]) == (1, [2])
    assert [damaged.key for damaged in surveyed.damaged] == ["e.2015-01-20_13.log.gz"]


def test_the_identity_distinguishes_sources(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"one\n")
    first = file_source(path)
    assert file_source(path).identity == first.identity
    assert file_source(path, parse_filter(grep=["o"])).identity != first.identity
    path.write_bytes(b"one\ntwo\n")
    assert file_source(path).identity != first.identity
    assert projected_source(first, "a").identity != projected_source(first, "b").identity != first.identity


def test_a_projection_skips_and_counts_records_it_gives_nothing_for(tmp_path: Path) -> None:
    path = tmp_path / "in"
    path.write_bytes(
        b'{"a": {"b": 1.50, "c": "\xc3\xa9"}}\n\n{"a": 0}\n{"x": 1}\n{"a": false}\nhello\n{"a": "\\ud800"}\n'
    )
    source = projected_source(file_source(path), "a")
    records = [record for block in source.open() for record in block.records]
    assert records == [b'{"b":1.50,"c":"\xc3\xa9"}', b"0", b"false", b'"\\ud800"']  # 0 and false are something
    surveyed = survey(source)
    assert (surveyed.count, surveyed.blank, surveyed.unfit_count) == (4, 1, 2)
    assert list(map(str, surveyed.unfit)) == [
        "line 3 of in (the projection gives null)",
        "line 5 of in (not JSON)",
    ]
    assert "--project a" in source.description


def test_shapes_are_sets_of_keys_the_commonest_first(tmp_path: Path) -> None:
    path = tmp_path / "in"
    path.write_bytes(b'{"a":1,"b":{"c":2}}\n{"b":1,"a":null}\n{"a":1,"error":2}\n[1]\nx\n{}\n' + b'{"a":0,"b":0}\n' * 9)
    shapes = survey(file_source(path)).shapes
    assert [(shape.keys, shape.count) for shape in shapes] == [
        (("a", "b"), 11),
        (None, 2),
        (("a", "error"), 1),
        ((), 1),
    ]
    assert [shape.words(shapes[0]) for shape in shapes] == ["a b", "no JSON object", "+error -b", "-a -b"]


def test_shapes_are_bounded() -> None:
    records = [b'{"k%d": 1}' % number for number in range(1_500)] + [b'{"%s": 1}' % (b"k" * 20_000)]
    surveyed = survey(blocks_source(records))
    assert (len(surveyed.shapes), surveyed.shapeless) == (1_000, 501)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SendError, match="none cannot be read: No such file"):
        file_source(tmp_path / "none")
    with pytest.raises(SendError, match="cannot be read: Is a directory"):
        file_source(tmp_path)


@given(
    records=st.lists(st.sampled_from([b"", b"a", b"b", b"cc", b"x" * 30, b"y" * 30]), max_size=60),
    block=st.integers(1, 9),
)
def test_copies_of_earlier_records_are_left_out_and_blank_lines_stay(records: list[bytes], block: int) -> None:
    source = blocks_source(records, block)
    whole = [record for part in lines_source(source, unique=True, order=None).open() for record in part.records]
    once = list(dict.fromkeys(record for record in records if record))
    assert [record for record in whole if record] == once
    assert whole.count(b"") == records.count(b"")
    surveyed = survey(outgoing(source, Plan(max_message=10, unique=True)))
    short = [record for record in once if len(record) <= 10]
    assert (surveyed.count, surveyed.skipped_count) == (len(short), len(once) - len(short))
    assert surveyed.repeats == len([record for record in records if record]) - len(once)
    assert surveyed.blank == records.count(b"")
    assert surveyed.sha256 == hashlib.sha256(b"".join(record + b"\n" for record in short)).hexdigest()


def test_seen_records_are_distinguished_in_little_memory() -> None:
    seen = SeenRecords()
    assert all(seen.is_new(b"%d" % number) for number in range(200_000))
    assert not any(seen.is_new(b"%d" % number) for number in range(0, 200_000, 7))
    assert sum(map(sys.getsizeof, seen._buckets.values())) < 200_000 * 14 * 1.2 + 65_536 * sys.getsizeof(bytearray())


def test_the_plan_of_a_source_is_applied_once() -> None:
    """A message that looks wrapped itself is unwrapped only once."""
    inner = b'{"hourscope:body":"a\\nb"}'
    source = outgoing(blocks_source([wrap(inner)]), Plan())
    again = outgoing(source, Plan(unique=True))
    assert again is source
    assert [record for block in again.open() for record in block.records] == [inner]


@pytest.mark.parametrize("odd", [b"\r\n", b"\n\n", b"\n \n"], ids=["CRLF", "blank", "space"])
@pytest.mark.parametrize("reason", [None, "ab"], ids=["all", "filtered"])
def test_a_block_that_becomes_odd_far_behind_the_first(odd: bytes, reason: str | None, tmp_path: Path) -> None:
    """Matches, records and numbers are the same whether a block was normalized before, meanwhile or not at all."""
    plain = [b'{"n":%d,"pad":"%s"}' % (n, b"ab" * (n % 50)) for n in range(20_000)]
    late = [b'{"late":%d,"pad":"%s"}' % (n, b"ab" * (n % 3)) for n in range(3_000)]
    (tmp_path / "in").write_bytes(b"".join(r + b"\n" for r in plain) + b"".join(r + odd for r in late))
    kept = [record for record in (*plain, *late) if reason is None or b"ab" in record]
    source = file_source(tmp_path / "in", parse_filter(grep=[reason]) if reason else None)
    blocks = list(source.open())
    assert [record for block in blocks for record in block.records] == kept
    assert all(block.as_lines() == b"".join(r + b"\n" for r in block.records) for block in blocks if block.records)
    assert all(len(block.records) == len(block.lines) for block in blocks)


@pytest.mark.parametrize(
    ("description", "filter_", "label"),
    [
        ("/extracts/demo.5003/: 12 chunks, 2015-01-20T13 to 2015-01-20T18", "every record", "demo.5003"),
        ("dir/lines.jsonl", "every record", "lines.jsonl"),
        ("s3://b/events.: 2 chunks", "-g x", "-g x"),
    ],
)
def test_a_send_without_a_name_is_called_by_its_filter_or_its_source(
    description: str, filter_: str, label: str
) -> None:
    assert Source(description, "0" * 32, filter_, lambda: iter(())).label == label
