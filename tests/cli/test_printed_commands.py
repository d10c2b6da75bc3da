"""Every command line that hourscope prints runs as it is, and gives the same result.

Those of --help run on an archive, servers and a config that stand for the examples' names. Those of errors and of
interrupted runs run where they were printed: on a named archive with a time zone, and on one that is spelled in full.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.command import SLOW, Ran, hourscope
from tests.support.nsqd import Nsqd, Nsqlookupd
from tests.support.seaweed import Seaweed
from tui.cli import Commands, commands
from tui.config import config_dir

ZONE = "Europe/Berlin"
COMMANDS = sorted(name for name in Commands().list_commands(None))  # type: ignore[arg-type]


def words_of(line: str) -> list[str]:
    """A printed command line as a shell reads it, and Python's shlex too; without the program's name."""
    ran = subprocess.run(["bash", "-c", f"printf '%s\\0' {line}"], capture_output=True, check=True)
    words = ran.stdout.decode().split("\0")[:-1]
    assert words == shlex.split(line) and words[0] == "hourscope"
    return words[1:]


def chunks(hours: list[datetime], records: int = 50) -> dict[str, bytes]:
    """The chunks of some hours by their keys: errors of all kinds, with quotes and backticks to ask for."""
    kinds = ("error", "timeout", "it's `5003`", "play")
    return {
        f"events.{hour:%Y-%m-%d_%H}.log.gz": gzip.compress(
            b"".join(json.dumps({"event": kinds[n % 4], "n": n, "code": 5003}).encode() + b"\n" for n in range(records))
        )
        for hour in hours
    }


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An archive of twelve hours, named `media` with a time zone in the config; a stray key keeps its layout open."""
    folder = tmp_path / "my archive"
    folder.mkdir()
    first = datetime(2015, 1, 20, 0)
    for key, data in chunks([first + timedelta(hours=n) for n in range(12)], 6000).items():
        (folder / key).write_bytes(data)
    (folder / "notes.txt").write_text("not a chunk\n")
    (config_dir()).mkdir(parents=True, exist_ok=True)
    (config_dir() / "config.toml").write_text(f'[archives.media]\nurl = "{folder}"\ntimezone = "{ZONE}"\n')
    monkeypatch.chdir(tmp_path)
    return folder


def named_and_spelled(folder: Path) -> list[list[str]]:
    return [["media"], [str(folder), "--timezone", ZONE], ["media", "--timezone", "Asia/Tokyo"]]


