"""The colours: few, each with one meaning. Calm greys carry the page; blue is data, amber is you, red is trouble."""

from __future__ import annotations

from dataclasses import dataclass, fields

from rich.style import Style
from textual.app import App
from textual.theme import Theme


@dataclass(frozen=True)
class Palette:
    """The styles that line widgets draw with."""

    text: Style
    dim: Style
    faint: Style
    strong: Style
    headline: Style
    title: Style
    key: Style
    bar: Style
    bar_dim: Style
    cursor: Style
    cursor_idle: Style
    selected: Style
    match: Style
    heat: tuple[Style, Style, Style, Style]
    gap: Style
    trouble: Style
    odd: Style
    frozen: Style
    good: Style
    name: Style
    string: Style
    number: Style
    constant: Style


@dataclass(frozen=True)
class _Hues:
    ground: str
    raised: str
    lifted: str
    text: str
    dim: str
    faint: str
    strong: str
    you: str
    you_ground: str
    you_idle: str
    heat: tuple[str, str, str, str]
    trouble: str
    good: str
    name: str
    string: str
    number: str
    constant: str


_DARK = _Hues(
    ground="#10141b",
    raised="#1a212c",
    lifted="#263141",
    text="#c3ccd9",
    dim="#7f8b9c",
    faint="#566175",
    strong="#f0f4fa",
    you="#f2b75c",
    you_ground="#3f3421",
    you_idle="#262c36",
    heat=("#2f5476", "#3f7cab", "#62aedb", "#b5e3fb"),
    trouble="#f0717b",
    good="#83c78d",
    name="#8fb8dd",
    string="#b7c994",
    number="#dfa88b",
    constant="#c59bd8",
)
_LIGHT = _Hues(
    ground="#fbfaf7",
    raised="#efece5",
    lifted="#e2ddd2",
    text="#39414d",
    dim="#6b7480",
    faint="#a3a5a7",
    strong="#0f141b",
    you="#8f5a00",
    you_ground="#f6e2b8",
    you_idle="#e9e6df",
    heat=("#a9cbe6", "#6ba5d3", "#2f78b3", "#0c447c"),
    trouble="#b8232f",
    good="#2c7a3a",
    name="#235f97",
    string="#54701a",
    number="#a04e1d",
    constant="#7a3d95",
)


def _palette(hues: _Hues) -> Palette:
    first, second, third, fourth = (Style(color=color) for color in hues.heat)
    return Palette(
        text=Style(color=hues.text),
        dim=Style(color=hues.dim),
        faint=Style(color=hues.faint),
        strong=Style(color=hues.strong),
        headline=Style(color=hues.strong, bold=True),
        title=Style(color=hues.you, bold=True),
        key=Style(color=hues.strong),
        bar=Style(color=hues.text),
        bar_dim=Style(color=hues.dim),
        cursor=Style(color=hues.strong, bgcolor=hues.you_ground),
        cursor_idle=Style(color=hues.text, bgcolor=hues.you_idle),
        selected=Style(color=hues.you),
        match=Style(color=hues.you),
        heat=(first, second, third, fourth),
        gap=Style(color=hues.trouble),
        trouble=Style(color=hues.trouble),
        odd=Style(color=hues.you),
        frozen=Style(color=hues.constant),
        good=Style(color=hues.good),
        name=Style(color=hues.name),
        string=Style(color=hues.string),
        number=Style(color=hues.number),
        constant=Style(color=hues.constant),
    )


def _plain() -> Palette:
    """Without colours (NO_COLOR): bold, dim and reversed say what the colours say; signs do in any case."""
    text = Style(bold=False)  # a style that says nothing would be false
    dim, bold, reverse = Style(dim=True), Style(bold=True), Style(reverse=True)
    styles = {field.name: text for field in fields(Palette)}
    styles |= dict.fromkeys(("dim", "faint", "bar_dim"), dim)
    styles |= {"cursor": reverse, "cursor_idle": Style(underline=True)}
    loud = ("strong", "title", "key", "selected", "match", "trouble", "odd", "gap", "good", "name")
    styles |= dict.fromkeys(loud, bold)
    return Palette(**styles | {"heat": (text,) * 4})  # type: ignore[arg-type]  # all but the heat is a style


DARK, LIGHT, PLAIN = "hourscope-dark", "hourscope-light", "hourscope-plain"
_PALETTES = {DARK: _palette(_DARK), LIGHT: _palette(_LIGHT), PLAIN: _plain()}


def _theme(name: str, hues: _Hues, *, dark: bool, caret: str = "none") -> Theme:
    return Theme(
        name,
        primary=hues.you,
        secondary=hues.name,
        accent=hues.you,
        warning=hues.you,
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
            "input-selection-background": hues.lifted,
        },
    )


THEMES = (
    _theme(DARK, _DARK, dark=True),
    _theme(LIGHT, _LIGHT, dark=False),
    _theme(PLAIN, _DARK, dark=True, caret="reverse"),
)


def palette_of(app: App[object]) -> Palette:
    """The palette of the theme in use; Textual's own themes get the one of their darkness."""
    if palette := _PALETTES.get(app.theme):
        return palette
    return _PALETTES[DARK if app.current_theme.dark else LIGHT]
