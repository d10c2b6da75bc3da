"""Find word boundaries: words are Unicode letters, digits and underscores, as in `grep -w`."""

from __future__ import annotations

_LONGEST_CHARACTER = 4  # bytes of UTF-8
_WORD = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz")


def is_word(block: memoryview, start: int, end: int, stop: int) -> bool:
    """True if no word continues before `start` or after `end`. Examines [0, stop) of the block."""
    return not (_ends_word(block, start) or _begins_word(block, end, stop))


def _ends_word(block: memoryview, at: int) -> bool:
    if at == 0 or block[at - 1] < 0x80:
        return at > 0 and block[at - 1] in _WORD
    return bytes(block[max(at - _LONGEST_CHARACTER, 0) : at]).decode("utf-8", "replace")[-1].isalnum()


def _begins_word(block: memoryview, at: int, stop: int) -> bool:
    if at >= stop or block[at] < 0x80:
        return at < stop and block[at] in _WORD
    return bytes(block[at : min(at + _LONGEST_CHARACTER, stop)]).decode("utf-8", "replace")[0].isalnum()
