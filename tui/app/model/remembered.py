"""State kept between runs: the last session of each archive, and the filters that were typed.

These are small files in the XDG state folder, readable only by the user, because filters may be confidential. They are
written atomically. A broken file is reported once, ignored, and kept under another name.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from hashlib import sha256
from pathlib import Path
from typing import Annotated

import msgspec

from tui.app.model.session import Session
from tui.archive.local import private_folder, private_opener, reason
from tui.config import state_dir
from tui.errors import FilterError, HourscopeError
from tui.filter import Filter, Term, TermKind
from tui.printable import printable
from tui.validation import explained

MAX_TYPED = 300
_VERSION = 2  # of a session's file
_LONGEST = 20_000  # characters of a filter
_LARGEST_BYTES = 16 << 20
_MAX_SESSIONS = 300
TypedText = tuple[TermKind, str]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class StateError(HourscopeError):
    """A state file cannot be read or written."""


@dataclass(frozen=True, slots=True)
class Left:
    """How an archive was left: the hour under the cursor, the filter, the preview's columns, and the last previewed
    hour with the number of the record under the cursor."""

    hour: datetime | None = None
    filter: Filter = field(default_factory=Filter)
    columns: tuple[str, ...] = ()
    line: tuple[datetime, int] | None = None


def session_file(url: str) -> Path:
    """Return the file of an archive's last session."""
    return state_dir() / "sessions" / f"{sha256(url.encode()).hexdigest()[:24]}.json"


class SavedTerm(msgspec.Struct, frozen=True):
    """A term of a filter."""

    kind: TermKind
    text: str
    enabled: bool = True
    negated: bool = False
    ignore_case: bool = False
    words: bool = False


class SavedFilter(msgspec.Struct, frozen=True):
    """A filter, including the terms that are off."""

    terms: tuple[SavedTerm, ...] = ()
    invert: bool = False


class SavedSession(msgspec.Struct, frozen=True, kw_only=True):
    """The file of a session. Version 1 is that of hourscope 0.1.0, which wrote no version."""

    version: int = 1
    archive: str = ""
    hour: Moment | None = None
    filter: SavedFilter = SavedFilter()
    columns: tuple[str, ...] = ()
    line: tuple[Moment, Annotated[int, msgspec.Meta(ge=0, le=2**62)]] | None = None


def read_left(url: str, zone: tzinfo) -> Left:
    """Return how the archive was left; an empty `Left` the first time.

    Raises StateError if the file cannot be read. A broken file is renamed: it is reported once and not lost. The file
    of a newer hourscope stays where it is.
    """
    path = session_file(url)
    try:
        data = _read(path)
        if data is None:
            return Left()
        saved = _object(json.loads(data))
        if _newer(saved):
            raise StateError(
                f"the last session of this archive was written by a newer hourscope and is ignored: {path}"
            )
        return _left(msgspec.convert(saved, SavedSession), zone)
    except msgspec.ValidationError as error:
        why = explained(error)
    except (ValueError, OverflowError, FilterError) as error:
        why = printable(str(error), 200)
    except RecursionError:
        why = "it is nested too deeply"
    raise StateError(
        f"the last session of this archive is broken and ignored ({why}); it is kept as {_set_aside(path)}"
    )


def _left(saved: SavedSession, zone: tzinfo) -> Left:
    terms = tuple(Term(**msgspec.structs.asdict(term)) for term in saved.filter.terms)
    hour = saved.hour.astimezone(zone) if saved.hour else None
    line = (saved.line[0].astimezone(zone), saved.line[1]) if saved.line else None
    return Left(hour, Filter(terms, saved.filter.invert), saved.columns, line)


def _newer(saved: Mapping[str, object]) -> bool:
    version = saved.get("version", 1)
    return isinstance(version, int) and version > _VERSION


def _set_aside(path: Path) -> Path:
    """Rename a broken file; return its new path."""
    aside = path.with_name(f"{path.name}.broken-{os.urandom(4).hex()}")
    try:
        path.rename(aside)
    except OSError as error:
        raise StateError(f"{path} is broken and cannot be moved aside: {reason(error)}") from error
    return aside


