"""A bucket of ten years: what is asked of it is what is looked at."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests.support.large_s3 import DATE_FIRST, HOST_FIRST, LargeS3, hourly_keys
from tui.app.model.month_cache import MonthCache
from tui.app.model.months import Months, months_of, remembered_months
from tui.app.model.opening import open_session
from tui.archive import Archive, open_archive
from tui.archive.location import Location
from tui.archive.open import open_listed
from tui.cli import run
from tui.config import S3Options, cache_dir, load_config
from tui.filter import Filter
from tui.scan import plan_scan

HOSTS = 2
PAGES = {"host first": HOSTS, "date first": 2}  # of a month: 744 keys for each host, 1,000 to a page
PATTERNS = {"host first": HOST_FIRST, "date first": DATE_FIRST}


@pytest.fixture(scope="module", params=list(PATTERNS))
def ten_years(request: pytest.FixtureRequest) -> Iterator[tuple[str, LargeS3]]:
    with LargeS3(hourly_keys(datetime(2015, 1, 1), datetime(2025, 1, 1), PATTERNS[request.param], HOSTS)) as s3:
        yield request.param, s3


@pytest.fixture
def bucket(ten_years: tuple[str, LargeS3], monkeypatch: pytest.MonkeyPatch) -> tuple[str, LargeS3]:
    for name, value in ten_years[1].env.items():
        monkeypatch.setenv(name, value)
    ten_years[1].lists.clear()
    ten_years[1].gets.clear()
    return ten_years


def options(s3: LargeS3) -> S3Options:
    return S3Options(endpoint_url=s3.endpoint_url)


def opened(s3: LargeS3) -> Months:
    location = Location("s3://b/", s3=options(s3))
    archive, listing = location.open()
    months = months_of(archive, archive.walk(listing), MonthCache.of(location))
    assert months is not None
    return months


def hour(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type]


def test_the_first_month_costs_its_own_pages_and_five_requests(bucket: tuple[str, LargeS3]) -> None:
    kind, s3 = bucket
    assert len(s3.keys) == 175_344
    catalog = opened(s3).catalog()
    assert len(s3.lists) <= 5 + PAGES[kind]
    assert len(catalog.chunks) == 31 * 24 * HOSTS
    assert (catalog.first, catalog.stop) == (hour(2015, 1, 1), hour(2025, 1, 1))
    assert catalog.gaps == ()
    assert not catalog.is_listed(hour(2024, 11, 30), hour(2024, 12, 2))
    assert catalog.is_listed(hour(2024, 12, 1), hour(2024, 12, 2))


def test_a_jump_over_ten_years_costs_a_month(bucket: tuple[str, LargeS3]) -> None:
    kind, s3 = bucket
    months = opened(s3)
    months.survey()
    s3.lists.clear()
    months.load((2015, 1))
    assert len(s3.lists) == PAGES[kind]
    assert len(months.catalog().chunks) == 2 * 31 * 24 * HOSTS
    assert len(months.catalog().unlisted) == 1


def test_months_are_dropped_before_memory_runs_out(
    bucket: tuple[str, LargeS3], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.app.model.months.MAX_ROWS", 5 * 31 * 24 * HOSTS)
    months = opened(bucket[1])
    place = hour(2024, 12, 31)
    while month := next(months.missing(place), None):
        months.load(month)
    assert sorted(months.rows) == [(2024, number) for number in (8, 9, 10, 11, 12)]
    for number in (1, 2, 3):
        months.load((2015, number))
    assert sorted(months.rows)[:3] == [(2015, 1), (2015, 2), (2015, 3)]
    assert len(months.rows) <= 6
    assert not months.catalog().is_listed(hour(2024, 12, 1), hour(2025, 1, 1))


def test_the_second_start_lists_nothing_before_its_first_screen(bucket: tuple[str, LargeS3]) -> None:
    """And then the month in sight, by the names that are known."""
    kind, s3 = bucket
    catalog = opened(s3).catalog()
    s3.lists.clear()
    months = remembered_months(Location("s3://b/", s3=options(s3)))
    assert months is not None
    assert (months.catalog(), s3.lists) == (catalog, [])
    newest = next(months.missing(months.stop))
    assert newest == (2024, 12), "what may have changed since is listed again"
    months.load(newest)
    assert len(s3.lists) <= 1 + PAGES[kind]
    assert months.catalog() == catalog
    assert remembered_months(Location("s3://b/", timezone="Europe/Berlin", s3=options(s3))) is None


def test_a_broken_cache_is_ignored(bucket: tuple[str, LargeS3]) -> None:
    opened(bucket[1])
    location = Location("s3://b/", s3=options(bucket[1]))
    for path in (cache_dir() / "listings").iterdir():
        path.write_bytes(path.read_bytes()[:-3])
    assert remembered_months(location) is None


def test_a_survey_finds_the_first_hour_and_the_last(bucket: tuple[str, LargeS3]) -> None:
    months = opened(bucket[1])
    assert not months.survey(), "nothing new: the span was right"
    assert (months.first, months.stop) == (hour(2015, 1, 1), hour(2025, 1, 1))


def test_a_range_lists_its_month_and_no_other(bucket: tuple[str, LargeS3]) -> None:
    kind, s3 = bucket
    archive = open_archive("s3://b/", s3=options(s3))
    s3.lists.clear()
    catalog = archive.catalog(hour(2020, 5, 1), hour(2020, 6, 1))
    assert len(catalog.chunks) == 31 * 24 * HOSTS
    assert catalog.gaps == ()
    listed = [request for request in s3.lists if request.keys]
    assert len(listed) == PAGES[kind] + (kind == "host first")  # one page shows that there is more than one name
    assert all("2020" in request.prefix for request in listed if request.prefix)


def test_a_scan_of_an_hour_lists_little_more_than_the_hour(bucket: tuple[str, LargeS3]) -> None:
    _, s3 = bucket
    archive = open_archive("s3://b/", s3=options(s3))
    plan = plan_scan(archive, hour(2020, 5, 1, 7), hour(2020, 5, 1, 8), Filter())
    assert len(plan.chunks) == HOSTS
    assert (
        sum(request.keys for request in s3.lists if "2020-05" in request.prefix or "2020/05" in request.prefix) == HOSTS
    )


def archive_of(s3: LargeS3, layout: str) -> Archive:
    return open_archive("s3://b/", s3=options(s3), layout=layout)


def test_a_month_of_one_name_is_one_request(bucket: tuple[str, LargeS3]) -> None:
    kind, s3 = bucket
    if kind == "host first":
        archive = archive_of(s3, "events.web00-000000.%Y-%m-%d_%H.log.gz")
        assert len(archive.catalog(hour(2015, 5, 1), hour(2015, 6, 1)).chunks) == 31 * 24
        assert [request.prefix for request in s3.lists] == ["events.web00-000000.2015-05-"]
        s3.lists.clear()
    else:
        archive = archive_of(s3, "%Y/%m/%d/%H/web00.log.gz")
    assert len(archive.catalog(hour(2015, 3, 1, 5), hour(2015, 3, 1, 6)).chunks) == 1
    assert len(s3.lists) == 1


def test_a_hole_at_the_edge_of_a_range_is_a_gap_if_the_archive_continues(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = [
        key
        for key in hourly_keys(datetime(2015, 1, 1), datetime(2016, 6, 1), HOST_FIRST, 2)
        if not "2015-03-30" < key[20:30] < "2015-04-04"
    ]
    with LargeS3(keys) as s3:
        for name, value in s3.env.items():
            monkeypatch.setenv(name, value)
        archive = open_archive("s3://b/", s3=options(s3))
        catalog = archive.catalog(hour(2015, 4, 1), hour(2015, 5, 1))
        assert [(gap.start, gap.stop) for gap in catalog.gaps] == [(hour(2015, 4, 1), hour(2015, 4, 4))]
        catalog = archive.catalog(hour(2015, 4, 1), hour(2015, 4, 2))
        assert [gap.hours for gap in catalog.gaps] == [24]
        catalog = archive.catalog(hour(2014, 12, 1), hour(2015, 1, 2))
        assert (catalog.gaps, catalog.first) == ((), hour(2015, 1, 1))
        assert archive.catalog(hour(2016, 7, 1), hour(2016, 8, 1)).gaps == ()


@pytest.mark.parametrize("delimiters", ["", "/"])
def test_a_server_that_does_not_cut_keys_gives_the_same(monkeypatch: pytest.MonkeyPatch, delimiters: str) -> None:
    """As one that knows no delimiter, or only the slash: then everything is listed, once."""
    keys = list(hourly_keys(datetime(2015, 4, 1), datetime(2015, 7, 1), HOST_FIRST, 2))
    with LargeS3(keys, delimiters=delimiters) as s3:
        for name, value in s3.env.items():
            monkeypatch.setenv(name, value)
        archive, listing = open_listed("s3://b/", s3=options(s3))
        catalog = archive.catalog(hour(2015, 5, 1), hour(2015, 6, 1), listing)
        assert len(catalog.chunks) == 2 * 31 * 24
        assert len(s3.lists) <= 2 * (len(keys) // 1000 + 1)


def test_names_that_hold_the_separator_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """`events.web01.` begins one name, and `events.web01.eu.` another."""
    plain = list(hourly_keys(datetime(2015, 4, 25), datetime(2015, 6, 7), "events.web{host}.%Y-%m-%d_%H.log"))
    longer = [key.replace("web00", name) for key in plain for name in ("web00.eu", "web-7.b", "db")]
    with LargeS3(plain + longer) as s3:
        for name, value in s3.env.items():
            monkeypatch.setenv(name, value)
        archive = archive_of(s3, "{topic}.{host}.%Y-%m-%d_%H.log")
        catalog = archive.catalog(hour(2015, 5, 1), hour(2015, 5, 3))
        assert len(catalog.chunks) == 4 * 48
        assert len(archive.catalog().chunks) == len(plain + longer)


def test_a_whole_archive_is_listed_in_parallel_and_other_keys_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = list(hourly_keys(datetime(2015, 4, 1), datetime(2015, 7, 1), HOST_FIRST, 2))
    odd = ["events.README", "events.web01-000000.notes-of-may.txt", "events.web01-000000.2015-05.tar", "events.x.y.z"]
    with LargeS3([*keys, *odd]) as s3:
        for name, value in s3.env.items():
            monkeypatch.setenv(name, value)
        catalog = archive_of(s3, "{topic}.{host}{rev}.%Y-%m-%d_%H.log.gz").catalog()
        assert len(catalog.chunks) == len(keys)
        assert sorted(catalog.unmatched) == sorted(odd)


def test_what_can_only_be_listed_as_a_whole_is_shown_at_once_the_second_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Epochs at the beginning of a name lead to no month."""
    first = int(hour(2015, 1, 1).timestamp())
    with LargeS3([f"e/{first + 3600 * number}.gz" for number in range(6000)] + ["e/notes.txt"]) as s3:
        for name, value in s3.env.items():
            monkeypatch.setenv(name, value)
        location = Location("s3://b/", s3=options(s3))
        session, _ = open_session(location, load_config())
        s3.lists.clear()
        again, _ = open_session(location, load_config())
        assert (again.catalog, s3.lists) == (session.catalog, [])
        assert len(again.catalog.hours) == 6000 and again.catalog.unmatched == ("e/notes.txt",)
        s3.keys.append(f"e/{first + 3600 * 6001}.gz")
        s3.keys.sort()
        assert again.months and again.months.survey()
        assert len(again.months.catalog().hours) == 6001 and again.months.catalog().gap_hours == 1


