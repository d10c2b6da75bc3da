"""Records in columns for comparison: the values of each field, and which record has which value.

Each record holds a number, the code of its value. Values that are nearly unique are not kept; texts are then kept by
their pattern.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import Enum
from itertools import islice, repeat
from operator import ne
from typing import Any, TypeAlias

from tui.analysis.columns import MAX_PATHS, MISSING, Cells, Compound, Learner
from tui.analysis.patterns import LONGEST, pattern_if_telling
from tui.archive import Block, Chunk
from tui.filter import Filter, Matcher
from tui.filter.event_time import event_time
from tui.filter.fields import FieldPath
from tui.scan.matching import matching_block

MAX_VALUES = 3_000  # of a field
MAX_PATTERNS = 500
_LARGEST = 1e300
_MANY = 100  # records needed to decide whether a field holds ids
_UNIQUE = 0.9  # of the records: with at least this many different values, a field holds ids
_SAMPLED = 50  # values checked to decide whether they are times, or texts with words
TIMES = 0.9  # of a field's values must be times for the field to be one

NONE, OTHER, FIRST = 0, 1, 2  # codes: no value, a value that is not kept, the first value that is kept
_BYTE = 256 - FIRST  # values that fit into codes of one byte


class Truth(Enum):
    """A boolean, distinct from 1 and 0: in Python True == 1."""

    TRUE = True
    FALSE = False

    __hash__ = object.__hash__  # members are singletons, and Enum's own hash is slow


@dataclass(frozen=True, slots=True)
class Blanked:
    """All texts with this pattern that were not kept themselves."""

    pattern: str


Value: TypeAlias = "str | int | float | Truth | Blanked"
Codes: TypeAlias = "bytes | array[int]"
_TRUTHS = {True: Truth.TRUE, False: Truth.FALSE}


@dataclass(slots=True)
class FieldColumn:
    """One field. `codes`: one per record, or, with `records` (their numbers), one per list item.

    `values`: the values that are kept, in the order of their codes, and how many records have each. `numbers`: parallel
    to `codes`, the number or NaN; `numeric` of them are numbers. `unique`: records whose value was not kept. `times`:
    records whose values are times, which are not kept. `there`: records that have the field.
    """

    codes: Codes = b""
    records: array[int] | None = None
    values: dict[Value, int] = field(default_factory=dict)
    numbers: array[float] | None = None
    unique: int = 0
    times: int = 0
    there: int = 0
    numeric: int = 0
    _code_of: dict[Value, int] = field(default_factory=dict, compare=False)

    def code_of(self, value: Value) -> int | None:
        """Return the code of a value, or None if it is not kept."""
        if len(self._code_of) != len(self.values):
            self._code_of = {value: code for code, value in enumerate(self.values, FIRST)}
        return self._code_of.get(value)

    def extend(self, other: FieldColumn, before: int) -> None:
        """Append the next records. `before`: the number of records before them."""
        code_of = {value: code for code, value in enumerate(self.values, FIRST)}
        table = [NONE, OTHER]
        for value, number in other.values.items():
            if value not in code_of and len(code_of) >= MAX_VALUES:
                self.unique += number
                blanked = pattern_if_telling(value) if type(value) is str else None
                value = Blanked(blanked) if blanked is not None else value
            if value in code_of:
                self.values[value] += number
            elif len(code_of) < MAX_VALUES or (type(value) is Blanked and len(code_of) < MAX_VALUES + MAX_PATTERNS):
                code_of[value] = FIRST + len(code_of)
                self.values[value] = number
            table.append(code_of.get(value, OTHER))
        self._fill(before if self.records is None else len(self.codes))
        size = len(self.codes)
        self.codes = _joined(self.codes, other.codes, table)
        if self.records is not None and other.records is not None:
            self.records.extend(record + before for record in other.records)
        if self.numbers is not None or other.numbers is not None:
            nan = float("nan")
            self.numbers = self.numbers if self.numbers is not None else array("d", [nan]) * size
            self.numbers.extend(other.numbers if other.numbers is not None else [nan] * len(other.codes))
        self.unique += other.unique
        self.times += other.times
        self.there += other.there
        self.numeric += other.numeric

    def _fill(self, size: int) -> None:
        """Append records without the field until there are `size`."""
        if (lacking := size - len(self.codes)) > 0:
            self.codes = padded(self.codes, lacking, NONE)
            if self.numbers is not None:
                self.numbers.extend([float("nan")] * lacking)


def padded(codes: Codes, number: int, code: int) -> Codes:
    """Return the codes with `number` times `code` appended."""
    if isinstance(codes, bytes):
        return codes + bytes([code]) * number
    return codes + array("H", [code]) * number


def _joined(codes: Codes, more: Codes, table: list[int]) -> Codes:
    """Append `more` to `codes`, translated with the table."""
    if type(codes) is bytes and type(more) is bytes and max(table) <= 255:
        return codes + more.translate(bytes(table) + bytes(256 - len(table)))
    joined = codes if isinstance(codes, array) else array("H", list(codes))
    joined.extend(map(table.__getitem__, more))
    return joined


def column_of(cells: Cells) -> FieldColumn:
    """Return the column of one field; of ids only the patterns are kept."""
    values = cells.values
    kinds = set(map(type, values))
    if bool in kinds:
        values = [_TRUTHS[value] if type(value) is bool else value for value in values]
    made = FieldColumn()
    if cells.records is not None:
        pairs = dict.fromkeys(zip(cells.records, values, strict=True))  # two objects of a list may have the same value
        values = [value for _, value in pairs]
        made.records = array("I", [record for record, _ in pairs])
    counts = Counter(values)
    lacking = counts.pop(MISSING, 0) + counts.pop(None, 0)
    counts.pop(Compound.COMPOUND, None)  # present, but coded as OTHER
    made.there = len(values) - lacking if made.records is None else len(set(made.records))
    if len(counts) > _SAMPLED and _are_times(counts):
        made.times = made.there
        made.codes = bytes(map((MISSING, None).__contains__, values)).translate(b"\1\0" + bytes(254))
        return made
    if kinds & {int, float}:
        made.numbers = _numbers(values, kinds)
        made.numeric = len(values) - sum(map(ne, made.numbers, made.numbers))
    code_of = _codes(counts, made)
    code_of[MISSING] = code_of[None] = NONE
    codes = map(code_of.get, values, repeat(OTHER))
    made.codes = bytes(codes) if len(made.values) <= _BYTE else array("H", codes)
    return made


def _codes(counts: Counter[Any], column: FieldColumn) -> dict[Any, int]:
    """Return the code of each value that is kept, itself or by its pattern; add these values to the column."""
    number = counts.total()
    are_ids = number >= _MANY and len(counts) >= _UNIQUE * number
    values = column.values
    left: list[Any] = []
    for value, count in counts.items():
        if (are_ids and count == 1) or len(values) >= MAX_VALUES or (type(value) is str and len(value) > LONGEST):
            left.append(value)
            column.unique += count
        else:
            values[value] = count
    code_of: dict[Any, int] = {value: code for code, value in enumerate(values, FIRST)}
    texts = [text for text in left if type(text) is str]
    if any(map(pattern_if_telling, islice(texts, _SAMPLED))):
        codes: dict[str, int] = {}
        for text in texts:
            if (blanked := pattern_if_telling(text)) is None:
                continue
            if blanked not in codes:
                if len(codes) >= MAX_PATTERNS:
                    continue
                codes[blanked] = FIRST + len(values)
                values[Blanked(blanked)] = 0
            code_of[text] = codes[blanked]
            values[Blanked(blanked)] += counts[text]
    return code_of


def _numbers(values: list[Any], kinds: set[type]) -> array[float]:
    """Return the values as floats, NaN for a value that is not a number or too large for a float."""
    nan = float("nan")
    if kinds <= {int, float, type(None), type(MISSING)}:
        if not kinds <= {int, float}:
            values = [nan if value is MISSING or value is None else value for value in values]
        if min(values) > -_LARGEST and max(values) < _LARGEST:
            return array("d", values)
    numbers = (value if type(value) is int or type(value) is float else nan for value in values)
    return array("d", [number if -_LARGEST < number < _LARGEST else nan for number in numbers])


def _are_times(values: Iterable[Any]) -> bool:
    some = list(islice(values, _SAMPLED))
    others = (value for value in some if event_time(value) is None)
    most = int(len(some) - TIMES * len(some))
    return len(list(islice(others, most + 1))) <= most  # for most fields, the first few decide


@dataclass(slots=True)
class Observed:
    """The columns of `records` records, numbered from 0. `not_objects`: number of records that are not JSON objects."""

    records: int = 0
    columns: dict[FieldPath, FieldColumn] = field(default_factory=dict)
    not_objects: int = 0

    def merge(self, other: Observed) -> None:
        """Append the records that follow; their numbers continue from these."""
        for path, column in other.columns.items():
            mine = self.columns.get(path)
            if mine is None and len(self.columns) < MAX_PATHS:
                mine = self.columns[path] = FieldColumn(records=array("I") if column.records is not None else None)
            if mine is not None:
                mine.extend(column, self.records)
        self.records += other.records
        self.not_objects += other.not_objects


@dataclass(frozen=True, slots=True)
class Observing:
    """Gather every `stride`-th matching record of a chunk."""

    stride: int = 1
    learner: Learner = field(default_factory=Learner, compare=False)

    def begin(
        self,
        chunk: Chunk,
        filter: Filter,  # noqa: A002
        matcher: Matcher,
    ) -> Callable[[Block], tuple[Observed, int]]:
        """Return the function that observes each block of a chunk."""
        seen = 0

        def observe(block: Block) -> tuple[Observed, int]:
            nonlocal seen
            matching, matches = matching_block(block, matcher)
            if not matches:
                return Observed(), 0
            lines = matching.lines()
            if self.stride > 1:
                lines = b"\n".join(matching.records()[-seen % self.stride :: self.stride])
            seen += matches
            return observe_lines(lines, self.learner), matches

        return observe


def observe_lines(lines: bytes, learner: Learner) -> Observed:
    """Return the columns of records, one per line."""
    made = learner.columns(lines)
    columns = {path: column_of(cells) for path, cells in made.cells.items()}
    columns |= {path: FieldColumn(codes, there=sum(codes)) for path, codes in made.compounds.items()}
    return Observed(made.records, columns, made.not_objects)
