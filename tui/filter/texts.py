"""Any of many literal texts, looked for in one pass: `--file`, and `--ignore-case` for texts.

Hyperscan is five times as fast as what comes next, and its license and wheels are fine; where it is not installed, and
for letters beyond ASCII in any case, it is one alternation of RE2.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from tui.errors import FilterError, reason
from tui.filter.compiled import Compiled, Every, Find
from tui.filter.words import is_word
from tui.printable import printable

MAX_TEXTS = 100_000
_LARGEST = 64 << 20  # bytes of a file
_RE2_MEMORY = 1 << 30  # bytes: its default takes 5,000 ids
_BOM = b"\xef\xbb\xbf"


def read_texts(name: str) -> bytes:
    """The bytes of FILE, or of standard input for `-`; FilterError, in one sentence, if it cannot be read."""
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
    """The texts of a file, each once: one a line, without the CR before its newline, as no record has one there."""
    lines = content.removeprefix(_BOM).removesuffix(b"\n").split(b"\n") if content else []
    texts = tuple(dict.fromkeys(line.removesuffix(b"\r") for line in lines))
    if len(texts) > MAX_TEXTS:
        most = f"-f looks for at most {MAX_TEXTS:,} at once"
        raise FilterError(f"{shown_name(name)} has {len(texts):,} different lines; {most}; split it", name)
    return texts


def shown_name(name: str) -> str:
    """A file of -f in a sentence."""
    return "standard input" if name == "-" else printable(name, 200)


def compile_texts(texts: tuple[bytes, ...], *, ignore_case: bool, words: bool) -> Compiled:
    """A record matches if it holds any of the texts; as in grep, an empty one is in every record, and none in none."""
    if b"" in texts:
        return Compiled(lambda record: True)
    if not texts:
        return Compiled(lambda record: False, (_nowhere,), exact=True)
    prepared = _once(lambda: _searches(texts, ignore_case, words))

    def find(block: memoryview, start: int, end: int) -> int:
        return prepared()[0](block, start, end)

    return Compiled(
        lambda record: find(memoryview(record), 0, len(record)) >= 0,
        (find,),
        exact=True,
        every=lambda block, end: prepared()[1](block, end),
    )


def _once(make: Callable[[], tuple[Find, Every]]) -> Callable[[], tuple[Find, Every]]:
    """To prepare a search for 100,000 texts takes seconds: not where a term is made, and not in each thread."""
    made: list[tuple[Find, Every]] = []
    lock = threading.Lock()

    def prepared() -> tuple[Find, Every]:
        if not made:
            with lock:
                if not made:
                    made.append(make())
        return made[0]

    return prepared


def _nowhere(block: memoryview, start: int, end: int) -> int:
    return -1


@lru_cache(maxsize=4)
def _searches(texts: tuple[bytes, ...], ignore_case: bool, words: bool) -> tuple[Find, Every]:
    """The first hit, and all of them. Kept, for the filters of other chunks in this process."""
    if all(b"\0" not in text and (not ignore_case or text.isascii()) for text in texts):  # (it takes texts as C does)
        try:
            return _hyperscan(texts, ignore_case, words)
        except ImportError:
            pass
    return _alternation(texts, ignore_case, words)


def _hyperscan(texts: tuple[bytes, ...], ignore_case: bool, words: bool) -> tuple[Find, Every]:
    import hyperscan

    database: Any = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    flags = hyperscan.HS_FLAG_CASELESS if ignore_case else 0
    database.compile(expressions=list(texts), ids=list(range(len(texts))), flags=flags, literal=True)
    lengths = list(map(len, texts))
    local = threading.local()  # what a search writes to while it runs

    def scan(block: memoryview, on_hit: Callable[..., bool | None]) -> None:
        if not hasattr(local, "scratch"):
            local.scratch = hyperscan.Scratch(database)
        try:
            database.scan(block, match_event_handler=on_hit, scratch=local.scratch)
        except hyperscan.ScanTerminated:
            return

    def find(block: memoryview, start: int, end: int) -> int:
        found = -1

        def on_hit(text: int, _start: int, stop: int, _flags: int, _context: object) -> bool:
            nonlocal found
            first, behind = start + stop - lengths[text], start + stop
            if words and not is_word(block, first, behind, end):
                return False
            found = first
            return True

        with block[start:end] as part:
            scan(part, on_hit)
        return found

    def every(block: memoryview, end: int) -> list[int]:
        found: list[int] = []

        def on_hit(text: int, _start: int, stop: int, _flags: int, _context: object) -> None:
            if not words or is_word(block, stop - lengths[text], stop, end):
                found.append(stop - lengths[text])

        with block[:end] as part:
            scan(part, on_hit)
        return found

    return find, every


def _alternation(texts: tuple[bytes, ...], ignore_case: bool, words: bool) -> tuple[Find, Every]:
    """The same by RE2."""
    import re2

    options = re2.Options()
    options.max_mem = _RE2_MEMORY
    options.log_errors = False
    options.case_sensitive = not ignore_case
    if not ignore_case:
        options.encoding = re2.Options.Encoding.LATIN1  # bytes
    try:
        pattern = re2.compile(b"|".join(map(re2.escape, texts)), options)
    except re2.error as error:
        raise FilterError("with -i, texts must be UTF-8", printable(repr(texts[0]), 100)) from error

    def fold(text: bytes) -> str:
        decoded = text.decode("utf-8", "surrogateescape")
        return decoded.casefold() if ignore_case else decoded

    lengths, folded = sorted(set(map(len, texts))), set(map(fold, texts))

    def stands_alone(block: memoryview, start: int, end: int) -> bool:
        """Of several texts that begin here, one is found first, and another may be whole words."""
        return any(
            is_word(block, start, start + length, end) and fold(bytes(block[start : start + length])) in folded
            for length in lengths
        )

    def find(block: memoryview, start: int, end: int) -> int:
        while (hit := pattern.search(block, start, end)) is not None:
            first = int(hit.start())
            if not words or is_word(block, first, hit.end(), end) or stands_alone(block, first, end):
                return first
            start = first + 1
        return -1

    def every(block: memoryview, end: int) -> list[int]:
        found = [find(block, 0, end)]
        while 0 <= found[-1] < end:
            found.append(find(block, found[-1] + 1, end))
        return [hit for hit in found if hit >= 0]

    return find, every
