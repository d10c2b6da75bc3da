"""What people type who mean something else: every answer is one sentence that says what to type, and exit code 2."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from tui import cli
from tui.cli.group import COMMANDS, commands
from tui.cli.slips import _OTHER_COMMANDS, _OTHER_OPTIONS
from tui.config import config_dir


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with an archive in it and one in the config."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "events.2015-01-20_13.log").write_bytes(b'{"event":"error"}\n{"event":"play"}\n')
    config_dir().mkdir(parents=True, exist_ok=True)
    (config_dir() / "config.toml").write_text(f'[archives.media]\nurl = "{tmp_path}/logs"\n')
    return tmp_path


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """Return the one sentence on stderr of a refused command line."""
    assert cli.run(list(words)) == 2
    out, err = capsys.readouterr()
    (line,) = err.splitlines()
    assert out == ""
    return line.removeprefix("hourscope: ")


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("scna", "scan"), ("SCAN", "scan"), ("lss", "ls"), ("sned", "send"), ("archvie", "archive"),
        ("veriyf", "verify"), ("hlep", "help"), ("meda", "media"),
        ("grep", "scan"), ("list", "ls"), ("publish", "send"), ("version", "--version"),
    ],
)  # fmt: skip
def test_a_mistyped_command_is_not_taken_for_an_archive(
    capsys: pytest.CaptureFixture[str], word: str, meant: str
) -> None:
    for words in ([word], [word, "logs", "--count"]):
        sentence = refused(capsys, *words)
        assert sentence == (
            f"'{word}' is not a command, a folder, or a name in the config; "
            f"did you mean {meant}? (see hourscope --help)"
        )


def test_a_word_that_is_like_no_command_gets_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert f"the commands are {', '.join(COMMANDS)}" in refused(capsys, "frobnicate")


def test_an_archive_before_its_command(capsys: pytest.CaptureFixture[str]) -> None:
    for archive in ("logs", "./logs", "media", "nowhere"):
        assert "the command comes first: hourscope scan ARCHIVE" in refused(capsys, archive, "scan")
    assert "the command comes first: hourscope ls ARCHIVE" in refused(capsys, "--timezone", "UTC", "ls", "logs")


@pytest.mark.parametrize("word", ["logs", "./scna", "s3://scna", "scna.%Y-%m-%d_%H.log", "media", "~/scna"])
def test_what_can_be_an_archive_is_opened(capsys: pytest.CaptureFixture[str], word: str) -> None:
    assert "the explorer needs a terminal" in refused(capsys, word)


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["ls", "logs", "--jsno"], "--json"),
        (["scan", "logs", "--JSON"], "--json"),
        (["scan", "logs", "--max_count", "5"], "--max-count"),
        (["send", "logs", "--nsqd-adress", "h:1"], "--nsqd-tcp-address"),
        (["--timezon", "UTC", "logs"], "--timezone"),
        (["--verison"], "--version"),
        (["scan", "logs", "--hlep"], "--help"),
        # one dash
        (["scan", "logs", "-grep", "error"], "--grep"),
        (["scan", "logs", "-g", "error", "-count"], "--count"),
        (["ls", "logs", "-from=-2d"], "--from=-2d"),
        (["-version"], "--version"),
        # grep's, ripgrep's, jq's and the AWS CLI's
        (["scan", "logs", "-E", "a|b"], "-e RE"),
        (["scan", "logs", "-F", "error"], "-g TEXT"),
        (["scan", "logs", "--context", "3"], "-C N"),
        (["scan", "logs", "--since", "-2d"], "--from T"),
        (["ls", "logs", "--until", "now"], "--to T"),
        (["cat", "logs", "-n", "5"], "--lines N"),
        (["scan", "logs", "-n", "5"], "--max-count N"),
        (["cat", "logs", "--max-count", "5"], "--lines N"),
        (["scan", "logs", "--query", "event"], "-m EXPR"),
        (["send", "logs", "--output", "x"], "-o OUT"),
        (["count", "logs", "--group-by", "event"], "--by PATH"),
        (["count", "logs", "--limit", "5"], "--top N"),
        (["count", "logs", "--last", "2h"], "--from -2h"),
        (["count", "logs", "--format", "csv"], "--csv or --json"),
        (["count", "logs", "--field", "event"], "--by PATH"),
        (["scan", "logs", "-q", "-g", "error"], "--count"),
    ],
)
def test_an_unknown_option_is_answered_with_the_one_that_was_meant(
    capsys: pytest.CaptureFixture[str], words: list[str], meant: str
) -> None:
    assert f"did you mean {meant}? (see hourscope " in refused(capsys, *words)


def test_an_option_of_another_command_is_named_with_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert "-A is not an option of hourscope cat, but of scan" in refused(capsys, "cat", "logs", "-A", "3")
    assert "-g is not an option of hourscope ls, but of cat, " in refused(capsys, "ls", "logs", "-g", "error")


def test_what_is_done_anyway_needs_no_option(capsys: pytest.CaptureFixture[str]) -> None:
    assert "--recursive is not an option of hourscope scan: every chunk of the range is read anyway" in refused(
        capsys, "scan", "logs", "--recursive", "-g", "error"
    )
    assert "compressed chunks are read anyway" in refused(capsys, "cat", "logs", "--search-zip")


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        (["scan", "logs", "-m", "5", "-g", "error"], "to stop after the first 5 matches use --max-count 5"),
        (["scan", "logs", "-m1"], "to stop after the first match use --max-count 1"),
        (["cat", "logs", "--hour", "2015-01-20T13", "-m", " 20 "], "use --lines 20"),
    ],
)
def test_m_of_grep_is_jmespath_here(capsys: pytest.CaptureFixture[str], words: list[str], advice: str) -> None:
    sentence = refused(capsys, *words)
    assert sentence.startswith("-m is JMESPath; ") and advice in sentence


@pytest.mark.parametrize("words", [["-g", "err", "-ci"], ["-e", "-from", "-c"], ["-g", "-count", "-c"]])
def test_short_options_of_one_dash_and_texts_like_options_are_taken(
    capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    assert cli.run(["scan", "logs", *words]) in (0, 1)
    assert capsys.readouterr().err == ""


def test_fields_to_count_by_can_be_given_one_by_one(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["--by", "event,event"], ["--by", "event", "--by", "event"]):
        assert cli.run(["count", "logs", *words]) == 0
        assert capsys.readouterr().out == "error\terror\t1\nplay\tplay\t1\n"


def test_a_word_too_many(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    assert "to keep the records that contain it, write -g error" in refused(capsys, "scan", "logs", "error")
    files = [str(file) for file in (folder / "logs").iterdir()]
    assert "give the folder of the files" in refused(capsys, "ls", *files, *files)
    assert "the archive comes first: hourscope scan logs -g 'an error'" in refused(capsys, "scan", "an error", "logs")
    assert refused(capsys, "ls", "logs", "more") == "unexpected argument 'more'; see hourscope ls --help"


def test_a_missing_word_names_the_commands_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert refused(capsys, "cat", "logs", "--hour").endswith("; see hourscope cat --help")
    assert refused(capsys, "scan").endswith("; see hourscope scan --help")
    assert refused(capsys, "logs", "--timezone").endswith("; see hourscope help open")


def test_a_config_that_cannot_be_read_is_the_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    (config_dir() / "config.toml").write_text("[archive.media]\nurl = '/a'\n")
    assert "did you mean [archives]?" in refused(capsys, "scna", "logs")


def test_every_advice_is_possible() -> None:
    context = click.Context(commands)
    options = {
        option
        for name in (*COMMANDS, "open")
        if (command := commands.get_command(context, name))
        for parameter in command.params
        for option in parameter.opts
    }
    assert {words.split()[0] for advice in _OTHER_OPTIONS.values() for words in advice} <= options
    assert set(_OTHER_COMMANDS.values()) <= {*COMMANDS, "--version"}
    assert not set(_OTHER_COMMANDS) & set(COMMANDS)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["ls", ""], "the archive has no name; give a folder"),
        (["ls", "  "], "the archive has no name; give a folder"),
        (["scan", ".", "--jobs", "x"], "'x' is not a whole number of at least 1"),
        (["count", ".", "--top", "0"], "'0' is not a whole number of at least 1"),
        (["scan", ".", "--records", "a["], "--records needs a path, such as Records or a.b"),
        (["help", "nothing-near"], "'nothing-near' is not a command; the commands are demo, ls"),
        (["help", "sacn"], "'sacn' is not a command; did you mean scan?"),
        (["count", ".", "--json", "--csv"], "--json and --csv cannot be combined"),
    ],
)
def test_an_impossible_sample_is_reported_in_one_sentence(
    words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(words) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert sentence in err


def test_a_sample_is_not_written_into_somebodys_archive(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nor are its chunks taken for those of another sample, which are removed."""
    place = tmp_path / "mine"
    place.mkdir()
    mine = place / "events.web01-000000.2026-11-23_12.log.gz"
    mine.write_bytes(b"mine")
    assert cli.run(["demo", "--dir", str(place), "--no-open", "--hours", "24"]) == 2
    assert "holds other files, such as events.web01-000000.2026-11-23_12.log.gz" in capsys.readouterr().err
    assert [path.name for path in place.iterdir()] == [mine.name]
    mine.unlink()
    for _ in range(2):
        assert cli.run(["demo", "--dir", str(place), "--no-open", "--hours", "24", "--records-per-hour", "5"]) == 0
