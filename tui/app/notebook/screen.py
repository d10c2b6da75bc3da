"""The notebook: what was done in this archive. The entry under the cursor is shown; enter goes to where it was made."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from tui.app.model.hours import Selection
from tui.app.model.session import Session
from tui.app.notebook.entry_text import EntryText, plain, split
from tui.app.page import Page
from tui.app.records.peek import RecordsPane
from tui.app.requests import Leave, OpenArchive, OpenHour
from tui.app.terminal.clipboard import LARGEST_BYTES
from tui.app.widgets.cursor_list import ChoiceList
from tui.app.widgets.lines import Piece, both_ends, fit, shorten
from tui.app.widgets.paragraphs import Paragraphs
from tui.archive.times import parse_time
from tui.archive.writer import file_of_lines
from tui.errors import FilterError, HourscopeError
from tui.filter.filter_line import read_filter
from tui.history.extracts import find_extract
from tui.history.log import HistoryError
from tui.history.notebook import Spot, Written
from tui.history.redaction import not_there, redacted
from tui.history.words import age, ago
from tui.shell import shell_join, shell_word

_KIND = 13
_EMPTY = (
    "This notebook is empty.",
    "",
    "Scans, counts, comparisons and sends are added to it as you work, with their commands and results; "
    "; on any screen of the archive adds a note on what is under the cursor.",
)


class EntryList(ChoiceList):
    """One line per entry, the newest last."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "choose", "go there", id="open")]

    def __init__(self) -> None:
        super().__init__()
        self.entries: list[Written] = []

    def show(self, entries: list[Written]) -> None:
        self.entries = entries
        self.refresh(layout=True)
        self.go(len(entries) - 1)

    @property
    def length(self) -> int:
        return len(self.entries)

    @property
    def entry(self) -> Written | None:
        return self.entries[self.at] if self.entries else None

    def row(self, at: int, width: int) -> list[Piece]:
        entry, palette = self.entries[at], self.palette
        kind = entry.meta.kind if entry.meta else entry.heading.rpartition(" · ")[2]
        note = next((line[2:] for line in entry.lines if line.startswith("> ")), "") if kind == "note" else ""
        words = f"{plain(note)} · {plain(entry.headline)}" if note else plain(entry.headline)
        left: list[Piece] = [
            (fit(kind, _KIND), palette.name),
            (shorten(words, max(width - _KIND - 17, 10)), palette.strong if kind == "note" else palette.text),
        ]
        when = ago(age(entry.meta.at)) if entry.meta else ""
        return both_ends(left, [(f"{when:>14} ", palette.dim)], width)


class NotebookPage(Page):
    """The entries. enter goes to the hour, record or extract of an entry; y copies the notebook, w writes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "copy", "copy all", id="copy"),
        Binding("w", "write", "write to a file", id="write", priority=True),
    ]
    title_of_help = "The notebook"
    ASKING = frozenset({"write"})
    session: Session

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.list = EntryList()
        self.text = EntryText()
        self.records = RecordsPane(session.zone)
        self.words = Paragraphs(_EMPTY)

    def contents(self) -> list[Widget]:
        return [self.words, self.list, self.text, self.records]

    def on_mount(self) -> None:
        self._read()
        self.set_focus(self.list)

    def _read(self) -> None:
        try:
            self.show(self.session.notebook.read())
        except HistoryError as error:
            self.show([])
            self.report(str(error), bad=True)

    def show(self, entries: list[Written]) -> None:
        self.list.show(entries)
        self.words.display, self.list.display, self.text.display = not entries, bool(entries), bool(entries)
        self.header.show(self.session.name, "notebook", self._count())

    def on_choice_list_moved(self) -> None:
        self.text.show(self.list.entry)
        self.records.show(split(self.list.entry)[1] if self.list.entry else [], "the first records")

    def on_choice_list_chosen(self) -> None:
        entry = self.list.entry
        meta = entry.meta if entry else None
        if meta is None:
            self.report("it is unknown where this entry was made")
            return
        try:
            self._go(meta.spot)
        except HourscopeError as error:
            self.report(str(error), bad=True)

    def _go(self, spot: Spot) -> None:
        """Go to the extract if there is one, else to the record or the hour, with the entry's filter."""
        if spot.out is not None and (extract := find_extract(spot.out)) is not None:
            self.request(OpenArchive.of_place(extract.place, self.session.config))
            return
        session = self.session
        hour = parse_time(spot.hour, session.archive.zone) if spot.hour else session.place
        if hour is None:
            self.report("this entry belongs to no hour")
            return
        if spot.filter:
            session.filter = read_filter(shell_join(spot.filter))
        nearest = session.nearest(hour)
        if nearest is None or (nearest != hour and spot.key is not None):
            self.report(f"{spot.hour} no longer has a chunk", bad=True)
            return
        session.place = hour
        if spot.line is not None:
            session.lines[hour] = spot.line
        self.request(Leave())
        if spot.key is not None or spot.line is not None:
            self.request(OpenHour(session, nearest, session.chunks(nearest)))

    def action_copy(self) -> None:
        text = _markdown(self.list.entries)
        if len(text.encode()) > LARGEST_BYTES:
            self.report("the notebook is too large for a clipboard; w writes it to a file", bad=True)
            return
        self.copy(text, self._count())

    def _count(self) -> str:
        number = len(self.list.entries)
        return "1 entry" if number == 1 else f"{number:,} entries"

    def action_write(self) -> None:
        question = "write to file (--redact PATH blanks values):"
        self.ask(question, self._write, shell_word(f"{self.session.notebook.path.stem}.md"))

    def _write(self, text: str) -> str:
        name, paths = _file_and_paths(text)
        entries = self.list.entries
        missing = not_there(entries, paths)
        with file_of_lines(Path(name).expanduser(), overwrite=False) as file:
            file.write(_markdown(redacted(entries, paths)).encode("utf-8", "backslashreplace"))
        without = f" without the values of {', '.join(paths)}" if paths else ""
        return "; ".join([f"wrote {self._count()} to {name}{without}", *missing])

    @property
    def subject(self) -> str:
        return self.list.entry.heading if self.list.entry else self.title_of_help

    def explanation(self) -> tuple[str, ...]:
        entry = self.list.entry
        spot = entry.meta.spot if entry and entry.meta else None
        where = "its extract" if spot and spot.out else "its hour and filter"
        return (
            *((f"{plain(entry.headline)}: enter goes to {where}.",) if entry else ()),
            f"$ {shell_join(['hourscope', 'notebook', *self.session.location.words])}",
            "Scans, counts, comparisons and sends are appended as you work, with their commands, results, damage and "
            "at most three records of 500 bytes. ; adds a note on the hour, the record or the finding under the "
            "cursor. [notebook] in the config turns the notebook off, or leaves out records.",
            f"The notebook is a Markdown file: {self.session.notebook.path}.",
        )


def page(session: Session, _: Selection) -> NotebookPage:
    """Return the notebook screen of an archive."""
    return NotebookPage(session)


def _markdown(entries: Sequence[Written]) -> str:
    return "\n".join(entry.text for entry in entries)


def _file_and_paths(text: str) -> tuple[str, list[str]]:
    """Parse a file name followed by `--redact PATH` options. Raises FilterError for anything else."""
    try:
        name, *options = shlex.split(text) or [""]
    except ValueError as error:
        raise FilterError(f"missing closing quote in: {text}", text) from error
    paths = options[1::2]
    if not name or len(options) % 2 or set(options[::2]) - {"--redact"}:
        raise FilterError("type a file name, and --redact PATH for each field to blank", text)
    return name, paths
