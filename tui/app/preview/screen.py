"""The preview: an hour's records, and their exports to a file, an extract, a scan or a send."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import ClassVar

from msgspec import structs
from textual.binding import Binding, BindingType
from textual.widget import Widget

from tui.app.archive_page import ArchivePage
from tui.app.model.exhibit import Exhibit, exhibit
from tui.app.model.hours import Hours, Selection
from tui.app.model.opening import listed_again
from tui.app.model.session import Session, shifted
from tui.app.preview.copy_menu import CopyMenu
from tui.app.preview.export import Pick, new_extract, pick, plan_send, write
from tui.app.preview.hour_view import HourView
from tui.app.preview.panes import read_columns
from tui.app.preview.text import explanation, header_words, record_words
from tui.app.preview.walk import Newer, Sought, seek
from tui.app.requests import Failed, PlanScan, PlanSend, Report, ShowScreen, refusal
from tui.app.widgets.workers import stream
from tui.archive import Chunk
from tui.archive.times import spell_hour
from tui.errors import HourscopeError
from tui.history.notebook import Spot
from tui.units import plural

FOLLOW_SECONDS = 10.0  # between two listings of a followed archive


class PreviewPage(ArchivePage):
    """The preview of an hour. An export continues when this screen is left."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left_square_bracket", "hour(-1)", "previous hour", show=False, id="hour-before"),
        Binding("right_square_bracket", "hour(1)", "next hour", show=False, id="hour-after"),
        Binding("left_curly_bracket", "hour(-24)", "previous day", show=False, id="day-before"),
        Binding("right_curly_bracket", "hour(24)", "next day", show=False, id="day-after"),
        Binding("n", "match(1)", "next match", show=False, id="next-match"),
        Binding("N", "match(-1)", "previous match", show=False, id="previous-match"),
    ]
    title_of_help = "The preview"
    ASKING = ArchivePage.ASKING | {"write", "columns"}

    def __init__(self, session: Session, hour: datetime, chunks: tuple[Chunk, ...] = ()) -> None:
        super().__init__()
        self.session = session
        self.hour = hour
        self.chunks = chunks or session.chunks(hour)  # some of the hour's, or all
        self.view = HourView(session, hour, self.chunks)
        self.menu = CopyMenu(self.view.nodes, self.view.rows)
        self._writing = False
        self._following = False

    def contents(self) -> list[Widget]:
        return [self.view, self.menu]

    # Other hours.

    def action_hour(self, hours: int) -> None:
        """Open the previous or next hour (or day), or if that has no chunk, the next hour with one."""
        step = 1 if hours > 0 else -1
        target = shifted(self.hour, hours)
        known = target in self.session.catalog.hours
        self._go_on(
            target if known else self.session.hour_beside(target, step), step, "hour" if abs(hours) == 1 else "day"
        )

    def _go_on(self, hour: datetime | None, step: int, what: str) -> None:
        if hour is None:
            self.report(f"no {what} with a chunk {'after' if step > 0 else 'before'} this one")
        elif trouble := self.session.out_of_reach(hour):
            self.report(trouble, bad=True)
        else:
            passed = [gap for gap in self.session.gaps if min(hour, self.hour) < gap.start < max(hour, self.hour)]
            self.open_hour(hour)
            if passed:
                self.report(f"{plural(sum(gap.hours for gap in passed), 'hour')} without a chunk skipped")

    def open_hour(self, hour: datetime) -> None:
        """Show another hour in place of this one, with the same filter, columns and panes."""
        before, menu = self.view, self.menu
        before.leave(keep=self._writing)
        self.session.place = self.hour = hour
        self.chunks = self.session.chunks(hour)
        self.view = HourView(self.session, hour, self.chunks, before)
        self.menu = CopyMenu(self.view.nodes, self.view.rows)
        self.call_later(self._replace, before, menu)

    async def _replace(self, before: HourView, menu: CopyMenu) -> None:
        with self.app.batch_update():
            await self.mount(self.view, self.menu, after=self.header)
            await before.remove()
            await menu.remove()

    def action_match(self, step: int) -> None:
        """Go to the next or previous match in this hour, then in the nearest hour with one."""
        view = self.view
        if view.listing.go_to_match(step):
            return
        if step > 0 and not view.reading.ended:
            view.feed.more(everything=True)
            self.report("reading the rest of the hour; press n again to continue")
            return
        if not view.rows.filtered:
            self._go_on(self.session.hour_beside(self.hour, step), step, "hour")
        else:
            self.report(f"looking for the {'next' if step > 0 else 'previous'} match in other hours …")
            stream(self, seek(self.session, self.hour, step, view.filter), "seek")

    def on_sought(self, message: Sought) -> None:
        """Go to the match, or report how far the search is."""
        side = "after" if message.step > 0 else "before"
        unread = f"; {plural(message.unread, 'hour')} not fully readable" if message.unread else ""
        passed = plural(message.passed, "hour")
        if message.hour is not None:
            self.open_hour(message.hour)
            self.view.arrive(message.step)
            self.report(f"{'next' if message.step > 0 else 'previous'} match {passed} {side}{unread}")
        elif message.ended:
            self.report(f"no match in the {passed} {side} this one{unread}")
        else:
            self.report(f"no match in {passed} {side} this one so far; ^c stops the search")

    def action_follow(self) -> None:
        """Start or stop following the newest hour of the archive."""
        self._following = not self._following
        if self._following:
            self.report(f"following the newest hour, listed every {FOLLOW_SECONDS:.0f} s; F stops")
            self._look_again()
        else:
            self.report("no longer following")

    def _look_again(self) -> None:
        if self._following and self.is_mounted:
            self.work(self._list_again, "list", exclusive=True)

    def _list_again(self) -> None:
        try:
            self.post_message(Newer(*listed_again(self.session)))
        except HourscopeError as error:
            self.post_message(Failed(str(error)))
            self._following = False

    def on_newer(self, message: Newer) -> None:
        """Show the end of the newest hour."""
        if not self._following:
            return
        self.session.update(message.catalog, message.usual)
        newest = self.session.last
        if newest != self.hour or self.session.chunks(newest) != self.chunks:
            self.open_hour(newest)
            self.view.arrive(-1)
        self.set_timer(FOLLOW_SECONDS, self._look_again)

    def on_unmount(self) -> None:
        self.view.leave(keep=self._writing)

    def show_times(self) -> None:
        self.view.nodes.show_times(self.session.zone)

    def on_hour_view_changed(self) -> None:
        words = header_words(self.view.rows, self.view.reading, self.session, self.hour, self.chunks)
        self.header.show(self.session.name, *words)

    def interrupt(self) -> bool:
        """Stop searching and reading for now."""
        seeking = [worker for worker in self.workers if worker.group == "seek" and worker.is_running]
        for worker in seeking:
            worker.cancel()
        reading = self.view.rest()
        if seeking:
            self.report("stopped the search")
        elif reading:
            self.report("stopped reading; G reads the rest")
        return reading or bool(seeking)

    def action_filter(self) -> None:
        self.view.bar.open()

    def action_step_back(self) -> None:
        """Close what was opened here, or go back to the calendar."""
        if not self.view.step_back():
            self.action_leave()

    def action_columns(self) -> None:
        """Ask for the columns as text: any JMESPath, in any order."""
        put, shown = self.view.panes.put_columns, ", ".join(self.session.columns)
        self.ask("columns, as JMESPath, … (empty: chosen for you):", lambda text: put(read_columns(text)), shown)

    def note_subject(self) -> tuple[str, Spot, bytes | None]:
        """Return the record under the cursor, as the subject of a note."""
        subject, spot, _ = super().note_subject()
        number = self.view.listing.current
        if number is None:
            return subject, spot, None
        spot = structs.replace(spot, line=number, filter=tuple(self.view.filter.arguments()))
        return f"record {number + 1:,} of {subject}", spot, self.view.records[number]

    # Exports.

    def action_scan(self) -> None:
        """Plan a scan; with marked records, write an extract of them instead."""
        if self.view.rows.marks:
            self.action_write(new_extract(self.session, self.hour))
            return
        self.session.filter = self.view.filter
        here = Selection.of(Hours.of(self.hour, self.hour))
        self.request(PlanScan(self.session, self.session.selection or here))

    def action_diff(self) -> None:
        """Compare this hour's records that match the filter."""
        self.session.filter = self.view.filter
        self.request(ShowScreen("diff", self.session, Selection.of(Hours.of(self.hour, self.hour))))

    def action_show_screen(self, name: str) -> None:
        self.session.filter = self.view.filter
        super().action_show_screen(name)

    def action_send(self) -> None:
        plan = plan_send(self.view.rows, self.session, self.hour, self.chunks, whole=self.view.reading.whole)
        if isinstance(plan, str):
            self.report(plan)
        elif plan[1]:
            self._write(plan[1], then=plan[0])
        else:
            self.request(plan[0])

    def action_copy(self) -> None:
        if self.view.listing.current is None:
            self.report("there is no record to copy")
        else:
            self.menu.offer()

    def on_copy_menu_write(self, message: CopyMenu.Write) -> None:
        message.stop()
        self.action_write()

    def action_write(self, out: str = "") -> None:
        self.menu.close()
        rows = self.view.rows
        if not rows.picked:
            self.report("there is nothing to write: no record matches")
        else:
            self.ask(f"{rows.title} into a file (.gz, .zst) or folder/:", self._write, out)

    def _write(self, text: str, then: PlanSend | None = None) -> None:
        """Write the picked records; then plan the send if this screen is current, or report on the current one."""
        if out := text.strip():
            self._writing = True
            picked = pick(self.view.rows, whole=self.view.reading.whole)
            self.work(partial(self._export, picked, self.view.rows.title, out, then), "write")

    def _export(self, picked: Pick, title: str, out: str, then: PlanSend | None) -> None:
        app = self.app
        try:
            sentence = write(picked, title, out, self.session, self.hour)
        except HourscopeError as error:
            app.post_message(refusal(error))
        else:
            if then is None:
                app.post_message(Report(sentence))
            elif self.is_current:
                app.call_from_thread(self.request, then)
        finally:
            self._writing = False

    def situation(self) -> dict[str, object]:
        return {"hour": spell_hour(self.hour), "damaged": self.session.damaged(self.hour)}

    def explanation(self) -> tuple[str, ...]:
        number = self.view.listing.current
        record = record_words(self.view.records, number) if number is not None else ""
        return explanation(self.session, self.hour, self.chunks, self.view.filter, record)

    @property
    def subject(self) -> str:
        return self.note_subject()[0]

    def exhibit(self) -> Iterator[Exhibit]:
        """Return the exhibit of the chunk of the record under the cursor."""
        number = self.view.listing.current
        here = () if number is None else (self.view.records.chunk_of(number)[0],)
        return exhibit(self.session, here or self.chunks)