@pytest.mark.parametrize("names", [("20", "2014", "a"), ("2000", "2015"), ("20-7", "b")])
def test_names_that_end_like_a_year_are_in_a_range(monkeypatch: pytest.MonkeyPatch, names: tuple[str, ...]) -> None:
    """Where nothing separates the parts of a time, `web-20…` begins a name and a time."""
    times = list(hourly_keys(datetime(2015, 4, 25), datetime(2015, 6, 7), "%Y%m%d%H.gz"))
    with LargeS3(f"web-{name}-{time}" for name in names for time in times) as s3:
        for variable, value in s3.env.items():
            monkeypatch.setenv(variable, value)
        archive = archive_of(s3, "{host}-%Y%m%d%H.gz")
        assert len(archive.catalog(hour(2015, 5, 1, 7), hour(2015, 5, 1, 9)).chunks) == 2 * len(names)


@pytest.mark.parametrize(
    ("layout", "lists"), [("%a/%Y-%m-%d/%H.gz", 7), ("events-%A-%Y-%m-%d-%H.gz", 7), ("%Y/%m/%d-%a/%H.gz", 1)]
)
def test_a_weekday_in_front_of_the_date_is_walked_like_a_name(
    monkeypatch: pytest.MonkeyPatch, layout: str, lists: int
) -> None:
    """A month is its own keys of each weekday, not all keys of the weekday."""
    with LargeS3(hourly_keys(datetime(2015, 1, 1), datetime(2017, 1, 1), layout)) as s3:
        for variable, value in s3.env.items():
            monkeypatch.setenv(variable, value)
        archive, listing = open_listed("s3://b/", s3=options(s3))
        assert archive.layout.pattern == layout
        s3.lists.clear()
        catalog = archive.catalog(hour(2015, 5, 1), hour(2015, 6, 1), listing)
        assert (len(catalog.chunks), catalog.gaps, catalog.unmatched) == (744, (), ())
        months = [listed for listed in s3.lists if "2015" in listed.prefix and listed.keys]
        assert (len(months), sum(listed.keys for listed in months)) == (lists, 744)


