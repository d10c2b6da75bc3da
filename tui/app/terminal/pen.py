"""Writing cells to a terminal with as few bytes as possible."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

StyleCodes = tuple[str, str, str]
Cell = tuple[str, StyleCodes]
Run = tuple[int, int, list[Cell]]

PLAIN: StyleCodes = ("", "39", "49")
UNKNOWN: Cell = ("\0", PLAIN)
_NEAR = 5  # cells: rewriting fewer is shorter than moving over them
_BAND_RUNS = 24


class Pen:
    """Writes cells; tracks the terminal's cursor and colors."""

    def __init__(self) -> None:
        self._now = PLAIN
        self._out: list[str] = []
        self._x = self._y = -1

    def control(self, sequence: str) -> None:
        self._out.append(sequence)

    def write(self, runs: Sequence[Run], lines: Mapping[int, list[Cell]]) -> None:
        """Write runs, which `lines` contain already: from left to right, or color by color if that is shorter.

        A move costs less than half of a change of color. Runs are written in bands: a slow terminal fills from the top.
        """
        for at in range(0, len(runs), _BAND_RUNS):
            band = runs[at : at + _BAND_RUNS]
            shorter = min((self._trial(order, lines) for order in (band, _group_by_style(band))), key=Pen._length)
            self._x, self._y, self._now = shorter._x, shorter._y, shorter._now
            self._out += shorter._out

    def _trial(self, runs: Sequence[Run], lines: Mapping[int, list[Cell]]) -> Pen:
        """Return a pen that has written these runs, starting from this pen's state."""
        pen = Pen()
        pen._x, pen._y, pen._now = self._x, self._y, self._now
        for x, y, cells in runs:
            pen._go(x, y, lines[y])
            pen._put(cells)
        return pen

    def _length(self) -> int:
        return sum(map(len, self._out))  # an escape has only ASCII, and each order has the same text

    def _go(self, x: int, y: int, line: list[Cell]) -> None:
        """Move to a cell; a few unchanged cells in the pen's colors are rewritten instead."""
        between = line[self._x : x] if y == self._y and 0 <= x - self._x < _NEAR else [UNKNOWN]
        if all(self._writes(cell) for cell in between):
            self._out.extend(char for char, _ in between)
        elif y == self._y:
            self._out.append(f"\x1b[{x + 1}G")  # absolute: correct even if the terminal uses other widths
        else:
            self._out.append(f"\x1b[{y + 1};{x + 1}H")
        self._x, self._y = x, y

    def _writes(self, cell: Cell) -> bool:
        """Return whether the pen's colors are right for a cell. The color of a blank is invisible."""
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


def _group_by_style(runs: Sequence[Run]) -> list[Run]:
    """Return the same cells grouped by style."""
    parts = [part for run in runs for part in _split_by_style(run)]
    grounds: dict[tuple[str, str], int] = {}
    styles: dict[StyleCodes, int] = {}
    for codes, _ in parts:
        grounds.setdefault((codes[0], codes[2]), len(grounds))
        styles.setdefault(codes, len(styles))
    parts.sort(key=lambda part: (grounds[part[0][0], part[0][2]], styles[part[0]]))
    return [run for _, run in parts]


def _split_by_style(run: Run) -> Iterator[tuple[StyleCodes, Run]]:
    """Yield the parts of a run, each with its style. A blank joins its neighbor on the same background."""
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
