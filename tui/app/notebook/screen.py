"""The notebook: what was done here, an entry under the cursor opened, and the way back to where it was made."""

from __future__ import annotations

import re
import textwrap
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from rich.style import Style
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tui.app.model.command import read_filter
from tui.app.model.session import Session
from tui.app.page import Page
from tui.app.records.few import RecordsPane
from tui.app.requests import Leave, OpenArchive, OpenHour
from tui.app.terminal.clipboard import LARGEST_BYTES
from tui.app.widgets.cursor_list import CursorList, ScrolledLines
from tui.app.widgets.lines import Piece, both_ends, fit, shorten, strip_of
from tui.app.widgets.theme import Palette
from tui.app.widgets.words import Words
from tui.archive.location import locate_place
from tui.archive.times import parse_time
from tui.archive.writer import file_of_lines
from tui.config import S3Options
from tui.errors import HourscopeError
from tui.history.extracts import find_extract
from tui.history.log import HistoryError
from tui.history.notebook import FIRST_RECORDS, Spot, Written
from tui.history.words import age, ago
from tui.shell import shell_join

_KIND = 13
_EMPTY = (
    "Nothing is in this notebook yet.",
    "",
    "Scans, counts, comparisons and sends are added to it as you work, with their commands and results; "
    "; on any screen of the archive adds a note on what is under the cursor.",
)


class EntryList(CursorList):
    """One line per entry, the newest last; posts `Moved` and `Chosen`."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "choose", "go there", id="open")]

    class Moved(Message):
        """Another entry is under the cursor."""

    class Chosen(Message):
        """Go to where it was made."""

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

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self.entries)

    @property
    def entry(self) -> Written | None:
        return self.entries[self.at] if self.entries else None

    def go(self, at: int) -> None:
        super().go(at)
        self.post_message(self.Moved())

    def action_choose(self) -> None:
        self.post_message(self.Chosen())

    def draw(self, y: int, width: int) -> Strip:
        self.keep_in_sight()
        at = y + self.top
        if at >= len(self.entries):
            return Strip.blank(width)
        entry, palette = self.entries[at], self.palette
        kind = entry.meta.kind if entry.meta else entry.heading.rpartition(" · ")[2]
        note = next((line[2:] for line in entry.lines if line.startswith("> ")), "") if kind == "note" else ""
        words = f"{_plain(note)} · {_plain(entry.headline)}" if note else _plain(entry.headline)
        left: list[Piece] = [
            (" ▸ " if at == self.at else "   ", palette.selected),
            (fit(kind, _KIND), palette.name),
            (shorten(words, max(width - _KIND - 20, 10)), palette.strong if kind == "note" else palette.text),
        ]
        when = ago(age(entry.meta.at)) if entry.meta else ""
        return strip_of(both_ends(left, [(f"{when:>14} ", palette.dim)], width), width, self.ground(at))


class EntryText(ScrolledLines):
    """The entry under the cursor, but for its records."""

    def __init__(self) -> None:
        super().__init__()
        self._entry: Written | None = None

    def show(self, entry: Written | None) -> None:
        """With records below it is as high as its lines; else it takes all the room."""
        self._entry, self.top = entry, 0
        self.styles.height = "auto" if entry is not None and _split(entry)[1] else "1fr"
        self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self.lines(width))

    def lines(self, width: int) -> list[list[Piece]]:
        entry, palette = self._entry, self.palette
        if entry is None:
            return []
        bar = both_ends([(f" {entry.heading}", palette.title)], [("enter goes there ", palette.bar_dim)], width)
        lines: list[list[Piece]] = [[], [(text, style + palette.cursor_idle) for text, style in bar], []]
        for line in _split(entry)[0]:
            text, style = _styled(line, palette)
            lines += [[("  ", style), (part, style)] for part in _wrapped(text, max(width - 4, 20))]
        return lines


def _styled(line: str, palette: Palette) -> tuple[str, Style]:
    """A line of an entry as it is drawn: Markdown's signs tell what it is."""
    if line.startswith("    "):
        return line[4:], palette.string if line.startswith("    hourscope ") else palette.text
    if line.startswith("> "):
        return _plain(line).lstrip("> "), palette.strong
    if line.startswith("- "):
        return f"! {_plain(line)[2:]}", palette.trouble
    return _plain(line), palette.headline if line.startswith("**") else palette.text


