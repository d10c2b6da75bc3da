"""The article's whole job: 0.3 % of 35 days × 24 hours, found and put back into NSQ, byte for byte what zgrep finds.

By commands, and by the explorer's keys: calendar, scan, send, nsqd.
"""

import asyncio
import hashlib
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import pytest

from tests.app.conftest import settled, shown, type_text, until
from tests.support.command import Ran, hourscope, shell
from tests.support.consume import read_messages
from tests.support.nsqd import Nsqd
from tests.support.seaweed import Seaweed
from tui.app.app import Explorer
from tui.app.scan.screen import ScanPage
from tui.app.send.screen import SendPage
from tui.config import S3Options, load_config
from tui.demo import SampleSpec, torn_chunk_of, write_sample

SPEC = SampleSpec(hours=35 * 24, records_per_hour=100, seed=35)
WEEK = replace(SPEC, hours=7 * 24)
NEEDLE = '"event":"error"'


@dataclass(frozen=True)
class Place:
    """Where an archive is, and what reaches it; `folder` holds the same, `selected` is what the old tools find."""

    url: str
    env: dict[str, str]
    folder: Path
    selected: list[bytes]

    def run(self, command: str, *words: object) -> Ran:
        return hourscope(command, self.url, *words, env=self.env)


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory, seaweed: Seaweed) -> Callable[[SampleSpec, str], Place]:
    """The archive of a sample, in a folder or in S3, without the torn chunk: this is about counting."""

    @cache
    def written(spec: SampleSpec) -> tuple[Path, list[bytes]]:
        folder = tmp_path_factory.mktemp("article")
        for _ in write_sample(folder, spec):
            pass
        (folder / torn_chunk_of(spec)).unlink()
        in_order = "ls | sort -t. -k3,3 -k2,2 | xargs zcat"  # of hour, key, line
        return folder, shell(f"{in_order} | grep -F '{NEEDLE}'", cwd=folder).splitlines()

    @cache
    def place(spec: SampleSpec, where: str) -> Place:
        folder, selected = written(spec)
        if where == "folder":
            return Place(str(folder), {}, folder, selected)
        bucket = seaweed.create_bucket(f"media-{uuid.uuid4().hex[:8]}")
        seaweed.upload_folder(folder, bucket, "logs/")
        return Place(f"s3://{bucket}/logs/", dict(seaweed.env), folder, selected)

    return place


@pytest.fixture(params=["folder", "s3"])
def place(request: pytest.FixtureRequest, places: Callable[[SampleSpec, str], Place]) -> Place:
    return places(SPEC, request.param)


@pytest.fixture(params=["folder", "s3"])
def week(request: pytest.FixtureRequest, places: Callable[[SampleSpec, str], Place]) -> Place:
    """Seven of the days, for the other ways to do the job."""
    return places(WEEK, request.param)


def send(nsqd: Nsqd, topic: str, *words: object, env: dict[str, str]) -> dict[str, object]:
    ran = hourscope(
        "send", *words, "--nsqd-tcp-address", nsqd.tcp_address, "--nsqd-http-address", nsqd.http_address,
        "--topic", topic, "--yes", "--json", env=env,
    )  # fmt: skip
    assert ran.code == 0
    assert ran.sentence.startswith(f"hourscope: the topic {topic} ")  # nobody reads it yet
    receipt: dict[str, object] = json.loads(ran.lines[-1])
    return receipt


