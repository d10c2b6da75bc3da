"""Opening an archive: wait for its listing, and choose a layout or topic if there are several."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from textual.message import Message
from textual.widget import Widget
from textual.worker import get_current_worker

from tui.app.model.jobs import Job
from tui.app.model.opening import make_demo, open_session
from tui.app.model.session import Session, place_name
from tui.app.page import Host, Page
from tui.app.requests import ChooseLayout, Failed, Refuse, ShowArchive
from tui.app.widgets.choices import Choice, Choices
from tui.app.widgets.paragraphs import Paragraphs
from tui.app.widgets.workers import stream
from tui.archive.detect import SeveralLayoutsError
from tui.archive.location import Location
from tui.config import Config
from tui.units import plural


@dataclass
class ArchiveListed(Message):
    """The place is listed: one archive to show, or several layouts to choose from."""

    answer: ShowArchive | ChooseLayout


class OpeningPage(Page):
    """Lists an archive; then the archive's calendar replaces this screen. A failure is shown here."""

    title_of_help = "Opening an archive"

    def __init__(
        self,
        url: str,
        locate: Callable[[], Location],
        config: Config,
        *,
        demo: bool = False,
        send: bool = False,
        only: bool = False,
    ) -> None:
        """`demo`: create the sample archive first if it is missing. `send`: plan a send of the whole archive. `only`: a
        failure ends the program, because nothing else was asked for."""
        super().__init__()
        self.url = url
        self.config = config
        self._locate, self._demo, self._send, self._only = locate, demo, send, only
        self._answer: ShowArchive | ChooseLayout | None = None  # kept while another screen is current
        self.place = place_name(url)
        self.words = Paragraphs((f"Listing {self.place} …", "", "Only names and sizes are read. esc cancels."))

    def contents(self) -> list[Widget]:
        return [self.words]

    def on_mount(self) -> None:
        self.header.show(self.place, "listing")
        stream(self, self._list(), "open")

    def _list(self) -> Iterator[ArchiveListed]:
        worker = get_current_worker()
        if self._demo and not make_demo(Path(self.url), lambda: worker.is_cancelled):
            return
        location = self._locate()
        self.sign_in(location.url, location.s3)
        try:
            assert isinstance(self.app, Host)
            opened = open_session(location, self.config, afresh=self._demo or self.app.tour is not None)
            yield ArchiveListed(ShowArchive(*opened, self.url, self._send))
        except SeveralLayoutsError as error:
            layouts = tuple(layout.pattern for layout in error.layouts)
            yield ArchiveListed(ChooseLayout(self.url, location, layouts, error.why))

    def on_archive_listed(self, message: ArchiveListed) -> None:
        self._answer = message.answer
        if self.is_current:
            self.request(message.answer)

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        if self._answer is not None:
            self.request(self._answer)

    def on_failed(self, message: Failed) -> None:
        message.prevent_default().stop()
        if self._only:
            self.request(Refuse(message.sentence))
        self.header.show(self.place, "not opened")
        self.words.show(("This archive could not be opened.", "", message.sentence, "", "esc goes back; ctrl+q quits."))

    def explanation(self) -> tuple[str, ...]:
        return (
            "The archive's objects are being listed: their names, sizes and times of upload. Nothing is downloaded.",
        )


class ChoicePage(Page):
    """A question and its answers; `chosen` is called with the value of the chosen answer."""

    def __init__(
        self, title: str, question: str, choices: list[Choice], chosen: Callable[[str], object], about: str
    ) -> None:
        super().__init__()
        self._title, self._question, self._about = title, question, about
        self.chosen = chosen
        self.title_of_help = question
        self.choices = Choices(choices)

    def contents(self) -> list[Widget]:
        return [Paragraphs((self._question, "", self._about)), self.choices]

    def on_mount(self) -> None:
        self.header.show(self._title)
        self.set_focus(self.choices)

    def on_choice_list_chosen(self) -> None:
        self.chosen(self.choices.value)

    def explanation(self) -> tuple[str, ...]:
        return (self._about,)


def choose_layout(request: ChooseLayout, reopen: Callable[[str], object]) -> ChoicePage:
    """Return a screen that asks which layout to use."""
    most = "" if request.why else "the most keys"
    choices = [Choice(layout, "" if at else most, layout) for at, layout in enumerate(request.layouts)]
    about = "This place has keys of several layouts. Choose one; keys of the others are left out."
    about = f"{request.why}." if request.why else about
    return ChoicePage(request.url, "Which layout?", choices, reopen, about)


def choose_topic(session: Session, topics: tuple[str, ...], reopen: Callable[[str], object]) -> ChoicePage:
    """Return a screen that asks which topic to show, or all, or another layout. The value is the layout to use."""
    archive = replace(session.archive, layout=session.archive.layout.without_field("topic"))
    choices = [Choice(topic, "", archive.topic_option(topic, session.catalog.chunks)) for topic in topics]
    own, words = archive.layout_option(), ("all topics", "together")
    choices.append(Choice(*(words if topics else (own, "this one")), own))
    if hosts := session.archive.hosts_option(topics):
        choices.append(Choice("these are hosts", "together, and do not ask again", hosts))
    choices += [Choice(layout, "another layout", layout) for layout in session.others]
    so_far = " These are the ones found in the hours listed so far." if session.catalog.unlisted else ""
    about = f"The calendar shows the hours, sizes and gaps of your choice.{so_far}"
    question = "Which topic?" if topics else "Which layout?"
    return ChoicePage(session.title, question, choices, reopen, about)


def choose_quit(running: Sequence[Job], chosen: Callable[[str], object]) -> ChoicePage:
    """Return a screen that asks whether to stay while jobs run, or to stop them and quit (value: `quit`)."""
    one = len(running) == 1
    question = f"A {running[0].kind} is still running." if one else f"{len(running)} jobs are still running."
    it, pronoun, have = ("it", "it", "it has") if one else ("them", "they", "they have")
    choices = [
        Choice("stay", f"{pronoun} {'keeps' if one else 'keep'} running; J shows {it}", ""),
        Choice(f"stop {it} and quit", f"home and 'hourscope jobs' list {it}; R resumes", "quit"),
    ]
    about = f"Stopping keeps on disk what {have} done; {pronoun} can be resumed later."
    return ChoicePage(plural(len(running), "running job"), question, choices, chosen, about)
