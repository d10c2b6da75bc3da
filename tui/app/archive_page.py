"""A screen of an archive: it has a filter, a time to go to, a time zone, and an equivalent command line."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import ClassVar

from textual.binding import Binding, BindingType

from tui.app.model.clock import choices_of_zone
from tui.app.model.heat import Mark, heat_grid, troubles
from tui.app.model.hours import nearest_ahead
from tui.app.model.session import Session
from tui.app.page import Page
from tui.app.requests import OpenHour, ShowScreen
from tui.archive.moments import has_minutes
from tui.archive.times import floor_hour, parse_time, spell_hour, zone_name
from tui.filter import Filter
from tui.filter.filter_line import read_filter
from tui.history.entries import note_entry
from tui.history.notebook import Spot
from tui.keys import KEYS, OPENED


class ArchivePage(Page):
    """A screen of one archive. Subclasses define `put_filter`, `command` and `note_subject`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "filter", id="filter", priority=True),
        Binding("colon", "time", "go to time", show=False, id="go-to-time", priority=True),
        Binding("e", "trouble(1)", "next trouble", show=False, id="next-trouble"),
        Binding("E", "trouble(-1)", "previous trouble", show=False, id="previous-trouble"),
        Binding("y", "copy", "copy the command", show=False, id="copy"),
        Binding("semicolon", "note", "add a note", show=False, id="note", priority=True),
        *(Binding(KEYS[name], f"show_screen('{name}')", name, show=False, id=name) for name in OPENED),
        Binding("z", "zone", "time zone", show=False, id="time-zone"),
    ]
    ASKING = frozenset({"filter", "time", "note"})
    session: Session

    def action_filter(self) -> None:
        self.ask(
            "filter: JMESPath, or -g TEXT -e RE -m EXPR -v (empty: none):",
            self._put_filter,
            self.session.filter.describe() if self.session.filter.arguments() else "",
        )

    def _put_filter(self, text: str) -> str | None:
        return self.put_filter(read_filter(text))

    def put_filter(self, filter_: Filter) -> str | None:
        """Use another filter; return a sentence about it. Raises HourscopeError if it cannot be used here."""
        raise NotImplementedError

    def action_time(self) -> None:
        self.ask("go to (2015-01-20T13, yesterday, -6h):", self._go_to)

    def _go_to(self, text: str) -> str | None:
        hour = floor_hour(parse_time(text, self.session.archive.zone))
        sentence = self.go_to(hour)
        return sentence or (f"{text.strip()} is in this hour; all its records are shown" if has_minutes(text) else None)

    def go_to(self, hour: datetime) -> str | None:
        """Preview an hour, or the nearest one with a chunk; return a sentence if that is another."""
        nearest = self.session.nearest(hour)
        if nearest is None:
            return "this archive has no chunk"
        if trouble := self.session.out_of_reach(nearest):
            return trouble
        self.open_hour(nearest)
        return None if nearest == hour else f"{hour:%a %Y-%m-%d %H:00} has no chunk; this is the nearest hour with one"

    def action_trouble(self, step: int) -> None:
        """Preview the next or previous hour that is damaged, of unusual size, late or in Glacier."""
        here = self.session.place or self.session.last
        runs = (run for run in troubles(heat_grid(self.session)) if run.mark is not Mark.GAP)
        known = {run.first: run for run in runs}
        nearest = nearest_ahead(known, here, step)
        if nearest is None:
            self.report(f"no trouble is known {'after' if step > 0 else 'before'} this hour; gaps are on the calendar")
        else:
            self.report(self.go_to(nearest) or known[nearest].words())

    def open_hour(self, hour: datetime) -> None:
        self.session.place = hour
        self.request(OpenHour(self.session, hour, self.session.chunks(hour)))

    def note_subject(self) -> tuple[str, Spot, bytes | None]:
        """Return what a note is about: in words, its place, and the record's bytes if it is a record."""
        hour = self.session.place or self.session.last
        spot = Spot(hour=spell_hour(hour), filter=tuple(self.session.filter.arguments()))
        return f"{hour:%a} {hour.day} {hour:%b %Y %H:00}", spot, None

    def action_note(self) -> None:
        subject = self.note_subject()
        self.ask(f"note on {subject[0]}:", partial(self._note, *subject))

    def _note(self, subject: str, spot: Spot, record: bytes | None, text: str) -> str:
        if not text.strip():
            return "no note was added"
        reports: list[str] = []
        self.session.notebook.add(note_entry(text.strip(), subject, spot, record), reports.append)
        kept = "noted; ' opens the notebook" if self.session.notebook.enabled else "notebooks are off in the config"
        return reports[0] if reports else kept

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        here = action == "show_screen" and type(self).__module__ == f"tui.app.{parameters[0]}.screen"
        return not here and super().check_action(action, parameters)

    def action_show_screen(self, name: str) -> None:
        self.request(ShowScreen(name, self.session))

    def command(self) -> str:
        """Return the command that does what this screen shows; several are on one line each."""
        raise NotImplementedError

    def action_copy(self) -> None:
        command = self.command()
        first, *more = command.splitlines()
        self.copy(command, f"{first}{f' and {len(more)} more' if more else ''}")

    # Time zones.

    def zones(self) -> str:
        """Return the archive's time zone and, if it differs, the zone of the times shown; for the header."""
        own, shown = zone_name(self.session.archive.zone), zone_name(self.session.zone)
        return own if own == shown else f"{own}, times in {shown}"

    def show_times(self) -> None:
        """Redraw the times; `session.zone` has changed."""

    def action_zone(self) -> None:
        """Show times in the archive's zone, UTC or this machine's. Hours stay the archive's, as in its keys."""
        session = self.session
        zones = choices_of_zone(session.archive.zone)
        names = [zone_name(zone) for zone in zones]
        if len(zones) == 1:
            self.report(f"times are in {names[0]}: the archive's zone, UTC and this machine's are the same")
            return
        session.times = zones[(names.index(zone_name(session.zone)) + 1) % len(zones)]
        self.show_times()
        own = f"hours stay the archive's ({names[0]}): its keys name them"
        self.report(f"times are in {zone_name(session.zone)}; {own}")
