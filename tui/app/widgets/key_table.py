"""Keys and what they do, in two columns where there is room: what is done here, beside how one moves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual.binding import Binding, BindingType
from textual.strip import Strip

from tui.app.widgets.lines import LineWidget, Piece, fit, strip_of

Group = tuple[str, Sequence[tuple[str, str]]]
_TWO = 76  # cells from which there are two columns
_WIDEST = 60


class KeyTable(LineWidget, can_focus=True):
    """The first group on the left, the others on the right; on a slim screen one below the other."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down,pagedown", "scroll(5)", "down", show=False),
        Binding("k,up,pageup", "scroll(-5)", "up", show=False),
    ]

    def __init__(self, groups: Sequence[Group]) -> None:
        super().__init__()
        self._groups = groups
        self._top = 0

    def action_scroll(self, lines: int) -> None:
        last = max(len(self.lines(self.size.width)) - self.size.height, 0)
        self._top = min(max(self._top + lines, 0), last)
        self.repaint()

    def draw(self, y: int, width: int) -> Strip:
        lines = self.lines(width)
        index = y + self._top
        return strip_of(lines[index], width) if index < len(lines) else Strip.blank(width)

    def lines(self, width: int) -> list[list[Piece]]:
        """All of them, whatever is in sight."""
        if width < _TWO:
            return self._column(self._groups, width)
        room = min(max(width * 39 // 80, _need(self._groups[:1])), _WIDEST, width - _need(self._groups[1:]))
        left, right = self._column(self._groups[:1], room), self._column(self._groups[1:], min(width - room, _WIDEST))
        blank: list[Piece] = [(" " * room, self.palette.text)]
        left += [blank] * (len(right) - len(left))
        return [one + (right[y] if y < len(right) else []) for y, one in enumerate(left)]

    def _column(self, groups: Sequence[Group], room: int) -> list[list[Piece]]:
        """Each line exactly `room` cells."""
        palette = self.palette
        wide = max((cell_len(keys) for _, rows in groups for keys, _ in rows), default=0) + 2
        lines: list[list[Piece]] = []
        for title, rows in groups:
            lines += [[(" " * room, palette.text)]] if lines else []
            lines.append([(fit(f" {title}", room), palette.strong)])
            for keys, meaning in rows:
                text = fit(meaning, room - wide - 2)
                lines.append([(f"  {fit(keys, wide)}", palette.key), (text, palette.text)])
        return lines


def _need(groups: Sequence[Group]) -> int:
    """The cells that the longest row takes."""
    rows = [row for _, rows in groups for row in rows]
    keys, words = (max((cell_len(row[side]) for row in rows), default=0) for side in (0, 1))
    return keys + words + 4
