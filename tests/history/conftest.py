"""A small archive, and commands run in this process."""

from __future__ import annotations

import gzip
import json
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tui import cli


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        read: dict[str, Any] = json.loads(self.out.splitlines()[-1])
        return read


Command = Callable[..., Ran]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """`run("scan", archive, …)`; with `terminal=True`, stderr is a terminal."""

    def ran(*words: object, terminal: bool = False) -> Ran:
        with monkeypatch.context() as patch:
            patch.setattr(sys.stderr, "isatty", lambda: terminal)
            code = cli.run([str(word) for word in words])
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return ran


def record(hour: int, number: int) -> bytes:
    """Every third is an error; the user's name is private."""
    value = {
        "event": "error" if number % 3 == 0 else "play",
        "n": number,
        "user": {"name": f"user-{hour}-{number}", "tags": [f"tag-{number}"]},
        "ts": f"2015-01-20T{hour:02}:00:{number % 60:02}Z",
    }
    return json.dumps(value, separators=(",", ":")).encode()


def write_hours(folder: Path, hours: Sequence[int], records: int = 30) -> None:
    folder.mkdir(exist_ok=True)
    for hour in hours:
        data = b"".join(record(hour, number) + b"\n" for number in range(records))
        (folder / f"events.2015-01-20_{hour:02}.log.gz").write_bytes(gzip.compress(data, mtime=0))


@pytest.fixture(scope="session")
def hours_archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("written") / "events"
    write_hours(folder, range(10, 16))
    return folder


@pytest.fixture
def archive(hours_archive: Path, tmp_path: Path) -> Path:
    """Six hours, thirty records each, for one test."""
    folder = tmp_path / "events"
    shutil.copytree(hours_archive, folder)
    return folder
