"""What a screen may ask the explorer for, and the messages by which what is below a screen asks that screen.

Requests are answered at once, not posted: a key that was typed ahead must go to the screen that the key before it
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
from tui.archive.location import Location
from tui.config import Config
from tui.errors import HourscopeError, OutputError
from tui.history.stopped import Unfinished


class Request:
    """What only the explorer can do."""


class OpeningRequest(Request):
    """The same, about opening an archive."""


@dataclass(frozen=True)
class OpenArchive(OpeningRequest):
    """Show an archive's calendar. `url`: a name of the config, or a location as it is typed; `location`: if known.

    `send`: plan a send of all of it, as of an extract.
    """

    url: str
    location: Location | None = None
    send: bool = False


@dataclass(frozen=True)
class AddArchive(Request):
    """Show the form that adds an archive to the config."""


@dataclass(frozen=True)
class ArchiveAdded(OpeningRequest):
    """The config names one more archive: use it, and go back."""

    name: str
    config: Config


@dataclass(frozen=True)
class ShowArchive(OpeningRequest):
    """The archive that was asked for as `url` is listed: show its calendar, in the place of the screen that asks.

    `remembered` is a sentence about where it was left.
    """

    session: Session
    remembered: str
    url: str
    send: bool = False


@dataclass(frozen=True)
class ChooseLayout(OpeningRequest):
    """Ask which of several layouts in one place is meant. `why`: what the keys do not tell, if all read them."""

    url: str
    location: Location
    layouts: tuple[str, ...]
    why: str = ""


@dataclass(frozen=True)
class Refuse(OpeningRequest):
    """End the program with a sentence: all that was asked for cannot be opened."""

    sentence: str


@dataclass(frozen=True)
class ChooseTopic(OpeningRequest):
    """Ask which topic of an archive is shown, or whether all are."""

    session: Session


@dataclass(frozen=True)
class OpenDemo(OpeningRequest):
    """Show the sample archive's calendar; make the archive first if it is not there. `tour`: take, or take up, it."""

    tour: bool = False


@dataclass(frozen=True)
class OpenHour(Request):
    """Preview an hour, or some of its chunks."""

    session: Session
    hour: datetime
    chunks: tuple[Chunk, ...]


@dataclass(frozen=True)
class PlanScan(Request):
    """Plan a scan of some hours with the session's filter; `out`: where to, if that was asked for."""

    session: Session
    hours: Selection
    out: str = ""


@dataclass(frozen=True)
class ShowScreen(Request):
    """Show what `page(session, hours)` of `tui/app/NAME/screen.py` makes: a screen of an archive, about some hours."""

    name: str
    session: Session
    hours: Selection = field(default_factory=Selection)


@dataclass(frozen=True)
class PlanSend(Request):
    """Plan a send; `instead`: in the place of the screen that asks."""

    session: Session
    cargo: Cargo
    instead: bool = False


@dataclass(frozen=True)
class ResumeJob(Request):
    """Resume what an earlier run, or another front end, has left."""

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
    """A job begins or is resumed: keep its screen when it is left."""

    job: Job
    screen: Screen[None]


@dataclass(frozen=True)
class JobMoved(Request):
    """A job got further, or ended: the screen in front shows it."""

    job: Job


@dataclass(frozen=True)
class RefreshJobs(Request):
    """Another screen is in front: it shows the jobs that run elsewhere."""


@dataclass(frozen=True)
class ShowHelp(Request):
    """Show the keys of a screen."""

    title: str
    bindings: tuple[Binding, ...]


@dataclass(frozen=True)
class Explain(Request):
    """Show what is under the cursor, in plain words: a paragraph each, and commands that begin with `$ `. Before these
    comes what there is to look at, once it was read."""

    title: str
    paragraphs: tuple[str, ...]
    exhibit: Iterator[Exhibit]


@dataclass(frozen=True)
class AskHint(Request):
    """Show a hint for the present step of the tour."""


@dataclass(frozen=True)
class Leave(Request):
    """Leave this screen; from the last one, leave the program."""


# Messages, to the screen above a widget, or by way of the app to the screen in front.


@dataclass
class Report(Message):
    """Show a sentence."""

    sentence: str


@dataclass
class Failed(Message):
    """Something could not be done; `sentence` is for a person. `output`: it is about the place that is written."""

    sentence: str
    output: bool = False


@dataclass
class CountedMore(Message):
    """Counts over time, better ones than before."""

    series: Series


def refusal(error: HourscopeError) -> Failed:
    """What the core reports, without the command line's options."""
    return Failed(str(error).removesuffix(" or add --force"), isinstance(error, OutputError))


Answering = Callable[[str], str | None]
"""Takes what was typed; returns a sentence to be shown, or nothing. HourscopeError: why it is refused."""


@dataclass
class Ask(Message):
    """Ask a question on the screen's last line; `value` can be typed on."""

    question: str
    answer: Answering
    value: str = ""
