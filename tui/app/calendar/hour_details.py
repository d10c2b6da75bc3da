"""What is known about the hour under the cursor: its size, the usual size, its share of matches, its day and chunks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import ClassVar

from rich.style import Style
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.strip import Strip

from tui.analysis.answers import share
from tui.app.model.freshness import freshness, rough_duration
from tui.app.model.session import Session, shifted
from tui.app.model.usual import ODD_LARGE, ODD_SMALL
from tui.app.widgets.lines import LineWidget, Piece, both_ends, shorten, shorten_middle, strip_of
from tui.app.widgets.theme import Palette
from tui.archive import Chunk
from tui.archive.clocks import clock_note
from tui.archive.times import zone_name
from tui.printable import printable
from tui.units import plural, size, sparkline

PieceLine = list[Piece]
_LABEL = 7  # cells before a day's bars
_MAX_DAYS = 40  # cells
_IN_SIGHT = 31  # days of the grid
_HIGH = 12  # lines from which there is room for more than the chunks


class HourDetails(LineWidget, can_focus=True):
    """Shows one hour, the most important facts first. With the focus, it has a cursor over the chunks."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "move(1)", "next chunk", show=False, id="down"),
        Binding("k,up", "move(-1)", "previous chunk", show=False, id="up"),
        Binding("h,left", "app.focus_previous", "back to the hours", show=False, id="left"),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._hour = session.last
        self.at = 0  # the chunk under the cursor
        self._sizes: tuple[object, str] = (None, "")  # what the days' bars were drawn from, and the bars
        self._drawn: tuple[tuple[Size, Palette, bool], list[PieceLine]] | None = None

    def show(self, hour: datetime) -> None:
        self.at = self.at if hour == self._hour else 0
        self._hour = hour
        self.repaint()

    @property
    def chosen(self) -> Chunk | None:
        """The chunk under the cursor, while these details have the focus."""
        chunks = self._session.chunks(self._hour)
        return chunks[self.at] if self.has_focus and chunks else None

    def action_move(self, step: int) -> None:
        self.at = max(0, min(self.at + step, len(self._session.chunks(self._hour)) - 1))
        self.repaint()

    def repaint(self, lines: int | None = None) -> None:
        self._drawn = None
        super().repaint(lines)

    def draw(self, y: int, width: int) -> Strip:
        now = (self.size, self.palette, self.has_focus)
        if self._drawn is None or self._drawn[0] != now:
            self._drawn = now, self._lines(width - 3, self.size.height)
        lines = self._drawn[1]
        edge: Piece = ("│ " if self.region.x else " ", self.palette.rule)
        return strip_of([edge, *(both_ends(lines[y], [], width - 2) if y < len(lines) else [])], width)

    def _lines(self, width: int, height: int) -> list[PieceLine]:
        chunks = self._session.chunks(self._hour)
        if height < _HIGH:  # below the grid: only its chunks
            return [*self._title(), *self._chunks(chunks, width, 2), *self._whole_key(width)][:height]
        lines = self._title()
        if chunks:
            lines += [self._size_line(chunks), *self._usual(width), [], *self._rates(width)]
        else:
            lines += [[self._empty_hour()], []]
        if day := self._day():
            lines += [*day, []]
        key = self._whole_key(width)
        lines += [*self._chunks(chunks, width, max(height - len(lines) - len(key), 1)), *key]
        span, *news = self._archive()
        for archive in ([span, *self._days(min(width, _MAX_DAYS)), *news], [span, *news]):
            if len(lines) + 1 + len(archive) <= height:
                return [*lines, [], *archive]
        return lines

    def brief(self, hour: datetime) -> list[Piece]:
        """Return the facts of an hour on one line, without its chunks."""
        palette, session = self.palette, self._session
        chunks = session.chunks(hour)
        if not chunks:
            return [self._empty_hour(hour)]
        pieces: list[Piece] = [(size(session.hour_size[hour]), palette.strong)]
        if (ratio := session.usual.ratio(hour, session.hour_size[hour])) is not None:
            pieces += [(" · ", palette.dim), *self._times(ratio), (" usual", palette.dim)]
        if (rate := self._rate(hour)) is not None:
            pieces += [(" · ", palette.dim), (share(rate), palette.match)]
            pieces += [(f" {_sign(ratio)}", palette.odd) for ratio in self._beside_usual(hour, rate)]
        return [*pieces, *([(f" · {note}", palette.dim)] if (note := clock_note(hour)) else [])]

    def _title(self) -> list[PieceLine]:
        session, palette, hour = self._session, self.palette, self._hour
        line: PieceLine = [
            (f"{hour:%a} {hour.day} {hour:%b %Y  %H:%M}–{hour + timedelta(hours=1):%H:%M}", palette.title),
            (f" {zone_name(session.archive.zone)}", palette.dim),
        ]
        note = clock_note(hour)
        lines: list[PieceLine] = [line, [(note, palette.odd)]] if note else [line]
        if session.zone == session.archive.zone:
            return lines
        return [*lines, [(f"= {hour.astimezone(session.zone):%a %H:%M} {zone_name(session.zone)}", palette.text)]]

    def _empty_hour(self, hour: datetime | None = None) -> Piece:
        hour = hour or self._hour
        if hour in self._session.scanned:
            return "no match: this hour was scanned, and nothing was found", self.palette.text
        if not self._session.knows(hour):
            return "not listed yet", self.palette.dim
        return "gap: this hour has no chunk", self.palette.gap

    def _size_line(self, chunks: tuple[Chunk, ...]) -> PieceLine:
        palette, session = self.palette, self._session
        newest = max(chunk.uploaded for chunk in chunks).astimezone(session.zone)
        late = session.usual.late(self._hour)
        after = f", {rough_duration(session.usual.lags[self._hour])} after" if late else ""
        return [
            (size(sum(chunk.size for chunk in chunks)), palette.strong),
            (f"  {plural(len(chunks), 'chunk')}", palette.text),
            (f" · uploaded {_upload_time(newest, self._hour)}{after}", palette.odd if late else palette.dim),
        ]

    def _times(self, ratio: float) -> PieceLine:
        odd = ratio >= ODD_LARGE or ratio <= ODD_SMALL
        return [(f"{_sign(ratio)}" if odd else f"{ratio:.1f}×", self.palette.odd if odd else self.palette.text)]

    def _usual(self, width: int) -> list[PieceLine]:
        session, palette = self._session, self.palette
        ratio = session.usual.ratio(self._hour, session.hour_size[self._hour])
        if ratio is None:
            return []
        usual = session.usual.sizes[self._hour]
        words = f" usual {size(usual.size)}", f" ({usual.among})"
        line: PieceLine = [*self._times(ratio), (words[0], palette.dim)]
        fits = sum(len(text) for text, _ in line) + len(words[1]) <= width
        return [[*line, (words[1], palette.dim)] if fits else line]

    def _rate(self, hour: datetime) -> float | None:
        """Return the share of records that match the filter or finding, if it was counted."""
        shade = self._session.shade
        return shade.rates.get(hour) if shade else None

    def _beside_usual(self, hour: datetime, rate: float) -> list[float]:
        """Return the ratio to the usual share, in a list that is empty unless the hour stands out."""
        shade = self._session.shade
        usual = shade.usual_rates.get(hour, 0.0) if shade else 0.0
        ratio = rate / usual if usual else 1.0
        return [ratio] if ratio >= ODD_LARGE or (ratio <= ODD_SMALL and rate) else []

    def _rates(self, width: int) -> list[PieceLine]:
        """Return what the last scan and the last count found in the hour, with the usual share."""
        session, palette, shade = self._session, self.palette, self._session.shade
        lines: list[PieceLine] = []
        if (number := session.matches.get(self._hour)) is not None:
            lines.append([(plural(number, "match"), palette.match), (" in the last scan", palette.dim)])
        rate = self._rate(self._hour)
        if shade and rate is not None:
            lines.append([(shorten(printable(shade.words), width), palette.dim)])
            usual = shade.usual_rates.get(self._hour)
            lines.append([(share(rate), palette.match), *self._usual_share(usual)])
            lines[-1] += [(f"   {_sign(ratio)}", palette.odd) for ratio in self._beside_usual(self._hour, rate)]
        return [*lines, []] if lines else []

    def _usual_share(self, usual: float | None) -> PieceLine:
        return [(f"  usual {share(usual)}", self.palette.dim)] if usual is not None else []

    def _day(self) -> list[PieceLine]:
        """Return bars for the day's hours: sizes, usual sizes and shares of matches."""
        session, palette, shade = self._session, self.palette, self._session.shade
        midnight = self._hour.replace(hour=0)
        hours = [shifted(midnight, number) for number in range(24)]
        sizes = {hour: float(session.hour_size.get(hour, 0)) for hour in hours}
        usual = {hour: known.size for hour in hours if (known := session.usual.sizes.get(hour))}
        highest = max(*sizes.values(), *usual.values())
        if not any(sizes.values()):
            return []
        lines = [self._bars("size", sizes, hours, highest, palette.heat[3])]
        lines += [self._bars("usual", usual, hours, highest, palette.dim)] if usual else []
        if shade and any(hour in shade.records for hour in hours):
            rates = {hour: shade.rates.get(hour, 0.0) for hour in hours}
            lines.append(self._bars("share", rates, hours, max(rates.values()), palette.match))
        at = self._hour.hour
        numbers = (
            f"{number:<6}" if at - number not in range(len(str(number))) else " " * 6 for number in range(0, 24, 6)
        )
        axis = "".join(numbers)  # without the number that the cursor's mark would overwrite
        marked = ((axis[:at], palette.dim), ("▲", palette.selected), (axis[at + 1 :].rstrip(), palette.dim))
        return [*lines, [(" " * _LABEL, palette.dim), *marked]]

    def _bars(
        self, name: str, values: Mapping[datetime, float], hours: list[datetime], highest: float, style: Style
    ) -> PieceLine:
        bars = sparkline([values.get(hour, 0.0) for hour in hours], highest)
        return [(f"{name:<{_LABEL}}", self.palette.dim), (bars, style)]

    def _chunks(self, chunks: tuple[Chunk, ...], width: int, room: int) -> list[PieceLine]:
        shown = room if len(chunks) <= room else max(room - 1, 1)
        top = min(max(self.at - shown + 1, 0), len(chunks) - shown) if self.has_focus and len(chunks) > shown else 0
        lines = [
            self._chunk(chunk, width, here=self.has_focus and at == self.at)
            for at, chunk in enumerate(chunks[top : top + shown], top)
        ]
        if len(chunks) > shown and room > 1:
            lines.append([(f"and {plural(len(chunks) - shown, 'more chunk')}", self.palette.dim)])
        return lines

    def _chunk(self, chunk: Chunk, width: int, *, here: bool) -> PieceLine:
        palette = self.palette
        uploaded = _upload_time(chunk.uploaded.astimezone(self._session.zone), self._hour)
        right: PieceLine = [(f"{size(chunk.size):>8}", palette.text), (f"  {uploaded}", palette.dim)]
        if chunk.key in self._session.damage:
            right = [("! torn  ", palette.trouble), *right]
        elif chunk.needs_restore:
            right = [("❄ restore  ", palette.frozen), *right]
        name = printable(chunk.host + chunk.rev or chunk.key.rpartition("/")[2], 60)
        room = min(width, 60)  # keep the size near its name
        used = sum(len(text) for text, _ in right) + 3
        left: PieceLine = [("▸ " if here else "", palette.selected), (shorten_middle(name, room - used), palette.name)]
        line = both_ends(left, right, room)
        return [(text, palette.cursor + style) for text, style in line] if here else line

    def _whole_key(self, width: int) -> list[PieceLine]:
        """Return the chosen chunk's full key and its facts."""
        chunk, palette = self.chosen, self.palette
        if chunk is None:
            return []
        key = printable(chunk.key, 3 * width)
        uploaded = f"{chunk.uploaded.astimezone(self._session.zone):%Y-%m-%d %H:%M:%S} {zone_name(self._session.zone)}"
        etag = printable(shorten_middle(chunk.etag.strip('"'), min(width - len(chunk.storage_class) - 8, 34)))
        facts = f"{chunk.storage_class} · ETag {etag}", f"uploaded {uploaded}", "enter opens this one"
        wrapped: list[PieceLine] = [[(key[at : at + width], palette.name)] for at in range(0, len(key), width)]
        if self.size.height < _HIGH:
            return [*wrapped, [(shorten(" · ".join(facts[:2]), width), palette.dim)]]
        return [[], *wrapped, *([(fact, palette.dim)] for fact in facts)]

    def _archive(self) -> list[PieceLine]:
        """Return the archive's span and how fresh it is."""
        session, palette = self._session, self.palette
        first, last = session.first, session.catalog_last
        lines: list[PieceLine] = [[("Archive", palette.dim), (f"  {first:%Y-%m-%d} to {last:%Y-%m-%d}", palette.text)]]
        fresh = freshness(session)
        if fresh is None:
            return lines
        tone = palette.trouble if fresh.behind else palette.text
        return [*lines, [(fresh.words(), tone)], [(fresh.uploads(), palette.dim)]]

    def _days(self, room: int) -> list[PieceLine]:
        """Return bars for the archive's days and the cursor's place, if the grid does not show the whole archive."""
        session, palette = self._session, self.palette
        first = session.first.date()
        number = (session.catalog_last.date() - first).days + 1
        if number <= _IN_SIGHT:
            return []
        days = -(-number // room)  # per cell
        if self._sizes[0] != (session.catalog, days):
            sums = [0] * -(-number // days)
            for hour, weight in session.hour_size.items():
                sums[(hour.date() - first).days // days] += weight
            self._sizes = (session.catalog, days), sparkline(sums)
        at = (self._hour.date() - first).days // days
        return [[(self._sizes[1], palette.heat[3])], [(" " * at, palette.dim), ("▲", palette.selected)]]


def _sign(ratio: float) -> str:
    """Return a ratio as `▲ 22×` or `▼ 0.3×`."""
    return f"▲ {ratio:.0f}×" if ratio >= 10 else f"{'▲' if ratio > 1 else '▼'} {ratio:.1f}×"


def _upload_time(time: datetime, hour: datetime) -> str:
    """Return an upload time: the time of day if it is near the hour, else the day or, in another year, the month."""
    if abs(time - hour) < timedelta(hours=12):
        return f"{time:%H:%M}"
    return f"{time.day} {time:%b}" if time.year == hour.year else f"{time:%b %Y}"
