"""Writes the commit into what is built, so that `hourscope --version` can name it."""

import subprocess
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_COMMIT = "tui/commit.txt"


class CustomBuildHook(BuildHookInterface):
    """A source distribution has the file from its clone, and a wheel that is built from one has it from there."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable" or (Path(self.root) / _COMMIT).exists():
            return
        git = ["git", "-C", self.root, "rev-parse", "HEAD"]
        try:
            commit = subprocess.run(git, capture_output=True, text=True, check=True).stdout
        except (OSError, subprocess.CalledProcessError):
            return  # neither a clone nor made from one
        if not (Path(self.root) / ".git").exists():
            return  # the clone of something around it
        with tempfile.NamedTemporaryFile("w", suffix=".txt", delete=False) as file:
            file.write(commit)
        build_data["force_include"][file.name] = _COMMIT
