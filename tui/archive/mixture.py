"""Count lines that are read as one record each but may be meant differently."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tui.archive.chunk import Damage
from tui.archive.forms import is_record_list, may_hold_lists
from tui.units import plural

_UTF16 = re.compile(rb"(?:[\x20-\x7e]\x00){8}|(?:\x00[\x20-\x7e]){8}")


@dataclass(slots=True)
class Mixture:
    """Counts of lines that are lists of objects or documents with one, and of lines that only open a value.

    The stored position of the first of each is kept. `others`: there are lines that are not lists. `of_json`: the first
    line is JSON. `record`: what a record is called, if not a line.
    """

    record: str = "line"
    lists: int = 0
    others: bool = False
    of_json: bool = False
    _lists_at: int = 0
    _opened: int = 0
    _opened_at: int = 0
    _wide_at: int = -1

    def look_for_utf16(self, text: bytes, at: int) -> None:
        """Note whether a text with zero bytes may be UTF-16 that another program (PowerShell) appended."""
        if self._wide_at < 0 and _UTF16.search(text):
            self._wide_at = at

    def look_at_first(self, line: bytes) -> None:
        line = line.rstrip()
        self.of_json = line[:1] in (b"{", b"[") and line[-1:] in (b"}", b"]")

    def add(self, records: Sequence[bytes], at: int) -> None:
        lists = sum(map(is_record_list, records)) if may_hold_lists(b"\n".join(records)) else 0
        if lists and not self.lists:
            self._lists_at = at
        self.lists += lists
        self.others |= lists < len(records)
        opened = sum(record in (b"{", b"[") for record in records) if self.of_json else 0
        if opened and not self._opened:
            self._opened_at = at
        self._opened += opened

    def damage(self, end: int) -> Iterator[Damage]:
        """Yield what must be reported at the end of the chunk."""
        if self.lists and self.others:
            reason = f"{plural(self.lists, self.record)} among the records {'is' if self.lists == 1 else 'are'} a list"
            suffix = "" if self.lists == 1 else " each"
            yield Damage(self._lists_at, end, f"{reason}, read as one record{suffix} (--records)")
        if self._wide_at >= 0:
            yield Damage(self._wide_at, end, "UTF-16 among the lines, which hourscope does not read")
        if self._opened:
            reason = f"the form changes: {plural(self._opened, 'value')} over several lines"
            yield Damage(self._opened_at, end, f"{reason}, read line by line (--records . reads whole values)")
