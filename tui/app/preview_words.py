"""What the preview says: where a record is, and what one is looking at."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tui.app.command import cat_command, shell_filter, shell_read
from tui.app.session import Session
from tui.archive import Chunk
from tui.filter import Filter
from tui.units import count


def place(chunks: Sequence[Chunk], starts: Sequence[int], number: int) -> str:
    """Chunk and line of a record; `starts` says with which record each chunk begins."""
    at = max(at for at, start in enumerate(starts) if start <= number)
    name = chunks[at].host + chunks[at].rev or chunks[at].key.rpartition("/")[2]
    return f"{name} line {count(number - starts[at] + 1)}"


def explanation(session: Session, hour: datetime, wanted: Filter) -> tuple[str, ...]:
    """In plain words, and the shell that does the same."""
    shell = shell_filter(wanted)
    return (
        "These are the records of one hour: the lines of its chunks, one chunk after the other, byte for byte "
        "as they were archived. What a terminal would obey (control bytes, bidi marks) is shown as \\x1b.",
        "Text and regex terms look at the raw bytes of the line, with its JSON escapes. JMESPath terms look at the "
        "parsed value; a line that is no JSON never matches them.",
        "The count is over what was previewed, not over the whole hour or archive: a scan tells that.",
        f"$ {cat_command(session, hour, wanted)}",
        *(f"$ {shell_read(session, chunk.key)}{shell}" for chunk in session.chunks(hour)[:4]),
    )