def interrupted(words: list[str], begun: Callable[[], bool] = lambda: True) -> str:
    """Run until a chunk is being read and it has begun, interrupt it, and give the command line that it prints."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tui", *words], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    )
    deadline = time.monotonic() + 60
    while not (reads(process.pid) and begun()) and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    # usually the last line; if ending took 0.3 s, the process is ended while its JSON summary may just be written
    (line,) = [line for line in err.splitlines() if " with: hourscope " in line]
    return "hourscope " + line.partition(" with: hourscope ")[2]


def reads(process: int) -> bool:
    """Return whether it has a chunk open."""
    opened = []
    for descriptor in Path(f"/proc/{process}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            opened.append(str(descriptor.readlink()))
    return any("/events." in path for path in opened)


RANGE = ("--from", "2015-01-20T02", "--to", "2015-01-20T11")


class TestInterrupted:
    @pytest.mark.parametrize("which", range(3))
    def test_an_extract_is_resumed(self, archive: Path, tmp_path: Path, which: int) -> None:
        words = ["scan", *named_and_spelled(archive)[which], *RANGE, "-m", SLOW, "--not-grep", "it's `5003`"]
        whole = hourscope(*words, "-o", "whole/", "--json")
        line = interrupted(
            [*words, "--jobs", "1", "-o", "my extract/"], lambda: len(list((tmp_path / "my extract").glob("*.gz"))) > 1
        )
        resumed = hourscope(*words_of(line), "--json")
        assert (resumed.code, resumed.err) == (whole.code, whole.err)
        summary = json.loads(resumed.lines[-1])
        assert summary["kept"] and summary["matches"] == json.loads(whole.lines[-1])["matches"]
        assert hourscope("scan", "my extract").out == hourscope("scan", "whole").out

    def test_a_count_and_a_file_are_run_again(self, archive: Path, tmp_path: Path) -> None:
        words = ["scan", *named_and_spelled(archive)[0], *RANGE, "-m", SLOW, "--jobs", "1"]
        counted = words_of(interrupted([*words, "--count", "--json"]))
        matches = hourscope(*words, "--count").out.strip()
        again = hourscope(*counted).lines
        assert again[0] == matches and json.loads(again[1])["matches"] == int(matches)
        (tmp_path / "out.jsonl").write_text("old\n")
        written = words_of(interrupted([*words, "-o", "out.jsonl", "--force", "--max-count", "20000"]))
        assert hourscope(*written).code == 0
        assert (tmp_path / "out.jsonl").read_bytes() == hourscope(*words, "--max-count", "20000").out

    def test_a_check_is_run_again(self, archive: Path) -> None:
        words = ["verify", *named_and_spelled(archive)[1], "--json"]
        again, whole = hourscope(*words_of(interrupted([*words, "--jobs", "1"]))), hourscope(*words)
        seconds = re.compile(rb'"seconds": [0-9.e-]+')
        assert (again.code, seconds.sub(b"", again.out)) == (whole.code, seconds.sub(b"", whole.out))

    @pytest.mark.parametrize(
        ("command", "options"),
        [
            ("count", ["--by", "event", "--top", "3", "--lag", "120m", "--time-field", "ts", "--csv"]),
            ("scan", ["--lag", "120m", "--time-field", "ts", "--fields", "event", "--json"]),
            ("diff", ["--top", "3", "--full", "--json"]),
        ],
    )
    def test_every_option_is_in_the_line(self, archive: Path, command: str, options: list[str]) -> None:
        to_the_minute = ["--from", "2015-01-20T00:10", "--to", "2015-01-20T03:50"]
        where = to_the_minute if "--lag" in options else RANGE
        line = interrupted([command, named_and_spelled(archive)[1][0], *where, "-m", SLOW, *options, "--jobs", "1"])
        assert set(options) | set(where) <= set(words_of(line)), line

    @pytest.mark.nsq
    @pytest.mark.parametrize("which", range(2))
    def test_a_send_is_resumed(self, archive: Path, nsqd: Nsqd, topic: str, which: int) -> None:
        words = ["send", *named_and_spelled(archive)[which], "--from", "2015-01-20T02", "--to", "2015-01-20T03"]
        filter_ = ["-m", "contains(event, '`5003`') || event == 'play'"]
        to = ["--nsqd-tcp-address", nsqd.tcp_address, "--nsqd-http-address", nsqd.http_address, "--topic", topic]
        expected = int(hourscope("scan", *words[1:], *filter_, "--count").out)
        line = interrupted(
            [*words, *filter_, *to, "--rate", "20", "--yes"], lambda: nsqd.stats(topic).message_count > 0
        )
        resumed = hourscope(*words_of(line), "--rate", "10000", "--json")  # slow only until the signal
        receipt = json.loads(resumed.lines[-1])
        assert (resumed.code, receipt["confirmed"]) == (0, expected) and receipt["resumed"]
        assert nsqd.stats(topic).message_count == expected


class TestAdvised:
    """By errors and warnings."""

    def advised(self, ran: Ran) -> Ran:
        match = re.search(r"(?:run|list them): (hourscope .*)$", ran.err.splitlines()[-1])
        assert match, ran.err
        return hourscope(*words_of(match[1]))

    @pytest.mark.parametrize("which", range(3))
    def test_without_a_terminal(self, archive: Path, which: int) -> None:
        words = named_and_spelled(archive)[which]
        refused = hourscope(*words)
        assert refused.code == 2
        listed, expected = self.advised(refused), hourscope("ls", *words)
        assert (listed.code, listed.out) == (expected.code, expected.out) and listed.code == 0

    def test_without_a_terminal_and_an_archive(self) -> None:
        assert self.advised(hourscope()).out == hourscope("--help").out

    @pytest.mark.parametrize("options", [[], ["--timezone", ZONE], ["--from", "2015-01-20T02"]])
    def test_keys_that_a_detected_layout_leaves_out(self, archive: Path, options: list[str]) -> None:
        (archive / "events.late.gz").write_bytes(gzip.compress(b"{}\n"))
        ran = hourscope("scan", str(archive), *options, "--count")
        assert "left out" in ran.err
        advised = self.advised(ran)
        listed = json.loads(advised.out)
        assert "events.late.gz" in listed["unmatched"]
        assert advised.out == hourscope("ls", str(archive), *options, "--json").out

    def test_the_demo(self, tmp_path: Path) -> None:
        folder = tmp_path / "it's my $demo"
        shown = hourscope("demo", "--dir", folder, "--records-per-hour", 100).out.decode().replace("\\\n", " ")
        scan, send = re.findall(r"^(?:\$ | {2})(hourscope (?:scan|send) .*)$", shown, re.M)
        matches, records = (
            match[1].replace(",", "").encode()
            for pattern in (r"^([\d,]+) match", r"To send those (\d+) records")
            if (match := re.search(pattern, shown, re.M))
        )
        assert hourscope(*words_of(scan), "--count").out.strip() == matches
        words = words_of(send)
        assert hourscope("scan", *words[1 : words.index("--nsqd-tcp-address")], "--count").out.strip() == records


def examples(command: str) -> list[str]:
    """The command lines of a command's help."""
    described = commands.get_command(None, command)  # type: ignore[arg-type]
    text = ((described and described.help) or "").partition("Examples:\n")[2]
    return re.findall(r"^\s*(hourscope .*)$", text.replace("\\\n", " "), re.M)


