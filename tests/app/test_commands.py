"""Every command line that a screen shows runs as it is, and gives what the screen gives: the same chunks, records and
bytes, whatever the archive is called and however its records are read."""

from __future__ import annotations

import gzip
import json
import re
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.app.conftest import FIRST, add_term, answer, calendar, on, preview, settled, shown, start_scan, until
from tests.support.command import hourscope
from tui.app.app import Explorer
from tui.app.jobs.screen import JobsPage
from tui.app.page import Page
from tui.app.scan.screen import ScanPage
from tui.app.send.screen import SendPage
from tui.archive import ChunkReader, open_archive
from tui.archive.reader import Reading
from tui.config import S3Options, config_dir, load_config
from tui.scan import open_extract, plan_scan, run_plan

ZONE = "Europe/Berlin"
LAYOUT = "events.web01-000000.%Y-%m-%d_%H.log.gz"


@dataclass(frozen=True)
class Named:
    """An archive as it is given to the explorer, and the words that name it on every command line."""

    explorer: Explorer
    words: list[str]
    reading: Reading

    def spelled(self, command: str) -> list[str]:
        """`ls` does not read records."""
        options = ["--max-record", str(self.reading.max_record)] if self.reading != Reading() else []
        return [command, *self.words, *(options if command != "ls" else [])]


@pytest.fixture(params=["named", "spelled"])
def named(request: pytest.FixtureRequest, small_archive: Path) -> Named:
    """An archive named in the config, or one given with every option that it needs."""
    config_dir().mkdir(parents=True, exist_ok=True)
    (config_dir() / "config.toml").write_text(f'[archives.m]\nurl = "{small_archive}"\ntimezone = "{ZONE}"\n')
    config, place = load_config(), str(small_archive)
    if request.param == "named":
        return Named(Explorer("m", timezone=None, s3=S3Options(), config=config), ["m"], Reading())
    reading = Reading(max_record=200)
    explorer = Explorer(place, timezone=ZONE, layout=LAYOUT, s3=S3Options(), config=config, reading=reading)
    return Named(explorer, [place, "--timezone", ZONE, "--layout", LAYOUT], reading)


def commands(pilot: Pilot[int]) -> list[list[str]]:
    """The words of hourscope's command lines in a screen's explanation."""
    page = pilot.app.screen
    assert isinstance(page, Page)
    lines = [line.removeprefix("$ ") for line in page.explanation() if line.startswith("$ hourscope ")]
    assert lines
    return [shlex.split(line)[1:] for line in lines]


def shell_lines(pilot: Pilot[int]) -> list[str]:
    page = pilot.app.screen
    assert isinstance(page, Page)
    lines = [line.removeprefix("$ ") for line in page.explanation() if line.startswith("$ ")]
    return [line for line in lines if not line.startswith("hourscope ")]


def records_of(extract: Path | str) -> list[bytes]:
    archive = open_archive(str(extract))
    records: list[bytes] = []
    for chunk in archive.catalog().chunks:
        with ChunkReader(archive.store, chunk.key) as reader:
            records += [record for block in reader.blocks() for record in block.records()]
    return records


async def test_the_calendar_and_the_preview(named: Named, small_archive: Path) -> None:
    async with named.explorer.run_test(size=(140, 40)) as pilot:
        await settled(pilot)
        if named.words == ["m"]:
            await until(pilot, lambda: re.search(r"\bm\b", shown(pilot).splitlines()[0]))
        reading, listing = commands(pilot)
        assert reading[: 1 + len(named.words)] == ["cat", *named.words] and hourscope(*reading).lines
        assert listing == named.spelled("ls")
        assert hourscope(*listing).out == hourscope("ls", small_archive, "--timezone", ZONE).out
        page = await preview(pilot)
        await add_term(pilot, "it's", "ctrl+t")
        await add_term(pilot, "event != 'error'", *["ctrl+t"] * 3)
        await pilot.press("1")
        await until(pilot, lambda: len(page.rows.hits) > 0 and not page.rows.behind)
        expected = [page.records[number] for number in page.rows.hits]
        for words in commands(pilot):
            assert words[: 1 + len(named.words)] == ["cat", *named.words]
            assert hourscope(*words, "--lines", "1000").lines == expected


async def test_the_shell_by_hand_reads_the_same(named: Named) -> None:
    async with named.explorer.run_test(size=(140, 40)) as pilot:
        await settled(pilot)
        page = await preview(pilot)
        await add_term(pilot, '"error"', "ctrl+t")
        await until(pilot, lambda: len(page.rows.hits) > 0 and not page.rows.behind)
        (line,) = shell_lines(pilot)
        ran = subprocess.run(["bash", "-c", line], capture_output=True, check=True)
        expected = [page.records[number] for number in page.rows.hits]
        assert [record for record in ran.stdout.splitlines() if len(record) <= named.reading.max_record] == expected


