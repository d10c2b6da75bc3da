"""The calendar: home of an archive. Look over its hours, choose some, go in."""

from __future__ import annotations

from calendar import monthrange
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.widget import Widget

from tui.app.command import ls_command
from tui.app.heat import heat_grid, troubles
from tui.app.screens.page import Page
from tui.app.selection import Hours, Selection
from tui.app.session import Session
from tui.app.widgets.hour_details import HourDetails
from tui.app.widgets.legend import Legend
from tui.app.widgets.month_grid import MonthGrid
from tui.archive.times import floor_hour, parse_time, zone_name
from tui.errors import TimeError
from tui.units import count, plural, size


class CalendarPage(Page):
    """A month × 24 grid of the archive's hours, with the details of the one under the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "preview", "preview", id="preview"),
        Binding("v", "range", "range", id="range"),
        Binding("space", "take('hour')", "take hour", show=False, id="select"),
        Binding("D", "take('day')", "take day", show=False, id="select-day"),
        Binding("M", "take('month')", "take month", show=False, id="select-month"),
        Binding("s", "scan", "scan", id="scan"),
        Binding("e", "trouble(1)", "next trouble", id="next-trouble"),
        Binding("E", "trouble(-1)", "previous trouble", show=False, id="previous-trouble"),
        Binding("i", "matches", "sizes/matches", id="overlay"),
        Binding("colon", "time", "go to time", id="go-to-time", priority=True),
        Binding("escape", "drop", "drop the selection", show=False, id="drop"),
        Binding("q", "leave", "quit", id="leave-archive"),
        Binding("q", "close", "back", id="close-archive"),
    ]
    title_of_help = "The calendar"
    ASKING = frozenset({"time"})

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.of_matches = False
        grid = heat_grid(session)
        self.grid = MonthGrid(session, grid)
        self.details = HourDetails(session)
        self.legend = Legend(session, grid)

    def contents(self) -> list[Widget]:
        return [Container(self.grid, self.details, id="calendar"), self.legend]

    def on_mount(self) -> None:
        self.set_focus(self.grid)
        self._moved()

    def on_screen_resume(self) -> None:
        """What a preview or a scan has found meanwhile is shown."""
        self.grid.show(heat_grid(self.session, matches=self.of_matches))
        self.details.repaint()
        self._moved()

    def on_month_grid_moved(self) -> None:
        self._moved()

    def _moved(self) -> None:
        catalog, grid = self.session.catalog, self.grid
        expected = len(catalog.hours) + len(catalog.gaps)
        self.header.show(
            self.session.title,
            f"{grid.cursor:%B %Y}",
            zone_name(self.session.archive.zone),
            f"{count(len(catalog.hours))}/{count(expected)} h",
            size(catalog.size),
            plural(len(catalog.gaps), "gap"),
        )
        self.refresh_bindings()
        self.details.show(grid.cursor)
        self.legend.show(grid.grid, grid.marked, open_range=grid.began is not None, of_matches=self.of_matches)

    def action_preview(self) -> None:
        from tui.app.screens.preview import PreviewPage

        hour = self.grid.cursor
        chunks = self.session.chunks(hour)
        if not chunks:
            self.say(f"{hour:%a %Y-%m-%d %H:00} is a gap: no chunk has this hour in its name; e goes to the next")
        elif any(chunk.needs_restore for chunk in chunks):
            self.say("this hour lies in Glacier: restore it first (aws s3api restore-object), then come back", bad=True)
        else:
            self.app.push_screen(PreviewPage(self.session, hour))

    def action_range(self) -> None:
        if self.grid.began is None:
            self.grid.began = self.grid.cursor
        else:
            self.session.selection = self.grid.marked
            self.grid.began = None
        self._redraw()

    def action_take(self, unit: str) -> None:
        """The hour, day or month under the cursor, or not: as far as the archive goes."""
        hour, session = self.grid.cursor, self.session
        first = hour if unit == "hour" else hour.replace(hour=0, day=1 if unit == "month" else hour.day)
        last = {
            "hour": hour,
            "day": hour.replace(hour=23),
            "month": hour.replace(hour=23, day=monthrange(hour.year, hour.month)[1]),
        }[unit]
        self.grid.began = None
        session.selection = session.selection.toggled(Hours.of(session.clamped(first), session.clamped(last)))
        self._redraw()

    def action_drop(self) -> None:
        self.grid.began = None
        self.session.selection = Selection()
        self._redraw()

    def _redraw(self) -> None:
        self.grid.repaint()
        self._moved()

    def action_trouble(self, step: int) -> None:
        """To the next (or the one before) gap, damage or odd size, and say which."""
        found = troubles(self.grid.grid)
        here = self.grid.cursor
        ahead = (
            [hour for hour in found if hour > here] if step > 0 else [hour for hour in reversed(found) if hour < here]
        )
        if not found:
            self.say("no trouble is known: no gap, no damage, no odd size")
        elif not ahead:
            self.say(f"no more trouble {'after' if step > 0 else 'before'} this hour")
        else:
            self.grid.go(ahead[0])

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("leave", "close"):
            return (action == "leave") == (len(self.app.screen_stack) <= 2)
        return bool(self.session.matches) if action == "matches" else super().check_action(action, parameters)

    def action_close(self) -> None:
        """Back to where this archive was opened from."""
        self.explorer.leave()

    def action_matches(self) -> None:
        """The sizes of the hours, or the matches of the last scan in them."""
        self.of_matches = not self.of_matches
        self.on_screen_resume()

    def action_time(self) -> None:
        self.prompt.ask("go to", self._go)

    def _go(self, text: str) -> None:
        try:
            hour = floor_hour(parse_time(text, self.session.archive.zone))
        except TimeError as error:
            self.say(str(error), bad=True)
            return
        self.grid.go(hour)
        if self.grid.cursor != hour:
            side = "before the archive begins" if hour < self.grid.cursor else "after the archive ends"
            self.say(f"{hour:%Y-%m-%d %H:00} is {side}; this is the nearest hour")

    def action_scan(self) -> None:
        from tui.app.screens.scan import ScanPage

        marked = self.grid.marked or Selection.of(Hours.of(self.grid.cursor, self.grid.cursor))
        self.app.push_screen(ScanPage(self.session, marked))

    def explanation(self) -> tuple[str, ...]:
        layout = self.session.archive.layout.pattern
        how = "It was guessed from the keys." if self.session.archive.detected else "It was given."
        return (
            "Every cell is one hour of the archive. Its shade is the compressed size of that hour's chunks, compared "
            "with the archive's large hours. Only the listing was read so far: nothing was downloaded.",
            f"The hour comes from each object's name, by the layout {layout}. {how} It is the hour in which messages "
            "were consumed, which is not always when the events happened.",
            "A gap is an hour inside the archive's span that has no object. ++ and -- are hours of 2.5 times, or of "
            "less than 0.4 times, the median of the same hour of other days.",
            f"$ {ls_command(self.session)}",
        )
