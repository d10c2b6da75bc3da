"""Fixtures for tests of the index."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui.index import Index


@pytest.fixture
def index(tmp_path: Path) -> Index:
    return Index(tmp_path / "cache" / "index.sqlite", "here")
