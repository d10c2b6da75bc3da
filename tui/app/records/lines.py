"""The lines that a list draws of each record: columns, the raw record, or wrapped. They are cached while visible."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from zlib import crc32

from rich.cells import cell_len, chop_cells

from tui.app.records.columns import LARGEST_SHOWN, Column, TonedText, ValueTone, cells
from tui.app.records.store import FewRecords, Records
from tui.app.records.table import SAMPLE, choose, chosen, shared
from tui.app.widgets.lines import Piece, fit, shorten
from tui.app.widgets.theme import Palette
from tui.filter import Filter
from tui.printable import printable
from tui.units import count

_SIDEWAYS = 20  # cells
_MAX_LINES = 12  # of a wrapped record; the tree shows the rest
_WIDEST_SHARED = 24  # cells of a value that all records share
_HOUR = 3  # characters: `17:`
_SAMPLE_BYTES = 8 << 20  # of the first records, from which columns are chosen
_KEPT = 400  # texts: more than fit on a screen


TONES: Mapping[ValueTone, str] = {  # their styles in the palette
    "plain": "text",
    "common": "dim",
    "rare": "match",
    "warning": "title",
    "error": "trouble",
    "fatal": "fatal",
}


def toned(
    cells_: Sequence[TonedText], palette: Palette, columns: Sequence[Column], *, hued: bool = False
) -> list[Piece]:
    """Return each cell in the style of its tone, the hour of a time dim. `hued`: plain cells in their field's color."""
    if len(cells_) != len(columns):
        return [(text, getattr(palette, TONES[tone])) for text, tone in cells_]
    pieces: list[Piece] = []
    for (text, tone), column in zip(cells_, columns, strict=True):
        style = getattr(palette, TONES[tone])
        if hued and tone in ("plain", "common"):
            style = palette.fields[crc32(column.text.encode()) % len(palette.fields)]
        hour = _HOUR if column.time and not column.days and not hued else 0
        pieces += [(text[:hour], palette.dim), (text[hour:], style)]
    return pieces


def record_table(records: Sequence[bytes], width: int, palette: Palette) -> list[list[Piece]]:
    """Return a few records in their most informative columns, below the titles; empty without records."""
    if not records:
        return []
    lines = RecordLines(FewRecords(records))
    lines.fit(width, range(len(records)))
    titles: list[list[Piece]] = [[(lines.titles, palette.dim)]] if lines.columns else []
    return [*titles, *(toned(lines.lines(number)[0], palette, lines.columns) for number in range(len(records)))]


class RecordLines:
    """The lines of records, at one width."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._width = 1
        self._drawn: dict[int, list[list[TonedText]]] = {}
        self._chosen_for: object = None
        self._sampled = 0  # records
        self._chosen: tuple[str, ...] = ()  # the columns that the user chose, as JMESPath
        self._filter = Filter()
        self._raw = False
        self.hued = False
        self.columns: tuple[Column, ...] = ()
        self.shared: tuple[tuple[str, str], ...] = ()  # names and values common to the first records
        self.wrapped = False
        self.left = 0  # cells scrolled out on the left

    def show_columns(self, columns: tuple[str, ...]) -> None:
        """Show these columns (JMESPath); with none, choose columns for the records."""
        self._chosen, self._raw = columns, False
        self._again()

    def flip_raw(self) -> None:
        self._raw = not self._raw
        self._again()

    def flip_hues(self) -> None:
        """Switch colors per field on or off."""
        self.hued = not self.hued

    def flip_wrap(self) -> None:
        self.wrapped = not self.wrapped
        self._again()

    def look_like(self, other: RecordLines) -> None:
        self._raw, self.hued, self.wrapped = other._raw, other.hued, other.wrapped
        self._again()

    def sideways(self, step: int) -> None:
        """Scroll sideways, unless records are wrapped."""
        if not self.wrapped:
            self.left = max(0, self.left + step * _SIDEWAYS)
            self._drawn.clear()

    def _again(self) -> None:
        self.left = 0
        self._chosen_for = None

    def ask(self, filter_: Filter) -> None:
        """Put the fields of this filter first."""
        if filter_ != self._filter:
            self._filter = filter_
            self._chosen_for = None

    def fit(self, width: int, rows: Sequence[int]) -> None:
        """Set the width, and choose columns again if it or the first rows have changed.

        `rows`: the numbers of the visible records; without any, the columns stay.
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
        sample, left = list[bytes](), _SAMPLE_BYTES
        for number in sampled:
            if left > 0:
                sample.append(self._records.head(number, LARGEST_SHOWN + 1))
                left -= len(sample[-1])
        self._sampled = len(sample)
        self.columns = chosen(self._chosen, sample, width) if self._chosen else choose(sample, width, self._filter)
        if self.columns and not self._chosen:
            self.shared = shared(sample)

    def shared_pieces(self, total: int, palette: Palette, width: int) -> list[Piece]:
        """Return the values that all records, or the first ones, share, as far as they fit."""
        number = min(total, self._sampled)
        lead = f" {'all' if number == total else 'first'} {count(number)}  "
        pieces: list[Piece] = [(lead, palette.dim)]
        room = width - len(lead)
        for path, value in self.shared:
            name, text = printable(path, 40), shorten(printable(value, 60), _WIDEST_SHARED)
            room -= cell_len(name) + cell_len(text) + 3
            if room < 0:
                break
            pieces += [(f"{name} ", palette.dim), (f"{text}  ", palette.text)]
        return pieces

    @property
    def titles(self) -> str:
        """The titles of the columns."""
        return "".join(fit(column.title, column.width) + "  " for column in self.columns)[self.left :]

    def lines(self, number: int) -> list[list[TonedText]]:
        """Return the lines of a record: the cells of one line, or several lines if it is wrapped."""
        lines = self._drawn.get(number)
        if lines is None:
            if len(self._drawn) >= _KEPT:
                self._drawn.clear()
            lines = self._drawn[number] = self._draw(number)
        return lines

    def _draw(self, number: int) -> list[list[TonedText]]:
        if self.wrapped:
            room = self._width * _MAX_LINES
            text = printable(self._records.head(number, 4 * room + 4), room)
            return [[(line, "plain")] for line in chop_cells(text, self._width)[:_MAX_LINES] or [""]]
        cells_ = cells(self._records.head(number, LARGEST_SHOWN + 1), self.columns) if self.columns else None
        if cells_ is None:
            end = self.left + self._width
            return [[(printable(self._records.head(number, 4 * end + 4), end)[self.left :], "plain")]]
        left, line = self.left, list[TonedText]()
        for (text, tone), column in zip(cells_, self.columns, strict=True):
            padded = fit(text, column.width) + "  "
            line.append((padded[left:], tone))
            left = max(left - len(padded), 0)
        return [line]
