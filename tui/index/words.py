"""Which words a chunk holds: a Bloom filter, wrong for 1 % of those that it does not hold, never for one that it does.

A word is a run of ASCII letters, digits and underscores between other bytes (bytes of UTF-8 beyond ASCII count as
those), of 4 bytes or more: whatever is spelled without an escape consists of the same words in a record's bytes and in
its values. It is what `-w` looks for, and an id is made of such words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from hashlib import blake2b
from math import gcd, log
from struct import Struct
from typing import Any

from isal.isal_zlib import crc32

SHORTEST = 4  # bytes of a word; shorter ones are in nearly every chunk
_HASHES = 7
_BITS = 9.6  # for each word: with 7 hashes, 1 % of other words seem to be there (Bloom 1970)
_FEWEST = 256  # bits: of fewer, chance decides
_PIECE = 1 << 18  # bytes that are cut into words at once
_LEAST, _MOST = 8 << 10, 32 << 20  # bytes of a filter that is being filled
_PER_BYTE = 4  # stored bytes of a chunk for each byte of it
_FOLDS = 315  # 3 × 3 × 5 × 7: such a size can be folded to nearly any smaller one
_RECENT = 50_000  # words that were added last: most of a block's words are in the next one, too
_CHECK = 4  # bytes of a CRC-32: ISA-L's takes a tenth of the time that a hash does

_CHARACTERS = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz")
_APART = bytes(byte if byte in _CHARACTERS else 0x20 for byte in range(256))
_RUN = re.compile(rb"[0-9A-Za-z_]+")
_TWO = Struct("<QQ")

Slot = tuple[int, int]


class Words:
    """The words of a chunk. `size`: its stored bytes, which tell how many there may be."""

    def __init__(self, size: int) -> None:
        needed, length = min(max(size // _PER_BYTE, _LEAST), _MOST), _FOLDS
        while length < needed:
            length *= 2
        self._bits: bytearray | memoryview = bytearray(length)
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
        bits, length = self._bits, 8 * len(self._bits)
        for word in words:
            if len(word) < SHORTEST:
                continue
            at, step = place_of(word)
            at, step = at % length, step % length
            for _ in range(_HASHES):
                at %= length
                bits[at >> 3] |= 1 << (at & 7)
                at += step
        if len(self._recent) + len(words) > _RECENT:
            self._recent.clear()
        self._recent |= words

    def holds(self, place: Slot) -> bool:
        """May a word be there? Its place is that of `place_of`."""
        bits, length = self._bits, 8 * len(self._bits)
        at, step = place
        return all(bits[bit >> 3] & 1 << (bit & 7) for bit in ((at + n * step) % length for n in range(_HASHES)))

    def merge(self, other: Words) -> None:
        """Add the words of another filter that was begun for the same chunk."""
        if other is self:
            return
        length = gcd(len(self._bits), len(other._bits))
        both = int.from_bytes(_folded(self._bits, length), "little") | int.from_bytes(
            _folded(other._bits, length), "little"
        )
        self._bits = bytearray(both.to_bytes(length, "little"))

    def packed(self) -> bytes:
        """As it is stored: as small as 1 % allows, behind a checksum."""
        bits = _folded(self._bits, _enough(self._bits))
        return crc32(bits).to_bytes(_CHECK, "little") + bits

    @classmethod
    def of(cls, data: bytes) -> Words | None:
        """None for what is not as it was stored."""
        bits = memoryview(data)[_CHECK:]
        if not bits or crc32(bits).to_bytes(_CHECK, "little") != data[:_CHECK]:
            return None
        words = cls.__new__(cls)
        words._bits, words._recent = bits, set()
        return words

    def __reduce__(self) -> tuple[Any, tuple[bytes]]:  # small on its way from a worker
        return Words.of, (self.packed(),)


def place_of(word: bytes) -> Slot:
    """Where a word is, in a filter of any size."""
    first, second = _TWO.unpack(blake2b(word, digest_size=16).digest())
    return first, second


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


def _enough(bits: bytearray | memoryview) -> int:
    """Bytes that a filter can be folded to."""
    filled, length = int.from_bytes(bits, "little").bit_count(), 8 * len(bits)
    if filled == length:
        return len(bits)
    words = -length / _HASHES * log(1 - filled / length)
    enough = max(_BITS * words, _FEWEST)
    return next((size for size in _divisors(len(bits)) if 8 * size >= enough), len(bits))


@lru_cache
def _divisors(number: int) -> tuple[int, ...]:
    odd = number // (number & -number)
    divisors = (divisor << shift for divisor in range(1, odd + 1) if odd % divisor == 0 for shift in range(40))
    return tuple(sorted(divisor for divisor in divisors if number % divisor == 0))


def _folded(bits: bytearray | memoryview, length: int) -> bytes:
    """The same filter in `length` bytes, which divide its own: a bit's place is its hash modulo their number."""
    if length == len(bits):
        return bytes(bits)
    folded = 0
    for start in range(0, len(bits), length):
        folded |= int.from_bytes(bits[start : start + length], "little")
    return folded.to_bytes(length, "little")


def places_of(words: Iterable[bytes]) -> tuple[Slot, ...]:
    """The places of several words."""
    return tuple(map(place_of, words))
