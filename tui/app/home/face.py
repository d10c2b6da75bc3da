"""The thing under home's cursor, opened: an archive's last week, an extract's or a send's facts."""

from __future__ import annotations

from bisect import bisect_left
from datetime import datetime, timedelta

from textual.strip import Strip

from tui.app.home.rows import Item
from tui.app.widgets.lines import LineWidget, Piece, both_ends, shorten, strip_of
from tui.history.archives import SeenArchive
from tui.history.extracts import ExtractLine
from tui.history.sends import SendRecord
from tui.history.stopped import Unfinished
from tui.history.words import age, ago, filter_text, span_text
from tui.printable import printable
from tui.units import count, plural, size

_STEPS = 5
_LABEL = 9


class Face(LineWidget):
    """A bar that names the item, then what it is."""

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
            right: list[Piece] = [(self._about(item) + " ", self.palette.bar_dim)]
            left: list[Piece] = [(f" {printable(item.name)}", self.palette.title)]
            ground = self.palette.cursor_idle
            return strip_of(both_ends(left, right, width), width, ground)
        if isinstance(item.of, SeenArchive):
            return self._week(item.of, y - 2, width)
        facts = self._facts(item)
        if y - 2 >= len(facts):
            return Strip.blank(width)
        label, text = facts[y - 2]
        pieces: list[Piece] = [(f"  {label:<{_LABEL}}", self.palette.dim)]
        style = self.palette.string if label in ("command", "resume") else self.palette.text
        return strip_of([*pieces, (shorten(printable(text), width - _LABEL - 3), style)], width)

    def sentences(self, item: Item) -> tuple[str, ...]:
        """The same for an explanation."""
        if isinstance(item.of, SeenArchive) or item.of is None:
            return (f"{item.name}: {item.url}.",)
        return tuple(f"{label}: {text}" for label, text in self._facts(item))

    def _about(self, item: Item) -> str:
        match item.of:
            case SeenArchive() as seen:
                hours = f"{count(seen.hours)} h · {size(seen.size)}"
                gaps = f" · {plural(seen.gaps, 'gap')}" if seen.gaps else ""
                return f"the last 7 days, from the listing of {ago(age(seen.listed))} · {hours}{gaps}"
            case ExtractLine() as line:
                return f"extract, {line.state}"
            case Unfinished() as job:
                return "running" if job.running else "R resumes it"
            case SendRecord():
                return "hourscope sends --verify checks it against its source"
        return "enter opens it"

    def _week(self, seen: SeenArchive, y: int, width: int) -> Strip:
        if seen.last is None or y > 7:
            return Strip.blank(width)
        if y == 7:
            hours = "".join(f"{hour:02} " if not hour % 3 else "   " for hour in range(24))
            return strip_of([(f"         {hours}", self.palette.dim)], width)
        day = datetime.fromisoformat(seen.last).date() - timedelta(days=6 - y)
        pieces: list[Piece] = [(f"  {day:%a %d} ", self.palette.dim)]
        ranked = sorted(seen.week.values())
        pieces += [self._cell(seen, ranked, f"{day:%Y-%m-%d}T{hour:02}") for hour in range(24)]
        return strip_of(pieces, width)

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
                facts = [("what", job.what), ("so far", job.progress)]
                facts += [("reason", job.reason)] if job.reason else []
                return [*facts, ("resume", job.command or "run the same command again with --resume")]
            case SendRecord() as send:
                to = f"topic {send.topic} at {', '.join(send.where)}" if send.topic else ", ".join(send.where)
                return [
                    ("to", to),
                    ("of", f"{send.what} · {send.filter}"),
                    ("by", f"{send.who}, {send.started[:19].replace('T', ' ')} UTC"),
                    ("sha256", send.sha256 or ""),
                    *((("warning", words)) for words in send.warnings[:2]),
                    *([("journal", send.journal)] if send.journal else []),
                ]
        return [("place", item.url)]
