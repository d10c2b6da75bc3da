"""The colors: few, each with one meaning.

Amber is the user (cursor, selection, typed text) and nothing else; blue is amounts, magenta is matches and outliers,
red is trouble, green is confirmed, grey is context. All text has a contrast of at least 4.5 to its background.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import SimpleNamespace

from rich.style import Style
from textual.app import App
from textual.theme import Theme


@dataclass(frozen=True)
class Palette:
    """The styles that line widgets draw with."""

    text: Style
    dim: Style
    faint: Style
    rule: Style
    strong: Style
    headline: Style
    title: Style
    key: Style
    bar: Style
    bar_dim: Style
    section: Style
    """The first line of a part of the screen."""
    cursor: Style
    cursor_idle: Style
    selected: Style
    match: Style
    heat: tuple[Style, ...]
    finds: tuple[Style, ...]
    heat_cells: tuple[Style, ...]
    """The steps of `heat` as backgrounds with a legible foreground; empty without colors."""
    find_cells: tuple[Style, ...]
    gap: Style
    trouble: Style
    fatal: Style
    odd: Style
    frozen: Style
    good: Style
    name: Style
    string: Style
    number: Style
    constant: Style
    fields: tuple[Style, ...]
    """Colors that distinguish fields."""


_HUES: Mapping[str, tuple[str, str]] = {  # name → (on dark, on light); a ramp has several colors
    "ground": ("#10141b", "#fbfaf7"),
    "raised": ("#1a212c", "#efece5"),
    "lifted": ("#263141", "#e2ddd2"),
    "text": ("#c3ccd9", "#39414d"),
    "dim": ("#95a1b2", "#59626d"),
    "rule": ("#3b4656", "#c9c6bf"),
    "strong": ("#f0f4fa", "#0f141b"),
    "you": ("#f2b75c", "#7d4d00"),
    "you_ground": ("#3f3421", "#f6e2b8"),
    "you_idle": ("#242a33", "#e9e6df"),
    "find": ("#f08fcb", "#9c2470"),
    "heat": ("#1f364c #2a597c #3d7fae #66b0dc #c2e8fc", "#cfe1ef #98c2e2 #5897cb #2769a3 #0a376b"),
    "finds": ("#3d2843 #6f3d6b #a65394 #f08fcb #ffdcf1", "#f2d3e6 #e0a1c9 #c762a5 #9c2470 #611048"),
    "trouble": ("#f58089", "#ad1f2b"),
    "good": ("#83c78d", "#22672e"),
    "name": ("#8fb8dd", "#1f5a90"),
    "string": ("#b7c994", "#475f14"),
    "number": ("#dfa88b", "#8f4212"),
    "constant": ("#bda9ee", "#65389a"),
    "teal": ("#7cc7bd", "#0c5f59"),
}


def _hues(column: int) -> SimpleNamespace:
    hues = {name: pair[column].split() for name, pair in _HUES.items()}
    return SimpleNamespace(**{name: colors if len(colors) > 1 else colors[0] for name, colors in hues.items()})


_DARK, _LIGHT = _hues(0), _hues(1)


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colors, 1 to 21 (WCAG 2.2, relative luminance)."""
    bright, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def _luminance(color: str) -> float:
    parts = (int(color[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _cell(ground: str, hues: SimpleNamespace) -> Style:
    return Style(bgcolor=ground, color=max((hues.ground, hues.strong), key=lambda color: contrast(color, ground)))


_WORDS: Mapping[str, str] = {  # a text style → its hue
    **{
        name: name
        for name in ("text", "dim", "rule", "strong", "trouble", "good", "name", "string", "number", "constant")
    },
    "faint": "dim",
    "key": "strong",
    "bar": "text",
    "bar_dim": "dim",
    "selected": "you",
    "match": "find",
    "odd": "find",
    "gap": "trouble",
    "frozen": "constant",
}


def _palette(hues: SimpleNamespace) -> Palette:
    words = {name: Style(color=getattr(hues, hue)) for name, hue in _WORDS.items()}
    title = Style(color=hues.strong, bold=True)
    return Palette(
        **words,
        headline=title,
        title=title,
        section=Style(color=hues.strong, bgcolor=hues.raised),
        cursor=Style(color=hues.strong, bgcolor=hues.you_ground),
        cursor_idle=Style(color=hues.text, bgcolor=hues.you_idle),
        fatal=Style(color=hues.ground, bgcolor=hues.trouble),
        heat=tuple(Style(color=color) for color in hues.heat),
        finds=tuple(Style(color=color) for color in hues.finds),
        heat_cells=tuple(_cell(color, hues) for color in hues.heat),
        find_cells=tuple(_cell(color, hues) for color in hues.finds),
        fields=tuple(Style(color=color) for color in (hues.name, hues.string, hues.number, hues.constant, hues.teal)),
    )


def _plain() -> Palette:
    """Return the palette without colors (NO_COLOR): bold, dim and reverse replace them; signs are always shown."""
    text = Style(bold=False)  # a style without any attribute would be false
    dim, bold, reverse = Style(dim=True), Style(bold=True), Style(reverse=True)
    styles = {field.name: text for field in fields(Palette)}
    styles |= dict.fromkeys(("dim", "faint", "rule", "bar_dim"), dim)
    styles |= {"cursor": reverse, "fatal": reverse, "cursor_idle": Style(underline=True)}
    loud = ("strong", "title", "key", "selected", "match", "trouble", "odd", "gap", "good", "name")
    styles |= dict.fromkeys(loud, bold)
    ramps = {"heat": (text,) * 5, "finds": (text,) * 5, "heat_cells": (), "find_cells": (), "fields": (text,)}
    return Palette(**styles | ramps)  # type: ignore[arg-type]  # all but the ramps are styles


DARK, LIGHT, PLAIN = "hourscope-dark", "hourscope-light", "hourscope-plain"
PALETTES = {DARK: (_DARK, _palette(_DARK)), LIGHT: (_LIGHT, _palette(_LIGHT)), PLAIN: (_DARK, _plain())}


def _theme(name: str, hues: SimpleNamespace, *, dark: bool, caret: str = "none") -> Theme:
    return Theme(
        name,
        primary=hues.you,
        secondary=hues.name,
        accent=hues.you,
        warning=hues.find,
        error=hues.trouble,
        success=hues.good,
        foreground=hues.text,
        background=hues.ground,
        surface=hues.ground,
        panel=hues.raised,
        dark=dark,
        variables={
            "raised": hues.raised,
            "lifted": hues.lifted,
            "quiet": hues.dim,
            "input-cursor-text-style": caret,
            "input-cursor-background": hues.you,
            "input-cursor-foreground": hues.ground,
            "input-selection-background": hues.you_ground,
        },
    )


THEMES = (
    _theme(DARK, _DARK, dark=True),
    _theme(LIGHT, _LIGHT, dark=False),
    _theme(PLAIN, _DARK, dark=True, caret="reverse"),
)


def palette_of(app: App[object]) -> Palette:
    """Return the palette of the current theme; Textual's own themes use the dark or the light palette."""
    name = app.theme if app.theme in PALETTES else DARK if app.current_theme.dark else LIGHT
    return PALETTES[name][1]
