"""`hourscope doctor`: one sentence a thing that the work needs, and an exit code."""

import gzip
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.command import hourscope
from tests.servers.nsqd import Nsqd
from tests.servers.seaweed import Seaweed


def write(folder: Path, *, ahead: timedelta = timedelta(0), line: bytes = b"{}") -> None:
    """Six hours whose files are written some minutes after their hour ends, by a clock `ahead` of UTC."""
    for n in range(6):
        hour = datetime(2015, 1, 20, 10 + n, tzinfo=UTC)
        path = folder / f"events.{hour + ahead:%Y-%m-%d_%H}.log.gz"
        path.write_bytes(gzip.compress(line + b"\n"))
        written = (hour + timedelta(hours=1, minutes=2 + n)).timestamp()
        os.utime(path, (written, written))


def checks(*words: object, **more: Any) -> dict[str, dict[str, str]]:
    told = json.loads(hourscope("doctor", *words, "--json", **more).out)
    return {check["name"]: check for check in told["checks"]}


def test_all_is_well(tmp_path: Path, nsqd: Nsqd) -> None:
    write(tmp_path)
    ran = hourscope("doctor", tmp_path, "--nsqd-tcp-address", nsqd.tcp_address)
    assert (ran.code, ran.err) == (0, "")
    *others, last = ran.lines
    assert {line.split()[0] for line in others} == {"✓".encode()}
    assert b"takes records up to 1.0 MB" in last
    assert b"give nsqd's --nsqd-http-address" in last  # these tests' nsqd has ports that do not follow each other


@pytest.mark.parametrize(("hours", "zone"), [(2, "UTC+2"), (-5, "UTC-5")])
def test_the_upload_times_tell_of_a_local_time_zone(tmp_path: Path, hours: int, zone: str) -> None:
    write(tmp_path, ahead=timedelta(hours=hours))
    check = checks(tmp_path)["time zone"]
    assert check["state"] == "warning"
    assert zone in check["says"]


def test_records_that_are_no_json_are_a_warning(tmp_path: Path) -> None:
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

    config = tmp_path / "xdg" / "hourscope" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text("[archives\n")
    assert checks(tmp_path, env={"XDG_CONFIG_HOME": str(tmp_path / "xdg")})["config"]["state"] == "failed"


def test_a_bucket_that_is_not_there(seaweed: Seaweed) -> None:
    found = checks("s3://no-such-bucket/", env=seaweed.env)
    assert found["archive"]["state"] == "failed"
    assert "no-such-bucket" in found["archive"]["says"]
