"""The Python of the README and the docs runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tui.demo import SampleSpec, write_sample

ROOT = Path(__file__).parents[2]


def blocks(page: str) -> list[str]:
    """Fenced blocks of Python, and indented ones that begin with an import."""
    fenced = re.findall(r"^```python\n(.*?)^```", page, re.S | re.M)
    indented = re.findall(r"^(    (?:from|import) .*\n(?:    .*\n|\n)*)", page, re.M)
    return [*fenced, *(re.sub(r"^    ", "", block, flags=re.M) for block in indented)]


@pytest.mark.parametrize("name", ["README.md", "docs/python.md"])
def test_it_runs(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for _ in write_sample(tmp_path / "demo-archive", SampleSpec(records_per_hour=60)):
        pass
    examples = blocks((ROOT / name).read_text(encoding="utf-8"))
    assert examples
    names: dict[str, object] = {}
    for block in examples:
        exec(block.replace('"s3://bucket/events.%Y-%m-%d_%H.log.gz"', '"demo-archive"'), names)
    assert names["errors"]
