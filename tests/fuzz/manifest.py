"""Manifests: what is read of one is what was written, and all else is a sentence."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from typing import Any

import msgspec

from tests.fuzz.choices import Choices, edited
from tests.fuzz.limits import check_sentence, cpu_seconds, memory_of
from tests.support.chunks import OneObject
from tui.archive import Chunk
from tui.archive.chunk import StoredObject
from tui.archive.manifest import Manifest, ManifestHead, load_manifest
from tui.archive.times import parse_time, parse_zone
from tui.errors import ArchiveError
from tui.scan.manifest import counts_of, damage_of, damaged_part, difference

_MEMORY = 40 << 20
_SECONDS = 5
_NOW = datetime(2026, 11, 23, tzinfo=UTC)
_ENTRY = {
    "key": "a/events.2026-11-20_05.log.gz", "hour": "2026-11-20T05", "etag": "e1", "output": "2026-11-20_05.jsonl.gz",
    "bytes_compressed": 10, "bytes": 100, "records": 5, "matches": 2, "not_json": 0, "blank": 1,
    "damaged": [{"from": 3, "to": 9, "reason": "a gzip member fails its checksum", "doubtful": 2}],
}  # fmt: skip
_VALID: dict[str, Any] = {
    "hourscope": "0.2.0", "version": 2, "archive": "s3://bucket/a", "source_layout": "a/events.%Y-%m-%d_%H.log.gz",
    "layout": "%Y-%m-%d_%H.jsonl.gz", "timezone": "Europe/Berlin", "from": "2026-11-20T05", "to": "2026-11-20T10",
    "ranges": [{"from": "2026-11-20T05", "to": "2026-11-20T10"}], "filter": ["-g", "error"],
    "created": "2026-11-23T00:00:00",
    "finished": True, "chunks": [_ENTRY, {**_ENTRY, "output": None, "damaged": []}],
}  # fmt: skip
_VERSION_1 = {
    **{name: value for name, value in _VALID.items() if name not in ("version", "ranges")}, "hourscope": "0.1.0",
    "chunks": [{**_ENTRY, "damaged": {"offset": 4, "reason": "torn"}}, {**_ENTRY, "damaged": None}],
}  # fmt: skip
_VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 1, 2, 3, 2**63, 2**64, 10**400, 1.5, 1e308, float("nan"), float("inf"), "", "a", "a" * 9000,
    "\0\n\x1b[31m", "\ud800", "\udcff", "2026-02-30T00", "0000-01-01T00", "9999-12-31T23", "2026-11-20T24", "%Y%m%d%H",
    "%s" * 200, "{topic}" * 99 + "%s", "../../etc/passwd", "/etc/passwd", "Europe/Nowhere", "+99:99", [], {}, [[]],
    [None], {"a": 1}, {"reason": "x"}, {"from": 1, "to": 0, "reason": ""}, ["2026-11-20T05", None], [[[[[]]]]],
)  # fmt: skip
_TOKENS = (
    b"\0", b"\n", b'"', b"{", b"}", b"[", b"]", b",", b":", b"\\ud800", b"\\u0000", b"\xff", b"\xed\xa0\x80",
    b"[" * 5000, b'{"a":' * 5000,
    b"9" * 5000, b"1e999", b"NaN", b"-", b'"version":3', b'"version":99999999999999999999,',
    b"\xef\xbb\xbf", b'"hourscope":', b"null", b"true", b"\x1b[2J", b'"layout":"%s",', b'"chunks":[],',
)  # fmt: skip


def seeds() -> list[bytes]:
    return [
        bytes([kind, version, number, *range(40)]) for kind in range(3) for version in (0, 1) for number in range(4)
    ]


def run(data: bytes) -> None:
    choices = Choices(data)
    make = choices.one_of((_changed, _torn, _foreign))
    with cpu_seconds(_SECONDS), memory_of(data, _MEMORY):
        make(choices)


def _changed(choices: Choices) -> None:
    """A manifest with some values changed."""
    original = choices.one_of((_VALID, _VERSION_1))
    data = copy.deepcopy(original)
    for _ in range(choices.number(0, 3)):
        _change(data, choices)
    text = json.dumps(data)
    manifest = _load(text.encode())
    if text == json.dumps(original):
        assert isinstance(manifest, Manifest), manifest
        assert manifest.chunks[0].key == _ENTRY["key"]


def _change(node: Any, choices: Choices) -> None:
    """Change one value somewhere below."""
    while True:
        if not node:
            return
        place = choices.one_of(list(node) if isinstance(node, dict) else range(len(node)))
        if not isinstance(node[place], dict | list) or choices.chance(3):
            break
        node = node[place]
    if choices.chance(4):
        del node[place]
    else:
        node[place] = copy.deepcopy(choices.one_of(_VALUES))


def _torn(choices: Choices) -> None:
    """A manifest with some bytes changed."""
    data = json.dumps(choices.one_of((_VALID, _VERSION_1)), indent=choices.one_of((None, 1))).encode()
    _load(edited(data, choices, _TOKENS))


def _foreign(choices: Choices) -> None:
    """Any bytes."""
    _load(b"".join(choices.one_of(_TOKENS) for _ in range(choices.number(0, 8))) + choices.rest())


def _check_rewritten(manifest: Manifest) -> None:
    """Writing it again with `write_manifest` gives the same."""
    text = json.dumps(msgspec.to_builtins(manifest), ensure_ascii=False)
    data = text.encode("utf-8", "surrogateescape")
    if data.decode("utf-8", "surrogateescape") == text:  # no key of a store decodes to anything else
        assert msgspec.convert(json.loads(text), Manifest) == manifest


def _load(data: bytes) -> Manifest | str:
    """Read it twice, as opening and as resuming do, and use all of it."""
    store = OneObject(data)
    store_url = "s3://bucket/extract"
    object.__setattr__(store, "url", store_url)
    item = StoredObject("manifest.json", len(data), "e", _NOW)
    try:
        load_manifest(store, item, ManifestHead)  # type: ignore[arg-type]
        manifest = load_manifest(store, item, Manifest)  # type: ignore[arg-type]
    except ArchiveError as error:
        check_sentence(error)
        return str(error)
    _check_rewritten(manifest)
    assert difference(manifest, manifest) == ""
    zone = parse_zone(manifest.timezone)
    for entry in manifest.chunks:
        counts_of(entry)
        chunk = Chunk(entry.key, parse_time(entry.hour, zone), 10, entry.etag, _NOW)
        for part in entry.parts:
            damaged_part(damage_of(part, chunk))
    return manifest
