"""The chunks of an hour in detail: the fields of each key, the object's metadata, and a torn chunk's last bytes.

A line consists of parts (text, kind). The kind is a field of the layout (`topic`), `time`, `dim`, `trouble` or empty.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tui.app.model.session import Session
from tui.archive import Archive, Chunk
from tui.archive.times import spell_hour
from tui.errors import HourscopeError
from tui.units import count, size

Exhibit = tuple[tuple[str, str], ...]
"""A line of (text, kind) parts."""

CHUNKS = 4  # shown in detail
_TAIL, _LINE = 32, 8  # bytes: half of a screen of 120 columns is wide enough
_TORN = "ends in the middle"  # of a member, a frame, …


def exhibit(session: Session, chunks: Sequence[Chunk]) -> Iterator[Exhibit]:
    """Yield the lines. Reads the last bytes of torn chunks."""
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
    """Return the names and values of a key's fields."""
    parsed = archive.layout.parse(chunk.key)
    fields = [(name, text) for name, text in (parsed.fields.items() if parsed else ()) if text]
    named = [part for name, text in fields for part in ((f"  {name} ", "dim"), (text, name))]
    return (*named, ("  hour ", "dim"), (spell_hour(chunk.hour), "time"))


def _tail(archive: Archive, chunk: Chunk) -> Iterator[Exhibit]:
    """Yield a chunk's last bytes in lines of eight: offset, hex, text."""
    start = max(chunk.size - _TAIL, 0)
    try:
        with archive.store.open(chunk.key, start=start, etag=chunk.etag) as stream:
            tail = stream.read(_TAIL)
    except HourscopeError as error:
        yield ((f"  its last bytes cannot be read: {error}", "trouble"),)
        return
    yield ((f"  its last {count(len(tail))} bytes; a whole one would end with its checksum and length:", "dim"),)
    for at in range(0, len(tail), _LINE):
        line = tail[at : at + _LINE]
        text = "".join(chr(byte) if 32 <= byte < 127 else "·" for byte in line)
        yield ((f"  {count(start + at):>12}  ", "dim"), (f"{line.hex(' '):<{3 * _LINE}}", "trouble"), (text, "dim"))
    yield ((f"  {count(chunk.size):>12}  ", "dim"), ("nothing follows", "trouble"))
