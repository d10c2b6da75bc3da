"""Bad input gets one clear line (what, where, what to do) and exit code 2."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.support.command import hourscope


def wrong(*words: object, **env: str) -> str:
    ran = hourscope(*words, env=env)
    assert ran.code == 2, ran
    assert ran.out == b""
    return ran.sentence


def test_an_archive_that_does_not_exist(tmp_path: Path) -> None:
    sentence = wrong("ls", tmp_path / "nowhere")
    assert "does not exist" in sentence
    assert "s3://" in sentence


@pytest.mark.parametrize("place", ["S3://bucket/x", "gs://bucket/x/", "https://bucket.s3.amazonaws.com/x", "file:///x"])
def test_a_place_of_another_kind_is_not_taken_for_a_folder(
    sample: Path, tmp_path: Path, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    archive = ("archive", place, "--topic", "t", "--channel", "c", "--nsqd-tcp-address", "127.0.0.1:1", "--check")
    for words in (("ls", place), ("scan", sample, "-o", place), ("send", sample, "-o", place), archive):
        assert wrong(*words).startswith(f"hourscope: {place}")
    assert list(tmp_path.iterdir()) == []


def test_an_empty_folder(tmp_path: Path) -> None:
    assert "is empty" in wrong("ls", tmp_path)


def test_keys_without_an_hour_show_three_of_them(tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt", "c.txt", "d.txt"):
        (tmp_path / name).write_text("x\n")
    assert "a.txt, b.txt, c.txt;" in wrong("ls", tmp_path)


def test_a_layout_that_fits_nothing_shows_three_keys(sample: Path) -> None:
    sentence = wrong("ls", f"{sample}/other.%Y-%m-%d_%H.log.gz")
    assert "does not fit any key" in sentence
    assert sentence.count("events.web0") == 3


def test_a_layout_without_an_hour(sample: Path) -> None:
    assert "%H" in wrong("ls", f"{sample}/events.%Y-%m-%d.log.gz")


@pytest.mark.parametrize(
    ("filter_", "column", "word"),
    [
        (("-m", "event = 'error'"), 7, "write event == 'error'"),
        (("-m", "event =="), 9, "too early"),
        (("-m", "lenght(a)"), 1, "unknown function lenght()"),
        (("-m", "length(a, b)"), 1, "takes 1"),
        (("-e", "a(b"), 4, "missing ')'"),
        (("-e", "ab(?<=c)"), 3, "invalid perl operator"),
    ],
)
def test_an_invalid_expression_names_its_column(sample: Path, filter_: tuple[str, ...], column: int, word: str) -> None:
    sentence = wrong("scan", sample, *filter_)
    assert f"column {column}" in sentence
    assert word in sentence


def test_a_range_without_chunks_says_which_hours_there_are(sample: Path) -> None:
    sentence = wrong("scan", sample, "--from", "2016-01-01", "--to", "2016-01-02")
    assert "2015-01-12T00" in sentence
    assert "2015-01-26T00" in sentence


@pytest.mark.parametrize("time", ["soon", "2015-13-01", "20150120", "-6y", ""])
def test_an_invalid_time(sample: Path, time: str) -> None:
    if time:
        assert "not a" in wrong("ls", sample, "--from", time)


def test_a_range_whose_end_is_before_its_start(sample: Path) -> None:
    assert "empty" in wrong("scan", sample, "--from", "2015-01-21", "--to", "2015-01-20")


def test_an_unknown_time_zone(sample: Path) -> None:
    assert "Europe/Berlin" in wrong("ls", sample, "--timezone", "Mars/Olympus")


def test_an_output_that_exists_is_left_alone(sample: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    out.write_text("mine\n")
    words = ("scan", sample, "--from", "2015-01-20T13", "--to", "2015-01-20T14", "-g", "5003", "-o", out)
    assert "--force" in wrong(*words)
    assert out.read_text() == "mine\n"
    assert hourscope(*words, "--force").code == 0
    assert "mine" not in out.read_text()


def test_an_extract_that_exists_is_left_alone(sample: Path, tmp_path: Path) -> None:
    words = ("scan", sample, "--from", "2015-01-20T13", "--to", "2015-01-20T14", "-o", f"{tmp_path}/x/")
    assert hourscope(*words, "-g", "5003").code == 0
    assert "--resume" in wrong(*words, "-g", "5003")
    assert "another filter" in wrong(*words, "-g", "5004", "--resume")
    assert hourscope(*words, "-g", "5003", "--force").code == 0


def test_an_extract_is_not_written_into_a_folder_that_is_not_empty(sample: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine\n")
    assert "not empty" in wrong("scan", sample, "-g", "5003", "-o", f"{tmp_path}/")


def test_a_full_disk_loses_nothing_and_is_reported(sample: Path, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    if os.geteuid() != 0:
        pytest.skip("mounting a small tmpfs needs root")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", small], check=True)
    try:
        for out in (small / "all.jsonl", f"{small}/extract/"):
            sentence = wrong("scan", sample, "-o", out)
            assert "No space left on device" in sentence
            assert "free some space" in sentence
        assert not (small / "all.jsonl").exists()
    finally:
        subprocess.run(["umount", small], check=True)


def test_an_unknown_option_points_to_the_help(sample: Path) -> None:
    assert "hourscope ls --help" in wrong("ls", sample, "--jason")


def test_the_explorer_without_a_terminal_names_the_plain_command(sample: Path) -> None:
    assert f"hourscope ls {sample}" in wrong(sample)


def test_a_config_that_is_broken(sample: Path, tmp_path: Path) -> None:
    (tmp_path / "hourscope").mkdir()
    (tmp_path / "hourscope" / "config.toml").write_text("[archives.x]\nurl = 1\n")
    assert "archives.x.url" in wrong("ls", sample, XDG_CONFIG_HOME=str(tmp_path))
