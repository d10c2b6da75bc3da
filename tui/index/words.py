"""The words of a chunk in a Bloom filter: 0.05 % false positives, 1 % in a chunk that is hardly more than ids; no false
negatives.

A word is a run of at least 4 ASCII letters, digits and underscores; UTF-8 bytes beyond ASCII separate words. A text
without escapes therefore has the same words in a record's bytes and in its values. `-w` searches for such words, and
ids consist of them.

The filter is divided into lines of 1,024 bits, and all bits of a word are in one line (Putze, Sanders and Singler:
Cache-, Hash- and Space-Efficient Bloom Filters, 2009), so a lookup reads only one row of lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from math import gcd, log
from operator import or_
from typing import Any

from isal.isal_zlib import crc32

from tui.index.counted import checked, unchecked

SHORTEST = 4  # bytes of a word; shorter ones are in nearly every chunk
LINE = 128  # bytes
MOST_LINES = (64 << 20) // LINE  # of a filter
LINES_OF_ROW = 31  # lines stored as one row; with its checksum, a row fills an SQLite page
_BITS = 18  # per word; with 8 of them set, false positives are 0.03 % (Bloom 1970), and with such lines 0.05 %
_FEWEST_BITS = 10  # per word, if with _BITS the filter would be more than a _SHARE of the chunk: 1 % false positives
_SHARE = 10
_SET = 4  # bits in a set; a word has two of the sets, each chosen by 14 bits of its hash
_SETS = 1 << 14
_PIECE = 1 << 18  # bytes split into words at once
_MIN_BYTES, _MAX_BYTES = 8 << 10, 32 << 20  # bytes of a filter while it is being filled
_PER_BYTE = 3  # stored bytes of a chunk per byte of its filter
_FOLDS = 315  # 3 × 3 × 5 × 7: so a filter can be folded to nearly any smaller number of lines
_RECENT = 50_000  # recently added words to remember: most words of a block recur in the next one
_MIX = 0x9E3779B97F4A7C15  # 2⁶⁴ / golden ratio: a product's high bits depend on all bits of the number

_CHARACTERS = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz")
_APART = bytes(byte if byte in _CHARACTERS else 0x20 for byte in range(256))
_RUN = re.compile(rb"[0-9A-Za-z_]+")


class _Sets(dict[int, int]):
    """Lines with _SET pseudorandom bits set, by number; the same in every process."""

    def __missing__(self, number: int) -> int:
        line, state = 0, number
        while line.bit_count() < _SET:
            state = (state + 1) * _MIX % (1 << 64)
            line |= 1 << (state >> 54)
        self[number] = line
        return line


_LINES_OF_SETS = _Sets()


class Words:
    """The words of a chunk. `size`: its stored bytes, to estimate the number of words."""

    def __init__(self, size: int) -> None:
        needed, lines = min(max(size // _PER_BYTE, _MIN_BYTES), _MAX_BYTES) // LINE, _FOLDS
        while lines < needed:
            lines *= 2
        self._lines = [0] * lines
        self._recent: set[bytes] = set()

    def add(self, data: bytes) -> None:
        """Add every word of some lines."""
        for words in _split(data):
            self._put(words - self._recent)

    def add_strings(self, value: Any) -> None:
        """Add every word of the strings in a JSON value: with escapes, a record's bytes have other words than these."""
        left, texts = [value], []
        while left:
            inner = left.pop()
            if type(inner) is str:
                texts.append(inner)
            elif type(inner) is list:
                left += inner
            elif type(inner) is dict:
                texts += inner
                left += inner.values()
        self.add_texts(texts)

    def add_texts(self, texts: Iterable[str]) -> None:
        """Add every word of some strings."""
        self.add("\n".join(texts).encode("utf-8", "replace"))

    def _put(self, words: set[bytes]) -> None:
        lines, number, sets, last = self._lines, len(self._lines), _LINES_OF_SETS, _SETS - 1
        for hash_ in map(crc32, [word for word in words if len(word) >= SHORTEST]):
            mixed = hash_ * _MIX
            lines[hash_ % number] |= sets[mixed >> 50 & last] | sets[mixed >> 36 & last]
        if len(self._recent) + len(words) > _RECENT:
            self._recent.clear()
        self._recent |= words

    def holds(self, word: int) -> bool:
        """True if the word with this `hash_of` may be in the chunk."""
        bits = _bits_of(word)
        return self._lines[word % len(self._lines)] & bits == bits

    def merge(self, other: Words) -> None:
        """Add the words of another filter of the same chunk."""
        if other is self:
            return
        number = gcd(len(self._lines), len(other._lines))
        self._lines = list(map(or_, _folded(self._lines, number), _folded(other._lines, number)))

    def packed(self, size: int | None = None) -> bytes:
        """Return the filter in as few lines as keep false positives at 0.05 %; with the stored `size` of the chunk, in
        a tenth of that if false positives stay below 1 %."""
        most = size // _SHARE // LINE if size is not None else len(self._lines)
        lines = _folded(self._lines, _lines_needed(self._lines, most))
        return b"".join([line.to_bytes(LINE, "little") for line in lines])

    @classmethod
    def of(cls, packed: bytes) -> Words:
        """Unpack a filter; the inverse of `packed`."""
        words = cls.__new__(cls)
        starts = range(0, len(packed), LINE)
        words._lines, words._recent = (
            [int.from_bytes(packed[start : start + LINE], "little") for start in starts],
            set(),
        )
        return words

    def __reduce__(self) -> tuple[Any, tuple[bytes]]:  # keeps it small on its way from a worker
        return Words.of, (self.packed(),)