def write_left(url: str, left: Left) -> None:
    """Store how an archive is left, unless the file is from a newer hourscope. Raises StateError."""
    path = session_file(url)
    with suppress(ValueError, RecursionError, StateError):  # a broken file is replaced
        if _newer(_object(json.loads(_read(path) or "{}"))):
            return
    terms = tuple(
        SavedTerm(term.kind, term.text, term.enabled, term.negated, term.ignore_case, term.words)
        for term in left.filter.terms
    )
    saved = SavedSession(
        version=_VERSION,
        archive=url,
        hour=left.hour,
        filter=SavedFilter(terms, left.filter.invert),
        columns=left.columns,
        line=left.line,
    )
    _write(path, json.dumps(msgspec.to_builtins(saved), indent=1))
    for old in sorted(path.parent.glob("*.json"), key=lambda path: path.stat().st_mtime)[:-_MAX_SESSIONS]:
        old.unlink(missing_ok=True)


def _object(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise ValueError("an object was expected")
    return value


def recall(session: Session) -> str:
    """Restore where the session was left; return a sentence about it or about an error, or an empty text."""
    try:
        left = read_left(session.archive.url, session.archive.zone)
    except StateError as error:
        return str(error)
    session.place, session.filter, session.columns = left.hour, left.filter, left.columns
    session.lines = dict([left.line]) if left.line else {}
    parts = [f"{left.hour:%a %Y-%m-%d %H:%M} (G: the newest)"] if left.hour else []
    parts += [f"filter {left.filter.describe()}"] if left.filter.terms else []
    parts += [f"columns {', '.join(left.columns)}"] if left.columns else []
    return f"as you left it: {' · '.join(parts)}" if parts else ""


def remember(session: Session) -> None:
    """Store where the session is. The newest hour is not stored: next time, the newest hour is shown again."""
    place = None if session.place == session.clamped(session.last) else session.place
    last = next(reversed(session.lines.items()), None)
    write_left(session.archive.url, Left(place, session.filter, session.columns, last))


# The filters that were typed, the newest last.


def _history_file() -> Path:
    return state_dir() / "filters.jsonl"


def read_typed() -> list[TypedText]:
    """Return the history of the filter bar, without broken lines."""
    return _typed()[0][-MAX_TYPED:]


def _typed() -> tuple[list[TypedText], bool]:
    """Return the history, and whether the whole file could be read."""
    try:
        lines = (_read(_history_file()) or "").splitlines()
    except ValueError:
        return [], False
    typed: list[TypedText] = []
    for line in lines:
        with suppress(ValueError, RecursionError):
            typed.append(msgspec.convert(json.loads(line), TypedText))
    return typed, len(typed) == len(lines)


def keep_typed(typed: TypedText) -> None:
    """Append a text to the history, without duplicates.

    A file with broken lines is kept under another name. Raises StateError if the history cannot be written.
    """
    if typed[1].strip() and len(typed[1]) <= _LONGEST:
        before, sound = _typed()
        kept = [*(earlier for earlier in before if earlier != typed), typed][-MAX_TYPED:]
        if not sound:
            _set_aside(_history_file())
        _write(_history_file(), "".join(json.dumps(line) + "\n" for line in kept))


def _read(path: Path) -> str | None:
    """Return the text of a file; None if it does not exist. Raises ValueError if it is not text or is too large."""
    try:
        with path.open("rb") as stream:
            data = stream.read(_LARGEST_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StateError(f"{path} cannot be read and is ignored: {reason(error)}") from error
    if len(data) > _LARGEST_BYTES:
        raise ValueError(f"it is larger than {_LARGEST_BYTES >> 20} MiB")
    return data.decode()


def _write(path: Path, text: str) -> None:
    part = path.with_name(f".{path.name}.{os.urandom(6).hex()}.part")
    try:
        private_folder(path.parent)
        with open(part, "x", encoding="utf-8", opener=private_opener) as stream:
            stream.write(text)
        part.replace(path)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        raise StateError(f"{path} cannot be written, so nothing is remembered: {reason(error)}") from error
