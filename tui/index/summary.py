"""What the index keeps of one chunk: its records, and of each field which values it has, and how often."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from tui.index.counted import Head, checked, unchecked, unpack_head

EXACT = 256  # different values of a field that are counted exactly; of more the most frequent are kept
HEAVY = 16
FEW = 16  # different values that are kept though they hardly repeat
_MOST_SIZE = 64 << 20  # bytes of a summary, decoded
_LEVEL = 19
_MOST_DIGITS = 10**22  # smaller whole numbers are spelled by their digits
_LARGEST = 10**308  # larger ones may have no float

_ZSTD = b"\x28\xb5\x2f\xfd"  # RFC 8878; no list of MessagePack begins so

T = TypeVar("T")


class FieldSummary(msgspec.Struct, array_like=True):
    """One field of a chunk; its path is spelled as in JMESPath, `tags[*]` for the items of a list.

    `values`: JSON texts and how many records have them, all of them if `exact`. `others`: records in which it is an
    object, or a list in a list. `numbers`: the parts of a quantile sketch, where the values do not tell. `patterns`: of
    texts, where their values are not all kept.
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
    """Some records of a chunk, chosen by chance: which values they have of the fields whose values are known exactly.

    `codes`: by path a byte for each record: 0 where it has none, else the place of its value among the field's, from 2.
    `items`: for the items of lists the numbers of their records, in two bytes each, and such a byte for each item.
    """

    records: int = 0
    codes: dict[str, bytes] = {}
    items: dict[str, tuple[bytes, bytes]] = {}


class Details(msgspec.Struct):
    """What is in the records of a chunk.

    `minutes`: for each minute that records have their time in, how many minutes after the one before it is (the first:
    since 1970), and how many records that are. `packed`: the minutes and the sample, until somebody asks for them.
    """

    fields: Mapping[str, FieldSummary] = {}
    minutes: list[int] = []
    sample: Sample = msgspec.field(default_factory=Sample)
    packed: bytes = b""


@dataclass(slots=True)
class Summary:
    """All about one chunk. `details` are packed until somebody asks for them."""

    head: Head
    details: Details | bytes = b""

    @property
    def fields(self) -> Mapping[str, FieldSummary]:
        return self._unpacked().fields

    @property
    def sample(self) -> Sample:
        details = self._unpacked()
        if details.packed:
            (details.minutes, details.sample), details.packed = _decoded(details.packed, _Rest), b""
        return details.sample

    def _unpacked(self) -> Details:
        if isinstance(self.details, bytes):
            fields, rest = _decode_parts(self.details) if self.details else ({}, b"")
            self.details = Details(_LazyFields(fields), packed=rest)
        return self.details


class _LazyFields(Mapping[str, FieldSummary]):
    """The fields of a stored summary: each is decoded when somebody asks for it."""

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


_StoredField = tuple[str, list[int], FieldSummary]  # its values, a line each, and their numbers, which pack well
_Rest = tuple[list[int], Sample]
_decode_parts = msgspec.msgpack.Decoder(tuple[dict[str, bytes], bytes]).decode  # each field, and the rest


def packed(summary: Summary) -> bytes:
    """Its details as they are stored, behind a checksum."""
    fields = {
        name: _packed_part(("\n".join(field.values), list(field.values.values()), replace(field, values={})))
        for name, field in summary.fields.items()
    }
    rest = _packed_part((summary._unpacked().minutes, summary.sample))
    return checked(msgspec.msgpack.encode((fields, rest)))


def unpacked(head: bytes, details: bytes) -> Summary | None:
    """A summary of its head and its details as they are stored; None for what is of another format."""
    figures, stored = unpack_head(head), unchecked(details)
    return Summary(figures, bytes(stored)) if figures is not None and stored is not None else None


def _packed_part(part: object) -> bytes:
    """Compressed if that is shorter: a field is read without the others."""
    import zstandard  # only where there is something to keep

    data = msgspec.msgpack.encode(part)
    return min(data, zstandard.ZstdCompressor(_LEVEL).compress(data), key=len)


def _decoded(data: bytes, type_: Any) -> Any:
    if data.startswith(_ZSTD):
        import zstandard

        data = zstandard.ZstdDecompressor().decompress(data, max_output_size=_MOST_SIZE)
    return msgspec.msgpack.decode(data, type=type_)


def kept_values(counts: Counter[T], records: int) -> tuple[dict[T, int], bool]:
    """The values that are stored, and whether they are all. Of ids, which hardly repeat, only the frequent ones are."""
    if len(counts) <= (EXACT if 2 * len(counts) <= records else FEW):
        return dict(counts), True
    if len(counts) == counts.total():
        return {}, False
    repeated = Counter({value: number for value, number in counts.items() if number > 1})
    return dict(repeated.most_common(HEAVY)), False


def spell_json(value: Any) -> bytes:
    """A value as JSON text; equal numbers are spelled alike: whole ones by their digits, if those are not too many."""
    if type(value) is float:
        if value in (float("inf"), float("-inf")):
            return b"1e999" if value > 0 else b"-1e999"
        if value.is_integer() and abs(value) < _MOST_DIGITS:
            return b"%d" % value
    elif type(value) is int and abs(value) >= _MOST_DIGITS and abs(value) < _LARGEST and float(value) == value:
        value = float(value)
    try:
        return msgspec.json.encode(value, order="deterministic")
    except UnicodeEncodeError:  # half a surrogate pair
        return json.dumps(value, sort_keys=True).encode()


def read_json(text: bytes) -> Any:
    """The reverse of `spell_json`."""
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:  # infinity, half a surrogate pair
        return json.loads(text)
