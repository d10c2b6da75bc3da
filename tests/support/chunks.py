"""Chunks for tests: records in every form and compression, and a reader's view of them."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import lz4.frame
import zstandard

from tui.archive import ChunkReader, Damage, Reading
from tui.archive.reader import BLOCK_SIZE, HOLD
from tui.archive.store import Store

A, B, C = b'{"a":1}', b'{"b":"}{"}', b'{"c":[1,2]}'
MANY = [b'{"id":%d,"event":"ok"}' % n for n in range(3000)]


@dataclass(frozen=True)
class OneObject:
    """A store of one object, whose stream gives at most `step` bytes a read, as a slow connection does."""

    data: bytes
    step: int = 1 << 20

    def open(self, key: str, *, start: int = 0, etag: str | None = None) -> io.RawIOBase:
        data, step = memoryview(self.data)[start:], self.step

        class Stream(io.RawIOBase):
            position = 0

            def readable(self) -> bool:
                return True

            def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
                if self.closed:
                    raise ValueError("a closed stream is read")
                piece = data[self.position : self.position + min(step, len(buffer))]
                buffer[: len(piece)] = piece
                self.position += len(piece)
                return len(piece)

        return Stream()


@dataclass
class Read:
    """What one pass over a chunk gave."""

    records: list[bytes] = field(default_factory=list)
    damage: list[Damage] = field(default_factory=list)
    blank: int = 0
    split: int = 0
    form: str = ""
    codec: str = ""


def read(
    data: bytes,
    *,
    key: str = "key",
    block_size: int = BLOCK_SIZE,
    step: int = 1 << 20,
    hold: int = HOLD,
    strict: bool = False,
    careful: bool = False,
    read_ahead: bool = False,
    reading: Reading | None = None,
) -> Read:
    """Read a chunk to its end, and check what holds for every result."""
    store: Store = OneObject(data, step)  # type: ignore[assignment]
    read = Read()
    with ChunkReader(store, key, block_size=block_size, reading=reading, careful=careful) as reader:
        for item in reader.results(
            lambda: lambda block: (block.records(), block.count(), block.blank, block.split),
            hold=hold,
            strict=strict,
            read_ahead=read_ahead,
        ):
            if isinstance(item, Damage):
                assert 0 <= item.start <= item.stop
                read.damage.append(item)
            elif item is not None:
                records, count, blank, split = item
                assert len(records) == count
                assert not any(b"\n" in record for record in records)
                read.records += records
                read.blank += blank
                read.split += split
        read.form, read.codec = str(reader.form), reader.codec
    return read


def lines(records: Sequence[bytes]) -> bytes:
    return b"".join(record + b"\n" for record in records)


def pretty(records: Sequence[bytes]) -> bytes:
    return b"\n".join(json.dumps(json.loads(record), indent=0, separators=(",", ":")).encode() for record in records)


# How records can be delimited. Those of `pretty` have a newline between all tokens, and are otherwise the same.
FORMS: dict[str, Callable[[Sequence[bytes]], bytes]] = {
    "lines": lines,
    "CRLF": lambda records: b"".join(record + b"\r\n" for record in records),
    "no last newline": lambda records: b"\n".join(records),
    "blank lines": lambda records: b"".join(record + b"\n\n" for record in records),
    "concatenated": b"".join,
    "concatenated with spaces": lambda records: b" ".join(records),
    "pretty": pretty,
    "array": lambda records: b"[" + b", ".join(records) + b"]\n",
    "array of lines": lambda records: b"[\n" + b",\n".join(records) + b"\n]\n",
    "document": lambda records: b'{"Records":[' + b",".join(records) + b"]}",
}

COMPRESSIONS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": lambda data: gzip.compress(data, mtime=0),
    "zstd": lambda data: zstandard.ZstdCompressor(write_checksum=True).compress(data),
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "lz4": lambda data: lz4.frame.compress(data, content_checksum=True),
}
SUFFIXES = {"gzip": ".gz", "zstd": ".zst", "bzip2": ".bz2", "xz": ".xz", "lz4": ".lz4"}


def flipped(data: bytes, at: int, mask: int = 0xFF) -> bytes:
    copy = bytearray(data)
    copy[at] ^= mask
    return bytes(copy)
