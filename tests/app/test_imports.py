"""Who imports whom: one way, without a circle, wherever in a file an import stands."""

from __future__ import annotations

import ast
import re
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
def test_a_circle_is_found_wherever_the_import_is(source: str) -> None:
    graph = import_graph({"tui.a": source, "tui.b": "from tui.a import y"})
    assert set(circle(graph)) == {"tui.a", "tui.b"}


def intruders(graph: dict[str, set[str]]) -> set[tuple[str, str]]:
    """(module, what it imports) where that belongs to a screen, and the module neither does nor is app.py."""
    screens = {module.removesuffix("screen") for module in graph if re.fullmatch(r"tui\.app\.\w+\.screen", module)}
    return {
        (module, target)
        for module, targets in graph.items()
        for target in targets
        for screen in screens
        if target.startswith(screen) and not module.startswith(screen) and module != "tui.app.app"
    }


@pytest.fixture(scope="module")
def graph() -> dict[str, set[str]]:
    return import_graph({module_of(path): path.read_text() for path in ROOT.rglob("*.py")})


def test_no_module_imports_itself_by_way_of_others(graph: dict[str, set[str]]) -> None:
    assert len(graph) > 200 and circle(graph) == []


def test_only_app_imports_what_belongs_to_a_screen(graph: dict[str, set[str]]) -> None:
    assert intruders(graph) == set()


@pytest.mark.parametrize("module", ["tui.app.b.rows", "tui.app.widgets.a", "tui.app.page"])
def test_an_import_of_any_module_of_a_screen_is_seen(module: str) -> None:
    graph = {
        "tui.app.a.screen": {"tui.app.a.rows"},
        "tui.app.app": {"tui.app.a.screen"},
        "tui.app.b.screen": set[str](),
    }
    assert intruders(graph) == set()
    assert intruders({**graph, module: {"tui.app.a.rows"}}) == {(module, "tui.app.a.rows")}
