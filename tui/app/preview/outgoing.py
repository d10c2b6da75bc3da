"""What leaves a preview: text to the clipboard, records to a file, to an extract, to the send."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from tui.app.calendar.selection import Hours
from tui.app.messages import refusal
from tui.app.preview.copying import MOST, gathered, passed_on
from tui.app.preview.saving import BY_HAND, Pick, save
from tui.app.screens.page import Page
from tui.app.widgets.key_menu import Answer, KeyMenu
from tui.app.work.ordering import cargo_of_extract, cargo_of_hours
from tui.app.work.scanning import default_out
from tui.archive.writer import names_folder
from tui.errors import HourscopeError
from tui.printable import spelled
from tui.units import plural, size

if TYPE_CHECKING:
    from tui.app.screens.preview import PreviewPage


class Outgoing:
    """Works for one preview. The marked records go where there are any, else those that match, else all."""

    def __init__(self, page: PreviewPage) -> None:
        self._page = page
        self.writing = False
        self.menu = KeyMenu()

    @property
    def title(self) -> str:
        """`12 marked records`, `37 matching records`, `5,000 records`."""
        showing = self._page.showing
        kind = "marked " if showing.marks else "matching " if showing.filtered else ""
        return plural(len(showing.matching), f"{kind}record")

    def _pick(self) -> Pick:
        page, showing = self._page, self._page.showing
        numbers = showing.matching[:]  # as it is now
        if showing.marks:
            return Pick(page.records, numbers, BY_HAND, partial=False)
        whole = page.whole and not showing.behind
        return Pick(page.records, numbers, tuple(showing.filter.arguments()), partial=not whole)

    # Copying.

    def copy(self) -> None:
        """Ask what."""
        page = self._page
        if page.listing.current is None:
            page.say("there is no record to copy")
            return
        value = Answer("v", "value", partial(self._copy_node, path=False, value=True))
        record = Answer("r", "record", partial(self._copy_node, path=False))
        here, other = (value, record) if page.nodes.has_focus else (record, value)
        answers = [
            replace(here, keys="y" + here.keys),
            other,
            Answer("p", "path", partial(self._copy_node, path=True)),
            Answer("a", self.title, self._copy_all),
            Answer("w", "to a file", self.write),
        ]
        self.menu.ask("copy", answers)

    def _copy_node(self, *, path: bool, value: bool = False) -> None:
        what, text = self._page.nodes.copied(path=path, value=value)
        if what:
            self._put(what, text)

    def _copy_all(self) -> None:
        pick = self._pick()
        text = gathered(pick.records[number] for number in pick.numbers)
        if text is None:
            self._page.say(f"{self.title} are more than a clipboard takes ({size(MOST)}); w writes a file", bad=True)
        else:
            self._put(self.title, text)

    def _put(self, what: str, text: str) -> None:
        """Into the clipboard, if it is not too much for one."""
        text = spelled(text)
        length = len(text.encode())
        if length > MOST:
            self._page.say(f"{size(length)} are more than a clipboard takes ({size(MOST)}); w writes a file", bad=True)
            return
        app = self._page.app
        app.copy_to_clipboard(text)
        if app._driver is not None and (sequence := passed_on(text, os.environ)):
            app._driver.write(sequence)
        self._page.say(f"copied {what}, {size(length)}, if this terminal lets us; w writes to a file")

    # Writing and sending.

    def write(self, out: str = "") -> None:
        page = self._page
        if not page.showing.matching:
            page.say("there is nothing to write: no record matches")
            return
        page.prompt.ask(f"{self.title} into a file (.gz, .zst) or folder/:", self._save, out)

    def scan(self) -> bool:
        """The marked records as an extract; False if none is marked, so that a real scan is wanted."""
        if self._page.showing.marks:
            self.write(self._place())
        return bool(self._page.showing.marks)

    def send(self) -> None:
        """An hour's matches are sent from the archive. What is marked, or of some of its chunks only, goes by way of
        an extract, so that a send that was cut short can go on tomorrow.
        """
        from tui.app.screens.send import SendPage

        page = self._page
        some = page.chunks != page.session.chunks(page.hour)
        if some and not page.showing.marks and (not page.whole or page.showing.behind):
            page.say("of one chunk only what was read is sent: G reads all of it, then p publishes it")
            return
        if not page.showing.marks and not some:
            hours = Hours.of(page.hour, page.hour)
            page.app.push_screen(SendPage(page.session, cargo_of_hours(page.session, hours, page.filter)))
            return
        out = self._place()
        cargo = cargo_of_extract(page.session, out)
        self._work(self._pick(), out, lambda: page.is_current and page.app.push_screen(SendPage(page.session, cargo)))

    def _place(self) -> str:
        """A new folder for what is chosen."""
        return default_out(f"{self._page.session.title}.chosen", self._page.hour)

    def _save(self, words: str) -> None:
        out, pick = words.strip(), self._pick()
        if not out:
            return
        rest = " (of those previewed; s scans all)" if pick.partial else ""
        kind = "as the extract" if names_folder(out) else "to"
        done = f"wrote {self.title} {kind} {out}{rest}"
        self._work(pick, out, lambda: self._tell(done))

    def _tell(self, done: str) -> None:
        """On whatever screen one is by now."""
        screen = self._page.app.screen
        (screen if isinstance(screen, Page) else self._page).say(done)

    def _work(self, pick: Pick, out: str, then: Callable[[], object]) -> None:
        page, explorer = self._page, self._page.explorer
        self.writing = True

        def work() -> None:
            try:
                save(pick, out, page.session, page.hour)
            except HourscopeError as error:
                explorer.post_message(refusal(error))
            else:
                explorer.call_from_thread(then)
            finally:
                self.writing = False

        page.run_worker(work, thread=True, exit_on_error=False, group="write")
