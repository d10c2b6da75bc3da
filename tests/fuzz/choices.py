"""A fuzzer's bytes as choices, so that few of them make a deep input, and every sequence of bytes makes one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

T = TypeVar("T")

_MAX_EDITS = 4
_LONGEST_INSERT = 64


class Choices:
    """Bytes that are used up one choice after another; when there are none left, every choice is the first."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def number(self, least: int, most: int) -> int:
        """Return a number from `least` to `most`, both included."""
        width = ((most - least).bit_length() + 7) // 8
        return least + int.from_bytes(self.take(width), "little") % (most - least + 1)

    def one_of(self, options: Sequence[T]) -> T:
        return options[self.number(0, len(options) - 1)]

    def named(self, options: Mapping[str, T]) -> tuple[str, T]:
        name = self.one_of(list(options))
        return name, options[name]

    def chance(self, of: int = 2) -> bool:
        """True once in `of` times; False when the bytes are used up."""
        return self.number(0, of - 1) == of - 1

    def take(self, count: int) -> bytes:
        """At most that many bytes."""
        taken = self._data[self._at : self._at + count]
        self._at += count
        return taken

    def rest(self) -> bytes:
        """All bytes that are left."""
        return self.take(max(0, len(self._data) - self._at))


def edited(data: bytes, choices: Choices, tokens: Sequence[bytes]) -> bytes:
    """The data after one to four edits; `tokens` are pieces that mean something where they stand."""
    for _ in range(choices.number(1, _MAX_EDITS)):
        start = choices.number(0, len(data))
        stop = min(len(data), start + choices.one_of((1, 2, 4, 16, 100, 1000)))
        data = choices.one_of(_EDITS)(data, start, stop, choices, tokens)
    return data


Edit = Callable[[bytes, int, int, Choices, Sequence[bytes]], bytes]

_EDITS: tuple[Edit, ...] = (
    lambda data, start, stop, choices, tokens: _flip(data, start, 1 << choices.number(0, 7)),
    lambda data, start, stop, choices, tokens: data[:start] + choices.take(1) + data[start + 1 :],
    lambda data, start, stop, choices, tokens: data[:start] + choices.one_of(tokens) + data[start:],
    lambda data, start, stop, choices, tokens: data[:start] + choices.one_of(tokens) + data[stop:],
    lambda data, start, stop, choices, tokens: data[:start] + choices.take(_LONGEST_INSERT) + data[start:],
    lambda data, start, stop, choices, tokens: data[:start] + bytes(stop - start) + data[stop:],
    lambda data, start, stop, choices, tokens: data[:start] + data[stop:],
    lambda data, start, stop, choices, tokens: data[:stop] + data[start:],
    lambda data, start, stop, choices, tokens: data[:start],
)


def _flip(data: bytes, at: int, mask: int) -> bytes:
    if at >= len(data):
        return data
    return data[:at] + bytes([data[at] ^ mask]) + data[at + 1 :]
