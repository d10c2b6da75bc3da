"""Sending to a file or to stdout."""

import gzip
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.send.helpers import digest, finish, lines, write_lines
from tui.archive import open_archive
from tui.errors import OutputError, SendError
from tui.send import Control, Sending, Sent, Split, archive_source, file_source, parse_split, send_to_file


@pytest.mark.parametrize(
    ("name", "unpack"),
    [
        ("out.jsonl", lambda data: data),
        ("out.jsonl.gz", gzip.decompress),
        ("out.zst", lambda data: zstandard.ZstdDecompressor().stream_reader(io.BytesIO(data)).read()),
    ],
)
def test_a_file_by_its_suffix(name: str, unpack, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    records = [*lines(5_000), b"\xff", b"last"]
    source = write_lines(tmp_path / "in", [records[0], b"", *records[1:-1], b"last\r"], newline_at_end=True)
    receipt = finish(send_to_file(source, str(tmp_path / name)))
    assert unpack((tmp_path / name).read_bytes()) == b"".join(record + b"\n" for record in records)
    assert (receipt.confirmed, receipt.blank, receipt.bytes) == (5_002, 1, sum(map(len, records)))
    assert receipt.sha256 == digest(records)
    assert receipt.as_json()["topic"] is None


def test_what_exists_is_refused_unless_replace_is_given(tmp_path: Path) -> None:
    source, out = write_lines(tmp_path / "in", [b"new"]), tmp_path / "out"
    out.write_bytes(b"old\n")
    with pytest.raises(OutputError, match="exists"):
        finish(send_to_file(source, str(out)))
    assert out.read_bytes() == b"old\n"
    finish(send_to_file(source, str(out), overwrite=True))
    assert out.read_bytes() == b"new\n"


def test_a_stop_leaves_no_file(tmp_path: Path) -> None:
    control = Control()
    control.stop()
    receipt = finish(send_to_file(write_lines(tmp_path / "in", lines(10)), str(tmp_path / "out"), control=control))
    assert (receipt.partial, receipt.confirmed) == (True, 0)
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_a_pause_holds_it(tmp_path: Path) -> None:
    control = Control()
    control.pause()
    events = send_to_file(write_lines(tmp_path / "in", lines(10)), str(tmp_path / "out"), control=control)
    event = next(events)
    assert isinstance(event, Sending)
    assert (event.note, event.confirmed) == ("paused", 0)
    control.resume()
    *_, last = events
    assert isinstance(last, Sent)
    assert last.receipt.confirmed == 10


def test_nothing_to_send_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(SendError, match="there is nothing to send"):
        finish(send_to_file(write_lines(tmp_path / "in", [], newline_at_end=False), str(tmp_path / "out")))
    assert not (tmp_path / "out").exists()


def test_stdout(tmp_path: Path) -> None:
    out = io.BytesIO()
    receipt = finish(send_to_file(write_lines(tmp_path / "in", [b"a", b"b"]), "-", stdout=out))
    assert out.getvalue() == b"a\nb\n"
    assert receipt.where == ("stdout",)


def test_a_closed_pipe_is_quiet(tmp_path: Path) -> None:
    write_lines(tmp_path / "in", lines(200_000))
    program = (
        "import sys; from pathlib import Path; from tui.send import file_source, send_to_file\n"
        f"source, out = file_source(Path({str(tmp_path / 'in')!r})), open(1, 'wb', closefd=False)\n"
        "*_, last = send_to_file(source, '-', stdout=out)\n"
        "sys.stderr.write(str(last.receipt.partial))"
    )
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert os.read(process.stdout.fileno(), 10) == lines(1)[0][:10]
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == b"True"
    assert process.wait() == 0


@pytest.mark.parametrize("name", ["out.jsonl", "out.jsonl.gz", "out.jsonl.zst"])
def test_appending_keeps_what_is_there(name: str, tmp_path: Path) -> None:
    out, first, second = tmp_path / name, [b"a", b"b"], [b"c", b"d"]
    finish(send_to_file(write_lines(tmp_path / "in", first), str(out), append=True))  # there is nothing yet
    out.chmod(0o640)
    receipt = finish(send_to_file(write_lines(tmp_path / "in2", second), str(out), append=True))
    assert (receipt.confirmed, receipt.sha256) == (2, digest(second))
    assert [r for block in file_source(out).open() for r in block.records] == first + second
    assert out.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("pack", [lambda data: data, gzip.compress])
def test_appending_to_a_file_without_a_last_newline_does_not_glue_two_lines(pack, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    out = tmp_path / ("out" if pack(b"x") == b"x" else "out.gz")
    out.write_bytes(pack(b"a\nb"))
    finish(send_to_file(write_lines(tmp_path / "in", [b"c"]), str(out), append=True))
    assert [r for block in file_source(out).open() for r in block.records] == [b"a", b"b", b"c"]


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("out.jsonl", gzip.compress(b"a\n"), "it is gzip, but its name does not say so"),
        ("out.gz", b"plain\n", "it is not compressed, but its name does not say so"),
        ("out.gz", gzip.compress(b"a\n" * 9999)[:-20], "it is damaged"),
    ],
    ids=["gzip", "plain", "damaged"],
)
def test_a_file_unlike_its_name_is_not_appended_to(name: str, data: bytes, sentence: str, tmp_path: Path) -> None:
    out = tmp_path / name
    out.write_bytes(data)
    with pytest.raises(OutputError, match=sentence):
        finish(send_to_file(write_lines(tmp_path / "in", [b"c"]), str(out), append=True))
    assert out.read_bytes() == data


