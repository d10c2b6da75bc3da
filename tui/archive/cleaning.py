"""Clean lines that are not exactly one record each: blanks, CR, BOMs, runs of zeros, compressed data."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from tui.archive.block import Block, block_of
from tui.archive.chunk import Damage
from tui.archive.forms import compressed_in
from tui.archive.json_values import BOM, is_json_object
from tui.archive.members import ZERO_RUN
from tui.archive.mixture import Mixture
from tui.archive.oddities import first_object, split

_NEWLINE = b"\n"
ZERO_RUNS = re.compile(rb"\x00{%d,}" % ZERO_RUN)


class Cleaning:
    """Turns consecutive texts of whole lines into blocks with one record per line, and reports what it leaves out.

    `doubt_first`: the next line may be the rest of a record. `compressed`: the format, while inside compressed data.
    `at` returns the stored position after which the text ends.
    """

    def __init__(self, at: Callable[[], int], *, doubt_first: bool) -> None:
        self.doubt_first = doubt_first
        self.compressed = ""
        self.mixture = Mixture()
        self._at = at
        self._compressed_at = 0

    def clean(self, text: bytes, offset: int, begun_at: int) -> tuple[Block, list[Damage]]:
        """Return the records of a text and the damage. `offset`: its position in the records; `begun_at`: as stored."""
        damage: list[Damage] = []
        pieces = [text]
        if self.compressed or b"\0" in text:
            text, damage = self._without_compressed(text, begun_at)
            self.mixture.look_for_utf16(text, begun_at)
            pieces = ZERO_RUNS.split(text)
        records: list[bytes] = []
        blank = shared = 0
        for number, piece in enumerate(pieces):
            if len(pieces) == 1 and piece.isspace():
                blank += piece.count(_NEWLINE) + (not piece.endswith(_NEWLINE)) - self.doubt_first  # there may be many
                self.doubt_first = False
                break
            full, left_out = self._full_lines(piece, first=not number, last=number == len(pieces) - 1)
            blank += left_out
            whole = split(full)
            shared += len(whole) - len(full)
            records += whole
        self.mixture.add(records, begun_at)
        if len(pieces) > 1:
            zeros = sum(len(run.group()) for run in ZERO_RUNS.finditer(text))
            runs = "a run" if len(pieces) == 2 else f"{len(pieces) - 1:,} runs"
            damage.append(Damage(begun_at, self._at(), f"{runs} of {zeros:,} zero bytes in the text"))
        return block_of(records, offset, blank=blank, split=shared), damage

    def _full_lines(self, piece: bytes, *, first: bool, last: bool) -> tuple[list[bytes], int]:
        """Return the lines between two runs of zeros, without those cut by them, and the number of blank lines."""
        lines = piece.removesuffix(_NEWLINE).split(_NEWLINE) if piece else []
        if lines and self.doubt_first:
            self.doubt_first = False
            lines = lines if is_json_object(lines[0]) else lines[1:]
        if not first and lines and not piece.startswith(_NEWLINE) and not is_json_object(lines[0]):
            del lines[0]  # the rest of a line whose beginning is lost
        if not last and lines and not piece.endswith(_NEWLINE) and not is_json_object(lines[-1]):
            lines.pop()
        lines = [line[:-1] if line.endswith(b"\r") else line for line in lines]
        if BOM in piece:  # concatenated files with BOMs
            lines = [line.removeprefix(BOM) for line in lines]
        full = [line for line in lines if line and not line.isspace()]
        return full, len(lines) - len(full)

    def _without_compressed(self, text: bytes, begun_at: int) -> tuple[bytes, list[Damage]]:
        """Remove data that is compressed once more than the rest, up to the next line that is an object."""
        kept: list[bytes] = []
        damage: list[Damage] = []
        while text:
            if not self.compressed:
                begin, self.compressed = compressed_in(text)
                if not self.compressed:
                    kept.append(text)
                    break
                self._compressed_at = begun_at
                kept.append(text[:begin] + (b"" if text[:begin].endswith(_NEWLINE) or not begin else _NEWLINE))
                text = text[begin:]
            resumed = first_object(text)
            if resumed is None:
                break
            damage += self.compressed_damage()
            text = text[resumed:]
        return b"".join(kept), damage

    def compressed_damage(self) -> Iterator[Damage]:
        """Yield the damage for compressed data that ends here, if there is any."""
        if name := self.compressed:
            self.compressed = ""
            reason = f"{name} data among the lines, compressed once more than the rest; not read"
            yield Damage(self._compressed_at, self._at(), reason)
