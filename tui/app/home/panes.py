"""The panes around home's list: the sentence above it, and the details of the item under its cursor."""

from __future__ import annotations

import textwrap
from bisect import bisect_left
from datetime import datetime, timedelta

from textual.strip import Strip

from tui.app.home.rows import Item
from tui.app.model.freshness import rough_duration
from tui.app.widgets.bars import titled
from tui.app.widgets.lines import LineWidget, Piece, shorten, strip_of
from tui.history.archives import DAYS, SeenArchive
from tui.history.extracts import ExtractLine
from tui.history.sends import SendRecord
from tui.history.stopped import Unfinished
from tui.history.words import age, ago, filter_text, span_text
from tui.printable import printable
from tui.units import count, plural, size

_STEPS = 5
_LABEL = 9
_COMMANDS = ("command", "resume")
_BAR = 40
_WEEK = 9  # lines: an empty line, the bar, and seven days


class Lead(LineWidget):
    """The sentence at the top."""

    def __init__(self) -> None:
        super().__init__()
        self._sentence = ""

    def show(self, sentence: str) -> None:
        self._sentence = sentence
        self.repaint()

    def draw(self, y: int, width: int) -> Strip:
        lines = textwrap.wrap(self._sentence, max(width - 4, 20))
        at = y - (0 if len(lines) > 1 else 1)
        text = lines[at] if 0 <= at < len(lines) else ""
        return strip_of([("  ", self.palette.headline), (text, self.palette.headline)], width)


