"""The tour: every step is done by its own keys, and each is known by what is then there."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import msgspec
import pytest
from textual.pilot import Pilot

from tests.app.conftest import assert_shown, calendar, settled, shown, type_text, until
from tests.app.emulator import Terminal
from tests.app.tour.picture import PICTURE, description, moving
from tests.send.helpers import arrived
from tests.support.command import hourscope
from tests.support.consume import read_messages
from tests.support.nsqd import Nsqd
from tests.support.sample import shared_sample
from tui.app.app import Explorer
from tui.app.model.remembered import Left, write_left
from tui.archive import open_archive
from tui.config import S3Options, load_config, state_dir
from tui.demo import SampleSpec
from tui.demo.tour import Step, Tour, load_steps, looked_at, read_progress, take_up, write_progress
from tui.filter import parse_filter

STEPS = load_steps()
SPEC = SampleSpec(records_per_hour=100)
NOBODY = "127.0.0.1:1"


@pytest.fixture(scope="session")
def whole_sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample archive of the tour with a tenth of its records, so that comparing takes a tenth of the time."""
    return shared_sample(tmp_path_factory, SPEC)


@asynccontextmanager
async def on_tour(folder: Path, size: tuple[int, int] = (120, 40)) -> AsyncIterator[Pilot[int]]:
    app = Explorer(str(folder), timezone=None, s3=S3Options(), config=load_config(), tour=True)
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        yield pilot


def at(pilot: Pilot[int]) -> Tour:
    assert isinstance(pilot.app, Explorer) and pilot.app.tour is not None
    return pilot.app.tour


def replace_keys(step: Step) -> Step:
    """The keys of a step, without the one that leaves the previous screen."""
    return msgspec.structs.replace(step, keys=step.keys[1:])


async def do(pilot: Pilot[int], step: Step, nsqd: str, topic: str) -> None:
    """Do a step by its own keys, and wait until it counts as done."""
    number = at(pilot).at
    for key in step.keys:
        if key.startswith("="):
            await pilot.press("ctrl+u")
            await type_text(pilot, {"=NSQD": nsqd, "=TOPIC": topic}.get(key, key[1:]))
        elif at(pilot).at == number:  # of a dry run the last keys are not needed
            await pilot.press(key)
        await settled(pilot)
    await until(pilot, lambda: at(pilot).at > number, 60)


@pytest.mark.nsq
async def test_the_whole_tour_ends_in_nsqd(whole_sample: Path, nsqd: Nsqd, topic: str) -> None:
    nsqd.create_channel(topic, "reader")
    async with on_tour(whole_sample) as pilot:
        for number, step in enumerate(STEPS, 1):
            await until(pilot, lambda number=number: f"{number} of 10" in shown(pilot))
            await do(pilot, step, nsqd.tcp_address, topic)
            await assert_shown(pilot, f"✓ {step.why}"[:60])
        await until(pilot, lambda: "The tour is done" in shown(pilot))
    sent = arrived(nsqd, topic)
    records = await asyncio.to_thread(read_messages, nsqd, topic, sent, "reader")
    assert len(set(records)) == sent > 10 and all(b'"code":5003' in record for record in records)
    assert read_progress(len(STEPS)) == 0  # the next tour begins anew


async def test_without_nsqd_the_replay_is_a_reported_dry_run(whole_sample: Path) -> None:
    """A tour is resumed at the last step whose selection can be restored: asking what changed."""
    write_progress(7)
    async with on_tour(whole_sample, (80, 24)) as pilot:
        await until(pilot, lambda: "4 of 10  " in shown(pilot))
        for step in (replace_keys(STEPS[3]), *STEPS[4:-1]):
            await do(pilot, step, NOBODY, "replay")
        await until(pilot, lambda: at(pilot).at == 10)
        await assert_shown(pilot, "this was a dry run: nothing was sent")


async def test_help_comes_in_two_hints_and_an_answer(whole_sample: Path) -> None:
    async with on_tour(whole_sample) as pilot:
        for words in (*STEPS[0].hints, STEPS[0].answer, STEPS[0].answer):
            await pilot.press("H")
            await pilot.pause()
            await assert_shown(pilot, words)
        await pilot.press("j", "k", "space", "space")  # nothing of it is the step
        await settled(pilot)
        assert at(pilot).at == 0
        await do(pilot, STEPS[0], "", "")
        await pilot.press("H")
        await assert_shown(pilot, STEPS[1].hints[0])


@pytest.mark.parametrize("tour", [True, False])
async def test_the_tour_begins_without_the_filter_that_was_left(whole_sample: Path, tour: bool) -> None:
    """With the old filter nothing would have changed, so the fourth step could not be done."""
    left = Left(None, parse_filter(match=["error.code == `5003`"]))
    write_left(open_archive(str(whole_sample)).url, left)
    app = Explorer(str(whole_sample), timezone=None, s3=S3Options(), config=load_config(), tour=tour)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert bool(calendar(pilot).session.filter.terms) is not tour


