"""Lines that only move are moved by the terminal, and it looks as if they had been sent."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pyte
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui.app.terminal.paint import Glass, Scroll, scrolled

_WIDTH, _HEIGHT, _TOP, _BOTTOM = 30, 16, 2, 13
_CURSOR = Style(color="#ffffff", bgcolor="#3f3421")


def _console() -> Console:
    return Console(file=io.StringIO(), color_system="truecolor", force_terminal=True, width=_WIDTH, height=_HEIGHT)


def _line(words: str, style: Style | None = None) -> Strip:
    return Strip([Segment(words, style or Style(color="#c3ccd9"))]).adjust_cell_length(_WIDTH, style)


def _frame(top: int, at: int, words: list[str]) -> list[Strip]:
    """A heading, a window over a list with a cursor in it, and a footing."""
    lines = [_line(f"{at} of {len(words)}"), _line("heading")]
    for y in range(_BOTTOM - _TOP + 1):
        number = top + y
        text = words[number] if number < len(words) else ""
        lines.append(_line(text, _CURSOR if number == at else None))
    return [*lines, _line(""), _line("keys")]


def _pieces(frame: list[Strip]) -> Iterator[tuple[int, int, Strip]]:
    """Most lines in one piece, a few in two, as Textual does where another widget overlaps them."""
    for y, strip in enumerate(frame):
        if y % 7 == 5:
            yield 0, y, strip.crop(0, 9)
            yield 9, y, strip.crop(9, _WIDTH)
        else:
            yield 0, y, strip


def _looks(*frames: list[Strip]) -> tuple[list[list[tuple[object, ...]]], list[int]]:
    """Return the terminal's cells after all frames, and the length of each frame."""
    glass, console = Glass(), _console()
    screen = pyte.Screen(_WIDTH, _HEIGHT)
    stream = pyte.Stream(screen)
    sizes = []
    for frame in frames:
        out = glass.write(list(_pieces(frame)), console)
        stream.feed(out)
        sizes.append(len(out))
    cells = [[screen.buffer[y][x] for x in range(_WIDTH)] for y in range(_HEIGHT)]
    return [[(c.data, c.data != " " and c.fg, c.bg) for c in line] for line in cells], sizes


@given(
    st.lists(
        st.sampled_from(["alpha", "beta 東京", "gamma", "a much longer line of words", ""]), min_size=20, max_size=40
    ),
    st.lists(st.tuples(st.sampled_from([-4, -1, 0, 1, 1, 2, 3, 7]), st.integers(-2, 2)), min_size=1, max_size=8),
)
def test_it_looks_as_if_all_had_been_sent(words: list[str], moves: list[tuple[int, int]]) -> None:
    words = [f"{number} {text}" if number % 3 else text for number, text in enumerate(words)]
    top, at, frames = 3, 5, []
    for step, cursor in [(0, 0), *moves]:
        top, at = max(0, top + step), max(0, at + cursor)
        frames.append(_frame(top, at, words))
    assert _looks(*frames)[0] == _looks(frames[-1])[0]


def test_a_window_that_moves_by_one_sends_three_lines() -> None:
    words = [f"record {number} {'x' * 15}" for number in range(40)]
    _, (whole, down) = _looks(_frame(3, 14, words), _frame(4, 15, words))
    _, (_, up) = _looks(_frame(4, 4, words), _frame(3, 3, words))
    assert down < whole / 2 and up < whole / 2


def test_which_lines_have_moved() -> None:
    old = {y: f"{y}" for y in range(10)}
    up = {y: f"{y + 1}" for y in range(2, 8)} | {8: "new", 9: "9"}
    assert scrolled(old, up) == Scroll(2, 8, 1)
    assert scrolled(old, {y: f"{y - 1}" for y in range(3, 9)} | {2: "new"}) == Scroll(2, 8, -1)
    assert scrolled(old, {y: f"{y + 1}" for y in range(2, 5)}) is None  # too few
    assert scrolled(old, dict(old)) is None and scrolled({}, up) is None
