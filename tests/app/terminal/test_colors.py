"""A terminal with 256 colors shows the theme's colors as they are meant."""

import pytest
from rich.color import Color, ColorSystem

from tui.app.terminal.colors import downgrade
from tui.app.widgets.theme import DARK, LIGHT, PALETTES, contrast

WORDS = ("text", "dim", "strong", "you", "find", "trouble", "good", "name", "string", "number", "constant", "teal")
GREYS = ("ground", "raised", "lifted", "text", "dim", "rule", "strong", "you_idle")


def shown(color: str) -> str:
    return downgrade(Color.parse(color), ColorSystem.EIGHT_BIT).get_truecolor().hex


@pytest.mark.parametrize("theme", [DARK, LIGHT])
def test_words_are_legible_and_greys_are_grey(theme: str) -> None:
    hues = PALETTES[theme][0]
    for word in WORDS:
        for ground in (hues.ground, hues.raised):
            assert contrast(shown(getattr(hues, word)), shown(ground)) >= 4.5, (word, ground)
    for grey in GREYS:
        red, green, blue = Color.parse(shown(getattr(hues, grey))).get_truecolor()
        assert red == green == blue, grey
    assert len({shown(color) for color in (hues.ground, hues.raised, hues.you_idle, hues.you_ground)}) == 4


@pytest.mark.parametrize("theme", [DARK, LIGHT])
@pytest.mark.parametrize("ramp", ["heat", "finds"])
def test_each_step_of_a_ramp_stands_out_more_than_the_one_before(theme: str, ramp: str) -> None:
    hues = PALETTES[theme][0]
    contrasts = [contrast(shown(step), shown(hues.ground)) for step in getattr(hues, ramp)]

    assert contrasts == sorted(set(contrasts))


def test_what_the_terminal_can_show_stays() -> None:
    assert downgrade(Color.parse("#10141b"), ColorSystem.TRUECOLOR) == Color.parse("#10141b")
    assert downgrade(Color.parse("color(3)"), ColorSystem.EIGHT_BIT) == Color.parse("color(3)")
