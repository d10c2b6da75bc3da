"""`hourscope doctor`: one sentence for each thing that the work needs, and an exit code."""

import gzip
import io
import json
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.support.command import hourscope
from tests.support.nsqd import Nsqd
from tests.support.scripted_lookupd import scripted_lookupd
from tests.support.seaweed import Seaweed
from tui.archive.times import hours_between, next_hour
from tui.checks import Check
from tui.cli.checks import report

HOUR = timedelta(hours=1)


def write(folder: Path, *, ahead: timedelta = timedelta(0), line: bytes = b"{}") -> None:
    """Six hours whose files are written some minutes after their hour ends, by a clock `ahead` of UTC."""
    for n in range(6):
        hour = datetime(2015, 1, 20, 10 + n, tzinfo=UTC)
        put(folder, hour + ahead, gzip.compress(line + b"\n"), hour + HOUR + timedelta(minutes=2 + n))


def write_in(folder: Path, zone: str, first: datetime, hours: int) -> None:
    """Hours of a zone's wall clock from `first` on, each written seven minutes after its end."""
    start = first.replace(tzinfo=ZoneInfo(zone))
    for hour in hours_between(start, start + hours * HOUR):
        put(folder, hour, gzip.compress(b"{}\n"), next_hour(hour).astimezone(UTC) + timedelta(minutes=7))


def put(folder: Path, hour: datetime, content: bytes, written: datetime | None = None) -> Path:
    path = folder / f"events.{hour:%Y-%m-%d_%H}.log.gz"
    path.write_bytes(content)
    if written is not None:
        os.utime(path, (written.timestamp(), written.timestamp()))
    return path


def checks(*words: object, **more: Any) -> dict[str, dict[str, str]]:
    printed = json.loads(hourscope("doctor", *words, "--json", **more).out)
    return {check["name"]: check for check in printed["checks"]}


def test_all_is_well(tmp_path: Path, nsqd: Nsqd) -> None:
    write(tmp_path)
    ran = hourscope("doctor", tmp_path, "--nsqd-tcp-address", nsqd.tcp_address)
    assert (ran.code, ran.err) == (0, "")
    *others, last = ran.lines
    assert {line.split()[0] for line in others} == {"✓".encode()}
    assert b"takes records up to 1.0 MB" in last
    assert b"add nsqd's --nsqd-http-address" in last  # these tests' nsqd has ports that do not follow each other


@pytest.mark.parametrize(("hours", "zone"), [(2, "UTC+2"), (-5, "UTC-5")])
def test_the_upload_times_reveal_a_local_time_zone(tmp_path: Path, hours: int, zone: str) -> None:
    write(tmp_path, ahead=timedelta(hours=hours))
    check = checks(tmp_path)["time zone"]
    assert check["state"] == "warning"
    assert zone in check["says"]


@pytest.mark.parametrize(
    ("zone", "first", "hours", "offsets"),
    [
        ("America/Chicago", datetime(2023, 11, 3), 96, "UTC-6 to UTC-5"),  # back to winter time
        ("Europe/Berlin", datetime(2022, 3, 25), 60, "UTC+1 to UTC+2"),
        ("Australia/Lord_Howe", datetime(2024, 4, 4), 80, "UTC+10:30 to UTC+11"),  # half an hour of summer time
        ("Asia/Kathmandu", datetime(2021, 6, 5), 30, "UTC+5:45"),
        ("America/St_Johns", datetime(2021, 7, 5), 30, "UTC-2:30"),
        ("Asia/Kolkata", datetime(2021, 1, 5), 5, "UTC+5:30"),
    ],
)
def test_the_advised_zone_fits_and_is_accepted(
    tmp_path: Path, zone: str, first: datetime, hours: int, offsets: str
) -> None:
    write_in(tmp_path, zone, first, hours)
    check = checks(tmp_path)["time zone"]
    assert check["state"] == "warning"
    assert f"the names seem to be in {zone} ({offsets})" in check["says"]
    advised = checks(tmp_path, *check["says"].rpartition("add ")[2].split())["time zone"]
    assert (advised["state"], advised["says"]) == ("ok", "chunks come 7 minutes after their hour ends")


