"""A layout reads the hour out of a key, spells a key for an hour, and says under which prefixes a range lies."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.archive.layout import Layout, has_holes
from tui.archive.times import HOUR
from tui.errors import LayoutError

BERLIN = ZoneInfo("Europe/Berlin")
PATTERNS = (
    "prefix.%Y-%m-%d_%H.log.gz",
    "{topic}.{host}{rev}.%Y-%m-%d_%H.log.gz",
    "path/%Y/%B/%-d/%-H.json.gz",
    "%Y/%b/%d/%H/x",
    "topics/{topic}/year=%Y/month=%m/day=%d/hour=%H/part",
    "dt=%Y-%m-%d/hr=%H/{host}",
    "app/%Y/%m/%d/%H_%M_%S.gz",
    "100%%/%Y%m%d%H",
    "%d.%m.%Y/%H",
    "date=%Y-%m-%d/%s.log",
    "%Y/%m/%d/%H/stream-%Y-%m-%d-%H",
)
names = st.text(st.sampled_from("abcXYZ019_"), min_size=1, max_size=8)
revisions = st.sampled_from(["", "-000000", "-000001", "-123456"])
zones = st.sampled_from(["UTC", "Europe/Berlin", "Australia/Lord_Howe", "America/New_York"]).map(ZoneInfo)
hours = st.integers(0, 60 * 365 * 24).map(lambda n: datetime(1975, 1, 1) + n * HOUR)


@pytest.mark.parametrize("pattern", PATTERNS)
@given(hour=hours, zone=zones, topic=names, host=names, rev=revisions)
def test_what_is_spelled_is_read_again(
    pattern: str, hour: datetime, zone: ZoneInfo, topic: str, host: str, rev: str
) -> None:
    # an hour that clocks showed: through UTC and back
    hour = hour.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(minute=0, fold=0)
    layout = Layout(pattern)
    parsed = layout.parse(layout.spell(hour, {"topic": topic, "host": host, "rev": rev}), zone)
    assert parsed is not None
    assert parsed.hour.replace(tzinfo=None) == hour.replace(tzinfo=None)
    for word, value in (("topic", topic), ("host", host), ("rev", rev)):
        assert getattr(parsed, word) == (value if f"{{{word}}}" in pattern else "")


@pytest.mark.parametrize(
    ("pattern", "key", "hour"),
    [
        ("p.%Y-%m-%d_%H.log.gz", "p.2015-01-31_13.log.gz", "2015-01-31 13"),
        ("%Y/%B/%-d/%-H.gz", "2016/January/2/5.gz", "2016-01-02 05"),
        ("%Y/%B/%-d/%-H.gz", "2016/january/12/15.gz", "2016-01-12 15"),
        ("%Y/%b/%d/%H", "2016/Sep/02/05", "2016-09-02 05"),
        ("date=%Y-%m-%d/%s-*.log.gz", "date=2019-06-18/1560886634-a.log.gz", "2019-06-18 19"),
        ("%s", "1560886634", "2019-06-18 19"),
        ("%Y/%m/%d/%H/*", "2024/05/01/13/stream.gz", "2024-05-01 13"),
        ("%Y/%m/%d/%H/%M/%S", "2024/05/01/13/59/58", "2024-05-01 13"),
        ("%a-%Y-%m-%d-%H", "wed-2024-05-01-13", "2024-05-01 13"),
        ("%A/%Y%m%d%H", "Wednesday/2024050113", "2024-05-01 13"),
        ("{topic=a|b*}.%Y-%m-%d_%H", "a.2015-01-31_13", "2015-01-31 13"),
        ("{topic=a|b*}.%Y-%m-%d_%H", "b.c.2015-01-31_13", "2015-01-31 13"),
        ("{topic=a{|}b}.%Y-%m-%d_%H", "a|b.2015-01-31_13", "2015-01-31 13"),
        ("p.{x%Y-%m-%d_%H", "p.{x2015-01-31_13", "2015-01-31 13"),  # a brace that does not begin a hole is a brace
    ],
)
def test_keys_and_their_hours(pattern: str, key: str, hour: str) -> None:
    parsed = Layout(pattern).parse(key)
    assert parsed is not None
    assert parsed.hour.strftime("%Y-%m-%d %H") == hour


@pytest.mark.parametrize(
    ("pattern", "key"),
    [
        ("%Y-%m-%d_%H", "2015-02-29_13"),
        ("%a-%Y-%m-%d-%H", "Thu-2024-05-01-13"),
        ("%A-%Y-%m-%d-%H", "Someday-2024-05-01-13"),
        ("%Y-%m-%d_%H", "2015-13-01_13"),
        ("%Y-%m-%d_%H", "2015-00-01_13"),
        ("%Y-%m-%d_%H", "2015-01-31_24"),
        ("%Y-%m-%d_%H", "0000-01-31_13"),
        ("%Y-%m-%d_%H", "2015-1-31_13"),
        ("%Y-%m-%d_%H", "2015-01-31_13.log"),  # the whole key must fit
        ("%Y-%m-%d_%H", "x2015-01-31_13"),
        ("%Y-%m-%d_%H", "2015-01-31_13\n"),
        ("%Y/%B/%-d/%-H", "2016/Brumaire/2/5"),
        ("{topic=a|b*}.%Y-%m-%d_%H", "ab.2015-01-31_13"),
        ("%Y/%m/%d/%H/*", "2024/05/01/13/a/b"),  # * stops at a slash
        ("%Y/%m/%d/%H/s-%Y-%m", "2024/05/01/13/s-2024-06"),  # a hole that comes twice must say the same
        ("p.%Y-%m-%d_%H", "px2015-01-31_13"),  # a dot is a dot
        ("{host}{rev}.%Y-%m-%d_%H", ".2015-01-31_13"),
    ],
)
def test_keys_that_are_not_chunks(pattern: str, key: str) -> None:
    assert Layout(pattern).parse(key) is None


@pytest.mark.parametrize(
    ("pattern", "key", "parts"),
    [
        (
            "{topic}.{host}{rev}.%Y-%m-%d_%H.log.gz",
            "events.web01-000000.2026-11-23_12.log.gz",
            "topic=events host=web01 rev=-000000 time=2026 time=11 time=23 time=12",
        ),
        ("a/%Y/%m/%d/%H/*", "a/2026/11/23/12/x.gz", "time=2026 time=11 time=23 time=12"),
        ("{topic}/%Y/%m/%d/{topic}-%H.log", "e/2026/11/23/e-12.log", "topic=e time=2026 time=11 time=23 time=12"),
        ("%Y-%m-%d_%H.log", "of another layout", ""),
    ],
)
def test_a_key_is_split_without_losing_a_letter(pattern: str, key: str, parts: str) -> None:
    apart = Layout(pattern).taken_apart(key)
    assert "".join(text for text, _ in apart) == key
    assert " ".join(f"{what}={text}" for text, what in apart if what) == parts


def test_a_key_says_topic_host_and_revision() -> None:
    layout = Layout("{topic}.{host}{rev}.%Y-%m-%d_%H.log.gz")
    for key, words in {
        "events.web01-000000.2026-11-23_12.log.gz": ("events", "web01", "-000000"),
        "events.web01.2026-11-23_12.log.gz": ("events", "web01", ""),
        "my.topic.web-01-000002.2026-11-23_12.log.gz": ("my.topic", "web-01", "-000002"),
    }.items():
        parsed = layout.parse(key)
        assert parsed is not None
        assert (parsed.topic, parsed.host, parsed.rev) == words


def test_hours_are_in_the_zone_of_the_archive_and_epoch_seconds_are_of_all_zones() -> None:
    written = Layout("%Y-%m-%d_%H").parse("2015-07-01_13", BERLIN)
    counted = Layout("%s").parse("1435748400", BERLIN)
    assert written is not None
    assert counted is not None
    assert written.hour == counted.hour == datetime(2015, 7, 1, 11, tzinfo=UTC)


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("events.log.gz", "does not include an hour"),
        ("%Y-%m-%d", "does not include an hour"),
        ("%Y-%d_%H", "does not include a month"),
        ("%Y-W%V-%u_%H", "does not include an hour"),
        ("%m-%d_%H", "does not include an hour"),
        ("%Y-%m-%d_%H.%q", "unknown code '%q'"),
        ("%Y-%m-%d_%I", "AM or PM"),
        ("%Y-%m-%d_%H%", "unknown code '%'"),
    ],
)
def test_a_layout_that_cannot_be_read_says_why(pattern: str, words: str) -> None:
    with pytest.raises(LayoutError) as caught:
        Layout(pattern)
    assert words in str(caught.value)
    assert f"'{pattern}'" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "holes"),
    [
        ("s/p", False),
        ("events.", False),
        ("{{x}}/", False),
        ("{x}/", True),
        ("{ x}/", False),
        ("50%%", False),
        ("%Y", True),
        ("a/*.gz", True),
        ("{topic}/", True),
    ],
)
def test_which_locations_spell_a_layout(text: str, holes: bool) -> None:
    assert has_holes(text) is holes


@pytest.mark.parametrize("pattern", [p for p in PATTERNS if "{" not in p and "%s" not in p])
@given(start=hours, length=st.integers(1, 24 * 200), offset=st.integers(0, 24 * 200), zone=zones)
@settings(max_examples=25)
def test_the_prefixes_hold_every_key_of_the_range(
    pattern: str, start: datetime, length: int, offset: int, zone: ZoneInfo
) -> None:
    layout = Layout(pattern)
    start = start.replace(tzinfo=zone)
    stop = start + length * HOUR
    key = layout.spell(start + (offset % length) * HOUR)
    prefixes = layout.prefixes(start, stop)
    assert any(key.startswith(prefix) for prefix in prefixes)
    assert not any(one != other and one.startswith(other) for one in prefixes for other in prefixes)  # listed once


@pytest.mark.parametrize(
    ("pattern", "days", "prefixes"),
    [
        ("e.%Y-%m-%d_%H", 1, ("e.2015-01-20", "e.2015-01-21", "e.2015-01-22")),
        ("logs/%Y/%m/%d/%H.gz", 60, ("logs/2015/01/", "logs/2015/02/", "logs/2015/03/")),
        ("path/%Y/%B/%-d/%-H.gz", 1, ("path/2015/",)),
        ("50%%/{topic}/%Y/%m/%d/%H", 1, ("50%/",)),
        ("%H/%Y/%m/%d", 1, ("",)),
    ],
)
def test_prefixes_are_as_narrow_as_the_pattern_allows(pattern: str, days: int, prefixes: tuple[str, ...]) -> None:
    start = datetime(2015, 1, 20, tzinfo=UTC)
    listed = Layout(pattern).prefixes(start, start + timedelta(days=days))
    assert all(any(one.startswith(prefix) for prefix in prefixes) for one in listed)
    assert len(listed) <= len(prefixes)


def test_an_open_range_has_one_prefix() -> None:
    layout = Layout("logs/e.%Y-%m-%d_%H")
    start = datetime(2015, 1, 20, tzinfo=UTC)
    assert layout.prefixes() == layout.prefixes(start, None) == layout.prefixes(None, start) == ("logs/e.",)


def test_a_range_of_centuries_is_not_thousands_of_listings() -> None:
    """A listing costs a request per prefix at least; `--from 2000-01-01 --to 2999-01-01` means all that there is."""
    prefixes = Layout("e.%Y-%m-%d_%H").prefixes(datetime(2000, 1, 1, tzinfo=UTC), datetime(2999, 1, 1, tzinfo=UTC))
    assert len(prefixes) <= 100


def test_a_layout_goes_to_other_processes() -> None:
    layout = pickle.loads(pickle.dumps(Layout("e.%Y-%m-%d_%H")))
    assert layout == Layout("e.%Y-%m-%d_%H")
    assert layout.parse("e.2015-01-31_13") is not None


@pytest.mark.parametrize(
    ("pattern", "key", "hour", "fields"),
    [
        ("%Y-%m-%d-%-H.json.gz", "2015-01-01-5.json.gz", "2015-01-01 05", {}),
        ("%Y/%j/%H", "2016/366/23", "2016-12-31 23", {}),
        ("%G-W%V-%uT%H", "2015-W05-5T13", "2015-01-30 13", {}),
        ("%G/W%V/%u/%H", "2020/W01/1/05", "2019-12-30 05", {}),
        ("%Y/W%V/%m/%d/%H", "2019/W01/12/30/05", "2019-12-30 05", {}),
        ("%Y-%m-%dT%H:%M:%S%z", "2015-01-30T01:05:00+02:00", "2015-01-29 23", {}),
        ("%Y%m%dT%H%M%z", "20150130T1330-0530", "2015-01-30 19", {}),
        ("%Y%m%dT%H%z", "20150130T13Z", "2015-01-30 13", {}),
        ("%y%m%d%H", "15013013", "2015-01-30 13", {}),
        ("%Y-%m-%d_%I%p", "2015-01-30_12am", "2015-01-30 00", {}),
        ("%Y-%m-%d_%-I%p", "2015-01-30_1PM", "2015-01-30 13", {}),
        ("{id}-%s.gz", "a-b-1422579845123.gz", "2015-01-30 01", {"id": "a-b"}),
        ("%s/x", "1422579845123456/x", "2015-01-30 01", {}),
        ("%s/x", "1422579845123456789/x", "2015-01-30 01", {}),
        ("{{%%{*}}}%Y%m%d%H", "{%*}2015013013", "2015-01-30 13", {}),
        ("{region=eu-*}/%Y%m%d%H", "eu-west-1/2015013013", "2015-01-30 13", {"region": "eu-west-1"}),
        ("{topic=a.b}.{host=**}.%Y%m%d%H", "a.b.c.d.2015013013", "2015-01-30 13", {"topic": "a.b", "host": "c.d"}),
        ("{topic}.{host=*.lan}.%Y%m%d%H", "a.b.c.lan.2015013013", "2015-01-30 13", {"topic": "a.b", "host": "c.lan"}),
        ("p={partition}/%Y%m%d%H", "p=17/2015013013", "2015-01-30 13", {"partition": "17"}),
        ("a/**/%Y%m%d%H", "a/2015013013", "2015-01-30 13", {}),
        ("a/**/%Y%m%d%H", "a/b/c\n/2015013013", "2015-01-30 13", {}),
        ("**%Y%m%d%H", "a/b2015013013", "2015-01-30 13", {}),
        ("%Y/%B/%Y%m%d%H", "2015/january/2015013013", "2015-01-30 13", {}),
        ("%A/%Y%m%d%H-%a", "FRIDAY/2015013013-fri", "2015-01-30 13", {}),
        (
            "{topic}.{host=*.*}{rev}.%Y%m%d%H",
            "a.b.c-000001.2015013013",
            "2015-01-30 13",
            {"topic": "a", "host": "b.c", "rev": "-000001"},
        ),
    ],
)
def test_every_hole_is_read(pattern: str, key: str, hour: str, fields: dict[str, str]) -> None:
    parsed = Layout(pattern).parse(key)
    assert parsed is not None
    assert (parsed.hour.strftime("%Y-%m-%d %H"), parsed.fields) == (hour, fields)


@pytest.mark.parametrize(
    ("pattern", "key"),
    [
        ("%Y/%B/%Y%m%d%H", "2015/May/2015013013"),  # a month in two spellings must be one month
        ("%y/%Y%m%d%H", "14/2015013013"),
        ("%Y/%j/%m-%d/%H", "2015/031/01-30/13"),
        ("%Y-%m-%d/%-d/%H", "2015-01-30/3/13"),
        ("%H/%Y%m%d_%I%p", "13/20150130_01AM"),
        ("%Y/%j/%H", "2015/366/23"),
        ("%Y%m%dT%H%z", "20150130T13+1500"),
        ("%Y%m%dT%H%M%z", "20150130T1399+0200"),
        ("%G-W%V-%uT%H", "2015-W54-1T13"),
        ("%G-W%V-%uT%H", "2015-W05-0T13"),
        ("%G/W%V/%u/%Y%m%d%H", "2015/W05/5/2015013113"),
        ("%Y/W%V/%m/%d/%H", "2015/W06/01/30/13"),
        ("%Y/%j/%H", "2015/000/23"),
        ("%Y-%m-%d_%I%p", "2015-01-30_13PM"),
        ("{topic=events}/%Y%m%d%H", "events-dlq/2015013013"),
        ("{topic=events}/{topic}.%Y%m%d%H", "events/clicks.2015013013"),
        ("{topic=e*}/%Y%m%d%H", "clicks/2015013013"),
        ("p={partition}/%Y%m%d%H", "p=x/2015013013"),
        ("%M/%Y%m%d%H%M", "31/201501301330"),
    ],
)
def test_parts_of_a_key_that_disagree_are_not_an_hour(pattern: str, key: str) -> None:
    assert Layout(pattern).parse(key) is None


def test_a_hole_lists_its_texts_for_a_range() -> None:
    start, stop = datetime(2015, 12, 30, 22, tzinfo=UTC), datetime(2016, 2, 1, 1, tzinfo=UTC)
    layout = Layout("{topic=e}/{host}/%Y/%-m/%d/%B/%j/%s")
    listed = {hole.token: hole.values(start, stop) for hole in layout.holes}
    assert listed["{topic=e}"] == ("e",)
    assert listed["%Y"] == ("2015", "2016")
    assert listed["%-m"] == ("12", "1", "2")
    assert listed["%d"] == (*(f"{day:02}" for day in (30, 31, *range(1, 30))),)
    assert listed["{host}"] is listed["%B"] is listed["%s"] is None
    assert Layout("%Y%m%d%H").holes[3].values(start, start + 3 * HOUR) == ("22", "23", "00")
    assert layout.holes[2].values(start, start.replace(year=2900)) is None  # nobody looks at a thousand years by day


def test_a_head_is_spelled_up_to_the_first_part_that_is_not_known() -> None:
    layout = Layout("{topic}.{host}{rev}.%Y-%m-%d_%H.log.gz")
    hour = datetime(2015, 1, 30, 5, tzinfo=UTC)
    assert layout.head(2, hour, {"topic": "e"}) == "e."
    assert layout.head(8, hour, {"topic": "e", "host": "web01", "rev": "-000000"}) == "e.web01-000000.2015-01"
    assert layout.with_field("topic", "50%{x}*").pattern == "{topic=50%%{{x}}{*}}.{host}{rev}.%Y-%m-%d_%H.log.gz"
    one = layout.with_field("topic", "50%{x}*")
    assert one.prefixes() == ("50%{x}*.",)
    parsed = one.parse(one.spell(hour, {"host": "h"}))
    assert parsed is not None and parsed.fields == {"topic": "50%{x}*", "host": "h", "rev": ""}
