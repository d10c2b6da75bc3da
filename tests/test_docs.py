"""What the docs name exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "reliability.md"
_NAMED = re.compile(r"`((?:\w+/)*test_\w+\.py)((?:::\w+)+)`")


def named_tests() -> list[tuple[str, str]]:
    return sorted(set(_NAMED.findall(PAGE.read_text())))


def names_in(file: Path) -> set[str]:
    """The names of a file's tests as pytest spells them: `::test_a`, `::TestB::test_c`."""
    names = set()
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            names.add(f"::{node.name}")
        elif isinstance(node, ast.ClassDef):
            inner = (child for child in node.body if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef))
            names |= {f"::{node.name}::{child.name}" for child in inner}
    return names


@pytest.mark.parametrize("file", sorted({file for file, _ in named_tests()}))
def test_every_test_that_the_page_on_reliability_names_exists(file: str) -> None:
    names = {name for of, name in named_tests() if of == file}
    assert names - names_in(ROOT / "tests" / file) == set()


def test_every_row_about_a_fault_names_a_test() -> None:
    faults = PAGE.read_text().partition("## Faults")[2].partition("## What cannot be seen")[0]
    rows = [
        line
        for line in faults.splitlines()
        if line.startswith("|") and not line.startswith(("|---", "| kind", "| fault"))
    ]
    assert rows
    assert [row for row in rows if not _NAMED.search(row)] == []


_PATH = re.compile(r"`((?:tui|tests|docs|screenshots)/[\w./-]*|[\w-]+\.(?:toml|txt|md))`|\]\(((?!http)[\w./-]+)[)#]")


def paths_in(page: Path) -> set[Path]:
    """The files and folders that a page names: in backticks from the root, in links from its own folder.

    `NAME` stands for any.
    """
    matches = _PATH.findall(page.read_text())
    named = {ROOT / path for path, _ in matches if path and "NAME" not in path}
    return named | {page.parent / link for _, link in matches if link}


PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_a_page_names_exists(page: Path) -> None:
    assert [str(path.relative_to(ROOT)) for path in sorted(paths_in(page)) if not path.exists()] == []
