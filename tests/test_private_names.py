"""Private names of other packages: each is used in one module, which docs/architecture.md names with the reason."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
TABLE = (ROOT / "docs" / "architecture.md").read_text().partition("## Names that other packages")[2]


@cache
def modules() -> tuple[tuple[str, ast.Module], ...]:
    paths = sorted((ROOT / "tui").rglob("*.py"))
    return tuple((str(path.relative_to(ROOT)), ast.parse(path.read_text())) for path in paths)


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.endswith("_")


def own_names() -> set[str]:
    """Every name that is defined or assigned somewhere in tui."""
    names: set[str] = set()
    for _, tree in modules():
        for node in ast.walk(tree):
            match node:
                case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                    names.add(node.name)
                case ast.Attribute(ctx=ast.Store(), attr=name, value=ast.Name(id="self")):
                    names.add(name)
                case ast.Name(ctx=ast.Store(), id=name) | ast.AnnAssign(target=ast.Name(id=name)):
                    names.add(name)
    return names


def private_names(tree: ast.Module, own: set[str]) -> Iterator[str]:
    """Imported private modules, and private attributes of what is not `self` and that nothing in tui defines."""
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module=str(module), names=aliases) if not module.startswith("tui"):
                parts = [*module.split("."), *(alias.name for alias in aliases)]
                if module != "__future__" and any(map(is_private, parts)):
                    yield next(filter(is_private, parts))
            case ast.Attribute(attr=name, value=value) if is_private(name) and name not in own:
                if not (isinstance(value, ast.Name) and value.id in ("self", "cls", "os")):
                    yield name


def test_each_is_used_in_the_one_module_that_the_table_names() -> None:
    own = own_names()
    used = {(name, module) for module, tree in modules() for name in private_names(tree, own)}
    rows = re.findall(r"^\| \w+ \| `([\w.]+)` \| `([\w./]+)` \|", TABLE, re.M)
    assert used == {(name.rpartition(".")[2], module) for name, module in rows}
    assert len({name for name, _ in used}) == len(used)


def test_their_packages_are_bounded() -> None:
    project = (ROOT / "pyproject.toml").read_text()
    for package in ("boto3", "isal", "pynsq", "rich", "textual"):
        assert re.search(rf'"{package}>=[\w.]+,<[\w.]+"', project), package
