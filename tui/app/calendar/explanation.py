"""The explanation of the hour under the calendar's cursor, of its keys, and of the calendar."""

from __future__ import annotations

from datetime import datetime

from tui.app.model.command import cat_command, ls_command, shell_list
from tui.app.model.exhibit import CHUNKS
from tui.app.model.freshness import freshness
from tui.app.model.session import Session, gap_words
from tui.archive.clocks import clock_note
from tui.archive.times import zone_name
from tui.units import plural, size


def explanation(session: Session, hour: datetime) -> tuple[str, ...]:
    """Return paragraphs; commands start with `$ `."""
    layout = session.archive.layout.pattern
    how = "It was detected from the keys." if session.archive.detected else "You chose it."
    fresh = freshness(session)
    return (
        *_hour(session, hour),
        *([f"$ {cat_command(session, hour, session.filter)}"] if session.chunks(hour) else []),
        f"$ {ls_command(session)}",
        f"$ {shell_list(session)}",
        *([f"This is an extract: the matching records of {session.origin}."] if session.origin else []),
        *([f"This archive {fresh.sentence()}."] if fresh else []),
        *session.left_out,
        *session.other_keys,
        f"A key names its hour by the layout {layout}. {how} The messages were consumed in that hour; the "
        "events may have happened earlier.",
        "Each cell is one hour. Its shade shows the size of the hour's chunks, in fifths of all hours. o cycles "
        "through other shades: the matches of a scan (magenta, each step three times the previous one), the size "
        "compared with the usual, the number of chunks, how late they were uploaded, the records that satisfy the "
        "filter or finding, and their share; e goes to the outliers. Sizes and times come from the listing alone. "
        "The first records of the hour are below; they are read when the cursor rests.",
        "A gap is an hour within the archive's span without a chunk. ▲ and ▼: at least 2.5 times, or at most 0.4 "
        "times, the median of the same hour of the week in the weeks around it (with few weeks, of the same kind "
        "of day). »»: at least an hour later than usual, and twice as late. ❄: in Glacier. e and E go to these.",
    )


def _hour(session: Session, hour: datetime) -> list[str]:
    chunks = session.chunks(hour)
    name = f"{hour:%A} {hour.day} {hour:%B %Y %H:00} {zone_name(session.archive.zone)}"
    if not chunks:
        gap = session.gap_at(hour)
        return [
            f"{name} is in a {gap_words(gap)}: no key names an hour in it." if gap else f"{name} has no records here."
        ]
    more = f"; the first {CHUNKS} are below" if len(chunks) > CHUNKS else ""
    about = f"{plural(len(chunks), 'chunk')}, {size(session.hour_size[hour])}{more}"
    note = clock_note(hour)
    return [f"This hour ({zone_name(session.archive.zone)}) has {about}.", *([f"It {note}."] if note else [])]
