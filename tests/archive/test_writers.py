"""Every writer's archive is read right: each hour, no false gap, topics and hosts, and what is not its own named."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.seaweed import Seaweed
from tests.support.writers import FOREIGN, HOURS, MISSING, START, WRITERS
from tui.archive import open_archive
from tui.archive.detect import SeveralLayoutsError, detect, find_layouts
from tui.archive.layout import Layout
from tui.archive.open import open_listed
from tui.archive.topics import topics_of
from tui.errors import LayoutError


@pytest.mark.parametrize("name", WRITERS)
def test_every_hour_of_every_key_is_found(name: str) -> None:
    writer = WRITERS[name]
    keys = writer.archive()
    layouts = find_layouts([*keys, *FOREIGN])
    assert len(layouts) == 1
    parsed_keys = {key: parsed for key in keys if (parsed := layouts[0].parse(key))}
    assert {key: parsed.hour.replace(tzinfo=None) for key, parsed in parsed_keys.items()} == keys
    assert {parsed.topic for parsed in parsed_keys.values()} - {""} == writer.topics
    assert {parsed.host for parsed in parsed_keys.values()} - {""} == writer.hosts
    assert not any(layouts[0].parse(key) for key in FOREIGN)


@pytest.mark.parametrize("name", WRITERS)
def test_the_layout_of_a_day_reads_the_days_after_it(name: str) -> None:
    """A number, an id or a host that a sample lacks must not be lost. What a day cannot show is asked for."""
    keys = WRITERS[name].archive()
    first_day = [key for key, hour in keys.items() if hour < START + timedelta(days=1)]
    if name in SHORT_YEARS:
        with pytest.raises(SeveralLayoutsError, match="days and years cannot be told apart in keys such as"):
            detect(first_day)
        return
    layout = detect(first_day)
    lost = [key for key in keys if not layout.parse(key)]
    changes = {"nsq_to_file, before and after -gzip"}  # its second form began later
    assert not lost or name in changes


def test_there_are_many_writers() -> None:
    assert len(WRITERS) >= 60


SHORT_YEARS = {
    "two digits of the year",
    "a year of two digits, six digits of a date",
    "day, month, year of two digits",
}


def check(url: str, name: str, prefix: str = "") -> None:
    archive, listing = open_listed(url)
    writer, catalog = WRITERS[name], archive.catalog(None, None, listing)
    keys = writer.archive()
    got = {chunk.key: chunk.hour.replace(tzinfo=None) for chunk in catalog.chunks}
    assert {archive.folders + key: hour for key, hour in got.items()} == {prefix + key: keys[key] for key in keys}
    assert [h.replace(tzinfo=None) for gap in catalog.gaps for h in [gap.start]] == [
        START + timedelta(hours=number) for number in sorted(MISSING) if number - 1 not in MISSING
    ]
    assert catalog.gap_hours == len(MISSING)
    assert set(topics_of(catalog.chunks)) == writer.topics
    inside = {archive.folders + key for key in catalog.unmatched} - {archive.folders + key for key in archive.beside}
    assert {prefix + key for key in FOREIGN} == inside | set(archive.beside)


@pytest.mark.parametrize("name", WRITERS)
def test_the_archive_in_a_folder(name: str, tmp_path: Path) -> None:
    for key in (*WRITERS[name].archive(), *FOREIGN):
        path = tmp_path / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    check(str(tmp_path), name)


_IN_S3 = (
    "nsq_to_file -gzip, two topics, with restarts",
    "CloudTrail",
    "Vector",
    "GH Archive",
    "sibling topics",
    "spaces",
    "nsq_to_file, versions of a topic",
    "Secor, versions of a topic",
    "topics with dots, no host",
    "a year of two digits, six digits of a date",
    "Apache's time",
    "a weekday",
    "a folder for the weekday",
    "numbered topics and hosts",
)


@pytest.mark.s3
def test_archives_in_s3(seaweed: Seaweed, bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in seaweed.env.items():
        monkeypatch.setenv(name, value)
    for number, name in enumerate(_IN_S3):
        for key in (*WRITERS[name].archive(), *FOREIGN):
            path = tmp_path / str(number) / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"x")
    seaweed.upload_folder(tmp_path, bucket, threads=8)
    for number, name in enumerate(_IN_S3):
        check(f"s3://{bucket}/{number}/", name, f"{number}/")
    siblings = open_archive(f"s3://{bucket}/{_IN_S3.index('sibling topics')}/events")
    assert siblings.layout.pattern == f"{_IN_S3.index('sibling topics')}/{{topic=events*}}/%Y-%m-%d_%H.log.gz"
    assert set(topics_of(siblings.catalog().chunks)) == WRITERS["sibling topics"].topics


HOURLY = [f"{hour:%Y-%m-%d_%H}" for hour in HOURS]


def test_two_layouts_in_one_place_are_both_named() -> None:
    keys = [*(f"ev.{hour}.log.gz" for hour in HOURLY), *(f"{hour:%Y/%m/%d/%H}/a.json" for hour in HOURS[:30])]
    with pytest.raises(SeveralLayoutsError) as caught:
        detect(keys, "s3://b/logs")
    assert "s3://b/logs holds keys of two layouts, 'ev.%Y-%m-%d_%H.log.gz' and '%Y/%m/%d/%H/a.json'" in str(
        caught.value
    )
    assert "--layout" in str(caught.value)
    assert [layout.pattern for layout in caught.value.layouts] == ["ev.%Y-%m-%d_%H.log.gz", "%Y/%m/%d/%H/a.json"]


@pytest.mark.parametrize(
    "strays",
    [
        ["ev.2015-01-30_01.log.gz.B1F4aD3c", "ev.2015-01-30_02.log.gz.partial"],
        [f"ev.{hour}.log.gz.Ab3{number:05x}" for number, hour in enumerate(HOURLY)],  # a copy that broke each time
        [f"ev.{hour}.log.gz.tmp" for hour in HOURLY],
        [f"ev.{hour}.log.gz.inprogress.6f2a-11" for hour in HOURLY],
        [f"_temporary/0/task_1/ev.{hour}.log.gz" for hour in HOURLY],
        [f".ev.{hour}.log.gz.x7Yq2L" for hour in HOURLY],  # rsync
        [f"ev.{hour}.log.gz.md5" for hour in HOURLY],
        [f"ev.{hour} (1).log.gz" for hour in HOURLY[:2]],
        ["2015/01/30/13/x.gz", "old/ev.2015-01-30_01.log.gz", "a/b/", "inventory/manifest.checksum"],
    ],
    ids=range(9),
)
def test_what_tools_leave_behind_does_not_widen_a_layout(strays: list[str]) -> None:
    layouts = find_layouts([*strays, *(f"ev.{hour}.log.gz" for hour in HOURLY)])
    assert [layout.pattern for layout in layouts] == ["ev.%Y-%m-%d_%H.log.gz"]
    assert not any(layouts[0].parse(key) for key in strays)


def test_a_layout_that_spells_an_odd_ending_means_it() -> None:
    for pattern in ("ev.%Y-%m-%d_%H.log.tmp", ".hidden/%Y-%m-%d_%H.gz", "%Y-%m-%d_%H.*.partial"):
        key = pattern.replace("*", "x").replace("%Y-%m-%d_%H", "2015-01-30_13")
        assert Layout(pattern).parse(key)


DAYS = [START + timedelta(days=number) for number in range(40)]


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        ([f"ev.{day:%Y-%m-%d}.log.gz" for day in DAYS], "a day but not an hour"),
        ([f"{day:%Y/%m/%d}/events.json.gz" for day in DAYS], "a day but not an hour"),
        ([f"ev.{day:%Y-%m-%d}.{n}.log.gz" for day in DAYS for n in range(4)], "a day but not an hour"),
        ([f"ev-{day:%Y-%m-%d}T00:00:00Z.json.gz" for day in DAYS], "a day but not an hour"),
        ([f"ev-{int(day.timestamp()) // 86400 * 86400}.json.gz" for day in DAYS], "no layout was found"),
        ([f"ev_{hour:%Y-%m-%d_%I}_{number}.gz" for number, hour in enumerate(HOURS)], "without AM or PM"),
        ([f"ev_{hour:%Y-%m-%d}-{hour:%I}.{hour.hour // 12}.gz" for hour in HOURS], "without AM or PM"),
        ([f"ev_{hour:%Y-%m-%d}_{hour.hour or 24:02}.gz" for hour in HOURS], "from 1 to 24"),
        ([f"{hour:%Y/%m/%d}/{hour.hour + 1:02}/web01.gz" for hour in HOURS], "from 1 to 24"),
        ([f"{hour:%Y%m%d}{hour.hour or 24:02}00.gz" for hour in HOURS], "from 1 to 24"),
        ([f"{hour:%Y-%m-%d}/web01.{hour.hour or 24:02}.gz" for hour in HOURS], "from 1 to 24"),
        ([f"{hour:%Y/%m}/{hour:%d-%m-%Y}/x-{hour:%H}.gz" for hour in HOURS], "two numbers may be the hour"),
        ([f"ev_{d:02}-{m:02}-2015_{h:02}.gz" for d in (1, 2, 5) for m in (3, 4) for h in range(24)], "days and months"),
        ([f"{hour:%G-W%V}/{hour:%H}.gz" for hour in HOURS], "a week but not a day"),
        ([f"ev-{hour:%Y-W%U-%w}T{hour:%H}.gz" for hour in HOURS], "not those of ISO 8601"),
        ([f"{number:032x}.gz" for number in range(100)], "no layout was found"),
        (["a.gz", "b.gz"], "no layout was found"),
    ],
    ids=range(17),
)
def test_names_without_an_hour_are_refused_with_the_reason(keys: list[str], why: str) -> None:
    with pytest.raises(LayoutError, match=why) as caught:
        detect(keys)
    assert any(key in str(caught.value) for key in keys)


def test_an_hour_24_beside_an_hour_0_is_a_stray() -> None:
    keys = [f"ev_{hour:%Y-%m-%d_%H}.gz" for hour in HOURS]
    assert detect([*keys, "ev_2015-01-30_24.gz"]).pattern == "ev_%Y-%m-%d_%H.gz"


def test_a_key_whose_dates_disagree_is_not_a_chunk() -> None:
    keys = [f"dt={hour:%Y-%m-%d}/ev-{hour:%Y-%m-%d_%H}.gz" for hour in HOURS]
    odd = "dt=2015-01-30/ev-2015-02-15_05.gz"
    layout = detect([*keys, odd])
    assert all(layout.parse(key) for key in keys)
    assert not layout.parse(odd)


def test_the_docs_list_every_writer_with_its_layout() -> None:
    page = Path("docs/layouts.md").read_text(encoding="utf-8")
    for name, writer in WRITERS.items():
        assert f"| {name} | `{detect(writer.archive()).pattern}` |" in page


_PATTERNS = st.builds(
    "{}{}{}{}{}".format,
    st.sampled_from(["", "logs/", "events-", "a/b=", "v2/app.", "raw_", "x 1/"]),
    st.sampled_from(
        [
            "%Y-%m-%d",
            "%Y/%m/%d",
            "%Y%m%d",
            "%Y_%m_%d",
            "%Y.%m.%d",
            "year=%Y/month=%m/day=%d",
            "%Y-%j",
            "%d-%b-%Y",
            "%G-W%V-%u",
            "%GW%V%u",
        ]
    ),
    st.sampled_from(["T", "_", "-", "/", "/hour=", "/hr=", ".", " ", "--", "/h", "T_"]),
    st.sampled_from(["%H", "%H%M", "%H%M%S", "%H-%M-%S", "%H:%M:%S"]),
    st.sampled_from(["", ".log.gz", ".json", "/a.gz", "-part-7.gz", "Z.jsonl.zst", "_id4f.gz"]),
)


@given(pattern=_PATTERNS, start=st.datetimes(datetime(1995, 1, 1), datetime(2060, 1, 1)), minute=st.integers(0, 59))
def test_any_date_and_hour_is_found(pattern: str, start: datetime, minute: int) -> None:
    hours = [start.replace(minute=minute, second=59, microsecond=0) + timedelta(hours=number) for number in range(60)]
    keys = {hour.strftime(pattern): hour.replace(minute=0, second=0) for hour in hours}
    layout = detect([*keys, *FOREIGN])
    hours_read = {key: parsed.hour.replace(tzinfo=None) for key in keys if (parsed := layout.parse(key))}
    assert hours_read == keys
