"""The lines of a journal: their types and checksums, and the format of 0.1.0.

    {"version":2,"what":"out.jsonl.gz","topic":"events","where":["nsqd:4150"],…,"crc":"5c1e0f7a"}
    {"first":0,"count":3200,"at":"2026-11-23T13:40:01.123Z","crc":"03d1c2b4"}
    {"resumed":{"at":"…","who":"…","where":["nsqd:4150"],"first":3200},"crc":"…"}
    {"receipt":{…},"crc":"…"}

`crc` is CRC-32 (zlib) of the line without it, continued from the line before, so that an edited, missing or moved line
is noticed. Journals of 0.1.0 begin with `"journal": 1` and have no `crc`.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import msgspec

from tui.errors import SendError
from tui.printable import encodable
from tui.send.source import Plan
from tui.validation import explained

VERSION = 2
_LINE_BYTES = 4 << 20  # a receipt names at most a few hundred records
_CRC = re.compile(rb'(\{.+),"crc":"([0-9a-f]{8})"\}', re.DOTALL)
_BAD = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)

S = TypeVar("S", bound=msgspec.Struct)


class Header(msgspec.Struct, frozen=True):
    """The source, destination, plan, order and name of a send.

    `records`, `bytes`, `sha256` and `archived` are from the survey.
    """

    what: str
    filter: str
    identity: str
    topic: str
    where: tuple[str, ...]
    who: str
    started: str
    place: str = ""
    records: int | None = None
    bytes: int | None = None
    sha256: str | None = None
    max_message: int | None = None
    unique: bool = False
    continues: str | None = None
    order: str | None = None
    archived: str | None = None
    name: str = ""

    @property
    def plan(self) -> Plan:
        """The plan of the send, if this version wrote the journal."""
        return Plan(self.max_message, self.unique, self.order)


class Resumed(msgspec.Struct, frozen=True):
    """A later run of the same send, and the number of the first record that it sends."""

    at: str
    who: str
    where: tuple[str, ...]
    first: int


class ReceiptLine(msgspec.Struct, frozen=True):
    """The parts of a receipt that are needed to read its journal."""

    partial: bool
    sent: int
    confirmed: int
    sha256: str
    skipped: int = 0


class JournalEntry(msgspec.Struct, frozen=True):
    """A line after the header: confirmed records, a resumed run, a receipt, or where a journal of 0.1.0 continues."""

    first: int | None = None
    count: int = 0
    resumed: Resumed | None = None
    receipt: ReceiptLine | None = None
    continued: str | None = None


class _Version(msgspec.Struct, frozen=True):
    version: int | None = None
    journal: int | None = None


@dataclass(frozen=True, slots=True)
class Contents:
    """The content of a journal: `size` bytes of whole lines, and the `crc` of the last of them."""

    version: int
    header: Header
    entries: tuple[JournalEntry, ...]
    size: int
    crc: int


def spell_line(line: dict[str, Any], crc: int) -> tuple[bytes, int]:
    """Return a line with its newline and checksum, and the checksum from which the next line continues."""
    body = msgspec.json.encode(encodable(line))
    crc = zlib.crc32(body, crc)
    return body[:-1] + b',"crc":"%08x"}\n' % crc, crc


def read_journal(path: Path, stream: BinaryIO) -> Contents | None:
    """Read a journal; None if it has no whole line, because of a crash before anything was sent.

    A last line that a crash cut off is ignored. SendError if the file is not a journal, has been changed, or was
    written by a newer hourscope.
    """
    lines = _whole_lines(path, stream)
    first = next(lines, None)
    if first is None:
        return None
    version = _version(path, first)
    crc = 0
    entries: list[JournalEntry] = []
    size = len(first)
    if version >= VERSION:
        crc = _checked(path, 1, first, crc)
    header = _decoded(path, 1, first, Header)
    for number, line in enumerate(lines, 2):
        if version >= VERSION:
            crc = _checked(path, number, line, crc)
        entries.append(_decoded(path, number, line, JournalEntry))
        size += len(line)
    return Contents(version, header, tuple(entries), size, crc)


def _whole_lines(path: Path, stream: BinaryIO) -> Iterator[bytes]:
    while line := stream.readline(_LINE_BYTES):
        if not line.endswith(b"\n"):
            if len(line) == _LINE_BYTES:
                raise SendError(f"{path} is not a journal of a send: it has a line of over {_LINE_BYTES >> 20} MiB")
            return
        yield line


def _version(path: Path, line: bytes) -> int:
    try:
        known = msgspec.json.decode(line, type=_Version)
    except _BAD:
        known = _Version()
    version = known.version if known.version is not None else known.journal
    if version is None or version < 1:
        raise SendError(f"{path} is not a journal of a send; choose another file")
    if version > VERSION:
        raise SendError(
            f"{path} was written by a newer hourscope (version {version} of journals, this one reads up to {VERSION}); "
            "use that hourscope to resume it"
        )
    return version


def _checked(path: Path, number: int, line: bytes, crc: int) -> int:
    match = _CRC.fullmatch(line[:-1])
    if match is None or (crc := zlib.crc32(match[1] + b"}", crc)) != int(match[2], 16):
        raise SendError(
            f"the journal {path} has been changed or damaged at line {number}: its checksum is wrong, so it is "
            "unknown what arrived; nothing was sent"
        )
    return crc


def _decoded(path: Path, number: int, line: bytes, kind: type[S]) -> S:
    try:
        decoded = msgspec.json.decode(line, type=kind)
    except _BAD as error:
        why = explained(error) if isinstance(error, msgspec.ValidationError) else "it is not JSON"
        raise SendError(f"{path} is not a journal of a send that can be read: line {number}: {why}") from error
    if isinstance(decoded, JournalEntry) and decoded.first is not None and (decoded.first < 0 or decoded.count < 1):
        raise SendError(f"{path} is not a journal of a send that can be read: line {number} counts {decoded.count:,}")
    return decoded
