"""What goes over the wire: the difference, and all of the difference."""

from __future__ import annotations

import io

import pyte
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui.app.terminal.paint import Glass, cells_of, changes

_WIDTH, _HEIGHT = 12, 3
styles = st.sampled_from(
    [Style(), Style(color="#ff0000"), Style(color="#00ff00", bgcolor="#000033"), Style(bold=True), Style(reverse=True)]
)
texts = st.text(st.sampled_from("ab 東é█"), max_size=6)
strips = st.lists(st.tuples(texts, styles), max_size=4).map(
    lambda pieces: Strip([Segment(text, style) for text, style in pieces]).adjust_cell_length(_WIDTH)
)
frames = st.lists(strips, min_size=_HEIGHT, max_size=_HEIGHT)


def _console() -> Console:
    return Console(file=io.StringIO(), color_system="truecolor", force_terminal=True, width=_WIDTH, height=_HEIGHT)


def _screen() -> tuple[pyte.Screen, pyte.Stream]:
    screen = pyte.Screen(_WIDTH, _HEIGHT)
    return screen, pyte.Stream(screen)


def _seen(screen: pyte.Screen) -> list[list[tuple[object, ...]]]:
    """Return every cell; the foreground of a blank is invisible and ignored."""
    return [
        [(c.data, None if c.data == " " and not c.reverse else c.fg, c.bg, c.bold, c.reverse) for c in line]
        for line in ([screen.buffer[y][x] for x in range(_WIDTH)] for y in range(_HEIGHT))
    ]


@given(st.lists(frames, min_size=1, max_size=4))
def test_differences_add_up_to_the_whole(shown: list[list[Strip]]) -> None:
    glass, console = Glass(), _console()
    screen, stream = _screen()
    for frame in shown:
        stream.feed(glass.write([(0, y, strip) for y, strip in enumerate(frame)], console))
    whole, whole_stream = _screen()
    for y, strip in enumerate(shown[-1], 1):
        whole_stream.feed(f"\x1b[{y};1H{strip.render(console)}")
    assert _seen(screen) == _seen(whole)


@given(frames)
def test_the_same_again_costs_nothing(frame: list[Strip]) -> None:
    glass, console = Glass(), _console()
    pieces = [(0, y, strip) for y, strip in enumerate(frame)]
    glass.write(pieces, console)
    assert glass.write(pieces, console) == ""
    glass.forget()
    assert glass.write(pieces, console) != ""


def test_a_wide_character_is_sent_whole() -> None:
    system = None
    old = cells_of(Strip([Segment("a東b")]), system)
    new = cells_of(Strip([Segment("a京b")]), system)
    assert list(changes(old, new)) == [(1, 3)]
    assert list(changes(new, cells_of(Strip([Segment("axyb")]), system))) == [(1, 3)]


def test_a_list_of_two_colors_is_written_color_by_color() -> None:
    """A move costs less than half of another color: the first column is written before the second."""
    name, about = Style(color="#8fb8dd", bgcolor="#263141"), Style(color="#95a1b2", bgcolor="#263141")
    strips = [Strip([Segment(f"name{n}  ", name), Segment(f"{n} x", about)]) for n in range(5)]
    text = Glass().write([(2, y, strip) for y, strip in enumerate(strips)], _console())
    assert text.count("38;2;") == 2 and text.index("name4") < text.index("0 x")
