"""Literal bytes: `--grep`; exact, in any case, or as whole words."""

from __future__ import annotations

import stringzilla as sz

from tui.errors import FilterError
from tui.filter.compiled import Compiled, Find, finder
from tui.filter.words import is_word


def compile_term(text: str, *, ignore_case: bool = False, words: bool = False) -> Compiled:
    """Compile a text. A record matches if it contains the UTF-8 bytes of `text`, as in `grep -F`.

    `ignore_case`: letters match in either case: ASCII letters match only ASCII, others by Unicode's simple folding.
    `words`: no (Unicode) letter, digit or underscore is before or after it, as in `grep -w`.
    """
    needle = text.encode("utf-8", "surrogateescape")
    if b"\n" in needle:
        raise FilterError("a record has no line break; give one -g per line", text, text.index("\n"))
    if not needle:
        return Compiled(lambda record: True)
    if ignore_case:
        from tui.filter.texts import compile_texts  # import its library only when it is used

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
