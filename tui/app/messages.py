"""What workers tell the screens: small frozen facts, posted from threads."""

from __future__ import annotations

from dataclasses import dataclass

from textual.message import Message

from tui.app.reading import Batch, Limit, Torn
from tui.app.scanning import ScanState
from tui.app.session import Session
from tui.filter import Filter
from tui.scan import Estimate, ScanPlan
from tui.send import Destination, Earlier, SendEvent, Source, Survey


@dataclass
class Opened(Message):
    """The archive that was asked for as `url` is listed."""

    url: str
    session: Session


@dataclass
class Failed(Message):
    """Something could not be done; `sentence` is for a person."""

    sentence: str


@dataclass
class RecordsRead(Message):
    """The preview has more records."""

    batch: Batch


@dataclass
class ChunkTorn(Message):
    """A chunk ended before its end."""

    torn: Torn


@dataclass
class ReadingPaused(Message):
    """The preview read as far as it was asked to, or (`ended`) as far as it can: to the hour's end, to the `limit`
    of what a preview holds, or until `trouble` broke it off."""

    ended: bool
    trouble: str = ""
    limit: Limit | None = None


@dataclass
class Judged(Message):
    """Which of the records [start, end) the filter keeps."""

    filter: Filter
    start: int
    end: int
    hits: tuple[int, ...]


@dataclass
class Estimated(Message):
    """What a plan will find, take and cost; or, where the sample could not be read, why."""

    plan: ScanPlan
    estimate: Estimate | None
    trouble: str = ""


@dataclass
class ScanMoved(Message):
    """A scan got further; only the newest counts."""

    state: ScanState

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, ScanMoved)


@dataclass
class Counted(Message):
    """What a send would send, as far as it was read."""

    source: Source
    survey: Survey


@dataclass
class Checked(Message):
    """What is at the destination, and whether the same was sent there before."""

    destination: Destination
    earlier: Earlier | None


@dataclass
class SendMoved(Message):
    """A send got further, or ended."""

    event: SendEvent
