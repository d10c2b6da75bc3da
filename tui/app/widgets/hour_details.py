"""What is known of the hour under the cursor: its chunks, their sizes and uploads, and how usual that is."""

from __future__ import annotations

from datetime import datetime, timedelta

from rich.style import Style
from textual.geometry import Size
from textual.strip import Strip

from tui.app.session import Session, shifted
from tui.app.theme import Palette
from tui.app.widgets.lines import LineWidget, Piece, both_ends, shorten_middle, strip_of
from tui.archive import Chunk
from tui.archive.times import zone_name
from tui.printable import printable
from tui.units import plural, size

Line = list[Piece]
_BARS = "▁▂▃▄▅▆▇█"
_NONE = Style.null()


class HourDetails(LineWidget):
    """Shows one hour; on a narrow screen four lines of it, on a wide one also its day."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._hour = session.last
        self._drawn: tuple[tuple[Size, Palette], list[Line]] | None = None

    def show(self, hour: datetime) -> None:
        self._hour = hour
        self.repaint()

    def repaint(self) -> None:
        self._drawn = None
        super().repaint()

    def draw(self, y: int, width: int) -> Strip:
        now = (self.size, self.palette)
        if self._drawn is None or self._drawn[0] != now:
            self._drawn = now, self._lines(width - 3, self.size.height)
        lines = self._drawn[1]
        edge: Piece = ("│ " if self.region.x else " ", self.palette.faint)
        return strip_of([edge, *(lines[y] if y < len(lines) else [])], width)

    def _lines(self, width: int, height: int) -> list[Line]:
        session, palette, hour = self._session, self.palette, self._hour
        zone = zone_name(session.archive.zone)
        end = (hour + timedelta(hours=1)).strftime("%H:%M")
        lines: list[Line] = [[(f"{hour:%a %Y-%m-%d %H:%M}–{end}", palette.strong), (f" {zone}", palette.dim)]]
        chunks = session.chunks(hour)
        if not chunks:
            lines += [[("gap", palette.gap), (" · no chunk names this hour", palette.dim)]]
        else:
            lines += [self._sum(chunks), self._usual()]
            room = max(height - len(lines), 1) if height < 12 else max(height - 9, 3)
            if height >= 12:
                lines.append([])
            lines += self._chunks(chunks, width, room)
        if height >= 12:
            lines += [[], *self._day(width)]
        return lines

    def _sum(self, chunks: tuple[Chunk, ...]) -> Line:
        palette, zone = self.palette, self._session.archive.zone
        newest = max(chunk.uploaded for chunk in chunks).astimezone(zone)
        return [
            (f"{plural(len(chunks), 'chunk')} · ", palette.text),
            (size(sum(chunk.size for chunk in chunks)), palette.strong),
            (f" · uploaded {_when(newest, self._hour)}", palette.dim),
        ]

    def _usual(self) -> Line:
        session, palette = self._session, self.palette
        ratio = session.ratio(self._hour)
        if ratio is None:
            return []
        usual = size(session.usual_size[self._hour.hour])
        odd = ratio >= 2.5 or ratio <= 0.4
        found = session.matches.get(self._hour)
        return [
            (f"{ratio:.1f}×", palette.odd if odd else palette.text),
            (f" the median {self._hour:%H}:00 hour ({usual})", palette.dim),
            ("" if found is None else f" · {plural(found, 'match')}", palette.selected),
        ]

    def _chunks(self, chunks: tuple[Chunk, ...], width: int, room: int) -> list[Line]:
        palette, zone = self.palette, self._session.archive.zone
        shown = chunks if len(chunks) <= room else chunks[: room - 1]
        lines: list[Line] = []
        for chunk in shown:
            uploaded = chunk.uploaded.astimezone(zone).strftime("%H:%M")
            right: Line = [(f"{size(chunk.size):>8}", palette.text), (f"  {uploaded}", palette.dim)]
            if chunk.key in self._session.damage:
                right = [("!! torn  ", palette.trouble), *right]
            elif chunk.needs_restore:
                right = [("❄ restore  ", palette.frozen), *right]
            name = printable(chunk.host + chunk.rev or chunk.key.rpartition("/")[2], 60)
            used = sum(len(text) for text, _ in right)
            lines.append(both_ends([(shorten_middle(name, width - used - 1), palette.name)], right, width))
        if len(shown) < len(chunks):
            lines.append([(f"and {plural(len(chunks) - len(shown), 'more chunk')}", palette.dim)])
        return lines

    def _day(self, width: int) -> list[Line]:
        """The day's hours as bars, above the same hours as they usually are."""
        session, palette = self._session, self.palette
        midnight = self._hour.replace(hour=0)
        hours = [shifted(midnight, number) for number in range(24)]
        sizes = [session.hour_size.get(hour, 0) for hour in hours]
        usual = [session.usual_size.get(number, 0.0) for number in range(24)]
        ceiling = max(*sizes, *usual, 1.0)
        have = sum(1 for hour in hours if hour in session.catalog.hours)
        place = self._hour.hour
        bars = "".join(_bar(value, ceiling) for value in sizes)
        return [
            [("This day", palette.dim), (f"  {plural(have, 'hour')} · {size(sum(sizes))}", palette.text)],
            [(bars[:place], palette.heat[1]), (bars[place], palette.selected), (bars[place + 1 :], palette.heat[1])],
            [("".join(_bar(value, ceiling) for value in usual), palette.faint), ("  median", palette.dim)],
        ]


def _bar(value: float, ceiling: float) -> str:
    return _BARS[min(7, int(8 * value / ceiling))] if value else " "


def _when(time: datetime, hour: datetime) -> str:
    """A time of upload: the clock's time alone where the day is plain."""
    near = abs(time - hour) < timedelta(hours=12)
    return time.strftime("%H:%M" if near else "%Y-%m-%d %H:%M")
