"""What to send and where to, before anything moves: the cargo and the order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tui.app.calendar.selection import Hours
from tui.app.session import Session
from tui.archive.location import command_words, locate_place
from tui.config import Config, NsqSpec, state_dir
from tui.errors import SendError
from tui.filter import Filter
from tui.nsq.address import split_address
from tui.send import (
    Destination,
    NsqTarget,
    SendOptions,
    Source,
    Survey,
    archive_source,
    configured_target,
    earlier_sends,
    file_source,
    parse_rate,
)
from tui.send import survey as look_at
from tui.send.preparation import Preparation, prepare

_CANARY = (1, 11)  # one record, then ten more
_LOOKUP = "lookupd="


@dataclass(frozen=True)
class Cargo:
    """What is to be sent. `open` may list or read, so it runs in a worker.

    `words` are the command line that sends it, but for where it goes.
    """

    title: str
    open: Callable[[], Source]
    words: tuple[str, ...]


@dataclass(frozen=True)
class Order:
    """Where and how: to a topic of an nsqd (named, or known to an nsqlookupd), or to a file."""

    way: NsqSpec = field(default_factory=NsqSpec)
    name: str = ""  # of the way, in the config
    topic: str = ""
    out: str = ""
    rate: str = ""
    max_depth: int | None = None
    canary: bool = False
    skip_oversize: bool = False

    @property
    def to_nsq(self) -> bool:
        """Is it said which topic, and where?"""
        return bool(self.where and self.topic and not self.out)

    @property
    def where(self) -> str:
        """As a person types it, and `read_way` reads it."""
        lookups = (f"{_LOOKUP}{address}" for address in self.way.lookupd_http_addresses)
        return self.name or " ".join((*self.way.nsqd_tcp_addresses, *lookups))

    @property
    def about(self) -> str:
        """What the name stands for, and whether it is TLS."""
        way = self.way
        places = ", ".join(way.nsqd_tcp_addresses or way.lookupd_http_addresses) if self.name else ""
        lookup = "looked up" if way.lookupd_http_addresses else ""
        return " · ".join(filter(None, (places, lookup, "TLS" if way.tls else "")))

    def target(self) -> tuple[NsqTarget, tuple[str, ...]]:
        """Looked up where it must be, over the network, and the nsqlookupds that are silent; SendError if it fails."""
        return configured_target(self.way, self.topic)

    def options(self) -> SendOptions:
        rate = parse_rate(self.rate) if self.rate else None
        return SendOptions(rate, self.max_depth, _CANARY if self.canary else (), skip_oversize=self.skip_oversize)

    def words(self) -> list[str]:
        """The command line's words for it."""
        if self.out:
            return ["-o", self.out]
        words = self._way_words()
        words += ["--topic", self.topic or "TOPIC"]
        words += ["--rate", self.rate] if self.rate else []
        words += ["--max-depth", str(self.max_depth)] if self.max_depth else []
        words += ["--skip-oversize"] if self.skip_oversize else []
        return [*words, "--canary"] if self.canary else words

    def _way_words(self) -> list[str]:
        if self.name or not self.where:
            return ["--nsqd-tcp-address", self.name or "HOST:PORT"]
        nsqds = (word for address in self.way.nsqd_tcp_addresses for word in ("--nsqd-tcp-address", address))
        lookups = (word for address in self.way.lookupd_http_addresses for word in ("--lookupd-http-address", address))
        return [*nsqds, *lookups]


def prepared_order(order: Order, source: Source, target: NsqTarget, found: Sequence[Destination]) -> Preparation:
    """The order as a send that is about to begin; a send of the same that was stopped is resumed."""
    folder = state_dir() / "journals"
    same = earlier_sends(folder, source, target.topic)
    resume = bool(same) and not same[-1].finished
    return prepare(folder, source, target, found, order.options(), resume=resume)


def surveyed_again(prepared: Preparation, survey: Survey) -> Survey:
    """What `survey` found, once the plan of the send is known: read again only if that leaves something out."""
    plan, largest = prepared.source.plan, survey.largest
    leaves_out = plan is not None and plan.max_message is not None and largest and largest.size > plan.max_message
    if plan is None or not (plan.unique or leaves_out):
        return survey
    return look_at(prepared.source, max_message=prepared.limits.largest, start=prepared.start, shapes=False)


def read_way(words: str, config: Config) -> tuple[str, NsqSpec]:
    """A name of the config, or addresses: `HOST:PORT …`, or `lookupd=HOST:PORT …`; SendError if they are mixed."""
    if words in config.nsq:
        return words, config.nsq[words]
    lookups = tuple(word.removeprefix(_LOOKUP) for word in words.split() if word.startswith(_LOOKUP))
    nsqds = tuple(word for word in words.split() if not word.startswith(_LOOKUP))
    if lookups and nsqds:
        raise SendError(f"give nsqds, or {_LOOKUP}HOST:PORT to have them looked up, and not both")
    for address in (*nsqds, *lookups):
        split_address(address)
    return "", NsqSpec(nsqds, (), lookups)


def cargo_of_hours(session: Session, hours: Hours, wanted: Filter) -> Cargo:
    """The matching records of some hours of an archive."""
    chunks = session.catalog.between(hours.start, hours.stop)
    words = command_words("send", session.location, hours.start, hours.stop, wanted.arguments())
    return Cargo(session.title, lambda: archive_source(session.archive, chunks, wanted), tuple(words))


def cargo_of_extract(session: Session, place: str) -> Cargo:
    """All of an extract."""

    location = locate_place(place, session.config, session.s3)

    def source() -> Source:
        archive, listing = location.open()
        return archive_source(archive, archive.catalog(listing=listing).chunks)

    return Cargo(place, source, tuple(command_words("send", location)))


def cargo_of_file(place: str) -> Cargo:
    """All of a file of lines."""
    return Cargo(place, lambda: file_source(Path(place).expanduser()), tuple(command_words("send", place)))
