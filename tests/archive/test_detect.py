"""The layouts of the writers that are out there, found from the keys they leave."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tui.archive.detect import SeveralLayoutsError, detect, find_layouts, three
from tui.archive.times import HOUR
from tui.errors import LayoutError


def some_uuid(number: int) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, str(number)))


# writer: keys with the hour that each says
WRITERS = {
    "the article": {
        "prefix.2015-01-31_13.log.gz": "2015-01-31 13",
        "prefix.2015-02-01_00.log.gz": "2015-02-01 00",
    },
    "nsq_to_file": {
        "events.web01.2026-11-23_12.log": "2026-11-23 12",
        "events.web02.2026-11-23_12.log": "2026-11-23 12",
    },
    "nsq_to_file -gzip, with a restart": {
        "events.web01-000000.2026-11-23_12.log.gz": "2026-11-23 12",
        "events.web01-000001.2026-11-23_12.log.gz": "2026-11-23 12",
        "events.web02-000000.2026-11-23_13.log.gz": "2026-11-23 13",
    },
    "nsq_to_file, before and after -gzip": {
        "events.web01.2026-11-23_12.log": "2026-11-23 12",
        "events.web01-000000.2026-11-23_13.log.gz": "2026-11-23 13",
    },
    "nsq_to_file, custom": {
        "events/2026-11-23_12/web01-722-000000.log.gz": "2026-11-23 12",
        "events/2026-11-23_13/web02-91-000000.log.gz": "2026-11-23 13",
    },
    "nsq-to-s3": {
        "path/2016/January/2/15/4.json.gz": "2016-01-02 15",
        "path/2016/December/12/5/14.json.gz": "2016-12-12 05",
    },
    "Firehose": {
        f"2024/05/01/{hour:02}/mystream-1-2024-05-01-{hour:02}-00-05-{some_uuid(hour)}.gz": f"2024-05-01 {hour:02}"
        for hour in range(24)
    },
    "Secor": {
        "prefix/topic/dt=2015-07-07/hr=02/1_0_00000000000000000042.gz": "2015-07-07 02",
        "prefix/topic/dt=2015-07-07/hr=13/1_3_00000000000000000517.gz": "2015-07-07 13",
    },
    "Kafka Connect": {
        "topics/T/year=2024/month=11/day=21/hour=14/T+1+0000000042.json.gz": "2024-11-21 14",
        "topics/T/year=2024/month=11/day=21/hour=15/T+0+0000000043.json.gz": "2024-11-21 15",
    },
    "Kafka Connect, by date": {
        "topics/T/dt=2024-11-21/hour=14/T+1+0000000042.json.gz": "2024-11-21 14",
        "topics/T/dt=2024-11-22/hour=00/T+2+0000000099.json.gz": "2024-11-22 00",
    },
    "Vector": {
        f"date=2019-06-18/{1560886634 + 3600 * n}-{some_uuid(n)}.log.gz": f"2019-06-18 {19 + n}" for n in range(4)
    },
    "Fluent Bit": {
        "app/2022/12/25/00_00_00.gz-apwgylqg": "2022-12-25 00",
        "app/2022/12/25/01_00_00.gz-k2jd8fhq": "2022-12-25 01",
    },
    "Fluent Bit, with its tag": {
        "fluent-bit-logs/kube.web/2022/12/25/13/05/09": "2022-12-25 13",
        "fluent-bit-logs/kube.api/2022/12/25/14/06/10": "2022-12-25 14",
    },
}


@pytest.mark.parametrize("writer", WRITERS)
def test_the_keys_of_every_writer_are_understood(writer: str) -> None:
    layout = detect(WRITERS[writer])
    parsed = {key: layout.parse(key) for key in WRITERS[writer]}
    assert {key: named and named.hour.strftime("%Y-%m-%d %H") for key, named in parsed.items()} == WRITERS[writer]


@pytest.mark.parametrize("writer", WRITERS)
def test_one_key_is_enough(writer: str) -> None:
    for key, hour in WRITERS[writer].items():
        named = detect([key]).parse(key)
        assert named is not None
        assert named.hour.strftime("%Y-%m-%d %H") == hour


def test_nsq_to_files_names_say_topic_host_and_revision() -> None:
    layout = detect(WRITERS["nsq_to_file -gzip, with a restart"])
    assert layout.pattern == "{topic}.{host}{rev}.%Y-%m-%d_%H.log.gz"


def test_what_varies_is_a_star_and_what_does_not_stays() -> None:
    keys = ["logs/v2/a-x.2015-01-20_13.log.gz", "logs/v2/b-x.2015-01-20_13.log.gz"]
    layout = detect(keys)
    assert layout.pattern.startswith("logs/v2/")
    assert layout.parse("logs/v2/c-x.2015-01-20_14.log.gz")
    assert not layout.parse("logs/v1/a-x.2015-01-20_14.log.gz")


def test_a_percent_sign_in_a_key_is_not_a_hole() -> None:
    layout = detect(["100%/e.2015-01-20_13.log", "100%/e.2015-01-20_14.log"])
    assert layout.parse("100%/e.2015-01-20_15.log")


@pytest.mark.parametrize("folder", ["{x}", "{topic", "*", "%Y"])
def test_odd_characters_of_a_key_do_no_harm(folder: str) -> None:
    keys = [f"{folder}/e.2015-01-20_13.log", f"{folder}/e.2015-01-20_14.log"]
    layout = detect(keys)
    assert all(layout.parse(key) for key in keys)


def test_most_keys_decide_and_strays_do_not() -> None:
    keys = [f"e.2015-01-20_{hour:02}.log.gz" for hour in range(24)]
    layout = detect([*keys, "README.md", "2015/01/20/13/x.gz", "old/deep/e.2014-01-20_13.log.gz"])
    assert all(layout.parse(key) for key in keys)
    assert layout.parse("README.md") is None


def test_keys_without_an_hour_are_shown_three_at_most() -> None:
    keys = ["a.txt", "b\x1b[31m.txt", "c.txt", "d.txt"]
    with pytest.raises(LayoutError) as caught:
        detect(keys)
    assert "a.txt, b\\x1b[31m.txt, c.txt;" in str(caught.value)
    assert "d.txt" not in str(caught.value)
    assert three([]) == "none"


def test_numbers_that_are_not_a_date_are_not_a_layout() -> None:
    with pytest.raises(LayoutError):
        detect(["e.2015-13-40_99.log.gz", "e.2015-02-30_25.log.gz"])


@pytest.mark.parametrize(
    ("spell", "pattern"),
    [
        (lambda h: f"{h:%Y/%m/%d}/{some_uuid(h.day * 24 + h.hour)}_{h:%H}.gz", "%Y/%m/%d/*_%H.gz"),
        (lambda h: f"{h:%H_%d_%m_%Y}.log", "%H_%d_%m_%Y.log"),
        (lambda h: f"night-{h:%H}/{h:%Y%m%d}.log", "night-%H/%Y%m%d.log"),
    ],
    ids=["behind an id that begins with digits", "in front of the date", "in a folder in front of the date"],
)
def test_an_hour_in_another_part_than_its_date(spell: Callable[[datetime], str], pattern: str) -> None:
    keys = [spell(datetime(2024, 2, 27) + timedelta(hours=number)) for number in range(80)]
    assert detect(keys).pattern == pattern


def test_the_hours_of_a_clock_of_twelve_may_be_without_a_zero() -> None:
    hours = [datetime(2024, 2, 27, 20) + timedelta(hours=number) for number in range(60)]
    keys = [f"{hour:%Y-%m-%d}-{hour.hour % 12 or 12}{hour:%p}.gz" for hour in hours]
    layout = detect(keys)
    assert layout.pattern == "%Y-%m-%d-%-I%p.gz"
    assert [parsed.hour.replace(tzinfo=None) for key in keys if (parsed := layout.parse(key))] == hours


def test_folders_of_topics_are_topics_even_if_only_a_number_differs() -> None:
    keys = [
        f"topics/{topic}/year=2024/month=02/day=27/hour={hour:02}/{topic}+0+{hour:010}.gz"
        for topic in ("orders1", "orders2")
        for hour in range(24)
    ]
    assert detect(keys).fields == ("topic",)


DAYS = [datetime(2024, 5, 1) + timedelta(hours=number) for number in range(80)]


@pytest.mark.parametrize(
    "pattern",
    [
        "%y%m%d-%H.gz",
        "%d%m%y-%H.gz",
        "%m%d%y_%H.log",
        "x/%d-%m-%y/%H.gz",
        "e%y%m%dT%H%M%S.json",
        "%d-%b-%y_%H",
        "%y/%m/%d/%H",
    ],
)
@pytest.mark.parametrize("first", [datetime(2024, 2, 27), datetime(2012, 12, 11), datetime(2020, 5, 20)])
def test_the_order_of_a_date_with_a_short_year_is_that_whose_days_follow_each_other(
    pattern: str, first: datetime
) -> None:
    """Also where the digits of 2020 and of the month are those of a year."""
    hours = {hour.strftime(pattern): hour for hour in (first + timedelta(hours=number) for number in range(200))}
    layout = detect(hours)
    hours_read = {key: parsed.hour.replace(tzinfo=None) for key in hours if (parsed := layout.parse(key))}
    assert hours_read == hours


@pytest.mark.parametrize(
    ("pattern", "both"),
    [
        ("ev-%y%m%d-%H.gz", ("ev-%y%m%d-%H.gz", "ev-%d%m%y-%H.gz")),
        ("%d-%b-%y/%H", ("%d-%B-%y/%H", "%y-%B-%d/%H")),
    ],
)
def test_a_day_alone_is_ambiguous_and_both_readings_are_named(pattern: str, both: tuple[str, str]) -> None:
    keys = [hour.strftime(pattern) for hour in DAYS[:24]]
    with pytest.raises(SeveralLayoutsError, match="days and years cannot be told apart") as caught:
        detect(keys)
    assert {layout.pattern for layout in caught.value.layouts} == set(both)
    assert all(repr(layout) in str(caught.value) for layout in both)
    assert all(layout.parse(key) for layout in caught.value.layouts for key in keys)


@pytest.mark.parametrize(
    "keys",
    [
        [f"ev-2005{month:02}{day:02}.gz" for month in (1, 2) for day in range(1, 13)],
        [f"job-{number * 7919 % 1000000:06}-{number % 100:02}.gz" for number in range(400)],
    ],
    ids=["days of a year that is a date in two digits", "numbers"],
)
def test_digits_that_are_a_date_by_chance_are_not_read_as_one(keys: list[str]) -> None:
    with pytest.raises(LayoutError, match=r"not an hour|no layout"):
        detect(keys)


@pytest.mark.parametrize("name", ["%a", "%A"])
@pytest.mark.parametrize(
    "spelled",
    [
        "{}-%Y-%m-%d-%H.gz",
        "{}/%Y/%m/%d/%H.gz",
        "%Y-%m-%d-{}-%H.gz",
        "%Y%m%d%H.{}.gz",
        "x/%Y-%m-%d ({})/%H",
        "{}%d%m%Y_%H",
    ],
)
def test_a_weekday_is_not_a_topic_and_must_be_that_of_the_date(spelled: str, name: str) -> None:
    pattern = spelled.format(name)
    keys = {hour.strftime(pattern): hour for hour in DAYS}
    layout = detect(keys)
    assert layout.pattern == pattern
    assert {key: parsed.hour.replace(tzinfo=None) for key in keys if (parsed := layout.parse(key))} == keys
    assert not layout.parse(next(iter(keys)).replace("Wed", "Sun"))


def test_words_that_are_weekdays_by_chance_are_topics() -> None:
    keys = [f"{topic}/{hour:%Y/%m/%d/%H}.gz" for topic in ("Sun", "Mon") for hour in DAYS]
    assert detect(keys).fields == ("topic",)
    assert find_layouts(keys)[0].parse(keys[0])


@pytest.mark.parametrize(
    "pattern",
    [
        "%d/%b/%Y:%H",
        "%d-%b-%Y_%H.gz",
        "[%d%b%Y:%H]",
        "access.[%d/%b/%Y:%H:%M:%S +0000].log",
        "%a %b %d %H:%M:%S %Y.txt",
    ],
)
@pytest.mark.parametrize("hours", [1, 3, 24, 80])
def test_the_times_of_web_servers(pattern: str, hours: int) -> None:
    """May is a short name and a whole one; the months after it are read alike."""
    keys = {hour.strftime(pattern): hour for hour in DAYS[:hours]}
    later = datetime(2024, 6, 3, 7)
    layout = detect(keys)
    hours_read = {key: parsed.hour.replace(tzinfo=None) for key in keys if (parsed := layout.parse(key))}
    assert hours_read == keys
    assert layout.parse(later.strftime(pattern))


@pytest.mark.parametrize(
    ("spelled", "pattern"),
    [
        ("{topic}/%Y/%m/%d/%H.jsonl.gz", "{topic}/%Y/%m/%d/%H.jsonl.gz"),
        ("%Y/%m/%d/%H/{topic}.jsonl.gz", "%Y/%m/%d/%H/{topic}.jsonl.gz"),
        ("{topic}.%Y-%m-%d_%H.gz", "{topic}.%Y-%m-%d_%H.gz"),
        ("%Y/%m/%d/%H/{topic}-{part}.jsonl", "%Y/%m/%d/%H/{topic}-{partition}.jsonl"),
        ("%Y/%m/%d/%H/{topic}.json{ending}", "%Y/%m/%d/%H/{topic}.json*"),
        ("%Y/%m/%d/%H/events.json{ending}", "%Y/%m/%d/%H/events.json*"),
        ("events.%Y-%m-%d_%H.log.{kind}", "events.%Y-%m-%d_%H.log.*"),
    ],
)
@pytest.mark.parametrize("topics", [("orders", "clicks", "3ds-checks"), ("user-events", "pages", "404s")])
def test_topics_may_begin_with_a_number_have_numbered_files_and_change_their_compression(
    spelled: str, pattern: str, topics: tuple[str, ...]
) -> None:
    keys = []
    for hour in range(80):
        text = (datetime(2024, 4, 28, 20) + timedelta(hours=hour)).strftime(spelled)
        ending, kind = ("", "gz") if hour < 40 else (".gz", "zst")
        text = text.replace("{ending}", ending).replace("{kind}", kind)
        keys += [text.replace("{topic}", topic).replace("{part}", str(part)) for topic in topics for part in (0, 1)]
    layout = detect(dict.fromkeys(keys))
    assert layout.pattern == pattern
    read = {parsed.topic for key in keys if (parsed := layout.parse(key))}
    assert read == (set(topics) if "{topic}" in pattern else {""})


def test_names_with_a_number_and_other_words_are_not_hosts() -> None:
    keys = [f"team{n % 7}.{word}/2024/05/0{1 + n % 9}/13.gz" for n in range(20) for word in ("pay", "cart", "search")]
    assert detect(keys).pattern == "{topic}/%Y/%m/%d/%H.gz"


@pytest.mark.parametrize("name", ["{t:%Y/%m/%d/%H}.{p}.gz", "{t:%Y-%m-%d_%H}.web.{p}.log", "{t:%Y%m%dT%H}-{p}.json"])
@pytest.mark.parametrize("hours", [40, 300, 900])
def test_topics_after_the_hour_are_one_layout_however_many_keys_there_are(name: str, hours: int) -> None:
    times = [datetime(2024, 5, 28, tzinfo=UTC) + number * HOUR for number in range(hours)]
    topics = ("orders", "clicks")
    layout = detect([name.format(t=time, p=topic) for time in times for topic in topics])
    for topic in topics:
        parsed = layout.parse(name.format(t=times[-1], p=topic))
        assert parsed is not None and (parsed.hour, parsed.topic) == (times[-1], topic)


@pytest.mark.parametrize(
    "spelled",
    [
        "ev%Y%m%d_%I%M%p.log",
        "ev-%m-%d-%Y-%I-%M-%S-%p.log",
        "ev %Y-%m-%d %I.%M%p",
        "%Y/%m_%B/%d/%H.gz",
        "%Y/%m.%b/%d-%a/%H",
    ],
)
@pytest.mark.parametrize("hours", [20, 500])
def test_halves_of_a_day_after_minutes_and_names_of_months_after_their_numbers(spelled: str, hours: int) -> None:
    times = [datetime(2024, 5, 14, 3, tzinfo=UTC) + number * HOUR for number in range(hours)]
    keys = [format(time, spelled) for time in times]
    layout = detect(keys)
    assert [parsed and parsed.hour for parsed in map(layout.parse, keys)] == times


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Kolkata", "America/New_York", "Australia/Lord_Howe"])
@pytest.mark.parametrize(
    ("spelled", "pattern"),
    [
        ("e-{:%Y-%m-%dT%H:%M:%S%:z}.gz", "e-%Y-%m-%dT%H:%M:%S%z.gz"),
        ("e-{:%Y%m%dT%H%M%S%z}.gz", "e-%Y%m%dT%H%M%S%z.gz"),
        ("e {:%Y-%m-%d %H:%M:%S %z}.gz", "e %Y-%m-%d %H:%M:%S %z.gz"),
        ("%Y/%m/%d/e_{:%Y-%m-%dT%H:%M:%S}.123{:%z}_x.gz", "%Y/%m/%d/e_%Y-%m-%dT%H:%M:%S.*%z_x.gz"),
    ],
)
def test_an_offset_in_the_names_gives_the_instant(zone: str, spelled: str, pattern: str) -> None:
    local = ZoneInfo(zone)
    keys = {}
    for number in range(400):  # both sides of a clock change
        hour = datetime(2024, 10, 20, tzinfo=UTC) + number * HOUR
        time = hour.astimezone(local)
        offset = time.isoformat()[-6:]
        keys[time.strftime(spelled.replace("%:z", offset).replace("{:", "").replace("}", ""))] = hour
    layout = detect(keys)
    assert layout.pattern == pattern
    for zone_of_archive in (UTC, local):
        for key, hour in keys.items():
            parsed = layout.parse(key, zone_of_archive)
            wall = hour.astimezone(zone_of_archive).replace(minute=0, tzinfo=None)
            assert parsed is not None and parsed.hour.replace(tzinfo=None) == wall


@pytest.mark.parametrize(
    "spelled",
    ["e-%Y-%m-%dT%H:00-{next}:00.gz", "e-%Y-%m-%dT%H:00:00-{next}:00:00.gz", "e-%Y%m%dT%H0000-{part}.gz"],
)
def test_the_end_of_a_range_and_a_counter_are_not_offsets(spelled: str) -> None:
    keys = {}
    for number in range(48):
        hour = datetime(2024, 5, 14, 3) + number * HOUR
        name = hour.strftime(spelled).replace("{next}", f"{hour + HOUR:%H}")
        keys |= {name.replace("{part}", f"{part:04}"): hour for part in (0, 1)}
    layout = detect(keys)
    assert {key: parsed.hour.replace(tzinfo=None) for key in keys if (parsed := layout.parse(key))} == keys


_WEEKS = {
    "%Y%m/%Y%m%d/%Y%m%d%H.gz": "%Y%m/%Y%m%d/%Y%m%d%H.gz",  # 201501 is no week
    "month=%Y%m/day=%Y%m%d/hour=%Y%m%d%H/x.gz": "month=%Y%m/day=%Y%m%d/hour=%Y%m%d%H/x.gz",
    "%Y/W%V/%Y-%m-%d-%H.gz": "%Y/*/%Y-%m-%d-%H.gz",  # 2014/W01 for 2014-12-29, whose week is of 2015
    "%Y/W%U/%Y-%m-%d-%H.gz": "%Y/*/%Y-%m-%d-%H.gz",
    "%G/W%V/%Y-%m-%d-%H.gz": "%G/W%V/%Y-%m-%d-%H.gz",
    "year=%Y/week=%V/month=%m/day=%d/hour=%H/x.gz": "year=%Y/*/month=%m/day=%d/hour=%H/x.gz",  # 51 is no year
    "year=%Y/month=%m/week=%V/day=%d/hour=%H/x.gz": "year=%Y/month=%m/*/day=%d/hour=%H/x.gz",
    "year=%Y/month=%m/day=%d/week=%V/hour=%H/x.gz": "year=%Y/month=%m/day=%d/*/hour=%H/x.gz",
    "%Y/week-%V/%m/%d/%H.gz": "%Y/*/%m/%d/%H.gz",
}


@pytest.mark.parametrize("spelled", _WEEKS)
@pytest.mark.parametrize("start", [datetime(2014, 12, 1), datetime(2015, 1, 1), datetime(2024, 2, 10)])
def test_weeks_beside_dates_do_not_decide_how_years_and_months_are_read(spelled: str, start: datetime) -> None:
    hours = [start + number * HOUR for number in range(40 * 24)]
    layout = detect([hour.strftime(spelled) for hour in hours])
    if start.year == 2014:
        assert layout.pattern == _WEEKS[spelled]
    for hour in hours:
        parsed = layout.parse(hour.strftime(spelled))
        assert parsed is not None and parsed.hour.replace(tzinfo=None) == hour