async def test_without_a_tour_there_is_no_line_and_no_hint(whole_sample: Path) -> None:
    app = Explorer(str(whole_sample), timezone=None, s3=S3Options(), config=load_config())
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await until(pilot, lambda: " of 10  " not in shown(pilot))
        await pilot.press("H")
        await assert_shown(pilot, "H does nothing here")


def test_every_step_is_text_that_fits_and_a_condition_that_can_be_asked() -> None:
    assert len(STEPS) == 10
    for step in STEPS:
        assert len(step.text) <= 66
        assert not step.done({"screen": "", "over": ""})
    last = STEPS[-1]
    assert last.lesson({"confirmed": 288}) == last.why
    assert last.lesson({"confirmed": 0}) == last.otherwise != ""
    assert replace(Tour(STEPS), at=10).step is None


FOUND: dict[str, object] = {"screen": "calendar", "filter": "-m 'error.code == `5003`'", "selected": 6}
REFUSED: dict[str, object] = {
    "screen": "send",
    "extract": True,
    "records": 288,
    "topic": "replay",
    "unreachable": True,
    "confirmed": 0,
}


def test_what_a_step_taught_stays_until_it_was_read_and_one_has_gone_on() -> None:
    tour = looked_at(Tour(STEPS, 1), {"screen": "calendar", "gap": True}, 0.0)
    assert tour.at == 2 and tour.aside.startswith("✓ A gap is a fact")
    gone_on: dict[str, object] = {"screen": "calendar", "hour": "2015-01-14T05"}
    assert looked_at(tour, gone_on, 3.0).aside == tour.aside, "there was no time to read it"
    assert looked_at(tour, tour.state, 60.0).aside == tour.aside, "somebody may still read"
    assert looked_at(tour, gone_on, 60.0).aside == ""


def test_the_same_state_ends_the_next_step_only_when_the_lesson_was_read() -> None:
    """Without an nsqd the last two steps are done at once."""
    tour = looked_at(Tour(STEPS, 8), REFUSED, 0.0)
    assert tour.at == 9 and looked_at(tour, REFUSED, 3.0) == tour
    dry = looked_at(tour, REFUSED, 60.0)
    assert dry.at == 10 and "this was a dry run" in dry.aside
    answered = {**REFUSED, "unreachable": False}
    assert looked_at(dry, answered, 120.0).aside == ""
    sent = looked_at(dry, {**answered, "confirmed": 288}, 120.0)
    assert sent.aside == STEPS[9].why, "an nsqd was found after all"


def test_a_step_that_was_overtaken_is_done() -> None:
    """enter on a finding while the comparison still reads completes the fifth step, and therefore the fourth."""
    assert looked_at(Tour(STEPS, 3), FOUND, 0.0).at == 5
    assert looked_at(Tour(STEPS, 2), FOUND, 0.0).at == 2, "the third has nothing to do with it"


def test_a_filter_in_the_way_is_named() -> None:
    state = {"screen": "diff", "findings": 0, "filter": "-m \"event == 'play'\""}
    tour = looked_at(Tour(STEPS, 3), state, 0.0)
    assert "Under a filter" in tour.aside
    assert looked_at(tour, {**state, "filter": ""}, 0.0).aside == ""
    assert tour.helped().aside == STEPS[3].hints[0]


def test_an_extract_is_published_on_the_tour_and_nothing_else() -> None:
    assert looked_at(Tour(STEPS, 8), {**REFUSED, "extract": False}, 0.0).at == 8