RARE = {  # of 3,600 keys: two days of another layout, long before the newest month, which gives the first layout
    "events.{host}-000000.%Y-%m-%d_%H.log.gz": "events.{host}-000000.%Y%m%dT%H.log.gz",
    "%Y/%m/%d/%H/web{host}.log.gz": "%Y/%m/%d/web{host}-%H.log.gz",
    "web{host}/%Y/%m/%d/%H.gz": "web{host}/%Y-%m-%d/%H.gz",
}


@pytest.mark.parametrize(
    "range_",
    [[], ["--from", "2015-03-01", "--to", "2015-04-01"], ["--from", "2015-03-10T05", "--to", "2015-03-10T08"]],
    ids=["all", "month", "hours"],
)
@pytest.mark.parametrize("first", RARE)
def test_a_rare_second_layout_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], first: str, range_: list[str]
) -> None:
    keys = list(hourly_keys(datetime(2015, 2, 15), datetime(2015, 5, 1), first, 2))
    rare = list(hourly_keys(datetime(2015, 3, 10), datetime(2015, 3, 12), RARE[first], 1))
    with LargeS3([*keys, *rare, "README.md", "2015/notes-of-2015-03-10_05.txt"]) as s3:
        for variable, value in s3.env.items():
            monkeypatch.setenv(variable, value)
        for command in (["ls"], ["scan", "--count"]):
            assert run([*command, "s3://b/", "--endpoint-url", s3.endpoint_url, *range_]) == 2
            error = capsys.readouterr().err
            assert "holds keys of two layouts" in error and error.count("%H") == 2
        chosen = ["--layout", first.replace("web{host}", "{host}")]
        assert run(["ls", "s3://b/", "--endpoint-url", s3.endpoint_url, *chosen, *range_]) == 0
