"""The colors: every word can be read on whatever it stands, and neighboring steps can be told apart."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tui.app.widgets.theme import DARK, LIGHT, PALETTES, contrast

_WORDS = (
    *("text", "dim", "faint", "strong", "title", "key", "bar", "bar_dim", "selected", "match", "gap", "trouble"),
    *("odd", "frozen", "good", "name", "string", "number", "constant"),
)


@pytest.mark.parametrize("theme", [DARK, LIGHT])
@pytest.mark.parametrize("ground", ["ground", "raised", "lifted", "you_ground", "you_idle"])
def test_words_have_a_contrast_of_4_5_on_every_ground(theme: str, ground: str) -> None:
    hues, palette = PALETTES[theme]
    words = {name: getattr(palette, name) for name in _WORDS} | {style.color.name: style for style in palette.fields}
    for name, style in words.items():
        color = style.color
        needed = 4.5 if ground != "lifted" else 4.2  # menus and prompts: strong, you and dim words
        assert contrast(color.name, getattr(hues, ground)) >= needed, (name, ground)


@pytest.mark.parametrize("theme", [DARK, LIGHT])
def test_steps_grow_from_the_background_and_text_on_them_can_be_read(theme: str) -> None:
    hues, palette = PALETTES[theme]
    for ramp, cells in ((hues.heat, palette.heat_cells), (hues.finds, palette.find_cells)):
        strength = [contrast(color, hues.ground) for color in ramp]
        assert strength[0] >= 1.25 and all(more / less > 1.3 for less, more in pairwise(strength))
        for cell in cells:
            assert cell.color and cell.bgcolor and contrast(cell.color.name, cell.bgcolor.name) >= 3.8


def test_contrast_is_that_of_the_web() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
