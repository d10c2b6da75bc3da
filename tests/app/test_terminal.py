"""What only a real terminal shows: that it works in one, how many bytes it sends, and that it is left clean."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.app.terminal import Terminal

_LEGEND = "small to large"


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
        terminal.wait_for("^t")
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
    assert max(wide.press(key) for key in "hkhjl") <= 1_200
    assert wide.press("\r") <= 30_000
    wide.wait_for("previewed")
    assert max(wide.press("j") for _ in range(5)) <= 3_000
    assert wide.press("\x1b[6~") <= 9_000
    assert wide.press("f", 1.0) <= 9_000
    wide.wait_for("fields of")
    assert max(wide.press("j") for _ in range(3)) <= 500
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
    for keys in (
        "h",
        "k",
        "v",
        "l",
        "k",
        "e",
        "v",
        "\r",
        "jj",
        "\t",
        "jjh",
        "/play",
        "\x1b",
        "a",
        "x",
        "q",
        "q",
        "g",
        "?",
    ):
        wide.press(keys, 0.2)
    before = wide.text
    wide.press("\x0c")
    assert wide.text == before


def test_it_follows_the_terminals_size(wide: Terminal) -> None:
    wide.wait_for(_LEGEND)
    wide.resize(80, 24)
    wide.wait_for("q quit")
    assert "2 gaps" in wide.screen.display[0] and "[" in wide.text and "q quit" in wide.screen.display[23]
    wide.resize(120, 40)
    wide.wait_for("This day")
    before = wide.text
    assert "q quit" in wide.screen.display[39]
    wide.press("\x0c")
    assert wide.text == before


def test_over_ssh_the_mouse_stays_the_terminals(sample: Path) -> None:
    with Terminal(str(sample), 80, 24, {"SSH_CONNECTION": "10.0.0.1 5 10.0.0.2 22"}) as terminal:
        terminal.wait_for(_LEGEND)
        assert b"\x1b[?1000h" not in terminal.raw and b"\x1b[?1003h" not in terminal.raw
        assert terminal.finish("q") == 0


def test_a_dumb_terminal_gets_the_plain_command(sample: Path) -> None:
    with Terminal(str(sample), 80, 24, {"TERM": "dumb"}) as terminal:
        assert terminal.finish("") == 1
        assert b"hourscope ls" in terminal.raw and b"\x1b[?1049h" not in terminal.raw
