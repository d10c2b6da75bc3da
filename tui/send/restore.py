"""Into NSQ a message goes as it came out: what the archiver had to wrap to make a line of it is unwrapped."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tui.archive.envelope import MARK, unwrap
from tui.send.source import Source, SourceBlock


def restored(source: Source) -> Source:
    """The same source with the exact bytes of every message; a send of it resumes as one of the source itself."""

    def blocks() -> Iterator[SourceBlock]:
        for block in source.open():
            wrapped = any(record.startswith(MARK) for record in block.records)
            yield replace(block, records=[unwrap(record) for record in block.records]) if wrapped else block

    return replace(source, open=blocks)
