"""What lists a large archive's months in a thread, in the order in which somebody looks at them."""

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
from tui.app.model.months import Months, Whole
from tui.app.model.session import Session
from tui.app.model.usual import Usual, usual_of
from tui.archive import Catalog
from tui.errors import HourscopeError

_BESIDE = 4  # months of the year that are shown together: each time the whole grid is made again


@dataclass
class MonthsListed(Message):
    """More of the archive is known; or `trouble`, and it is not."""

    catalog: Catalog
    usual: Usual
    trouble: str = ""


class Work(Protocol):
    """Runs a job in a thread."""

    def __call__(self, job: Callable[[], object], group: str, *, exclusive: bool = False) -> None: ...


class Lister:
    """Lists what is looked at. `post` gets what comes, in messages; an archive that was listed as a whole has none."""

    def __init__(self, session: Session, *, post: Callable[[Message], object], work: Work) -> None:
        self._months, self._place = session.months, session.place or session.last
        self._post, self._work = post, work
        self._asked_for: list[Month] = []
        self._busy = False
        self._lock = threading.Lock()

    def look_at(self, place: datetime) -> None:
        """The month of an hour, then its neighbors and its year, are listed unless they are known."""
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
                if not chosen and not months.survey():
                    continue
                for month in chosen:
                    months.load(month)
            except HourscopeError as error:
                trouble = str(error)
            catalog = months.catalog()
            self._post(MonthsListed(catalog, usual_of(catalog), trouble))
            if trouble:
                self._busy = False
                return
        self._busy = False

    def _next(self, months: Months | Whole) -> list[Month]:
        """What to list now; nothing to look at all names once, and then when there is no more to do."""
        with self._lock:
            if self._asked_for:
                chosen, self._asked_for = self._asked_for, []
                return chosen
            missing = list(months.missing(self._place))
            if missing and (missing[0] == (self._place.year, self._place.month)):
                return missing[:1]
            chosen = missing[:_BESIDE] if months.exact else []
            self._busy = bool(chosen) or not months.exact
            return chosen
