"""Lists the months of a large archive in a thread, the months that the user looks at first."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from textual.message import Message
from textual.worker import get_current_worker

from tui.app.model.hours import Hours
from tui.app.model.month_cache import Month
from tui.app.model.months import Months, WholeMonths, bounds, month_of
from tui.app.model.opening import layouts_beside
from tui.app.model.session import Session
from tui.app.model.usual import Usual, usual_of
from tui.archive import Catalog
from tui.archive.ranges import Range
from tui.errors import HourscopeError

_MONTHS_AT_ONCE = 4  # listed before they are shown: each time, the whole grid is rebuilt


@dataclass
class MonthsListed(Message):
    """More of the archive is listed, or `trouble` says why not."""

    catalog: Catalog
    usual: Usual
    others: tuple[str, ...] = ()  # layouts of keys that are left out, including those found before
    trouble: str = ""


class StartJob(Protocol):
    """Start a job in a thread."""

    def __call__(self, job: Callable[[], object], group: str, *, exclusive: bool = False) -> None: ...


class Lister:
    """Lists the months that the user looks at; `post` gets the messages. Idle if the whole archive is listed."""

    def __init__(self, session: Session, *, post: Callable[[Message], object], work: StartJob) -> None:
        self._session = session
        self._months, self._place = session.months, session.place or session.last
        self._unmatched = session.catalog.unmatched
        self._others = session.others
        self._post, self._work = post, work
        self._asked_for: list[Month] = []
        self._busy = False
        self._lock = threading.Lock()

    def look_at(self, place: datetime) -> None:
        """List the month of an hour, then its neighbors and its year, unless they are known."""
        with self._lock:
            self._place = place
            begin = self._months is not None and not self._busy
            self._busy = self._busy or begin
        if begin:
            self._work(self._list, "list")

    def ask_for(self, ranges: Iterable[Hours]) -> None:
        """List all of some hours before anything else."""
        months = self._months
        if months is None:
            return
        with self._lock:
            self._asked_for = [month for hours in ranges for month in months.missing_of(hours.start, hours.stop)]
        self.look_at(self._place)

    def _list(self) -> None:
        worker, months = get_current_worker(), self._months
        assert months is not None
        while not worker.is_cancelled:
            chosen = self._next(months)
            if not chosen and months.exact:
                return
            trouble = ""
            try:
                if not chosen and not any((months.survey(), self._look_beside(months.catalog(), surveyed=True))):
                    continue
                for month in chosen:
                    months.load(month)
                self._look_beside(months.catalog(), surveyed=False)
            except HourscopeError as error:
                trouble = str(error)
            catalog = months.catalog()
            self._post(MonthsListed(catalog, usual_of(catalog), self._others, trouble))
            if trouble:
                self._busy = False
                return
        self._busy = False

    def _look_beside(self, catalog: Catalog, *, surveyed: bool) -> bool:
        """Look for other layouts among the keys left out and near the current month; True if there are new ones."""
        months, archive = self._months, self._session.archive
        if not surveyed and catalog.unmatched == self._unmatched:
            return False
        self._unmatched = catalog.unmatched
        by_month = surveyed and isinstance(months, Months)
        walk = months.walk if isinstance(months, Months) else archive.walk()
        hours = Range(*bounds(month_of(self._place))) if by_month else None
        layouts = dict.fromkeys((*self._others, *layouts_beside(archive, walk, catalog, hours)))
        before, self._others = self._others, tuple(layouts)
        return self._others != before

    def _next(self, months: Months | WholeMonths) -> list[Month]:
        """Return the months to list now. Empty means: survey all names first, or everything is listed."""
        with self._lock:
            if self._asked_for:
                chosen, self._asked_for = self._asked_for, []
                return chosen
            missing = list(months.missing(self._place))
            if missing and (missing[0] == (self._place.year, self._place.month)):
                return missing[:1]
            chosen = missing[:_MONTHS_AT_ONCE] if months.exact else []
            self._busy = bool(chosen) or not months.exact
            return chosen
