"""The figures of a chunk and the counts of its scans: all that a search for a literal needs, without slow imports."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NamedTuple

from isal.isal_zlib import crc32

_CHECK = 4  # bytes of a checksum

_Bytes = bytes  # a Head has a field of this name


class CountedDamage(NamedTuple):
    """A part of a chunk that cannot be read, like archive.Damage."""

    start: int
    stop: int
    reason: str
    doubtful: int = 0


class CountedChunk(NamedTuple):
    """What one scan of a chunk counted. `counts`: the figures of the scan's Counts, in order.

    `exact`: records were counted, not just lines, even where nothing matched.
    """

    counts: list[int]
    damage: Sequence[CountedDamage] = ()
    form: str = ""
    codec: str = ""
    exact: bool = True


class Head(NamedTuple):
    """The figures of one chunk. `whole`: every field was kept. `no_time`: records without a time."""

    records: int = 0
    bytes: int = 0
    not_json: int = 0
    broken_json: int = 0
    unparsed: int = 0
    blank: int = 0
    split: int = 0
    form: str = ""
    codec: str = ""
    damage: Sequence[CountedDamage] = ()
    whole: bool = True
    time_field: str = ""
    no_time: int = 0


def pack_head(head: Head) -> _Bytes:
    """Encode a head for storage, with a checksum in front."""
    return checked(json.dumps(head).encode())


def unpack_head(data: _Bytes) -> Head | None:
    """Decode a head; None if the checksum does not match."""
    stored = unchecked(data)
    if stored is None:
        return None
    head = Head(*json.loads(bytes(stored)))
    return head._replace(damage=[CountedDamage(*part) for part in head.damage]) if head.damage else head


def checked(data: _Bytes) -> _Bytes:
    """Put a checksum in front of some data: ISA-L's CRC-32 takes a tenth of the time of a hash."""
    return crc32(data).to_bytes(_CHECK, "little") + data


def unchecked(data: _Bytes) -> memoryview | None:
    """Return the data after its checksum; None if the checksum does not match."""
    stored = memoryview(data)[_CHECK:]
    return stored if crc32(stored).to_bytes(_CHECK, "little") == data[:_CHECK] else None


def pack_known(known: CountedChunk) -> bytes:
    """Encode a scan's counts for storage."""
    return json.dumps(known).encode()


def unpack_known(data: bytes) -> CountedChunk | None:
    """Decode a scan's counts; None if they are in another format."""
    try:
        counts, damage, form, codec, exact = json.loads(data)
        return CountedChunk(
            list(map(int, counts)), [CountedDamage(*part) for part in damage], str(form), str(codec), bool(exact)
        )
    except (ValueError, TypeError):
        return None
