"""The manifest.json of an extract, as stored: the source of the extract, and what is done.

Version 1 was written by hourscope 0.1.0: without `version`; `damaged` is an offset in bytes of lines, or null.
Version 2 lists the damaged parts. A manifest is as untrusted as the records of its archive, so all of it is checked
here when it is read, and no other module reads it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta, field

from tui.archive.chunk import StoredObject
from tui.archive.layout import Layout
from tui.archive.store import Store
from tui.archive.time_codes import YEARS
from tui.archive.times import parse_zone
from tui.errors import ArchiveError, HourscopeError, reason
from tui.printable import printable
from tui.validation import explained

VERSION = 2
_LARGEST_BYTES = 256 << 20  # some 700,000 chunks

Count = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Key = Annotated[str, Meta(min_length=1, max_length=8192)]
LineText = Annotated[str, Meta(max_length=8192)]
HourText = Annotated[str, Meta(max_length=100)]  # see _check_hour
_HOUR = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}")
M = TypeVar("M", bound="ManifestHead")


class ForeignManifestError(ArchiveError):
    """Another program wrote the file of that name."""


class ManifestHead(msgspec.Struct, frozen=True, kw_only=True):
    """The part that is needed to open an extract: the layout of its keys, and the time zone of their hours."""

    hourscope: LineText = ""  # the version of the program that wrote it
    version: Annotated[int, Meta(ge=1, le=VERSION)] = 1
    layout: Annotated[str, Meta(max_length=4096)]
    timezone: Annotated[str, Meta(max_length=100)]

    def __post_init__(self) -> None:
        _sound(lambda: Layout(self.layout))
        _sound(lambda: parse_zone(self.timezone))
        _encodable(self.hourscope, self.layout)


class DamagedPart(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A part of a chunk that cannot be read: its stored bytes [start, stop), the reason, and the doubtful records.

    `offset` is from version 1, which stored only the number of bytes of lines before the damage.
    """

    start: Count | None = field(name="from", default=None)
    stop: Count | None = field(name="to", default=None)
    reason: LineText
    doubtful: Count = 0
    offset: Count | None = None

    def __post_init__(self) -> None:
        _encodable(self.reason)


class ChunkEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One source chunk: its ETag, the key of its matches (None: no matches), and the scan's counts."""

    key: Key
    hour: HourText
    etag: LineText
    output: Key | None
    bytes_compressed: Count = 0
    bytes: Count = 0
    records: Count = 0
    matches: Count = 0
    not_json: Count = 0
    blank: Count = 0
    split: Count = 0
    unparsed: Count = 0
    broken_json: Count = 0
    no_time: Count = 0
    partial: bool = False
    damaged: tuple[DamagedPart, ...] | DamagedPart | None = ()

    def __post_init__(self) -> None:
        _check_hour(self.hour)
        _encodable(self.key, self.etag, self.output or "")

    @property
    def parts(self) -> tuple[DamagedPart, ...]:
        """The damaged parts, in either version."""
        if isinstance(self.damaged, DamagedPart):
            return (self.damaged,)
        return self.damaged or ()


class WrittenRange(msgspec.Struct, frozen=True):
    """A half-open range of hours. None: the end is open."""

    start: HourText | None = field(name="from")
    stop: HourText | None = field(name="to")

    def __post_init__(self) -> None:
        for hour in (self.start, self.stop):
            if hour is not None:
                _check_hour(hour)


