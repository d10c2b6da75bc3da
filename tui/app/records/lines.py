"""What a list draws of each record: columns, the record as it is, or wrapped; worked out once for each in sight."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.cells import chop_cells

from tui.app.records.columns import LARGEST, SAMPLE, Column, Tone, cells, choose, chosen, shared, tones
from tui.app.records.store import FewRecords, Records
from tui.app.widgets.lines import Piece, fit
from tui.app.widgets.theme import Palette
from tui.printable import printable

_SIDEWAYS = 20  # cells
_MOST_LINES = 12  # of a wrapped record: the tree has the rest
_KEPT = 400  # texts: more than fit on a screen


TONES: Mapping[Tone, str] = {"plain": "text", "common": "dim", "rare": "match"}  # their styles in the palette


def record_table(records: Sequence[bytes], width: int, palette: Palette) -> list[list[Piece]]:
    """A few records in the columns that tell, below the columns' titles; nothing of none."""
    if not records:
        return []
    lines = RecordLines(FewRecords(records))
    lines.fit(width, range(len(records)))
    table: list[list[Piece]] = [[(lines.titles, palette.dim)]] if lines.columns else []
    for number in range(len(records)):
        cells_ = lines.toned(number) or [(lines.lines(number)[0], "plain")]
        table.append([(text, getattr(palette, TONES[tone])) for text, tone in cells_])
    return table


class RecordLines:
    """The lines of records, at one width."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._width = 1
        self._texts: dict[int, list[str]] = {}
        self._cells: dict[int, list[tuple[str, Tone]]] = {}
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
            self._texts.clear()

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
        self._texts.clear()
        self._cells.clear()
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

    def lines(self, number: int) -> list[str]:
        """What is drawn of a record: one line, or several if it is wrapped."""
        lines = self._texts.get(number)
        if lines is None:
            if len(self._texts) >= _KEPT:
                self._texts.clear()
                self._cells.clear()
            lines = self._texts[number] = self._draw(number)
        return lines

    def toned(self, number: int) -> list[tuple[str, Tone]]:
        """The one line of a record in columns, cell by cell; empty where it is not drawn so."""
        if not self.columns or self.left or self.wrapped:
            return []
        cells_ = self._cells.get(number)
        if cells_ is None:
            record = self._records.head(number, LARGEST + 1)
            texts = cells(record, self.columns) or []
            widths = [column.width for column in self.columns]
            padded = [fit(text, width) + "  " for text, width in zip(texts, widths, strict=False)]
            cells_ = self._cells[number] = list(zip(padded, tones(record, self.columns), strict=False))
        return cells_

    def _draw(self, number: int) -> list[str]:
        if self.wrapped:
            cells_ = self._width * _MOST_LINES
            text = printable(self._records.head(number, 4 * cells_ + 4), cells_)
            return chop_cells(text, self._width)[:_MOST_LINES] or [""]
        texts = cells(self._records.head(number, LARGEST + 1), self.columns) if self.columns else None
        if texts is None:
            end = self.left + self._width
            return [printable(self._records.head(number, 4 * end + 4), end)[self.left :]]
        parts = [fit(text, column.width) for text, column in zip(texts, self.columns, strict=True)]
        return ["  ".join(parts)[self.left :]]
