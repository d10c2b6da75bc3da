"""Each target holds for a moment, so that `make fuzz` can be relied on to start; a failing input is kept in a file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz import __main__ as command
from tests.fuzz.choices import Choices, edited
from tests.fuzz.drive import TARGETS, random_runs, target

_SECONDS = 2


@pytest.mark.parametrize("name", TARGETS)
def test_a_short_run_finds_nothing(name: str) -> None:
    assert random_runs(name, seconds=_SECONDS, seed=1) > 0


@pytest.mark.parametrize("name", TARGETS)
def test_every_seed_passes(name: str) -> None:
    for data in target(name).seeds()[:5]:
        target(name).run(data)


def test_used_up_choices_are_the_first() -> None:
    choices = Choices(b"")
    assert (choices.number(3, 9), choices.one_of("abc"), choices.chance(), choices.take(4)) == (3, "a", False, b"")


def test_an_edit_changes_what_it_is_given() -> None:
    edits = {
        edited(b"0123456789", Choices(bytes([0, at, 0, kind, 1])), (b"x",)) for at in range(9) for kind in range(9)
    }
    assert len(edits) > 30


def test_a_failing_input_is_kept_and_replayed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A target that fails at once, in a process of its own as in a real run."""
    (tmp_path / "sitecustomize.py").write_text(
        "import tests.fuzz.layout as layout\ndef run(data):\n    assert len(data) < 100, 'too long'\nlayout.run = run\n"
    )
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{Path.cwd()}")
    monkeypatch.setattr(command, "FINDINGS", tmp_path / "findings")
    outcome = command.fuzz("layout", 20, 1)
    assert outcome.failed
    assert "too long" in outcome.words
    assert outcome.kept is not None
    assert len(outcome.kept.read_bytes()) >= 100
    words = [sys.executable, "-m", "tests.fuzz", "--replay", str(outcome.kept), "layout"]
    assert subprocess.run(words, check=False, capture_output=True).returncode == 1
