"""The preview's texts: counts, where a record is, troubles, and explanations."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from tui.app.model.command import cat_command, shell_filter, shell_read
from tui.app.model.session import Session
from tui.app.preview.feed import FeedState
from tui.app.preview.rows import VisibleRows
from tui.app.records.store import HourRecords
from tui.archive import Chunk
from tui.archive.times import zone_name
from tui.filter import Filter
from tui.scan.tally import not_json_shape
from tui.units import count, plural, size

_MAX_DAMAGE = 2  # damaged chunks that are reported above the list


def count_words(rows: VisibleRows, reading: FeedState) -> str:
    """Return how many of the previewed records match, or how many there are."""
    if not rows.filtered:
        return f"{count(len(rows.records))}{'' if reading.whole else '+'} previewed"
    return f"{count(len(rows.hits))} of {count(rows.seen)} previewed{' so far' if rows.behind else ''}"


def notes_words(reading: FeedState, damage: Sequence[str]) -> tuple[str, ...]:
    """Return why the hour is not complete: a trouble, or its chunks' damage; and that the preview is full."""
    limit = reading.limit
    stopped = f"stopped at {count(limit.records)} records, {size(limit.size)}: s scans the whole hour" if limit else ""
    troubles = [f"! {words}" for words in ([reading.trouble] if reading.trouble else damage[:_MAX_DAMAGE])]
    return (*troubles, *([stopped] if stopped else []))


def rows_words(rows: VisibleRows) -> str:
    """Return which rows are shown; empty if it is the usual ones."""
    if rows.marked:
        return "marked only"
    around = f"±{plural(rows.lines, 'line')}" if rows.filtered and rows.only and rows.lines else ""
    marked = f"{count(len(rows.marks))} marked" if rows.marks else ""
    return " · ".join(filter(None, (around, marked)))


def empty_words(rows: VisibleRows, reading: FeedState) -> str:
    """Return why no record is shown, and what to do."""
    if rows.marked:
        return (
            "No record is marked. space marks the one under the cursor; a comma marks all with the value under the "
            "tree's cursor. m goes back to the records."
        )
    if not len(rows.records):
        nothing = reading.trouble or "This hour's chunks have no records. q goes back to the calendar."
        return nothing if reading.ended else "reading …"
    if rows.behind:
        return "filtering …"
    more = " s scans the whole hour." if reading.limit else " There is more: G reads it, s scans it."
    none = f"None of {count(len(rows.records))} records matches {rows.filter.describe()}."
    return f"{none} Digits switch terms off, a shows all.{'' if reading.whole else more}"


def place(records: HourRecords, number: int) -> tuple[str, str, str]:
    """Return the hour, the chunk, and the record's line and byte offset in the chunk's lines."""
    chunk, numbers = records.chunk_of(number)
    name = chunk.host + chunk.rev or chunk.key.rpartition("/")[2]
    line, at = count(number - numbers.start + 1), size(records.place(number))
    return f"{chunk.hour:%H:%M}", name, f"line {line} · at {at}"


def header_words(
    rows: VisibleRows, reading: FeedState, session: Session, hour: datetime, chunks: tuple[Chunk, ...]
) -> tuple[str, ...]:
    """Return the facts for the header: the hour, the number of records, troubles, the size."""
    until = (hour + timedelta(hours=1)).strftime("%H:%M")
    not_json = f"! {count(rows.not_json)} not JSON ({not_json_shape(rows.not_json, rows.broken_json)})"
    return (
        f"{hour:%a %Y-%m-%d %H:%M}–{until} {zone_name(session.archive.zone)}",
        f"{plural(len(rows.records), 'record')}{'' if reading.whole else ' so far'}",
        session.damage_words(chunks),
        not_json if rows.not_json else "",
        f"{plural(len(chunks), 'chunk')}, {size(sum(chunk.size for chunk in chunks))}",
    )


def record_words(records: HourRecords, number: int) -> str:
    """Return a sentence that says where the record under the cursor is."""
    chunk, _ = records.chunk_of(number)
    _, _, line = place(records, number)
    length = plural(len(records[number]), "byte")
    return f"This record is {line.replace(' · at', ',')} into the lines of {chunk.key}; it has {length}."


def explanation(
    session: Session, hour: datetime, chunks: tuple[Chunk, ...], filter_: Filter, record: str
) -> tuple[str, ...]:
    """Return the explanation: the `record` under the cursor, equivalent shell commands, then the preview."""
    shell = shell_filter(filter_)
    key = chunks[0].key if len(chunks) == 1 and chunks != session.chunks(hour) else None
    return (
        *([record] if record else []),
        f"$ {cat_command(session, hour, filter_, key=key)}",
        *(f"$ {shell_read(session, chunk.key)}{shell}" for chunk in chunks[:4]),
        "These are the records of one hour: the lines of its chunks, one chunk after the other, byte for byte "
        "as they were archived. Characters that a terminal would obey (control bytes, bidi marks) are shown as \\x1b.",
        "Text and regex terms match the raw bytes of the line, including JSON escapes. JMESPath terms match the "
        "parsed value; a line that is not JSON never matches them.",
        "space marks a record; a comma marks all with the value under the tree's cursor. If any are marked, w, p and s "
        "use them instead of the matches. Marks stay until hourscope ends, or until U.",
        "The count covers the previewed records, not the whole hour or archive: a scan counts those.",
    )
