"""Which words a chunk holds: a Bloom filter, wrong for 0.05 % of those it lacks, never for one that it holds.

A word is a run of ASCII letters, digits and underscores between other bytes (bytes of UTF-8 beyond ASCII count as
those), of 4 bytes or more: whatever is spelled without an escape consists of the same words in a record's bytes and in
its values. It is what `-w` looks for, and an id is made of such words.

The filter is cut into lines of 1,024 bits, and all the bits of a word are in one of them (Putze, Sanders and Singler:
Cache-, Hash- and Space-Efficient Bloom Filters, 2009): to look for a word, one row of some lines is read.
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
LINES_OF_ROW = 31  # lines that are stored as one; with its checksum a row fills a page of SQLite's
_BITS = 18  # for each word: with 8 of them set, 0.03 % of others seem to be there (Bloom 1970), in such lines 0.05 %
_SET = 4  # bits: a word has two sets of them, each of which is one of so many, by 14 bits of its hash
_SETS = 1 << 14
_PIECE = 1 << 18  # bytes that are cut into words at once
_LEAST, _MOST = 8 << 10, 32 << 20  # bytes of a filter that is being filled
_PER_BYTE = 3  # stored bytes of a chunk for each byte of it
_FOLDS = 315  # 3 × 3 × 5 × 7: so many lines can be folded to nearly any smaller number
_RECENT = 50_000  # words that were added last: most of a block's words are in the next one, too
_MIX = 0x9E3779B97F4A7C15  # 2⁶⁴ over the golden ratio: a product's high bits depend on all of a number's

_CHARACTERS = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz")
_APART = bytes(byte if byte in _CHARACTERS else 0x20 for byte in range(256))
_RUN = re.compile(rb"[0-9A-Za-z_]+")


class _Sets(dict[int, int]):
    """Lines with a few bits set, by their number: always the same ones."""

    def __missing__(self, number: int) -> int:
        line, state = 0, number
        while line.bit_count() < _SET:
            state = (state + 1) * _MIX % (1 << 64)
            line |= 1 << (state >> 54)
        self[number] = line
        return line


_LINES_OF_SETS = _Sets()


class Words:
    """The words of a chunk. `size`: its stored bytes, which tell how many there may be."""

    def __init__(self, size: int) -> None:
        needed, lines = min(max(size // _PER_BYTE, _LEAST), _MOST) // LINE, _FOLDS
        while lines < needed:
            lines *= 2
        self._lines = [0] * lines
        self._recent: set[bytes] = set()

    def add(self, data: bytes) -> None:
        """Every word of some lines."""
        for words in _cut(data):
            self._put(words - self._recent)

    def add_strings(self, value: Any) -> None:
        """Every word of the strings of a JSON value: those that an escape is in are spelled in other words."""
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
        """Every word of some strings."""
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
        """May a word be there? By its `hash_of`."""
        bits = _bits_of(word)
        return self._lines[word % len(self._lines)] & bits == bits

    def merge(self, other: Words) -> None:
        """Add the words of another filter that was begun for the same chunk."""
        if other is self:
            return
        number = gcd(len(self._lines), len(other._lines))
        self._lines = list(map(or_, _folded(self._lines, number), _folded(other._lines, number)))

    def packed(self) -> bytes:
        """As few lines as 0.05 % allows."""
        return b"".join([line.to_bytes(LINE, "little") for line in _folded(self._lines, _enough(self._lines))])

    @classmethod
    def of(cls, packed: bytes) -> Words:
        """The reverse of `packed`."""
        words = cls.__new__(cls)
        starts = range(0, len(packed), LINE)
        words._lines, words._recent = (
            [int.from_bytes(packed[start : start + LINE], "little") for start in starts],
            set(),
        )
        return words

    def __reduce__(self) -> tuple[Any, tuple[bytes]]:  # small on its way from a worker
        return Words.of, (self.packed(),)


def rows_of(packed: bytes) -> Iterator[bytes]:
    """As they are stored: so many lines each, behind a checksum."""
    for start in range(0, len(packed), LINES_OF_ROW * LINE):
        yield checked(packed[start : start + LINES_OF_ROW * LINE])


def row_holds(row: bytes, word: int, lines: int) -> bool:
    """May a word be in the filter of so many lines that a row is of? A damaged row denies nothing."""
    stored = unchecked(row)
    start = word % lines % LINES_OF_ROW * LINE
    if stored is None or len(stored) < start + LINE:
        return True
    bits = _bits_of(word)
    return int.from_bytes(stored[start : start + LINE], "little") & bits == bits


def hash_of(word: bytes) -> int:
    """By which a word is looked for. Two words have the same by a chance of 1 to 2³²."""
    return crc32(word)


def hashes_of(words: Iterable[bytes]) -> tuple[int, ...]:
    """Those of several words."""
    return tuple(map(hash_of, words))


@lru_cache
def _bits_of(word: int) -> int:
    """The bits of a word in its line."""
    mixed, last = word * _MIX, _SETS - 1
    return _LINES_OF_SETS[mixed >> 50 & last] | _LINES_OF_SETS[mixed >> 36 & last]


def words_in(text: bytes, *, whole: bool) -> list[bytes]:
    """The words that are in every record in which `text` is. `whole`: nothing goes on beyond its ends, else its first
    and its last word may."""
    return [
        run.group()
        for run in _RUN.finditer(text)
        if len(run.group()) >= SHORTEST and (whole or (run.start() > 0 and run.end() < len(text)))
    ]


def _cut(data: bytes) -> Iterator[set[bytes]]:
    """The words of some lines, piece by piece: a list of all of them takes ten times their room."""
    start = 0
    while start < len(data):
        stop = start + _PIECE
        if stop < len(data):
            end = _RUN.match(data, stop)
            stop = end.end() if end else stop
        yield set(data[start:stop].translate(_APART).split())
        start = stop


def _enough(lines: list[int]) -> int:
    """Lines that a filter can be folded to."""
    filled, bits = sum(map(int.bit_count, lines)), 8 * LINE * len(lines)
    if filled == bits:
        return len(lines)
    words = -bits / (2 * _SET) * log(1 - filled / bits)
    enough = _BITS * words / (8 * LINE)
    return next((number for number in _divisors(len(lines)) if number >= enough), len(lines))


@lru_cache
def _divisors(number: int) -> tuple[int, ...]:
    odd = number // (number & -number)
    divisors = (divisor << shift for divisor in range(1, odd + 1) if odd % divisor == 0 for shift in range(40))
    return tuple(sorted(divisor for divisor in divisors if number % divisor == 0))


def _folded(lines: list[int], number: int) -> list[int]:
    """The same filter in fewer lines, whose number divides theirs: a word's line is its hash modulo their number."""
    folded = lines[:number]
    for start in range(number, len(lines), number):
        folded = list(map(or_, folded, lines[start : start + number]))
    return folded
