"""What goes over the wire: the compositor's updates, written with as few bytes as a terminal needs.

Textual sends whole runs of a line with full colours and a reset for each piece. Over SSH that is most of what a
person waits for, so these two updates send only the changed cells, and of colours only what differs from the last.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from rich.color import Color, ColorSystem
from rich.console import Console
from rich.control import Control
from rich.style import Style
from textual._compositor import ChopsUpdate, Compositor, LayoutUpdate
from textual.strip import Strip

_DEFAULT = ("", "39", "49")
_ATTRIBUTES = (("bold", "1"), ("dim", "2"), ("italic", "3"), ("underline", "4"), ("reverse", "7"), ("strike", "9"))


@lru_cache(maxsize=4096)
def _codes(style: Style, system: ColorSystem) -> tuple[str, str, str]:
    """The style as three independent parts: attributes, foreground, background."""
    attributes = ";".join(code for name, code in _ATTRIBUTES if getattr(style, name))
    return attributes, _color(style.color, system, True), _color(style.bgcolor, system, False)


def _color(color: Color | None, system: ColorSystem, foreground: bool) -> str:
    if color is None or color.is_default:
        return "39" if foreground else "49"
    return ";".join(color.downgrade(system).get_ansi_codes(foreground))


class Pen:
    """Writes strips one after another and remembers which colours the terminal has."""

    def __init__(self, console: Console) -> None:
        self._system = ColorSystem(console._color_system) if console._color_system is not None else None
        self._now = _DEFAULT
        self._out: list[str] = []

    def move(self, x: int, y: int) -> None:
        self._out.append(Control.move_to(x, y).segment.text)

    def write(self, strips: Iterable[Strip]) -> None:
        for strip in strips:
            for text, style, control in strip:
                if control:
                    self._out.append(text)
                elif text:
                    self._switch(style or Style.null(), text)
                    self._out.append(text)

    def _switch(self, style: Style, text: str) -> None:
        if self._system is None:
            return
        attributes, front, back = _codes(style, self._system)
        if not attributes and text.isspace():
            front = self._now[1]  # nobody sees the colour of a blank
        if (attributes, front, back) == self._now:
            return
        codes = []
        if attributes != self._now[0]:
            codes = [code for code in ("0", attributes) if code]
            codes += [code for code, plain in ((front, "39"), (back, "49")) if code != plain]
        else:
            codes = [code for code, now in ((front, self._now[1]), (back, self._now[2])) if code != now]
        self._out.append(f"\x1b[{';'.join(codes)}m")
        self._now = (attributes, front, back)

    def finish(self) -> str:
        if self._now != _DEFAULT:
            self._out.append("\x1b[0m")
        return "".join(self._out)


class _WholeUpdate(LayoutUpdate):
    def render_segments(self, console: Console) -> str:
        pen = Pen(console)
        for y, strips in enumerate(self.strips, self.region.y):
            pen.move(self.region.x, y)
            pen.write(strips)
        return pen.finish()


class _SpansUpdate(ChopsUpdate):
    """Unlike its parent, begins where the change begins and not where the widget does."""

    def render_segments(self, console: Console) -> str:
        pen = Pen(console)
        for y, x1, x2 in self.spans:
            for end, (x, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
                if strip is None or x >= x2 or end <= x1:
                    continue
                first = max(x, x1)
                pen.move(first, y)
                pen.write([strip.crop(first - x, min(end, x2) - x)])
        return pen.finish()


class LeanCompositor(Compositor):
    """Textual's compositor, with lean updates."""

    def render_full_update(self, simplify: bool = False) -> LayoutUpdate:
        update = super().render_full_update(simplify)
        return _WholeUpdate(update.strips, update.region)

    def render_partial_update(self) -> ChopsUpdate | None:
        update = super().render_partial_update()
        return None if update is None else _SpansUpdate(update.chops, update.spans, update.chop_ends)
