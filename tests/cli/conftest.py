"""Archives that the end-to-end tests share. They are only read."""

from pathlib import Path

import pytest

from tests.support.sample import shared_sample
from tui.demo import SampleSpec

SPEC = SampleSpec()


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample archive as `hourscope demo` makes it."""
    return shared_sample(tmp_path_factory, SPEC)
