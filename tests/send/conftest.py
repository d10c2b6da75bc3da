"""What the tests of sends share."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    folder = tmp_path / "archive"
    folder.mkdir()
    for hour in (12, 13):
        text = b'{"h":%d,"a":1}\n\n{"h":%d,"a":2,"error":{"code":7}}\n' % (hour, hour)
        (folder / f"e.2015-01-20_{hour}.log.gz").write_bytes(gzip.compress(text))
    return folder