def rows_of(packed: bytes, *chunk: object) -> Iterator[bytes]:
    """Yield the rows to store: LINES_OF_ROW lines each, with a checksum in front that covers the `chunk`'s identity."""
    size = LINES_OF_ROW * LINE
    for start in range(0, len(packed), size):
        yield checked(packed[start : start + size], *chunk, len(packed) // LINE, start // size)


def row_holds(row: object, word: int, lines: int, *chunk: object) -> bool:
    """True if a word may be in the filter that a row belongs to; always for a damaged row. `lines`: of the filter."""
    if type(row) is not bytes or type(lines) is not int or lines < 1:
        return True
    stored = unchecked(row, *chunk, lines, word % lines // LINES_OF_ROW)
    start = word % lines % LINES_OF_ROW * LINE
    if stored is None or len(stored) < start + LINE:
        return True
    bits = _bits_of(word)
    return int.from_bytes(stored[start : start + LINE], "little") & bits == bits


def hash_of(word: bytes) -> int:
    """Return the hash by which a word is looked up. Two words collide with probability 2⁻³²."""
    return crc32(word)


def hashes_of(words: Iterable[bytes]) -> tuple[int, ...]:
    """Return the hashes of several words."""
    return tuple(map(hash_of, words))


@lru_cache
def _bits_of(word: int) -> int:
    """Return the bits of a word in its line."""
    mixed, last = word * _MIX, _SETS - 1
    return _LINES_OF_SETS[mixed >> 50 & last] | _LINES_OF_SETS[mixed >> 36 & last]


def words_in(text: bytes, *, whole: bool) -> list[bytes]:
    """Return the words that every record with `text` contains. `whole`: the text does not start or end within a word;
    else its first and last word may be incomplete, and are left out."""
    return [
        run.group()
        for run in _RUN.finditer(text)
        if len(run.group()) >= SHORTEST and (whole or (run.start() > 0 and run.end() < len(text)))
    ]


def _split(data: bytes) -> Iterator[set[bytes]]:
    """Yield the words of some lines piece by piece: a list of all words takes ten times the memory of the lines."""
    start = 0
    while start < len(data):
        stop = start + _PIECE
        if stop < len(data):
            end = _RUN.match(data, stop)
            stop = end.end() if end else stop
        yield set(data[start:stop].translate(_APART).split())
        start = stop


def _lines_needed(lines: list[int], most: int) -> int:
    """Return the number of lines that a filter can be folded to; if possible, at `most` so many."""
    filled, bits = sum(map(int.bit_count, lines)), 8 * LINE * len(lines)
    if filled == bits:
        return len(lines)
    words = -bits / (2 * _SET) * log(1 - filled / bits)
    fewest, enough = (bits * words / (8 * LINE) for bits in (_FEWEST_BITS, _BITS))
    divisors = _divisors(len(lines))
    good = next((number for number in divisors if number >= enough), len(lines))
    small = next((number for number in divisors if number >= fewest), len(lines))
    return max(small, min(good, max((number for number in divisors if number <= most), default=1)))


@lru_cache
def _divisors(number: int) -> tuple[int, ...]:
    odd = number // (number & -number)
    divisors = (divisor << shift for divisor in range(1, odd + 1) if odd % divisor == 0 for shift in range(40))
    return tuple(sorted(divisor for divisor in divisors if number % divisor == 0))


def _folded(lines: list[int], number: int) -> list[int]:
    """Fold a filter to a divisor of its number of lines: a word's line is its hash modulo that number."""
    folded = lines[:number]
    for start in range(number, len(lines), number):
        folded = list(map(or_, folded, lines[start : start + number]))
    return folded