def test_a_zone_that_fits_only_the_winter_is_not_good_enough(tmp_path: Path) -> None:
    """London's hours are UTC's until the clocks change."""
    write_in(tmp_path, "Europe/London", datetime(2024, 3, 27), 120)
    assert "in Europe/London (UTC to UTC+1)" in checks(tmp_path)["time zone"]["says"]
    assert checks(tmp_path, "--timezone", "Europe/London")["time zone"]["state"] == "ok"


def test_late_uploads_and_rotations_do_not_change_the_zone(tmp_path: Path) -> None:
    """Every fifth hour came late; and of each hour the last chunk counts, not those that were full before its end."""
    for n in range(20):
        hour = datetime(2015, 1, 20, tzinfo=UTC) + n * HOUR
        late = timedelta(hours=3) if n % 5 == 0 else timedelta(minutes=1)
        for rev in range(3):
            path = tmp_path / f"events.web-00000{rev}.{hour:%Y-%m-%d_%H}.log.gz"
            path.write_bytes(gzip.compress(b"{}\n"))
            written = (hour + HOUR + late if rev == 2 else hour + timedelta(minutes=20 * (rev + 1))).timestamp()
            os.utime(path, (written, written))
    assert checks(tmp_path)["time zone"]["says"] == "chunks come 1 minute after their hour ends"


def test_a_copy_says_nothing_about_the_zone(tmp_path: Path) -> None:
    for n in range(30):
        put(tmp_path, datetime(2015, 1, 20, tzinfo=UTC) + n * HOUR, gzip.compress(b"{}\n"))
    check = checks(tmp_path)["time zone"]
    assert check["state"] == "ok"
    assert "do not follow the hours" in check["says"]


@pytest.mark.parametrize("lost", [[0], [3], [0, 1, 2, 3, 4]])
def test_an_hour_without_a_byte_is_named_wherever_it_is(tmp_path: Path, lost: list[int]) -> None:
    write(tmp_path)
    for n in lost:
        (tmp_path / f"events.2015-01-20_{10 + n}.log.gz").write_bytes(b"")
    ran = hourscope("doctor", tmp_path)
    assert ran.code == 2
    (line,) = [line.decode() for line in ran.lines if line.startswith("✗".encode())]
    assert line.split()[1:3] == ["empty", "chunks"]
    assert f"events.2015-01-20_{10 + lost[0]}.log.gz" in line
    assert ("and 2 more" in line) == (len(lost) == 5)


def _member(number: int) -> bytes:
    return gzip.compress(b'{"n":%d,"pad":"%s"}\n' % (number, os.urandom(3000).hex().encode()))


def _flipped(number: int) -> bytes:
    """A chunk of 300 members, one with a damaged byte in its middle."""
    members = [bytearray(_member(n)) for n in range(300)]
    members[number][len(members[number]) // 2] ^= 0xFF
    return b"".join(members)


@pytest.mark.parametrize("index", [0, 3, 5])
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (bytes(5000), "it holds only zero bytes"),
        (b"<!DOCTYPE html>\n<html><body>502 Bad Gateway</body></html>", "it is an HTML or XML page"),
        (b"  \n<HTML lang=en>", "it is an HTML or XML page"),
        (_flipped(100), "a gzip member"),
        (_flipped(290), "a gzip member"),
        (_member(1)[:1000], "ends in the middle of a gzip member"),
    ],
    ids=["zeros", "html", "html in capitals", "damage early", "damage late", "torn"],
)
def test_what_is_not_a_sound_chunk_is_found_at_the_start_in_the_middle_and_at_the_end(
    tmp_path: Path, content: bytes, words: str, index: int
) -> None:
    write(tmp_path)
    path = tmp_path / f"events.2015-01-20_{10 + index}.log.gz"
    path.write_bytes(content)
    ran = hourscope("doctor", tmp_path, "--json")
    assert ran.code == 2
    answer = json.loads(ran.out)
    assert not answer["ok"]
    (failed,) = [check["says"] for check in answer["checks"] if check["state"] == "failed"]
    assert failed.startswith(f"{path.name}, bytes ")
    assert words in failed