class ItemPane(LineWidget):
    """A bar with the item's name, then its details."""

    def __init__(self) -> None:
        super().__init__()
        self._item: Item | None = None

    def show(self, item: Item | None) -> None:
        self._item = item
        self.repaint()

    def draw(self, y: int, width: int) -> Strip:
        item = self._item
        if item is None or y == 0:
            return Strip.blank(width)
        if y == 1:
            return titled(item.name, self._about(item), self.palette, width)
        lines = self._archive(item, item.of, width) if isinstance(item.of, SeenArchive) else self._rows(item, width)
        return strip_of(lines[y - 2], width) if y - 2 < len(lines) else Strip.blank(width)

    def _rows(self, item: Item, width: int) -> list[list[Piece]]:
        """Return the facts in full if all of them fit, else one line of each."""
        facts, room = self._facts(item), max(width - _LABEL - 3, 20)
        whole = [
            self._row("" if at else label, line, width, command=label in _COMMANDS)
            for label, text in facts
            for at, line in enumerate(textwrap.wrap(printable(text), room, break_on_hyphens=False))
        ]
        if len(whole) <= self.size.height - 2:
            return whole
        return [self._row(label, text, width, command=label in _COMMANDS) for label, text in facts]

    def _row(self, label: str, text: str, width: int, *, command: bool = False) -> list[Piece]:
        style = self.palette.string if command else self.palette.text
        style = self.palette.trouble if label == "state" and text.startswith("!") else style
        return [
            (f"  {label:<{_LABEL}}", self.palette.dim),
            (shorten(printable(text), width - _LABEL - 3), style),
        ]

    def sentences(self, item: Item) -> tuple[str, ...]:
        """Return the item's facts for an explanation."""
        if isinstance(item.of, SeenArchive) or item.of is None:
            return (f"{item.name}: {item.place or item.url}.", *((f"{item.trouble}.",) if item.trouble else ()))
        return tuple(f"{label}: {text}" for label, text in self._facts(item))

    def _about(self, item: Item) -> str:
        match item.of:
            case SeenArchive() as seen:
                hours = f"{count(seen.hours)} h · {size(seen.size)}"
                gaps = f" · {plural(seen.gaps, 'gap')}" if seen.gaps else ""
                week = "the last 7 days, " if self.size.height >= _WEEK else ""
                return f"{week}listed {ago(age(seen.listed))} · {hours}{gaps}"
            case ExtractLine() as line:
                return f"extract, {line.state}"
            case Unfinished() as job:
                return "running" if job.running else "R resumes it"
            case SendRecord():
                return "hourscope sends --verify checks it against its source"
        return "enter opens it"

    def _archive(self, item: Item, seen: SeenArchive, width: int) -> list[list[Piece]]:
        """Return the last week by hour; if there is room, also the archive's facts and its last days by size."""
        if seen.last is None or seen.first is None:
            return []
        if self.size.height < _WEEK:
            return [self._row(label, text, width) for label, text in _archive_rows(seen, item.trouble)]
        first, last = (datetime.fromisoformat(hour).date() for hour in (seen.first, seen.last))
        dim = self.palette.dim
        ranked = sorted(seen.week.values())
        lines: list[list[Piece]] = []
        for day in (last - timedelta(days=back) for back in range(6, -1, -1)):
            cells = [self._cell(seen, ranked, f"{day:%Y-%m-%d}T{hour:02}") for hour in range(24)]
            lines.append([(f"  {day:%a %d} ", dim), *cells])
        lines.append([(" " * _LABEL + "".join(f"{hour:02}       " for hour in range(0, 24, 3)), dim)])
        lines += [[], *(self._row(label, text, width) for label, text in _archive_rows(seen, item.trouble)), []]
        largest = max(seen.days.values(), default=0) or 1
        for back in range(min(DAYS, (last - first).days + 1)):
            day = last - timedelta(days=back)
            amount = seen.days.get(f"{day:%Y-%m-%d}", 0)
            bar = "━" * max(round(_BAR * amount / largest), bool(amount))
            words = size(amount) if amount else "··"
            style = self.palette.text if amount else self.palette.gap
            lines.append(
                [(f"  {day:%a %d %b}  ", dim), (f"{bar:<{_BAR}}", self.palette.heat[2]), (f"{words:>9}", style)]
            )
        return lines

    def _cell(self, seen: SeenArchive, ranked: list[int], hour: str) -> Piece:
        value = seen.week.get(hour)
        if value is None:
            inside = seen.first is not None and seen.last is not None and seen.first <= hour <= seen.last
            return ("·· ", self.palette.gap) if inside else ("   ", self.palette.text)
        step = min(_STEPS - 1, bisect_left(ranked, value) * _STEPS // max(len(ranked), 1))
        cells = self.palette.heat_cells
        return ("   ", cells[step]) if cells else (f" {step + 1} ", self.palette.heat[step])

    def _facts(self, item: Item) -> list[tuple[str, str]]:
        match item.of:
            case ExtractLine() as line:
                facts = [
                    ("of", f"{line.source} · {span_text(line.start, line.stop)} · {plural(line.chunks, 'chunk')}"),
                    ("filter", filter_text(line.filter)),
                    ("matches", f"{count(line.matches)} of {plural(line.records, 'record')}"),
                    ("place", line.place),
                    ("made", f"{ago(age(line.started))} by {line.who}"),
                ]
                facts += [("damage", plural(line.damaged, "damaged chunk"))] if line.damaged else []
                return [*facts, ("resume", line.command)] if line.state == "stopped" else facts
            case Unfinished() as job:
                return job.rows
            case SendRecord() as send:
                to = f"topic {send.topic} at {', '.join(send.where)}" if send.topic else ", ".join(send.where)
                return [
                    ("to", to),
                    ("of", f"{send.what} · {send.filter}"),
                    ("by", f"{send.who}, {send.started[:19].replace('T', ' ')} UTC"),
                    ("sha256", send.sha256 or ""),
                    *(("warning", words) for words in send.warnings[:2]),
                    *([("journal", send.journal)] if send.journal else []),
                ]
        state = "" if item.kind == "demo" else "not opened yet: enter opens it, u lists its hours here"
        if item.trouble:
            state = f"! {item.trouble}"
        return [("place", item.place or item.url), *([("state", state)] if state else [])]


def _archive_rows(seen: SeenArchive, trouble: str) -> list[tuple[str, str]]:
    rows = [("state", f"! {trouble}")] if trouble else []
    rows += [("place", seen.url), ("hours", f"{seen.first} to {seen.last} {seen.timezone}")]
    rows += [("layout", seen.layout)] if seen.layout else []
    lag = f"usually {rough_duration(seen.lag)} after the hour" if seen.lag is not None and seen.lag > 0 else ""
    return [*rows, *([("uploads", lag)] if lag else [])]
