"""What workers tell the screens: small frozen facts, posted from threads."""

from __future__ import annotations

from dataclasses import dataclass

from textual.message import Message

from tui.app.preview.judging import Judgement
from tui.app.preview.reading import Limit
from tui.app.session import Session
from tui.app.work.ordering import Order
from tui.app.work.scanning import ScanState
from tui.errors import HourscopeError
from tui.filter import Filter
from tui.scan import ChunkDamaged, Estimate, ScanPlan
from tui.send import Destination, Earlier, NsqTarget, SendEvent, Source, Survey


@dataclass
class Opened(Message):
    """The archive that was asked for as `url` is listed."""

    url: str
    session: Session
    told: str = ""


@dataclass
class Failed(Message):
    """Something could not be done; `sentence` is for a person."""

    sentence: str


def refusal(error: HourscopeError) -> Failed:
    """What the core says, without the command line's options."""
    return Failed(str(error).removesuffix(" or add --force"))


class RecordsRead(Message):
    """The preview has more records."""

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, RecordsRead)


@dataclass
class ChunkTorn(Message):
    """A chunk ended before its end."""

    damaged: ChunkDamaged


@dataclass
class ReadingPaused(Message):
    """The preview read as far as it was asked to, or (`ended`) as far as it can: to the hour's end, to the `limit`
    of what a preview holds, or until `trouble` broke it off."""

    ended: bool
    trouble: str = ""
    limit: Limit | None = None


@dataclass
class Judged(Message):
    """Which records the filter keeps, of some more."""

    filter: Filter
    found: Judgement


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
    """What is at an order's destination, and the journal that goes on there; or what is wrong with it.

    `warnings` are of the destination and of earlier sends of the same records.
    """

    order: Order
    target: NsqTarget | None = None
    destinations: tuple[Destination, ...] = ()
    earlier: Earlier | None = None
    warnings: tuple[str, ...] = ()
    trouble: str = ""


@dataclass
class SendMoved(Message):
    """A send got further, or ended."""

    event: SendEvent