def _split(entry: Written) -> tuple[list[str], list[bytes]]:
    """The lines of an entry without its records, and those."""
    lines, records, in_records = [], [], False
    for line in entry.lines:
        in_records = line == FIRST_RECORDS or (in_records and (not line or line.startswith("    ")))
        if in_records:
            records += [line[4:].encode()] if line.startswith("    ") else []
        else:
            lines.append(line)
    return lines, records


class NotebookPage(Page):
    """enter leads back to the hour, record or extract of an entry; y copies the notebook, w writes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "copy", "copy it", id="copy"),
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
        self.words = Words(_EMPTY)

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

    def on_entry_list_moved(self) -> None:
        self.text.show(self.list.entry)
        self.records.show(_split(self.list.entry)[1] if self.list.entry else [], "the first records")

    def on_entry_list_chosen(self) -> None:
        entry = self.list.entry
        meta = entry.meta if entry else None
        if meta is None:
            self.report("where this entry was made is not known")
            return
        try:
            self._go(meta.spot)
        except HourscopeError as error:
            self.report(str(error), bad=True)

    def _go(self, spot: Spot) -> None:
        """To the extract if there is one, else to the record or the hour, with the filter of then."""
        if spot.out is not None and (extract := find_extract(spot.out)) is not None:
            self.request(OpenArchive(extract.place, locate_place(extract.place, self.session.config, S3Options())))
            return
        session = self.session
        hour = parse_time(spot.hour, session.archive.zone) if spot.hour else session.place
        if hour is None:
            self.report("this entry is not about an hour")
            return
        if spot.filter:
            session.filter = read_filter(shell_join(spot.filter))
        nearest = session.nearest(hour)
        if nearest is None or (nearest != hour and spot.key is not None):
            self.report(f"{spot.hour} has no chunk any more", bad=True)
            return
        session.place = hour
        if spot.line is not None:
            session.line = (hour, spot.line)
        self.request(Leave())
        if spot.key is not None or spot.line is not None:
            self._open(nearest)

    def _open(self, hour: datetime) -> None:
        self.request(OpenHour(self.session, hour, self.session.chunks(hour)))

    def _all(self) -> str:
        return "\n".join(entry.text for entry in self.list.entries)

    def action_copy(self) -> None:
        text = self._all()
        if len(text.encode()) > LARGEST_BYTES:
            self.report("the notebook is too large for a clipboard; w writes it to a file", bad=True)
            return
        self.copy(text, self._count())

    def _count(self) -> str:
        number = len(self.list.entries)
        return "1 entry" if number == 1 else f"{number:,} entries"

    def action_write(self) -> None:
        self.ask("write it to a file:", self._write, f"{self.session.notebook.path.stem}.md")

    def _write(self, text: str) -> str:
        target = Path(text.strip()).expanduser()
        with file_of_lines(target, overwrite=False) as file:
            file.write(self._all().encode("utf-8", "backslashreplace"))
        return f"wrote {self._count()} to {target}; 'hourscope notebook --redact PATH' blanks values"

    @property
    def subject(self) -> str:
        return self.list.entry.heading if self.list.entry else self.title_of_help

    def explanation(self) -> tuple[str, ...]:
        entry = self.list.entry
        spot = entry.meta.spot if entry and entry.meta else None
        where = "the extract that it made" if spot and spot.out else "the hour and the filter that it was made with"
        return (
            *((f"{_plain(entry.headline)}: enter leads to {where}.",) if entry else ()),
            f"$ {shell_join(['hourscope', 'notebook', *self.session.location.words])}",
            "Scans, counts, comparisons and sends are appended as you work, with their commands, results and damage; "
            "of records at most three of 500 bytes. ; adds a note on the hour, the record or the finding under the "
            "cursor. [notebook] in the config turns it off, or leaves out records.",
            f"It is the Markdown file {self.session.notebook.path}.",
        )


def _plain(text: str) -> str:
    """Markdown's escapes and bold away."""
    out, escaped = [], False
    for character in text.replace("**", ""):
        if character == "\\" and not escaped:
            escaped = True
            continue
        out.append(character)
        escaped = False
    return "".join(out)


def _wrapped(text: str, width: int) -> list[str]:
    """Lines of at most so many characters, below what follows a label; rows of a table, which are indented, are cut."""
    if not text or text.lstrip() != text:
        return [text[:width]]
    label = re.match(r"\S+ {2,}", text)
    return textwrap.wrap(text, width, subsequent_indent=" " * label.end() if label else "", break_on_hyphens=False)
