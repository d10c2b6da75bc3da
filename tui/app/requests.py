"""Requests of a screen to the explorer, and messages of widgets and threads to a screen.

Requests are answered at once, not posted: a key that is typed ahead must go to the screen that the previous key
opens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from textual.binding import Binding
from textual.message import Message
from textual.screen import Screen

from tui.app.model.cargo import Cargo
from tui.app.model.counts import Series
from tui.app.model.exhibit import Exhibit
from tui.app.model.hours import Selection
from tui.app.model.jobs import Job
from tui.app.model.session import Session
from tui.archive import Chunk
from tui.archive.location import Location, locate_place
from tui.config import Config, S3Options
from tui.errors import HourscopeError, OutputError
from tui.history.stopped import Unfinished


class Request:
    """Something that only the explorer can do."""


class OpeningRequest(Request):
    """A request about opening an archive."""


@dataclass(frozen=True)
class OpenArchive(OpeningRequest):
    """Show an archive's calendar. `url`: a name from the config, or a location as typed; `location`: if known.

    `send`: also plan a send of the whole archive (used for extracts).
    """

    url: str
    location: Location | None = None
    send: bool = False

    @classmethod
    def of_place(cls, place: str, config: Config, s3: S3Options | None = None, *, send: bool = False) -> OpenArchive:
        """Return the request for an extract, whose place is not a name in the config."""
        return cls(place, locate_place(place, config, s3 or S3Options()), send)


@dataclass(frozen=True)
class AddArchive(Request):
    """Show the form that adds an archive to the config."""


@dataclass(frozen=True)
class ArchiveAdded(OpeningRequest):
    """An archive was added to the config: use the new config, and go back."""

    name: str
    config: Config


@dataclass(frozen=True)
class ShowArchive(OpeningRequest):
    """The archive `url` is listed: show its calendar in place of the screen that asks.

    `remembered` is a sentence about where the archive was left.
    """

    session: Session
    remembered: str
    url: str
    send: bool = False


@dataclass(frozen=True)
class ChooseLayout(OpeningRequest):
    """Ask which of several layouts to use. `why`: what the keys leave open, if every layout fits them."""

    url: str
    location: Location
    layouts: tuple[str, ...]
    why: str = ""


@dataclass(frozen=True)
class Refuse(OpeningRequest):
    """End the program with a sentence: the only archive that was asked for cannot be opened."""

    sentence: str


@dataclass(frozen=True)
class ChooseTopic(OpeningRequest):
    """Ask which topic of an archive to show, or whether to show all."""

    session: Session


@dataclass(frozen=True)
class OpenDemo(OpeningRequest):
    """Show the sample archive's calendar; create the archive if it is missing. `tour`: start or resume the tour."""

    tour: bool = False


@dataclass(frozen=True)
class OpenHour(Request):
    """Preview an hour, or some of its chunks."""

    session: Session
    hour: datetime
    chunks: tuple[Chunk, ...]


@dataclass(frozen=True)
class PlanScan(Request):
    """Plan a scan of some hours with the session's filter. `out`: the output, if one was typed."""

    session: Session
    hours: Selection
    out: str = ""


@dataclass(frozen=True)
class PlanIndex(Request):
    """Plan to index some hours."""

    session: Session
    hours: Selection


@dataclass(frozen=True)
class ShowScreen(Request):
    """Show the screen that `page(session, hours)` of `tui/app/NAME/screen.py` returns."""

    name: str
    session: Session
    hours: Selection = field(default_factory=Selection)


@dataclass(frozen=True)
class PlanSend(Request):
    """Plan a send. `instead`: replace the screen that asks."""

    session: Session
    cargo: Cargo
    instead: bool = False


@dataclass(frozen=True)
class ResumeJob(Request):
    """Resume a job that an earlier run, or the command line, left unfinished."""

    job: Unfinished


@dataclass(frozen=True)
class ShowJobs(Request):
    """List all jobs."""


@dataclass(frozen=True)
class ShowJob(Request):
    """Go to the screen of a job."""

    job: Job


@dataclass(frozen=True)
class KeepJob(Request):
    """A job starts or is resumed: keep its screen when it is left."""

    job: Job
    screen: Screen[None]


@dataclass(frozen=True)
class JobMoved(Request):
    """A job made progress or ended: the current screen shows it."""

    job: Job


@dataclass(frozen=True)
class RefreshJobs(Request):
    """Another screen is current: it shows the jobs of other screens."""


@dataclass(frozen=True)
class ShowHelp(Request):
    """Show the keys of a screen."""

    title: str
    bindings: tuple[Binding, ...]


@dataclass(frozen=True)
class Explain(Request):
    """Explain the thing under the cursor: paragraphs in plain words, then commands, which start with `$ `.

    The exhibit is shown before the commands, once it has been read.
    """

    title: str
    paragraphs: tuple[str, ...]
    exhibit: Iterator[Exhibit]


@dataclass(frozen=True)
class AskHint(Request):
    """Show a hint for the current step of the tour."""


@dataclass(frozen=True)
class Leave(Request):
    """Leave this screen; from the last one, quit the program."""


# Messages to the screen of a widget or, through the app, to the current screen.


@dataclass
class Report(Message):
    """Show a sentence."""

    sentence: str


@dataclass
class Failed(Message):
    """Something failed; `sentence` is shown. `output`: the failure is about the output's place."""

    sentence: str
    output: bool = False


@dataclass
class CountedMore(Message):
    """Counts over time, more complete than the previous ones."""

    series: Series


def refusal(error: HourscopeError) -> Failed:
    """Return the core's error as a message, without the command line's options."""
    return Failed(str(error).removesuffix(" or add --force"), isinstance(error, OutputError))


Answering = Callable[[str], str | None]
"""Takes the typed text; returns a sentence to show, or None. Raises HourscopeError to refuse the text."""


@dataclass
class Ask(Message):
    """Ask a question on the screen's last line."""

    question: str
    answer: Answering
