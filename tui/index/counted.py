"""The figures of a chunk, and what scans of it counted: a scan of a literal needs no more, and waits for no library."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NamedTuple

from isal.isal_zlib import crc32

_CHECK = 4  # bytes of a checksum

_Bytes = bytes  # a Head has a field of this name


class CountedDamage(NamedTuple):
    """A part of a chunk that cannot be read, as archive.Damage."""

    start: int
    stop: int
    reason: str
    doubtful: int = 0


class CountedChunk(NamedTuple):
    """What one scan of a chunk counted. `counts`: the figures of a scan's Counts, in their order.

    `exact`: records were counted, not just lines, also where nothing matched.
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
    """As it is stored, behind a checksum."""
    return checked(json.dumps(head).encode())


def unpack_head(data: _Bytes) -> Head | None:
    """None for what is not in this format."""
    stored = unchecked(data)
    if stored is None:
        return None
    head = Head(*json.loads(bytes(stored)))
    return head._replace(damage=[CountedDamage(*part) for part in head.damage]) if head.damage else head


def checked(data: _Bytes) -> _Bytes:
    """Some data behind a checksum: ISA-L's CRC-32 takes a tenth of the time that a hash does."""
    return crc32(data).to_bytes(_CHECK, "little") + data


def unchecked(data: _Bytes) -> memoryview | None:
    """The data behind a checksum; None if they do not agree."""
    stored = memoryview(data)[_CHECK:]
    return stored if crc32(stored).to_bytes(_CHECK, "little") == data[:_CHECK] else None


def pack_known(known: CountedChunk) -> bytes:
    """As it is stored."""
    return json.dumps(known).encode()


def unpack_known(data: bytes) -> CountedChunk | None:
    """None for what is not in this format."""
    try:
        counts, damage, form, codec, exact = json.loads(data)
        return CountedChunk(
            list(map(int, counts)), [CountedDamage(*part) for part in damage], str(form), str(codec), bool(exact)
        )
    except (ValueError, TypeError):
        return None
