"""Fixtures for tests of scans."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from tests.scan.extracts import KEY, text_of


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Four hours of two hosts; the last chunk of the first host is torn, the last of the other is without a match."""
    folder = tmp_path / "source"
    folder.mkdir()
    for hour in range(4):
        for host in ("web01", "web02"):
            text = b"nothing\n" if (hour, host) == (3, "web02") else text_of(hour, host)
            data = gzip.compress(text)
            name = KEY.format(host=host, hour=hour)
            (folder / name).write_bytes(data[:-30] if (hour, host) == (3, "web01") else data)
    return folder