async def test_a_scan_and_a_send_of_what_it_made(named: Named, tmp_path: Path) -> None:
    """Run the same work in the explorer and by the command lines that it shows, with other outputs."""
    async with named.explorer.run_test(size=(140, 40)) as pilot:
        await settled(pilot)
        await pilot.press("g", "v", "l", "l", "v", "s")
        page = on(pilot, ScanPage)
        await answer(pilot, "slash", "-g '\"event\"' -m \"event == 'error'\"")
        await answer(pilot, "w", f"{tmp_path}/one/")
        await until(pilot, lambda: [line for line in shown(pilot).splitlines() if " command " in line])
        (words,) = commands(pilot)
        assert words == shlex.split(page.form.commands[0])[1:]
        assert words[: len(named.spelled("scan"))] == named.spelled("scan")
        await pilot.press("enter")
        await until(pilot, lambda: page.over)
        ran = hourscope(*[word.replace("/one/", "/two/") for word in words])
        assert ran.code == 0 and records_of(tmp_path / "one") == records_of(tmp_path / "two") != []
        await pilot.press("p")
        send = on(pilot, SendPage)
        await until(pilot, lambda: send.survey.complete)
        await answer(pilot, "w", str(tmp_path / "one.jsonl"))
        await pilot.press("enter")
        await until(pilot, lambda: send.receipt is not None)
        (words,) = commands(pilot)
        ran = hourscope(*[word.replace("one.jsonl", "two.jsonl") for word in words], "--yes")
        assert ran.code == 0
        assert (tmp_path / "one.jsonl").read_bytes() == (tmp_path / "two.jsonl").read_bytes()


async def test_several_ranges_are_several_commands(named: Named, tmp_path: Path) -> None:
    async with named.explorer.run_test(size=(140, 40)) as pilot:
        await settled(pilot)
        await pilot.press("g", "space", "l", "l", "space", "s")
        page = on(pilot, ScanPage)
        await answer(pilot, "w", f"{tmp_path}/both/")
        await start_scan(pilot)
        await until(pilot, lambda: page.over)
        lines: list[bytes] = []
        for number, words in enumerate(commands(pilot), 1):
            assert hourscope(*words).code == 0
            lines += records_of(tmp_path / f"both.{number}")
        assert lines == records_of(tmp_path / "both") != []


async def test_what_the_explorer_began_is_resumed_by_the_command_that_it_shows(named: Named) -> None:
    async with named.explorer.run_test(size=(140, 40)) as pilot:
        await settled(pilot)
        session = calendar(pilot).session
        await pilot.press("s")
        await settled(pilot)
        page = on(pilot, ScanPage)
        plan = plan_scan(session.archive, page.form.hours.span.start, page.form.hours.span.stop, page.form.filter)
        list(run_plan(plan, extract=open_extract(page.form.out, plan)))
        words = shlex.split(page.form.commands[0])[1:]
        ran = hourscope(*words, "--resume")
        assert ran.code == 0 and "another" not in ran.err
        await answer(pilot, "w", f"{page.form.out.rstrip('/')}.more/")
        await start_scan(pilot)
        await until(pilot, lambda: page.over)
        await pilot.press("J")
        on(pilot, JobsPage)
        (words,) = commands(pilot)
        assert words[-1] == "--resume" and hourscope(*words).code == 0


async def test_the_list_of_a_document_is_carried_along(tmp_path: Path) -> None:
    """`--records`: what the preview shows, cat prints and scan keeps."""
    document = {"a": [{"n": 1}, {"n": 2}], "Records": [{"n": 3}]}
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / f"{FIRST:%Y-%m-%d_%H}.json.gz").write_bytes(gzip.compress(json.dumps(document).encode()))
    reading = Reading(records="a")
    explorer = Explorer(str(folder), timezone=None, s3=S3Options(), config=load_config(), reading=reading)
    async with explorer.run_test(size=(140, 40)) as pilot:
        await settled(pilot)
        page = await preview(pilot)
        records = list(page.records)
        assert [json.loads(record)["n"] for record in records] == [1, 2]
        (words,) = commands(pilot)
        assert hourscope(*words).lines == records
        await pilot.press("q", "s")
        (words,) = commands(pilot)
        assert hourscope(*words).code == 0 and records_of(words[-1]) == records
