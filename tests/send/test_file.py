"""Sending to a file or to stdout."""

import gzip
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
import zstandard

from tests.send.helpers import digest, finish, lines, write_lines
from tui.errors import OutputError, SendError
from tui.send import Control, Sending, Sent, send_to_file


@pytest.mark.parametrize(
    ("name", "unpack"),
    [
        ("out.jsonl", lambda data: data),
        ("out.jsonl.gz", gzip.decompress),
        ("out.zst", lambda data: zstandard.ZstdDecompressor().stream_reader(io.BytesIO(data)).read()),
    ],
)
def test_a_file_by_its_suffix(name: str, unpack, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    records = [*lines(5_000), b"\xff\r", b"last"]
    source = write_lines(tmp_path / "in", [records[0], b"", *records[1:]], newline_at_end=False)
    receipt = finish(send_to_file(source, str(tmp_path / name)))
    assert unpack((tmp_path / name).read_bytes()) == b"".join(record + b"\n" for record in records)
    assert (receipt.confirmed, receipt.empty, receipt.bytes) == (5_002, 1, sum(map(len, records)))
    assert receipt.sha256 == digest(records)
    assert receipt.as_json()["topic"] is None


def test_what_exists_is_refused_unless_told(tmp_path: Path) -> None:
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
        finish(send_to_file(write_lines(tmp_path / "in", [b""]), str(tmp_path / "out")))
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
