"""Opening an archive: its listing, an extract's matches per hour, and where it was left. Also creates the sample."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from tui.app.model.month_cache import MonthCache
from tui.app.model.months import Months, WholeMonths, cached_whole, month_of, months_of, remembered_months
from tui.app.model.remembered import recall
from tui.app.model.session import Session
from tui.app.model.usual import Usual, usual_of
from tui.archive import Archive, Catalog
from tui.archive.listing import Listing
from tui.archive.location import Location
from tui.archive.ranges import Range
from tui.archive.sample import other_layouts
from tui.archive.times import next_hour
from tui.archive.walk import Walk
from tui.config import Config
from tui.history.archives import keep_seen
from tui.history.log import HistoryError
from tui.scan import scanned_hours
from tui.scan.manifest import origin_of


def open_session(location: Location, config: Config, *, afresh: bool = False) -> tuple[Session, str]:
    """List an archive, or its first shown month; return its session and a sentence about where it was left.

    `afresh`: do not restore where it was left. Raises HourscopeError if it cannot be opened.
    """
    months = remembered_months(location)
    if months is None:
        archive, catalog, by_month = first_listing(location)
        months = by_month or cached_whole(archive, catalog, location)
    else:
        archive, catalog = months.archive, months.catalog()
    session = Session(archive, catalog, config, location, months=months)
    session.others = layouts_beside(archive, archive.walk(), catalog)
    session.matches = scanned_hours(archive)
    session.scanned = frozenset(session.matches)
    session.origin = origin_of(archive)
    remembered = "" if afresh else recall(session)
    if months and session.place and not session.catalog.is_listed(session.place, next_hour(session.place)):
        if not months.recall(month_of(session.place)):
            months.load(month_of(session.place))
        session.catalog = months.catalog()
    usual = session.usual  # computed here, in the worker thread
    try:
        keep_seen(location, archive, session.catalog, session.gap_hours, usual.lag)
    except HistoryError as error:
        remembered = remembered or str(error)
    return session, remembered


def layouts_beside(archive: Archive, walk: Walk, catalog: Catalog, hours: Range | None = None) -> tuple[str, ...]:
    """Return the layouts of the keys that a detected layout leaves out, and of those on the way to `hours`."""
    return tuple(
        layout.pattern for layout in other_layouts(archive, walk, hours or Range(), catalog.unmatched, anywhere=True)
    )


def first_listing(location: Location) -> tuple[Archive, Catalog, Months | None]:
    """List an unknown archive for the first time: its newest month, or all of it."""
    archive, listing = location.open()
    walk = archive.walk(listing)
    months = months_of(archive, walk, MonthCache.of(location))
    return archive, months.catalog() if months else archive.catalog(listing=walk.listing), months


def keep_listed(location: Location) -> None:
    """List an archive for the first time, and store what home shows of it. Raises HourscopeError."""
    archive, catalog, _ = first_listing(location)
    keep_seen(location, archive, catalog, sum(gap.hours for gap in catalog.gaps), usual_of(catalog).lag)


def listed_again(session: Session) -> tuple[Catalog, Usual]:
    """List the archive again, or its newest month if it is listed by month. Raises HourscopeError."""
    archive, months = session.archive, session.months
    if months is None:
        catalog = archive.catalog()
    elif isinstance(months, WholeMonths):
        months.survey()
        catalog = months.catalog()
    else:
        months.walk = Walk(Listing(archive.store), archive.layout, quick=True, names=months.walk.heads)
        months.load(month_of(datetime.now(archive.zone)))
        catalog = months.catalog()
    return catalog, usual_of(catalog)


def make_demo(folder: Path, cancelled: Callable[[], bool]) -> bool:
    """Write the sample archive unless it exists; return False if cancelled. Raises HourscopeError."""
    from tui.demo import SampleSpec, write_sample  # only needed here

    if folder.is_dir() and len(list(folder.iterdir())) >= SampleSpec().hours:
        return True
    return not any(cancelled() for _ in write_sample(folder, SampleSpec()))
