"""The labels around the input of the filter bar: the kind, the count, hints, the whole filter as JMESPath."""

from __future__ import annotations

from textwrap import wrap

from rich.cells import cell_len
from textual.strip import Strip

from tui.app.widgets.lines import LineWidget, shorten, strip_of
from tui.filter import Filter, TermKind
from tui.filter.build import WholeFilter, whole_of
from tui.filter.terms import KINDS
from tui.printable import printable

KIND_WIDTH = 20
_HINT_ROOM = 9  # cells beside a hint


class KindLabel(LineWidget):
    """The kind of the typed expression, and what it is matched against."""

    def __init__(self) -> None:
        super().__init__()
        self.kind: TermKind = "match"

    def put(self, kind: TermKind) -> None:
        self.kind = kind
        self.repaint()

    def put_next(self) -> None:
        kinds = tuple(KINDS)
        self.put(kinds[(kinds.index(self.kind) + 1) % len(kinds)])

    def draw(self, y: int, width: int) -> Strip:
        spec, palette = KINDS[self.kind], self.palette
        return strip_of([(f" {spec.name}", palette.title), (f" {spec.place}", palette.dim)], width)


class CountLabel(LineWidget):
    """The number of previewed records that match, right-aligned."""

    def __init__(self) -> None:
        super().__init__()
        self._words = ""

    def show(self, words: str) -> None:
        self._words = words
        self.repaint()

    def draw(self, y: int, width: int) -> Strip:
        words = self._words if len(self._words) < width else self._words.replace(" previewed", "")
        return strip_of([(f"{words} ".rjust(width), self.palette.strong)], width)


class HintLine(LineWidget):
    """A hint that the filter may not mean what the user intends, on a line or two. Hidden without a hint."""

    def __init__(self) -> None:
        super().__init__()
        self._words = ""
        self.display = False

    def show(self, words: str) -> None:
        self._words = printable(words)
        self.display = bool(words)
        self.styles.height = self.lines
        self.repaint()

    @property
    def lines(self) -> int:
        return 1 if cell_len(self._words) <= self.app.size.width - _HINT_ROOM else 2

    def draw(self, y: int, width: int) -> Strip:
        palette = self.palette
        wrapped = wrap(self._words, max(width - _HINT_ROOM, 20), break_on_hyphens=False)
        last = "…" if y and len(wrapped) > 2 else ""
        text = wrapped[y] + last if y < len(wrapped) else ""
        return strip_of([(" " * 8 if y else " hint   ", palette.dim), (text, palette.strong)], width)


class WholeLine(LineWidget):
    """The current filter as one JMESPath, and the terms that JMESPath cannot express. Hidden without a filter."""

    def __init__(self) -> None:
        super().__init__()
        self._whole = WholeFilter("")
        self.display = False

    def show(self, filter_: Filter, *, stacked: bool) -> None:
        """Show a filter. `stacked`: it has terms, so it is more than the draft."""
        self._whole = whole_of(filter_)
        self.display = stacked
        self.repaint()

    def draw(self, y: int, width: int) -> Strip:
        palette, whole = self.palette, self._whole
        expression = printable(whole.expression, 2_000) or ("" if whole.besides else "every record")
        besides = "   and " + ", ".join(printable(term, 100) for term in whole.besides) if whole.besides else ""
        if not whole.expression:
            besides = f"not JMESPath: {besides[7:]}" if besides else ""
        room = max(width - 8 - len(besides), width // 2)
        pieces = [(" filter ", palette.dim), (shorten(expression, room), palette.string), (besides, palette.dim)]
        return strip_of(pieces, width)
