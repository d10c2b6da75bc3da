"""What the end-to-end tests share: archives, which are only read, and a scripted S3 server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.s3_answers import OBJECTS
from tests.support.sample import shared_sample
from tests.support.scripted_s3 import ScriptedS3
from tui.demo import SampleSpec

SPEC = SampleSpec()


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample archive as `hourscope demo` makes it."""
    return shared_sample(tmp_path_factory, SPEC)


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedS3]:
    with ScriptedS3(OBJECTS) as server:
        for name, value in server.env.items():
            monkeypatch.setenv(name, value)
        yield server