def test_a_stopped_append_leaves_the_file_unchanged(tmp_path: Path) -> None:
    out, control = tmp_path / "out", Control()
    out.write_bytes(b"a\n")
    control.stop()
    finish(send_to_file(write_lines(tmp_path / "in", lines(10)), str(out), append=True, control=control))
    assert out.read_bytes() == b"a\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "out"]


def test_split_by_hour_makes_an_archive(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for hour in (12, 13, 15):
        for host in ("a", "b"):
            text = b'{"h":%d,"host":"%s"}\n' % (hour, host.encode())
            (tmp_path / "in" / f"e.{host}.2015-01-20_{hour}.log.gz").write_bytes(gzip.compress(text))
    archive = open_archive(str(tmp_path / "in"))
    source = archive_source(archive, archive.catalog().chunks)
    receipt = finish(send_to_file(source, str(tmp_path / "out" / "found.jsonl.gz"), split=parse_split("hour")))
    parts = [tmp_path / "out" / f"found.2015-01-20_{hour}.jsonl.gz" for hour in (12, 13, 15)]
    assert receipt.where == tuple(map(str, parts))
    assert sorted((tmp_path / "out").iterdir()) == parts
    again = open_archive(str(tmp_path / "out"))
    copied = [r for block in archive_source(again, again.catalog().chunks).open() for r in block.records]
    assert copied == [r for block in source.open() for r in block.records]
    with pytest.raises(OutputError, match=r"found\.2015-01-20_12\.jsonl\.gz exists"):
        finish(send_to_file(source, str(tmp_path / "out" / "found.jsonl.gz"), split=parse_split("hour")))
    with pytest.raises(SendError, match="a file has no hours to split by"):
        finish(send_to_file(file_source(parts[0]), str(tmp_path / "x"), split=parse_split("hour")))


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sizes=st.lists(st.integers(1, 30), min_size=1, max_size=60), most=st.integers(1, 80))
def test_split_by_size_cuts_between_records(
    sizes: list[int], most: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("split")
    records = [b"x" * size for size in sizes]
    receipt = finish(send_to_file(write_lines(folder / "in", records), str(folder / "out"), split=Split(most)))
    parts = [Path(place).read_bytes() for place in receipt.where]
    assert b"".join(parts) == b"".join(record + b"\n" for record in records)
    assert [Path(place).name for place in receipt.where] == [f"out.{n:04}" for n in range(1, len(parts) + 1)]
    for part, behind in zip(parts, [*parts[1:], b""], strict=True):
        assert part.endswith(b"\n")
        assert len(part) <= most or part.count(b"\n") == 1
        assert not behind or len(part) + behind.index(b"\n") + 1 > most  # the next record did not fit


def test_parts_appear_all_at_once_or_not_at_all(tmp_path: Path) -> None:
    source, out = write_lines(tmp_path / "in", lines(100)), str(tmp_path / "out.jsonl")
    (tmp_path / "out.0003.jsonl").write_bytes(b"old\n")
    with pytest.raises(OutputError, match=r"out\.0003\.jsonl exists"):
        finish(send_to_file(source, out, split=parse_split("4kB")))
    with pytest.raises(OutputError, match=r"out\.0003\.jsonl is left over from an earlier, longer send"):
        finish(send_to_file(source, out, split=parse_split("8kB"), overwrite=True))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "out.0003.jsonl"]
    assert len(finish(send_to_file(source, out, split=parse_split("4kB"), overwrite=True)).where) == 3


@pytest.mark.parametrize("text", ["day", "", "0", "-5MB", "hours"])
def test_an_invalid_split(text: str) -> None:
    with pytest.raises(SendError, match="is not a way to split; use hour, or a size"):
        parse_split(text)
