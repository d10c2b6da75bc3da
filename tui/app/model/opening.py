"""Opening an archive: its listing, what an extract knows of its hours, and where it was left; and making the sample."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tui.app.model.month_cache import MonthCache
from tui.app.model.months import month_of, months_of, remembered_months
from tui.app.model.remembered import recall
from tui.app.model.session import Session
from tui.archive.location import Location
from tui.archive.times import next_hour
from tui.config import Config
from tui.scan import scanned_hours


def open_session(location: Location, config: Config) -> tuple[Session, str]:
    """An archive, listed (or the month of it that is shown first), and a sentence about where it was left.

    HourscopeError if it cannot be opened.
    """
    months = remembered_months(location)
    if months is None:
        archive, listing = location.open()
        walk = archive.walk(listing)
        months = months_of(archive, walk, MonthCache.of(location))
        catalog = months.catalog() if months else archive.catalog(listing=walk.listing)
    else:
        archive, catalog = months.archive, months.catalog()
    session = Session(archive, catalog, config, location, months=months)
    session.matches = scanned_hours(archive)
    session.scanned = frozenset(session.matches)
    remembered = recall(session)
    if months and session.place and not session.catalog.is_listed(session.place, next_hour(session.place)):
        if not months.recall(month_of(session.place)):
            months.load(month_of(session.place))
        session.catalog = months.catalog()
    _ = session.usual  # worked out here, where nobody waits for it
    return session, remembered


def make_demo(folder: Path, cancelled: Callable[[], bool]) -> bool:
    """Write the sample archive unless it is there; False if that was given up. HourscopeError if it cannot be."""
    from tui.demo import SampleSpec, write_sample  # nobody else needs it

    if folder.is_dir() and len(list(folder.iterdir())) >= SampleSpec().hours:
        return True
    return not any(cancelled() for _ in write_sample(folder, SampleSpec()))
