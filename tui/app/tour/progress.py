"""How far somebody is in the tour, in the state folder."""

from __future__ import annotations

from pathlib import Path

import msgspec

from tui.config import state_dir
from tui.errors import HourscopeError

_VERSION = 1


class _Saved(msgspec.Struct, frozen=True):
    version: int
    step: int


def _path() -> Path:
    return state_dir() / "tour.json"


def read_progress(steps: int) -> int:
    """The number of the step, from 0, to take the tour up at; 0 if it was never begun, was ended, or is unreadable."""
    try:
        saved = msgspec.json.decode(_path().read_bytes(), type=_Saved)
    except (OSError, msgspec.MsgspecError):
        return 0
    return saved.step if saved.version == _VERSION and 0 < saved.step < steps else 0


def write_progress(step: int) -> str:
    """Keep it; a sentence if it cannot be kept."""
    try:
        from tui.archive.local import private_folder

        private_folder(_path().parent)
        part = _path().with_suffix(".part")
        part.write_bytes(msgspec.json.encode(_Saved(_VERSION, step)))
        part.replace(_path())
    except (OSError, HourscopeError) as error:
        return f"the tour's progress cannot be kept: {error}"
    return ""
