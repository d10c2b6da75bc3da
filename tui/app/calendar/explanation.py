"""The hour under the calendar's cursor, its keys taken apart, and the calendar, in plain words."""

from __future__ import annotations

from datetime import datetime

from tui.app.model.command import cat_command, ls_command, shell_list
from tui.app.model.exhibit import CHUNKS
from tui.app.model.freshness import freshness
from tui.app.model.session import Session
from tui.archive.clocks import clock_note
from tui.archive.times import spell_hour, zone_name
from tui.units import plural, size


def explanation(session: Session, hour: datetime) -> tuple[str, ...]:
    """A paragraph each; commands begin with `$ `."""
    layout = session.archive.layout.pattern
    how = "It was detected from the keys." if session.archive.detected else "It was given."
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
        f"The hour is what a key says by the layout {layout}. {how} The messages were consumed in it; the "
        "events may have happened earlier.",
        "Every cell is one hour; its shade is the size of that hour's chunks, by fifths of all hours. o shows "
        "other things instead: the matches of a scan (in magenta, each step three times the one before), the size "
        "against the usual, the number of chunks, how late they were uploaded; the records that the filter (or the "
        "finding) holds for, and their share, with outliers that e walks over. Only the listing was read for that; "
        "below are the first records of the hour under the cursor, read when it rests.",
        "A gap is an hour within the archive's span without a chunk. ▲ and ▼ are 2.5 times, or less than 0.4 "
        "times, the median of the same hour of the week around it (of the same kind of day, where there are few "
        "weeks). »» came an hour later than usual, and twice as late. ❄ is in Glacier. e and E walk over these.",
    )


def _hour(session: Session, hour: datetime) -> list[str]:
    chunks = session.chunks(hour)
    name = f"{hour:%A} {hour.day} {hour:%B %Y %H:00} {zone_name(session.archive.zone)}"
    if not chunks:
        gap = next((gap for gap in session.gaps if gap.start <= hour < gap.stop), None)
        if gap is None:
            return [f"{name} has no record here."]
        span = f"from {spell_hour(gap.start)} to {spell_hour(gap.stop)}"
        return [f"{name} lies in a gap of {plural(gap.hours, 'hour')}, {span}: no key names an hour of it."]
    more = f"; the first {CHUNKS} are below" if len(chunks) > CHUNKS else ""
    about = f"{plural(len(chunks), 'chunk')}, {size(session.hour_size[hour])}{more}"
    note = clock_note(hour)
    return [f"This hour of {zone_name(session.archive.zone)} has {about}.", *([f"It {note}."] if note else [])]
