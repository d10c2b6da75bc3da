"""What the tests of archives share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui.archive.folder import FolderStore


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "store")
