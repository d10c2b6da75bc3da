"""What the preview says: where a record is, and what one is looking at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from tui.app.model.command import cat_command, shell_filter, shell_read
from tui.app.model.session import Session
from tui.app.preview.feed import Limit
from tui.app.preview.rows import VisibleRows
from tui.app.records.record_list import Where
from tui.app.records.store import HourRecords
from tui.archive import Chunk
from tui.archive.times import zone_name
from tui.filter import Filter
from tui.scan.tally import not_json_shape
from tui.units import count, plural, size


@dataclass(frozen=True, slots=True)
class PreviewState:
    """How far the hour has been read (see feed.ReadingPaused), and what of it is shown (see rows.VisibleRows)."""

    records: int
    ended: bool
    trouble: str
    limit: Limit | None
    filter: Filter
    filtered: bool
    only: bool
    behind: bool
    hits: int
    seen: int
    lines: int
    marks: int
    marked: bool
    not_json: int = 0
    broken_json: int = 0
    unread: bool = False

    @classmethod
    def of(cls, rows: VisibleRows, *, ended: bool, trouble: str, limit: Limit | None, unread: bool) -> PreviewState:
        return cls(
            len(rows.records),
            ended,
            trouble,
            limit,
            rows.filter,
            rows.filtered,
            rows.only,
            rows.behind,
            len(rows.hits),
            rows.seen,
            rows.lines,
            len(rows.marks),
            rows.marked,
            rows.not_json,
            rows.broken_json,
            unread,
        )

    @property
    def whole(self) -> bool:
        """Is all of the hour here?"""
        return self.ended and self.limit is None and not self.trouble and not self.unread

    def count_words(self) -> str:
        """How many of the previewed records match, or how many there are."""
        if not self.filtered:
            return f"{count(self.records)}{'' if self.whole else '+'} previewed"
        return f"{count(self.hits)} of {count(self.seen)} previewed{' so far' if self.behind else ''}"

    def limit_words(self) -> tuple[str, ...]:
        """That the hour goes on behind what the preview holds."""
        if self.limit is None:
            return ()
        return (f"stopped at {count(self.limit.records)} records, {size(self.limit.size)}: s scans the whole hour",)

    def rows_words(self) -> str:
        """What is shown, where that is not all there is."""
        if self.marked:
            return "marked only"
        around = f"±{plural(self.lines, 'line')}" if self.filtered and self.only and self.lines else ""
        marked = f"{count(self.marks)} marked" if self.marks else ""
        return " · ".join(filter(None, (around, marked)))

    def empty_words(self) -> str:
        """Why no record is shown, and what to do."""
        if self.marked:
            return (
                "No record is marked. space marks the one under the cursor; a comma marks all that have the value "
                "under the tree's cursor. m goes back to the records."
            )
        if not self.records:
            nothing = self.trouble or "This hour's chunks hold no record. q goes back to the calendar."
            return nothing if self.ended else "reading …"
        if self.behind:
            return "filtering …"
        more = " s scans the whole hour." if self.limit else " There is more: G reads it, s scans it."
        none = f"None of {count(self.records)} records matches {self.filter.describe()}."
        return f"{none} Numbers switch terms off, a shows all.{'' if self.whole else more}"


def place(records: HourRecords, number: int) -> Where:
    """Hour, chunk, and the record's line with how far into the chunk's lines it is."""
    chunk, numbers = records.chunk_of(number)
    name = chunk.host + chunk.rev or chunk.key.rpartition("/")[2]
    line, at = count(number - numbers.start + 1), size(records.place(number))
    return f"{chunk.hour:%H:%M}", name, f"line {line} · at {at}"


def header_words(state: PreviewState, session: Session, hour: datetime, chunks: tuple[Chunk, ...]) -> tuple[str, ...]:
    """Which hour, how many, what is wrong, how big."""
    until = (hour + timedelta(hours=1)).strftime("%H:%M")
    return (
        f"{hour:%a %Y-%m-%d %H:%M}–{until} {zone_name(session.archive.zone)}",
        f"{plural(state.records, 'record')}{'' if state.whole else ' so far'}",
        session.damage_words(chunks),
        f"! {count(state.not_json)} not JSON ({not_json_shape(state.not_json, state.broken_json)})"
        * (state.not_json > 0),
        f"{plural(len(chunks), 'chunk')}, {size(sum(chunk.size for chunk in chunks))}",
    )


def explanation(session: Session, hour: datetime, chunks: tuple[Chunk, ...], filter_: Filter) -> tuple[str, ...]:
    """In plain words, and the shell that does the same."""
    shell = shell_filter(filter_)
    key = chunks[0].key if len(chunks) == 1 and chunks != session.chunks(hour) else None
    return (
        "These are the records of one hour: the lines of its chunks, one chunk after the other, byte for byte "
        "as they were archived. What a terminal would obey (control bytes, bidi marks) is shown as \\x1b.",
        "Text and regex terms look at the raw bytes of the line, with its JSON escapes. JMESPath terms look at the "
        "parsed value; a line that is not JSON never matches them.",
        "space marks a record and a comma all that have the value under the tree's cursor; where some are marked, w, p "
        "and s take them instead of what matches. Marks stay until hourscope ends, or U.",
        "The count is over what was previewed, not over the whole hour or archive: a scan counts that.",
        f"$ {cat_command(session, hour, filter_, key=key)}",
        *(f"$ {shell_read(session, chunk.key)}{shell}" for chunk in chunks[:4]),
    )
