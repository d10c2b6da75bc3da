"""What only a real terminal shows: that it works in one, how many bytes it sends, and that it is left clean."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.app.emulator import Terminal
from tui.app.model.remembered import Left, write_left
from tui.config import ExplorerSpec, load_config
from tui.errors import ConfigError
from tui.filter import parse_filter

_LEGEND = "small to large"
_AT_REST = 7_000  # bytes of the records under the cursor, when it rests


@pytest.fixture
def wide(sample: Path) -> Iterator[Terminal]:
    with Terminal(str(sample), 120, 40) as terminal:
        yield terminal


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_calendar_then_a_chunk_then_a_filter_then_out(sample: Path, size: tuple[int, int]) -> None:
    with Terminal(str(sample), *size) as terminal:
        terminal.wait_for(_LEGEND)
        assert "hourscope" in terminal.screen.display[0] and "2 gaps" in terminal.screen.display[0]
        terminal.press("\r")
        terminal.wait_for("previewed")
        terminal.press("/event == 'error'")
        terminal.wait_for("keep as a term")
        terminal.press("\r")
        terminal.wait_for("1 ● event == 'error'")
        terminal.wait_for(" of ")
        terminal.press("q")
        terminal.wait_for(_LEGEND)
        assert terminal.finish("q") == 0
        _assert_clean(bytes(terminal.raw))


def _assert_clean(raw: bytes) -> None:
    """Back on the main screen, cursor shown, mouse and pasting as they were."""
    for switched_on, switched_off in (
        (b"\x1b[?1049h", b"\x1b[?1049l"),
        (b"\x1b[?25l", b"\x1b[?25h"),
        (b"\x1b[?1000h", b"\x1b[?1000l"),
        (b"\x1b[?2004h", b"\x1b[?2004l"),
    ):
        assert raw.rfind(switched_off) > raw.rfind(switched_on)


def test_what_is_sent_stays_small(wide: Terminal) -> None:
    assert wide.wait_for(_LEGEND) <= 30_000
    assert max(wide.press(key) for key in "hkhjl") <= 1_200 + _AT_REST
    assert wide.press("h" * 12) <= 12 * 1_200 + _AT_REST  # a key that is held down costs one preview
    assert max(wide.press(key) for key in "MMoo") <= 6_000
    focus = [wide.press("\x1b[O") + wide.press("\x1b[I") for _ in range(3)]  # the window loses it, and gets it back
    assert min(focus) <= 50  # on a stalled machine what was sent before comes with the first
    wide.press("ooo")
    assert wide.press("\r") <= 30_000
    wide.wait_for("previewed")
    assert max(wide.press("j") for _ in range(5)) <= 3_000
    assert wide.press("\x1b[6~") <= 9_000
    assert wide.press("f", 1.0) <= 9_000
    wide.wait_for("fields of")
    assert max(wide.press("j") for _ in range(3)) <= 1_500  # with the values of the field, when the cursor rests
    assert wide.press("jjj") <= 3 * 500 + 1_500
    wide.press("f")
    wide.press("\t")
    assert max(wide.press("j") for _ in range(3)) <= 500
    wide.press("/")
    wide.press("event == 'no such event'")
    wide.wait_for("0 of ")
    assert max(wide.press(key) for key in "abc") <= 400
    assert wide.read(5.0, 5.0) == 0
    assert wide.finish("\x11") == 0


def test_the_screen_is_what_a_whole_redraw_gives(wide: Terminal) -> None:
    wide.wait_for(_LEGEND)
    for keys in ("h", "k", "v", "l", "k", "v", "M", "o", "E", "e", "G", "\r"):
        wide.press(keys, 0.2)
    wide.wait_for("previewed")
    for keys in ("jj", "\t", "jjh", "/play"):
        wide.press(keys, 0.2)
    while "q back" not in wide.text:  # one escape closes one thing
        wide.press("\x1b")
    for keys in ("a", "x", "q", "q", "g", "\t", "?"):
        wide.press(keys, 0.2)
    wide.wait_for("Always")
    before = wide.text
    wide.press("\x0c")
    assert wide.text == before


def test_it_follows_the_terminals_size(wide: Terminal) -> None:
    wide.wait_for(_LEGEND)
    wide.resize(80, 24)
    wide.wait_for("q quit")
    assert "2 gaps" in wide.screen.display[0] and "[" in wide.text and "q quit" in wide.screen.display[23]
    wide.resize(120, 40)
    wide.wait_for("Archive ")
    before = wide.text
    assert "q quit" in wide.screen.display[39]
    wide.press("\x0c")
    assert wide.text == before


def test_a_resize_does_not_wipe_the_screen(wide: Terminal) -> None:
    wide.wait_for(_LEGEND)
    before = len(wide.raw)
    for columns in (119, 118, 100, 120):
        wide.resize(columns, 40)
        assert wide.read() <= 30_000
    assert b"\x1b[2J" not in wide.raw[before:] and b"\x1b[H\x1b[J" not in wide.raw[before:]


@pytest.mark.parametrize(
    ("environment", "sent", "never"),
    [
        ({"NO_COLOR": "1"}, rb"\x1b\[[\d;]*7m", rb"\x1b\[([\d;]*;)?[34]8;"),
        ({"COLORTERM": ""}, rb"\x1b\[[\d;]*38;5;", rb"[34]8;2;"),
        ({"COLORTERM": "", "TERM": "xterm-16color"}, rb"\x1b\[[\d;]*9[0-7]m", rb"[34]8;[25];"),
        ({"HOURSCOPE_THEME": "light"}, rb"48;2;251;250;247", rb"48;2;16;20;27"),
        ({"COLORFGBG": "0;15"}, rb"48;2;251;250;247", rb"48;2;16;20;27"),
    ],
    ids=["no colours", "256 colours", "16 colours", "light by setting", "light by the terminal"],
)
def test_it_sends_the_colours_that_the_terminal_has(
    sample: Path, environment: dict[str, str], sent: bytes, never: bytes
) -> None:
    with Terminal(str(sample), 80, 24, environment) as terminal:
        terminal.wait_for(_LEGEND)
        terminal.press(":")
        terminal.press("\x1b")
        terminal.press("s")
        terminal.wait_for("ready: enter starts it")
        assert re.search(sent, terminal.raw) and not re.search(never, terminal.raw)


def test_ctrl_z_suspends_and_what_was_there_comes_back(sample: Path) -> None:
    with Terminal(str(sample), 80, 24) as terminal:
        terminal.wait_for(_LEGEND)
        terminal.press("\x1a")
        while subprocess.check_output(["ps", "-o", "stat=", "-p", str(terminal.pid)])[:1] != b"T":
            terminal.read(0.05)
        os.kill(terminal.pid, signal.SIGCONT)
        terminal.press("?")
        terminal.wait_for("The calendar")


def test_an_archive_that_cannot_be_opened_is_reported_in_the_shell(tmp_path: Path) -> None:
    script = "import sys; from tui.cli import main; main(sys.argv[1:])"
    with Terminal(str(tmp_path / "nothing"), 250, 24, script=script) as terminal:
        assert terminal.ended() == 2
        assert "nothing does not exist; give a folder" in terminal.text
        _assert_clean(bytes(terminal.raw))


def test_over_ssh_the_mouse_stays_the_terminals(sample: Path) -> None:
    with Terminal(str(sample), 80, 24, {"SSH_CONNECTION": "10.0.0.1 5 10.0.0.2 22"}) as terminal:
        terminal.wait_for(_LEGEND)
        assert b"\x1b[?1000h" not in terminal.raw and b"\x1b[?1003h" not in terminal.raw
        assert terminal.finish("q") == 0


def test_the_mouse_is_had_over_ssh_by_one_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSH_CONNECTION", "10.0.0.1 5 10.0.0.2 22")
    assert not ExplorerSpec().takes_mouse and ExplorerSpec(mouse=True).takes_mouse
    monkeypatch.setenv("HOURSCOPE_MOUSE", "1")
    assert ExplorerSpec().takes_mouse
    monkeypatch.delenv("HOURSCOPE_MOUSE")
    monkeypatch.delenv("SSH_CONNECTION")
    assert ExplorerSpec().takes_mouse and not ExplorerSpec(mouse=False).takes_mouse


@pytest.mark.parametrize("words", ["mouse = 1", 'theme = "blue"', "keys = true"])
def test_an_unknown_setting_is_reported(tmp_path: Path, words: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[explorer]\nmouse = true\ntheme = "light"\n')
    assert load_config(path).explorer == ExplorerSpec(mouse=True, theme="light")
    path.write_text(f"[explorer]\n{words}\n")
    with pytest.raises(ConfigError, match="explorer"):
        load_config(path)


def test_a_dumb_terminal_gets_the_plain_command(sample: Path) -> None:
    with Terminal(str(sample), 80, 24, {"TERM": "dumb"}) as terminal:
        assert terminal.finish("") == 2
        assert b"cannot show the explorer; otherwise run: hourscope ls" in terminal.raw
        assert b"\x1b[?1049h" not in terminal.raw


def test_the_demo_begins_as_documented_however_it_was_left(sample: Path) -> None:
    """Another archive is shown as it was left."""
    again = Left(filter=parse_filter(grep=["nowhere"]))
    write_left(str(sample), again)
    with Terminal(str(sample), 80, 24) as terminal:
        terminal.wait_for("as you left it")
    write_left(str(sample), again)
    script = (
        "import sys; from tui.cli import demo, main; demo._write = demo._refuse_others = lambda folder, spec: None; "
    )
    with Terminal(str(sample), 80, 24, script=f"{script}main(['demo', '--dir', sys.argv[1]])") as terminal:
        terminal.wait_for("small to large")
        assert "as you left it" not in terminal.text and "nowhere" not in terminal.text
