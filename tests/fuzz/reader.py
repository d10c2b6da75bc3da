"""Chunks: sound ones are read as they were written, damaged and hostile ones end in damage or ArchiveError."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from unittest.mock import patch

from tests.fuzz.choices import Choices, edited
from tests.fuzz.limits import check_sentence, cpu_seconds, memory_of
from tests.support.chunks import COMPRESSIONS, FORMS, Read, read
from tui.archive import Reading, codec, members, reader, salvage
from tui.archive.members import MAX_MEMORY
from tui.errors import ArchiveError

_MEMORY = 40 << 20
_SECONDS = 10
_MAX_RECORD = 1 << 16
_LONG = 9000  # bytes of a record that is longer than most blocks
_BLOCKS = (1 << 12, 1 << 16, 64, 1, 7)
_READ_SIZES = (members.READ_SIZE, 1 << 10)
_WINDOWED = ("xz", "lzma")  # what their decoders allocate for a window is traced as Python's own
_CHECKED = ("gzip", "bzip2", "xz")  # no edit turns their checksum off, as one does with those of zstd and lz4
_CUT = "ends in the middle of"  # an edit can make a decoder run to the chunk's end, where no checksum is left
_TEXTS = ("", "a", 'x"}{"', "},{", "[{", "]}", "\\", "\u00e9\U0001f600", "a\r\nb", "\x00" * 9, "Records")

# First bytes and parts of every format that is recognized by its bytes.
BEGINNINGS = (
    b"\n", b"\r\n", b"{", b"}", b"[", b"]", b'"', b",", b"\\", b"}{", b"},{", b'{"a":1}', b'{"Records":[', b"]}",
    b"\xef\xbb\xbf", b"\xff\xfe", b"\0" * 16, b"\x1f\x8b", b"\x1f\x8b\x08\x00", b"\x1f\x8b\x08\x1c" + bytes(6),
    b"\x28\xb5\x2f\xfd", b"\x28\xb5\x2f\xfd\x00\x88\x01\x00\x00", b"\x28\xb5\x2f\xfd\xe0" + b"\xff" * 8,
    b"\x50\x2a\x4d\x18\xff\xff\xff\xff", b"\x50\x2a\x4d\x18\x00\x00\x00\x00", b"BZh91AY&SY", b"BZh9\x17rE8P\x90",
    b"\xfd7zXZ\x00", b"\xfd7zXZ\x00\x00\x04\xe6\xd6\xb4\x46", b"\x5d\x00\x00\x80\x00" + b"\xff" * 8,
    b"\x5d\x00\x00\x00\x7f" + bytes(8), b"\x04\x22\x4d\x18\x64\x40\xa7", b"\x04\x22\x4d\x18\x60\x40\x82",
    b"<!doctype html>", b"PK\x03\x04", b"\x02\x21\x4c\x18", b"[" * 600, b'{"a":' * 300,
)  # fmt: skip
MEMBERS = (
    gzip.compress(b'{"t":1}\n', mtime=0), bz2.compress(b'{"t":2}\n'), lzma.compress(b'{"t":3}\n'),
    COMPRESSIONS["zstd"](b'{"t":4}\n'), COMPRESSIONS["lz4"](b'{"t":5}\n'), gzip.compress(bytes(1 << 18), mtime=0),
)  # fmt: skip
TOKENS = BEGINNINGS + MEMBERS


@dataclass(frozen=True, slots=True)
class How:
    """How a chunk is read."""

    key: str
    block_size: int
    step: int
    hold: int
    read_size: int
    reading: Reading

    def read(self, data: bytes, *, careful: bool = False, read_ahead: bool = False) -> Read:
        with _read_size(self.read_size):
            return read(
                data,
                key=self.key,
                block_size=self.block_size,
                step=self.step,
                hold=self.hold,
                careful=careful,
                read_ahead=read_ahead,
                reading=self.reading,
            )


@contextmanager
def _read_size(size: int) -> Iterator[None]:
    """Small, so that small chunks meet its edges."""
    with ExitStack() as stack:
        for module in (codec, members, reader, salvage):
            stack.enter_context(patch.object(module, "READ_SIZE", size))
        yield


def seeds() -> list[bytes]:
    """Each way of making a chunk, with each compression."""
    return [
        bytes([kind, codec_, 0, form, 3]) + bytes(range(64))
        for kind in range(4)
        for codec_ in range(6)
        for form in (0, 7)
    ]


def run(data: bytes) -> None:
    choices = Choices(data)
    make = choices.one_of((_sound, _damaged, _hostile, _damaged, _hostile, _repeated))
    with cpu_seconds(_SECONDS):
        make(data, choices)


def _sound(data: bytes, choices: Choices) -> None:
    """What is read is what was put in, however it is read."""
    name, compressed = _compression(choices)
    form, spell = choices.named(FORMS)
    records = _records(choices)
    if len(records) < 3 and form not in ("lines", "CRLF"):
        return  # one JSON document is one record, or several
    chunk = b"".join(map(compressed, _cut(spell(records), choices)))
    how = _how(choices, hostile=False)
    with memory_of(data, _limit(name)):
        result = how.read(chunk)
    assert result.damage == [], result.damage
    if form == "pretty":
        assert list(map(json.loads, result.records)) == list(map(json.loads, records))
    else:
        assert result.records == records, (result.records, records)
    _same(how.read(chunk, careful=True), result)
    if choices.chance(8):
        _same(how.read(chunk, read_ahead=True), result)


def _damaged(data: bytes, choices: Choices) -> None:
    """Edits of a chunk of whole lines: where there are checksums, nothing is read that was not put in."""
    name, compressed = _compression(choices)
    form = choices.one_of(("lines", "CRLF", "blank lines"))
    records = _records(choices)
    count = choices.number(1, 4)
    pieces = [FORMS[form](records[at::count]) for at in range(count)]
    chunk = b"".join(map(compressed, filter(None, pieces)))
    how = _how(choices, hostile=False)
    chunk = edited(chunk, choices, BEGINNINGS)
    result = _read(data, chunk, how, _limit(name))
    checked = name in _CHECKED and how.hold == reader.HOLD
    if result and checked and result.codec == name and not any(_CUT in hole.reason for hole in result.damage):
        foreign = set(result.records) - set(records)
        assert not foreign, foreign
    _agree(result, chunk, how)


def _hostile(data: bytes, choices: Choices) -> None:
    """Any bytes, sometimes compressed, mixed with the first bytes of every format."""
    how = _how(choices, hostile=True)
    compressed = choices.one_of([bytes, *COMPRESSIONS.values()])
    text = b"".join(choices.one_of(TOKENS) for _ in range(choices.number(0, 12))) + choices.rest()
    chunk = compressed(edited(text, choices, TOKENS))
    _agree(_read(data, chunk, how, _MEMORY + 2 * MAX_MEMORY), chunk, how)


def _repeated(data: bytes, choices: Choices) -> None:
    """A few bytes repeated many times, which exposes anything that takes more than linear time."""
    how = _how(choices, hostile=True)
    how = replace(how, block_size=max(how.block_size, 1 << 12))  # of zeros, a kB of gzip makes a MB
    compressed = choices.one_of([bytes, *COMPRESSIONS.values()])
    head = b"".join(choices.one_of(TOKENS) for _ in range(choices.number(0, 2)))
    piece = b"".join(choices.one_of(TOKENS) for _ in range(choices.number(1, 3))) + choices.take(8)
    chunk = compressed(head + (piece * ((1 << 16) // len(piece) + 1))[: 1 << choices.number(10, 16)])
    _read(data, chunk, how, _MEMORY + 2 * MAX_MEMORY)


def _read(data: bytes, chunk: bytes, how: How, memory: int) -> Read | None:
    try:
        with memory_of(data, memory):
            return how.read(chunk)
    except ArchiveError as error:
        check_sentence(error)
        return None


def _agree(result: Read | None, chunk: bytes, how: How) -> None:
    """Read member by member, a chunk without damage is the same, or has damage: zlib is stricter than ISA-L."""
    if result is not None and not result.damage:
        careful = how.read(chunk, careful=True)
        if careful.damage:
            assert result.codec, "no compression, but damage"
            assert set(careful.records) <= set(result.records)
        else:
            _same(careful, result)


def _same(one: Read, other: Read) -> None:
    for name, value in vars(one).items():
        assert value == getattr(other, name), f"{name}: {value!r:.500} is not {getattr(other, name)!r:.500}"


def _compression(choices: Choices) -> tuple[str, Callable[[bytes], bytes]]:
    return choices.one_of([("plain", bytes), *COMPRESSIONS.items(), ("double gzip", _twice)])


def _twice(data: bytes) -> bytes:
    return gzip.compress(gzip.compress(data, mtime=0), mtime=0)


def _limit(name: str) -> int:
    return _MEMORY + (2 * MAX_MEMORY if name in _WINDOWED else 0)


def _records(choices: Choices) -> list[bytes]:
    """Different JSON objects whose strings hold characters that are special elsewhere; the last may be long."""
    records = [
        json.dumps({"n": number, choices.one_of(_TEXTS): choices.one_of(_TEXTS)}, separators=(",", ":")).encode()
        for number in range(choices.number(1, 12))
    ]
    if choices.chance(4):
        records.append(b'{"n":-1,"long":"%s"}' % (b"x" * choices.number(1, _LONG)))
    return records


def _cut(text: bytes, choices: Choices) -> list[bytes]:
    points = sorted(choices.number(0, len(text)) for _ in range(choices.number(0, 3)))
    return [text[start:stop] for start, stop in zip([0, *points], [*points, len(text)], strict=True)]


def _how(choices: Choices, *, hostile: bool) -> How:
    reading = Reading(max_record=_MAX_RECORD)
    if hostile:
        path = choices.one_of((None, ".", "Records", "a.b", "[*]"))
        reading = Reading(path, choices.chance(), choices.one_of((_MAX_RECORD, 100)))
    return How(
        key=choices.one_of(("key", "key.gz", "key.jsonl.zst", "key.bz2", "key.xz", "key.lzma", "key.lz4", "key.br")),
        block_size=choices.one_of(_BLOCKS[:3] if hostile else _BLOCKS),
        step=choices.one_of((1 << 20, 1000) if hostile else (1 << 20, 1000, 1)),
        hold=choices.one_of((reader.HOLD, 0, 100)),
        read_size=choices.one_of(_READ_SIZES),
        reading=reading,
    )
