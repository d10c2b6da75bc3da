"""What the index keeps of one chunk: its records, and of each field which values it has, and how often."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

import msgspec
from isal.isal_zlib import crc32
from msgspec.structs import replace

from tui.index.counted import CountedDamage

EXACT = 256  # different values of a field that are counted exactly; of more the most frequent are kept
HEAVY = 16
FEW = 16  # different values that are kept though they hardly repeat
_MOST_SIZE = 64 << 20  # bytes of a summary, decoded
_LEVEL = 19
_MOST_DIGITS = 10**22  # smaller whole numbers are spelled by their digits
_LARGEST = 10**308  # larger ones may have no float

_CHECK = 4  # bytes of a checksum

T = TypeVar("T")
_Bytes = bytes  # Summary has a field of this name


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


class _LazyFields(Mapping[str, FieldSummary]):
    """The fields of a stored summary: each is decoded when somebody asks for it."""

    def __init__(self, stored: dict[str, msgspec.Raw]) -> None:
        self._stored = stored

    def __getitem__(self, name: str) -> FieldSummary:
        texts, numbers, field = _field(self._stored[name])
        field.values = dict(zip(texts.split("\n"), numbers, strict=True)) if numbers else {}
        return field

    def __iter__(self) -> Iterator[str]:
        return iter(self._stored)

    def __len__(self) -> int:
        return len(self._stored)


class Details(msgspec.Struct, array_like=True):
    """What is in the records of a chunk.

    `minutes`: for each minute that records have their time in, how many minutes after the one before it is (the first:
    since 1970), and how many records that are.
    """

    fields: Mapping[str, FieldSummary] = {}
    minutes: list[int] = []
    sample: Sample = msgspec.field(default_factory=Sample)


class Summary(msgspec.Struct, array_like=True):
    """One chunk. `whole`: every field was kept. `no_time`: records without a time. `details`: packed until asked for,
    as who only wants to know how many records there are does not."""

    records: int = 0
    bytes: int = 0
    not_json: int = 0
    broken_json: int = 0
    unparsed: int = 0
    blank: int = 0
    split: int = 0
    form: str = ""
    codec: str = ""
    damage: list[CountedDamage] = []
    whole: bool = True
    time_field: str = ""
    no_time: int = 0
    details: Details | _Bytes = b""

    @property
    def fields(self) -> Mapping[str, FieldSummary]:
        return self._unpacked().fields

    @property
    def sample(self) -> Sample:
        return self._unpacked().sample

    def _unpacked(self) -> Details:
        if isinstance(self.details, _Bytes):
            self.details = _details(self.details) if self.details else Details()
        return self.details


_StoredField = tuple[str, list[int], FieldSummary]  # its values, a line each, and their numbers, which pack well
_StoredDetails = tuple[dict[str, msgspec.Raw], list[int], Sample]


def packed(summary: Summary) -> bytes:
    """As it is stored, behind a checksum."""
    import zstandard  # only where there is something to keep

    details = summary._unpacked()
    fields = {
        name: ("\n".join(field.values), list(field.values.values()), replace(field, values={}))
        for name, field in details.fields.items()
    }
    data = msgspec.msgpack.encode((fields, details.minutes, details.sample))
    stored = msgspec.msgpack.encode(replace(summary, details=zstandard.ZstdCompressor(_LEVEL).compress(data)))
    return crc32(stored).to_bytes(_CHECK, "little") + stored


def unpacked(data: bytes) -> Summary | None:
    """None for what is not a summary of this format."""
    stored = memoryview(data)[_CHECK:]
    if crc32(stored).to_bytes(_CHECK, "little") != data[:_CHECK]:
        return None
    try:
        return msgspec.msgpack.decode(stored, type=Summary)
    except msgspec.DecodeError:
        return None


def _field(data: msgspec.Raw) -> _StoredField:
    return msgspec.msgpack.decode(data, type=_StoredField)  # type: ignore[no-any-return]  # msgspec infers Any


def _details(data: bytes) -> Details:
    import zstandard

    content = zstandard.ZstdDecompressor().decompress(data, max_output_size=_MOST_SIZE)
    fields, minutes, sample = msgspec.msgpack.decode(content, type=_StoredDetails)
    return Details(_LazyFields(fields), minutes, sample)


def kept_values(counts: Counter[T], records: int) -> tuple[dict[T, int], bool]:
    """The values that are stored, and whether they are all. Of ids, which hardly repeat, only the frequent ones are."""
    if len(counts) <= (EXACT if 2 * len(counts) <= records else FEW):
        return dict(counts), True
    return {value: number for value, number in counts.most_common(HEAVY) if number > 1}, False


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
