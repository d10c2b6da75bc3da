"""The article's job once more, this time by the explorer's keys: calendar, scan, send, nsqd."""

import asyncio

import pytest

from tests.app.conftest import settled, shown, type_text, until
from tests.e2e.test_article import NEEDLE, Place, archive, place, uploaded, wanted
from tests.servers.consume import read_messages
from tests.servers.nsqd import Nsqd
from tui.app.app import Explorer
from tui.app.scan.screen import ScanPage
from tui.app.send.screen import SendPage
from tui.config import S3Options, load_config

__all__ = ["archive", "place", "uploaded", "wanted"]  # fixtures


async def test_found_and_sent_by_keys(
    place: Place, wanted: list[bytes], nsqd: Nsqd, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
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
        assert scan.state.matches == len(wanted)
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
        assert f"{len(wanted):,} records confirmed in {topic}" in shown(pilot)
    received = await asyncio.to_thread(read_messages, nsqd, topic, len(wanted))
    assert sorted(received) == sorted(wanted)
