"""Journals of sends: none claims more confirmed records than were, whatever became of its file."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from tests.fuzz.choices import Choices, edited
from tests.fuzz.limits import check_sentence, cpu_seconds, memory_of
from tui.errors import SendError
from tui.send import Journal, NsqTarget, Receipt, Source, Survey, earlier_sends
from tui.send.earlier import Earlier, earlier_of, repeats, unreadable_journals
from tui.send.journal_lines import VERSION, Contents, Header, Resumed, read_journal, spell_line

_MEMORY = 40 << 20
_SECONDS = 5
_PATH = Path("/state/journals/events.journal.jsonl")
_NOW = datetime(2026, 11, 23, tzinfo=UTC)
_AT = "2026-11-23T00:00:00.000Z"
_TO = NsqTarget("events", ("nsqd:4150",))
_SOURCE = Source("out.jsonl.gz", "a" * 32, "every record", lambda: iter(()))
_HEADER = Header(
    "out.jsonl.gz", "every record", "a" * 32, "events", ("nsqd:4150",), "me@here", _AT, "/data", 900, 5000, "0" * 64
)
_HEADER_1 = {"journal": 1, **msgspec.to_builtins(_HEADER)}
_VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 1, 3, 2**62, 2**63, 2**64, 10**400, 1.5, 1e308, "", "a" * 9000, "\0\n\x1b[31m", [], {}, [[]],
    [None], {"first": 0}, {"at": "", "who": "", "where": [], "first": -5},
    {"partial": False, "sent": -1, "confirmed": 9, "sha256": "0"},
)  # fmt: skip
_TOKENS = (
    b"\0", b"\n", b'"', b"{", b"}", b"[", b",", b":", b"\xff", b"\\ud800", b"9", b"9" * 5000, b"[" * 5000,
    b'{"a":' * 5000, b'{"journal":1}\n', b'{"version":2}\n', b'"version":3', b'{"first":0,"count":900}\n',
    b'"first":0', b'"count":9', b"null", b'{"first":0,"count":9,"crc":"00000000"}\n', b',"crc":"', b'"receipt":',
    b"\x1b[2J", b"-", b"1e9", b"x" * 5000,
)  # fmt: skip


def seeds() -> list[bytes]:
    return [
        bytes([kind, count, *range(number, number + 60)])
        for kind in range(4)
        for count in (0, 3)
        for number in range(4)
    ]


def run(data: bytes) -> None:
    choices = Choices(data)
    check = choices.one_of((_damaged, _changed, _foreign, _resumed))
    with cpu_seconds(_SECONDS), memory_of(data, _MEMORY):
        check(choices)


def _damaged(choices: Choices) -> None:
    """A journal with some bytes changed, lost or moved."""
    text, confirmed = _journal(choices)
    for _ in range(choices.number(0, 1)):
        text = edited(text, choices, _TOKENS)
    lines = text.splitlines(keepends=True)
    if lines and choices.chance(4):
        line = lines.pop(choices.number(0, len(lines) - 1))
        lines.insert(choices.number(0, len(lines)), line)
    _check(b"".join(lines), confirmed)


def _changed(choices: Choices) -> None:
    """Hostile values with right checksums, or in a journal of 0.1.0, which has none: the right types, or a sentence."""
    checked = choices.chance()
    lines: list[dict[str, Any]] = [{"version": VERSION, **msgspec.to_builtins(_HEADER)} if checked else dict(_HEADER_1)]
    lines += choices.one_of(_ENTRIES)(choices)
    for _ in range(choices.number(0, 3)):
        line = choices.one_of(lines)
        if line:
            name = choices.one_of(list(line))
            inner = line[name]
            if isinstance(inner, dict) and inner and choices.chance():
                line[name] = {**inner, choices.one_of(list(inner)): choices.one_of(_VALUES)}
            else:
                line[name] = choices.one_of(_VALUES)
    text, crc = b"", 0
    for line in lines:
        spelled, crc = spell_line(line, crc) if checked else (msgspec.json.encode(line) + b"\n", 0)
        text += spelled
    _check(text, None)


def _foreign(choices: Choices) -> None:
    """Any bytes."""
    _check(b"".join(choices.one_of(_TOKENS) for _ in range(choices.number(0, 8))) + choices.rest(), None)


def _resumed(choices: Choices) -> None:
    """Pass a damaged journal on disk to everything that reads one; after a resume it is still in order."""
    text, confirmed = _journal(choices)
    if choices.chance():
        text = edited(text, choices, _TOKENS)
    elif choices.chance(4):
        text, confirmed = choices.rest(), 0
    with _folder() as folder:
        path = folder / f"events.{'a' * 12}.20261123T000000.journal.jsonl"
        path.write_bytes(text)
        list(map(str, earlier_sends(folder, _SOURCE, "events")))
        unreadable_journals(folder, "events")
        repeats(folder, _SOURCE, "events", Survey(sha256="0" * 64))
        try:
            with Journal.resume(path, _SOURCE, _TO) as journal:
                if text.startswith(b'{"version":2'):
                    assert journal.confirmed_until <= confirmed
                until, now_at = journal.confirmed_until, journal.path
                journal.confirm([(until, until + 5)])
                journal.finish(_receipt(until))
            contents = _contents(now_at.read_bytes())
            assert contents is not None
            assert earlier_of(now_at, contents).confirmed >= until + 5
        except SendError as error:
            check_sentence(error)


def _journal(choices: Choices) -> tuple[bytes, int]:
    """A journal as it is written, and how many records it confirms."""
    text, crc = spell_line({"version": VERSION, **msgspec.to_builtins(_HEADER)}, 0)
    first = 0
    for _ in range(choices.number(0, 6)):
        count = choices.number(1, 100)
        lines: list[dict[str, Any]] = [{"first": first, "count": count, "at": _AT}]
        first += count
        if choices.chance(4):
            lines.append({"receipt": _receipt(first).as_json()})
            lines.append({"resumed": msgspec.to_builtins(Resumed(_AT, "me@here", ("nsqd:4150",), first))})
        for line in lines:
            spelled, crc = spell_line(line, crc)
            text += spelled
    return text, first


def _receipt(confirmed: int) -> Receipt:
    where = ("nsqd:4150",)
    return Receipt(
        "out", where, "events", "", "a" * 32, _NOW, _NOW, "me", confirmed, confirmed, 1, "0" * 64, partial=True
    )


def _entries(choices: Choices) -> list[dict[str, Any]]:
    return [{"first": 9 * number, "count": 9, "at": _AT} for number in range(choices.number(0, 3))]


def _with_receipt(choices: Choices) -> list[dict[str, Any]]:
    return [*_entries(choices), {"receipt": _receipt(9).as_json()}]


def _with_run(choices: Choices) -> list[dict[str, Any]]:
    return [
        *_with_receipt(choices),
        {"resumed": msgspec.to_builtins(Resumed(_AT, "me", ("x",), 9))},
        {"continued": "/x"},
    ]


_ENTRIES = (_entries, _with_receipt, _with_run)


def _check(text: bytes, confirmed: int | None) -> None:
    """The journal is read and confirms no more than that, or it is refused."""
    contents = _contents(text)
    if contents is None:
        return
    earlier = earlier_of(_PATH, contents)
    if contents.version == VERSION and confirmed is not None:
        assert earlier.confirmed <= confirmed, (earlier.confirmed, confirmed)
    _use(earlier)


def _contents(text: bytes) -> Contents | None:
    try:
        return read_journal(_PATH, io.BytesIO(text))
    except SendError as error:
        check_sentence(error)
        return None


def _use(earlier: Earlier) -> None:
    """What is printed of it."""
    assert isinstance(earlier.confirmed, int)
    assert earlier.confirmed >= 0
    assert str(earlier)


@cache
def _state() -> Path:
    """Prefer a folder in memory, because every line is synced to disk."""
    memory = Path("/dev/shm")
    return memory if memory.is_dir() else Path(tempfile.gettempdir())


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=_state()) as folder:
        yield Path(folder)
