"""Archives that the end-to-end tests share. They are only read."""

from pathlib import Path

import pytest

from tui.demo import SampleSpec, write_sample

SPEC = SampleSpec()


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample archive as `hourscope demo` makes it."""
    folder = tmp_path_factory.mktemp("sample")
    for _ in write_sample(folder, SPEC):
        pass
    return folder
