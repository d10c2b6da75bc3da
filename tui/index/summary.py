"""What the index stores about one chunk: its figures, and the values of each field and how often they occur."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from tui.index.counted import Head, checked, unchecked, unpack_head

EXACT = 256  # different values of a field that are all kept; of more, only the HEAVY most frequent
HEAVY = 16
FEW = 16  # different values that are all kept even if they hardly repeat
_MAX_SIZE = 64 << 20  # bytes of a decoded part
_LEVEL = 19
_MAX_DIGITS = 10**22  # smaller integers are written with all digits
_LARGEST = 10**308  # larger integers may not fit into a float

_ZSTD = b"\x28\xb5\x2f\xfd"  # magic number (RFC 8878); a list in MessagePack never begins like this

_DEEPEST = 500  # objects and lists in each other that are spelled; Python's json cannot spell 1,000
_TOO_DEEP = b'"(nested more than 500 deep)"'
_INFINITIES = {"Infinity": "1e999", "-Infinity": "-1e999"}

T = TypeVar("T")


class FieldSummary(msgspec.Struct, array_like=True):
    """One field of a chunk; its path is spelled as in JMESPath, `tags[*]` for the items of a list.

    `values`: JSON texts and how many records have each; complete if `exact`. `others`: records in which the field is an
    object, or a list in a list. `numbers`: the parts of a quantile sketch, and `patterns`: the patterns of texts, both
    only if not all values are kept.
    """

    records: int = 0
    types: dict[str, int] = {}
    values: dict[str, int] = {}
    exact: bool = True
    distinct: int = 0
    others: int = 0
    numbers: tuple[int, float, float, float, list[int], list[int]] | None = None
    patterns: dict[str, int] = {}


class Sample(msgspec.Struct, array_like=True):
    """A random sample of a chunk's records: their values of the fields whose values are known exactly.

    `codes`: by path, a byte per record: 0 for no value, 1 for an object or list, else the index of its value in the
    field's `values`, plus 2. `items`: for items of lists, the numbers of their records in two bytes each, and such a
    byte per item.
    """

    records: int = 0
    codes: dict[str, bytes] = {}
    items: dict[str, tuple[bytes, bytes]] = {}


class Details(msgspec.Struct):
    """The contents of a chunk's records.

    `minutes`: for each minute with records, the minutes since the previous one (the first: since 1970), and the number
    of records. `packed`: the minutes and the sample, until they are needed.
    """

    fields: Mapping[str, FieldSummary] = {}
    minutes: list[int] = []
    sample: Sample = msgspec.field(default_factory=Sample)
    packed: bytes = b""


@dataclass(slots=True)
class Summary:
    """The summary of one chunk. `details` are packed until they are needed."""

    head: Head
    details: Details | bytes = b""

    @property
    def fields(self) -> Mapping[str, FieldSummary]:
        return self._unpacked().fields

    @property
    def sample(self) -> Sample:
        return self._rest().sample

    @property
    def minutes(self) -> dict[int, int]:
        """The number of records by minute since 1970."""
        flat = self._rest().minutes
        return dict(zip(accumulate(flat[::2]), flat[1::2], strict=True))

    def _rest(self) -> Details:
        details = self._unpacked()
        if details.packed:
            (details.minutes, details.sample), details.packed = _decoded(details.packed, _Rest), b""
        return details

    def _unpacked(self) -> Details:
        if isinstance(self.details, bytes):
            fields, rest = _decode_parts(self.details) if self.details else ({}, b"")
            self.details = Details(_LazyFields(fields), packed=rest)
        return self.details


class _LazyFields(Mapping[str, FieldSummary]):
    """The fields of a stored summary, each decoded when it is needed."""

    def __init__(self, stored: dict[str, bytes]) -> None:
        self._stored = stored

    def __getitem__(self, name: str) -> FieldSummary:
        texts, numbers, field = _decoded(self._stored[name], _StoredField)
        field.values = dict(zip(texts.split("\n"), numbers, strict=True)) if numbers else {}
        return field  # type: ignore[no-any-return]  # msgspec infers Any

    def __iter__(self) -> Iterator[str]:
        return iter(self._stored)

    def __len__(self) -> int:
        return len(self._stored)


_StoredField = tuple[str, list[int], FieldSummary]  # values, one per line, and their counts: compresses well
_Rest = tuple[list[int], Sample]
_decode_parts = msgspec.msgpack.Decoder(tuple[dict[str, bytes], bytes]).decode  # each field, and the rest


def packed(summary: Summary, *chunk: object) -> bytes:
    """Encode a summary's details for storage, with a checksum in front that covers the `chunk`'s identity."""
    fields = {
        name: _packed_part(("\n".join(field.values), list(field.values.values()), replace(field, values={})))
        for name, field in summary.fields.items()
    }
    rest = _packed_part((summary._rest().minutes, summary.sample))
    return checked(msgspec.msgpack.encode((fields, rest)), *chunk)


def unpacked(head: object, details: object, *chunk: object) -> Summary | None:
    """Decode a stored head and details; None if a checksum does not match."""
    figures, stored = unpack_head(head, *chunk), unchecked(details, *chunk)
    return Summary(figures, bytes(stored)) if figures is not None and stored is not None else None


def _packed_part(part: object) -> bytes:
    """Encode one part, compressed if that is shorter. Fields are separate parts, so each can be decoded alone."""
    import zstandard  # slow to import; only needed to store something

    data = msgspec.msgpack.encode(part)
    return min(data, zstandard.ZstdCompressor(_LEVEL).compress(data), key=len)


def _decoded(data: bytes, type_: Any) -> Any:
    if data.startswith(_ZSTD):
        import zstandard

        data = zstandard.ZstdDecompressor().decompress(data, max_output_size=_MAX_SIZE)
    return msgspec.msgpack.decode(data, type=type_)


def kept_values(counts: Counter[T], records: int) -> tuple[dict[T, int], bool]:
    """Return the values to store, and whether they are all; of values that hardly repeat, only the frequent ones."""
    if len(counts) <= (EXACT if 2 * len(counts) <= records else FEW):
        return dict(counts), True
    if len(counts) == counts.total():
        return {}, False
    repeated = Counter({value: number for value, number in counts.items() if number > 1})
    return dict(repeated.most_common(HEAVY)), False


def spell_json(value: Any) -> bytes:
    """Return a value as JSON. Equal numbers have equal texts: integers have all their digits, unless very long."""
    if type(value) is float:
        if value in (float("inf"), float("-inf")):
            return b"1e999" if value > 0 else b"-1e999"
        if value.is_integer() and abs(value) < _MAX_DIGITS:
            return b"%d" % value
    elif type(value) is int and abs(value) >= _MAX_DIGITS and abs(value) < _LARGEST and float(value) == value:
        value = float(value)
    try:
        return _spell_nested(value) if type(value) in (dict, list) else msgspec.json.encode(value)
    except UnicodeEncodeError:  # a lone surrogate
        return json.dumps(_without_infinity(value), sort_keys=True).encode()


def _spell_nested(value: Any) -> bytes:
    try:
        text = msgspec.json.encode(value, order="deterministic")
    except (UnicodeEncodeError, RecursionError):
        if _is_deep(value):
            return _TOO_DEEP
        raise
    if text.count(b"[") + text.count(b"{") > _DEEPEST and _is_deep(value):
        return _TOO_DEEP
    if b"null" in text:  # which may be an infinite number
        return msgspec.json.encode(_without_infinity(value), order="deterministic")
    return text


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(_DEEPEST):
        level = [inner for outer in level for inner in (outer.values() if type(outer) is dict else outer)]
        level = [inner for inner in level if type(inner) in (dict, list)]
    return bool(level)


def _without_infinity(value: Any) -> Any:
    """Return a value whose infinite numbers are texts, as in the output of `count`: JSON has no infinity."""
    text = json.dumps(value)
    return json.loads(text, parse_constant=_INFINITIES.__getitem__) if "Infinity" in text else value


def read_json(text: bytes) -> Any:
    """Parse JSON; the inverse of `spell_json`."""
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:  # infinity, or a lone surrogate
        return json.loads(text)
