"""Every command line of the README and the docs runs, in the order of its page, on archives and servers that stand for
the ones it names."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.request import Request, urlopen

import click
import pytest

from tests.app.emulator import Terminal
from tests.docs.lines import CommandLine, command_lines, spans
from tests.support.command import Ran, captured
from tests.support.dask import Cluster
from tests.support.nsqd import Nsqd, Nsqlookupd
from tests.support.seaweed import Seaweed
from tui.cli.group import COMMANDS, OPEN, commands
from tui.config import config_dir
from tui.demo import SampleSpec, write_sample

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted(page for page in (ROOT / "docs").glob("*.md") if page.name != "reference.md")]
WITH_LINES = [page for page in PAGES if any(not line.shows for line in command_lines(page.read_text()))]
BUCKETS = ("bucket", "media-archive", "media-extracts")
_SMALL = ["--records-per-hour", "50"]  # for the sample that a page writes
_FIRST, _LAST = "2015-01-20", "2015-01-21"  # of the days that pages name


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample's two weeks, and the last two days: chunks of the sample under the names of these hours."""
    folder = tmp_path_factory.mktemp("docs") / "archive"
    for _ in write_sample(folder, SampleSpec(records_per_hour=100)):
        pass
    now = datetime.now(UTC)
    one = folder / "events.web01-000000.2015-01-20_12.log.gz"
    for hour in (now - timedelta(hours=n) for n in range(48)):
        shutil.copy(one, folder / f"events.web01-000000.{hour:%Y-%m-%d_%H}.log.gz")
    return folder


@pytest.fixture(scope="module")
def s3(seaweed: Seaweed, source: Path, tmp_path_factory: pytest.TempPathFactory) -> Seaweed:
    """The buckets that pages name, with the days that they name and the last two."""
    part = tmp_path_factory.mktemp("part")
    for path in source.iterdir():
        if (day := re.search(r"\d{4}-\d\d-\d\d", path.name)) and (
            _FIRST <= day[0] <= _LAST or day[0] > "2020" or day[0] == "2015-01-13"
        ):
            (part / path.name).symlink_to(path)
    for bucket in BUCKETS:
        seaweed.create_bucket(bucket)
        if bucket != "media-extracts":
            seaweed.upload_folder(part, bucket)
    return seaweed


