"""What is usual for an hour, and how fresh an archive is: told from made-up listings."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tui.app.model.clock import choices_of_zone
from tui.app.model.freshness import Freshness, rough_duration
from tui.app.model.heat import Mark, Overlay, heat_grid, troubles
from tui.app.model.session import Session
from tui.app.model.usual import usual_of
from tui.archive import Chunk, open_archive
from tui.archive.catalog import Catalog, make_catalog
from tui.archive.location import Location
from tui.archive.times import local_zone, parse_zone
from tui.config import load_config

START = datetime(2015, 1, 5, tzinfo=UTC)  # a Monday
HOUR = timedelta(hours=1)
WEEK = 168


def listing(hours: int, size: Callable[[int], int], lag: Callable[[int], float] = lambda _: 120.0) -> Catalog:
    """An archive of so many hours, each with one chunk of `size` (none at 0), uploaded `lag` seconds after it."""
    chunks = [
        Chunk(f"events.{START + number * HOUR:%Y-%m-%d_%H}.gz", START + number * HOUR, size(number), "e",
              START + (number + 1) * HOUR + timedelta(seconds=lag(number)))
        for number in range(hours)
        if size(number)
    ]  # fmt: skip
    return make_catalog(iter(chunks))


def session_of(catalog: Catalog, folder: Path) -> Session:
    archive = open_archive(f"{folder}/events.%Y-%m-%d_%H.gz")
    return Session(archive, catalog, load_config(), Location(str(folder)))


def test_an_hour_is_compared_with_the_same_hour_of_other_weeks() -> None:
    busy = lambda number: 1000 if number % WEEK == 20 else 100  # noqa: E731  Monday 20:00 is busy every week
    usual = usual_of(listing(6 * WEEK, busy))
    monday = START + (2 * WEEK + 20) * HOUR
    assert usual.ratio(monday, 1000) == 1.0 and usual.sizes[monday].among == "5 Mondays"
    assert usual.ratio(monday + 24 * HOUR, 1000) == 10.0


@pytest.mark.parametrize(("days", "among"), [(28, "3 Mondays"), (14, "6 weekdays"), (4, "3 weekdays"), (3, None)])
def test_of_few_weeks_other_days_are_taken(days: int, among: str | None) -> None:
    usual = usual_of(listing(24 * days, lambda _: 100)).sizes.get(START)
    assert (usual.among if usual else None) == among


def test_a_growing_archive_has_no_odd_hours(tmp_path: Path) -> None:
    catalog = listing(104 * WEEK, lambda number: 10_000 + number)
    assert troubles(heat_grid(session_of(catalog, tmp_path))) == []


def test_odd_late_and_missing_hours_are_marked_and_walked(tmp_path: Path) -> None:
    odd = {400: 500, 500: 20, 600: 0, 601: 0, 602: 0}
    catalog = listing(5 * WEEK, lambda n: odd.get(n, 100), lambda n: 8000.0 if n == 700 else 120.0)
    session = session_of(catalog, tmp_path)
    marked = troubles(heat_grid(session))
    assert [((trouble.first - START) // HOUR, trouble.hours, trouble.mark) for trouble in marked] == [
        (400, 1, Mark.ODD_LARGE),
        (500, 1, Mark.ODD_SMALL),
        (600, 3, Mark.GAP),
        (700, 1, Mark.LATE),
    ]
    assert marked[2].words() == "gap: 3 hours in a row"
    assert heat_grid(session, Overlay.LAG).mark(START + 700 * HOUR) is Mark.LATE
    assert heat_grid(session, Overlay.CHUNKS).cells(START, Mark.LARGEST) == " 1"
    assert heat_grid(session, Overlay.USUAL).mark(START) is Mark.MEDIUM


@pytest.mark.parametrize("days", [0, 1, 400])
def test_in_a_copied_archive_nothing_is_late(days: int) -> None:
    end = 10 * 24 * HOUR + days * 24 * HOUR  # all of it was uploaded at this moment
    usual = usual_of(listing(240, lambda _: 100, lambda n: (end - (n + 1) * HOUR).total_seconds()))
    assert not any(usual.late(START + n * HOUR) for n in range(240))


def test_hours_in_glacier_are_marked(tmp_path: Path) -> None:
    classes = ("STANDARD", "GLACIER", "DEEP_ARCHIVE", "GLACIER_IR")
    chunks = (
        Chunk(f"k{n}", START + n * HOUR, 100, "e", START + (n + 2) * HOUR, name) for n, name in enumerate(classes)
    )
    grid = heat_grid(session_of(make_catalog(chunks), tmp_path))
    assert [grid.mark(START + n * HOUR) is Mark.FROZEN for n in range(4)] == [False, True, True, False]
    assert [(trouble.hours, trouble.mark) for trouble in troubles(grid)] == [(2, Mark.FROZEN)]


@pytest.mark.parametrize(
    ("age", "lag", "words", "brief"),
    [
        (1800.0, 120.0, "fresh: last hour ended 30m ago", "fresh, 30m ago"),
        (7000.0, 120.0, "fresh: last hour ended 1h 57m ago", "fresh, 1h 57m ago"),
        (5 * 3600.0, 120.0, "behind: nothing since 13:00", "behind 5h 00m"),
        (5 * 3600.0, 3 * 3600.0, "fresh: last hour ended 5h 00m ago", "fresh, 5h 00m ago"),
        (6 * 86400.0, 7 * 86400.0, "ended 6 days ago", "ended 6 days ago"),  # a copy
        (25 * 86400.0, 2 * 86400.0, "behind: nothing since 5 Jan 13:00", "behind 25 days"),
        (4 * 86400.0, None, "behind: nothing since 5 Jan 13:00", "behind 4 days"),
        (400 * 86400.0, 120.0, "ends 2015-01-05 13:00", ""),
    ],
)
def test_an_archive_is_fresh_behind_or_at_its_end(age: float, lag: float | None, words: str, brief: str) -> None:
    freshness = Freshness(START + 12 * HOUR, age, lag)
    assert (freshness.words(), freshness.brief) == (words, brief)


def test_an_archives_uploads_are_shown() -> None:
    assert Freshness(START, 0.0, 120.0).uploads() == "uploads 2m after the hour"
    assert Freshness(START, 0.0, -3600.0).uploads().endswith("wrong zone?")
    assert rough_duration(3 * 86400.0) == "3 days" and rough_duration(42.0) == "42s"


def test_z_goes_through_the_zones_that_differ(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    berlin = parse_zone("Europe/Berlin")
    assert choices_of_zone(berlin) == (berlin, UTC, ZoneInfo("Asia/Tokyo"))
    for name in ("Nowhere/Land", "Etc/UTC"):
        monkeypatch.setenv("TZ", name)
        assert choices_of_zone(UTC) == (UTC,)
    monkeypatch.delenv("TZ")
    link = tmp_path / "localtime"
    link.symlink_to("/usr/share/zoneinfo/Europe/Oslo")
    assert local_zone(link) == ZoneInfo("Europe/Oslo") and local_zone(tmp_path / "none") is None
