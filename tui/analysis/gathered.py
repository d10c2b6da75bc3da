"""What is gathered of a chunk for the index: fields with their values, minutes, and some of its records."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, compress, filterfalse
from operator import itemgetter
from typing import Any

from isal.isal_zlib import crc32

from tui.analysis.columns import MISSING, Compound, Learner
from tui.analysis.observed import FIRST, NONE, OTHER
from tui.analysis.patterns import Patterns
from tui.analysis.places import MOST_FIELDS, Place
from tui.analysis.sketch import Sketch
from tui.filter.build import spell_field
from tui.filter.fields import ANY, FieldPath
from tui.filter.jmespath import load
from tui.index.summary import FieldSummary, Sample, kept_values, spell_json
from tui.index.words import Words

MOST_VALUES = 20_000  # of a field that are told apart; of more, only the number is rough
_MOST_TEXTS = 4_096  # of a place, that wait until they are read
_SAMPLED = 512  # records of a chunk
_LARGEST = (1 << 32) - 1  # number of a record
_FEWEST, _PART = 64, 64  # of a small one; of how many records one is taken of a larger one
_FEW_VALUES = 32  # of a field: what has more hardly tells what holds together, and takes more room
_TYPES: dict[type, str] = {
    str: "string",
    bool: "boolean",
    bytes: "boolean",
    int: "number",
    float: "number",
    type(None): "null",
    dict: "object",
    list: "array",
}
_TRUTHS = {True: b"true", False: b"false"}


@dataclass(slots=True)
class GatheredField:
    """What was seen of one field so far. `values`: how many records have each; booleans by their spelling, in bytes.

    `column`: values that are not counted yet. `full`: there was no room for all of them; `numbers` and `patterns` are
    of those for which there was none.
    """

    records: int = 0
    types: Counter[str] = field(default_factory=Counter)
    column: list[Any] = field(default_factory=list)
    others: int = 0
    values: Counter[Any] = field(default_factory=Counter)
    full: bool = False
    numbers: Sketch | None = None
    patterns: Patterns | None = None

    @classmethod
    def at(cls, place: Place) -> GatheredField:
        """What is at a place of some records; of an item that a list has twice, one."""
        values, kinds = place.values, place.kinds
        if bool in kinds:  # in Python True is 1
            values = list(map(_unlike_numbers, values))
        once: dict[tuple[int, Any], None] = {}
        having = len(set(place.records)) if place.records is not None else 0
        if 0 < having < len(values):
            once = dict.fromkeys(zip(place.records or (), values, strict=True))
            values = list(map(itemgetter(1), once))
        types = Counter(map(type, values)) if len(kinds) > 1 else dict.fromkeys(kinds, len(values))
        named: Counter[str] = Counter()
        for kind, number in chain(types.items(), place.others.items()):
            named[_TYPES[kind]] += number
        if type(None) in kinds:
            values = [value for value in values if value is not None]
            having = len({record for record, value in once if value is not None}) if once else 0
        return cls(having or len(values), named, values, place.others.total())

    @classmethod
    def of_texts(cls, place: Place) -> GatheredField:
        """The same of records that stand for several each."""
        pairs = dict.fromkeys(zip(place.records or (), map(_unlike_numbers, place.values), strict=True))
        types = Counter({_TYPES[kind]: number for kind, number in place.others.items()})
        values: Counter[Any] = Counter()
        for record, value in pairs:
            types[_TYPES[type(value)]] += place.times[record]
            if value is not None:
                values[value] += place.times[record]
        having = {record for record, value in pairs if value is not None}
        return cls(sum(map(place.times.__getitem__, having)), types, [], place.others.total(), values)

    def merge(self, other: GatheredField) -> None:
        self.records += other.records
        self.types.update(other.types)
        self.others += other.others
        self._count(self.column)
        self._count(other.column)
        self.column = []
        for value, number in other.values.items():
            if value in self.values or len(self.values) < MOST_VALUES:
                self.values[value] += number
            else:
                self.full = True
                self._tell([value], [number])

    def _count(self, column: list[Any]) -> None:
        mine = self.values
        if len(mine) + len(column) <= MOST_VALUES:
            mine.update(column)
            return
        for value in () if self.full else dict.fromkeys(column):
            if value not in mine:
                if len(mine) == MOST_VALUES:
                    self.full = True
                    break
                mine[value] = 0
        known = list(filter(mine.__contains__, column))
        mine.update(known)
        if len(known) < len(column):
            self._tell(list(filterfalse(mine.__contains__, column)) if known else column)

    def _tell(self, values: Sequence[Any], times: Sequence[int] = ()) -> None:
        """Only the numbers and patterns of some values are kept, each of which occurs once or as many `times`."""
        self.numbers, self.patterns = self.numbers or Sketch(), self.patterns or Patterns()
        scalars = self.types.keys() - {"null", "object", "array"}
        for name, tell in (("number", self.numbers.add), ("string", self.patterns.add)):
            if scalars == {name}:
                tell(values, times)
            elif name in scalars:
                there = [_TYPES[type(value)] == name for value in values]
                tell(list(compress(values, there)), list(compress(times, there)))

    def summary(self) -> FieldSummary:
        """The end of it."""
        self._count(self.column)
        values, exact = kept_values(self.values, self.records)
        exact &= not self.full
        spelled = {
            value.decode() if type(value) is bytes else spell_json(value).decode(): number
            for value, number in values.items()
        }
        whole = GatheredField(types=self.types, numbers=self.numbers, patterns=self.patterns)
        if not exact:
            whole._tell(list(self.values), list(self.values.values()))
        return FieldSummary(
            self.records,
            dict(self.types),
            dict(sorted(spelled.items())),
            exact,
            len(self.values),
            self.others,
            whole.numbers.plain if whole.numbers and whole.numbers.count else None,
            dict(whole.patterns.counts) if whole.patterns else {},
        )


def _unlike_numbers(value: Any) -> Any:
    return _TRUTHS[value] if type(value) is bool else value


class Sampling:
    """Chooses some of a chunk's records, a few more than will be kept."""

    def __init__(self) -> None:
        self._least: list[int] = []

    def chosen(self, records: Sequence[bytes]) -> list[tuple[int, bytes]]:
        """Those of the next records that have the least numbers so far; chance gives each one."""
        numbers, least = list(map(crc32, records)), self._least
        bound = least[-1] if len(least) == _SAMPLED else _LARGEST
        few = list(compress(zip(numbers, records, strict=True), map(bound.__ge__, numbers)))
        self._least = sorted([*least, *map(itemgetter(0), few)])[:_SAMPLED]
        return few


