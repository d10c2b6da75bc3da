"""What an archiver tells: events for the command line, and one judgement of its health."""

from __future__ import annotations

from dataclasses import dataclass, field

from tui.archiver.counters import Counters
from tui.archiver.upload import UploadState

_UPLOAD_AGE = 900.0  # seconds that a whole file may wait for its upload
_FINISH_SLACK = 30.0  # seconds that a message may wait for its sync, beyond two intervals
_ALONE = 30.0  # seconds without any nsqd


@dataclass(frozen=True, slots=True)
class Status:
    """The archiver now. `rate` in messages a second; `seconds` since its start."""

    counters: Counters = field(default_factory=Counters)
    uploads: UploadState = field(default_factory=UploadState)
    rate: float = 0.0
    seconds: float = 0.0
    sync_interval: float = 5.0
    stopping: bool = False

    @property
    def troubles(self) -> tuple[str, ...]:
        """Why it is not healthy; nothing if it is."""
        found = []
        if self.counters.oldest > 2 * self.sync_interval + _FINISH_SLACK:
            found.append(f"a message has waited {self.counters.oldest:.0f} s for its sync")
        if self.uploads.oldest > _UPLOAD_AGE:
            found.append(f"a file has waited {self.uploads.oldest:.0f} s for its upload ({self.uploads.trouble})")
        if self.counters.paused:
            found.append(f"no messages are taken: {self.counters.paused}")
        if self.counters.alone > _ALONE:
            found.append(f"no nsqd is connected for {self.counters.alone:.0f} s")
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence for the operator's log."""

    text: str


@dataclass(frozen=True, slots=True)
class Stopped:
    """The last event: the archiver has stopped in order. What is `left` files could not be uploaded yet."""

    status: Status
    left: int


Event = Status | Said | Stopped
