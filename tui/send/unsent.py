"""What a pass over a source does not send, and what it cannot read."""

from __future__ import annotations

from collections import Counter

from tui.archive.forms import Unchosen
from tui.scan.tally import misread
from tui.send.blocks import DamagedChunk, RecordPlace, SourceBlock, Unfit

NAMED = 100  # records to name, per kind of problem


class Unsent:
    """The counts of the blocks so far, as in `SourceBlock`; `unfit` and `oversize` name the first hundred each."""

    def __init__(self) -> None:
        self.blank = self.not_json = self.repeats = 0
        self.unfit_count = self.oversize_count = 0
        self.unfit: list[Unfit] = []
        self.oversize: list[RecordPlace] = []
        self.damaged: list[DamagedChunk] = []
        self._unchosen: Counter[Unchosen] = Counter()
        self._of_lines = 0

    def add(self, block: SourceBlock) -> None:
        self.blank += block.blank
        self.not_json += block.not_json
        self.repeats += block.repeats
        self.unfit_count += len(block.unfit)
        self.unfit += block.unfit[: NAMED - len(self.unfit)]
        self.oversize_count += len(block.oversize)
        self.oversize += block.oversize[: NAMED - len(self.oversize)]
        if block.damaged:
            self.damaged.append(block.damaged)
        if block.unchosen is not None:
            self._unchosen[block.unchosen] += 1
        self._of_lines += block.of_lines

    def misread(self) -> tuple[str, ...]:
        """Return sentences about data that may be the records, but was not read as records."""
        return tuple(misread(self._unchosen, self._of_lines))
