"""What the index gathers from a chunk: fields with their values, minutes, and a sample of its records."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import compress
from operator import itemgetter
from typing import Any

from isal.isal_zlib import crc32

from tui.analysis.columns import MISSING, Compound, Learner
from tui.analysis.gathered_field import GatheredField
from tui.analysis.observed import FIRST, NONE, OTHER
from tui.analysis.places import MAX_FIELDS, Place, Text
from tui.analysis.texts import fields_of_texts
from tui.filter.build import spell_field
from tui.filter.fields import ANY, FieldPath
from tui.index.summary import FieldSummary, Sample, spell_json
from tui.index.words import Words

_MAX_TEXTS = 8_192  # per place that may wait to be decoded
_SAMPLED = 512  # records per chunk
_LARGEST = (1 << 32) - 1  # CRC-32 of a record
_FEWEST, _PART = 64, 64  # records sampled from a small chunk; 1 in so many from a larger one
_FEW_VALUES = 32  # of a field in the sample; with more, combinations are rare and the sample becomes large


class Sampling:
    """Samples a chunk's records; returns somewhat more than will be kept."""

    def __init__(self) -> None:
        self._least: list[int] = []

    def chosen(self, records: Sequence[bytes]) -> list[tuple[int, bytes]]:
        """Return the next records whose checksums, a stand-in for random numbers, are among the least so far."""
        numbers, least = list(map(crc32, records)), self._least
        bound = least[-1] if len(least) == _SAMPLED else _LARGEST
        few = list(compress(zip(numbers, records, strict=True), map(bound.__ge__, numbers)))
        self._least = sorted([*least, *map(itemgetter(0), few)])[:_SAMPLED]
        return few


@dataclass(slots=True)
class Gathered:
    """What was gathered from some records of a chunk. `texts`: values not decoded yet, as in a Place. `sample`: some of
    the records, each with its checksum."""

    fields: dict[FieldPath, GatheredField] = field(default_factory=dict)
    texts: dict[FieldPath, Counter[Text]] = field(default_factory=dict)
    whole: bool = True
    minutes: Counter[int] = field(default_factory=Counter)
    no_time: int = 0
    words: Words | None = None
    sample: list[tuple[int, bytes]] = field(default_factory=list)

    def merge(self, other: Gathered) -> None:
        self.whole &= other.whole
        self.minutes.update(other.minutes)
        self.no_time += other.no_time
        self.sample = sorted([*self.sample, *other.sample])[:_SAMPLED]
        if self.words is not None and other.words is not None:
            self.words.merge(other.words)
        for path, seen in other.fields.items():
            self._add_field(path, seen)
        for path, texts in other.texts.items():
            self.texts.setdefault(path, Counter()).update(texts)
            if len(self.texts[path]) > _MAX_TEXTS:
                self._read_texts(path)

    def add(self, root: Place) -> None:
        """Add the places of the first records."""
        for place in root.all():
            self.whole &= not place.full
            if place.texts:
                self.texts[place.path] = place.texts
            if place.values or place.others or place.texts or place.path[-1:] == (ANY,):  # an empty list is a value
                self.fields[place.path] = GatheredField.at(place)

    def summaries(self) -> dict[str, FieldSummary]:
        """Return the final summary of every field, in the order in which they were seen."""
        order: dict[FieldPath, None] = {}
        for path in list(self.fields):
            order |= dict.fromkeys([path, *self._read_texts(path)])
        fields = ((path, self.fields[path]) for path in order if path in self.fields)
        # a field without types was only a placeholder for its texts
        return {spell_field(path): seen.summary() for path, seen in fields if seen.types or path[-1:] == (ANY,)}

    def _add_field(self, path: FieldPath, seen: GatheredField) -> None:
        if path in self.fields:
            self.fields[path].merge(seen)
        elif len(self.fields) < MAX_FIELDS:
            self.fields[path] = seen
        else:
            self.whole = False

    def _read_texts(self, path: FieldPath) -> list[FieldPath]:
        """Decode the texts waiting at a path; return the paths in them."""
        texts = self.texts.pop(path, None)
        if texts is None:
            return []
        fields, whole = fields_of_texts(path, texts)
        self.whole &= whole
        for inner, seen in fields.items():
            self._add_field(inner, seen)
        return list(fields)


def sample_of(records: Sequence[bytes], number: int, fields: Mapping[str, FieldSummary], learner: Learner) -> Sample:
    """Return the sample of a chunk of `number` records; only of fields whose values are all known, and few."""
    objects = [record for record in records if record.lstrip().startswith(b"{")][: max(_FEWEST, number // _PART)]
    columns = learner.columns(b"".join([record + b"\n" for record in objects]))
    sample = Sample(columns.records)
    for path, cells in columns.cells.items():
        summary = fields.get(name := spell_field(path))
        if summary is None or not summary.exact or len(summary.values) > _FEW_VALUES:
            continue
        code_of = _Codes(summary.values)
        codes = bytes([code_of[type(value) is bool, value] for value in cells.values])
        if cells.records is None:
            sample.codes[name] = codes
        else:
            sample.items[name] = array("H", cells.records).tobytes(), codes
    return sample


class _Codes(dict[tuple[bool, Any], int]):
    """The codes of a field's values by (is boolean, value); each is converted to JSON only once."""

    def __init__(self, spelled: Iterable[str]) -> None:
        super().__init__({(False, MISSING): NONE, (False, None): NONE, (False, Compound.COMPOUND): OTHER})
        self._places = {text: place for place, text in enumerate(spelled, FIRST)}

    def __missing__(self, key: tuple[bool, Any]) -> int:
        code = self[key] = self._places.get(spell_json(key[1]).decode(), OTHER)
        return code
