"""Writes cells onto a terminal with as few bytes as it can."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

StyleCodes = tuple[str, str, str]
Cell = tuple[str, StyleCodes]
Run = tuple[int, int, list[Cell]]

PLAIN: StyleCodes = ("", "39", "49")
UNKNOWN: Cell = ("\0", PLAIN)
_NEAR = 5  # cells: writing fewer again is shorter than moving over them
_BAND_RUNS = 24


class Pen:
    """Writes cells; remembers where it is and which colors the terminal has."""

    def __init__(self) -> None:
        self._now = PLAIN
        self._out: list[str] = []
        self._x = self._y = -1

    def control(self, sequence: str) -> None:
        self._out.append(sequence)

    def write(self, runs: Sequence[Run], lines: Mapping[int, list[Cell]]) -> None:
        """Write runs into `lines`, which hold them already: from left to right, or color by color if that is shorter.

        A move costs less than half of another color. A few lines at a time, so that a slow line fills from the top.
        """
        for at in range(0, len(runs), _BAND_RUNS):
            band = runs[at : at + _BAND_RUNS]
            shorter = min((self._written(order, lines) for order in (band, _by_color(band))), key=Pen._length)
            self._x, self._y, self._now = shorter._x, shorter._y, shorter._now
            self._out += shorter._out

    def _written(self, runs: Sequence[Run], lines: Mapping[int, list[Cell]]) -> Pen:
        """From where this pen is."""
        pen = Pen()
        pen._x, pen._y, pen._now = self._x, self._y, self._now
        for x, y, cells in runs:
            pen._go(x, y, lines[y])
            pen._put(cells)
        return pen

    def _length(self) -> int:
        return sum(map(len, self._out))  # an escape has only ASCII, and each order has the same text

    def _go(self, x: int, y: int, line: list[Cell]) -> None:
        """To a cell: over a few unchanged ones by writing them again, if they are in the pen's colors."""
        between = line[self._x : x] if y == self._y and 0 <= x - self._x < _NEAR else [UNKNOWN]
        if all(self._writes(cell) for cell in between):
            self._out.extend(char for char, _ in between)
        elif y == self._y:
            self._out.append(f"\x1b[{x + 1}G")  # by its column: right even if the terminal has other widths
        else:
            self._out.append(f"\x1b[{y + 1};{x + 1}H")
        self._x, self._y = x, y

    def _writes(self, cell: Cell) -> bool:
        """Would the cell be right, written as the pen is now? Nobody sees the colour of a blank."""
        char, (attributes, front, back) = cell
        same = attributes == self._now[0] and back == self._now[2] and (char == " " or front == self._now[1])
        return same and char.isascii() and char.isprintable()

    def _put(self, cells: list[Cell]) -> None:
        for char, codes in cells:
            if codes != self._now and char:
                self._switch(codes if char != " " or codes[0] else (codes[0], self._now[1], codes[2]))
            self._out.append(char)
        self._x += len(cells)

    def _switch(self, codes: StyleCodes) -> None:
        attributes, front, back = codes
        if codes == self._now:
            return
        if attributes != self._now[0]:
            parts = [part for part in ("0", attributes) if part]
            parts += [code for code, plain in ((front, "39"), (back, "49")) if code != plain]
        else:
            parts = [code for code, now in ((front, self._now[1]), (back, self._now[2])) if code != now]
        self._out.append(f"\x1b[{';'.join(parts)}m")
        self._now = codes

    def finish(self) -> str:
        if self._now != PLAIN:
            self._out += "\x1b[0m"
        return "".join(self._out)


def _by_color(runs: Sequence[Run]) -> list[Run]:
    """The same cells, those of one style together."""
    parts = [part for run in runs for part in _of_one_style(run)]
    grounds: dict[tuple[str, str], int] = {}
    styles: dict[StyleCodes, int] = {}
    for codes, _ in parts:
        grounds.setdefault((codes[0], codes[2]), len(grounds))
        styles.setdefault(codes, len(styles))
    parts.sort(key=lambda part: (grounds[part[0][0], part[0][2]], styles[part[0]]))
    return [run for _, run in parts]


def _of_one_style(run: Run) -> Iterator[tuple[StyleCodes, Run]]:
    """The parts of a run, each with its style; a blank goes with what it stands beside on the same ground."""
    x, y, cells = run
    start, style, inked = 0, cells[0][1], False
    for at, (char, codes) in enumerate(cells):
        blank = char == " " and not codes[0]
        if char and codes != style:
            alike = (codes[0], codes[2]) == (style[0], style[2])
            if not alike or (inked and not blank):
                yield style, (x + start, y, cells[start:at])
                start, inked = at, False
            if not (alike and blank and inked):
                style = codes
        inked = inked or not blank
    yield style, (x + start, y, cells[start:])
