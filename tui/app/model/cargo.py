"""What leaves an archive: the records of a send, and the place of a new extract."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tui.app.model.hours import Hours, Selection
from tui.app.model.session import Session
from tui.archive import Archive, Chunk
from tui.archive.location import command_words, locate_place
from tui.archive.topics import named_topics, topics_of
from tui.config import extracts_dir
from tui.errors import ArchiveError
from tui.filter import Filter
from tui.history.naming import extract_name
from tui.send import Source, archive_source, file_source


@dataclass(frozen=True)
class Cargo:
    """The records to send. `open` may list or read, so it runs in a worker.

    `words`: the command line that sends it, without the destination. `filtered`: returns the cargo for another filter.
    """

    title: str
    open: Callable[[], Source]
    words: tuple[str, ...]
    filtered: Callable[[Filter], Cargo] | None = None


def cargo_of_hours(session: Session, hours: Hours, filter_: Filter) -> Cargo:
    """Return the matching records of some hours; a range with minutes selects by the time in the records."""
    selection = Selection.of(hours)
    chunks, filter_ = selection.chunks(session.catalog), session.filter_within(selection, filter_)
    words = command_words("send", session.location, hours.start, hours.stop, filter_.arguments())
    source = partial(_one_topic, session.archive, chunks, filter_)
    return Cargo(session.title, source, tuple(words), partial(cargo_of_hours, session, hours))


def cargo_of_extract(session: Session, place: str) -> Cargo:
    """Return all records of an extract."""
    location = locate_place(place, session.config, session.s3)

    def source() -> Source:
        archive, listing = location.open()
        return _one_topic(archive, archive.catalog(listing=listing).chunks)

    return Cargo(place, source, tuple(command_words("send", location)))


def _one_topic(archive: Archive, chunks: Sequence[Chunk], filter_: Filter | None = None) -> Source:
    """Return the records of these chunks. Like `hourscope send`, raises ArchiveError if they have several topics."""
    if len(topics := topics_of(chunks)) > 1:
        choose = "a send takes one: t on the calendar chooses it"
        raise ArchiveError(f"these hours hold {named_topics(topics)}; {choose}")
    return archive_source(archive, chunks, filter_)


def cargo_of_file(place: str) -> Cargo:
    """Return all lines of a file."""
    return Cargo(place, lambda: file_source(Path(place).expanduser()), tuple(command_words("send", place)))


def default_out(session: Session, filter_: Filter, hours: Hours, words: str = "") -> str:
    """Return a new folder for an extract, below the state folder, named after the archive, the filter and the time.

    `words` replace the filter in the name.
    """
    name = extract_name(session.title, filter_, hours.start, hours.stop, session.config.filters, words)
    base = extracts_dir() / name
    number, path = 1, base
    while path.exists():
        number += 1
        path = base.with_name(f"{base.name}.{number}")
    return f"{path}/"