_MAY_FIND_NOTHING = ("verify", "diff", "extracts", "jobs", "notebook")  # 1 is an answer


def test_every_command_has_an_example_in_its_help() -> None:
    assert [command for command in COMMANDS if not examples(command)] == []


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory, seaweed: Seaweed) -> tuple[Path, str]:
    """A folder with an archive of the days that the examples name, and of the last two; and a bucket of the same."""
    folder = tmp_path_factory.mktemp("examples")
    (folder / "archive").mkdir()
    bucket, client = seaweed.create_bucket(f"examples-{uuid.uuid4().hex[:8]}"), seaweed.client()
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    hours = [datetime(2015, 1, 20, tzinfo=UTC) + timedelta(hours=n) for n in range(24)]
    for key, data in chunks([*hours, *(now - timedelta(hours=n) for n in range(24))]).items():
        (folder / "archive" / key).write_bytes(data)
        client.put_object(Bucket=bucket, Key=key, Body=data)
    return folder, bucket


@pytest.mark.nsq
@pytest.mark.s3
@pytest.mark.parametrize(
    "command", [command for command in COMMANDS if command != "serve"]
)  # it has tests in a browser
def test_the_examples_of_the_help(
    command: str, places: tuple[Path, str], tmp_path: Path, seaweed: Seaweed, nsqd: Nsqd, nsqlookupd: Nsqlookupd,
    topic: str, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    folder, bucket = places
    stands_for = {
        "s3://bucket": f"s3://{bucket}",
        "/var/archive": str(folder / "archive"),
        "127.0.0.1:4150": nsqd.tcp_address,
        "lookup:4161": nsqlookupd.http_address,
        "127.0.0.1:4161": nsqlookupd.http_address,
    }
    monkeypatch.chdir(tmp_path)
    (config_dir()).mkdir(parents=True, exist_ok=True)
    (config_dir() / "config.toml").write_text(f'[nsq.prod]\nnsqd_tcp_address = "{nsqd.tcp_address}"\n')
    if command == "send":
        assert hourscope("scan", folder / "archive", "-m", "event == 'error'", "-o", "errors/").code == 0
    if command == "sends":
        assert hourscope("send", folder / "archive", "-o", "sent.jsonl", "--name", "tuesday").code == 0
    for line in examples(command):
        words = words_of(line)
        for name, real in stands_for.items():
            words = [word.replace(name, real) for word in words]
        if command == "send" and "--topic" in words:
            words[words.index("--topic") + 1] = topic
            words = [word for word in words if word != "--canary"]  # it asks, and needs a terminal
            words += [] if "--dry-run" in words else ["--yes"]
        if command == "demo" and "--tour" not in words:
            words += ["--records-per-hour", "100"]
        if command == "archive" and "--check" not in words:
            words.append("--check")  # else it records until it is stopped
        ran = hourscope(*words, env=seaweed.env | {"XDG_CONFIG_HOME": os.environ["XDG_CONFIG_HOME"]})
        if "--tour" in words:
            assert ran.code == 2 and "needs a terminal" in ran.err
            continue
        assert ran.code in ((0, 1) if command in _MAY_FIND_NOTHING else (0,)), (line, ran.err)
