"""What is not needed is not imported: starting must not wait for Textual, boto3 or pynsq."""

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {"textual", "boto3", "botocore", "nsq", "tornado", "rich", "zstandard", "jmespath", "re2"}

SCRIPT = """
import sys
from tui.cli import run
code = run(sys.argv[1:])
print(code, *sorted(set(sys.modules) & {heavy!r}), file=sys.stderr)
"""


@pytest.mark.parametrize(
    "words", [["--version"], ["--help"], ["ls", "{sample}"], ["scan", "{sample}", "-g", "5003", "--count"]]
)
def test_heavy_modules_stay_out(sample: Path, words: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(heavy=HEAVY), *(word.format(sample=sample) for word in words)],
        capture_output=True,
        text=True,
        check=True,
    )
    code, *imported = done.stderr.splitlines()[-1].split()
    assert int(code) in (0, 2)
    assert imported == []
