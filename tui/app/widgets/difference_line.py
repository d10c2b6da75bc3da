"""How a difference between two hours looks on one line: what it is about, then how it was and how it is."""

from __future__ import annotations

import json

from tui.app.theme import Palette
from tui.app.widgets.lines import Piece, both_ends, shorten, shorten_middle
from tui.filter.build import spell_field
from tui.filter.differences import Difference
from tui.printable import printable


def difference_line(each: Difference, palette: Palette, width: int) -> list[Piece]:
    """`▲ error.code  5003         0 → 3.2%`."""
    rose = each.now > each.then
    sign = "new " if not each.then and each.what != "number" else "gone" if not each.now else " ▲  " if rose else " ▼  "
    style = palette.selected if rose else palette.dim
    right = f"{_amount(each, each.then)} → {_amount(each, each.now)} "
    room = max(width - 7 - len(right), 12)
    path = shorten_middle(printable(spell_field(each.path), 200), max(room * 3 // 5, room - 16))
    about = shorten(_about(each), max(room - len(path) - 2, 4))
    shown = palette.string if each.what == "value" else palette.dim
    left: list[Piece] = [(f" {sign} ", style), (path, palette.name), (f"  {about}", shown)]
    return both_ends(left, [(right, palette.text)], width)


def _about(each: Difference) -> str:
    if each.what == "value":
        return printable(each.value if isinstance(each.value, str) else json.dumps(each.value), 200)
    return {"field": "", "type": f"as {each.value}", "number": "median"}[each.what]


def _amount(each: Difference, amount: float) -> str:
    if each.what == "number":
        return f"{amount:,.6g}"
    if amount == 0:
        return "0"
    return f"{amount:.0%}" if amount >= 0.095 else f"{amount:.1%}"
