"""What to send and where to, before anything moves: the cargo and the order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tui.app.selection import Hours
from tui.app.session import Session
from tui.archive import open_archive
from tui.archive.times import spell_hour
from tui.filter import Filter
from tui.send import NsqTarget, SendOptions, Source, archive_source, file_source, parse_rate

_CANARY = (1, 11)  # one record, then ten more


@dataclass(frozen=True)
class Cargo:
    """What is to be sent. `open` may list or read, so it runs in a worker; `words` name it on the command line."""

    title: str
    open: Callable[[], Source]
    words: tuple[str, ...]


@dataclass(frozen=True)
class Order:
    """Where and how: to a topic of an nsqd, or to a file."""

    address: str = ""
    topic: str = ""
    out: str = ""
    rate: str = ""
    max_depth: int | None = None
    canary: bool = False

    @property
    def target(self) -> NsqTarget | None:
        return NsqTarget(self.topic, (self.address,)) if self.address and self.topic and not self.out else None

    def options(self) -> SendOptions:
        rate = parse_rate(self.rate) if self.rate else None
        return SendOptions(rate, self.max_depth, _CANARY if self.canary else ())

    def words(self) -> list[str]:
        """The command line's words for it."""
        if self.out:
            return ["-o", self.out]
        words = ["--nsqd-tcp-address", self.address or "HOST:PORT", "--topic", self.topic or "TOPIC"]
        words += ["--rate", self.rate] if self.rate else []
        words += ["--max-depth", str(self.max_depth)] if self.max_depth else []
        return [*words, "--canary"] if self.canary else words


def cargo_of_hours(session: Session, hours: Hours, wanted: Filter) -> Cargo:
    """The matching records of some hours of an archive."""
    chunks = session.catalog.between(hours.start, hours.stop)
    span = ("--from", spell_hour(hours.start), "--to", spell_hour(hours.stop))
    words = (session.title, *span, *wanted.arguments())
    return Cargo(session.title, lambda: archive_source(session.archive, chunks, wanted), words)


def cargo_of_extract(session: Session, place: str) -> Cargo:
    """All of an extract."""

    def source() -> Source:
        archive = open_archive(place, s3=session.s3)
        return archive_source(archive, archive.catalog().chunks)

    return Cargo(place, source, (place,))


def cargo_of_file(place: str) -> Cargo:
    """All of a file of lines."""
    return Cargo(place, lambda: file_source(Path(place).expanduser()), (place,))
