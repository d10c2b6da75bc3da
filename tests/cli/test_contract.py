"""What a stranger found by holding the command line against its contract."""

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command import hourscope
from tests.support.nsqd import Nsqd

HOUR = ("--from", "2015-01-20T13", "--to", "2015-01-20T14")


def test_a_host_that_begins_behind_thousands_of_keys_is_not_left_out(tmp_path: Path) -> None:
    for host in ("web01", "web02"):
        for number in range(2100):
            day, hour = divmod(number, 24)
            name = f"events.{host}.2015-{1 + day // 28:02}-{1 + day % 28:02}_{hour:02}.log"
            (tmp_path / name).write_bytes(b"x\n")
    assert hourscope("scan", tmp_path, "--count").out == b"4200\n"


def test_an_extract_cannot_be_written_over_its_source(sample: Path, tmp_path: Path) -> None:
    assert hourscope("scan", sample, *HOUR, "-g", "5003", "-o", f"{tmp_path}/x/").code == 0
    before = hourscope("scan", f"{tmp_path}/x/").out
    ran = hourscope("scan", f"{tmp_path}/x/", "-o", f"{tmp_path}/x/", "--force")
    assert ran.code == 2
    assert ran.sentence
    assert hourscope("scan", f"{tmp_path}/x/").out == before


def test_a_file_has_no_hours(tmp_path: Path) -> None:
    (tmp_path / "lines").write_bytes(b"1\n")
    ran = hourscope("send", tmp_path / "lines", "--from", "2015-01-20", "-o", "-")
    assert (ran.code, ran.out) == (2, b"")
    assert "--from" in ran.sentence


@pytest.mark.parametrize("command", [("scan", "-g", "5003"), ("ls",), ("cat", "--hour", "2015-01-20T13")])
def test_stdout_on_a_full_disk(sample: Path, command: tuple[str, ...]) -> None:
    name, *options = command
    with Path("/dev/full").open("wb") as full:
        words = [sys.executable, "-m", "tui", name, str(sample), *options]
        done = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2
    assert "No space left on device" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize("command", ["scan {} | head -n 1", "ls {} | head -n 1", "send {} -o - | head -n 1"])
def test_a_closed_pipe_ends_hourscope_as_it_ends_cat(sample: Path, command: str) -> None:
    line = command.format(sample)
    script = f"set -o pipefail; {sys.executable} -m tui {line} > /dev/null; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout.strip() in ("141", "0" if command.startswith("ls") else "141")


def test_an_extract_without_matches_is_an_archive_too(sample: Path, tmp_path: Path) -> None:
    assert hourscope("scan", sample, *HOUR, "-g", "nowhere", "-o", f"{tmp_path}/none/").code == 1
    ran = hourscope("scan", f"{tmp_path}/none/", "--count")
    assert (ran.code, ran.out) == (1, b"0\n")


def test_send_into_a_folder_makes_an_extract(sample: Path, tmp_path: Path) -> None:
    assert hourscope("send", sample, *HOUR, "-g", "5003", "-o", f"{tmp_path}/x/").code == 0
    assert hourscope("scan", f"{tmp_path}/x/").out == hourscope("scan", sample, *HOUR, "-g", "5003").out


def test_nothing_to_send_has_a_summary(sample: Path, tmp_path: Path) -> None:
    ran = hourscope("send", sample, *HOUR, "-g", "nowhere", "-o", tmp_path / "out", "--json")
    assert ran.code == 1
    assert json.loads(ran.lines[-1])["confirmed"] == 0


@pytest.mark.parametrize(
    "words",
    [
        ("ls", "--from", "soon"),
        ("scan", "--from", "", "-g", "x"),
        ("scan", "--count", "-o", "f"),
    ],
)
def test_exit_code_two_and_a_sentence(sample: Path, words: tuple[str, ...]) -> None:
    command, *options = words
    ran = hourscope(command, sample, *options)
    assert (ran.code, ran.out) == (2, b"")
    assert ran.sentence