def test_progress_that_cannot_be_kept_does_not_hide_the_lesson(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    tour = looked_at(Tour(STEPS, 1), {"screen": "calendar", "gap": True}, 0.0)
    assert "A gap is a fact" in tour.aside and "progress cannot be kept" in tour.aside


def test_the_tour_shows_how_to_resume_it() -> None:
    write_progress(2)
    assert take_up().aside == "Continuing at step 3, where you left it."
    write_progress(7)
    assert take_up().aside == "Continuing at step 4: step 8 needs the selection made there."


async def test_a_lesson_is_on_the_screen_while_the_next_keys_are_typed(whole_sample: Path) -> None:
    async with on_tour(whole_sample, (80, 24)) as pilot:
        await do(pilot, STEPS[0], "", "")
        await pilot.press("q", "j", "k")
        await assert_shown(pilot, "✓ The key says it all", "2 of 10  Go to an hour without a chunk")


async def test_home_leaves_the_tour_and_names_the_step_to_take_it_up_at(whole_sample: Path, tmp_path: Path) -> None:
    write_progress(2)
    app = Explorer(None, timezone=None, s3=S3Options(), config=load_config())
    with patch("tui.app.app.demo_dir", return_value=tmp_path / "demo"):
        (tmp_path / "demo").symlink_to(whole_sample)
        async with app.run_test(size=(120, 40)) as pilot:
            await assert_shown(pilot, "t the tour, from step 3 of 10")
            await pilot.press("t")
            await settled(pilot)
            await assert_shown(pilot, "3 of 10  ")
            await pilot.press("q")
            await until(pilot, lambda: app.tour is None)
            await assert_shown(pilot, "t the tour, from step 3 of 10")


@pytest.mark.parametrize("saved", [b"", b"{", b'{"version":9,"step":3}', b'{"version":1,"step":99}', b"\xff", b"[]"])
def test_progress_that_cannot_be_read_begins_anew(saved: bytes) -> None:
    write_progress(3)
    assert read_progress(10) == 3
    (state_dir() / "tour.json").write_bytes(saved)
    assert read_progress(10) == 0


_CHARACTERS = {"enter": "\r", "colon": ":", "escape": "\x1b"}
_DEMO = (  # whose sample is there
    "import sys; from tui.cli import demo, main; demo._write = demo._refuse_others = lambda folder, spec: None; "
    "main(['demo', '--tour', '--dir', sys.argv[1]])"
)


def wait_for(terminal: Terminal, words: str) -> None:
    """Wait until the words are on the screen, wherever they wrap."""
    end = time.monotonic() + 90
    while words not in " ".join(terminal.text.split()):
        assert time.monotonic() < end, f"{words!r} did not come:\n{terminal.text}"
        terminal.read(0.05, 1.0)
    terminal.read()


@pytest.mark.nsq
@pytest.mark.timeout(300)
def test_a_tour_in_a_real_terminal_that_is_killed_and_taken_up(whole_sample: Path, nsqd: Nsqd, topic: str) -> None:
    nsqd.create_channel(topic, "reader")

    def walk(terminal: Terminal, first: int, stop: int) -> None:
        for number in range(first, stop):
            step = replace_keys(STEPS[number]) if number == first > 0 else STEPS[number]
            wait_for(terminal, f"{number + 1} of 10")
            for key in step.keys:
                words = {"=NSQD": nsqd.tcp_address, "=TOPIC": topic}.get(key, key[1:]) if key[0] == "=" else ""
                terminal.press(f"\x15{words}" if words else _CHARACTERS.get(key, key))
            wait_for(terminal, f"{number + 2} of 10" if number < 9 else "The tour is done")
        wait_for(terminal, f"{stop + 1} of 10" if stop < 10 else "The tour is done")

    with Terminal(str(whole_sample), 80, 24, script=_DEMO) as terminal:
        walk(terminal, 0, 3)
        os.kill(terminal.pid, signal.SIGKILL)
    with Terminal(str(whole_sample), 80, 24, script=_DEMO) as terminal:
        walk(terminal, 3, 10)
        assert terminal.finish("\x11") == 0
    found = hourscope("scan", whole_sample, "-g", '"code":5003', "--count")
    assert arrived(nsqd, topic) == int(found.out) > 10


def test_the_moving_picture_is_of_this_tour() -> None:
    picture = PICTURE.read_text(encoding="utf-8")
    assert f"<desc>{description()}</desc>" in picture, "run: python -m tests.app.tour.picture"
    assert len(picture) < 250_000 and "/tmp" not in picture


def test_a_moving_picture_shows_each_cell_in_its_frames() -> None:
    head = '.terminal-hourscope-r1 { fill: #fff }<g clip-terminal)">'
    both, first, second = (
        f'<text class="terminal-hourscope-r1" x="0" y="{y}" textLength="9">{text}</text>'
        for y, text in enumerate(("both", "first", "second"))
    )
    moved = moving([head + both + first, head + both + second])
    assert [moved.count(f">{text}<") for text in ("both", "first", "second")] == [1, 1, 1]
    for text, points in (
        ("first", "0.00%{visibility:visible}50.00%{visibility:hidden}"),
        ("second", "0.00%{visibility:hidden}50.00%{visibility:visible}"),
    ):
        group = moved[: moved.index(f">{text}<")].rpartition('<g class="')[2].partition('"')[0]
        assert f"@keyframes {group}{{{points}}}" in moved


async def test_the_six_keys_of_the_readme_lead_from_the_calendar_to_the_send(whole_sample: Path) -> None:
    page = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")
    keys = re.findall(r"^\| `(\w+)` \| ", page.partition("in six keys")[2].partition("\n## ")[0], re.M)
    app = Explorer(str(whole_sample), timezone=None, s3=S3Options(), config=load_config())
    shown_after = ("──", "error.code 5003 is new", "match -m", "ready: enter", "done: enter", "records to send")
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        for key, words in zip(keys, shown_after, strict=True):
            await pilot.press(key)
            await until(pilot, lambda words=words: words in shown(pilot), 60)
            await settled(pilot)