@dataclass(slots=True)
class Gathered:
    """What was gathered of some records of a chunk. `texts`: values that are not read yet, as in a Place. `sample`:
    some of the records, by a number that chance gives each."""

    fields: dict[FieldPath, GatheredField] = field(default_factory=dict)
    texts: dict[FieldPath, Counter[bytes]] = field(default_factory=dict)
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
            if len(self.texts[path]) > _MOST_TEXTS:
                self._read_texts(path)

    def add(self, root: Place) -> None:
        """The places of the first records."""
        for place in root.all():
            self.whole &= not place.full
            if place.texts:
                self.texts[place.path] = place.texts
            if place.values or place.others or place.texts or place.path[-1:] == (ANY,):  # an empty list is a value
                self.fields[place.path] = GatheredField.at(place)

    def summaries(self) -> dict[str, FieldSummary]:
        """The end of it: of every field, in the order in which they were seen."""
        order: dict[FieldPath, None] = {}
        for path in list(self.fields):
            order |= dict.fromkeys([path, *self._read_texts(path)])
        fields = ((path, self.fields[path]) for path in order if path in self.fields)
        # a field without types stood for its texts
        return {spell_field(path): seen.summary() for path, seen in fields if seen.types or path[-1:] == (ANY,)}

    def _add_field(self, path: FieldPath, seen: GatheredField) -> None:
        if path in self.fields:
            self.fields[path].merge(seen)
        elif len(self.fields) < MOST_FIELDS:
            self.fields[path] = seen
        else:
            self.whole = False

    def _read_texts(self, path: FieldPath) -> list[FieldPath]:
        """Read those that wait at a path; the paths of what is in them."""
        texts: Counter[bytes] = self.texts.pop(path, Counter())
        root = Place(path, list(texts.values()))
        for number, text in enumerate(texts):
            root.add_value(load(text), number)
        found = []
        for place in root.all() if texts else ():
            self.whole &= not place.full
            if place.values or place.others or place.path[-1:] == (ANY,):
                self._add_field(place.path, GatheredField.of_texts(place))
                found.append(place.path)
        return found


def sample_of(records: Sequence[bytes], number: int, fields: Mapping[str, FieldSummary], learner: Learner) -> Sample:
    """Which of their fields' values some of a chunk's `number` records have, where those are all known, and few."""
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
    """The codes of the values of a field, booleans apart: each is spelled once."""

    def __init__(self, spelled: Iterable[str]) -> None:
        super().__init__({(False, MISSING): NONE, (False, None): NONE, (False, Compound.COMPOUND): OTHER})
        self._places = {text: place for place, text in enumerate(spelled, FIRST)}

    def __missing__(self, key: tuple[bool, Any]) -> int:
        code = self[key] = self._places.get(spell_json(key[1]).decode(), OTHER)
        return code
