"""The pictures of the README, made from the sample archive: `python -m tests.app.screenshots [--check]`.

The same code and sample give the same bytes, so that a test can tell when a picture is stale.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from unittest.mock import patch

from textual.pilot import Pilot

from tests.app import made_up
from tests.app.conftest import add_term, calendar, go_to, on, preview, preview_of, settled, shown, type_text, until
from tui.app.app import Explorer
from tui.app.home.screen import HomePage, HomeRead
from tui.app.model.cargo import cargo_of_hours
from tui.app.model.hours import Hours
from tui.app.model.jobs import Jobs
from tui.app.notebook.screen import NotebookPage
from tui.app.send.order import Order
from tui.app.send.run import Checked, SendMoved
from tui.app.send.screen import SendPage
from tui.archive.times import spell_hour
from tui.config import ArchiveSpec, Config, NsqSpec, S3Options
from tui.demo import SampleSpec, incident_of, write_sample
from tui.filter import parse_filter
from tui.history.notebook import parse
from tui.send import ChannelState, Destination, Limits, NsqTarget, Sent

FOLDER = Path(__file__).parents[2] / "screenshots"
_SIZE = (120, 40)
_SPEC = SampleSpec()
_NSQD = "nsqd.example.com:4150"


async def pictures() -> dict[str, str]:
    """The SVG of each picture, by its file name."""
    with tempfile.TemporaryDirectory() as folder, patch("tui.history.words.datetime", made_up.Clock):
        for _ in write_sample(Path(folder), _SPEC, jobs=os.cpu_count() or 1):
            pass
        config = Config(Path("/config.toml"), {"demo": ArchiveSpec(folder)})
        app = Explorer("demo", timezone=None, s3=S3Options(), config=config)
        async with app.run_test(size=_SIZE) as pilot:
            await settled(pilot)
            return {name: _svg(app) async for name in _tour(pilot)}


async def _tour(pilot: Pilot[int]) -> AsyncIterator[str]:
    """From screen to screen; a picture is taken at each name."""
    incident = incident_of(_SPEC)
    await go_to(pilot, spell_hour(incident.first))
    await pilot.press("v", "l", "l", "l", "l", "l", "v", "h")
    hour = calendar(pilot).grid.cursor
    await until(pilot, lambda: f" {hour:%a} {hour.day} {hour:%H:%M}  " in shown(pilot))
    yield "calendar.svg"
    page = await preview(pilot)
    await pilot.press("j", "j", "j", "tab", "j", "j", "j", "j", "j", "j")
    yield "preview.svg"
    for draft in ("event == 'error'", f"player.version == '{incident.version}'"):
        await add_term(pilot, draft)
        await pilot.pause(0.05)
    await pilot.press("slash")
    await type_text(pilot, f"player.cdn == '{incident.cdn}'")
    await until(pilot, lambda: len(page.filter.terms) == 3 and page.rows.seen == len(page.records))
    yield "filter.svg"
    await _send(pilot, Hours(incident.first, incident.stop))
    yield "send.svg"
    async for name in _afterwards(pilot):
        yield name


async def _afterwards(pilot: Pilot[int]) -> AsyncIterator[str]:
    """The receipt, the notebook and home, which show what is made up."""
    send = on(pilot, SendPage)
    send.post_message(SendMoved(Sent(made_up.receipt(send.survey))))
    await pilot.pause(0.1)
    yield "receipt.svg"
    notebook = NotebookPage(send.session)
    await pilot.app.push_screen(notebook)
    await pilot.pause(0.1)
    notebook.show(parse(made_up.NOTEBOOK))
    await pilot.press("k", "k")
    await pilot.pause(0.1)
    yield "notebook.svg"
    home = HomePage(pilot.app.config)
    await pilot.app.push_screen(home)
    await until(pilot, lambda: home.home.items != ())
    await pilot.app.workers.wait_for_complete()
    home.on_home_read(HomeRead(made_up.home()))
    await pilot.pause(0.1)
    yield "home.svg"


async def _send(pilot: Pilot[int], hours: Hours) -> None:
    """The send screen as it is before the topic's name is typed; what nsqd says is made up."""
    page = preview_of(pilot)
    filter_ = parse_filter(match=["error.code == `5003`"])
    send = SendPage(page.session, cargo_of_hours(page.session, hours, filter_), Jobs())
    await pilot.app.push_screen(send)
    await until(pilot, lambda: send.survey.complete)
    channels = (
        ChannelState("enrich", 0, 12, False, ("go-nsq/1.1.0 enrich-1", "go-nsq/1.1.0 enrich-2")),
        ChannelState("to-archive", 3, 0, False, ("nsq_to_file/1.3.0 web01",)),
    )
    mind = ("the channel to-archive looks like an archiver: what is replayed would be archived again",)
    limits = Limits()
    there = Destination(
        _NSQD,
        "nsqd.example.com:4151",
        "player-replay",
        limits,
        http=True,
        exists=True,
        channels=channels,
        warnings=mind,
    )
    send.order = Order(NsqSpec((_NSQD,)), topic="player-replay", rate="500", canary=True)
    send.post_message(Checked(send.order, NsqTarget("player-replay", (_NSQD,)), (there,), warnings=mind))
    await pilot.pause(0.1)


def _svg(app: Explorer) -> str:
    """The picture, without what differs from run to run."""
    return re.sub(r"terminal-\d+", "terminal-hourscope", app.export_screenshot(title="hourscope", simplify=True)) + "\n"


def stale(made: dict[str, str], folder: Path = FOLDER) -> list[str]:
    """The pictures in the folder that are missing, or not what the code shows now."""
    return [name for name, svg in made.items() if not (folder / name).is_file() or (folder / name).read_text() != svg]


def main(words: list[str]) -> int:
    made = asyncio.run(pictures())
    if "--check" in words:
        old = stale(made)
        print(
            "\n".join(f"{name} is stale: run python -m tests.app.screenshots" for name in old), end="\n" if old else ""
        )
        return 1 if old else 0
    FOLDER.mkdir(exist_ok=True)
    for name, svg in made.items():
        (FOLDER / name).write_text(svg)
        print(FOLDER / name)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