def test_scan_to_a_file_then_send(place: Place, nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    out, selected = tmp_path / "errors.jsonl.gz", place.selected
    scanned = place.run("scan", "--from", "2015-01-12", "--to", "2015-02-16", "-g", NEEDLE, "-o", out, "--json")
    summary = json.loads(scanned.lines[-1])
    assert (scanned.code, scanned.err) == (0, "")
    assert summary["matches"] == len(selected)
    assert 0.002 < summary["matches"] / summary["records"] < 0.006, "about 0.3 %"
    assert shell(f"zcat {out}").splitlines() == selected

    receipt = send(nsqd, topic, out, env=place.env)
    assert receipt["sent"] == receipt["confirmed"] == len(selected)
    assert receipt["bytes"] == sum(map(len, selected))
    assert receipt["topic"] == topic
    assert receipt["sha256"] == hashlib.sha256(b"".join(line + b"\n" for line in selected)).hexdigest()
    assert Path(str(receipt["journal"])).exists()
    assert sorted(read_messages(nsqd, topic, len(selected))) == sorted(selected)
    assert nsqd.stats(topic).message_count == len(selected)


def test_through_an_extract(week: Place, nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    on_s3 = week.url.startswith("s3://")
    extract = week.url.replace("/logs/", "/extracts/errors/") if on_s3 else f"{tmp_path}/errors/"
    assert week.run("scan", "-g", NEEDLE, "-o", extract).code == 0
    receipt = send(nsqd, topic, extract, env=week.env)
    assert receipt["confirmed"] == len(week.selected)
    assert sorted(read_messages(nsqd, topic, len(week.selected))) == sorted(week.selected)


def test_straight_from_the_archive(week: Place, nsqd: Nsqd, topic: str) -> None:
    receipt = send(nsqd, topic, week.url, "-g", NEEDLE, env=week.env)
    assert receipt["confirmed"] == len(week.selected)
    assert sorted(read_messages(nsqd, topic, len(week.selected))) == sorted(week.selected)


def test_send_to_a_file_keeps_the_order(week: Place) -> None:
    ran = week.run("send", "-g", NEEDLE, "-o", "-")
    assert (ran.code, ran.err) == (0, "")
    assert ran.lines == week.selected


def test_ls_and_cat_see_the_same_on_s3_and_in_a_folder(place: Place) -> None:
    listing = json.loads(place.run("ls", "--json").out)
    sizes = {Path(c["key"]).name: c["size"] for hour in listing["hours"] for c in hour["chunks"]}
    assert sizes == {path.name: path.stat().st_size for path in place.folder.iterdir()}
    assert len(listing["gaps"]) == 2
    ran = place.run("cat", "--hour", "2015-01-20T13")
    assert ran.out == shell("cat *.2015-01-20_13.log.gz | zcat", cwd=place.folder)


@pytest.mark.parametrize("place", ["s3"], indirect=True)
async def test_found_and_sent_by_keys(place: Place, nsqd: Nsqd, topic: str, monkeypatch: pytest.MonkeyPatch) -> None:
    selected = place.selected
    for name, value in place.env.items():
        monkeypatch.setenv(name, value)
    app = Explorer(place.url, timezone=None, s3=S3Options(), config=load_config())
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "838/840 h" in shown(pilot), seconds=30)
        await settled(pilot)
        await pilot.press("g", "v", "G", "v", "s")
        scan = app.screen
        assert isinstance(scan, ScanPage)
        await pilot.press("slash", "ctrl+u")
        await type_text(pilot, f"-g '{NEEDLE}'")
        await pilot.press("enter", "enter")
        await until(pilot, lambda: scan.over, seconds=60)
        assert scan.state is not None
        assert scan.state.matches == len(selected)
        await pilot.press("p")
        send = app.screen
        assert isinstance(send, SendPage)
        await until(pilot, lambda: send.survey.complete, seconds=30)
        for key, text in (("d", nsqd.tcp_address), ("t", topic)):
            await pilot.press(key, "ctrl+u")
            await type_text(pilot, text)
            await pilot.press("enter")
        await until(pilot, lambda: bool(send.checked.destinations))
        await pilot.press("enter")
        await type_text(pilot, topic)
        await pilot.press("enter")
        await until(pilot, lambda: send.receipt is not None, seconds=30)
        assert f"{len(selected):,} records confirmed in {topic}" in shown(pilot)
    received = await asyncio.to_thread(read_messages, nsqd, topic, len(selected))
    assert sorted(received) == sorted(selected)
