"""Who imports whom: one way, without a circle, wherever in a file an import stands."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import tui

ROOT = Path(tui.__file__).parent


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(tree: ast.AST, package: str) -> Iterator[tuple[str, str]]:
    """(module, name) of every import, in functions and under TYPE_CHECKING too; the name of a whole module is empty."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            module = ".".join((*above, *filter(None, (node.module,))))
            yield from ((module, alias.name) for alias in node.names)


def import_graph(sources: dict[str, str]) -> dict[str, set[str]]:
    """Which modules each module imports. A package counts only where it is more than the face of its modules."""
    graph: dict[str, set[str]] = {}
    for module, source in sources.items():
        package = module if any(other.startswith(f"{module}.") for other in sources) else module.rpartition(".")[0]
        targets = set()
        for target, name in imports(ast.parse(source), package):
            targets.add(f"{target}.{name}" if f"{target}.{name}" in sources else target)
        graph[module] = {target for target in targets if target in sources and target != module}
    return graph


def circle(graph: dict[str, set[str]]) -> list[str]:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


@pytest.mark.parametrize(
    "source",
    [
        "from tui import b",
        "import tui.b",
        "def f():\n    from tui.b import x",
        "if TYPE_CHECKING:\n    from .b import x",
    ],
)
def test_a_circle_is_seen_wherever_the_import_stands(source: str) -> None:
    graph = import_graph({"tui.a": source, "tui.b": "from tui.a import y"})
    assert set(circle(graph)) == {"tui.a", "tui.b"}


def test_no_module_imports_itself_by_way_of_others() -> None:
    graph = import_graph({module_of(path): path.read_text() for path in ROOT.rglob("*.py")})
    assert len(graph) > 200 and circle(graph) == []
