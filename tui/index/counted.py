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
    """The figures of one chunk. `whole`: every field was kept. `time_field`: the path of the records' time, as in
    JMESPath, if one was found; times without an offset were taken as times in `zone`. `no_time`: records without one.
    """

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
    zone: str = ""


def pack_head(head: Head, *chunk: object) -> _Bytes:
    """Encode a head for storage, with a checksum in front that covers the `chunk`'s identity."""
    return checked(json.dumps(head).encode(), *chunk)


def unpack_head(data: object, *chunk: object) -> Head | None:
    """Decode a head; None if the checksum does not match."""
    stored = unchecked(data, *chunk)
    if stored is None:
        return None
    head = Head(*json.loads(bytes(stored)))
    return head._replace(damage=[CountedDamage(*part) for part in head.damage]) if head.damage else head


def checked(data: _Bytes, *columns: object) -> _Bytes:
    """Put a checksum in front of some data: ISA-L's CRC-32 takes a tenth of the time of a hash. It covers the `columns`
    of the same row, because a damaged file may hold another number or text there."""
    return _checksum(data, columns) + data


def unchecked(data: object, *columns: object) -> memoryview | None:
    """Return the data after its checksum; None if the checksum does not match."""
    if type(data) is not bytes:
        return None
    stored = memoryview(data)[_CHECK:]
    return stored if _checksum(stored, columns) == data[:_CHECK] else None


def _checksum(data: _Bytes | memoryview, columns: tuple[object, ...]) -> _Bytes:
    about = crc32(repr(columns).encode("utf-8", "backslashreplace")) if columns else 0
    return int(crc32(data, about)).to_bytes(_CHECK, "little")


def pack_known(known: CountedChunk, *columns: object) -> bytes:
    """Encode a scan's counts for storage, with a checksum in front that covers the row's other `columns`."""
    return checked(json.dumps(known).encode(), *columns)


def unpack_known(data: object, *columns: object) -> CountedChunk | None:
    """Decode a scan's counts; None if the checksum does not match."""
    stored = unchecked(data, *columns)
    if stored is None:
        return None
    counts, damage, *rest = json.loads(bytes(stored))
    return CountedChunk(counts, [CountedDamage(*part) for part in damage], *rest)