@pytest.fixture
def s3_environment(s3: Seaweed, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in s3.env.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def cluster(request: pytest.FixtureRequest, s3_environment: None, tmp_path: Path) -> Iterator[Cluster | None]:
    """Only for a page that names a scheduler."""
    if "--dask tcp://" not in request.node.callspec.params["page"].read_text():
        yield None
        return
    with Cluster(tmp_path) as started:
        started.wait()
        yield started


class Place:
    """Runs the lines of one page in one folder."""

    def __init__(self, stands_for: dict[str, str], nsqd_http: str) -> None:
        self._stands_for = stands_for
        self._nsqd_http = nsqd_http  # of a test's nsqd it is not the TCP port + 1
        self._topics: dict[str, str] = {}

    def run(self, line: CommandLine) -> None:
        text = re.sub(r'^eval "\$\((.*)\)"$', r"\1", line.text)  # tests/cli/test_completion.py lets the shells do it
        for name, real in self._stands_for.items():
            text = text.replace(name, real)
        if text.startswith("curl -X POST "):
            self._post(shlex.split(text)[3])
        elif re.search(r"[|>$`]", re.sub(r"'[^']*'|\"[^\"$`]*\"", "", text)):  # a shell runs what is in a "`…`"
            self._in_a_shell(text)
        else:
            self._in_process(self._changed(shlex.split(text)[1:]))

    def _changed(self, words: list[str]) -> list[str]:
        """As the line is meant where nobody answers, and so that it ends."""
        if words[:1] == ["demo"] and "--tour" not in words:
            words += _SMALL
        if "--topic" in words:
            at = words.index("--topic") + 1
            words[at] = self._topic(words[at])
        if words[:1] == ["send"] and "--topic" in words:
            words += ["--nsqd-http-address", self._nsqd_http]
        if words[:1] == ["send"] and "--topic" in words and not {"--dry-run", "--yes"} & set(words):
            words = [word for word in words if word != "--canary"] + ["--yes"]
        if words[:1] == ["archive"] and "--check" not in words:
            words.append("--check")
        return words

    def _topic(self, name: str) -> str:
        """A topic of this page's own."""
        return self._topics.setdefault(name, f"{name}-{os.urandom(4).hex()}")

    def _post(self, url: str) -> None:
        url = re.sub(r"(?<=topic=)\w+", lambda name: self._topic(name[0]), url)
        with urlopen(Request(url, method="POST")) as answer:
            assert answer.status == 200

    def _in_process(self, words: list[str]) -> None:
        if words[:1] == ["serve"]:
            self._serve(words)
            return
        if words == ["demo", "--tour"]:
            self._tour([*words, "--dir", self._stands_for["/var/archive"]])
            return
        if not words or words[0] not in {*COMMANDS, "--version", "--help"}:
            assert len(words) <= 1, words
            with Terminal(words[0], 80, 24) as terminal:
                terminal.wait_for("UTC")
                assert terminal.finish("q") == 0
            return
        self._check(words, captured(words))

    def _tour(self, words: list[str]) -> None:
        """Of an archive that is there: to write the sample takes five seconds."""
        unwritten = "demo._write = demo._refuse_others = lambda folder, spec: None"
        script = f"from tui.cli import demo, main; {unwritten}; main({words})"
        with Terminal("", 80, 24, script=script) as terminal:
            terminal.wait_for("1 of 10")
            assert terminal.finish("q") == 0

    def _serve(self, words: list[str]) -> None:
        """On any free port, until its page was read."""
        words = [*words[: words.index("--port")], *words[words.index("--port") + 2 :]] if "--port" in words else words
        program = [sys.executable, "-m", "tui", *words, "--port", "0"]
        with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as served:
            assert served.stdout
            with urlopen(served.stdout.readline().strip()) as answer:
                assert answer.status == 200
            served.send_signal(signal.SIGINT)
            assert served.wait(20) == 0

    def _check(self, words: list[str], ran: Ran) -> None:
        """0; or what a sample with gaps, and with one torn chunk, gives."""
        torn = "the object ends in the middle of a gzip member" in ran.err
        allowed = {0} | ({1} if words[0] in ("verify", "diff", "ls") else set()) | ({2} if torn else set())
        assert ran.code in allowed, (words, ran.code, ran.err)

    def _in_a_shell(self, text: str) -> None:
        env = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
        done = subprocess.run(["bash", "-c", f"set -eo pipefail; {text}"], env=env, capture_output=True, check=False)
        assert done.returncode == 0, (text, done.stderr)


@pytest.mark.nsq
@pytest.mark.s3
@pytest.mark.parametrize("page", WITH_LINES, ids=lambda page: page.name)
def test_the_command_lines_of_a_page_run(
    page: Path, source: Path, s3_environment: None, nsqd: Nsqd, nsqlookupd: Nsqlookupd, cluster: Cluster | None,
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, record_property: Callable[[str, object], None],
) -> None:  # fmt: skip
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    config_dir().mkdir(parents=True, exist_ok=True)
    (config_dir() / "config.toml").write_text('[archives.media]\nurl = "s3://media-archive/events."\n')
    (config_dir().parent / "fish" / "completions").mkdir(parents=True)
    place = Place(
        {
            "/var/archive": str(source),
            "127.0.0.1:4150": nsqd.tcp_address,
            "127.0.0.1:4151": nsqd.http_address,
            "127.0.0.1:4161": nsqlookupd.http_address,
            "~/.config": str(config_dir().parent),
            **({"tcp://10.0.0.5:8786": cluster.address} if cluster else {}),
        },
        nsqd.http_address,
    )
    lines = [line for line in command_lines(page.read_text()) if not line.shows]
    for line in lines:
        place.run(line)
    record_property("command lines", len(lines))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_names_exists(page: Path) -> None:
    """Commands and options in a synopsis, or within a text."""
    text = page.read_text()
    for line in (*(line.text for line in command_lines(text) if line.shows), *spans(text)):
        words = line.split()
        name = next((word for word in words[1:2] if word in COMMANDS), OPEN)
        command = commands.get_command(click.Context(commands), name)
        assert command
        known = {option for parameter in command.params for option in parameter.opts} | {"--help", "-h", "--version"}
        used = re.findall(r"(?<![\w-])(--[a-z][\w-]*|-[A-Za-z])(?![\w-])", line)
        assert [option for option in used if option not in known] == [], line


def test_no_page_lost_its_lines() -> None:
    """A page that is written in another way would run nothing."""
    written = [line for page in PAGES for line in command_lines(page.read_text())]
    assert len([line for line in written if not line.shows]) >= 40
