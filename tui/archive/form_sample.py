"""The bytes from which the form of a chunk is detected: its first ones or, if it is damaged, those of its parts."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from typing import TYPE_CHECKING, cast

from tui.archive.chunk import Damage
from tui.archive.forms import LINES, LONGEST_PREAMBLE, VALUES, Form, form_of_part, may_come_late
from tui.archive.members import Readable
from tui.archive.streams import FORM_BYTES, Peekable

if TYPE_CHECKING:
    from tui.archive.salvage import DecodedPart

_PARTS_SAMPLED = 16


def peek_beginning(stream: Peekable) -> tuple[bytes, bool]:
    """Peek at enough decoded bytes to detect the form (a document's list may come late); True if they are all."""
    size = FORM_BYTES
    first = stream.peek(size)
    while len(first) == size and size < LONGEST_PREAMBLE and may_come_late(first):
        size *= 4
        first = stream.peek(size)
    return first, len(first) < size


def form_of_parts(items: Sequence[DecodedPart | Damage], records: str | None) -> Form | None:
    """Detect the form of a damaged chunk from its parts; None for a single part, which is detected as usual.

    `records`: the path of the list of records, if the user chose it.
    """
    parts = [part for part in items if not isinstance(part, Damage)]
    if items and items[0] in parts and len(parts) == 1:
        return None
    forms: list[Form] = []
    doubtful: list[Form] = []  # seen among bytes that are decoded wrongly, where values may follow each other
    for part in parts[:_PARTS_SAMPLED]:
        with closing(part.open()) as stream:
            form = form_of_part(Peekable(cast(Readable, stream)).peek(FORM_BYTES), records)
        if form:
            (forms if part.sound or form.kind == "items" else doubtful).append(form)
    forms = forms or doubtful
    if LINES in forms or not forms:
        return LINES
    return VALUES if VALUES in forms and isinstance(items[0], Damage) else forms[0]
