"""The chunks of an hour as they are, to look at: each key taken apart, what the store says of the object, and of a torn
one its last bytes.

A line is parts of text, each with what it is: a field of the layout (`topic`), `time`, `dim`, `trouble`, or nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tui.app.model.session import Session
from tui.archive import Archive, Chunk
from tui.archive.times import spell_hour
from tui.errors import HourscopeError
from tui.units import count, size

Exhibit = tuple[tuple[str, str], ...]
"""A line."""

CHUNKS = 4  # that are taken apart
_TAIL, _LINE = 36, 12  # bytes
_TORN = "ends in the middle"  # of a member, a frame, …


def exhibit(session: Session, chunks: Sequence[Chunk]) -> Iterator[Exhibit]:
    """One line after the other; a torn chunk's last bytes are read."""
    archive = session.archive
    for chunk in chunks[:CHUNKS]:
        yield archive.layout.taken_apart(chunk.key)
        yield _fields(archive, chunk)
        uploaded = f"uploaded {chunk.uploaded.astimezone(archive.zone):%Y-%m-%d %H:%M:%S}"
        yield ((f"  {size(chunk.size)}, {uploaded}", "dim"),)
        etag = chunk.etag.strip('"')
        yield ((f"  {chunk.storage_class}, ETag {etag}", "dim"),)
        for sentence in session.damage.get(chunk.key, ()):
            yield ((f"! {sentence}", "trouble"),)
            if _TORN in sentence:
                yield from _tail(archive, chunk)
        yield ()


def _fields(archive: Archive, chunk: Chunk) -> Exhibit:
    """What its parts are called, each as the part in the key."""
    parsed = archive.layout.parse(chunk.key)
    fields = [(name, text) for name, text in (parsed.fields.items() if parsed else ()) if text]
    named = [part for name, text in fields for part in ((f"  {name} ", "dim"), (text, name))]
    return (*named, ("  hour ", "dim"), (spell_hour(chunk.hour), "time"))


def _tail(archive: Archive, chunk: Chunk) -> Iterator[Exhibit]:
    """Its last bytes, in lines of twelve: where, in hex, as text."""
    start = max(chunk.size - _TAIL, 0)
    try:
        with archive.store.open(chunk.key, start=start, etag=chunk.etag) as stream:
            tail = stream.read(_TAIL)
    except HourscopeError as error:
        yield ((f"  its last bytes cannot be read: {error}", "trouble"),)
        return
    yield ((f"  its last {count(len(tail))} bytes; whole, it would end with its checksum and its length:", "dim"),)
    for at in range(0, len(tail), _LINE):
        line = tail[at : at + _LINE]
        text = "".join(chr(byte) if 32 <= byte < 127 else "·" for byte in line)
        yield ((f"  {count(start + at):>12}  ", "dim"), (f"{line.hex(' '):<{3 * _LINE}}", "trouble"), (text, "dim"))
    yield ((f"  {count(chunk.size):>12}  ", "dim"), ("nothing follows", "trouble"))
