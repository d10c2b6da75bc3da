"""What hourscope remembers is for its user alone: folders 0700, files 0600, whatever the umask."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tui.archive.local import atomic_file, private_folder, private_opener
from tui.config import cache_dir, state_dir


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(params=[0o000, 0o022, 0o077, 0o777])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def test_every_folder_that_is_made_on_the_way_is_private(tmp_path: Path, umask: int) -> None:
    private_folder(tmp_path / "a" / "b" / "c")
    assert [mode(tmp_path / path) for path in ("a", "a/b", "a/b/c")] == [0o700] * 3


def test_a_file_is_private(tmp_path: Path, umask: int) -> None:
    with open(tmp_path / "journal", "xb", opener=private_opener) as stream:
        stream.write(b"x")
    assert mode(tmp_path / "journal") == 0o600


def test_a_file_that_appears_whole_is_private(tmp_path: Path, umask: int) -> None:
    with atomic_file(tmp_path / "state" / "a", overwrite=False, private=True) as stream:
        stream.write(b"x")
    assert (mode(tmp_path / "state"), mode(tmp_path / "state" / "a")) == (0o700, 0o600)


@pytest.mark.parametrize("ours", [state_dir, cache_dir])
def test_what_an_older_version_left_open_is_closed(ours: object) -> None:
    folder = ours() / "sends" / "old"  # type: ignore[operator]
    folder.mkdir(parents=True)
    (folder / "file").write_bytes(b"x")
    for path in (folder, folder.parent, folder.parent.parent):
        path.chmod(0o755)
    private_folder(folder)
    assert [mode(path) for path in (folder, folder.parent, folder.parent.parent)] == [0o700] * 3
    with open(folder / "file", "ab", opener=private_opener):
        pass
    assert mode(folder / "file") == 0o600


def test_a_folder_that_the_user_chose_keeps_its_mode(tmp_path: Path) -> None:
    chosen = tmp_path / "shared"
    chosen.mkdir()
    chosen.chmod(0o750)
    private_folder(chosen / "spool")
    private_folder(chosen)
    assert (mode(chosen), mode(chosen / "spool")) == (0o750, 0o700)


def test_a_file_in_its_place_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    with pytest.raises(NotADirectoryError):
        private_folder(tmp_path / "a")