class Manifest(ManifestHead, frozen=True, kw_only=True):
    """The whole manifest. `filter`: the filter's options on the command line; `lists`: the SHA-256 of each file of
    texts in it. Times are in `timezone`.

    `start` and `stop` bound what was scanned; `ranges` are the hours between them. `empty`: in an extract of an
    extract, hours that have no chunk because the first scan found no match there.
    """

    archive: LineText
    source_layout: LineText
    start: HourText | None = field(name="from")
    stop: HourText | None = field(name="to")
    ranges: tuple[WrittenRange, ...] = ()
    filter: tuple[str, ...]
    lists: tuple[LineText, ...] = ()
    created: LineText
    finished: bool = False
    empty: tuple[HourText, ...] = ()
    chunks: tuple[ChunkEntry, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        _ = WrittenRange(self.start, self.stop)
        for hour in self.empty:
            _check_hour(hour)
        _encodable(self.archive, self.source_layout, self.created, *self.filter, *self.lists)


def load_manifest(store: Store, item: StoredObject, kind: type[M]) -> M:
    """Read and check a listed manifest: all of it, or the fields of `kind`.

    ForeignManifestError if another program wrote it, ArchiveError if it cannot be read, is damaged, or was written by a
    newer hourscope.
    """
    where = f"{store.url}/{item.key}"
    try:
        data = _parsed(_read(store, item, where), where)
        version = data.get("version", 1)
        if type(version) is int and version > VERSION:
            newer = f"was written by a newer hourscope (manifest version {version}); upgrade hourscope to read it"
            raise ArchiveError(f"{where} {newer}")
        return msgspec.convert(data, kind)
    except msgspec.ValidationError as error:
        raise _broken(where, explained(error)) from error
    except RecursionError as error:
        raise _broken(where, "it is nested too deeply") from error
    except json.JSONDecodeError as error:
        raise _broken(where, f"invalid JSON at line {error.lineno:,}, column {error.colno:,}") from error
    except ValueError as error:
        raise _broken(where, str(error)) from error


def _broken(where: str, why: str) -> ArchiveError:
    return ArchiveError(f"{where} is damaged: {printable(why, 300)}; restore it, or move it away")


def _read(store: Store, item: StoredObject, where: str) -> bytes:
    pieces: list[bytes] = []
    size = item.size  # as listed; a scan may be replacing the file
    with store.open(item.key) as stream:
        try:
            while size <= _LARGEST_BYTES and (piece := stream.read(1 << 20)):
                pieces.append(piece)
                size = max(size, sum(map(len, pieces)))
        except OSError as error:
            raise ArchiveError(f"{where} cannot be read: {reason(error)}") from error
    if size > _LARGEST_BYTES:
        raise ArchiveError(f"{where} is larger than {_LARGEST_BYTES >> 20} MiB, so it is not read; move it away")
    return b"".join(pieces)


def _parsed(data: bytes, where: str) -> dict[str, Any]:
    """Parse the JSON object. An invalid file counts as another program's only without any sign of hourscope."""
    text = data.decode("utf-8", "surrogateescape").removeprefix("\ufeff").lstrip()
    foreign = ForeignManifestError(f"{where} is not an extract's manifest; move it away, or choose another place")
    recognized = not text.strip("\0") or text.startswith("{") or b"hourscope" in data[:4096].replace(b"\0", b"")
    if not recognized:
        raise foreign
    value, end = json.JSONDecoder(object_pairs_hook=_unique).raw_decode(text)
    if not isinstance(value, dict) or ("hourscope" not in value and not {"layout", "timezone"} <= value.keys()):
        raise foreign
    if text[end:].strip():
        raise ValueError("there is more after its end")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        raise ValueError("a name occurs twice")
    return values


def _check_hour(text: str) -> None:
    try:
        if _HOUR.fullmatch(text) and datetime.fromisoformat(text).year in YEARS:
            return
    except ValueError:  # such as month 13
        pass
    raise ValueError(f"'{text}' is not an hour; write it as 2015-01-20T13")


def _sound(check: Callable[[], object]) -> None:
    """Turn an error of hourscope into a ValueError, to which msgspec adds the path."""
    try:
        check()
    except HourscopeError as error:
        raise ValueError(str(error)) from error


def _encodable(*texts: str) -> None:
    """Accept any bytes of a key (surrogateescape), but not half of a surrogate pair, which cannot be encoded."""
    for text in texts:
        try:
            text.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError as error:
            raise ValueError("a text holds half of a surrogate pair") from error
