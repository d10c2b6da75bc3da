"""The archiver's reports: events for the command line, and its health."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from tui.archiver.counters import Counters
from tui.archiver.upload import UploadState
from tui.units import plural

_UPLOAD_AGE_SECONDS = 900.0  # maximum wait of a whole file for its upload
_FINISH_SLACK_SECONDS = 30.0  # maximum wait of a message for its sync, beyond two intervals
_ALONE_SECONDS = 30.0  # maximum without any nsqd
SILENT_SECONDS = 30.0  # maximum without activity of a consuming process, or the archiver itself
MAX_DEATHS = 3  # of consuming processes, within DEATHS_SECONDS
DEATHS_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Status:
    """The archiver's state. `rate`: messages per second; `seconds` since its start; `deaths`: recent process deaths."""

    counters: Counters = field(default_factory=Counters)
    uploads: UploadState = field(default_factory=UploadState)
    rate: float = 0.0
    seconds: float = 0.0
    sync_interval: float = 5.0
    stopping: bool = False
    deaths: int = 0

    @property
    def troubles(self) -> tuple[str, ...]:
        """Why the archiver is unhealthy now, with the causes if known; empty if it is healthy."""
        troubles = []
        silent = time.monotonic() - self.counters.seen
        if silent > SILENT_SECONDS and not self.stopping:
            troubles.append(f"a consuming process, or the archiver, has done nothing for {silent:.0f} s")
        if self.deaths >= MAX_DEATHS:
            troubles.append(f"consuming processes died {self.deaths} times in five minutes")
        if self.counters.oldest > 2 * self.sync_interval + _FINISH_SLACK_SECONDS:
            troubles.append(f"a message has waited {self.counters.oldest:.0f} s for its sync")
        if self.uploads.oldest > _UPLOAD_AGE_SECONDS:
            why = self.uploads.trouble or "still in progress"
            troubles.append(f"a file has waited {self.uploads.oldest:.0f} s for its upload ({why})")
        if self.counters.paused:
            troubles.append(f"no messages are taken: {self.counters.paused}")
        why = f" ({self.counters.lost})" if self.counters.lost else ""
        if self.counters.alone > _ALONE_SECONDS:
            troubles.append(f"no nsqd has been connected for {self.counters.alone:.0f} s{why}")
        elif self.counters.missing:
            troubles.append(f"{plural(self.counters.missing, 'nsqd')} not reached for more than a minute{why}")
        return tuple(troubles)

    @property
    def notes(self) -> tuple[str, ...]:
        """Current problems, even if the archiver is healthy: `troubles`, and causes that these do not include."""
        troubles = self.troubles
        causes = (self.counters.paused, self.uploads.trouble, self.counters.lost)
        return *troubles, *(cause for cause in causes if cause and not any(cause in trouble for trouble in troubles))


@dataclass(frozen=True, slots=True)
class LogNotice:
    """A sentence for the operator's log."""

    text: str


@dataclass(frozen=True, slots=True)
class Stopped:
    """The last event: the archiver has stopped. `left` files are not uploaded yet.

    If an upload or a disk `hangs`, its threads would keep the process alive: exit with os._exit.
    """

    status: Status
    left: int
    hangs: bool = False


Event = Status | LogNotice | Stopped