def test_a_chunk_that_is_not_compressed_in_spite_of_its_name_is_a_warning(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "events.2015-01-20_10.log.gz").write_bytes(b'{"n":1}\n')
    (tmp_path / "events.2015-01-20_11.log.gz").write_bytes(b"plain words\n")
    ran = hourscope("doctor", tmp_path, "--json")
    assert ran.code == 0
    says = [check["says"] for check in json.loads(ran.out)["checks"] if check["state"] == "warning"]
    assert "with the name of a compressed file: events.2015-01-20_10.log.gz, events.2015-01-20_11.log.gz" in says[0]
    assert "1 of 6 records are not JSON, in events.2015-01-20_11.log.gz" in says[1]


def test_a_record_of_many_megabytes_is_not_parsed(tmp_path: Path) -> None:
    write(tmp_path)
    record = b'{"k":[' + b",".join([b'[1,2,{"a":"b"}]'] * 700_000) + b"]}"
    assert len(record) > 10 << 20
    (tmp_path / "events.2015-01-20_12.log.gz").write_bytes(gzip.compress(record + b"\n", 1))
    check = checks(tmp_path)["reading"]
    assert check["state"] == "warning"
    assert "1 record larger than 8 MiB in events.2015-01-20_12.log.gz" in check["says"]


def test_what_msgspec_refuses_and_json_allows_is_json(tmp_path: Path) -> None:
    write(tmp_path, line=b'{"v":"\\ud800 x","n":1e400}')
    assert checks(tmp_path)["reading"]["state"] == "ok"


def configured(folder: Path, text: str) -> dict[str, str]:
    """The environment in which this is the config."""
    config = folder / "xdg" / "hourscope" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text(text)
    return {"XDG_CONFIG_HOME": str(folder / "xdg")}


def test_each_nsqd_of_a_name_is_checked(tmp_path: Path, nsqd: Nsqd) -> None:
    write(tmp_path)
    env = configured(tmp_path, f'[nsq.prod]\nnsqd_tcp_address = ["{nsqd.tcp_address}", "127.0.0.1:9"]\n')
    ran = hourscope("doctor", tmp_path, "--nsqd-tcp-address", "prod", env=env)
    assert ran.code == 2
    assert "✗ nsqd 127.0.0.1:9".encode() in ran.out
    assert f"nsqd {nsqd.tcp_address}".encode() in ran.out


def test_an_nsqd_that_nsqlookupd_names_and_that_cannot_be_reached(tmp_path: Path) -> None:
    write(tmp_path)
    with scripted_lookupd([("no-such-host.invalid", 4150)]) as lookupd:
        env = configured(tmp_path, f'[nsq.prod]\nlookupd_http_address = "{lookupd}"\n')
        ran = hourscope("doctor", tmp_path, "--nsqd-tcp-address", "prod", env=env)
    assert ran.code == 2
    assert b"nsqlookupd named it: check nsqd's -broadcast-address" in ran.out


def test_records_that_are_not_json_are_a_warning(tmp_path: Path) -> None:
    write(tmp_path, line=b"plain words")
    assert checks(tmp_path)["reading"]["state"] == "warning"


def test_a_damaged_chunk_a_silent_nsqd_and_a_wrong_config_fail(tmp_path: Path) -> None:
    write(tmp_path)
    last = tmp_path / "events.2015-01-20_15.log.gz"
    last.write_bytes(last.read_bytes()[:12])
    assert checks(tmp_path)["reading"]["state"] == "failed"
    ran = hourscope("doctor", tmp_path, "--nsqd-tcp-address", "127.0.0.1:9")
    assert ran.code == 2
    assert "✗ nsqd 127.0.0.1:9".encode() in ran.out

    assert checks(tmp_path, env=configured(tmp_path, "[archives\n"))["config"]["state"] == "failed"


def test_a_bucket_that_is_not_there(seaweed: Seaweed) -> None:
    report = checks("s3://no-such-bucket/", env=seaweed.env)
    assert report["archive"]["state"] == "failed"
    assert "no-such-bucket" in report["archive"]["says"]


@pytest.mark.parametrize(
    ("variable", "value", "colored"), [("TERM", "xterm", True), ("TERM", "dumb", False), ("NO_COLOR", "1", False)]
)
def test_marks_have_colors_unless_they_are_not_wanted(
    variable: str, value: str, colored: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv(variable, value)
    screen = io.StringIO()
    monkeypatch.setattr(screen, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdout", screen)
    report([Check("config", "ok", "fine")])
    assert screen.getvalue() == ("\x1b[32m✓\x1b[0m" if colored else "✓") + " config       fine\n"
