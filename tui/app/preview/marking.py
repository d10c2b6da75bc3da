"""Marking records of a preview: one, or all that have the same value."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from functools import partial
from typing import TYPE_CHECKING

from textual.worker import get_current_worker

from tui.app.preview.judging import judge
from tui.app.preview.records import RecordsGone
from tui.app.preview.tree import Path, outside
from tui.errors import FilterError
from tui.filter import Filter
from tui.filter.build import term_of
from tui.units import count, plural

if TYPE_CHECKING:
    from tui.app.screens.preview import PreviewPage


class Marking:
    """Works for one preview."""

    def __init__(self, page: PreviewPage) -> None:
        self._page = page
        self._waiting = dict(page.session.marks)  # of an earlier visit, whose lines are not read yet

    def restore(self) -> None:
        """The marks of an earlier visit, as far as their lines are here again."""
        for chunk, numbers in self._page.records.parts() if self._waiting else ():
            lines = self._waiting.get(chunk.key)
            if lines and lines[0] < len(numbers):
                read = bisect_left(lines, len(numbers))
                flags = bytearray(numbers.stop)
                for line in lines[:read]:
                    flags[numbers.start + line] = 1
                self._page.showing.marks.add(flags)
                self._waiting[chunk.key] = lines[read:]

    def keep(self) -> None:
        """For the next visit."""
        rows, kept = self._page.showing.marks.rows, self._page.session.marks
        for chunk, numbers in self._page.records.parts():
            first, last = bisect_left(rows, numbers.start), bisect_left(rows, numbers.stop)
            lines = array("I", (row - numbers.start for row in rows[first:last]))
            kept[chunk.key] = lines + self._waiting.get(chunk.key, array("I"))

    def one(self) -> None:
        """Mark the record under the cursor, or take its mark away; the cursor goes on to the next."""
        page = self._page
        number = page.listing.current
        if number is None:
            page.say("there is no record to mark")
            return
        page.showing.marks.toggle(number)
        if not page.showing.marked:
            page.listing.action_move(1)
        page.show()

    def alike(self) -> None:
        """Mark every record that has the value under the tree's cursor at the same path."""
        page, row = self._page, self._page.nodes.current
        if row is None or not row.path or row.embedded or row.large:
            page.say("put the tree's cursor on a value: a comma marks all records that have it")
            return
        job = partial(self._find, outside(row.path), row.value)
        page.run_worker(job, thread=True, exit_on_error=False, group="mark", exclusive=True)

    def _find(self, path: Path, value: object) -> None:
        page, worker = self._page, get_current_worker()
        flags, found, seen = bytearray(len(page.records)), 0, 0
        try:
            term = term_of(path, value)
            for part in judge(Filter((term,)), page.records):
                if worker.is_cancelled:
                    return
                if part is not None:
                    flags.extend(bytes(max(part.end - len(flags), 0)))
                    for number in part.hits:
                        flags[number] = 1
                    found, seen = found + len(part.hits), part.end
        except RecordsGone:
            return
        except FilterError as error:
            page.app.call_from_thread(page.say, str(error), bad=True)
            return
        words = f"marked {plural(found, 'record')} with {term.text}, of {count(seen)} previewed"
        page.app.call_from_thread(self._found, flags, words)

    def _found(self, flags: bytearray, words: str) -> None:
        self._page.showing.marks.add(flags)
        self._page.show()
        self._page.say(words)

    def look(self) -> None:
        """Only the marked records, or again the others too."""
        page, showing = self._page, self._page.showing
        showing.marked = not showing.marked
        page.show()
        if showing.marked and showing.marks:
            page.say("only marked records: w writes them, p publishes them, s makes an extract, U forgets them")

    def forget(self) -> None:
        """All marks."""
        page, showing = self._page, self._page.showing
        words = f"forgot {plural(len(showing.marks), 'mark')}"
        showing.marks.clear()
        self._waiting.clear()
        showing.marked = False
        page.show()
        page.say(words)
