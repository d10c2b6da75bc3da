"""Literal bytes: `--grep`; as they are, in any case, as whole words."""

from __future__ import annotations

import stringzilla as sz

from tui.errors import FilterError
from tui.filter.compiled import Compiled, Find, finder

_LONGEST_CHARACTER = 4  # bytes of UTF-8
_WORD = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz")


def compile_term(text: str, *, ignore_case: bool = False, words: bool = False) -> Compiled:
    """A record matches if it holds the UTF-8 bytes of `text`, as `grep -F` does.

    `ignore_case`: letters match in either case, those of ASCII only each other, others by Unicode's simple folding.
    `words`: no letter, digit or underscore (of Unicode) stands before or behind, as in `grep -w`.
    """
    needle = text.encode("utf-8", "surrogateescape")
    if b"\n" in needle:
        raise FilterError("a record has no line break; give one -g per line", text, text.index("\n"))
    if not needle:
        return Compiled(lambda record: True)
    if ignore_case:
        from tui.filter.texts import compile_texts  # its library is only loaded where it is used

        return compile_texts((needle,), ignore_case=True, words=words)
    if words:
        find = _find_word(needle)
        return Compiled(lambda record: find(memoryview(record), 0, len(record)) >= 0, (find,), exact=True)
    return Compiled(lambda record: needle in record, (finder(needle),), exact=True)


def _find_word(needle: bytes) -> Find:
    def find(block: memoryview, start: int, end: int) -> int:
        at = int(sz.find(block, needle, start, end))
        while at >= 0 and not is_word(block, at, at + len(needle), end):
            at = int(sz.find(block, needle, at + 1, end))
        return at

    return find


def is_word(block: memoryview, start: int, end: int, stop: int) -> bool:
    """Does no word go on before `start`, or behind `end`? [0, stop) of the block is looked at."""
    return not (_ends_word(block, start) or _begins_word(block, end, stop))


def _ends_word(block: memoryview, at: int) -> bool:
    if at == 0 or block[at - 1] < 0x80:
        return at > 0 and block[at - 1] in _WORD
    return bytes(block[max(at - _LONGEST_CHARACTER, 0) : at]).decode("utf-8", "replace")[-1].isalnum()


def _begins_word(block: memoryview, at: int, stop: int) -> bool:
    if at >= stop or block[at] < 0x80:
        return at < stop and block[at] in _WORD
    return bytes(block[at : min(at + _LONGEST_CHARACTER, stop)]).decode("utf-8", "replace")[0].isalnum()
