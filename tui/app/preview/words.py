"""What the preview says: where a record is, and what one is looking at."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tui.app.command import cat_command, shell_filter, shell_read
from tui.app.preview.records import HourRecords
from tui.app.session import Session
from tui.app.widgets.record_list import Where
from tui.archive import Chunk
from tui.archive.times import zone_name
from tui.filter import Filter
from tui.units import count, plural, size

if TYPE_CHECKING:
    from tui.app.screens.preview import PreviewPage


def place(records: HourRecords, number: int) -> Where:
    """Hour, chunk, and the record's line with how far into the chunk's lines it is."""
    chunk, numbers = records.chunk_of(number)
    name = chunk.host + chunk.rev or chunk.key.rpartition("/")[2]
    line, at = count(number - numbers.start + 1), size(records.place(number))
    return f"{chunk.hour:%H:%M}", name, f"line {line} · at {at}"


def header_words(page: PreviewPage) -> tuple[str, ...]:
    """Which hour, how many, how big."""
    until = (page.hour + timedelta(hours=1)).strftime("%H:%M")
    more = "" if page.whole else "+"
    return (
        f"{page.hour:%a %Y-%m-%d %H:%M}–{until} {zone_name(page.session.archive.zone)}",
        f"{count(len(page.records))}{more} records",
        f"{plural(len(page.chunks), 'chunk')}, {size(sum(chunk.size for chunk in page.chunks))}",
    )


def count_words(page: PreviewPage) -> str:
    """How many of the previewed records match, or how many there are."""
    showing = page.showing
    if not showing.filtered:
        return f"{count(len(page.records))}{'' if page.whole else '+'} previewed"
    behind = " so far" if showing.behind else ""
    return f"{count(len(showing.hits))} of {count(showing.judged)} previewed{behind}"


def limit_words(page: PreviewPage) -> tuple[str, ...]:
    """That the hour goes on behind what the preview holds."""
    if page.limit is None:
        return ()
    return (f"stopped at {count(page.limit.records)} records, {size(page.limit.size)}: s scans the whole hour",)


def state_words(page: PreviewPage) -> str:
    """What is shown, where that is not all there is."""
    showing = page.showing
    if showing.marked:
        return "marked only"
    around = f"±{plural(showing.lines, 'line')}" if showing.filtered and showing.only and showing.lines else ""
    marked = f"{count(len(showing.marks))} marked" if showing.marks else ""
    return " · ".join(filter(None, (around, marked)))


def empty_words(page: PreviewPage) -> str:
    """Why no record is shown, and what to do."""
    records, showing = page.records, page.showing
    if showing.marked:
        return (
            "No record is marked. space marks the one under the cursor; a comma marks all that have the value under "
            "the tree's cursor. m goes back to the records."
        )
    if not len(records):
        nothing = page.trouble or "This hour's chunks hold no record. q goes back to the calendar."
        return nothing if page.ended else "reading …"
    if showing.behind:
        return "filtering …"
    rest = "" if page.whole else " s scans the whole hour." if page.limit else " There is more: G reads it, s scans it."
    wanted = showing.filter.describe()
    return f"None of {count(len(records))} records matches {wanted}. Numbers switch terms off, a shows all.{rest}"


def explanation(session: Session, hour: datetime, chunks: tuple[Chunk, ...], wanted: Filter) -> tuple[str, ...]:
    """In plain words, and the shell that does the same."""
    shell = shell_filter(wanted)
    key = chunks[0].key if len(chunks) == 1 and chunks != session.chunks(hour) else None
    return (
        "These are the records of one hour: the lines of its chunks, one chunk after the other, byte for byte "
        "as they were archived. What a terminal would obey (control bytes, bidi marks) is shown as \\x1b.",
        "Text and regex terms look at the raw bytes of the line, with its JSON escapes. JMESPath terms look at the "
        "parsed value; a line that is no JSON never matches them.",
        "space marks a record and a comma all that have the value under the tree's cursor; where some are marked, w, p "
        "and s take them instead of what matches. Marks stay until hourscope ends, or U.",
        "The count is over what was previewed, not over the whole hour or archive: a scan tells that.",
        f"$ {cat_command(session, hour, wanted, key=key)}",
        *(f"$ {shell_read(session, chunk.key)}{shell}" for chunk in chunks[:4]),
    )
