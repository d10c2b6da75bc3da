"""What is known of the hour under the cursor: its chunks, their sizes and uploads, and how usual that is."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from rich.cells import cell_len
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.strip import Strip

from tui.app.model.freshness import ago, freshness
from tui.app.model.session import Session, shifted
from tui.app.model.usual import ODD_LARGE, ODD_SMALL
from tui.app.widgets.lines import LineWidget, Piece, both_ends, shorten_middle, sparkline, strip_of
from tui.app.widgets.theme import Palette
from tui.archive import Chunk
from tui.archive.times import zone_name
from tui.printable import printable
from tui.units import plural, size

Line = list[Piece]
_NONE = Style.null()
_WIDE = 60  # cells from which two things fit on a line
_HIGH = 12  # lines from which there is room for more than the chunks


class HourDetails(LineWidget, can_focus=True):
    """Shows one hour; on a narrow screen five lines of it, on a wide one also its day. With the focus: its chunks."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "move(1)", "chunk after", show=False, id="down"),
        Binding("k,up", "move(-1)", "chunk before", show=False, id="up"),
        Binding("h,left", "app.focus_previous", "back to the hours", show=False, id="left"),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._hour = session.last
        self._at = 0
        self._drawn: tuple[tuple[Size, Palette], list[Line]] | None = None

    def show(self, hour: datetime) -> None:
        self._at = self._at if hour == self._hour else 0
        self._hour = hour
        self.repaint()

    @property
    def chosen(self) -> Chunk | None:
        """The chunk under the cursor, while these details have the focus."""
        chunks = self._session.chunks(self._hour)
        return chunks[self._at] if self.has_focus and chunks else None

    def action_move(self, step: int) -> None:
        self._at = min(max(self._at + step, 0), max(len(self._session.chunks(self._hour)) - 1, 0))
        self.repaint()

    def on_focus(self) -> None:
        self.repaint()

    def on_blur(self) -> None:
        self.repaint()

    def repaint(self, lines: int | None = None) -> None:
        self._drawn = None
        super().repaint(lines)

    def draw(self, y: int, width: int) -> Strip:
        now = (self.size, self.palette)
        if self._drawn is None or self._drawn[0] != now:
            self._drawn = now, self._lines(width - 3, self.size.height)
        lines = self._drawn[1]
        edge: Piece = ("│ " if self.region.x else " ", self.palette.rule)
        return strip_of([edge, *(lines[y] if y < len(lines) else [])], width)

    def _lines(self, width: int, height: int) -> list[Line]:
        chunks = self._session.chunks(self._hour)
        high = height >= _HIGH
        lines = self._title(width)
        if not chunks:
            lines.append(self._nothing())
        elif high:
            lines += [self._sum(chunks, width), *self._usual(width), []]
            lines += [*self._chunks(chunks, width, max(height - 16, 4), rows=2), *self._whole_key(width)]
        elif self.chosen is not None:  # a low screen: the chunk instead of the hour
            lines += [*self._chunks(chunks, width, 2, rows=1), *self._whole_key(width)][: height - 1]
        else:
            lines += [self._sum(chunks, width), *self._usual(width)]
            lines += self._chunks(chunks, width, max(height - len(lines), 1), rows=1)
        return [*lines, [], *self._day(width), [], *self._archive()] if high else lines

    def _title(self, width: int) -> list[Line]:
        session, palette, hour = self._session, self.palette, self._hour
        end = (hour + timedelta(hours=1)).strftime("%H:%M")
        line: Line = [
            (f"{hour:%a %Y-%m-%d %H:%M}–{end}", palette.strong),
            (f" {zone_name(session.archive.zone)}", palette.dim),
        ]
        if session.zone == session.archive.zone:
            return [line]
        other: Piece = (f"= {hour.astimezone(session.zone):%a %H:%M} {zone_name(session.zone)}", palette.selected)
        return [[*line, (" ", palette.dim), other]] if width >= _WIDE else [line, [other]]

    def _nothing(self) -> Line:
        if self._hour in self._session.scanned:
            return [
                ("no match", self.palette.text),
                (" · this hour was scanned, and nothing was found", self.palette.dim),
            ]
        if not self._session.knows(self._hour):
            return [("not listed yet", self.palette.dim)]
        return [("gap", self.palette.gap), (" · no chunk names this hour", self.palette.dim)]

    def _sum(self, chunks: tuple[Chunk, ...], width: int) -> Line:
        palette, session = self.palette, self._session
        newest = max(chunk.uploaded for chunk in chunks).astimezone(session.zone)
        late = session.usual.late(self._hour)
        line: Line = [
            (f"{plural(len(chunks), 'chunk')} · ", palette.text),
            (size(sum(chunk.size for chunk in chunks)), palette.strong),
            (f" · uploaded {_when(newest, self._hour)}", palette.odd if late else palette.dim),
        ]
        if not late and sum(cell_len(text) for text, _ in line) > width:
            line[-1] = (f" · ↑ {_when(newest, self._hour)}", line[-1][1])
        return [*line, (f", {ago(session.usual.lags[self._hour])} after", palette.odd)] if late else line

    def _usual(self, width: int) -> list[Line]:
        session, palette = self._session, self.palette
        number = session.matches.get(self._hour)
        matches: Line = [] if number is None else [(plural(number, "match"), palette.selected)]
        ratio = session.usual.ratio(self._hour, session.hour_size[self._hour])
        if ratio is None:
            return [matches] if matches else []
        usual = session.usual.sizes[self._hour]
        odd = ratio >= ODD_LARGE or ratio <= ODD_SMALL
        lead: Line = [
            (f"{ratio:.1f}×", palette.odd if odd else palette.text),
            (" this hour's median", palette.dim),
        ]
        basis: Line = [(f"{size(usual.size)}, of {usual.among}", palette.dim)]
        if width >= _WIDE:
            return [[*lead, (" · ", palette.dim), *basis, *([(" · ", palette.dim), *matches] if matches else [])]]
        return [lead, [("     ", palette.dim), *basis], *([matches] if matches else [])]

    def _chunks(self, chunks: tuple[Chunk, ...], width: int, room: int, *, rows: int) -> list[Line]:
        """`rows` of each: the second has its storage class and ETag."""
        rows = rows if len(chunks) * rows <= room else 1
        limit = max(room // rows, 1)
        shown = limit if len(chunks) <= limit else max(limit - 1, 1)
        top = min(max(self._at - shown + 1, 0), len(chunks) - shown) if self.has_focus and len(chunks) > shown else 0
        lines: list[Line] = []
        for at, chunk in enumerate(chunks[top : top + shown], top):
            lines.append(self._chunk(chunk, width, here=self.has_focus and at == self._at))
            if rows > 1:
                lines.append([(f"  {chunk.storage_class} · ETag {_etag(chunk.etag, width - 20)}", self.palette.dim)])
        if len(chunks) > shown and limit > 1:
            lines.append([(f"and {plural(len(chunks) - shown, 'more chunk')}", self.palette.dim)])
        return lines

    def _chunk(self, chunk: Chunk, width: int, *, here: bool) -> Line:
        palette = self.palette
        uploaded = chunk.uploaded.astimezone(self._session.zone).strftime("%H:%M")
        right: Line = [(f"{size(chunk.size):>8}", palette.text), (f"  {uploaded}", palette.dim)]
        if chunk.key in self._session.damage:
            right = [("!! torn  ", palette.trouble), *right]
        elif chunk.needs_restore:
            right = [("❄ restore  ", palette.frozen), *right]
        name = printable(chunk.host + chunk.rev or chunk.key.rpartition("/")[2], 60)
        used = sum(len(text) for text, _ in right) + 3
        left: Line = [("▸ " if here else "", palette.selected), (shorten_middle(name, width - used), palette.name)]
        line = both_ends(left, right, width)
        return [(text, palette.cursor + style) for text, style in line] if here else line

    def _whole_key(self, width: int) -> list[Line]:
        """Of the chosen chunk, nothing cut."""
        chunk, palette = self.chosen, self.palette
        if chunk is None:
            return []
        key = printable(chunk.key, 3 * width)
        uploaded = f"{chunk.uploaded.astimezone(self._session.zone):%Y-%m-%d %H:%M:%S} {zone_name(self._session.zone)}"
        wrapped: list[Line] = [[(key[at : at + width], palette.name)] for at in range(0, len(key), width)]
        rest = f"{chunk.storage_class} · ETag {_etag(chunk.etag, 40)}"
        if width >= _WIDE:
            return [*wrapped, [(f"{rest} · uploaded {uploaded}", palette.dim)]]
        return [[], *wrapped, [(f"uploaded {uploaded}", palette.dim)], [("enter opens this one", palette.selected)]]

    def _day(self, width: int) -> list[Line]:
        """The day's hours as bars, above the same hours as they usually are."""
        session, palette = self._session, self.palette
        midnight = self._hour.replace(hour=0)
        hours = [shifted(midnight, number) for number in range(24)]
        sizes = [session.hour_size.get(hour, 0) for hour in hours]
        usual = [known.size if (known := session.usual.sizes.get(hour)) else 0.0 for hour in hours]
        ceiling = max(*sizes, *usual, 1.0)
        have = sum(1 for hour in hours if hour in session.catalog.hours)
        place = self._hour.hour
        bars = sparkline(sizes, ceiling)
        return [
            [("This day", palette.dim), (f"  {plural(have, 'hour')} · {size(sum(sizes))}", palette.text)],
            [(bars[:place], palette.heat[1]), (bars[place], palette.selected), (bars[place + 1 :], palette.heat[1])],
            [(sparkline(usual, ceiling), palette.faint), ("  median", palette.dim)],
        ]

    def _archive(self) -> list[Line]:
        """From when to when it goes, and how fresh it is."""
        session, palette = self._session, self.palette
        lines: list[Line] = [
            [("Archive", palette.dim), (f"  {session.first:%Y-%m-%d} to {session.catalog_last:%Y-%m-%d}", palette.text)]
        ]
        fresh = freshness(session)
        if fresh is None:
            return lines
        tone = palette.trouble if fresh.behind else palette.text
        return [*lines, [(fresh.words(), tone)], [(fresh.uploads(), palette.dim)]]


def _etag(etag: str, width: int) -> str:
    return printable(shorten_middle(etag.strip('"'), max(width, 12)))


def _when(time: datetime, hour: datetime) -> str:
    """A time of upload: the clock's where the day is plain, else the day."""
    return time.strftime("%H:%M" if abs(time - hour) < timedelta(hours=12) else "%Y-%m-%d")
