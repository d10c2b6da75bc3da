"""Home's list: sections with as many rows as fit. The cursor skips headings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.strip import Strip

from tui.app.home.rows import SECTIONS, Home, Item, newest_words
from tui.app.widgets.cursor_list import ChoiceList
from tui.app.widgets.lines import Piece, both_ends, fit, shorten, shorten_middle, strip_of
from tui.history.archives import DAYS, SeenArchive, strip
from tui.history.extracts import ExtractLine
from tui.history.sends import SendRecord
from tui.history.stopped import Unfinished
from tui.history.words import age, ago, filter_text, span_text
from tui.printable import printable
from tui.units import count, plural, size, sparkline

_NAME = 18
_BAR = 20
_WIDE = 110  # cells: from this width, a row has room for places
_MIN_ROWS = 3  # rows of a section, if it has that many
_DEMO = "a sample with an incident to find"
_NEW = "New here?"
_TOUR = "the tour: find the incident in the demo"
_NEW_WORDS = (("o", "open a folder or s3://bucket/prefix"), ("+", "add one to the config"))


@dataclass(frozen=True)
class HomeRow:
    """A line of the list: a heading, an item, the number of items that are not shown, or an empty line."""

    section: int
    heading: str = ""
    item: Item | None = None
    more: int = 0

    @property
    def stops(self) -> bool:
        """Whether the cursor can be on it."""
        return self.item is not None or self.more > 0


class HomeList(ChoiceList):
    """The list. Enter on `… 12 more` shows the rest of a section."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "section", "next section", show=False, id="pane"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._home = Home()
        self._words = ""
        self._whole: set[int] = set()  # sections that are shown in full
        self._rows: list[HomeRow] = []

    def show(self, home: Home, words: str = "") -> None:
        """Show the items that contain `words`. The cursor stays on its item."""
        here, searched = self.item, words != self._words
        self._home, self._words = home, words
        self._rows = self._all_rows()
        items = {at: row.item for at, row in enumerate(self._rows) if row.item is not None}
        same = next((at for at, item in items.items() if here and _identity(item) == _identity(here)), None)
        self.go(same if same is not None and not searched else next(iter(items), 0))
        self.refresh(layout=True)

    def go_to(self, kind: str, name: str) -> None:
        """Move to the item with that name, expanding its section if needed."""
        self._whole |= {row.section for row in self._rows if row.more and kind in SECTIONS[row.section][1]}
        self.show(self._home, self._words)
        at = (at for at, row in enumerate(self._rows) if row.item and (row.item.kind, row.item.name) == (kind, name))
        self.go(next(at, self.at))

    @property
    def item(self) -> Item | None:
        """The item under the cursor."""
        return self._rows[self.at].item if self.at < len(self._rows) else None

    @property
    def length(self) -> int:
        return len(self._rows)

    def go(self, at: int) -> None:
        """Move to the nearest row on which the cursor can be, ahead if possible, else behind."""
        at, down = max(0, min(at, self.length - 1)), at >= self.at
        stops = [place for place, row in enumerate(self._rows) if row.stops]
        ahead = [place for place in stops if (place >= at if down else place <= at)]
        if stops:
            at = (ahead or stops[-1:])[0] if down else (ahead or stops)[-1 if ahead else 0]
        super().go(at)
        if stops and at == stops[0]:
            self.top = 0  # with its heading
            self.repaint()

    def on_resize(self) -> None:
        self.show(self._home, self._words)

    def action_choose(self) -> None:
        row = self._rows[self.at] if self._rows else None
        if row is not None and row.more:
            self._whole.add(row.section)
            at = self.at
            self.show(self._home, self._words)
            self.go(at)
        elif row is not None and row.item is not None:
            super().action_choose()

    def action_section(self) -> None:
        """Move to the first item of the next section."""
        here = self._rows[self.at].section if self._rows else 0
        firsts: dict[int, int] = {}
        for at, row in enumerate(self._rows):
            if row.item is not None:
                firsts.setdefault(row.section, at)
        later = [at for section, at in firsts.items() if section > here]
        if firsts:
            self.go((later or list(firsts.values()))[0])

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return the lines for all items, the headings, and an empty line between sections."""
        lengths = [number for _, kinds in SECTIONS if (number := len(self._home.of(kinds, self._words)))]
        return sum(lengths) + 2 * len(lengths) + (-1 if self._words else 1)

    def _all_rows(self) -> list[HomeRow]:
        sections = {at: self._home.of(kinds, self._words) for at, (_, kinds) in enumerate(SECTIONS)}
        sections = {at: items for at, items in sections.items() if items}
        shares = self._shares({at: len(items) for at, items in sections.items()})
        rows: list[HomeRow] = []
        for at, items in sections.items():
            shown = items if at in self._whole or self._words else items[: shares[at]]
            rows += [HomeRow(at)] if rows else []
            rows.append(HomeRow(at, heading=SECTIONS[at][0]))
            rows += [HomeRow(at, item=item) for item in shown]
            rows += [HomeRow(at, more=len(items) - len(shown))] if len(items) > len(shown) else []
        return rows if self._words else [*rows, *([HomeRow(-1)] if rows else []), HomeRow(-1, heading=_NEW)]

    def _shares(self, lengths: dict[int, int]) -> dict[int, int]:
        """Return the rows that each section shows: at least three; then one more at a time for the shortest."""
        room = self.size.height - 2 * (len(lengths) + 1) + 1
        shares = {at: min(length, _MIN_ROWS) for at, length in lengths.items()}

        def rows_with(grown: int) -> int:
            """Return the rows of all sections, including `… more`, if one section gets one more row."""
            more = {at: share + (at == grown) for at, share in shares.items()}
            return sum(more.values()) + sum(more[at] < length for at, length in lengths.items())

        while fitting := [at for at, length in lengths.items() if shares[at] < length and rows_with(at) <= room]:
            shares[min(fitting, key=lambda at: shares[at])] += 1
        return shares

    def draw(self, y: int, width: int) -> Strip:
        self.keep_in_sight()
        at = y + self.top
        if at >= len(self._rows):
            return Strip.blank(width)
        row, palette = self._rows[at], self.palette
        if row.heading == _NEW:
            return strip_of(self._new_here(width), width)
        if row.heading:
            left: list[Piece] = [("  " + row.heading, palette.title)]
            return strip_of(both_ends(left, [(self._columns(row), palette.dim)], width), width)
        if not row.stops:
            return Strip.blank(width)
        here = at == self.at
        mark: Piece = (" ▸ " if here else "   ", palette.selected)
        if row.item is None:
            words = f"… {count(row.more)} more: enter shows them, / finds one"
            return strip_of([mark, (words, palette.dim)], width, self.ground(at))
        return strip_of([mark, *self._pieces(row.item, width - 4)], width, self.ground(at))

    def _new_here(self, width: int) -> list[Piece]:
        """Return hints for a new user, as many as fit."""
        palette = self.palette
        pieces: list[Piece] = [(f"  {_NEW}", palette.title)]
        used = len(_NEW) + 2
        tour = f"the tour, from {self._home.tour}" if self._home.tour else _TOUR
        for key, words in (("t", tour), *_NEW_WORDS):
            used += len(key) + len(words) + 4
            pieces += [(f"   {key} ", palette.key), (words, palette.dim)] if used < width else []
        return pieces

    def _columns(self, row: HomeRow) -> str:
        """Return the headings of the columns at the right edge."""
        return {
            "Archives": f"{'last 30 days':<{DAYS}}  {'newest':<15}{'':>8} ",
            "Extracts": f"{'matches':>11}  {'size':>8}  {'made':<12} ",
        }.get(row.heading, "")

    def _pieces(self, item: Item, width: int) -> list[Piece]:
        match item.of:
            case Unfinished() as job:
                return self._job(job, width)
            case ExtractLine() as line:
                return self._extract(line, width)
            case SendRecord() as send:
                return self._send(send, width)
            case SeenArchive() as seen:
                return self._archive(item, seen, width)
        return self._unseen(item, width)

    def _name_piece(self, text: str, length: int = _NAME) -> Piece:
        return (fit(printable(text), length) + " ", self.palette.name)

    def _archive(self, item: Item, seen: SeenArchive, width: int) -> list[Piece]:
        palette = self.palette
        newest, behind = newest_words(seen, self._home.at)
        line = sparkline(strip(seen.days, seen.last, DAYS)) if seen.last else ""
        behind = behind or bool(item.trouble)
        right: list[Piece] = [
            (f"{line:<{DAYS}}  ", palette.heat[3]),
            (f"{('! ' if behind else '') + newest:<15}", palette.trouble if behind else palette.text),
            (f"{size(seen.size):>8}", palette.dim),
        ]
        room = width - sum(cell_len(text) for text, _ in right)
        name = _NAME if room > 2 * _NAME else max(room - 3, 6)
        about = printable(_DEMO if item.kind == "demo" else seen.url)
        words = shorten_middle(about, room - name - 3) if room > name + 12 else ""
        return both_ends([self._name_piece(item.name, name), (words, palette.dim)], right, width)

    def _unseen(self, item: Item, width: int) -> list[Piece]:
        palette, place = self.palette, f"{item.place} · " if item.place and width > _WIDE else ""
        about = _DEMO if item.kind == "demo" else f"{place}not opened yet"
        about, style = (f"! {item.trouble}", palette.trouble) if item.trouble else (about, palette.dim)
        return [self._name_piece(item.name), (shorten(printable(about), max(width - _NAME - 1, 0)), style)]

    def _job(self, job: Unfinished, width: int) -> list[Piece]:
        palette = self.palette
        bar = _BAR if width > _WIDE else _BAR // 2
        full = round(bar * (job.share or 0.0))
        right: list[Piece] = [
            ("━" * full, palette.heat[3]),
            ("─" * (bar - full), palette.rule),
            (f" {int(100 * job.share):>3} %" if job.share is not None else "  ?  ", palette.text),
        ]
        sign: Piece = ("▸ ", palette.good) if job.running else ("‖ ", palette.text)
        when = "running" if job.running else f"stopped {ago(age(job.since, self._home.at))}"
        name = printable(job.title) + "  "
        words = [sign, (f"{job.kind}  ", palette.text), (name, palette.name)]
        return both_ends([*words, (f"{job.progress} · {when}", palette.dim)], right, width)

    def _extract(self, line: ExtractLine, width: int) -> list[Piece]:
        palette = self.palette
        source = line.source.rstrip("/").rpartition("/")[2]
        about = f"{source} · {span_text(line.start, line.stop)} · {filter_text(line.filter)}"
        damaged: Piece = (f"! {plural(line.damaged, 'damaged chunk')}  ", palette.trouble)
        right: list[Piece] = [
            *([damaged] if line.damaged and width > _WIDE else [("! ", palette.trouble)] if line.damaged else []),
            *([("‖ ", palette.text)] if line.state != "finished" else []),
            (f"{count(line.matches):>8}", palette.strong),
            (f"  {size(line.size) if line.size is not None else '':>8}", palette.text),
            (f"  {ago(age(line.started, self._home.at)):<12}", palette.dim),
        ]
        longest = max(len(item.name) for item in self._home.of(("extract",), self._words))
        name = max(min(longest + 1, _NAME + 14 if width > _WIDE else _NAME + 10), _NAME)
        return both_ends([self._name_piece(line.name, name), (printable(about), palette.dim)], right, width)

    def _send(self, send: SendRecord, width: int) -> list[Piece]:
        palette = self.palette
        done = "confirmed" if send.topic else "written"
        where = send.topic or ", ".join(path.rpartition("/")[2] for path in send.where[:2])
        named = not send.name.startswith((send.started[:19], f"{where}.{send.started[:19]}"))
        planned = f" of {count(send.planned)}" if send.planned not in (None, send.confirmed) else ""
        sign: Piece = ("✓ ", palette.good) if not send.damaged else ("! ", palette.trouble)
        amount = f"{count(send.confirmed) + planned:>9} {done:<9}"
        source = send.what.partition(": ")[0].rstrip("/").rpartition("/")[2]
        about = f"  {f'to {where} · ' if named else ''}from {source} · by {send.who}"
        when = ago(age(send.started, self._home.at))
        return both_ends(
            [
                sign,
                self._name_piece(send.name if named else where, _NAME - 2),
                (amount, palette.text),
                (printable(about), palette.dim),
            ],
            [(f" {when:<12}", palette.dim)],
            width,
        )


def _identity(item: Item) -> tuple[str, str, str]:
    """Return what stays the same if the item is renamed."""
    what = item.of.what if isinstance(item.of, SendRecord | Unfinished) else ""
    return item.kind, item.url or item.name, what
