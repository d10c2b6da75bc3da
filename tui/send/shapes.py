"""The different shapes of records, which are their keys. One kind of event has few shapes, so a stray record shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from operator import attrgetter

import msgspec

_MAX_SHAPES = 1_000
_MAX_KEYS_LENGTH = 10_000  # characters
_SHOWN_KEYS = 8

Keys = tuple[str, ...]
_decode = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode  # skips the values: 0.7 µs for 400 bytes
_NO_OBJECT = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


@dataclass(frozen=True, slots=True)
class RecordShape:
    """The number of records with these top-level keys, in alphabetical order; None: they are not JSON objects."""

    keys: Keys | None
    count: int

    def words(self, usual: RecordShape | None = None) -> str:
        """Return the keys, or only the differences from the usual shape, such as `+error -player`."""
        if self.keys is None:
            return "no JSON object"
        if usual is None or usual.keys is None or usual is self:
            return _some(self.keys) or "no keys"
        mine, others = set(self.keys), set(usual.keys)
        words = [f"+{key}" for key in sorted(mine - others)] + [f"-{key}" for key in sorted(others - mine)]
        return _some(tuple(words))


class Shapes:
    """Counts shapes in bounded memory."""

    def __init__(self) -> None:
        self._counts: Counter[Keys | None] = Counter()
        self.beyond = 0  # records of shapes beyond _MAX_SHAPES

    def add(self, records: list[bytes]) -> None:
        try:
            fresh: Counter[Keys | None] = Counter(map(tuple, map(_decode, records)))
        except _NO_OBJECT:
            fresh = Counter(_one_by_one(records))
        for keys, count in fresh.items():
            whole = keys and _bounded(tuple(sorted(keys)))
            if whole in self._counts or len(self._counts) < _MAX_SHAPES:
                self._counts[whole] += count
            else:
                self.beyond += count

    def summarize(self) -> tuple[RecordShape, ...]:
        """Return the shapes, the most common first."""
        shapes = [RecordShape(keys, count) for keys, count in self._counts.items()]
        return tuple(sorted(shapes, key=attrgetter("count"), reverse=True))


def _one_by_one(records: list[bytes]) -> Iterator[Keys | None]:
    for record in records:
        try:
            yield tuple(_decode(record))
        except _NO_OBJECT:
            yield None


def _bounded(keys: Keys) -> Keys:
    """Limit the length of the keys, which may be megabytes."""
    return keys if sum(map(len, keys)) < _MAX_KEYS_LENGTH else ("…",)


def _some(words: Keys) -> str:
    more = f" … {len(words) - _SHOWN_KEYS} more" if len(words) > _SHOWN_KEYS else ""
    return " ".join(islice(words, _SHOWN_KEYS)) + more
