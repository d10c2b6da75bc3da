"""Build hooks: the commit for `hourscope --version`, and a README with links that work on PyPI."""

import re
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface

_COMMIT = "tui/commit.txt"
_REPOSITORY = "https://github.com/hourscope/hourscope"
_RELATIVE = re.compile(r"(!?)\[([^]]*)\]\((?!https?:|#)([^)]+)\)")


class CommitHook(BuildHookInterface):
    """A source distribution has the commit of its clone in a file, and a wheel that is built from it takes that."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        if version == "editable" or (root / _COMMIT).exists() or not (root / ".git").exists():
            return
        git = ["git", "-C", self.root, "rev-parse", "HEAD"]
        try:
            commit = subprocess.run(git, capture_output=True, text=True, check=True).stdout
        except (OSError, subprocess.CalledProcessError):  # a version without its commit
            return
        with tempfile.NamedTemporaryFile("w", suffix=".txt", delete=False) as file:
            file.write(commit)
        build_data["force_include"][file.name] = _COMMIT

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        for path, place in build_data["force_include"].items():
            if place == _COMMIT:
                Path(path).unlink()


class ReadmeHook(MetadataHookInterface):
    """Links and pictures of the README as addresses in the repository."""

    def update(self, metadata: dict[str, Any]) -> None:
        text = (Path(self.root) / "README.md").read_text(encoding="utf-8")
        metadata["readme"] = {"content-type": "text/markdown", "text": _RELATIVE.sub(_absolute, text)}


def _absolute(link: re.Match[str]) -> str:
    picture, text, path = link.groups()
    return f"{picture}[{text}]({_REPOSITORY}/{'raw' if picture else 'blob'}/main/{path})"
