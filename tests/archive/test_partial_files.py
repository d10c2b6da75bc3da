"""Hidden files that killed writers leave: removed by the next one that may replace, and never a living writer's."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.command import hourscope
from tui.archive.local import atomic_file, remove_partial

WRITER = """
import sys, time
from pathlib import Path
from tui.archive.local import atomic_file
with atomic_file(Path(sys.argv[1]), overwrite=True) as stream:
    stream.write(b"half")
    stream.flush()
    print("writing", flush=True)
    time.sleep(60)
"""


def killed_writer(target: Path) -> Path:
    """What a writer of `target` leaves when it is killed."""
    before = set(hidden(target.parent))
    with living_writer(target) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
    (left,) = set(hidden(target.parent)) - before
    return target.parent / left


def living_writer(target: Path) -> subprocess.Popen[bytes]:
    process = subprocess.Popen([sys.executable, "-c", WRITER, str(target)], stdout=subprocess.PIPE)
    assert process.stdout
    assert process.stdout.readline() == b"writing\n"
    return process


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()] if folder.exists() else []


def hidden(folder: Path) -> list[str]:
    return sorted(name for name in names(folder) if name.startswith("."))


@pytest.mark.parametrize("name", ["out.jsonl", "x" * 250, "ü" * 120, "with [brackets] and (more).gz"])
def test_replacing_a_file_removes_what_a_killed_writer_of_it_left(tmp_path: Path, name: str) -> None:
    killed_writer(tmp_path / name)
    other = killed_writer(tmp_path / "other")
    with atomic_file(tmp_path / name, overwrite=True) as stream:
        stream.write(b"whole")
    assert hidden(tmp_path) == [other.name], "another file's is left alone"
    assert (tmp_path / name).read_bytes() == b"whole"


def test_a_living_writers_file_is_left_alone(tmp_path: Path) -> None:
    with living_writer(tmp_path / "out") as process:
        with atomic_file(tmp_path / "out", overwrite=True) as stream:
            stream.write(b"mine")
        assert len(hidden(tmp_path)) == 1
        process.kill()


def test_files_that_only_look_alike_are_left_alone(tmp_path: Path) -> None:
    """What hourscope did not write is not its to remove."""
    look_alikes = [".out.part", ".out.0123456789ab.part.bak", ".out.0123456789xy.part", "out.0123456789ab.part"]
    for name in look_alikes:
        (tmp_path / name).write_bytes(b"precious")
    (tmp_path / ".out.0123456789ab.part").symlink_to(".out.part")
    os.mkfifo(tmp_path / ".out.ba9876543210.part")
    assert remove_partial(tmp_path) == 0
    assert len(names(tmp_path)) == len(look_alikes) + 2


def test_below_a_folder_all_are_found(tmp_path: Path) -> None:
    killed_writer(tmp_path / "2015" / "01" / "20.gz")
    killed_writer(tmp_path / "manifest.json")
    assert remove_partial(tmp_path) == 2
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("option", ["--resume", "--force"])
def test_a_scan_into_an_extract_removes_them(tmp_path: Path, option: str) -> None:
    source, out = tmp_path / "source", tmp_path / "out"
    source.mkdir()
    (source / "e.2015-01-20_13.log").write_bytes(b'{"n":1}\n')
    assert hourscope("scan", source, "-g", "n", "-o", f"{out}/").code == 0
    killed_writer(out / "e.2015-01-20_13.jsonl.gz")
    assert hourscope("scan", source, "-g", "n", "-o", f"{out}/", option).code == 0
    assert hidden(out) == []


def test_a_scan_into_a_file_removes_them_with_force(tmp_path: Path) -> None:
    (tmp_path / "e.2015-01-20_13.log").write_bytes(b'{"n":1}\n')
    out = tmp_path / "found" / "out.jsonl"
    killed_writer(out)
    assert hourscope("scan", tmp_path / "e.%Y-%m-%d_%H.log", "-g", "n", "-o", out, "--force").code == 0
    assert names(out.parent) == ["out.jsonl"]


def test_a_writer_that_is_slow_to_lock_its_file_begins_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between creation and locking, another process may treat it as a dead writer's."""
    import fcntl

    real, raced = fcntl.flock, []

    def slow(descriptor: int, how: int) -> None:
        if not raced:
            raced.append(time.monotonic())
            assert remove_partial(tmp_path) == 1
        real(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", slow)
    with atomic_file(tmp_path / "out", overwrite=False) as stream:
        stream.write(b"whole")
    assert (tmp_path / "out").read_bytes() == b"whole"
    assert hidden(tmp_path) == []
