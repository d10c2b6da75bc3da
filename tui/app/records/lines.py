"""What a list draws of each record: columns, the record as it is, or wrapped; worked out once for each in sight."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.cells import chop_cells

from tui.app.records.columns import LARGEST, Cell, Column, Tone, cells
from tui.app.records.store import FewRecords, Records
from tui.app.records.table import SAMPLE, choose, chosen, shared
from tui.app.widgets.lines import Piece, fit
from tui.app.widgets.theme import Palette
from tui.printable import printable

_SIDEWAYS = 20  # cells
_MOST_LINES = 12  # of a wrapped record: the tree has the rest
_KEPT = 400  # texts: more than fit on a screen


TONES: Mapping[Tone, str] = {  # their styles in the palette
    "plain": "text",
    "common": "dim",
    "rare": "match",
    "warning": "title",
    "error": "trouble",
    "fatal": "trouble",
}


def toned(cells_: Sequence[Cell], palette: Palette) -> list[Piece]:
    return [(text, getattr(palette, TONES[tone])) for text, tone in cells_]


def record_table(records: Sequence[bytes], width: int, palette: Palette) -> list[list[Piece]]:
    """A few records in the columns that tell, below the columns' titles; nothing of none."""
    if not records:
        return []
    lines = RecordLines(FewRecords(records))
    lines.fit(width, range(len(records)))
    titles: list[list[Piece]] = [[(lines.titles, palette.dim)]] if lines.columns else []
    return [*titles, *(toned(lines.lines(number)[0], palette) for number in range(len(records)))]


class RecordLines:
    """The lines of records, at one width."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._width = 1
        self._drawn: dict[int, list[list[Cell]]] = {}
        self._chosen_for: object = None
        self._chosen: tuple[str, ...] = ()  # the columns that a person chose, as JMESPath
        self._raw = False
        self.columns: tuple[Column, ...] = ()
        self.shared: tuple[tuple[str, str], ...] = ()  # names and values that the first records have in common
        self.wrapped = False
        self.left = 0  # cells that are scrolled out on the left

    def show_columns(self, columns: tuple[str, ...]) -> None:
        """JMESPath; none: those that suit the records."""
        self._chosen, self._raw = columns, False
        self._again()

    def flip_raw(self) -> None:
        self._raw = not self._raw
        self._again()

    def flip_wrap(self) -> None:
        self.wrapped = not self.wrapped
        self._again()

    def look_like(self, other: RecordLines) -> None:
        self._raw, self.wrapped = other._raw, other.wrapped
        self._again()

    def sideways(self, step: int) -> None:
        """A wrapped record has nothing beside it."""
        if not self.wrapped:
            self.left = max(0, self.left + step * _SIDEWAYS)
            self._drawn.clear()

    def _again(self) -> None:
        self.left = 0
        self._chosen_for = None

    def fit(self, width: int, rows: Sequence[int]) -> None:
        """Draw for this width, and choose columns as soon as that or the first of the rows are others.

        `rows` are the records' numbers in sight; of none the columns stay.
        """
        sampled = rows[:SAMPLE]
        known = (width, len(sampled), sampled[0] if sampled else 0, sampled[-1] if sampled else 0)
        if known == self._chosen_for or (not sampled and self._chosen_for):
            return
        self._chosen_for = known
        self._width = max(width, 1)
        self._drawn.clear()
        self.columns, self.shared = (), ()
        if self._raw or self.wrapped:
            return
        sample = [self._records.head(number, LARGEST + 1) for number in sampled]
        self.columns = chosen(self._chosen, sample, width) if self._chosen else choose(sample, width)
        if self.columns and not self._chosen:
            self.shared = shared(sample)

    @property
    def titles(self) -> str:
        """Of the columns."""
        return "".join(fit(column.title, column.width) + "  " for column in self.columns)[self.left :]

    def lines(self, number: int) -> list[list[Cell]]:
        """What is drawn of a record: the cells of one line, or several lines if it is wrapped."""
        lines = self._drawn.get(number)
        if lines is None:
            if len(self._drawn) >= _KEPT:
                self._drawn.clear()
            lines = self._drawn[number] = self._draw(number)
        return lines

    def _draw(self, number: int) -> list[list[Cell]]:
        if self.wrapped:
            room = self._width * _MOST_LINES
            text = printable(self._records.head(number, 4 * room + 4), room)
            return [[(line, "plain")] for line in chop_cells(text, self._width)[:_MOST_LINES] or [""]]
        cells_ = cells(self._records.head(number, LARGEST + 1), self.columns) if self.columns else None
        if cells_ is None:
            end = self.left + self._width
            return [[(printable(self._records.head(number, 4 * end + 4), end)[self.left :], "plain")]]
        left, line = self.left, list[Cell]()
        for (text, tone), column in zip(cells_, self.columns, strict=True):
            padded = fit(text, column.width) + "  "
            line.append((padded[left:], tone))
            left = max(left - len(padded), 0)
        return [line]
