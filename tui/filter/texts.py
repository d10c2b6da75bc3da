"""Search for many literal texts in one pass: `--file`, and `--ignore-case` for texts.

Hyperscan is five times as fast as the next best, with a permissive license and wheels. Where it is not installed, and
to ignore the case of non-ASCII letters, the search is one alternation of RE2.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from tui.errors import FilterError, reason
from tui.filter.compiled import Compiled
from tui.filter.words import is_word
from tui.printable import printable

MAX_TEXTS = 100_000
_LARGEST = 64 << 20  # bytes of a file
_RE2_MEMORY = 1 << 30  # bytes; RE2's default is enough for 5,000 ids
_HYPERSCAN_LONGEST = 16_000  # bytes
_LONGEST_CHARACTER = 4  # bytes of UTF-8
_BOM = b"\xef\xbb\xbf"


class _TextSearch(Protocol):
    """A search for any of the texts: `find` returns the first hit, `every` the starts of all hits."""

    def find(self, block: memoryview, start: int, end: int) -> int: ...

    def every(self, block: memoryview, end: int) -> list[int]: ...


def read_texts(name: str) -> bytes:
    """Read FILE, or standard input for `-`. FilterError with one sentence if it cannot be read."""
    try:
        if name == "-":
            content = sys.stdin.buffer.read(_LARGEST + 1)
        else:
            with Path(name).open("rb") as file:
                content = file.read(_LARGEST + 1)
    except (OSError, ValueError) as error:
        why = reason(error) if isinstance(error, OSError) else str(error)
        raise FilterError(f"cannot read the texts of -f from {shown_name(name)}: {why}", name) from error
    if len(content) > _LARGEST:
        raise FilterError(f"{shown_name(name)} is larger than {_LARGEST >> 20} MiB, too large for -f; split it", name)
    split_texts(name, content)
    return content


def split_texts(name: str, content: bytes) -> tuple[bytes, ...]:
    """Return the distinct texts of a file, one per line, without a CR at the end, as in records."""
    lines = content.removeprefix(_BOM).removesuffix(b"\n").split(b"\n") if content else []
    texts = tuple(dict.fromkeys(line.removesuffix(b"\r") for line in lines))
    if len(texts) > MAX_TEXTS:
        limit = f"-f searches for at most {MAX_TEXTS:,} at once"
        raise FilterError(f"{shown_name(name)} has {len(texts):,} different lines; {limit}; split it", name)
    return texts


def shown_name(name: str) -> str:
    """Return the name of a file of -f for a sentence."""
    return "standard input" if name == "-" else printable(name, 200)


def compile_texts(texts: tuple[bytes, ...], *, ignore_case: bool, words: bool) -> Compiled:
    """Compile texts. A record matches if it contains any of them. As in grep, an empty text matches every record."""
    if b"" in texts:
        return Compiled(lambda record: True)
    if not texts:
        return Compiled(lambda record: False, (_nowhere,), exact=True)
    prepared = _once(lambda: search(texts, ignore_case, words))

    def find(block: memoryview, start: int, end: int) -> int:
        return prepared().find(block, start, end)

    return Compiled(
        lambda record: find(memoryview(record), 0, len(record)) >= 0,
        (find,),
        exact=True,
        every=lambda block, end: prepared().every(block, end),
    )


def _once(make: Callable[[], _TextSearch]) -> Callable[[], _TextSearch]:
    """Prepare a search on first use, once for all threads: for 100,000 texts it takes seconds."""
    made: list[_TextSearch] = []
    lock = threading.Lock()

    def prepared() -> _TextSearch:
        if not made:
            with lock:
                if not made:
                    made.append(make())
        return made[0]

    return prepared


def _nowhere(block: memoryview, start: int, end: int) -> int:
    return -1


@lru_cache(maxsize=4)
def search(texts: tuple[bytes, ...], ignore_case: bool, words: bool) -> _TextSearch:
    """Return a search for the texts, cached for other chunks in this process."""
    if all(_suits_hyperscan(text, ignore_case) for text in texts):
        try:
            return _Hyperscan(texts, ignore_case, words)
        except ImportError:
            pass
    return _Alternation(texts, ignore_case, words)


def _suits_hyperscan(text: bytes, ignore_case: bool) -> bool:
    """True if Hyperscan can search for a text: it takes C strings of limited length, and folds only ASCII."""
    return len(text) <= _HYPERSCAN_LONGEST and b"\0" not in text and (not ignore_case or text.isascii())


class _Hyperscan:
    """A search with Hyperscan. ImportError if that is not installed."""

    def __init__(self, texts: tuple[bytes, ...], ignore_case: bool, words: bool) -> None:
        import hyperscan

        self._database: Any = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        flags = hyperscan.HS_FLAG_CASELESS if ignore_case else 0
        self._database.compile(expressions=list(texts), ids=list(range(len(texts))), flags=flags, literal=True)
        self._lengths = list(map(len, texts))
        self._words = words
        self._local = threading.local()  # the scratch space of a running search
        self._new_scratch, self._terminated = hyperscan.Scratch, hyperscan.ScanTerminated

    def find(self, block: memoryview, start: int, end: int) -> int:
        first = -1

        def on_hit(at: int) -> bool:
            nonlocal first
            first = start + at
            return True

        with block[start:end] as part:
            self._scan(part, block, start, end, on_hit)
        return first

    def every(self, block: memoryview, end: int) -> list[int]:
        hits: list[int] = []
        with block[:end] as part:
            self._scan(part, block, 0, end, hits.append)
        return hits

    def _scan(
        self, part: memoryview, block: memoryview, start: int, end: int, on_hit: Callable[[int], bool | None]
    ) -> None:
        """Call `on_hit` with the start of each hit in the part, until it returns True."""

        def on_match(text: int, _start: int, stop: int, _flags: int, _context: object) -> bool | None:
            at = stop - self._lengths[text]
            if self._words and not is_word(block, start + at, start + stop, end):
                return False
            return on_hit(at)

        if not hasattr(self._local, "scratch"):
            self._local.scratch = self._new_scratch(self._database)
        try:
            self._database.scan(part, match_event_handler=on_match, scratch=self._local.scratch)
        except self._terminated:
            return


class _Alternation:
    """A search with one pattern of RE2."""

    def __init__(self, texts: tuple[bytes, ...], ignore_case: bool, words: bool) -> None:
        import re2

        options = re2.Options()
        options.max_mem = _RE2_MEMORY
        options.log_errors = False
        options.case_sensitive = not ignore_case
        if not ignore_case:
            options.encoding = re2.Options.Encoding.LATIN1  # bytes
        try:
            self._pattern: Any = re2.compile(b"|".join(map(re2.escape, texts)), options)
        except re2.error as error:
            raise FilterError("with -i, texts must be UTF-8", printable(repr(texts[0]), 100)) from error
        self._words = words
        self._encoding = "utf-8" if ignore_case else "latin-1"  # of one character each, as RE2 reads them
        self._lengths = sorted({len(text.decode(self._encoding)) for text in texts})

    def find(self, block: memoryview, start: int, end: int) -> int:
        while (hit := self._pattern.search(block, start, end)) is not None:
            first = int(hit.start())
            if not self._words or is_word(block, first, hit.end(), end) or self._stands_alone(block, first, end):
                return first
            start = first + 1
        return -1

    def every(self, block: memoryview, end: int) -> list[int]:
        hits = [self.find(block, 0, end)]
        while 0 <= hits[-1] < end:
            hits.append(self.find(block, hits[-1] + 1, end))
        return [hit for hit in hits if hit >= 0]

    def _stands_alone(self, block: memoryview, start: int, end: int) -> bool:
        """True if any text that begins here is a whole word: RE2 finds only one of them."""
        last = min(start + _LONGEST_CHARACTER * self._lengths[-1], end)
        following = bytes(block[start:last]).decode(self._encoding, "surrogateescape")
        for length in self._lengths:  # in characters: in another case, they may have more bytes
            piece = following[:length].encode(self._encoding, "surrogateescape")
            if is_word(block, start, start + len(piece), end) and self._pattern.fullmatch(piece):
                return True
        return False
