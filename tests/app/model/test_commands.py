"""The command lines that the explorer shows name the archive as it was opened, and run as they are."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.app.conftest import on, settled, shown
from tests.e2e.command import hourscope
from tui.app.app import Explorer
from tui.app.model.session import Session
from tui.app.page import Page
from tui.app.scan.screen import ScanPage
from tui.config import S3Options, config_dir, load_config
from tui.scan import open_extract, plan_scan, run_plan

ZONE = "Europe/Berlin"


@pytest.fixture(params=["named", "spelled", "layout"])
def explorer(request: pytest.FixtureRequest, small_archive: Path) -> Explorer:
    config_dir().mkdir(parents=True, exist_ok=True)
    (config_dir() / "config.toml").write_text(f'[archives.m]\nurl = "{small_archive}"\ntimezone = "{ZONE}"\n')
    given = {
        "named": ("m", None, None),
        "spelled": (str(small_archive), ZONE, None),
        "layout": (str(small_archive), ZONE, "events.web01-000000.%Y-%m-%d_%H.log.gz"),
    }
    url, timezone, layout = given[request.param]
    return Explorer(url, timezone=timezone, layout=layout, s3=S3Options(), config=load_config())


def session_of(pilot: Pilot[int]) -> Session:
    session = getattr(pilot.app.screen, "session", None)
    assert isinstance(session, Session)
    return session


def explained(pilot: Pilot[int]) -> list[list[str]]:
    """The words of hourscope's command lines in a screen's explanation."""
    page = pilot.app.screen
    assert isinstance(page, Page)
    lines = [line.removeprefix("$ ") for line in page.explanation() if line.startswith("$ hourscope ")]
    assert lines
    return [shlex.split(line)[1:] for line in lines]


async def test_the_name_and_the_zone_are_in_every_command(explorer: Explorer, small_archive: Path) -> None:
    async with explorer.run_test(size=(140, 40)) as pilot:
        await settled(pilot)
        session = session_of(pilot)
        named = ["m"] if explorer.url == "m" else [str(small_archive), "--timezone", ZONE]
        if explorer.url == "m":
            assert re.search(r"\bm\b", shown(pilot).splitlines()[0])
        (listing,) = explained(pilot)
        assert listing[: 1 + len(named)] == ["ls", *named]
        assert hourscope(*listing).out == hourscope("ls", small_archive, "--timezone", ZONE).out
        await pilot.press("enter")
        await settled(pilot)
        for words in explained(pilot):
            assert words[: 1 + len(named)] == ["cat", *named] and hourscope(*words).code == 0
        await pilot.press("q", "s")
        await settled(pilot)
        page = pilot.app.screen
        assert isinstance(page, ScanPage) and page.session is session
        (line,) = page.form.commands
        words = shlex.split(line)[1:]
        assert words[: 1 + len(named)] == ["scan", *named]


async def test_what_the_explorer_began_is_resumed_by_the_command_that_it_shows(explorer: Explorer) -> None:
    async with explorer.run_test(size=(140, 40)) as pilot:
        await settled(pilot)
        session = session_of(pilot)
        await pilot.press("s")
        await settled(pilot)
        page = on(pilot, ScanPage)
        plan = plan_scan(session.archive, page.form.hours.span.start, page.form.hours.span.stop, page.form.filter)
        list(run_plan(plan, extract=open_extract(page.form.out, plan)))
        words = shlex.split(page.form.commands[0])[1:]
    ran = hourscope(*words, "--resume")
    assert (ran.code, ran.err) == (0, "")
