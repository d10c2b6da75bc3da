"""The fields of the previewed records, the most informative first, and likely slips in a filter. Without Textual."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from tui.analysis.patterns import has_words, pattern
from tui.app.records.store import Records, RecordsGone
from tui.filter import Filter
from tui.filter.fields import ANY, MAX_VALUES, Field, FieldPath, Fields
from tui.filter.hints import FieldSample, Hint, hints, may_mislead
from tui.filter.terms import KINDS
from tui.units import count

MAX_MEASURED = 50_000  # records; of more, this many are sampled, evenly spaced
_SLICE = 1_000
TOP = 8
FEW = 16  # distinct values that a person will read through
_HARDLY = 0.05  # of the records
_GATHERED = 3  # texts in each pattern, on average, from which patterns say more


@dataclass(frozen=True, slots=True)
class Shown:
    """The records to measure: the numbers of the shown records, and the filter that selected them."""

    records: Records
    numbers: Sequence[int]
    filter: Filter


@dataclass(frozen=True, slots=True)
class Facet:
    """A field with its most frequent values; for texts with variable parts, `patterns` and the texts of each."""

    field: Field
    records: int  # measured
    patterns: tuple[tuple[str, int], ...] = ()

    @property
    def path(self) -> FieldPath:
        return self.field.path

    @property
    def values(self) -> tuple[tuple[object, int], ...]:
        """The patterns if there are any, else the values."""
        return self.patterns or self.field.top

    @property
    def ids(self) -> bool:
        """Whether its values never, or hardly ever, repeat."""
        most = self.field.top[0][1] if self.field.top else 0
        return not self.patterns and self.field.median is None and self.field.distinct > FEW and most <= self._rare

    @property
    def _rare(self) -> float:
        return max(0.01 * self.field.records, 2)

    @property
    def rank(self) -> int:
        """The order in the panel: constants, fields of few values, texts with patterns, numbers, ids."""
        if self.field.distinct <= 1 and self.field.records == self.records:
            return 0
        if self.field.distinct <= FEW:
            return 1
        return 4 if self.ids else 3 if self.field.median is not None and not self.patterns else 2


def facet_of(field: Field, records: int) -> Facet:
    """Return the facet of a field with all its counted values: its patterns, and only the top values."""
    texts = [(value, times) for value, times in field.top if isinstance(value, str)]
    kept = replace(field, top=field.top[:TOP])
    if field.distinct <= FEW or len(texts) < len(field.top) or ANY in field.path:
        return Facet(kept, records)
    patterns = Counter[str]()
    for text, times in texts:
        patterns[pattern(text)] += times
    worded = all(has_words(text) for text, _ in patterns.most_common(3))
    if not worded or len(patterns) * _GATHERED > len(texts):
        return Facet(kept, records)
    return Facet(kept, records, tuple(patterns.most_common(TOP)))


def in_order(facets: Iterable[Facet]) -> tuple[Facet, ...]:
    """Sort facets, the most informative first; of those with few values, the least informative last."""

    def key(facet: Facet) -> tuple[int, bool, bool, int]:
        few, field = facet.rank == 1, facet.field
        return facet.rank, few and field.coverage < _HARDLY, few and field.distinct == 1, field.distinct if few else 0

    return tuple(sorted(facets, key=key))


@dataclass(frozen=True, slots=True)
class Measured:
    """The fields of `records` records. `whole`: all records to measure are included; `complete`: so is every field.

    `source`: where the records are from, in words, if not from the hour.
    """

    fields: tuple[Facet, ...] = ()
    records: int = 0
    whole: bool = False
    complete: bool = True
    source: str = ""


def measure(shown: Shown) -> Iterator[Measured | None]:
    """Yield the fields of the first records, then of all. A None between is a point at which to cancel."""
    fields, numbers = Fields(), spaced(shown.numbers, MAX_MEASURED)
    for start in range(0, max(len(numbers), 1), _SLICE):
        fields.feed(sampled(shown.records, numbers[start : start + _SLICE]))
        whole = start + _SLICE >= len(numbers)
        if whole or not start:
            facets = in_order(facet_of(field, fields.records) for field in fields.summarize(MAX_VALUES))
            yield Measured(facets, fields.records, whole, fields.complete)
        else:
            yield None


def slips(filter_: Filter, records: Records, *, matched: bool) -> str:
    """Return hints why a filter may not mean what the user intends, from the first records, as on the command line."""
    if not filter_.active or (matched and not may_mislead(filter_)):
        return ""
    sample = FieldSample()
    for record in sampled(records, range(len(records))):
        if sample.full:
            break
        sample.feed((record,))
    return ". ".join(dict.fromkeys(hint_words(hint) for hint in hints(filter_, sample, matched=matched)))


def hint_words(hint: Hint) -> str:
    """Return a hint with the suggested term, as typed here, and how many of the sampled records match it."""
    if hint.term is None:
        return hint.sentence
    kind = f"the {lead}" if (lead := KINDS[hint.term.kind].lead) else ""
    joint = " Try" if hint.sentence.endswith("?") else "; try"
    words = f"{hint.sentence}{joint} {kind}{hint.term.text}"
    return f"{words}, which matches {count(hint.matches)} of {count(hint.records)}" if hint.matches else words


LARGEST = 1 << 20  # bytes
MAX_BYTES = 64 << 20


def sampled(records: Records, numbers: Sequence[int], bytes_left: int = MAX_BYTES) -> Iterator[bytes]:
    """Yield the records with these numbers, at most `bytes_left` bytes, without those over `LARGEST`.

    Stops if the records are gone.
    """
    for number in numbers:
        try:
            record = records.head(number, LARGEST + 1)
        except RecordsGone:
            return
        bytes_left -= len(record)
        if bytes_left < 0:
            return
        if len(record) <= LARGEST:
            yield record


def spaced(numbers: Sequence[int], limit: int) -> Sequence[int]:
    """Return all of the numbers, or `limit` of them, evenly spaced."""
    if len(numbers) <= limit:
        return tuple(numbers)
    return tuple(numbers[at * len(numbers) // limit] for at in range(limit))