def test_debug_may_precede_the_command(sample: Path) -> None:
    ran = hourscope("--debug", "ls", "/nowhere")
    assert ran.code == 2
    assert "Traceback" in ran.err


def test_environment_variables_replace_options(tmp_path: Path) -> None:
    (tmp_path / "e.2015-01-20_13.log.gz").write_bytes(gzip.compress(b"x\n"))
    words = ("ls", tmp_path, "--json")
    assert json.loads(hourscope(*words, env={"HOURSCOPE_TIMEZONE": "Europe/Berlin"}).out)["timezone"] == "Europe/Berlin"
    both = hourscope(*words, "--timezone", "UTC", env={"HOURSCOPE_TIMEZONE": "Europe/Berlin"})
    assert json.loads(both.out)["timezone"] == "UTC"


def test_the_environment_names_the_nsqd_of_a_topic(tmp_path: Path, nsqd: Nsqd, topic: str) -> None:
    lines = tmp_path / "lines.jsonl"
    lines.write_bytes(b'{"n":1}\n')
    env = {"HOURSCOPE_NSQD_TCP_ADDRESS": nsqd.tcp_address}
    assert hourscope("send", lines, "--topic", topic, "--yes", env=env).code == 0
    assert nsqd.stats(topic).message_count == 1
    assert hourscope("send", lines, "-o", "-", env=env).out == b'{"n":1}\n', "without a topic it means nothing"


def test_cat_that_stops_after_its_lines_has_matched(tmp_path: Path) -> None:
    (tmp_path / "e.2015-01-20_13.log.gz").write_bytes(gzip.compress(b'{"n":1}\n' * 20))
    for count, printed in ((3, 3), (20, 20), (21, 20)):
        ran = hourscope("cat", tmp_path, "--hour", "2015-01-20T13", "--lines", count)
        assert (ran.code, len(ran.lines)) == (0, printed)


def test_a_chunk_read_as_one_document_is_not_nothing(tmp_path: Path) -> None:
    document = b'{"count":2,"events":[{"event":"error"},{"event":"play"}]}'
    (tmp_path / "e.2015-01-20_13.json.gz").write_bytes(gzip.compress(document))
    ran = hourscope("scan", tmp_path, "-m", "event == 'error'", "--count")
    assert ran.code == 2
    assert "read as one document; its records may be at --records events" in ran.err
    assert hourscope("scan", tmp_path, "-m", "event == 'error'", "--count", "--records", "events").out == b"1\n"


@pytest.mark.parametrize("field", ["event", "nosuch.field"])
def test_statistics_of_a_field_without_numbers_say_so(sample: Path, field: str) -> None:
    ran = hourscope("count", sample, *HOUR, "--stats", field, "--json")
    assert ran.err == f"hourscope: no record has a number at {field}\n"
    assert json.loads(ran.out)["warnings"] == [f"no record has a number at {field}"]
    assert "number" not in hourscope("count", sample, *HOUR, "--stats", "player.bitrate").err


def test_a_count_by_a_field_that_no_record_has_says_so(sample: Path) -> None:
    """The records match, so the exit code is 0."""
    ran = hourscope("count", sample, *HOUR, "--by", "nosuch")
    assert (ran.code, ran.out) == (0, b"")
    assert "without nosuch" in ran.sentence


@pytest.mark.parametrize("suffix", [".bz2", ".xz", ".ZIP"])
@pytest.mark.parametrize("command", [("scan", "-g", "5003"), ("send",)])
def test_a_suffix_of_a_compression_that_is_not_written_is_refused(
    sample: Path, tmp_path: Path, command: tuple[str, ...], suffix: str
) -> None:
    name, *words = command
    out = tmp_path / f"x.jsonl{suffix}"
    ran = hourscope(name, sample, *HOUR, *words, "-o", out)
    assert (ran.code, out.exists()) == (2, False)
    assert ran.sentence.endswith(f"hourscope writes .gz, .zst and plain text, not {suffix.lower()}")
